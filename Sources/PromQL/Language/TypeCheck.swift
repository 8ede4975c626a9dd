/// Checks the types of a parsed expression, in the order and with the texts of Prometheus' `checkAST`.
struct TypeCheck {
    let query: String

    private func fail(_ range: SourceRange, _ message: String) -> ParseError {
        ParseError(range: range, message: message)
    }

    private func expect(_ expression: inout Expression, _ type: ValueType, _ context: String) throws(ParseError) {
        try check(&expression)
        if expression.type != type {
            throw fail(
                expression.range, "expected type \(type.rawValue) in \(context), got \(expression.type.rawValue)")
        }
    }

    func check(_ expression: inout Expression) throws(ParseError) {
        switch expression {
        case .number, .string: break
        case .vector(let selector): try check(selector)
        case .matrix(let matrix): try check(matrix.selector)
        case .stepInvariant(var inner):
            try check(&inner)
            expression = .stepInvariant(inner)
        case .paren(var inner, let range):
            try check(&inner)
            expression = .paren(inner, range)
        case .unary(var unary):
            try check(&unary.operand)
            let type = unary.operand.type
            if type != .scalar && type != .vector {
                throw fail(
                    expression.range,
                    "unary expression only allowed on expressions of type scalar or instant vector, got \(GoQuote.quote(type.rawValue))"
                )
            }
            expression = .unary(unary)
        case .subquery(var subquery):
            try check(&subquery.expression)
            if subquery.expression.type != .vector {
                let type = subquery.expression.type
                throw fail(
                    expression.range,
                    "subquery is only allowed on instant vector, got \(type == .matrix ? "matrix" : type.rawValue) instead"
                )
            }
            expression = .subquery(subquery)
        case .aggregation(var aggregation):
            try expect(&aggregation.expression, .vector, "aggregation expression")
            if var parameter = aggregation.parameter {
                try expect(&parameter, aggregation.op == .countValues ? .string : .scalar, "aggregation parameter")
                aggregation.parameter = parameter
            }
            expression = .aggregation(aggregation)
        case .binary(var binary):
            try check(&binary)
            expression = .binary(binary)
        case .call(var call):
            try check(&call)
            expression = .call(call)
        }
    }

    private func check(_ selector: VectorSelector) throws(ParseError) {
        if !selector.name.isEmpty {
            if let other = selector.matchers.dropLast().first(where: { $0.name == Labels.metricName }) {
                throw fail(
                    selector.range,
                    "metric name must not be set twice: \(GoQuote.quote(selector.name)) or \(GoQuote.quote(other.value))"
                )
            }
            return
        }
        if !selector.mayMatchEverything, selector.matchers.allSatisfy({ $0.matches("") }) {
            throw fail(selector.range, "vector selector must contain at least one non-empty matcher")
        }
    }

    /// The operator's place, from what is between the operands.
    private func operatorRange(_ binary: BinaryExpression) -> SourceRange {
        let bytes = Array(query.utf8)
        var start = binary.left.range.end
        while start < bytes.count, Lexer.isSpace(bytes[start]) { start += 1 }
        return SourceRange(start, max(start, binary.right.range.start - 1))
    }

    private func check(_ binary: inout BinaryExpression) throws(ParseError) {
        try check(&binary.left)
        try check(&binary.right)
        let left = binary.left.type
        let right = binary.right.type
        let whole = SourceRange(binary.left.range.start, binary.right.range.end)
        if binary.returnsBool, !binary.op.isComparison {
            throw fail(operatorRange(binary), "bool modifier can only be used on comparison operators")
        }
        if binary.op.isComparison, !binary.returnsBool, left == .scalar, right == .scalar {
            throw fail(operatorRange(binary), "comparisons between scalars must use BOOL modifier")
        }
        guard var matching = binary.matching else { return }
        if binary.op.isSet, matching.cardinality == .oneToOne { matching.cardinality = .manyToMany }
        if matching.on {
            for label in matching.labels where matching.include.contains(where: { ByteOrder.same($0, label) }) {
                throw fail(
                    operatorRange(binary), "label \(GoQuote.quote(label)) must not occur in ON and GROUP clause at once"
                )
            }
        }
        for side in [binary.left, binary.right] where side.type != .scalar && side.type != .vector {
            throw fail(side.range, "binary expression must contain only scalar and instant vector types")
        }
        let fills = matching.fillLeft != nil || matching.fillRight != nil
        if left != .vector || right != .vector {
            if !matching.labels.isEmpty { throw fail(whole, "vector matching only allowed between instant vectors") }
            if fills { throw fail(whole, "filling in missing series only allowed between instant vectors") }
            if binary.op.isSet {
                throw fail(
                    whole, "set operator \(GoQuote.quote(binary.op.rawValue)) not allowed in binary scalar expression")
            }
            binary.matching = nil
            return
        }
        if binary.op.isSet {
            if matching.cardinality != .manyToMany {
                throw fail(whole, "no grouping allowed for \(GoQuote.quote(binary.op.rawValue)) operation")
            }
            if fills { throw fail(whole, "filling in missing series not allowed for set operators") }
        }
        binary.matching = matching
    }

    private func check(_ call: inout Call) throws(ParseError) {
        let function = call.function
        let name = GoQuote.quote(function.name)
        let given = call.arguments.count
        let declared = function.arguments.count
        if function.variadic == 0 {
            if given != declared {
                throw fail(call.range, "expected \(declared) argument(s) in call to \(name), got \(given)")
            }
        } else {
            let required = declared - 1
            if given < required {
                throw fail(call.range, "expected at least \(required) argument(s) in call to \(name), got \(given)")
            }
            if function.variadic > 0, given > required + function.variadic {
                throw fail(
                    call.range,
                    "expected at most \(required + function.variadic) argument(s) in call to \(name), got \(given)")
            }
        }
        if function.name == "info", given > 1 {
            let second = call.arguments[1]
            if second.type != .vector {
                throw fail(
                    call.range, "expected type instant vector in call to function \(name), got \(second.type.rawValue)")
            }
            guard case .vector(var selector) = second else { throw fail(second.range, "expected label selectors only") }
            if !selector.name.isEmpty {
                throw fail(second.range, "expected label selectors only, got vector selector instead")
            }
            selector.mayMatchEverything = true
            call.arguments[1] = .vector(selector)
        }
        for place in call.arguments.indices {
            let wanted = function.arguments[min(place, declared - 1)]
            try check(&call.arguments[place])
            let got = call.arguments[place].type
            if got != wanted {
                throw fail(
                    call.arguments[place].range,
                    "expected type \(wanted.rawValue) in call to function \(name), got \(got.rawValue)")
            }
        }
    }
}
