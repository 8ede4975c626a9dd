import Kubectl
import KubernetesAPI

/// `meta.k8s.io/v1 Table` as JSON.
enum TableDocument {
    /// What of its object a row carries (`includeObject`).
    enum Inclusion: String, Sendable { case none = "None", metadata = "Metadata", object = "Object" }

    static func json(
        _ table: Table, including inclusion: Inclusion, metadata: JSONValue, hasColumns: Bool = true
    ) -> JSONValue {
        let columns: JSONValue = .array(
            table.columns.map { column in
                [
                    "name": .string(column.name), "type": .string(column.kind.rawValue),
                    "format": .string(column.format), "description": "", "priority": .integer(Int64(column.priority)),
                ]
            })
        return [
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "columnDefinitions": hasColumns ? columns : .null,
            "rows": .array(table.rows.map { row($0, inclusion) }),
        ]
    }

    private static func row(_ row: Table.Row, _ inclusion: Inclusion) -> JSONValue {
        var members: [(String, JSONValue)] = [("cells", cells(row.cells))]
        if let condition = completion(of: row.object) { members.append(("conditions", [condition])) }
        switch inclusion {
        case .none: break
        case .metadata: members.append(("object", partial(row.object)))
        case .object: members.append(("object", row.object))
        }
        return .object(.init(uniqueKeysWithValues: members))
    }

    static func cells(_ cells: [Table.Cell]) -> JSONValue {
        .array(
            cells.map { cell in
                switch cell {
                case .string(let text): .string(text)
                case .integer(let number): .integer(number)
                case .boolean(let flag): .bool(flag)
                }
            })
    }

    /// A pod that has ended is marked, so that clients may leave it out (`printers/internalversion/printers.go`).
    private static func completion(of object: JSONValue) -> JSONValue? {
        guard object["kind"]?.string == "Pod" else { return nil }
        return completion(ofPhase: object["status"]?["phase"]?.string ?? "")
    }

    static func completion(ofPhase phase: String) -> JSONValue? {
        guard phase == "Succeeded" || phase == "Failed" else { return nil }
        return [
            "type": "Completed", "status": "True", "reason": .string(phase),
            "message": phase == "Succeeded"
                ? "The pod has completed successfully." : "The pod failed.",
        ]
    }

    /// `PartialObjectMetadata` of an object.
    static func partial(_ object: JSONValue) -> JSONValue {
        [
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
            "metadata": object["metadata"] ?? [:],
        ]
    }
}
