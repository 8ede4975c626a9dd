import PromQL

/// A token of a template: its kind, its text and where it stands.
struct TemplateToken: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case failure, boolean, character, characterConstant, assign, declare, end, field, identifier, leftDelimiter
        case leftParenthesis, number, pipe, rawString, rightDelimiter, rightParenthesis, space, string, text, variable
        case keyword
    }

    var kind: Kind
    var text: String
    /// The byte at which it begins.
    var position: Int
    /// Counted from 1.
    var line: Int

    /// How Go's parser names a token in its messages.
    var description: String {
        switch kind {
        case .end: "EOF"
        case .failure: text
        case .keyword: "<" + text + ">"
        default:
            text.utf8.count > 10
                ? GoQuote.quote(String(decoding: Array(text.utf8).prefix(10), as: UTF8.self)) + "..."
                : GoQuote.quote(text)
        }
    }
}

/// Cuts a template into tokens as Go's `text/template/parse` does, with the delimiters `{{` and `}}`.
///
/// The first failure ends the tokens: its text is the message.
struct TemplateLexer {
    private static let keywords: Set<String> = [
        ".", "block", "break", "continue", "define", "else", "end", "if", "range", "nil", "template", "with",
    ]

    private let bytes: [UInt8]
    private var position = 0
    private var start = 0
    private var line = 1
    private var startLine = 1
    private var parentheses = 0
    private(set) var tokens: [TemplateToken] = []

    init(_ text: String) { bytes = Array(text.utf8) }

    static func tokens(of text: String) -> [TemplateToken] {
        var lexer = TemplateLexer(text)
        lexer.run()
        return lexer.tokens
    }

    private func peek(_ offset: Int = 0) -> UInt8? {
        position + offset < bytes.count ? bytes[position + offset] : nil
    }

    private func starts(with text: StaticString, at place: Int) -> Bool {
        guard place + text.utf8CodeUnitCount <= bytes.count else { return false }
        for offset in 0..<text.utf8CodeUnitCount where bytes[place + offset] != text.utf8Start[offset] { return false }
        return true
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 13 }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95 || byte >= 128
    }

    private var pending: String { String(decoding: bytes[start..<position], as: UTF8.self) }

    private mutating func emit(_ kind: TemplateToken.Kind) {
        tokens.append(TemplateToken(kind: kind, text: pending, position: start, line: startLine))
        skip()
    }

    /// Passes over what was read since the last token.
    private mutating func skip() {
        for byte in bytes[start..<position] where byte == 10 { line += 1 }
        start = position
        startLine = line
    }

    private mutating func fail(_ message: String) -> Bool {
        tokens.append(TemplateToken(kind: .failure, text: message, position: start, line: startLine))
        return false
    }

    private mutating func run() {
        while true {
            guard lexText() else { return }
            guard lexAction() else { return }
        }
    }

    /// Text up to the next `{{`; false at the end.
    private mutating func lexText() -> Bool {
        var delimiter = position
        while delimiter < bytes.count, !starts(with: "{{", at: delimiter) { delimiter += 1 }
        let hasAction = delimiter < bytes.count
        position = delimiter
        if hasAction, hasLeftTrim(delimiter) {
            while position > start, Self.isSpace(bytes[position - 1]) { position -= 1 }
        }
        if position > start { emit(.text) }
        position = delimiter
        skip()
        if !hasAction { tokens.append(TemplateToken(kind: .end, text: "", position: position, line: line)) }
        return hasAction
    }

    private func hasLeftTrim(_ delimiter: Int) -> Bool {
        delimiter + 3 < bytes.count && bytes[delimiter + 2] == UInt8(ascii: "-") && Self.isSpace(bytes[delimiter + 3])
    }

    /// One action or comment; false after a failure.
    private mutating func lexAction() -> Bool {
        let afterTrim = hasLeftTrim(position) ? 2 : 0
        if starts(with: "/*", at: position + 2 + afterTrim) { return lexComment(from: position + 2 + afterTrim) }
        position += 2
        emit(.leftDelimiter)
        position += afterTrim
        skip()
        parentheses = 0
        while true {
            if let trim = rightDelimiter() {
                if parentheses > 0 { return fail("unclosed left paren") }
                if trim {
                    position += 2
                    skip()
                }
                position += 2
                emit(.rightDelimiter)
                if trim {
                    while let byte = peek(), Self.isSpace(byte) { position += 1 }
                    skip()
                }
                return true
            }
            guard let byte = peek() else { return fail("unclosed action") }
            guard lexInside(byte) else { return false }
        }
    }

    /// Whether the action ends here, and if so with a trim marker.
    private func rightDelimiter() -> Bool? {
        if position + 3 < bytes.count, Self.isSpace(bytes[position]), bytes[position + 1] == UInt8(ascii: "-"),
            starts(with: "}}", at: position + 2)
        {
            return true
        }
        return starts(with: "}}", at: position) ? false : nil
    }

    private mutating func lexComment(from body: Int) -> Bool {
        var close = body + 2
        while close < bytes.count, !starts(with: "*/", at: close) { close += 1 }
        guard close < bytes.count else { return fail("unclosed comment") }
        position = close + 2
        guard let trim = rightDelimiter() else { return fail("comment ends before closing delimiter") }
        position += trim ? 4 : 2
        if trim { while let byte = peek(), Self.isSpace(byte) { position += 1 } }
        skip()
        return true
    }

    private mutating func lexInside(_ byte: UInt8) -> Bool {
        switch byte {
        case 32, 9, 10, 13:
            while let next = peek(), Self.isSpace(next), rightDelimiter() != true { position += 1 }
            emit(.space)
        case UInt8(ascii: "="):
            position += 1
            emit(.assign)
        case UInt8(ascii: ":"):
            position += 1
            guard peek() == UInt8(ascii: "=") else { return fail("expected :=") }
            position += 1
            emit(.declare)
        case UInt8(ascii: "|"):
            position += 1
            emit(.pipe)
        case UInt8(ascii: "\""): return lexQuoted(byte, .string, "unterminated quoted string")
        case UInt8(ascii: "'"): return lexQuoted(byte, .characterConstant, "unterminated character constant")
        case UInt8(ascii: "`"):
            position += 1
            while let next = peek(), next != byte { position += 1 }
            guard peek() != nil else { return fail("unterminated raw quoted string") }
            position += 1
            emit(.rawString)
        case UInt8(ascii: "$"): return lexName(.variable)
        case UInt8(ascii: "."):
            // A field, but before a digit, and at the end of the text, the beginning of a number.
            if let next = peek(1), !(48...57).contains(next) { return lexName(.field) }
            return lexNumber()
        case UInt8(ascii: "+"), UInt8(ascii: "-"), 48...57: return lexNumber()
        case UInt8(ascii: "("):
            position += 1
            parentheses += 1
            emit(.leftParenthesis)
        case UInt8(ascii: ")"):
            parentheses -= 1
            position += 1
            emit(.rightParenthesis)
            guard parentheses >= 0 else { return fail("unexpected right paren") }
        default:
            if Self.isAlphanumeric(byte) { return lexWord() }
            guard (33...126).contains(byte) else {
                return fail("unrecognized character in action: \(character(at: position))")
            }
            position += 1
            emit(.character)
        }
        return true
    }

    private mutating func lexQuoted(_ quote: UInt8, _ kind: TemplateToken.Kind, _ message: String) -> Bool {
        position += 1
        while let byte = peek() {
            position += 1
            if byte == quote {
                emit(kind)
                return true
            }
            if byte == 10 { break }
            if byte == UInt8(ascii: "\\") {
                guard let next = peek(), next != 10 else { break }
                position += 1
            }
        }
        return fail(message)
    }

    /// `.Field`, `.`, `$variable` and `$`.
    private mutating func lexName(_ kind: TemplateToken.Kind) -> Bool {
        position += 1
        let bare = peek().map { !Self.isAlphanumeric($0) } ?? true
        while let byte = peek(), Self.isAlphanumeric(byte) { position += 1 }
        guard atTerminator else { return fail("bad character \(character(at: position))") }
        emit(bare && kind == .field ? .keyword : kind)
        return true
    }

    private mutating func lexWord() -> Bool {
        while let byte = peek(), Self.isAlphanumeric(byte) { position += 1 }
        guard atTerminator else { return fail("bad character \(character(at: position))") }
        let word = pending
        emit(Self.keywords.contains(word) ? .keyword : word == "true" || word == "false" ? .boolean : .identifier)
        return true
    }

    /// `%#U` of the character that begins there: `U+0023 '#'`.
    private func character(at place: Int) -> String {
        let scalar = String(decoding: bytes[place...].prefix(4), as: UTF8.self).unicodeScalars.first ?? "\u{FFFD}"
        let hex = String(scalar.value, radix: 16, uppercase: true)
        let code = "U+" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
        let shown = GoQuote.quote(String(scalar)).dropFirst().dropLast()
        return shown.unicodeScalars.count == 1 || scalar == "\"" || scalar == "\\" ? "\(code) '\(scalar)'" : code
    }

    private var atTerminator: Bool {
        guard let byte = peek() else { return true }
        return Self.isSpace(byte) || starts(with: "}}", at: position)
            || [".", ",", "|", ":", ")", "("].contains(Character(Unicode.Scalar(byte)))
    }

    private mutating func lexNumber() -> Bool {
        let isNumber = scanNumber()
        if isNumber, let sign = peek(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
            // Only a complex number goes on so.
            guard scanNumber(), bytes[position - 1] == UInt8(ascii: "i") else {
                return fail("bad number syntax: \(GoQuote.quote(pending))")
            }
        }
        guard isNumber else { return fail("bad number syntax: \(GoQuote.quote(pending))") }
        emit(.number)
        return true
    }

    /// Passes over what may be a number; false if a letter or digit follows that cannot belong to it.
    private mutating func scanNumber() -> Bool {
        accept("+-")
        var digits = "0123456789_"
        if accept("0") {
            if accept("xX") {
                digits = "0123456789abcdefABCDEF_"
            } else if accept("oO") {
                digits = "01234567_"
            } else if accept("bB") {
                digits = "01_"
            }
        }
        while accept(digits) {}
        if accept(".") { while accept(digits) {} }
        if digits.utf8.count == 11 ? accept("eE") : digits.utf8.count > 11 && accept("pP") {
            accept("+-")
            while accept("0123456789_") {}
        }
        accept("i")
        guard let next = peek(), Self.isAlphanumeric(next) else { return true }
        // The message shows one character more.
        position += 1
        while let byte = peek(), byte & 0xC0 == 0x80 { position += 1 }
        return false
    }

    @discardableResult private mutating func accept(_ set: String) -> Bool {
        guard let byte = peek(), set.utf8.contains(byte) else { return false }
        position += 1
        return true
    }
}
