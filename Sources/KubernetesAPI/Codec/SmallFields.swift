/// `intstr.IntOrString`: a number, or text such as a percentage or a port's name.
public enum IntOrString: FieldValue, Hashable {
    case int(Int32)
    case string(String)

    public init() { self = .int(0) }

    public static var goType: String { "intstr.IntOrString" }
    public var isZero: Bool { false }

    public var jsonValue: JSONValue {
        switch self {
        case .int(let number): .integer(Int64(number))
        case .string(let text): .string(text)
        }
    }

    public mutating func setJSON(_ value: JSONValue, _ reader: inout JSONFieldReader) throws(FieldError) {
        switch value {
        case .string(let text): self = .string(text)
        case .integer(let number):
            guard let exact = Int32(exactly: number) else { throw reader.mismatch(number: "\(number)", "int32") }
            self = .int(exact)
        default: throw reader.mismatch(value, "int32")
        }
    }

    public func writeProtobuf(_ number: Int, to writer: inout ProtobufWriter) {
        writer.write(number) { inner in
            switch self {
            case .int(let value):
                inner.write(1, varint: 0)
                inner.write(2, varint: UInt64(bitPattern: Int64(value)))
            case .string(let text):
                inner.write(1, varint: 1)
                inner.write(3, bytes: text.utf8)
            }
        }
    }

    public mutating func setProtobuf(_ wire: ProtobufValue) throws(FieldError) {
        guard case .bytes(let bytes) = wire else { throw FieldError("protobuf: an IntOrString is not a message") }
        var reader = ProtobufFieldReader(bytes)
        var kind: Int64 = 0
        var number: Int32 = 0
        var text = ""
        while let field = try reader.next() {
            switch field {
            case 1: try reader.read(&kind)
            case 2: try reader.read(&number)
            case 3: try reader.read(&text)
            default: break
            }
        }
        self = kind == 1 ? .string(text) : .int(number)
    }
}

/// A field of bytes, base64 in JSON.
public struct Bytes: FieldValue, Hashable {
    public var content: [UInt8]

    public init() { content = [] }
    public init(_ content: [UInt8]) { self.content = content }

    public static var goType: String { "[]uint8" }
    public var isZero: Bool { content.isEmpty }
    public var jsonValue: JSONValue { .string(Base64.encode(content)) }

    public mutating func setJSON(_ value: JSONValue, _ reader: inout JSONFieldReader) throws(FieldError) {
        guard case .string(let text) = value else { throw reader.mismatch(value, Self.goType) }
        switch Base64.decode(text) {
        case .success(let bytes): content = bytes
        case .failure(let error): throw FieldError("illegal base64 data at input byte \(error.offset)")
        }
    }

    public func writeProtobuf(_ number: Int, to writer: inout ProtobufWriter) { writer.write(number, bytes: content) }

    public mutating func setProtobuf(_ wire: ProtobufValue) throws(FieldError) {
        guard case .bytes(let bytes) = wire else { throw FieldError("protobuf: a bytes field holds something else") }
        content = Array(bytes)
    }
}

/// Base64 with padding, as JSON carries bytes.
public enum Base64 {
    public struct Illegal: Error, Equatable, Sendable {
        /// The first byte of the text that does not belong there.
        public var offset: Int
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    public static func encode(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let left = min(3, bytes.count - index)
            var group = UInt32(bytes[index]) << 16
            if left > 1 { group |= UInt32(bytes[index + 1]) << 8 }
            if left > 2 { group |= UInt32(bytes[index + 2]) }
            for place in 0..<4 {
                output.append(place <= left ? alphabet[Int(group >> UInt32(18 - 6 * place)) & 63] : 61)
            }
            index += 3
        }
        return String(decoding: output, as: UTF8.self)
    }

    public static func decode(_ text: String) -> Result<[UInt8], Illegal> {
        let source = Array(text.utf8)
        var output: [UInt8] = []
        var group: UInt32 = 0
        var held = 0
        var padding = 0
        for (offset, byte) in source.enumerated() {
            if byte == 10 || byte == 13 { continue }
            if byte == 61 {
                padding += 1
                guard held + padding <= 4, held >= 2 else { return .failure(Illegal(offset: offset)) }
                continue
            }
            guard padding == 0, let digit = alphabet.firstIndex(of: byte) else {
                return .failure(Illegal(offset: offset))
            }
            group = group << 6 | UInt32(digit)
            held += 1
            if held == 4 {
                output += [
                    UInt8(truncatingIfNeeded: group >> 16), UInt8(truncatingIfNeeded: group >> 8),
                    UInt8(truncatingIfNeeded: group),
                ]
                (group, held) = (0, 0)
            }
        }
        guard held == 0 || held + padding == 4 else { return .failure(Illegal(offset: source.count)) }
        if held == 2 { output.append(UInt8(truncatingIfNeeded: group >> 4)) }
        if held == 3 { output += [UInt8(truncatingIfNeeded: group >> 10), UInt8(truncatingIfNeeded: group >> 2)] }
        return .success(output)
    }
}
