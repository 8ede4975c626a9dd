/// A token of PromQL.
struct Token: Equatable {
    enum Kind: Equatable {
        case end
        case identifier, metricIdentifier, number, duration, string
        case leftParen, rightParen, leftBrace, rightBrace, leftBracket, rightBracket, comma, colon
        /// `=` inside braces, and `=~`, `!~`.
        case matchEqual, matchRegex, matchNotRegex
        case op(BinaryOperator)
        case at
        case aggregator(Aggregator)
        case keyword(Keyword)
    }

    enum Keyword: String, CaseIterable {
        case offset, smoothed, anchored, by, without, on, ignoring, bool
        case groupLeft = "group_left"
        case groupRight = "group_right"
        case fill
        case fillLeft = "fill_left"
        case fillRight = "fill_right"
        case start, end, step, range
    }

    let kind: Kind
    let text: String
    let start: Int

    var end: Int { start + text.utf8.count }
    var sourceRange: SourceRange { SourceRange(start, end) }

    /// What a message calls the token, as `unexpected number "5"`.
    var description: String {
        switch kind {
        case .end: "end of input"
        case .identifier: "identifier \(GoQuote.quote(text))"
        case .metricIdentifier: "metric identifier \(GoQuote.quote(text))"
        case .number: "number \(quoted)"
        case .duration: "duration \(quoted)"
        case .string: "string \(quoted)"
        case .op, .at, .matchRegex, .matchNotRegex: "<op:\(text)>"
        case .aggregator: "<aggr:\(text)>"
        case .keyword(let word):
            switch word {
            case .start, .end, .step, .range: GoQuote.quote(text)
            default: "<\(text)>"
            }
        case .leftParen, .rightParen, .leftBrace, .rightBrace, .leftBracket, .rightBracket, .comma, .colon, .matchEqual:
            GoQuote.quote(text)
        }
    }

    private var quoted: String { text.utf8.count > 10 ? GoQuote.quote(text, limit: 10) + "..." : GoQuote.quote(text) }

    static let words: [String: Kind] = {
        var words: [String: Kind] = [
            "and": .op(.and), "or": .op(.or), "unless": .op(.unless), "atan2": .op(.atan2), "inf": .number,
            "nan": .number,
        ]
        for aggregator in Aggregator.allCases { words[aggregator.rawValue] = .aggregator(aggregator) }
        for keyword in Keyword.allCases { words[keyword.rawValue] = .keyword(keyword) }
        return words
    }()
}
