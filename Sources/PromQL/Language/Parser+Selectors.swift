/// Names and matchers of series.
extension PromQLParser {
    mutating func vectorSelector() throws(ParseError) -> VectorSelector {
        var selector = VectorSelector(range: token.sourceRange)
        switch token.kind {
        case .leftBrace: break
        case .identifier, .metricIdentifier, .aggregator, .op(.and), .op(.or), .op(.unless), .keyword(.by),
            .keyword(.without),
            .keyword(.offset), .keyword(.start), .keyword(.end), .keyword(.step), .keyword(.range), .keyword(.anchored),
            .keyword(.smoothed), .keyword(.fill), .keyword(.fillLeft), .keyword(.fillRight):
            selector.name = token.text
            try advance()
        default: throw unexpected()
        }
        if token.kind == .leftBrace {
            try advance()
            while token.kind != .rightBrace {
                selector.matchers.append(try matcher())
                if token.kind == .comma {
                    try advance()
                } else if token.kind != .rightBrace {
                    throw unexpected("label matching", expected: "\",\" or \"}\"")
                }
            }
            selector.range.end = token.end
            try advance()
        }
        if !selector.name.isEmpty { selector.matchers.append(LabelMatcher(metric: selector.name)) }
        return selector
    }

    mutating func matcher() throws(ParseError) -> LabelMatcher {
        let first = token
        let name: String
        switch token.kind {
        case .identifier:
            name = token.text
            try advance()
        case .string: name = try unquoted()
        default: throw unexpected("label matching", expected: "identifier or \"}\"")
        }
        let kind: LabelMatcher.Kind
        switch token.kind {
        case .matchEqual: kind = .equal
        case .matchRegex: kind = .matches
        case .matchNotRegex: kind = .matchesNot
        case .op(.notEqual): kind = .notEqual
        default:
            if first.kind == .string { return LabelMatcher(metric: name) }
            throw unexpected("label matching", expected: "label matching operator")
        }
        try advance()
        guard token.kind == .string else { throw unexpected("label matching", expected: "string") }
        let end = token.end
        let value = try unquoted()
        do {
            return try LabelMatcher(name, kind, value)
        } catch {
            throw ParseError(range: SourceRange(first.start, end), message: error.description)
        }
    }
}
