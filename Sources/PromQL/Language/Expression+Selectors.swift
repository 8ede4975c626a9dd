extension Expression {
    /// Every selector in the expression, from left to right.
    public var selectors: [VectorSelector] {
        switch self {
        case .number, .string: []
        case .vector(let selector): [selector]
        case .matrix(let matrix): [matrix.selector]
        case .subquery(let subquery): subquery.expression.selectors
        case .paren(let inner, _), .stepInvariant(let inner): inner.selectors
        case .unary(let unary): unary.operand.selectors
        case .binary(let binary): binary.left.selectors + binary.right.selectors
        case .aggregation(let aggregation): (aggregation.parameter?.selectors ?? []) + aggregation.expression.selectors
        case .call(let call): call.arguments.flatMap(\.selectors)
        }
    }

    /// Whether its value may depend on samples after the time of evaluation: a selector or subquery with a negative
    /// offset, an offset that is computed, or a time that `@` fixes.
    public var mayLookAhead: Bool {
        switch self {
        case .number, .string: false
        case .vector(let selector): selector.mayLookAhead
        case .matrix(let matrix): matrix.selector.mayLookAhead
        case .subquery(let subquery):
            subquery.offset < 0 || subquery.offsetExpression != nil || subquery.at != nil
                || subquery.expression.mayLookAhead
        case .paren(let inner, _), .stepInvariant(let inner): inner.mayLookAhead
        case .unary(let unary): unary.operand.mayLookAhead
        case .binary(let binary): binary.left.mayLookAhead || binary.right.mayLookAhead
        case .aggregation(let aggregation):
            aggregation.expression.mayLookAhead || (aggregation.parameter?.mayLookAhead ?? false)
        case .call(let call): call.arguments.contains(where: \.mayLookAhead)
        }
    }
}

extension VectorSelector {
    var mayLookAhead: Bool { offset < 0 || offsetExpression != nil || at != nil || smoothed }

    /// The name of the metric that it selects; nil if it may select several.
    public var metricName: String? {
        if !name.isEmpty { return name }
        return matchers.first { $0.name == Labels.metricName && $0.kind == .equal }?.value
    }
}
