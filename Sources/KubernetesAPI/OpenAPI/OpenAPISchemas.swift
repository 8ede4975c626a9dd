import OrderedCollections

/// The schemas of messages as OpenAPI v3 has them (`k8s.io/kube-openapi/pkg/builder3`), with the lab's own words.
struct OpenAPISchemas {
    /// By name, `io.k8s.api.core.v1.PodSpec`.
    private(set) var schemas: [String: JSONValue] = [:]

    static let time = "io.k8s.apimachinery.pkg.apis.meta.v1.Time"
    static let microTime = "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime"
    static let quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity"
    static let intOrString = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
    static let fieldsV1 = "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1"

    static func name(of schema: MessageSchema) -> String {
        let key = schema.goPackage + "." + schema.name
        return (MessageSchema.packages[key] ?? "io.k8s." + schema.goPackage) + "." + schema.name
    }

    static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    /// Adds a message and all that it needs.
    /// - Parameter resource: for the message of a kind.
    /// - Returns: its name.
    @discardableResult
    mutating func add(_ schema: MessageSchema, kind resource: ResourceType? = nil) -> String {
        let name = Self.name(of: schema)
        guard schemas[name] == nil else { return name }
        // The name is taken first: messages refer to each other.
        schemas[name] = .object([:])
        var properties: [(name: String, value: JSONValue)] = []
        var required: [JSONValue] = []
        for (owner, field) in Self.members(of: schema) {
            properties.append((field.name, property(field, owner: owner)))
            if field.required { required.append(.string(field.name)) }
        }
        if resource != nil {
            for name in ["apiVersion", "kind"] {
                properties.append((name, Self.described(["type": "string"], HelpTexts.text(of: name, in: schema.name))))
            }
        }
        properties.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        var members: OrderedDictionary<String, JSONValue> = [:]
        if let text = HelpTexts.text(ofType: schema.name) { members["description"] = .string(text) }
        members["type"] = "object"
        if !required.isEmpty { members["required"] = .array(required) }
        if !properties.isEmpty {
            members["properties"] = .object(.init(properties.map { ($0.name, $0.value) }) { first, _ in first })
        }
        if let resource { members["x-kubernetes-group-version-kind"] = [Self.groupVersionKind(resource)] }
        schemas[name] = .object(members)
        return name
    }

    /// A list of a kind.
    mutating func addList(of item: String, _ resource: ResourceType) -> String {
        let name = item + "List"
        let metadata = add(ListMeta.schema)
        schemas[name] = [
            "type": "object", "required": ["items"],
            "properties": [
                "apiVersion": ["type": "string"],
                "items": ["type": "array", "items": ["allOf": [Self.reference(item)], "default": [:]]],
                "kind": ["type": "string"],
                "metadata": ["allOf": [Self.reference(metadata)], "default": [:]],
            ],
            "x-kubernetes-group-version-kind": [
                [
                    "group": .string(resource.group), "kind": .string(resource.kind + "List"),
                    "version": .string(resource.version),
                ]
            ],
        ]
        return name
    }

    /// The schema of a kind that a definition adds, with metadata as every object has it.
    mutating func add(_ kind: CustomKind) -> String {
        let resource = kind.resource
        let name =
            resource.group.split(separator: ".").reversed().joined(separator: ".")
            + ".\(resource.version).\(resource.kind)"
        guard case .object(var members) = kind.schema.json else {
            schemas[name] = ["type": "object", "x-kubernetes-group-version-kind": [Self.groupVersionKind(resource)]]
            return name
        }
        var properties = members["properties"]?.object ?? [:]
        let metadata = add(ObjectMeta.schema)
        for name in ["apiVersion", "kind"] { properties[name] = properties[name] ?? ["type": "string"] }
        properties["metadata"] = ["allOf": [Self.reference(metadata)]]
        members["type"] = "object"
        members["properties"] = .object(properties)
        members["x-kubernetes-group-version-kind"] = [Self.groupVersionKind(resource)]
        schemas[name] = .object(members)
        return name
    }

    static func groupVersionKind(_ resource: ResourceType) -> JSONValue {
        [
            "group": .string(resource.group), "kind": .string(resource.kind), "version": .string(resource.version),
        ]
    }

    /// Fields with the message that declares them; those of inlined messages stand beside the message's own.
    private static func members(of schema: MessageSchema) -> [(owner: String, field: FieldSchema)] {
        schema.fields.flatMap { field in
            if field.inline, let inner = field.type.message { return members(of: inner) }
            return [(schema.name, field)]
        }
    }

    private static func described(_ value: JSONValue, _ text: String?) -> JSONValue {
        guard let text, case .object(let members) = value else { return value }
        var described: OrderedDictionary<String, JSONValue> = ["description": .string(text)]
        described.merge(members) { $1 }
        return .object(described)
    }

    private mutating func property(_ field: FieldSchema, owner: String) -> JSONValue {
        var members: OrderedDictionary<String, JSONValue> = [:]
        if let text = HelpTexts.text(of: field.name, in: owner) { members["description"] = .string(text) }
        switch field.cardinality {
        case .single: members.merge(value(of: field, owner: owner, isElement: false)) { $1 }
        case .list:
            members["type"] = "array"
            members["items"] = .object(value(of: field, owner: owner, isElement: true))
        case .map:
            members["type"] = "object"
            members["additionalProperties"] = .object(value(of: field, owner: owner, isElement: true))
        }
        if let type = field.listType { members["x-kubernetes-list-type"] = .string(type) }
        if !field.listKeys.isEmpty {
            members["x-kubernetes-list-map-keys"] = .array(field.listKeys.map { .string($0) })
        }
        if let type = field.mapType { members["x-kubernetes-map-type"] = .string(type) }
        if let key = field.mergeKey { members["x-kubernetes-patch-merge-key"] = .string(key) }
        if let strategy = field.patchStrategy { members["x-kubernetes-patch-strategy"] = .string(strategy) }
        if let text = field.defaultValue, let value = try? JSONValue(parsingJSON: Array(text.utf8)[...]) {
            members["default"] = value
        }
        return .object(members)
    }

    private mutating func value(of field: FieldSchema, owner: String, isElement: Bool)
        -> OrderedDictionary<String, JSONValue>
    {
        var members: OrderedDictionary<String, JSONValue> = [:]
        func refer(_ name: String, default value: JSONValue? = nil) {
            members["allOf"] = [Self.reference(name)]
            if let value { members["default"] = value }
        }
        switch field.type {
        case .string:
            members["type"] = "string"
            let choices = FieldChoices.of(field.name, in: owner)
            if !choices.isEmpty { members["enum"] = .array(choices.map { .string($0) }) }
            if isElement { members["default"] = "" }
        case .int32: members = ["type": "integer", "format": "int32"]
        case .int64: members = ["type": "integer", "format": "int64"]
        case .bool: members["type"] = "boolean"
        case .double: members = ["type": "number", "format": "double"]
        case .bytes: members = ["type": "string", "format": "byte"]
        case .quantity:
            schemas[Self.quantity] = ["oneOf": [["type": "string"], ["type": "number"]]]
            refer(Self.quantity)
        case .time:
            schemas[Self.time] = ["type": "string", "format": "date-time"]
            refer(Self.time)
        case .microTime:
            schemas[Self.microTime] = ["type": "string", "format": "date-time"]
            refer(Self.microTime)
        case .intOrString:
            schemas[Self.intOrString] = [
                "format": "int-or-string", "oneOf": [["type": "integer"], ["type": "string"]],
            ]
            refer(Self.intOrString)
        case .raw:
            if field.name.hasPrefix("fieldsV") {
                schemas[Self.fieldsV1] = ["type": "object"]
                refer(Self.fieldsV1)
            } else {
                members["type"] = "object"
            }
        case .message(let schema): refer(add(schema()), default: .object([:]))
        }
        return members
    }
}
