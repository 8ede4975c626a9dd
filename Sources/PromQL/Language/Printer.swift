extension Expression: CustomStringConvertible {
    /// The canonical text of an expression, as Prometheus prints it in rules and answers.
    public var description: String {
        switch self {
        case .number(let literal): literal.description
        case .string(let literal): literal.quoted
        case .vector(let selector): selector.description
        case .matrix(let matrix): matrix.description
        case .subquery(let subquery): subquery.description
        case .paren(let inner, _): "(\(inner))"
        case .unary(let unary): (unary.negative ? "-" : "+") + unary.operand.description
        case .binary(let binary): binary.description
        case .aggregation(let aggregation): aggregation.description
        case .call(let call): call.function.name + "(" + call.arguments.map(\.description).joined(separator: ", ") + ")"
        case .stepInvariant(let inner): inner.description
        }
    }
}

private func list(_ labels: [String]) -> String {
    labels.map { Labels.isLegacyLabelName($0) ? $0 : GoQuote.quote($0) }.joined(separator: ", ")
}

private func time(_ at: AtModifier?) -> String {
    switch at {
    case nil: ""
    case .start: " @ start()"
    case .end: " @ end()"
    case .time(let milliseconds):
        " @ " + (milliseconds < 0 ? "-" : "") + String(milliseconds.magnitude / 1000) + "."
            + String(1000 + milliseconds.magnitude % 1000).dropFirst()
    }
}

private func shift(_ offset: Int64, _ computed: DurationExpression?) -> String {
    if let computed { return " offset \(computed)" }
    return offset == 0 ? "" : " offset " + PrometheusDuration.format(offset)
}

extension NumberLiteral: CustomStringConvertible {
    public var description: String {
        isDuration ? PrometheusDuration.format((value * 1000).rounded().saturated) : GoFloat.fixed(value)
    }
}

extension VectorSelector: CustomStringConvertible {
    /// Name and matchers, without modifiers.
    fileprivate var bare: String {
        let shown = matchers.filter {
            !($0.name == Labels.metricName && $0.kind == .equal && $0.value == name && !name.isEmpty)
        }
        let texts = shown.map(\.description).sorted(by: ByteOrder.less)
        return name + (texts.isEmpty ? name.isEmpty ? "{}" : "" : "{" + texts.joined(separator: ",") + "}")
    }

    fileprivate var extension_: String { anchored ? " anchored" : smoothed ? " smoothed" : "" }

    public var description: String { bare + time(at) + extension_ + shift(offset, offsetExpression) }
}

extension MatrixSelector: CustomStringConvertible {
    public var description: String {
        let length = durationExpression?.description ?? PrometheusDuration.format(duration)
        return selector.bare + "[\(length)]" + selector.extension_ + time(selector.at)
            + shift(selector.offset, selector.offsetExpression)
    }
}

extension Subquery: CustomStringConvertible {
    public var description: String {
        let length = durationExpression?.description ?? PrometheusDuration.format(duration)
        let every = stepExpression?.description ?? (step == 0 ? "" : PrometheusDuration.format(step))
        return "\(expression)[\(length):\(every)]" + time(at) + shift(offset, offsetExpression)
    }
}

extension BinaryExpression: CustomStringConvertible {
    public var description: String {
        var out = "\(left) \(op.rawValue)" + (returnsBool ? " bool" : "")
        if let matching {
            let grouped = matching.cardinality == .manyToOne || matching.cardinality == .oneToMany
            if !matching.labels.isEmpty || matching.on || grouped {
                out += (matching.on ? " on (" : " ignoring (") + list(matching.labels) + ")"
            }
            if grouped {
                out += matching.cardinality == .manyToOne ? " group_left (" : " group_right ("
                out += list(matching.include) + ")"
            }
            if let left = matching.fillLeft, let right = matching.fillRight, left == right {
                out += " fill (\(GoFloat.general(left)))"
            } else {
                if let left = matching.fillLeft { out += " fill_left (\(GoFloat.general(left)))" }
                if let right = matching.fillRight { out += " fill_right (\(GoFloat.general(right)))" }
            }
        }
        return out + " \(right)"
    }
}

extension Aggregation: CustomStringConvertible {
    public var description: String {
        var out = op.rawValue
        if without {
            out += " without (\(list(grouping))) "
        } else if !grouping.isEmpty {
            out += " by (\(list(grouping))) "
        }
        return out + "(" + (parameter.map { "\($0), " } ?? "") + "\(expression))"
    }
}

extension DurationExpression: CustomStringConvertible {
    public var description: String {
        switch self {
        case .number(let literal): literal.description
        case .step: "step()"
        case .range: "range()"
        case .minimum(let a, let b): "min_of(\(a), \(b))"
        case .maximum(let a, let b): "max_of(\(a), \(b))"
        case .negative(let inner): "-\(inner)"
        case .paren(let inner): "(\(inner))"
        case .binary(let a, let op, let b): "\(a) \(op.rawValue) \(b)"
        }
    }
}
