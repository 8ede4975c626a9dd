/// Reads a line that is a JSON object, without building it: numbers keep their digits, lists are passed over.
struct JSONLine {
    /// In the words of the library that Loki uses.
    struct Failure: Error {
        let message: String
        static let object = Failure(message: "Value looks like object, but can't find closing '}' symbol")
        static let array = Failure(message: "Value is array, but can't find closing ']' symbol")
        static let string = Failure(message: "Value is string, but can't find closing '\"' symbol")
        static let unknown = Failure(message: "Unknown value type")
    }

    static let maximumDepth = 100

    private let bytes: [UInt8]
    private var position = 0

    init(_ line: String) { bytes = Array(line.utf8) }

    /// Calls `found` for every value that is no object and no list, with the names on the way to it joined by `_`.
    /// What was found before a failure has been called for.
    mutating func flatten(_ found: (String, String) -> Void) throws(Failure) {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: "{") else { throw .object }
        try object(prefix: "", depth: 0, found)
    }

    private mutating func skipSpace() {
        while position < bytes.count, [32, 9, 10, 13].contains(bytes[position]) { position += 1 }
    }

    private mutating func object(
        prefix: String, depth: Int, _ found: (String, String) -> Void
    ) throws(Failure) {
        guard depth < JSONLine.maximumDepth else { throw .object }
        position += 1
        skipSpace()
        if position < bytes.count, bytes[position] == UInt8(ascii: "}") {
            position += 1
            return
        }
        while true {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw .object }
            let key = LogLabels.sanitized(Array(try string().utf8), isWhole: prefix.isEmpty)
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { throw .object }
            position += 1
            skipSpace()
            let name = prefix.isEmpty ? key : prefix + "_" + key
            guard position < bytes.count else { throw .object }
            switch bytes[position] {
            case UInt8(ascii: "{"): try object(prefix: name, depth: depth + 1, found)
            case UInt8(ascii: "["): try skipValue(depth: depth)
            case UInt8(ascii: "\""): found(name, try string())
            default:
                let word = try scalar()
                found(name, word == "null" ? "" : word)
            }
            skipSpace()
            guard position < bytes.count else { throw .object }
            if bytes[position] == UInt8(ascii: "}") {
                position += 1
                return
            }
            guard bytes[position] == UInt8(ascii: ",") else { throw .object }
            position += 1
        }
    }

    /// A number, `true`, `false` or `null`, as it is written.
    private mutating func scalar() throws(Failure) -> String {
        let start = position
        while position < bytes.count, ![32, 9, 10, 13, 44, 125, 93].contains(bytes[position]) { position += 1 }
        let word = String(decoding: bytes[start..<position], as: UTF8.self)
        if word == "true" || word == "false" || word == "null" { return word }
        guard let first = word.utf8.first, first == UInt8(ascii: "-") || (48...57).contains(first) else {
            throw .unknown
        }
        return word
    }

    private mutating func string() throws(Failure) -> String {
        position += 1
        let start = position
        var plain = true
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] == UInt8(ascii: "\\") {
                plain = false
                position += 1
            }
            position += 1
        }
        guard position < bytes.count else { throw .string }
        let text = bytes[start..<position]
        position += 1
        return plain ? String(decoding: text, as: UTF8.self) : JSONLine.unescaped(text)
    }

    /// Wrong escapes become U+FFFD, as Loki makes them.
    private static func unescaped(_ text: ArraySlice<UInt8>) -> String {
        var out: [UInt8] = []
        var rest = text
        func unit() -> UInt32? {
            guard rest.count >= 4, let value = UInt32(String(decoding: rest.prefix(4), as: UTF8.self), radix: 16) else {
                return nil
            }
            rest = rest.dropFirst(4)
            return value
        }
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let escape = rest.popFirst() else {
                out.append(byte)
                continue
            }
            switch escape {
            case UInt8(ascii: "n"): out.append(10)
            case UInt8(ascii: "r"): out.append(13)
            case UInt8(ascii: "t"): out.append(9)
            case UInt8(ascii: "b"): out.append(8)
            case UInt8(ascii: "f"): out.append(12)
            case UInt8(ascii: "u"):
                var value = unit()
                if let high = value, (0xD800..<0xDC00).contains(high), rest.starts(with: "\\u".utf8) {
                    rest = rest.dropFirst(2)
                    if let low = unit(), (0xDC00..<0xE000).contains(low) {
                        value = 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
                    }
                }
                out.append(contentsOf: String(value.flatMap(Unicode.Scalar.init) ?? "\u{FFFD}").utf8)
            default: out.append(escape)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private mutating func skipValue(depth: Int) throws(Failure) {
        guard depth < JSONLine.maximumDepth else { throw .array }
        switch bytes[position] {
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let isObject = bytes[position] == UInt8(ascii: "{")
            var open = 0
            while position < bytes.count {
                switch bytes[position] {
                case UInt8(ascii: "\""):
                    _ = try string()
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): open += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): open -= 1
                default: break
                }
                position += 1
                if open == 0 { return }
            }
            throw isObject ? .object : .array
        default: _ = try scalar()
        }
    }

    /// The value at a path: a string's text, another value as it is written; nil if there is none.
    mutating func value(at path: [JSONPathStep]) throws(Failure) -> String? {
        position = 0
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: "{") || bytes[position] == UInt8(ascii: "[")
        else {
            throw .object
        }
        for step in path {
            guard try enter(step) else { return nil }
        }
        guard position < bytes.count else { return nil }
        if bytes[position] == UInt8(ascii: "\"") { return try string() }
        let start = position
        try skipValue(depth: 0)
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        return text == "null" ? "" : text
    }

    /// Moves to a member of the object, or an element of the list, that begins here.
    private mutating func enter(_ step: JSONPathStep) throws(Failure) -> Bool {
        skipSpace()
        guard position < bytes.count else { return false }
        let isObject = bytes[position] == UInt8(ascii: "{")
        guard isObject || bytes[position] == UInt8(ascii: "[") else { return false }
        position += 1
        var index = 0
        while true {
            skipSpace()
            guard position < bytes.count else { throw isObject ? .object : .array }
            if bytes[position] == UInt8(ascii: "}") || bytes[position] == UInt8(ascii: "]") { return false }
            var here = JSONPathStep.element(index)
            if isObject {
                guard bytes[position] == UInt8(ascii: "\"") else { throw .object }
                here = .member(try string())
                skipSpace()
                guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { throw .object }
                position += 1
                skipSpace()
                guard position < bytes.count else { throw .object }
            }
            if here == step { return true }
            try skipValue(depth: 0)
            skipSpace()
            guard position < bytes.count else { throw isObject ? .object : .array }
            if bytes[position] == UInt8(ascii: ",") { position += 1 }
            index += 1
        }
    }
}
