extension String: FieldValue {
    public static var goType: String { "string" }
    public var isZero: Bool { isEmpty }
    public var jsonValue: JSONValue { .string(self) }

    public mutating func setJSON(_ value: JSONValue, _ reader: inout JSONFieldReader) throws(FieldError) {
        guard case .string(let text) = value else { throw reader.mismatch(value, Self.goType) }
        self = text
    }

    public func writeProtobuf(_ number: Int, to writer: inout ProtobufWriter) { writer.write(number, bytes: utf8) }

    public mutating func setProtobuf(_ wire: ProtobufValue) throws(FieldError) {
        guard case .bytes(let bytes) = wire, let text = String(validating: bytes, as: UTF8.self) else {
            throw FieldError("protobuf: a string field holds something else")
        }
        self = text
    }
}

extension Bool: FieldValue {
    public static var goType: String { "bool" }
    public var isZero: Bool { !self }
    public var jsonValue: JSONValue { .bool(self) }

    public mutating func setJSON(_ value: JSONValue, _ reader: inout JSONFieldReader) throws(FieldError) {
        guard case .bool(let flag) = value else { throw reader.mismatch(value, Self.goType) }
        self = flag
    }

    public func writeProtobuf(_ number: Int, to writer: inout ProtobufWriter) {
        writer.write(number, varint: self ? 1 : 0)
    }

    public mutating func setProtobuf(_ wire: ProtobufValue) throws(FieldError) {
        guard case .varint(let raw) = wire else { throw FieldError("protobuf: a bool field holds something else") }
        self = raw != 0
    }
}

/// An integer field of a fixed width.
protocol IntegerField: FieldValue, FixedWidthInteger & SignedInteger {}

extension IntegerField {
    public var isZero: Bool { self == 0 }
    public var jsonValue: JSONValue { .integer(Int64(self)) }

    public mutating func setJSON(_ value: JSONValue, _ reader: inout JSONFieldReader) throws(FieldError) {
        switch value {
        case .integer(let number):
            guard let exact = Self(exactly: number) else { throw reader.mismatch(number: "\(number)", Self.goType) }
            self = exact
        case .number(let number):
            // Kubernetes' reader turns a float without a fraction into an integer before it decodes.
            guard let exact = Self(exactly: number) else { throw reader.mismatch(number: "\(number)", Self.goType) }
            self = exact
        default: throw reader.mismatch(value, Self.goType)
        }
    }

    public func writeProtobuf(_ number: Int, to writer: inout ProtobufWriter) {
        writer.write(number, varint: UInt64(bitPattern: Int64(self)))
    }

    public mutating func setProtobuf(_ wire: ProtobufValue) throws(FieldError) {
        guard case .varint(let raw) = wire else { throw FieldError("protobuf: an integer field holds something else") }
        self = Self(truncatingIfNeeded: Int64(bitPattern: raw))
    }
}

extension JSONFieldReader {
    /// Go's text for a number that does not fit an integer type.
    func mismatch(number: String, _ goType: String) -> FieldError {
        FieldError(
            mismatch(.integer(0), goType).description.replacing(
                "unmarshal number", with: "unmarshal number \(number)", maxReplacements: 1))
    }
}

extension Int32: IntegerField {
    public static var goType: String { "int32" }
}

extension Int64: IntegerField {
    public static var goType: String { "int64" }
}

extension Double: FieldValue {
    public static var goType: String { "float64" }
    public var isZero: Bool { self == 0 }
    public var jsonValue: JSONValue { .number(self) }

    public mutating func setJSON(_ value: JSONValue, _ reader: inout JSONFieldReader) throws(FieldError) {
        switch value {
        case .integer(let number): self = Double(number)
        case .number(let number): self = number
        default: throw reader.mismatch(value, Self.goType)
        }
    }

    public func writeProtobuf(_ number: Int, to writer: inout ProtobufWriter) {
        writer.write(number, fixed64: bitPattern)
    }

    public mutating func setProtobuf(_ wire: ProtobufValue) throws(FieldError) {
        guard case .fixed64(let raw) = wire else { throw FieldError("protobuf: a double field holds something else") }
        self = Double(bitPattern: raw)
    }
}
