/// Cuts a query into tokens, with the states and messages of Prometheus' lexer: outside, inside braces, inside brackets.
struct Lexer {
    let input: [UInt8]
    private var position = 0
    private var start = 0
    private var parenDepth = 0
    private var braceOpen = false
    private var bracketOpen = false
    private var inDuration = false
    private var gotColon = false
    private var gotDuration = false

    init(_ query: String) { input = Array(query.utf8) }

    private func byte(_ offset: Int = 0) -> UInt8? { position + offset < input.count ? input[position + offset] : nil }

    private func text(_ range: Range<Int>) -> String { String(decoding: input[range], as: UTF8.self) }

    /// The character at a position, for messages; a replacement character for bytes that are no UTF-8.
    private func scalar(at index: Int) -> Unicode.Scalar {
        var decoder = UTF8()
        var bytes = input[index...].makeIterator()
        if case .scalarValue(let scalar) = decoder.decode(&bytes) { return scalar }
        return "\u{FFFD}"
    }

    private func quoted(at index: Int) -> String {
        index < input.count ? GoQuote.quote(character: scalar(at: index)) : "'\u{FFFD}'"
    }

    private func failure(_ message: String, at place: Int? = nil) -> ParseError {
        ParseError(range: SourceRange(place ?? start, input.count), message: message)
    }

    private mutating func emit(_ kind: Token.Kind) -> Token {
        Token(kind: kind, text: text(start..<position), start: start)
    }

    mutating func next() throws(ParseError) -> Token {
        while true {
            start = position
            guard let current = byte() else { return try end() }
            if Lexer.isSpace(current) {
                position += 1
                continue
            }
            if current == UInt8(ascii: "#"), !inDuration {
                while let next = byte(), next != 10, next != 13 { position += 1 }
                continue
            }
            if braceOpen { return try insideBraces(current) }
            if inDuration { return try insideBrackets(current) }
            return try outside(current)
        }
    }

    private func end() throws(ParseError) -> Token {
        if braceOpen { throw failure("unexpected end of input inside braces") }
        if inDuration { throw failure("unexpected end of input in duration expression") }
        if parenDepth != 0 { throw failure("unclosed left parenthesis") }
        if bracketOpen { throw failure("unclosed left bracket") }
        return Token(kind: .end, text: "", start: position)
    }

    private mutating func take(_ count: Int, _ kind: Token.Kind) -> Token {
        position += count
        return emit(kind)
    }

    private mutating func outside(_ current: UInt8) throws(ParseError) -> Token {
        let following = byte(1)
        switch current {
        case UInt8(ascii: ","): return take(1, .comma)
        case UInt8(ascii: "*"): return take(1, .op(.multiply))
        case UInt8(ascii: "/"): return take(1, .op(.divide))
        case UInt8(ascii: "%"): return take(1, .op(.modulo))
        case UInt8(ascii: "+"): return take(1, .op(.add))
        case UInt8(ascii: "-"): return take(1, .op(.subtract))
        case UInt8(ascii: "^"): return take(1, .op(.power))
        case UInt8(ascii: "@"): return take(1, .at)
        case UInt8(ascii: "="):
            if following == UInt8(ascii: "=") { return take(2, .op(.equal)) }
            if following == UInt8(ascii: "~") { throw failure("unexpected character after '=': '~'") }
            return take(1, .matchEqual)
        case UInt8(ascii: "!"):
            if following == UInt8(ascii: "=") { return take(2, .op(.notEqual)) }
            throw failure("unexpected character after '!': \(quoted(at: position + 1))")
        case UInt8(ascii: "<") where following == UInt8(ascii: "/"): return take(2, .op(.trimUpper))
        case UInt8(ascii: ">") where following == UInt8(ascii: "/"): return take(2, .op(.trimLower))
        case UInt8(ascii: "<"): return following == UInt8(ascii: "=") ? take(2, .op(.lessOrEqual)) : take(1, .op(.less))
        case UInt8(ascii: ">"):
            return following == UInt8(ascii: "=") ? take(2, .op(.greaterOrEqual)) : take(1, .op(.greater))
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): return try string(current)
        case UInt8(ascii: "("):
            parenDepth += 1
            return take(1, .leftParen)
        case UInt8(ascii: ")"):
            parenDepth -= 1
            if parenDepth < 0 { throw failure("unexpected right parenthesis ')'") }
            return take(1, .rightParen)
        case UInt8(ascii: "{"):
            braceOpen = true
            return take(1, .leftBrace)
        case UInt8(ascii: "["):
            bracketOpen = true
            inDuration = true
            gotColon = false
            gotDuration = false
            return take(1, .leftBracket)
        case UInt8(ascii: "]"):
            throw failure("unexpected right bracket ']'")
        default:
            if Lexer.isDigit(current) || (current == UInt8(ascii: ".") && following.map(Lexer.isDigit) ?? false) {
                return try numberOrDuration()
            }
            if Lexer.isAlpha(current) || current == UInt8(ascii: ":") { return word() }
            throw failure("unexpected character: \(quoted(at: position))")
        }
    }

    /// Between `[` and `]`: a duration or an arithmetic expression of durations.
    private mutating func insideBrackets(_ current: UInt8) throws(ParseError) -> Token {
        switch current {
        case UInt8(ascii: "]"):
            inDuration = false
            bracketOpen = false
            return take(1, .rightBracket)
        case UInt8(ascii: ":"):
            if !gotDuration {
                throw failure("unexpected colon before duration in duration expression", at: position + 1)
            }
            if gotColon { throw failure("unexpected repeated colon in duration expression", at: position + 1) }
            gotColon = true
            return take(1, .colon)
        case UInt8(ascii: "["): throw failure("unexpected left bracket '['")
        case UInt8(ascii: "("):
            parenDepth += 1
            return take(1, .leftParen)
        case UInt8(ascii: ")"):
            parenDepth -= 1
            if parenDepth < 0 { throw failure("unexpected right parenthesis ')'") }
            return take(1, .rightParen)
        case UInt8(ascii: "+"): return take(1, .op(.add))
        case UInt8(ascii: "-"): return take(1, .op(.subtract))
        case UInt8(ascii: "*"): return take(1, .op(.multiply))
        case UInt8(ascii: "/"): return take(1, .op(.divide))
        case UInt8(ascii: "%"): return take(1, .op(.modulo))
        case UInt8(ascii: "^"): return take(1, .op(.power))
        case UInt8(ascii: ","): return take(1, .comma)
        default:
            if Lexer.isDigit(current) || (current == UInt8(ascii: ".") && byte(1).map(Lexer.isDigit) ?? false) {
                gotDuration = true
                return try numberOrDuration()
            }
            if Lexer.isAlpha(current) {
                while let next = byte(), Lexer.isAlpha(next) { position += 1 }
                let kind: Token.Kind
                switch text(start..<position).lowercased() {
                case "step": kind = .keyword(.step)
                case "range": kind = .keyword(.range)
                case "min": kind = .aggregator(.min)
                case "max": kind = .aggregator(.max)
                case "min_of", "max_of": kind = .identifier
                default:
                    throw failure("unexpected character in duration expression: \(quoted(at: start))")
                }
                gotDuration = true
                return emit(kind)
            }
            throw failure("unexpected character in duration expression: \(quoted(at: position))")
        }
    }

    private mutating func insideBraces(_ current: UInt8) throws(ParseError) -> Token {
        let following = byte(1)
        switch current {
        case UInt8(ascii: ","): return take(1, .comma)
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): return try string(current)
        case UInt8(ascii: "="): return following == UInt8(ascii: "~") ? take(2, .matchRegex) : take(1, .matchEqual)
        case UInt8(ascii: "!"):
            if following == UInt8(ascii: "~") { return take(2, .matchNotRegex) }
            if following == UInt8(ascii: "=") { return take(2, .op(.notEqual)) }
            throw failure("unexpected character after '!' inside braces: \(quoted(at: position + 1))")
        case UInt8(ascii: "{"): throw failure("unexpected left brace '{'")
        case UInt8(ascii: "}"):
            braceOpen = false
            return take(1, .rightBrace)
        default:
            guard Lexer.isAlpha(current) else {
                throw failure("unexpected character inside braces: \(quoted(at: position))")
            }
            while let next = byte(), Lexer.isAlpha(next) || Lexer.isDigit(next) { position += 1 }
            return emit(.identifier)
        }
    }

    private mutating func word() -> Token {
        while let next = byte(), Lexer.isAlpha(next) || Lexer.isDigit(next) || next == UInt8(ascii: ":") {
            position += 1
        }
        let word = text(start..<position)
        if let kind = Token.words[word.lowercased()] {
            if case .keyword(let keyword) = kind, keyword == .fill || keyword == .fillLeft || keyword == .fillRight {
                var ahead = position
                while ahead < input.count, Lexer.isSpace(input[ahead]) { ahead += 1 }
                if ahead >= input.count || input[ahead] != UInt8(ascii: "(") { return emit(.identifier) }
            }
            return emit(kind)
        }
        return emit(word.contains(":") ? .metricIdentifier : .identifier)
    }

    private mutating func string(_ quote: UInt8) throws(ParseError) -> Token {
        position += 1
        let raw = quote == UInt8(ascii: "`")
        while true {
            guard let current = byte() else {
                throw failure(raw ? "unterminated raw string" : "unterminated quoted string")
            }
            if current >= 0x80 {
                let width = scalar(at: position)
                if width == "\u{FFFD}", !(byte(1) == 0xBF && byte(2) == 0xBD && current == 0xEF) {
                    throw failure("invalid UTF-8 rune")
                }
                position += UTF8.width(width)
                continue
            }
            position += 1
            if current == quote { return emit(.string) }
            if raw { continue }
            if current == 10 { throw failure("unterminated quoted string") }
            if current == UInt8(ascii: "\\") { try escape(quote) }
        }
    }

    private mutating func escape(_ quote: UInt8) throws(ParseError) {
        guard let letter = byte() else { throw failure("escape sequence not terminated") }
        let digits: Int
        let base: UInt32
        let limit: UInt32
        switch letter {
        case UInt8(ascii: "a"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"),
            UInt8(ascii: "t"),
            UInt8(ascii: "v"), UInt8(ascii: "\\"), quote:
            position += 1
            return
        case UInt8(ascii: "0")...UInt8(ascii: "7"): (digits, base, limit) = (3, 8, 255)
        case UInt8(ascii: "x"): (digits, base, limit) = (2, 16, 255)
        case UInt8(ascii: "u"): (digits, base, limit) = (4, 16, 0x10FFFF)
        case UInt8(ascii: "U"): (digits, base, limit) = (8, 16, 0x10FFFF)
        default: throw failure("unknown escape sequence \(described(at: position))")
        }
        if base == 16 { position += 1 }
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let next = byte() else { throw failure("escape sequence not terminated") }
            guard let digit = UInt32(String(Unicode.Scalar(next)), radix: Int(base)) else {
                throw failure("illegal character \(described(at: position)) in escape sequence")
            }
            value = value &* base &+ digit
            position += 1
        }
        if value > limit || (0xD800..<0xE000).contains(value) {
            throw failure("escape sequence is an invalid Unicode code point")
        }
    }

    /// `U+0041 'A'`, Go's `%#U`.
    private func described(at index: Int) -> String {
        let scalar = scalar(at: index)
        return "U+" + GoQuote.hexadecimal(scalar.value, width: 4).uppercased() + " '\(scalar)'"
    }

    private mutating func numberOrDuration() throws(ParseError) -> Token {
        if scanNumber() { return emit(.number) }
        if acceptDuration() { return emit(.duration) }
        throw failure("bad number or duration syntax: \(GoQuote.quote(text(start..<min(position, input.count))))")
    }

    private mutating func accept(_ set: String) -> Bool {
        guard let next = byte(), set.utf8.contains(next) else { return false }
        position += 1
        return true
    }

    private mutating func acceptDuration() -> Bool {
        guard accept("smhdwy") else { return false }
        _ = accept("s")
        while accept("0123456789") {
            while accept("0123456789") {}
            guard accept("smhdw") else { return false }
            _ = accept("s")
        }
        guard byte().map({ Lexer.isAlpha($0) || Lexer.isDigit($0) }) ?? false else { return true }
        position += 1
        return false
    }

    private mutating func scanNumber() -> Bool {
        var digits = "0123456789"
        let first = position
        if accept("0"), accept("xX") {
            _ = accept("_")
            digits += "abcdefABCDEF"
        }
        let hexadecimal = digits.utf8.count > 10
        _ = accept(".")
        _ = accept(digits)
        var dots = false
        var exponents = false
        while let next = byte(), (digits + "._eE").utf8.contains(next) {
            if next == UInt8(ascii: "."), dots {
                position += 1
                return false
            }
            if next == UInt8(ascii: "e") || next == UInt8(ascii: "E"), exponents, !hexadecimal {
                position += 1
                return false
            }
            if accept(".") {
                dots = true
                if accept("_.") || hexadecimal { return false }
                continue
            }
            if !hexadecimal, accept("eE") {
                exponents = true
                _ = accept("+-")
                if accept("._eE") || byte() == nil { return false }
                continue
            }
            if accept("_") {
                if accept("._eE") || byte() == nil { return false }
                continue
            }
            while accept(digits) {}
        }
        if position == first { return false }
        return !(byte().map { Lexer.isAlpha($0) || Lexer.isDigit($0) } ?? false)
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 13 }
    static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    static func isAlpha(_ byte: UInt8) -> Bool { byte == 95 || (97...122).contains(byte) || (65...90).contains(byte) }
}

/// Why a query was not understood, and where.
public struct ParseError: Error, Sendable, Equatable {
    public let range: SourceRange
    public let message: String
    /// The query that it is about, set by the parser.
    public var query = ""

    init(range: SourceRange, message: String) {
        self.range = range
        self.message = message
    }
}

extension ParseError: CustomStringConvertible {
    /// `1:5: parse error: …`, as Prometheus says it.
    public var description: String { "\(range.position(in: query)): parse error: \(message)" }
}
