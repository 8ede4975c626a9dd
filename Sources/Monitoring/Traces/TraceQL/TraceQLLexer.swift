import PromQL

/// A word of a query with its place.
struct TraceQLToken: Equatable {
    enum Kind: Equatable {
        case word, symbol, end
        case string(String)
        case int(Int64)
        case float(Double)
        /// Nanoseconds.
        case duration(Int64)
        /// The scope as it is written (`span.`, `.`), and the name.
        case attribute(scope: String, name: String)
    }

    var kind: Kind
    var text: String
    var line: Int
    var column: Int

    /// What Tempo's parser calls the token.
    var name: String {
        switch kind {
        case .end: "$end"
        case .string: "STRING"
        case .int: "INTEGER"
        case .float: "FLOAT"
        case .duration: "DURATION"
        case .attribute(let scope, _): scope
        case .symbol: text
        case .word: TraceQLLexer.words.contains(text) || text.contains(":") ? text : "IDENTIFIER"
        }
    }
}

/// Cuts a query into tokens. Names of attributes reach as far as Tempo lets them: `.a-b` is one attribute.
struct TraceQLLexer {
    static let words: Set<String> = [
        "nil", "true", "false", "error", "ok", "unset", "unspecified", "internal", "server", "client", "producer",
        "consumer", "duration", "childCount", "name", "status", "statusMessage", "kind", "rootName", "rootServiceName",
        "traceDuration", "parent", "count", "avg", "max", "min", "sum", "by", "coalesce", "select", "with",
    ]
    private static let scopes: Set<String> = [
        "span", "resource", "parent", "event", "link", "instrumentation", "parent.span", "parent.resource",
    ]
    /// Longer ones first.
    private static let symbols = [
        "!>>", "!<<", "&>>", "&<<", "&&", "||", "!=", "!~", "=~", "<=", ">=", "<<", ">>", "!>", "!<", "&>", "&<", "&~",
        "{", "}", "(", ")", ",", "|", "=", "<", ">", "~", "!", "+", "-", "*", "/", "%", "^",
    ].map { Array($0.utf8) }

    private let bytes: [UInt8]
    private var at = 0
    private var line = 1
    private var lineStart = 0

    /// Bytes of the longest query that is read.
    static let maximumLength = 64 * 1024

    static func tokens(_ text: String) throws(TraceQLError) -> [TraceQLToken] {
        guard text.utf8.count <= maximumLength else {
            throw .limit("query is longer than \(maximumLength) bytes")
        }
        var lexer = TraceQLLexer(bytes: Array(text.utf8))
        var tokens: [TraceQLToken] = []
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func peek(_ offset: Int = 0) -> UInt8? { at + offset < bytes.count ? bytes[at + offset] : nil }

    private mutating func next() throws(TraceQLError) -> TraceQLToken {
        while let byte = peek(), [9, 10, 13, 32].contains(byte) {
            at += 1
            if byte == 10 {
                line += 1
                lineStart = at
            }
        }
        let start = at
        var token = TraceQLToken(kind: .end, text: "", line: line, column: start - lineStart + 1)
        guard let first = peek() else { return token }
        if Self.isLetter(first) {
            token.kind = try word(token)
        } else if Self.isDigit(first) || (first == UInt8(ascii: ".") && peek(1).map(Self.isDigit) == true) {
            token.kind = try number(token)
        } else if first == UInt8(ascii: ".") {
            at += 1
            token.kind = .attribute(scope: ".", name: try attributeName(token, "."))
        } else if first == UInt8(ascii: "\"") || first == UInt8(ascii: "`") {
            token.kind = .string(try quoted(token))
        } else if let symbol = Self.symbols.first(where: { bytes[start...].starts(with: $0) }) {
            token.kind = .symbol
            at += symbol.count
        } else {
            let rest = String(decoding: bytes[start...].prefix(4), as: UTF8.self).prefix(1)
            throw .parse(message: "syntax error: unexpected \(rest)", line: line, column: token.column)
        }
        token.text = String(decoding: bytes[start..<at], as: UTF8.self)
        return token
    }

    private mutating func word(_ token: TraceQLToken) throws(TraceQLError) -> TraceQLToken.Kind {
        let start = at
        func text(_ end: Int) -> String { String(decoding: bytes[start..<end], as: UTF8.self) }
        func skipped(_ from: Int) -> Int {
            var end = from
            while end < bytes.count, Self.isLetter(bytes[end]) || Self.isDigit(bytes[end]) { end += 1 }
            return end
        }
        at = skipped(at)
        if peek() == UInt8(ascii: ":"), peek(1).map(Self.isLetter) == true {
            at = skipped(at + 1)
            return .word
        }
        guard peek() == UInt8(ascii: "."), Self.scopes.contains(text(at)) else { return .word }
        let second = skipped(at + 1)
        if second < bytes.count, bytes[second] == UInt8(ascii: "."), Self.scopes.contains(text(second)) { at = second }
        let scope = text(at) + "."
        at += 1
        return .attribute(scope: scope, name: try attributeName(token, scope))
    }

    private mutating func attributeName(_ token: TraceQLToken, _ scope: String) throws(TraceQLError) -> String {
        var name = ""
        var start = at
        while let byte = peek(), byte > 32, !Array("{}()=~!<>&|^,`".utf8).contains(byte) {
            if byte == UInt8(ascii: "\"") {
                name += String(decoding: bytes[start..<at], as: UTF8.self)
                name += try quoted(token)
                start = at
            } else {
                at += 1
            }
        }
        name += String(decoding: bytes[start..<at], as: UTF8.self)
        guard !name.isEmpty else {
            throw .parse(message: "syntax error: unexpected END_ATTRIBUTE", line: line, column: at - lineStart + 1)
        }
        return name
    }

    private mutating func quoted(_ token: TraceQLToken) throws(TraceQLError) -> String {
        let start = at
        let quote = bytes[at]
        at += 1
        while let byte = peek(), byte != quote, byte != 10 || quote == UInt8(ascii: "`") {
            at += byte == UInt8(ascii: "\\") && quote == UInt8(ascii: "\"") ? 2 : 1
        }
        guard peek() == quote else {
            throw .parse(message: "literal not terminated", line: token.line, column: token.column)
        }
        at += 1
        guard let text = GoQuote.unquote(String(decoding: bytes[start..<at], as: UTF8.self)) else {
            throw .parse(message: "invalid char escape", line: token.line, column: token.column)
        }
        return text
    }

    private mutating func number(_ token: TraceQLToken) throws(TraceQLError) -> TraceQLToken.Kind {
        let start = at
        var total = 0.0
        var hasUnit = false
        let units: [(String, Double)] = [
            ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
        ]
        while peek().map({ Self.isDigit($0) || $0 == UInt8(ascii: ".") }) == true {
            let digits = at
            while let byte = peek(), Self.isDigit(byte) || byte == UInt8(ascii: ".") { at += 1 }
            guard let value = Double(String(decoding: bytes[digits..<at], as: UTF8.self)) else {
                throw .parse(message: "syntax error: unexpected FLOAT", line: token.line, column: token.column)
            }
            let letters = bytes[at...].prefix { Self.isLetter($0) || $0 >= 0x80 }
            guard !letters.isEmpty else { break }
            guard let unit = units.first(where: { Array($0.0.utf8) == Array(letters) }) else {
                throw .parse(
                    message: "syntax error: unexpected IDENTIFIER", line: line, column: at - lineStart + 1)
            }
            hasUnit = true
            at += letters.count
            total += (value * unit.1).rounded()
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if hasUnit {
            guard let last = text.utf8.last, Self.isLetter(last), let nanoseconds = Int64(exactly: total) else {
                throw .parse(message: "invalid duration \(text)", line: token.line, column: token.column)
            }
            return .duration(nanoseconds)
        }
        if let integer = Int64(text) { return .int(integer) }
        return .float(Double(text) ?? 0)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (65...90).contains(byte) || byte == 95
    }
}
