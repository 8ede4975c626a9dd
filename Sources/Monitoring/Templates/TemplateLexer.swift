import PromQL

/// A word of a template's action.
struct TemplateToken: Sendable {
    enum Kind: Sendable, Equatable {
        case text(String)
        case open, close
        case identifier, variable, field, number, string, character
        case pipe, comma, declare, assign, leftParenthesis, rightParenthesis, space
    }

    var kind: Kind
    var text: String
    /// In bytes from the beginning.
    var offset: Int
}

/// Cuts a template into text and the words of its actions; comments and trimmed space are gone.
struct TemplateLexer {
    private let bytes: [UInt8]
    private var position = 0
    private var tokens: [TemplateToken] = []
    private let name: String

    init(_ text: String, name: String) {
        bytes = Array(text.utf8)
        self.name = name
    }

    private func fails(_ at: Int, _ message: String) -> TemplateError {
        let line = 1 + bytes[..<min(at, bytes.count)].count { $0 == 10 }
        return TemplateError("template: \(name):\(line): \(message)")
    }

    private func starts(_ text: StaticString, at place: Int) -> Bool {
        text.withUTF8Buffer { bytes[min(place, bytes.count)...].starts(with: $0) }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 13 }

    private static func isWord(_ byte: UInt8) -> Bool {
        (65...90).contains(byte) || (97...122).contains(byte) || (48...57).contains(byte) || byte == 95 || byte >= 128
    }

    private func slice(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    mutating func lex() throws(TemplateError) -> [TemplateToken] {
        var trimsNext = false
        while position < bytes.count {
            let start = position
            while position < bytes.count, !starts("{{", at: position) { position += 1 }
            var (low, high) = (start, position)
            if trimsNext { while low < high, Self.isSpace(bytes[low]) { low += 1 } }
            let trimsBefore =
                starts("{{- ", at: position) || starts("{{-\n", at: position) || starts("{{-\t", at: position)
            if trimsBefore { while high > low, Self.isSpace(bytes[high - 1]) { high -= 1 } }
            if low < high { add(.text(slice(low..<high)), low..<high) }
            guard position < bytes.count else { return tokens }
            position += trimsBefore ? 3 : 2
            trimsNext = try action()
        }
        return tokens
    }

    private mutating func add(_ kind: TemplateToken.Kind, _ range: Range<Int>) {
        tokens.append(TemplateToken(kind: kind, text: slice(range), offset: range.lowerBound))
    }

    /// Reads one action. Returns whether the space after it is trimmed.
    private mutating func action() throws(TemplateError) -> Bool {
        var place = position
        while place < bytes.count, Self.isSpace(bytes[place]) { place += 1 }
        if starts("/*", at: place) {
            var end = place + 2
            while end < bytes.count, !starts("*/", at: end) { end += 1 }
            guard end < bytes.count else { throw fails(place, "unclosed comment") }
            end += 2
            while end < bytes.count, Self.isSpace(bytes[end]) { end += 1 }
            if starts("-}}", at: end) {
                position = end + 3
                return true
            }
            guard starts("}}", at: end) else { throw fails(place, "comment ends before closing delimiter") }
            position = end + 2
            return false
        }
        add(.open, position..<position)
        while true {
            guard position < bytes.count else { throw fails(position, "unclosed action") }
            if starts("}}", at: position) {
                add(.close, position..<position + 2)
                position += 2
                return false
            }
            if Self.isSpace(bytes[position]) {
                let start = position
                while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
                if starts("-}}", at: position) {
                    add(.close, position..<position + 3)
                    position += 3
                    return true
                }
                add(.space, start..<position)
                continue
            }
            try word()
        }
    }

    private mutating func word() throws(TemplateError) {
        let start = position
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "|"): single(.pipe)
        case UInt8(ascii: ","): single(.comma)
        case UInt8(ascii: "("): single(.leftParenthesis)
        case UInt8(ascii: ")"): single(.rightParenthesis)
        case UInt8(ascii: "="): single(.assign)
        case UInt8(ascii: ":"):
            guard starts(":=", at: position) else { throw fails(start, "expected :=") }
            position += 2
            add(.declare, start..<position)
        case UInt8(ascii: "\""), UInt8(ascii: "`"):
            position += 1
            while position < bytes.count, bytes[position] != byte {
                if byte == UInt8(ascii: "\"") {
                    if bytes[position] == 10 { throw fails(start, "unterminated quoted string") }
                    if bytes[position] == UInt8(ascii: "\\") { position += 1 }
                }
                position += 1
            }
            guard position < bytes.count else {
                throw fails(
                    start, byte == UInt8(ascii: "`") ? "unterminated raw quoted string" : "unterminated quoted string")
            }
            position += 1
            add(.string, start..<position)
        case UInt8(ascii: "'"):
            position += 1
            while position < bytes.count, bytes[position] != byte {
                if bytes[position] == UInt8(ascii: "\\") { position += 1 }
                position += 1
            }
            guard position < bytes.count else { throw fails(start, "unterminated character constant") }
            position += 1
            add(.character, start..<position)
        case UInt8(ascii: "$"):
            position += 1
            wordEnd()
            add(.variable, start..<position)
        case UInt8(ascii: ".") where !(position + 1 < bytes.count && (48...57).contains(bytes[position + 1])):
            position += 1
            wordEnd()
            add(.field, start..<position)
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), 48...57:
            position += 1
            while position < bytes.count {
                let next = bytes[position]
                let isSign = next == UInt8(ascii: "+") || next == UInt8(ascii: "-")
                let before = bytes[position - 1] | 32
                guard Self.isWord(next) || next == UInt8(ascii: ".") || (isSign && before == UInt8(ascii: "e")) else {
                    break
                }
                position += 1
            }
            let text = slice(start..<position)
            guard GoFloat.parse(text) != nil || Int64(text) != nil else {
                throw fails(start, "bad number syntax: \(GoQuote.quote(text))")
            }
            add(.number, start..<position)
        default:
            guard Self.isWord(byte) else {
                let scalar = String(decoding: bytes[start...].prefix(4), as: UTF8.self).unicodeScalars.first
                let code = String(scalar?.value ?? 0, radix: 16, uppercase: true)
                let padded = String(repeating: "0", count: max(0, 4 - code.count)) + code
                throw fails(
                    start,
                    "unrecognized character in action: U+\(padded) '\(scalar.map { String(Character($0)) } ?? "")'")
            }
            wordEnd()
            add(.identifier, start..<position)
        }
    }

    private mutating func single(_ kind: TemplateToken.Kind) {
        add(kind, position..<position + 1)
        position += 1
    }

    private mutating func wordEnd() { while position < bytes.count, Self.isWord(bytes[position]) { position += 1 } }
}
