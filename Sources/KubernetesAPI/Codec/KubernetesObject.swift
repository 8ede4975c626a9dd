import OrderedCollections

/// A message that is an object of its own: it has a kind, an API version and metadata.
public protocol KubernetesObject: Message {
    static var resource: ResourceType { get }
    var apiVersion: String? { get set }
    var kind: String? { get set }
    var metadata: ObjectMeta { get set }
}

/// How a kind is addressed: its group, version, names and scope.
public struct ResourceType: Sendable, Hashable {
    /// Empty for the core group.
    public let group: String
    public let version: String
    public let kind: String
    public let plural: String
    public let namespaced: Bool
    public let shortNames: [String]
    public let categories: [String]

    public init(
        group: String, version: String, kind: String, plural: String, namespaced: Bool, shortNames: [String] = [],
        categories: [String] = []
    ) {
        self.group = group
        self.version = version
        self.kind = kind
        self.plural = plural
        self.namespaced = namespaced
        self.shortNames = shortNames
        self.categories = categories
    }

    /// `v1`, `apps/v1`
    public var apiVersion: String { group.isEmpty ? version : group + "/" + version }
    public var singular: String { kind.lowercased() }
    /// `deployments.apps`, as Forbidden and NotFound errors name a resource.
    public var qualifiedPlural: String { group.isEmpty ? plural : plural + "." + group }
}

/// A built-in kind, as a value that can be looked up at run time.
public struct KindRow: Sendable {
    public let resource: ResourceType
    public let schema: MessageSchema
    /// Whether a CustomResourceDefinition adds it.
    public let isCustom: Bool
    /// Decodes an object of this kind; unknown fields are returned with their paths.
    public let decode:
        @Sendable (JSONValue) throws(FieldError) -> (object: any KubernetesObject, unknownFields: [String])
    /// Reads an object of this kind from protobuf's wire format.
    let decodeProtobuf: @Sendable (ArraySlice<UInt8>) throws(FieldError) -> any KubernetesObject

    public init<Object: KubernetesObject>(_ type: Object.Type) {
        resource = Object.resource
        schema = Object.schema
        isCustom = false
        decode = { value throws(FieldError) in
            let (object, unknown) = try Object.decode(json: value)
            return (object, unknown)
        }
        decodeProtobuf = { bytes throws(FieldError) in try Object(protobuf: bytes) }
    }
}

extension KubernetesObject {
    public var jsonValue: JSONValue {
        var writer = JSONFieldWriter(Self.schema)
        writer.members["apiVersion"] = .string(apiVersion ?? Self.resource.apiVersion)
        writer.members["kind"] = .string(kind ?? Self.resource.kind)
        encode(to: &writer)
        return .object(writer.members)
    }

    public mutating func setJSON(_ value: JSONValue, _ reader: inout JSONFieldReader) throws(FieldError) {
        guard case .object(let members) = value else { throw reader.mismatch(value, Self.goType) }
        if case .string(let text)? = members["apiVersion"] { apiVersion = text }
        if case .string(let text)? = members["kind"] { kind = text }
        try setMembers(members, &reader, ignoring: ["apiVersion", "kind"])
    }

    /// Decodes an object. Unknown fields are not an error here; strict callers refuse them.
    public static func decode(json value: JSONValue) throws(FieldError) -> (object: Self, unknownFields: [String]) {
        var reader = JSONFieldReader()
        var object = Self()
        try object.setJSON(value, &reader)
        return (object, reader.unknownFields)
    }

    /// The name by which the store knows the object: `namespace/name`, or the name alone.
    public var key: String {
        metadata.namespace.isEmpty ? metadata.name : metadata.namespace + "/" + metadata.name
    }
}
