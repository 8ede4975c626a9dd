import KubernetesAPI
import PromQL

/// A field of a YAML document that is read strictly: its value, and the path that says where it stands.
struct AlertmanagerConfigurationNode {
    let document: YAMLDocument
    let path: String
    let value: JSONValue

    typealias Failure = AlertmanagerConfigurationError

    func failure(_ message: String) -> Failure {
        let (line, column) = document.position(of: path)
        return Failure(message: message, line: line, column: column, field: path)
    }

    /// Whether nothing was written after the colon.
    var isNull: Bool { value == .null }

    /// The members of a map, none for null; every name must be one of `known`.
    /// - Parameter type: the Go type that the real error names.
    func members(_ known: [String], type: String = "config.plain") throws(Failure) -> Members {
        let all = try entries(type)
        for (name, node) in all where !known.contains(name) {
            throw node.failure("field \(name) not found in type \(type)")
        }
        return Members(nodes: all, parent: self)
    }

    /// The members of a map with any names, in their order.
    func entries(_ type: String) throws(Failure) -> [(name: String, node: AlertmanagerConfigurationNode)] {
        if isNull { return [] }
        guard let object = value.object else { throw failure("cannot unmarshal \(Self.kind(value)) into \(type)") }
        return object.keys.map { name in
            let below = path.isEmpty ? name : path + "." + name
            return (name, AlertmanagerConfigurationNode(document: document, path: below, value: object[name] ?? .null))
        }
    }

    /// The elements of a list, none for null.
    func elements(_ type: String) throws(Failure) -> [AlertmanagerConfigurationNode] {
        if isNull { return [] }
        guard let array = value.array else { throw failure("cannot unmarshal \(Self.kind(value)) into []\(type)") }
        return array.enumerated().map { index, element in
            AlertmanagerConfigurationNode(document: document, path: path + "[\(index)]", value: element)
        }
    }

    /// A text; numbers and flags are taken as they are written, as Go's YAML does.
    func text() throws(Failure) -> String {
        switch value {
        case .string(let text): return text
        case .null: return ""
        case .integer, .number, .bool: return value.goText
        case .array, .object: throw failure("cannot unmarshal \(Self.kind(value)) into string")
        }
    }

    func flag() throws(Failure) -> Bool {
        guard case .bool(let flag) = value else { throw failure("cannot unmarshal \(Self.kind(value)) into bool") }
        return flag
    }

    func integer() throws(Failure) -> Int {
        guard case .integer(let number) = value, let small = Int(exactly: number) else {
            throw failure("cannot unmarshal \(Self.kind(value)) into int")
        }
        return small
    }

    /// Milliseconds of a duration such as `5m`.
    func duration() throws(Failure) -> Int64 {
        let written = try text()
        do {
            return try PrometheusDuration.parse(written)
        } catch {
            throw failure(error.description)
        }
    }

    private static func kind(_ value: JSONValue) -> String {
        switch value {
        case .null: "!!null"
        case .bool: "!!bool"
        case .integer: "!!int"
        case .number: "!!float"
        case .string(let text): "!!str `\(text.prefix(40))`"
        case .array: "!!seq"
        case .object: "!!map"
        }
    }

    /// The members of a map that were checked for unknown names.
    struct Members {
        let nodes: [(name: String, node: AlertmanagerConfigurationNode)]
        let parent: AlertmanagerConfigurationNode

        /// A member that is there and not null.
        subscript(_ name: String) -> AlertmanagerConfigurationNode? {
            nodes.last { $0.name == name && !$0.node.isNull }?.node
        }

        func text(_ name: String) throws(Failure) -> String? {
            guard let node = self[name] else { return nil }
            return try node.text()
        }

        func flag(_ name: String) throws(Failure) -> Bool? {
            guard let node = self[name] else { return nil }
            return try node.flag()
        }

        func duration(_ name: String) throws(Failure) -> Int64? {
            guard let node = self[name] else { return nil }
            return try node.duration()
        }

        func elements(_ name: String, _ type: String) throws(Failure) -> [AlertmanagerConfigurationNode] {
            guard let node = self[name] else { return [] }
            return try node.elements(type)
        }

        func texts(_ name: String) throws(Failure) -> [String] {
            var out: [String] = []
            for node in try elements(name, "string") { out.append(try node.text()) }
            return out
        }
    }
}
