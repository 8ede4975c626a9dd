extension Expression {
    /// The selectors of an expression, those of ranges and subqueries among them, from left to right.
    public var selectors: [VectorSelector] {
        switch self {
        case .number, .string: []
        case .vector(let selector): [selector]
        case .matrix(let matrix): [matrix.selector]
        case .subquery(let subquery): subquery.expression.selectors
        case .paren(let inner, _), .stepInvariant(let inner): inner.selectors
        case .unary(let unary): unary.operand.selectors
        case .binary(let binary): binary.left.selectors + binary.right.selectors
        case .aggregation(let aggregation):
            (aggregation.parameter?.selectors ?? []) + aggregation.expression.selectors
        case .call(let call): call.arguments.flatMap(\.selectors)
        }
    }
}
