extension [Attribute] {
    /// The value of a key; nil if it is not there.
    public func value(of key: String) -> AttributeValue? { first { $0.key == key }?.value }

    /// Sets the value of a key: in its place if it is there, else at the end.
    public mutating func set(_ key: String, _ value: AttributeValue) {
        if let index = firstIndex(where: { $0.key == key }) {
            self[index].value = value
        } else {
            append(Attribute(key, value))
        }
    }
}

extension AttributeValue {
    /// The text, if the value is one.
    public var string: String? { if case .string(let text) = self { text } else { nil } }

    /// The value as text, as the Collector's `AsString` has it: strings without quotes, lists and maps as JSON, bytes
    /// in base64.
    public var text: String {
        switch self {
        case .string(let text): text
        case .bool, .int, .array, .map: json
        case .double(let number): AttributeValue.text(number)
        case .bytes(let bytes): Base64.text(bytes)
        }
    }

    /// The value as JSON: strings quoted, bytes in base64, numbers that JSON does not have as strings.
    public var json: String {
        var out = ""
        write(to: &out, depth: 0)
        return out
    }

    /// Levels of lists and maps that are written; what lies deeper is written as null, so that no value exhausts the
    /// stack.
    static let maximumDepth = 64

    private func write(to out: inout String, depth: Int) {
        guard depth < Self.maximumDepth else {
            out += "null"
            return
        }
        switch self {
        case .string(let text): Self.quote(text, into: &out)
        case .bool(let flag): out += flag ? "true" : "false"
        case .int(let number): out += String(number)
        case .double(let number):
            if number.isFinite { out += Self.text(number) } else { Self.quote(Self.text(number), into: &out) }
        case .bytes(let bytes): Self.quote(Base64.text(bytes), into: &out)
        case .array(let values):
            out += "["
            for (index, value) in values.enumerated() {
                if index > 0 { out += "," }
                value.write(to: &out, depth: depth + 1)
            }
            out += "]"
        case .map(let members):
            out += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { out += "," }
                Self.quote(member.key, into: &out)
                out += ":"
                member.value.write(to: &out, depth: depth + 1)
            }
            out += "}"
        }
    }

    /// A number as JSON has it: no fraction if it is whole, an exponent only where digits would be many.
    private static func text(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        if number == number.rounded(), number.magnitude < 1e15 { return String(Int64(number)) }
        return String(number)
    }

    private static func quote(_ text: String, into out: inout String) {
        out += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        out += "\""
    }
}

/// Bytes as text, by RFC 4648 with padding.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for place in 0..<4 {
                out.append(place <= group.count ? alphabet[word >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
