/// Durations, and the arithmetic with them that brackets and `offset` allow.
extension PromQLParser {
    var startsDuration: Bool {
        switch token.kind {
        case .number, .duration, .leftParen, .keyword(.step), .keyword(.range), .op(.add), .op(.subtract),
            .aggregator(.min),
            .aggregator(.max):
            true
        case .identifier: token.text.lowercased() == "min_of" || token.text.lowercased() == "max_of"
        default: false
        }
    }

    mutating func positiveDuration() throws(ParseError) -> DurationExpression {
        let duration = try durationExpression(minimum: 1)
        if case .number(let literal) = duration, literal.value <= 0 {
            throw ParseError(range: literal.range, message: "duration must be greater than 0")
        }
        return duration
    }

    /// After `offset`: a bare literal binds tighter than operators, so that `foo offset -2^2` is `(foo offset -2)^2`.
    mutating func offsetDuration() throws(ParseError) -> DurationExpression {
        guard startsDuration else { throw unexpected("offset", expected: "number, duration, step(), or range()") }
        return try durationPrimary(afterOffset: true)
    }

    mutating func durationExpression(minimum: Int) throws(ParseError) -> DurationExpression {
        depth += 1
        defer { depth -= 1 }
        if depth > PromQLParser.maxDepth {
            throw ParseError(
                range: token.sourceRange, message: "expression nests deeper than \(PromQLParser.maxDepth) levels")
        }
        var left = try durationPrimary(afterOffset: false)
        while case .op(let op) = token.kind, op.precedence >= minimum, op.precedence >= BinaryOperator.add.precedence,
            op != .atan2
        {
            let place = token.sourceRange
            try advance()
            let right = try durationExpression(minimum: op == .power ? op.precedence : op.precedence + 1)
            try requireDurationExpressions(place)
            if case .number(let literal) = right, literal.value == 0, op == .divide || op == .modulo {
                throw ParseError(range: place, message: op == .divide ? "division by zero" : "modulo by zero")
            }
            left = .binary(left, op, right)
        }
        return left
    }

    func requireDurationExpressions(_ place: SourceRange) throws(ParseError) {
        if !options.durationExpressions {
            throw ParseError(range: place, message: "experimental duration expression is not enabled")
        }
    }

    mutating func durationPrimary(afterOffset: Bool) throws(ParseError) -> DurationExpression {
        guard startsDuration else {
            throw afterOffset ? unexpected("offset", expected: "number, duration, step(), or range()") : unexpected()
        }
        switch token.kind {
        case .op(let sign):
            let start = token
            try advance()
            let operand =
                afterOffset
                ? try durationPrimary(afterOffset: true)
                : try durationExpression(minimum: BinaryOperator.power.precedence)
            if case .number(var literal) = operand {
                if sign == .subtract { literal.value = -literal.value }
                literal.range.start = start.start
                return .number(try inRange(literal))
            }
            return sign == .subtract ? .negative(operand) : operand
        case .number, .duration: return .number(try inRange(try numberOrDuration()))
        case .leftParen:
            let place = token.sourceRange
            try advance()
            let inner = try durationExpression(minimum: 1)
            guard try take(.rightParen) else { throw unexpected() }
            try requireDurationExpressions(place)
            return .paren(inner)
        case .keyword(let word):
            try advance()
            guard try take(.leftParen), try take(.rightParen) else { throw unexpected() }
            return word == .step ? .step : .range
        default:
            let minimum = token.text.lowercased().hasPrefix("min")
            try advance()
            guard try take(.leftParen) else { throw unexpected() }
            let first = try durationExpression(minimum: 1)
            guard try take(.comma) else { throw unexpected() }
            let second = try durationExpression(minimum: 1)
            guard try take(.rightParen) else { throw unexpected() }
            return minimum ? .minimum(first, second) : .maximum(first, second)
        }
    }

    func inRange(_ literal: NumberLiteral) throws(ParseError) -> NumberLiteral {
        if !(literal.value.magnitude <= 9_223_372_036.854_775) {
            throw ParseError(range: literal.range, message: "duration out of range")
        }
        return literal
    }
}

extension DurationExpression {
    /// The milliseconds of a plain literal; nil if it must be computed.
    var milliseconds: Int64? {
        guard case .number(let literal) = self else { return nil }
        return (literal.value * 1e9).rounded(.toNearestOrAwayFromZero).saturated(dividedBy: 1_000_000)
    }
}

extension Double {
    /// The whole part as an integer, at most what fits; NaN is 0. Go's conversion leaves this open.
    var saturated: Int64 {
        if isNaN { return 0 }
        if self >= 0x1p63 { return .max }
        if self <= -0x1p63 { return .min }
        return Int64(self)
    }

    func saturated(dividedBy divisor: Int64) -> Int64 { saturated / divisor }
}
