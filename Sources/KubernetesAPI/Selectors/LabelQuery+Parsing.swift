extension LabelQuery {
    /// Reads a selector text such as `app=web,tier in (a,b),!old`, as `-l` and the API's `labelSelector` take it.
    public init(parsing text: String) throws(SelectorError) {
        var parser = LabelSelectorParser(text)
        let parsed = try parser.parse()
        let ordered = parsed.enumerated().sorted { left, right in
            if left.element.requirement.key == right.element.requirement.key { return left.offset < right.offset }
            return left.element.requirement.key.utf8.lexicographicallyPrecedes(right.element.requirement.key.utf8)
        }.map(\.element)
        self.init(ordered.map(\.requirement), text: ordered.map(\.text).joined(separator: ","))
    }
}

/// The grammar of label selectors (`labels.Parser`), with its error texts.
struct LabelSelectorParser {
    private enum Kind: Equatable { case word, end, invalid, symbol(String) }

    private struct Token: Equatable {
        var kind: Kind
        var text: String
    }

    private let tokens: [Token]
    private var position = 0

    init(_ text: String) { tokens = Self.tokens(of: Array(text.utf8)) }

    // MARK: Words and symbols

    private static let symbols: Set<String> = [")", ",", "!", "==", "=", ">", "<", "!=", "("]

    private static func isSymbol(_ byte: UInt8) -> Bool { "=!(),><".utf8.contains(byte) }
    private static func isSpace(_ byte: UInt8) -> Bool { [32, 9, 13, 10].contains(byte) }

    private static func tokens(of bytes: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var position = 0
        while true {
            while position < bytes.count, isSpace(bytes[position]) { position += 1 }
            guard position < bytes.count, bytes[position] != 0 else { break }
            let start = position
            guard isSymbol(bytes[start]) else {
                while position < bytes.count, !isSymbol(bytes[position]), !isSpace(bytes[position]),
                    bytes[position] != 0
                { position += 1 }
                tokens.append(Token(kind: .word, text: String(decoding: bytes[start..<position], as: UTF8.self)))
                continue
            }
            // The longest symbol that the characters begin with.
            position += 1
            if position < bytes.count, symbols.contains(String(decoding: bytes[start...position], as: UTF8.self)) {
                position += 1
            }
            let text = String(decoding: bytes[start..<position], as: UTF8.self)
            tokens.append(Token(kind: symbols.contains(text) ? .symbol(text) : .invalid, text: text))
        }
        tokens.append(Token(kind: .end, text: ""))
        return tokens
    }

    // MARK: Requirements

    private var next: Token { tokens[min(position, tokens.count - 1)] }

    private mutating func take() -> Token {
        defer { position += 1 }
        return next
    }

    mutating func parse() throws(SelectorError) -> [(requirement: LabelRequirement, text: String)] {
        var requirements: [(LabelRequirement, String)] = []
        while true {
            switch next.kind {
            case .end: return requirements
            case .word, .symbol("!"):
                do {
                    requirements.append(try requirement())
                } catch {
                    throw SelectorError("unable to parse requirement: \(error)")
                }
                let behind = take()
                switch behind.kind {
                case .end: return requirements
                case .symbol(","):
                    guard next.kind == .word || next.kind == .symbol("!") else {
                        throw SelectorError("found '\(next.text)', expected: identifier after ','")
                    }
                default: throw SelectorError("found '\(behind.text)', expected: ',' or 'end of string'")
                }
            default: throw SelectorError("found '\(next.text)', expected: !, identifier, or 'end of string'")
            }
        }
    }

    private mutating func requirement() throws(SelectorError) -> (LabelRequirement, String) {
        var token = take()
        let negated = token.kind == .symbol("!")
        if negated { token = take() }
        guard token.kind == .word else { throw SelectorError("found '\(token.text)', expected: identifier") }
        let key = token.text
        try check(NameRules.qualifiedName(key), key, at: "<nil>")
        if negated { return (LabelRequirement(key, .doesNotExist), "!" + key) }
        if next.kind == .end || next.kind == .symbol(",") { return (LabelRequirement(key, .exists), key) }
        let sign = take()
        let values: [String]
        let found: SelectorOperator
        switch (sign.kind, sign.text) {
        case (.word, "in"), (.word, "notin"):
            found = sign.text == "in" ? .in : .notIn
            values = try list()
        case (.symbol, "="), (.symbol, "=="), (.symbol, "!="), (.symbol, ">"), (.symbol, "<"):
            found = sign.text == "!=" ? .notIn : sign.text == ">" ? .greaterThan : sign.text == "<" ? .lessThan : .in
            values = [try exactValue()]
        default: throw SelectorError("found '\(sign.text)', expected: in, notin, =, ==, !=, gt, lt")
        }
        if found == .greaterThan || found == .lessThan, Int64(values[0]) == nil {
            let why = "for 'Gt', 'Lt' operators, the value must be an integer"
            throw SelectorError("values[0]: Invalid value: \(YAMLValueBuilder.quoted(values[0])): \(why)")
        }
        for (index, value) in values.enumerated() {
            try check(NameRules.labelValue(value), value, at: "values[\(index)][\(key)]")
        }
        let body = sign.kind == .word ? " \(sign.text) (\(values.joined(separator: ",")))" : sign.text + values[0]
        return (LabelRequirement(key, found, values), key + body)
    }

    private func check(_ problems: [String], _ value: String, at path: String) throws(SelectorError) {
        guard !problems.isEmpty else { return }
        throw SelectorError(
            "\(path): Invalid value: \(YAMLValueBuilder.quoted(value)): \(problems.joined(separator: "; "))")
    }

    private mutating func exactValue() throws(SelectorError) -> String {
        if next.kind == .end || next.kind == .symbol(",") { return "" }
        let token = take()
        guard token.kind == .word else { throw SelectorError("found '\(token.text)', expected: identifier") }
        return token.text
    }

    /// `(a,b)`: a set, sorted; nothing between commas is the empty value.
    private mutating func list() throws(SelectorError) -> [String] {
        let open = take()
        guard open.kind == .symbol("(") else { throw SelectorError("found '\(open.text)' expected: '('") }
        guard next.kind == .word || next.kind == .symbol(",") || next.kind == .symbol(")") else {
            throw SelectorError("found '\(next.text)', expected: ',', ')' or identifier")
        }
        var values: [String] = []
        var expectsValue = true
        while true {
            let token = take()
            switch token.kind {
            case .word where expectsValue:
                values.append(token.text)
                expectsValue = false
            case .symbol(","):
                if expectsValue { values.append("") }
                expectsValue = true
            case .symbol(")"):
                if expectsValue { values.append("") }
                let sorted = values.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
                return sorted.enumerated().filter { $0.offset == 0 || sorted[$0.offset - 1] != $0.element }.map(
                    \.element)
            default:
                throw SelectorError(
                    "found '\(token.text)', expected: \(expectsValue ? "',', or identifier" : "',' or ')'")")
            }
        }
    }
}
