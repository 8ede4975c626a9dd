import OrderedCollections

/// Reads one member of a JSON object into a field, with the API server's error texts.
///
/// Unknown members do not stop the reading: they are collected with their paths, as strict decoding reports them
/// all at once. A wrong type stops it, as in Go.
public struct JSONFieldReader: FieldReader {
    public enum Step: Sendable, Equatable {
        case member(String)
        case index(Int)
        /// A key of a map: part of a field's path, but not of the way that Go's type errors name.
        case key(String)
    }

    /// The value of the member that is being read.
    var value: JSONValue = .null
    /// The way from the object's root to `value`.
    public private(set) var path: [Step] = []
    /// The Go struct that holds the field.
    var structName = ""
    /// Paths of unknown fields, such as `spec.template.spec.containers[0].imagepullpolicy`.
    public private(set) var unknownFields: [String] = []

    public init() {}

    /// `spec.containers[0].image`
    public var pathText: String { Self.text(path) }

    static func text(_ path: [Step]) -> String {
        var text = ""
        for step in path {
            switch step {
            case .member(let name), .key(let name): text += text.isEmpty ? name : "." + name
            case .index(let index): text += "[\(index)]"
            }
        }
        return text
    }

    mutating func noteUnknown(_ member: String) {
        unknownFields.append(Self.text(path + [.member(member)]))
    }

    mutating func at<Result>(
        _ step: Step, _ inner: JSONValue, _ body: (inout Self) throws(FieldError) -> Result
    ) throws(FieldError) -> Result {
        let outer = value
        path.append(step)
        value = inner
        defer {
            path.removeLast()
            value = outer
        }
        return try body(&self)
    }

    /// Go's text for a JSON value that does not fit a type; list indexes do not appear in it.
    public func mismatch(_ value: JSONValue, _ goType: String) -> FieldError {
        let members = path.compactMap { if case .member(let name) = $0 { name } else { nil } }.joined(separator: ".")
        let place = members.isEmpty ? "value" : "struct field \(structName).\(members)"
        return FieldError("json: cannot unmarshal \(value.goKind) into Go \(place) of type \(goType)")
    }

    public mutating func read<Value: FieldValue>(_ target: inout Value) throws(FieldError) {
        if case .null = value { return }
        try target.setJSON(value, &self)
    }

    public mutating func read<Value: FieldValue>(_ target: inout Value?) throws(FieldError) {
        if case .null = value { return }
        var read = Value()
        try read.setJSON(value, &self)
        target = read
    }

    public mutating func read<Value: FieldValue>(_ target: inout [Value]) throws(FieldError) {
        if case .null = value { return }
        guard case .array(let elements) = value else { throw mismatch(value, "[]" + Value.goType) }
        var read: [Value] = []
        read.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            var item = Value()
            try at(.index(index), element) { reader throws(FieldError) in try reader.read(&item) }
            read.append(item)
        }
        target = read
    }

    public mutating func read<Value: FieldValue>(_ target: inout [String: Value]) throws(FieldError) {
        if case .null = value { return }
        guard case .object(let members) = value else { throw mismatch(value, "map[string]" + Value.goType) }
        var read: [String: Value] = [:]
        for (key, element) in members {
            var item = Value()
            try at(.key(key), element) { reader throws(FieldError) in try reader.read(&item) }
            read[key] = item
        }
        target = read
    }
}

/// Collects the members of one message as a JSON object, leaving out what Go's `omitempty` leaves out.
public struct JSONFieldWriter: FieldWriter {
    let schema: MessageSchema
    var members: OrderedDictionary<String, JSONValue> = [:]

    init(_ schema: MessageSchema) { self.schema = schema }

    public mutating func write<Value: FieldValue>(_ field: Int, _ value: Value) {
        let row = schema.fields[field]
        if row.required || row.type.message != nil || !value.isZero { members[row.name] = value.jsonValue }
    }

    public mutating func write<Value: FieldValue>(_ field: Int, _ value: Value?) {
        let row = schema.fields[field]
        if let value { members[row.name] = value.jsonValue } else if row.writesNull { members[row.name] = .null }
    }

    public mutating func write<Value: FieldValue>(_ field: Int, _ values: [Value]) {
        let row = schema.fields[field]
        if !values.isEmpty {
            members[row.name] = .array(values.map(\.jsonValue))
        } else if row.writesNull {
            members[row.name] = .null
        }
    }

    public mutating func write<Value: FieldValue>(_ field: Int, _ values: [String: Value]) {
        guard !values.isEmpty else { return }
        var object: OrderedDictionary<String, JSONValue> = [:]
        for key in values.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            if let value = values[key] { object[key] = value.jsonValue }
        }
        members[schema.fields[field].name] = .object(object)
    }

    public mutating func writeInline<Value: Message>(_ field: Int, _ value: Value) {
        guard case .object(let inner) = value.jsonValue else { return }
        for (name, member) in inner { members[name] = member }
    }
}

extension Message {
    public static var goType: String { schema.goPackage + "." + schema.name }
    public var isZero: Bool { false }

    public var jsonValue: JSONValue {
        var writer = JSONFieldWriter(Self.schema)
        encode(to: &writer)
        return .object(writer.members)
    }

    public mutating func setJSON(_ value: JSONValue, _ reader: inout JSONFieldReader) throws(FieldError) {
        guard case .object(let members) = value else { throw reader.mismatch(value, Self.goType) }
        try setMembers(members, &reader, ignoring: [])
    }

    mutating func setMembers(
        _ members: OrderedDictionary<String, JSONValue>, _ reader: inout JSONFieldReader, ignoring ignored: [String]
    ) throws(FieldError) {
        let schema = Self.schema
        let outer = reader.structName
        defer { reader.structName = outer }
        var inlined: [Int] = []
        for (name, member) in members where !ignored.contains(name) {
            switch schema.place(of: name) {
            case .direct(let index):
                reader.structName = schema.name
                try reader.at(.member(name), member) { reader throws(FieldError) in try decode(index, from: &reader) }
            case .inlined(let index):
                if !inlined.contains(index) { inlined.append(index) }
            case nil:
                reader.noteUnknown(name)
            }
        }
        for index in inlined {
            let held = reader.value
            reader.value = .object(members.filter { schema.place(of: $0.key) == .inlined(index) })
            defer { reader.value = held }
            try decode(index, from: &reader)
        }
    }
}

extension JSONValue {
    /// The kind of value as Go's JSON decoder names it.
    var goKind: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .integer, .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
