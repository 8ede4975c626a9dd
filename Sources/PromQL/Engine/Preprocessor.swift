/// Prepares an expression for a range of time: computes its durations, resolves `@ start()` and `@ end()`, and marks what
/// has the same value at every step, so that it is evaluated once.
struct Preprocessor {
    /// Milliseconds.
    let start: Int64
    let end: Int64
    let step: Int64

    func prepare(_ expression: Expression) throws(QueryError) -> Expression {
        var prepared = expression
        prepared.markStatisticsSelectors()
        let (_, wrap) = try prepare(&prepared)
        return wrap ? .stepInvariant(prepared) : prepared
    }

    private func resolve(_ at: AtModifier?) -> AtModifier? {
        switch at {
        case .start: .time(start)
        case .end: .time(end)
        case .time, nil: at
        }
    }

    /// Whether the expression has the same value at every step, and whether it is worth marking.
    private func prepare(_ expression: inout Expression) throws(QueryError) -> (invariant: Bool, wrap: Bool) {
        switch expression {
        case .number, .string: return (true, false)
        case .stepInvariant: return (true, false)
        case .vector(var selector):
            try prepare(&selector)
            expression = .vector(selector)
            return (selector.at != nil, selector.at != nil)
        case .matrix(var matrix):
            try prepare(&matrix.selector)
            if let computed = matrix.durationExpression { matrix.duration = try milliseconds(computed, positive: true) }
            expression = .matrix(matrix)
            return (matrix.selector.at != nil, false)
        case .subquery(var subquery):
            if let computed = subquery.offsetExpression {
                subquery.offset = try milliseconds(computed, positive: false)
            }
            if let computed = subquery.stepExpression { subquery.step = try milliseconds(computed, positive: true) }
            if let computed = subquery.durationExpression {
                subquery.duration = try milliseconds(computed, positive: true)
            }
            let (invariant, _) = try prepare(&subquery.expression)
            if invariant { subquery.expression = .stepInvariant(subquery.expression) }
            subquery.at = resolve(subquery.at)
            expression = .subquery(subquery)
            return (subquery.at != nil, subquery.at != nil)
        case .paren(var inner, let range):
            let verdict = try prepare(&inner)
            expression = .paren(inner, range)
            return verdict
        case .unary(var unary):
            let verdict = try prepare(&unary.operand)
            expression = .unary(unary)
            return verdict
        case .aggregation(var aggregation):
            aggregation.expression = aggregation.expression.unwrapped
            aggregation.parameter = aggregation.parameter?.unwrapped
            let (invariant, wrap) = try prepare(&aggregation.expression)
            if var parameter = aggregation.parameter {
                let (parameterInvariant, _) = try prepare(&parameter)
                aggregation.parameter = parameter
                if !parameterInvariant {
                    if wrap { aggregation.expression = .stepInvariant(aggregation.expression) }
                    expression = .aggregation(aggregation)
                    return (false, false)
                }
            }
            expression = .aggregation(aggregation)
            return (invariant, wrap)
        case .binary(var binary):
            let left = try prepare(&binary.left)
            let right = try prepare(&binary.right)
            if left.invariant && right.invariant {
                expression = .binary(binary)
                return (true, true)
            }
            if left.wrap { binary.left = .stepInvariant(binary.left) }
            if right.wrap { binary.right = .stepInvariant(binary.right) }
            expression = .binary(binary)
            return (false, false)
        case .call(var call):
            var invariant = !call.function.dependsOnEvaluationTime
            var wraps: [Bool] = []
            for place in call.arguments.indices {
                call.arguments[place] = call.arguments[place].unwrapped
                let verdict = try prepare(&call.arguments[place])
                invariant = invariant && verdict.invariant
                wraps.append(verdict.wrap)
            }
            if !invariant {
                for (place, wrap) in wraps.enumerated() where wrap {
                    call.arguments[place] = .stepInvariant(call.arguments[place])
                }
            }
            expression = .call(call)
            return (invariant, invariant)
        }
    }

    private func prepare(_ selector: inout VectorSelector) throws(QueryError) {
        if let computed = selector.offsetExpression { selector.offset = try milliseconds(computed, positive: false) }
        selector.at = resolve(selector.at)
    }

    private func milliseconds(_ expression: DurationExpression, positive: Bool) throws(QueryError) -> Int64 {
        let seconds = try seconds(expression)
        if positive, seconds <= 0 { throw .execution("duration must be greater than 0") }
        if !(seconds.magnitude <= 9_223_372_036.854_775) { throw .execution("duration is out of range") }
        return (seconds * 1000).saturated
    }

    private func seconds(_ expression: DurationExpression) throws(QueryError) -> Double {
        switch expression {
        case .number(let literal): return literal.value
        case .step: return Double(step) / 1000
        case .range: return Double(end - start) / 1000
        case .minimum(let a, let b): return min(try seconds(a), try seconds(b))
        case .maximum(let a, let b): return max(try seconds(a), try seconds(b))
        case .negative(let inner): return -(try seconds(inner))
        case .paren(let inner): return try seconds(inner)
        case .binary(let a, let op, let b):
            let left = try seconds(a)
            let right = try seconds(b)
            switch op {
            case .add: return left + right
            case .subtract: return left - right
            case .multiply: return left * right
            case .divide:
                if right == 0 { throw .execution("division by zero") }
                return left / right
            case .modulo:
                if right == 0 { throw .execution("modulo by zero") }
                return GoMath.mod(left, right)
            default: return GoMath.pow(left, right)
            }
        }
    }
}
