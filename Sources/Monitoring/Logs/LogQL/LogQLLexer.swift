import PromQL

/// Makes tokens of a query, as Loki's lexer on Go's `text/scanner` does: columns count characters, `#` begins a comment,
/// names of functions are only functions before a parenthesis.
struct LogQLLexer {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var line = 1
    private var column = 1

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    private func peek(_ ahead: Int = 0) -> Unicode.Scalar? {
        position + ahead < scalars.count ? scalars[position + ahead] : nil
    }

    private mutating func advance() {
        if scalars[position] == "\n" {
            line += 1
            column = 1
        } else {
            column += 1
        }
        position += 1
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r"
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool { scalar == "_" || scalar.properties.isAlphabetic }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    /// The next token; `end` again and again at the end.
    mutating func next() throws(LogQLError) -> LogQLToken {
        skipSpaceAndComments()
        let (startLine, startColumn) = (line, column)
        guard let first = peek() else { return LogQLToken(kind: .end, line: startLine, column: startColumn) }
        func token(_ kind: LogQLTokenKind, _ text: String = "", _ amount: Int64 = 0, lost: Bool = false) -> LogQLToken {
            LogQLToken(kind: kind, text: text, amount: amount, line: lost ? 0 : startLine, column: startColumn)
        }
        if first == "\"" || first == "`" { return token(.string, try string(first, startLine, startColumn)) }
        if first == "[" { return token(.range, "", try range(startColumn), lost: true) }
        if Self.isDigit(first) || (first == "." && peek(1).map(Self.isDigit) == true) {
            return number(startLine, startColumn)
        }
        if first == "-" {
            if peek(1) == "-", let flag = flag() { return token(.functionFlag, flag, lost: true) }
            if let amount = unit(from: position + 1, letters: Self.durationLetters, LogQuantity.duration) {
                return token(.duration, "", -amount, lost: true)
            }
        }
        if Self.isLetter(first) { return name(startLine, startColumn) }
        advance()
        if let second = peek(), let kind = LogQLTokenKind.words[String(first) + String(second)] {
            advance()
            return token(kind, lost: true)
        }
        if let kind = LogQLTokenKind.words[String(first)] { return token(kind) }
        // Loki's scanner hands on any other character as a name.
        return token(.identifier, String(first))
    }

    private mutating func skipSpaceAndComments() {
        while let scalar = peek() {
            if Self.isSpace(scalar) {
                advance()
            } else if scalar == "#" || (scalar == "/" && peek(1) == "/") {
                while let inside = peek(), inside != "\n" {
                    _ = inside
                    advance()
                }
            } else {
                return
            }
        }
    }

    private mutating func string(
        _ quote: Unicode.Scalar, _ startLine: Int, _ startColumn: Int
    ) throws(LogQLError) -> String {
        let start = position
        advance()
        while let scalar = peek(), scalar != quote {
            if scalar == "\n", quote == "\"" { break }
            advance()
            if scalar == "\\", quote == "\"", peek() != nil, peek() != "\n" { advance() }
        }
        guard peek() == quote else {
            throw .parse(message: "literal not terminated", line: startLine, column: startColumn)
        }
        advance()
        let literal = String(String.UnicodeScalarView(scalars[start..<position]))
        if quote == "`" { return String(literal.dropFirst().dropLast()) }
        guard let text = GoQuote.unquote(literal) else {
            throw .parse(message: "invalid char escape", line: startLine, column: startColumn)
        }
        return text
    }

    private mutating func range(_ startColumn: Int) throws(LogQLError) -> Int64 {
        var end = position + 1
        while end < scalars.count, scalars[end] != "]" { end += 1 }
        guard end < scalars.count else {
            throw .parse(message: "missing closing ']' in duration", line: 0, column: startColumn)
        }
        let text = String(String.UnicodeScalarView(scalars[(position + 1)..<end]))
        while position <= end { advance() }
        do throws(PrometheusDuration.ParseError) {
            let (amount, overflow) = try PrometheusDuration.parse(text).multipliedReportingOverflow(by: 1_000_000)
            if !overflow, amount > 0 { return amount }
        } catch {
            throw .parse(message: error.description, line: 0, column: startColumn)
        }
        throw .parse(message: "not a valid duration string: \(GoQuote.quote(text))", line: 0, column: startColumn)
    }

    private static let durationLetters = Set("nuµmshdwy.".unicodeScalars)
    private static let bytesLetters = Set("BikKMGTP.".unicodeScalars)

    /// An amount with a unit that ends where other characters begin; consumed only if it is one.
    private mutating func unit(
        from start: Int, letters: Set<Unicode.Scalar>, _ read: (String) -> Int64?
    ) -> Int64? {
        var end = start
        while end < scalars.count, Self.isDigit(scalars[end]) || letters.contains(scalars[end]) { end += 1 }
        guard end > start, let amount = read(String(String.UnicodeScalarView(scalars[start..<end]))) else { return nil }
        while position < end { advance() }
        return amount
    }

    private mutating func number(_ startLine: Int, _ startColumn: Int) -> LogQLToken {
        var end = position
        func digits() { while end < scalars.count, Self.isDigit(scalars[end]) { end += 1 } }
        digits()
        if end < scalars.count, scalars[end] == "." {
            end += 1
            digits()
        }
        if end < scalars.count, scalars[end] == "e" || scalars[end] == "E" {
            var exponent = end + 1
            if exponent < scalars.count, scalars[exponent] == "+" || scalars[exponent] == "-" { exponent += 1 }
            if exponent < scalars.count, Self.isDigit(scalars[exponent]) {
                end = exponent
                digits()
            }
        }
        let text = String(String.UnicodeScalarView(scalars[position..<end]))
        // A unit must follow directly; a number alone is none.
        if end < scalars.count, !Self.isSpace(scalars[end]) {
            if Self.durationLetters.contains(scalars[end]),
                let amount = unit(from: position, letters: Self.durationLetters, LogQuantity.duration)
            {
                return LogQLToken(kind: .duration, amount: amount, line: 0, column: startColumn)
            }
            if Self.bytesLetters.contains(scalars[end]),
                let amount = unit(from: position, letters: Self.bytesLetters, LogQuantity.bytes)
            {
                return LogQLToken(kind: .bytes, amount: amount, line: 0, column: startColumn)
            }
        }
        while position < end { advance() }
        return LogQLToken(kind: .number, text: text, line: startLine, column: startColumn)
    }

    private mutating func flag() -> String? {
        var end = position
        while end < scalars.count, scalars[end] == "-" || Self.isLetter(scalars[end]) { end += 1 }
        let text = String(String.UnicodeScalarView(scalars[position..<end]))
        guard text == "--strict" || text == "--keep-empty" else { return nil }
        while position < end { advance() }
        return text
    }

    private mutating func name(_ startLine: Int, _ startColumn: Int) -> LogQLToken {
        let start = position
        while let scalar = peek(), Self.isLetter(scalar) || Self.isDigit(scalar) { advance() }
        let text = String(String.UnicodeScalarView(scalars[start..<position]))
        let lower = text.lowercased()
        func token(_ kind: LogQLTokenKind) -> LogQLToken {
            LogQLToken(kind: kind, text: text, line: startLine, column: startColumn)
        }
        if let function = LogQLTokenKind.functions[lower] { return token(isFunction ? function : .identifier) }
        return token(LogQLTokenKind.words[lower] ?? .identifier)
    }

    /// An open parenthesis follows, or a grouping with one.
    private var isFunction: Bool {
        var place = position
        func skip() { while place < scalars.count, Self.isSpace(scalars[place]) { place += 1 } }
        skip()
        if place < scalars.count, scalars[place] == "(" { return true }
        for word in ["without", "by"] {
            let wanted = Array(word.unicodeScalars)
            let found = scalars[place..<min(place + wanted.count, scalars.count)]
            guard String(String.UnicodeScalarView(found)).lowercased() == word else { continue }
            place += wanted.count
            skip()
            return place < scalars.count && scalars[place] == "("
        }
        return false
    }
}
