import OrderedCollections

/// Why a text is no JSON.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    public var message: String
    /// Byte of the text at which it was noticed.
    public var offset: Int

    public var description: String { "\(message) at byte \(offset)" }
}

/// A strict JSON reader with a bound on depth; it never recurses deeper than the bound, whatever the input.
public struct JSONReader {
    private let bytes: ArraySlice<UInt8>
    private var offset: Int
    private let maximumDepth: Int

    public static func read(_ bytes: ArraySlice<UInt8>, maximumDepth: Int = 200) throws(JSONError) -> JSONValue {
        var reader = JSONReader(bytes: bytes, offset: bytes.startIndex, maximumDepth: maximumDepth)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.offset == bytes.endIndex else { throw reader.error("unexpected text after the value") }
        return value
    }

    /// The first value of the bytes, and the index behind it.
    static func readFirst(
        _ bytes: ArraySlice<UInt8>, maximumDepth: Int
    ) throws(JSONError) -> (value: JSONValue, end: Int) {
        var reader = JSONReader(bytes: bytes, offset: bytes.startIndex, maximumDepth: maximumDepth)
        let value = try reader.value(depth: 0)
        return (value, reader.offset)
    }

    private func error(_ message: String) -> JSONError {
        JSONError(message: message, offset: offset - bytes.startIndex)
    }

    private mutating func skipSpace() {
        while offset < bytes.endIndex, [32, 9, 10, 13].contains(bytes[offset]) { offset += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard offset < bytes.endIndex, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= maximumDepth else { throw error("more than \(maximumDepth) levels of nesting") }
        skipSpace()
        guard offset < bytes.endIndex else { throw error("unexpected end") }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ text: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
        guard bytes[offset...].starts(with: text.utf8) else { throw error("unexpected character") }
        offset += text.utf8.count
        return value
    }

    private mutating func object(_ depth: Int) throws(JSONError) -> JSONValue {
        offset += 1
        var members: OrderedDictionary<String, JSONValue> = [:]
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipSpace()
            guard offset < bytes.endIndex, bytes[offset] == UInt8(ascii: "\"") else {
                throw error("expected a member's name")
            }
            let name = try string()
            guard take(UInt8(ascii: ":")) else { throw error("expected ':'") }
            members[name] = try value(depth: depth + 1)
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw error("expected ',' or '}'") }
        return .object(members)
    }

    private mutating func array(_ depth: Int) throws(JSONError) -> JSONValue {
        offset += 1
        var elements: [JSONValue] = []
        if take(UInt8(ascii: "]")) { return .array(elements) }
        repeat { elements.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw error("expected ',' or ']'") }
        return .array(elements)
    }

    private mutating func string() throws(JSONError) -> String {
        offset += 1
        var text: [UInt8] = []
        while offset < bytes.endIndex {
            let byte = bytes[offset]
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                guard let valid = String(validating: text, as: UTF8.self) else { throw error("a string is not UTF-8") }
                return valid
            case UInt8(ascii: "\\"):
                offset += 1
                try escape(into: &text)
            case 0..<32: throw error("a control character in a string")
            default:
                text.append(byte)
                offset += 1
            }
        }
        throw error("a string does not end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard offset < bytes.endIndex else { throw error("a string does not end") }
        let byte = bytes[offset]
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xd800..<0xdc00).contains(code), bytes[offset...].starts(with: "\\u".utf8) {
                offset += 2
                let low = try hexadecimal()
                code = (0xdc00..<0xe000).contains(low) ? 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00) : 0xfffd
            }
            text.append(contentsOf: String(UnicodeScalar(code) ?? "\u{fffd}").utf8)
        default: throw error("an unknown escape in a string")
        }
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        guard offset + 4 <= bytes.endIndex,
            let code = UInt32(String(decoding: bytes[offset..<offset + 4], as: UTF8.self), radix: 16)
        else { throw error("four hexadecimal digits are missing") }
        offset += 4
        return code
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = offset
        while offset < bytes.endIndex,
            (48...57).contains(bytes[offset]) || [43, 45, 46, 69, 101].contains(bytes[offset])
        { offset += 1 }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        let body = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard let first = body.utf8.first, (48...57).contains(first),
            !(body.utf8.count > 1 && body.hasPrefix("0")
                && body.utf8.dropFirst().first.map { (48...57).contains($0) } ?? false)
        else {
            offset = start
            throw error("unexpected character")
        }
        if let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            offset = start
            throw error("a number out of range")
        }
        return .number(number)
    }
}

extension JSONValue {
    public init(parsingJSON bytes: ArraySlice<UInt8>) throws(FieldError) {
        do { self = try JSONReader.read(bytes) } catch { throw FieldError(error.description) }
    }
}
