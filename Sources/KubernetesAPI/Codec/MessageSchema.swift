/// The one declaration of a message: decoding, strict errors, defaulting, `explain`, patches and protobuf read it.
public struct MessageSchema: Sendable {
    /// The message's name in the API's Go types, such as `PodSpec`; decoding errors quote it.
    public let name: String
    /// The Go package of the type, as error texts print it (`v1.PodSpec`).
    public let goPackage: String
    public let fields: [FieldSchema]
    /// For each JSON member name of this message: where it goes. A member of an inlined message has two steps.
    private let places: [String: FieldPlace]

    public init(name: String, goPackage: String, fields: [FieldSchema]) {
        self.name = name
        self.goPackage = goPackage
        self.fields = fields
        var places: [String: FieldPlace] = [:]
        for (index, field) in fields.enumerated() {
            if field.inline, let inlined = field.type.message {
                for inner in inlined.memberNames { places[inner] = .inlined(index) }
            } else {
                places[field.name] = .direct(index)
            }
        }
        self.places = places
    }

    /// Where the member called `name` goes; nil for an unknown field.
    public func place(of name: String) -> FieldPlace? { places[name] }

    /// The names of all JSON members, those of inlined messages included, in the order of the fields.
    public var memberNames: [String] {
        fields.flatMap { field in
            if field.inline, let inlined = field.type.message { inlined.memberNames } else { [field.name] }
        }
    }

    /// The field that a JSON member stands for, looked up through inlined messages.
    public func member(_ name: String) -> FieldSchema? {
        switch places[name] {
        case .direct(let index): fields[index]
        case .inlined(let index): fields[index].type.message?.member(name)
        case nil: nil
        }
    }
}

/// Where a JSON member of a message goes.
public enum FieldPlace: Sendable, Equatable {
    /// A field of the message itself.
    case direct(Int)
    /// A field of the message that is inlined at this index.
    case inlined(Int)
}

/// One field of a message.
public struct FieldSchema: Sendable {
    public enum Cardinality: Sendable, Equatable { case single, list, map }

    /// The JSON name.
    public let name: String
    /// The protobuf field number.
    public let number: Int
    public let type: FieldType
    public let cardinality: Cardinality
    /// Written even if empty, as a Go field without `omitempty` is.
    public let required: Bool
    /// Written as `null` if missing, as Go writes a struct such as `metav1.Time`, or a list without `omitempty`.
    public let writesNull: Bool
    /// The members of this message stand in the parent's JSON object; protobuf keeps the nesting.
    public let inline: Bool
    /// The key by which strategic merge patches join list elements.
    public let mergeKey: String?
    /// `merge`, `replace`, `retainKeys` or `merge,retainKeys`.
    public let patchStrategy: String?
    /// `atomic`, `set` or `map`, for server-side apply.
    public let listType: String?
    public let mapType: String?
    public let listKeys: [String]
    /// The default that the published schema states, as JSON text; defaults that the API server's code applies are in
    /// `Defaulting/`.
    public let defaultValue: String?

    public init(
        _ name: String, _ number: Int, _ type: FieldType, _ cardinality: Cardinality = .single, required: Bool = false,
        writesNull: Bool = false, inline: Bool = false, mergeKey: String? = nil, patchStrategy: String? = nil,
        listType: String? = nil,
        mapType: String? = nil, listKeys: [String] = [], defaultValue: String? = nil
    ) {
        self.name = name
        self.number = number
        self.type = type
        self.cardinality = cardinality
        self.required = required
        self.writesNull = writesNull
        self.inline = inline
        self.mergeKey = mergeKey
        self.patchStrategy = patchStrategy
        self.listType = listType
        self.mapType = mapType
        self.listKeys = listKeys
        self.defaultValue = defaultValue
    }
}

/// The type of a field's value, or of an element for lists and maps.
public enum FieldType: Sendable {
    case string, int32, int64, bool, double, bytes
    case quantity, time, microTime, intOrString
    /// Any JSON, kept as it came (`RawExtension`, `FieldsV1`).
    case raw
    /// Another message; a closure, because schemas refer to each other.
    case message(@Sendable () -> MessageSchema)

    public var message: MessageSchema? {
        if case .message(let schema) = self { schema() } else { nil }
    }
}
