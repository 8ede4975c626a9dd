import KubernetesAPI
import OrderedCollections
import Simulation

/// An object of a kind that a definition adds, or a definition: metadata like every object's, and the rest as it is.
struct CustomObject: Sendable, Equatable {
    var metadata = ObjectMeta()
    /// All members but `apiVersion`, `kind` and `metadata`.
    var content: OrderedDictionary<String, JSONValue> = [:]

    init() {}

    /// - Throws: `FieldError` for metadata that cannot be read.
    init(_ value: JSONValue) throws(FieldError) {
        guard case .object(var members) = value else { throw FieldError("an object is expected") }
        if let metadata = members["metadata"] {
            var reader = JSONFieldReader()
            try self.metadata.setJSON(metadata, &reader)
        }
        for name in ["apiVersion", "kind", "metadata"] { members[name] = nil }
        // As it would be read back from a snapshot: then a restored world answers with the same bytes.
        let text = JSONValue.object(members).compactBytes
        content = (try? JSONValue(parsingJSON: text[...]))?.object ?? members
    }

    var key: String { metadata.namespace.isEmpty ? metadata.name : metadata.namespace + "/" + metadata.name }

    /// The object in one version of its kind.
    func json(as resource: ResourceType) -> JSONValue {
        var carrier = ConfigMap()
        carrier.metadata = metadata
        var members: OrderedDictionary<String, JSONValue> = [
            "apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind),
            "metadata": carrier.jsonValue["metadata"] ?? .object([:]),
        ]
        for (name, value) in content { members[name] = value }
        return .object(members)
    }

    /// Everything but metadata and, if it is a subresource, the status.
    func spec(withoutStatus: Bool) -> JSONValue {
        var members = content
        if withoutStatus { members["status"] = nil }
        return .object(members)
    }
}

extension CustomObject: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(String(decoding: json(as: CustomKind.definition).compactBytes, as: UTF8.self))
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let text: String = try reader.read()
        guard let value = try? JSONValue(parsingJSON: Array(text.utf8)[...]), let object = try? CustomObject(value)
        else {
            throw .malformed(what: "custom object", offset: reader.offset)
        }
        self = object
    }
}

/// Definitions and the objects of their kinds.
struct CustomObjects: Sendable {
    /// By `plural.group`, then by `namespace/name`.
    private var tables: [String: [String: CustomObject]] = [:]

    init() {}

    var isEmpty: Bool { tables.isEmpty }

    subscript(_ table: String, _ key: String) -> CustomObject? {
        get { tables[table]?[key] }
        set {
            tables[table, default: [:]][key] = newValue
            if tables[table]?.isEmpty == true { tables[table] = nil }
        }
    }

    /// The objects of a kind, by namespace and name.
    func sorted(_ table: String) -> [CustomObject] {
        (tables[table] ?? [:]).values.sorted {
            ($0.metadata.namespace, $0.metadata.name) < ($1.metadata.namespace, $1.metadata.name)
        }
    }

    /// Everything, by table and key.
    var all: [(table: String, object: CustomObject)] {
        tables.keys.sorted().flatMap { table in sorted(table).map { (table, $0) } }
    }

    /// Whether the owner that a reference names is there.
    func lives(_ owner: OwnerReference, _ namespace: String) -> Bool {
        guard !isEmpty else { return false }
        return kinds.contains { kind in
            kind.resource.kind == owner.kind && kind.resource.apiVersion == owner.apiVersion
                && self[
                    kind.resource.qualifiedPlural,
                    kind.resource.namespaced ? namespace + "/" + owner.name : owner.name
                ]?.metadata.uid == owner.uid
        }
    }

    /// The served kinds of all definitions whose names were accepted, definitions themselves first.
    var kinds: [CustomKind] {
        guard !isEmpty else { return [CustomKind.definitionKind] }
        return [CustomKind.definitionKind]
            + sorted(CustomKind.definition.qualifiedPlural).filter(\.isEstablished).flatMap {
                CustomKind.kinds(of: $0.json(as: CustomKind.definition))
            }
    }
}

extension CustomObject {
    /// Of a definition: whether its kind is served.
    var isEstablished: Bool {
        (content["status"]?["conditions"]?.array ?? []).contains {
            $0["type"]?.string == "Established" && $0["status"]?.string == "True"
        }
    }
}

extension CustomObjects: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.writeVarint(UInt64(tables.count))
        for table in tables.keys.sorted() {
            writer.write(table)
            writer.write(sorted(table))
        }
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        for _ in 0..<(try reader.readCount()) {
            let table: String = try reader.read()
            for object in try reader.read([CustomObject].self) { self[table, object.key] = object }
        }
    }
}
