import PromQL

/// Reads a line of `key=value` pairs.
struct LogfmtLine {
    /// In the words of the library that Loki uses.
    struct Failure: Error { let message: String }

    private let bytes: [UInt8]
    private var position = 0
    private let strict: Bool

    init(_ line: String, strict: Bool) {
        bytes = Array(line.utf8)
        self.strict = strict
    }

    /// The next pair; nil at the end. What is no pair is passed over, or is a failure if the reader is strict.
    mutating func next() throws(Failure) -> (key: ArraySlice<UInt8>, value: String)? {
        while true {
            while position < bytes.count, bytes[position] <= 32 { position += 1 }
            guard position < bytes.count else { return nil }
            let start = position
            while position < bytes.count, bytes[position] > 32, bytes[position] != UInt8(ascii: "="),
                bytes[position] != UInt8(ascii: "\"")
            {
                position += 1
            }
            let key = bytes[start..<position]
            if position < bytes.count, bytes[position] == UInt8(ascii: "\"") || key.isEmpty {
                try fail("unexpected '\(Character(Unicode.Scalar(bytes[position])))'")
                continue
            }
            guard position < bytes.count, bytes[position] == UInt8(ascii: "=") else { return (key, "") }
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
                guard let text = quoted() else {
                    try fail("unterminated quoted value")
                    continue
                }
                return (key, text)
            }
            let begin = position
            while position < bytes.count, bytes[position] > 32 {
                if bytes[position] == UInt8(ascii: "=") || bytes[position] == UInt8(ascii: "\"") { break }
                position += 1
            }
            if position < bytes.count, bytes[position] > 32 {
                try fail("unexpected '\(Character(Unicode.Scalar(bytes[position])))'")
                continue
            }
            return (key, String(decoding: bytes[begin..<position], as: UTF8.self))
        }
    }

    private mutating func fail(_ what: String) throws(Failure) {
        if strict { throw Failure(message: "logfmt syntax error at pos \(position + 1) : \(what)") }
        while position < bytes.count, bytes[position] > 32 { position += 1 }
    }

    private mutating func quoted() -> String? {
        let start = position
        position += 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] == UInt8(ascii: "\\") { position += 1 }
            position += 1
        }
        guard position < bytes.count else {
            position = bytes.count
            return nil
        }
        position += 1
        let literal = String(decoding: bytes[start..<position], as: UTF8.self)
        return GoQuote.unquote(literal) ?? String(literal.dropFirst().dropLast())
    }
}
