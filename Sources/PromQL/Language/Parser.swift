/// What the parser accepts beyond the stable language; all of it has a feature flag in Prometheus.
public struct ParserOptions: Sendable {
    /// `promql-experimental-functions`: `mad_over_time`, `limitk`, `info`, ….
    public var experimentalFunctions = false
    /// `[5m * 2]`, `offset (…)`; on by default since Prometheus 3.14.
    public var durationExpressions = true
    /// `anchored` and `smoothed` (`promql-extended-range-selectors`).
    public var extendedRangeSelectors = false
    /// `fill`, `fill_left`, `fill_right` (`promql-binop-fill-modifiers`).
    public var fillModifiers = false

    public init() {}

    /// Everything on, as in the upstream conformance suite.
    public static let everything: ParserOptions = {
        var options = ParserOptions()
        options.experimentalFunctions = true
        options.extendedRangeSelectors = true
        options.fillModifiers = true
        return options
    }()
}

/// Reads PromQL by recursive descent; the first thing that is wrong ends it, with the message and the place that
/// Prometheus' own (generated, bottom-up) parser would report first.
///
///     let expression = try PromQLParser.parse("sum by (job) (rate(http_requests_total[5m]))")
///     expression.description   // the canonical text
public struct PromQLParser {
    var lexer: Lexer
    let options: ParserOptions
    var token = Token(kind: .end, text: "", start: 0)
    /// The end of the last token that can close an expression.
    var lastClosing = 0
    /// How many aggregations are open: what is unexpected inside one is unexpected 'in aggregation'.
    var openAggregations = 0
    var depth = 0

    /// Expressions may nest this deep: a bound, so that hostile input does not exhaust the stack.
    static let maxDepth = 256

    init(_ query: String, _ options: ParserOptions) {
        lexer = Lexer(query)
        self.options = options
    }

    /// Parses and type-checks an expression.
    public static func parse(_ query: String, options: ParserOptions = ParserOptions()) throws(ParseError) -> Expression
    {
        do throws(ParseError) {
            var parser = PromQLParser(query, options)
            try parser.advance()
            if parser.token.kind == .end {
                throw ParseError(range: SourceRange(0, 0), message: "no expression found in input")
            }
            var expression = try parser.expression(minimum: 1)
            if parser.token.kind != .end { throw parser.unexpected() }
            try TypeCheck(query: query).check(&expression)
            return expression
        } catch {
            throw error.with(query)
        }
    }

    /// Parses a selector alone, as the `match[]` parameters of the HTTP API are.
    public static func parseSelector(_ text: String) throws(ParseError) -> [LabelMatcher] {
        do throws(ParseError) {
            var parser = PromQLParser(text, ParserOptions())
            try parser.advance()
            let selector = try parser.vectorSelector()
            if parser.token.kind != .end { throw parser.unexpected() }
            return selector.matchers
        } catch {
            throw error.with(text)
        }
    }

    // MARK: Tokens

    mutating func advance() throws(ParseError) {
        switch token.kind {
        case .rightBrace, .rightParen, .rightBracket, .duration, .number: lastClosing = token.end
        default: break
        }
        token = try lexer.next()
    }

    mutating func take(_ kind: Token.Kind) throws(ParseError) -> Bool {
        guard token.kind == kind else { return false }
        try advance()
        return true
    }

    func unexpected(_ context: String = "", expected: String = "") -> ParseError {
        let context = context.isEmpty && openAggregations > 0 ? "aggregation" : context
        return ParseError(
            range: token.sourceRange,
            message: "unexpected \(token.description)" + (context.isEmpty ? "" : " in \(context)")
                + (expected.isEmpty ? "" : ", expected \(expected)"))
    }

    // MARK: Expressions

    mutating func expression(minimum: Int) throws(ParseError) -> Expression {
        depth += 1
        defer { depth -= 1 }
        if depth > PromQLParser.maxDepth {
            throw ParseError(
                range: token.sourceRange, message: "expression nests deeper than \(PromQLParser.maxDepth) levels")
        }
        var left = try postfix(try primary())
        while case .op(let op) = token.kind, op.precedence >= minimum {
            try advance()
            let modifiers = try binaryModifiers()
            let right = try expression(minimum: op == .power ? op.precedence : op.precedence + 1)
            left = .binary(
                BinaryExpression(
                    left: left, op: op, right: right, returnsBool: modifiers.bool, matching: modifiers.matching))
            if !options.fillModifiers, modifiers.matching.fillLeft != nil || modifiers.matching.fillRight != nil {
                throw ParseError(range: left.range, message: "binop fill modifiers are experimental and not enabled")
            }
        }
        return left
    }

    mutating func primary() throws(ParseError) -> Expression {
        switch token.kind {
        case .op(let sign) where sign == .add || sign == .subtract:
            let start = token.start
            try advance()
            let operand = try expression(minimum: BinaryOperator.power.precedence)
            if case .number(var literal) = operand {
                if sign == .subtract { literal.value = -literal.value }
                literal.range.start = start
                return .number(literal)
            }
            return .unary(UnaryExpression(negative: sign == .subtract, operand: operand, start: start))
        case .number, .duration: return .number(try numberOrDuration())
        case .string:
            let range = token.sourceRange
            let text = token.text
            let value = try unquoted()
            let repaired = value.unicodeScalars.contains("\u{FFFD}") && !text.unicodeScalars.contains("\u{FFFD}")
            return .string(
                StringLiteral(
                    value: value, invalid: repaired ? "\"" + text.dropFirst().dropLast() + "\"" : nil, range: range))
        case .leftParen:
            let start = token.start
            try advance()
            let aggregations = openAggregations
            let inner = try expression(minimum: 1)
            guard token.kind == .rightParen else { throw unexpected() }
            openAggregations = aggregations
            let end = token.end
            try advance()
            return .paren(inner, SourceRange(start, end))
        case .aggregator(let op): return try aggregationOrSelector(op)
        case .identifier, .keyword(.start), .keyword(.end), .keyword(.step), .keyword(.range):
            let name = token
            var ahead = lexer
            if let following = try? ahead.next(), following.kind == .leftParen { return try call(name) }
            return .vector(try vectorSelector())
        default: return .vector(try vectorSelector())
        }
    }

    mutating func numberOrDuration() throws(ParseError) -> NumberLiteral {
        let range = token.sourceRange
        let text = token.text
        var literal = NumberLiteral(value: 0, range: range)
        if token.kind == .duration {
            do {
                literal.value = Double(try PrometheusDuration.parse(text)) / 1000
                literal.isDuration = true
            } catch {
                throw ParseError(range: range, message: error.description)
            }
        } else if let integer = GoFloat.parseInteger(text) {
            literal.value = Double(integer)
        } else if let value = GoFloat.parse(text) {
            literal.value = value
        } else {
            throw ParseError(
                range: range,
                message: "error parsing number: strconv.ParseFloat: parsing \(GoQuote.quote(text)): invalid syntax")
        }
        try advance()
        return literal
    }

    mutating func unquoted() throws(ParseError) -> String {
        guard let value = GoQuote.unquote(token.text) else {
            throw ParseError(
                range: token.sourceRange, message: "error unquoting string \(GoQuote.quote(token.text)): invalid syntax"
            )
        }
        try advance()
        return value
    }

    mutating func call(_ name: Token) throws(ParseError) -> Expression {
        try advance()
        let (arguments, end) = try argumentList()
        guard let function = Function.table[name.text] else {
            throw ParseError(range: name.sourceRange, message: "unknown function with name \(GoQuote.quote(name.text))")
        }
        if function.isExperimental, !options.experimentalFunctions {
            throw ParseError(range: name.sourceRange, message: "function \(GoQuote.quote(name.text)) is not enabled")
        }
        return .call(Call(function: function, arguments: arguments, range: SourceRange(name.start, end)))
    }

    mutating func argumentList() throws(ParseError) -> ([Expression], end: Int) {
        guard try take(.leftParen) else { throw unexpected() }
        var arguments: [Expression] = []
        if token.kind != .rightParen {
            arguments.append(try expression(minimum: 1))
            while token.kind == .comma {
                let comma = token.sourceRange
                try advance()
                if token.kind == .rightParen {
                    throw ParseError(range: comma, message: "trailing commas not allowed in function call args")
                }
                arguments.append(try expression(minimum: 1))
            }
        }
        guard token.kind == .rightParen else { throw unexpected() }
        let end = token.end
        try advance()
        return (arguments, end)
    }

    mutating func aggregationOrSelector(_ op: Aggregator) throws(ParseError) -> Expression {
        let start = token
        var ahead = lexer
        if let following = try? ahead.next() {
            switch following.kind {
            case .leftParen, .keyword(.by), .keyword(.without), .identifier, .metricIdentifier, .number, .string,
                .aggregator, .duration:
                break
            default: return .vector(try vectorSelector())
            }
        }
        try advance()
        openAggregations += 1
        var grouping: (labels: [String], without: Bool)?
        if token.kind != .leftParen { grouping = try aggregateModifier() }
        if grouping == nil, token.kind != .leftParen { throw unexpected() }
        let (arguments, end) = try argumentList()
        var range = SourceRange(start.start, end)
        if grouping == nil, let after = try aggregateModifier() {
            grouping = after
            range.end = lastClosing
        }
        openAggregations -= 1
        if arguments.isEmpty {
            throw ParseError(range: range, message: "no arguments for aggregate expression provided")
        }
        if op.isExperimental, !options.experimentalFunctions {
            throw ParseError(
                range: range,
                message:
                    "\(op.rawValue)() is experimental and must be enabled with --enable-feature=promql-experimental-functions"
            )
        }
        let wanted = op.hasParameter ? 2 : 1
        if arguments.count != wanted {
            throw ParseError(
                range: range,
                message:
                    "wrong number of arguments for aggregate expression provided, expected \(wanted), got \(arguments.count)"
            )
        }
        return .aggregation(
            Aggregation(
                op: op, expression: arguments[wanted - 1], parameter: op.hasParameter ? arguments[0] : nil,
                grouping: grouping?.labels ?? [], without: grouping?.without ?? false, range: range))
    }

    mutating func aggregateModifier() throws(ParseError) -> (labels: [String], without: Bool)? {
        let without = token.kind == .keyword(.without)
        guard without || token.kind == .keyword(.by) else { return nil }
        try advance()
        return (try groupingLabels(), without)
    }

    mutating func groupingLabels() throws(ParseError) -> [String] {
        guard try take(.leftParen) else { throw unexpected("grouping opts", expected: "\"(\"") }
        var labels: [String] = []
        while token.kind != .rightParen {
            switch token.kind {
            case .string: labels.append(try unquoted())
            case .identifier, .metricIdentifier, .keyword, .aggregator, .op(.and), .op(.or), .op(.unless), .op(.atan2):
                labels.append(token.text)
                try advance()
            default: throw unexpected("grouping opts", expected: "label")
            }
            if token.kind == .comma {
                try advance()
            } else if token.kind != .rightParen {
                throw unexpected("grouping opts", expected: "\",\" or \")\"")
            }
        }
        try advance()
        return labels
    }

    mutating func binaryModifiers() throws(ParseError) -> (bool: Bool, matching: VectorMatching) {
        var matching = VectorMatching()
        let bool = try take(.keyword(.bool))
        if token.kind == .keyword(.on) || token.kind == .keyword(.ignoring) {
            matching.on = token.kind == .keyword(.on)
            try advance()
            matching.labels = try groupingLabels()
            if token.kind == .keyword(.groupLeft) || token.kind == .keyword(.groupRight) {
                matching.cardinality = token.kind == .keyword(.groupLeft) ? .manyToOne : .oneToMany
                try advance()
                if token.kind == .leftParen { matching.include = try groupingLabels() }
            }
        }
        loop: while true {
            let keyword = token.kind
            switch keyword {
            case .keyword(.fill), .keyword(.fillLeft), .keyword(.fillRight):
                try advance()
                guard try take(.leftParen) else { throw unexpected() }
                let value = try signedNumber()
                guard try take(.rightParen) else { throw unexpected() }
                if keyword != .keyword(.fillRight) { matching.fillLeft = value }
                if keyword != .keyword(.fillLeft) { matching.fillRight = value }
            default: break loop
            }
        }
        return (bool, matching)
    }

    mutating func signedNumber(context: String = "", expected: String = "") throws(ParseError) -> Double {
        var negative = false
        if token.kind == .op(.add) || token.kind == .op(.subtract) {
            negative = token.kind == .op(.subtract)
            try advance()
        }
        guard token.kind == .number || token.kind == .duration else { throw unexpected(context, expected: expected) }
        let value = try numberOrDuration().value
        return negative ? -value : value
    }

    // MARK: What follows an expression

    mutating func postfix(_ start: Expression) throws(ParseError) -> Expression {
        var expression = start
        while true {
            switch token.kind {
            case .leftBracket: expression = try range(of: expression)
            case .keyword(.offset):
                try advance()
                let duration = try offsetDuration()
                expression = try Modifiers.offset(expression, by: duration, end: lastClosing)
            case .at:
                try advance()
                let at: AtModifier
                if token.kind == .keyword(.start) || token.kind == .keyword(.end) {
                    at = token.kind == .keyword(.start) ? .start : .end
                    try advance()
                    guard try take(.leftParen), token.kind == .rightParen else {
                        throw unexpected("@", expected: "timestamp")
                    }
                    try advance()
                } else {
                    let seconds = try signedNumber(context: "@", expected: "timestamp")
                    at = .time(try Modifiers.timestamp(seconds, of: expression))
                }
                expression = try Modifiers.at(expression, at, end: lastClosing)
            case .keyword(.anchored), .keyword(.smoothed):
                let anchored = token.kind == .keyword(.anchored)
                try advance()
                expression = try Modifiers.extend(
                    expression, anchored: anchored, enabled: options.extendedRangeSelectors)
            default: return expression
            }
        }
    }

    mutating func range(of expression: Expression) throws(ParseError) -> Expression {
        let bracket = token.start
        try advance()
        guard startsDuration else {
            throw unexpected("subquery or range selector", expected: "number, duration, step(), or range()")
        }
        let duration = try positiveDuration()
        if token.kind == .colon {
            try advance()
            var step: DurationExpression?
            if token.kind != .rightBracket {
                guard startsDuration else {
                    throw unexpected("subquery selector", expected: "number, duration, step(), range(), or \"]\"")
                }
                step = try positiveDuration()
                guard token.kind == .rightBracket else { throw unexpected("subquery selector", expected: "\"]\"") }
            }
            let end = token.end
            try advance()
            return .subquery(
                Subquery(
                    expression: expression, duration: duration.milliseconds ?? 0,
                    durationExpression: duration.milliseconds == nil ? duration : nil, step: step?.milliseconds ?? 0,
                    stepExpression: step.flatMap { $0.milliseconds == nil ? $0 : nil }, end: end))
        }
        guard token.kind == .rightBracket else { throw unexpected("subquery or range", expected: "\":\" or \"]\"") }
        let brackets = SourceRange(bracket, token.end)
        let end = token.end
        try advance()
        guard case .vector(let selector) = expression else {
            throw ParseError(range: brackets, message: "ranges only allowed for vector selectors")
        }
        if selector.offset != 0 || selector.offsetExpression != nil {
            throw ParseError(range: brackets, message: "no offset modifiers allowed before range")
        }
        if selector.at != nil { throw ParseError(range: brackets, message: "no @ modifiers allowed before range") }
        return .matrix(
            MatrixSelector(
                selector: selector, duration: duration.milliseconds ?? 0,
                durationExpression: duration.milliseconds == nil ? duration : nil, end: end))
    }
}

extension ParseError {
    func with(_ query: String) -> ParseError {
        var copy = self
        copy.query = query
        return copy
    }
}
