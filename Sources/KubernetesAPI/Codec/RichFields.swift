extension Quantity: FieldValue {
    public static var goType: String { "resource.Quantity" }
    public var jsonValue: JSONValue { .string(description) }

    public mutating func setJSON(_ value: JSONValue, _ reader: inout JSONFieldReader) throws(FieldError) {
        let text: String
        switch value {
        case .string(let string): text = string
        case .integer(let number): text = "\(number)"
        case .number(let number): text = "\(number)"
        default: throw reader.mismatch(value, "string")
        }
        self = try Self.reading(text)
    }

    public func writeProtobuf(_ number: Int, to writer: inout ProtobufWriter) {
        writer.write(number) { inner in inner.write(1, bytes: description.utf8) }
    }

    public mutating func setProtobuf(_ wire: ProtobufValue) throws(FieldError) {
        guard case .bytes(let bytes) = wire else { throw FieldError("protobuf: a quantity is not a message") }
        var reader = ProtobufFieldReader(bytes)
        var text = "0"
        while let field = try reader.next() {
            if field == 1 { try reader.read(&text) }
        }
        self = try Self.reading(text)
    }

    private static func reading(_ text: String) throws(FieldError) -> Quantity {
        do { return try Quantity(parsing: text) } catch { throw FieldError("\(error)") }
    }
}

extension [String: Quantity] {
    /// Equality of encodings: amounts that are written otherwise are other texts, equal or not.
    func hasSameText(as other: Self) -> Bool {
        count == other.count && allSatisfy { name, amount in other[name]?.description == amount.description }
    }
}

/// Any JSON, kept as it came: `RawExtension` and `FieldsV1`.
extension JSONValue: FieldValue {
    public init() { self = .null }

    public static var goType: String { "runtime.RawExtension" }
    public var isZero: Bool { self == .null }
    public var jsonValue: JSONValue { self }

    public mutating func setJSON(_ value: JSONValue, _ reader: inout JSONFieldReader) throws(FieldError) {
        self = value
    }

    public func writeProtobuf(_ number: Int, to writer: inout ProtobufWriter) {
        writer.write(number) { inner in inner.write(1, bytes: compactBytes) }
    }

    public mutating func setProtobuf(_ wire: ProtobufValue) throws(FieldError) {
        guard case .bytes(let bytes) = wire else { throw FieldError("protobuf: raw JSON is not a message") }
        var reader = ProtobufFieldReader(bytes)
        while let field = try reader.next() {
            if field == 1, case .bytes(let content) = reader.wire { self = try JSONValue(parsingJSON: content) }
        }
    }
}
