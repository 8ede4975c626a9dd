import PromQL

/// Reads LogQL by recursive descent, with the messages and places of Loki's generated parser. It stops at the first thing
/// that is wrong.
struct LogQLParser {
    /// Loki's bound on the text, in bytes.
    static let maximumLength = 131_072
    /// Bounds on nesting and on operators in a row, so that no query exhausts the stack.
    static let maximumDepth = 100
    static let maximumOperators = 500

    private var lexer: LogQLLexer
    private(set) var token: LogQLToken
    private var ahead: LogQLToken?
    private var depth = 0
    private var operators = 0

    /// Reads a query.
    static func parse(_ text: String) throws(LogQLError) -> LogQLExpression {
        guard text.utf8.count < maximumLength else {
            throw .parse(
                message: "input size too long (\(text.utf8.count) > \(maximumLength))", line: 0, column: 0)
        }
        var parser = try LogQLParser(text)
        let expression = try parser.expression()
        if parser.token.kind != .end { throw parser.unexpected() }
        try LogQLValidation.check(expression)
        return expression
    }

    private init(_ text: String) throws(LogQLError) {
        lexer = LogQLLexer(text)
        token = try lexer.next()
    }

    // MARK: Tokens

    mutating func advance() throws(LogQLError) {
        if let next = ahead {
            token = next
            ahead = nil
        } else {
            token = try lexer.next()
        }
    }

    /// The token behind this one.
    private mutating func peek() throws(LogQLError) -> LogQLTokenKind {
        if let ahead { return ahead.kind }
        let next = try lexer.next()
        ahead = next
        return next.kind
    }

    /// The generated parser names what it expected only if that are at most four tokens.
    func unexpected(_ expected: [LogQLTokenKind] = []) -> LogQLError {
        var message = "syntax error: unexpected \(token.kind.rawValue)"
        if !expected.isEmpty, expected.count <= 4 {
            message +=
                ", expecting "
                + expected.sorted { $0.order < $1.order }.map(\.rawValue).joined(separator: " or ")
        }
        return .parse(message: message, line: token.line, column: token.column)
    }

    func unsupported(_ name: String) -> LogQLError {
        .unsupported(name: name, line: token.line, column: token.column)
    }

    /// An error that Loki's grammar throws without a place.
    static func placeless(_ message: String) -> LogQLError { .parse(message: message, line: 0, column: 0) }

    /// Takes a token of a kind and returns it.
    @discardableResult
    mutating func take(
        _ kind: LogQLTokenKind, expecting: [LogQLTokenKind]? = nil
    ) throws(LogQLError) -> LogQLToken {
        guard token.kind == kind else { throw unexpected(expecting ?? [kind]) }
        let taken = token
        try advance()
        return taken
    }

    mutating func takes(_ kind: LogQLTokenKind) throws(LogQLError) -> Bool {
        guard token.kind == kind else { return false }
        try advance()
        return true
    }

    mutating func nested<Result>(
        _ body: (inout LogQLParser) throws(LogQLError) -> Result
    ) throws(LogQLError) -> Result {
        depth += 1
        defer { depth -= 1 }
        if depth > LogQLParser.maximumDepth {
            throw .parse(
                message: "the expression nests more than \(LogQLParser.maximumDepth) levels deep, which this lab "
                    + "does not read", line: token.line, column: token.column)
        }
        return try body(&self)
    }

    mutating func countOperator() throws(LogQLError) {
        operators += 1
        if operators > LogQLParser.maximumOperators {
            throw .parse(
                message: "the expression has more than \(LogQLParser.maximumOperators) operators, which this lab "
                    + "does not read", line: token.line, column: token.column)
        }
    }

    // MARK: Expressions

    private static let precedences: [LogQLTokenKind: Int] = [
        .or: 1, .and: 2, .unless: 2, .equals: 3, .notEqual: 3, .less: 3, .lessOrEqual: 3, .greater: 3,
        .greaterOrEqual: 3, .add: 4, .subtract: 4, .multiply: 5, .divide: 5, .modulo: 5, .power: 6,
    ]

    /// An expression of operators that bind at least so tightly.
    mutating func expression(_ minimum: Int = 1) throws(LogQLError) -> LogQLExpression {
        try nested { parser throws(LogQLError) in
            var left = try parser.operand()
            while let precedence = LogQLParser.precedences[parser.token.kind], precedence >= minimum {
                try parser.countOperator()
                let operation = parser.token.kind
                try parser.advance()
                var shape = try parser.modifiers(operation)
                // Powers group to the right.
                let right = try parser.expression(operation == .power ? precedence : precedence + 1)
                shape.left = try LogQLParser.leg(left, "left", operation)
                shape.right = try LogQLParser.leg(right, "right", operation)
                left = .metric(try LogQLValidation.reduced(shape))
            }
            return left
        }
    }

    private static func leg(
        _ expression: LogQLExpression, _ side: String, _ operation: LogQLTokenKind
    ) throws(LogQLError) -> LogMetric {
        switch expression {
        case .metric(let metric): return metric
        case .logs(let selection):
            let type = selection.stages.isEmpty ? "*syntax.MatchersExpr" : "*syntax.PipelineExpr"
            throw placeless("unexpected type for \(side) leg of binary operation (\(operation.rawValue)): \(type)")
        }
    }

    /// `bool`, `on (…)`, `ignoring (…)`, `group_left (…)`.
    private mutating func modifiers(_ operation: LogQLTokenKind) throws(LogQLError) -> LogBinaryOperation {
        var shape = LogBinaryOperation(operation: operation, left: .number(0), right: .number(0))
        shape.returnsBool = try takes(.bool)
        let isOn = token.kind == .on
        guard isOn || token.kind == .ignoring else { return shape }
        try advance()
        let labels = try labelList()
        if isOn { shape.on = labels } else { shape.ignoring = labels }
        if token.kind == .groupLeft || token.kind == .groupRight {
            shape.cardinality = token.kind == .groupLeft ? .manyToOne : .oneToMany
            try advance()
            if token.kind == .openParenthesis, try isLabelList() { shape.included = try labelList() }
        }
        return shape
    }

    /// Behind `group_left` a parenthesis may hold labels or the operand.
    private mutating func isLabelList() throws(LogQLError) -> Bool {
        let next = try peek()
        return next == .identifier || next == .closeParenthesis
    }

    private mutating func labelList() throws(LogQLError) -> [String] {
        try take(.openParenthesis)
        if try takes(.closeParenthesis) { return [] }
        var labels = [try take(.identifier, expecting: [.identifier, .closeParenthesis]).text]
        while try takes(.comma) { labels.append(try take(.identifier).text) }
        try take(.closeParenthesis, expecting: [.comma, .closeParenthesis])
        return labels
    }

    private mutating func operand() throws(LogQLError) -> LogQLExpression {
        switch token.kind {
        case .openBrace: return .logs(try selection(inRange: false).selection)
        case .openParenthesis:
            try advance()
            let inner = try expression()
            try take(.closeParenthesis, expecting: [])
            return inner
        case .number, .add, .subtract: return .metric(.number(try literal()))
        case .labelReplace: return .metric(try labelReplace())
        case .vector:
            try advance()
            try take(.openParenthesis)
            let number = try take(.number).text
            try take(.closeParenthesis)
            return .metric(.vector(GoFloat.parse(number) ?? 0))
        case .variants: throw unsupported("variants")
        case let kind where kind.isRangeFunction: return .metric(.range(try rangeFunction()))
        case let kind where kind.isAggregation: return .metric(.aggregation(try aggregation()))
        default: throw unexpected()
        }
    }

    mutating func literal() throws(LogQLError) -> Double {
        let negative = token.kind == .subtract
        if token.kind == .add || token.kind == .subtract { try advance() }
        let text = try take(.number).text
        let number = GoFloat.parse(text) ?? 0
        return negative ? -number : number
    }

    private mutating func labelReplace() throws(LogQLError) -> LogMetric {
        try advance()
        try take(.openParenthesis)
        guard case .metric(let operand) = try expression() else { throw unexpected() }
        try take(.comma, expecting: [])
        var texts: [String] = []
        for place in 0..<4 {
            if place > 0 { try take(.comma) }
            texts.append(try take(.string).text)
        }
        try take(.closeParenthesis)
        do throws(RegexError) {
            return .labelReplace(
                operand, destination: texts[0], replacement: texts[1], source: texts[2],
                regex: try AnchoredRegex(texts[3]))
        } catch {
            throw LogQLParser.placeless("invalid regex in label_replace: \(error)")
        }
    }

    mutating func grouping() throws(LogQLError) -> LogGrouping? {
        guard token.kind == .by || token.kind == .without else { return nil }
        let without = token.kind == .without
        try advance()
        return LogGrouping(labels: try labelList(), without: without)
    }

    private mutating func aggregation() throws(LogQLError) -> LogAggregation {
        let operation = token.kind
        if operation == .approxTopk { throw unsupported("approx_topk") }
        try advance()
        var grouping = try grouping()
        try take(.openParenthesis, expecting: grouping == nil ? [.openParenthesis, .by, .without] : nil)
        var parameter: String?
        if token.kind == .number, try peek() == .comma {
            parameter = token.text
            try advance()
            try advance()
        }
        guard case .metric(let operand) = try expression() else { throw unexpected() }
        try take(.closeParenthesis, expecting: [])
        if grouping == nil { grouping = try self.grouping() }
        return LogAggregation(
            operation: operation, parameter: try LogQLValidation.parameter(parameter, of: operation), operand: operand,
            grouping: grouping)
    }

    private mutating func rangeFunction() throws(LogQLError) -> LogRangeFunction {
        let function = token.kind
        if function == .rateCounter { throw unsupported("rate_counter") }
        try advance()
        try take(.openParenthesis)
        var parameter: String?
        if token.kind == .number {
            parameter = token.text
            try advance()
            try take(.comma)
        }
        guard token.kind == .openBrace || token.kind == .openParenthesis else {
            throw unexpected(
                parameter == nil
                    ? [.number, .openBrace, .openParenthesis] : [.openBrace, .openParenthesis])
        }
        var made = try logRange(function)
        try take(.closeParenthesis)
        made.grouping = try grouping()
        made.parameter = try LogQLValidation.parameter(parameter, ofRange: function)
        try LogQLValidation.check(made)
        return made
    }

    /// The lines of a range: the range may stand before, behind or within the pipeline, and parentheses around parts.
    private mutating func logRange(_ function: LogQLTokenKind) throws(LogQLError) -> LogRangeFunction {
        try nested { parser throws(LogQLError) in
            if parser.token.kind == .openParenthesis {
                try parser.advance()
                guard parser.token.kind == .openBrace || parser.token.kind == .openParenthesis else {
                    throw parser.unexpected([.openBrace, .openParenthesis])
                }
                if parser.token.kind == .openBrace {
                    var made = try parser.rangeParts(function)
                    try parser.take(.closeParenthesis, expecting: [])
                    if made.range == 0 { try parser.finishRange(&made) }
                    return made
                }
                let made = try parser.logRange(function)
                try parser.take(.closeParenthesis)
                return made
            }
            var made = try parser.rangeParts(function)
            if made.range == 0 { throw parser.unexpected() }
            try parser.offset(&made)
            return made
        }
    }

    /// Selector, pipeline, unwrap and range, as far as they stand here.
    private mutating func rangeParts(_ function: LogQLTokenKind) throws(LogQLError) -> LogRangeFunction {
        let (selection, unwrap) = try selection(inRange: true)
        var made = LogRangeFunction(function: function, selection: selection, range: 0, unwrap: unwrap)
        if token.kind == .range {
            made.range = token.amount
            try advance()
            try offset(&made)
            // What is written behind the range belongs to the lines as well.
            if made.unwrap == nil, made.selection.stages.isEmpty {
                let (stages, behind) = try pipeline(inRange: true)
                made.selection.stages = stages
                made.unwrap = behind
            }
        }
        return made
    }

    private mutating func finishRange(_ made: inout LogRangeFunction) throws(LogQLError) {
        guard token.kind == .range else { throw unexpected([.range]) }
        made.range = token.amount
        try advance()
        try offset(&made)
        if made.unwrap == nil, made.selection.stages.isEmpty {
            (_, made.unwrap) = try pipeline(inRange: true, stages: false)
        }
    }

    private mutating func offset(_ made: inout LogRangeFunction) throws(LogQLError) {
        guard token.kind == .offset else { return }
        try advance()
        made.offset = try take(.duration).amount
    }
}
