/// `offset`, `@`, `anchored` and `smoothed` put on what they may stand behind, with the complaints of Prometheus' parser.
enum Modifiers {
    static func offset(_ expression: Expression, by duration: DurationExpression, end: Int) throws(ParseError)
        -> Expression
    {
        let milliseconds = duration.milliseconds
        let computed = milliseconds == nil ? duration : nil
        func twice(_ offset: Int64, _ expressionOfOffset: DurationExpression?) throws(ParseError) {
            if offset != 0 || expressionOfOffset != nil {
                throw ParseError(range: expression.range, message: "offset may not be set multiple times")
            }
        }
        switch expression {
        case .vector(var selector):
            try twice(selector.offset, selector.offsetExpression)
            selector.offset = milliseconds ?? 0
            selector.offsetExpression = computed
            selector.range.end = end
            return .vector(selector)
        case .matrix(var matrix):
            try twice(matrix.selector.offset, matrix.selector.offsetExpression)
            matrix.selector.offset = milliseconds ?? 0
            matrix.selector.offsetExpression = computed
            matrix.end = end
            return .matrix(matrix)
        case .subquery(var subquery):
            try twice(subquery.offset, subquery.offsetExpression)
            subquery.offset = milliseconds ?? 0
            subquery.offsetExpression = computed
            subquery.end = end
            return .subquery(subquery)
        default:
            throw ParseError(
                range: expression.range,
                message:
                    "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery"
            )
        }
    }

    /// Milliseconds of the seconds after `@`.
    static func timestamp(_ seconds: Double, of expression: Expression) throws(ParseError) -> Int64 {
        guard seconds.isFinite, seconds.magnitude < 9_223_372_036_854_775_807.0 else {
            throw ParseError(
                range: expression.range,
                message: "timestamp out of bounds for @ modifier: \(GoFloat.fixed(seconds, decimals: 6))")
        }
        return (seconds * 1000).rounded(.toNearestOrAwayFromZero).saturated
    }

    static func at(_ expression: Expression, _ at: AtModifier, end: Int) throws(ParseError) -> Expression {
        func twice(_ old: AtModifier?) throws(ParseError) {
            if old != nil {
                throw ParseError(range: expression.range, message: "@ <timestamp> may not be set multiple times")
            }
        }
        switch expression {
        case .vector(var selector):
            try twice(selector.at)
            selector.at = at
            selector.range.end = end
            return .vector(selector)
        case .matrix(var matrix):
            try twice(matrix.selector.at)
            matrix.selector.at = at
            matrix.end = end
            return .matrix(matrix)
        case .subquery(var subquery):
            try twice(subquery.at)
            subquery.at = at
            subquery.end = end
            return .subquery(subquery)
        default:
            throw ParseError(
                range: expression.range,
                message:
                    "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery")
        }
    }

    static func extend(_ expression: Expression, anchored: Bool, enabled: Bool) throws(ParseError) -> Expression {
        let word = anchored ? "anchored" : "smoothed"
        guard enabled else {
            throw ParseError(range: expression.range, message: "\(word) modifier is experimental and not enabled")
        }
        func extended(_ selector: VectorSelector) throws(ParseError) -> VectorSelector {
            var selector = selector
            if anchored { selector.anchored = true } else { selector.smoothed = true }
            if selector.anchored && selector.smoothed {
                throw ParseError(
                    range: expression.range, message: "anchored and smoothed modifiers cannot be used together")
            }
            return selector
        }
        switch expression {
        case .vector(let selector): return .vector(try extended(selector))
        case .matrix(var matrix):
            matrix.selector = try extended(matrix.selector)
            return .matrix(matrix)
        case .subquery:
            throw ParseError(range: expression.range, message: "\(word) modifier is not supported for subqueries")
        default: throw ParseError(range: expression.range, message: "\(word) modifier not implemented")
        }
    }
}
