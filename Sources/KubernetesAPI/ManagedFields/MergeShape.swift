import OrderedCollections

/// How values of a type are merged: what is one thing, what has parts that different managers may own.
public indirect enum MergeShape: Sendable {
    /// A scalar, or something atomic: owned as a whole.
    case leaf
    /// Fields with shapes of their own; nil for one that the type does not have.
    case structure(@Sendable (String) -> MergeShape?)
    /// A map whose keys are owned one by one.
    case map(MergeShape)
    /// A list without order whose values are owned one by one.
    case set
    /// A list whose elements are told apart by the values of some of their fields, which may have defaults.
    case list(keys: [(name: String, default: JSONValue?)], MergeShape)
    /// Nothing is known: objects are maps, lists are atomic.
    case deduced

    /// Messages that are owned as a whole (`+structType=atomic` in the API's Go types).
    private static let atomicMessages: Set<String> = [
        "LabelSelector", "NodeSelector", "NodeSelectorTerm", "ObjectReference", "LocalObjectReference",
        "SecretKeySelector", "ConfigMapKeySelector", "ObjectFieldSelector", "ResourceFieldSelector", "SecretReference",
        "TypedLocalObjectReference", "CrossVersionObjectReference", "ScopeSelector", "RoleRef", "Subject",
        "EndpointAddress", "EndpointPort", "PersistentVolumeClaimTemplateReference",
    ]

    /// The shape of a built-in kind's objects.
    public init(_ schema: MessageSchema) {
        if Self.atomicMessages.contains(schema.name) {
            self = .leaf
        } else {
            self = .structure { name in
                if name == "apiVersion" || name == "kind" { return .leaf }
                return schema.member(name).map(MergeShape.init(field:))
            }
        }
    }

    private init(field: FieldSchema) {
        let element: MergeShape =
            switch field.type {
            case .message(let schema): MergeShape(schema())
            case .raw: .leaf
            default: .leaf
            }
        switch field.cardinality {
        case .single: self = element
        case .map: self = field.mapType == "atomic" ? .leaf : .map(element)
        case .list:
            switch field.listType {
            case "set"?: self = .set
            case "map"?:
                let schema = field.type.message
                self = .list(
                    keys: field.listKeys.map { name in
                        (
                            name,
                            schema?.member(name)?.defaultValue.flatMap {
                                try? JSONValue(parsingJSON: Array($0.utf8)[...])
                            }
                        )
                    }, element)
            default: self = .leaf
            }
        }
    }

    /// The shape of a kind that a definition adds, from its schema.
    public init(_ kind: CustomKind) {
        let schema = MergeShape(openAPI: kind.schema.json, depth: 0)
        let metadata = MergeShape(ObjectMeta.schema)
        self = .structure { name in
            if name == "metadata" { return metadata }
            if name == "apiVersion" || name == "kind" { return .leaf }
            guard case .structure(let field) = schema else { return .deduced }
            return field(name)
        }
    }

    private init(openAPI schema: JSONValue, depth: Int) {
        guard depth < StructuralSchema.depthLimit else {
            self = .leaf
            return
        }
        switch schema["type"]?.string {
        case "object"?:
            if schema["x-kubernetes-map-type"]?.string == "atomic" {
                self = .leaf
            } else if let properties = schema["properties"]?.object {
                let keepsUnknown = schema["x-kubernetes-preserve-unknown-fields"] == .bool(true)
                self = .structure { name in
                    properties[name].map { MergeShape(openAPI: $0, depth: depth + 1) }
                        ?? (keepsUnknown ? .deduced : nil)
                }
            } else if let additional = schema["additionalProperties"], case .object = additional {
                self = .map(MergeShape(openAPI: additional, depth: depth + 1))
            } else {
                self = .deduced
            }
        case "array"?:
            switch schema["x-kubernetes-list-type"]?.string {
            case "set"?: self = .set
            case "map"?:
                let items = schema["items"] ?? [:]
                let keys = (schema["x-kubernetes-list-map-keys"]?.array ?? []).compactMap(\.string)
                self = .list(
                    keys: keys.map { ($0, items["properties"]?[$0]?["default"]) },
                    MergeShape(openAPI: items, depth: depth + 1))
            default: self = .leaf
            }
        case nil: self = .deduced
        default: self = .leaf
        }
    }

    /// The shape of a member; nil if there can be none of that name.
    func member(_ name: String) -> MergeShape? {
        switch self {
        case .structure(let field): field(name)
        case .map(let element): element
        case .deduced: .deduced
        case .leaf, .set, .list: nil
        }
    }

    /// By what an element of a list is known.
    /// - Throws: `FieldError` for an element without its key.
    func element(_ value: JSONValue) throws(FieldError) -> FieldPathElement {
        switch self {
        case .set: return .value(value.json(indented: false))
        case .list(let keys, _):
            var members: OrderedDictionary<String, JSONValue> = [:]
            for (name, standard) in keys {
                guard let part = value[name] ?? standard else {
                    throw FieldError("element has no \(name), which is a key of its list")
                }
                members[name] = part
            }
            return .key(FieldPathElement.canonical(members))
        default: throw FieldError("a list is not expected")
        }
    }

    var elementShape: MergeShape {
        if case .list(_, let element) = self { element } else { .leaf }
    }
}
