import PromQL

/// Operations between two operands at all steps.
struct LogBinaryEvaluation {
    let operation: LogBinaryOperation
    let steps: Int

    private var kind: LogQLTokenKind { operation.operation }
    private var isFilter: Bool { LogArithmetic.isComparison(kind) && !operation.returnsBool }

    func evaluate(_ left: LogGrid, _ right: LogGrid) throws(LogQLError) -> LogGrid {
        switch (left, right) {
        case (.scalar(let a), .scalar(let b)):
            return .scalar(zip(a, b).map { LogArithmetic.value(kind, $0, $1) })
        case (.vector(let series), .scalar(let numbers)):
            return .vector(mapped(series) { value, step in combined(value, numbers[step], kept: value) })
        case (.scalar(let numbers), .vector(let series)):
            return .vector(mapped(series) { value, step in combined(numbers[step], value, kept: value) })
        case (.vector(let a), .vector(let b)):
            switch kind {
            case .or, .and, .unless: return .vector(set(a, b))
            default: return .vector(try matched(a, b))
            }
        }
    }

    private func combined(_ left: Double, _ right: Double, kept: Double) -> Double? {
        if isFilter { return LogArithmetic.holds(kind, left, right) ? kept : nil }
        return LogArithmetic.value(kind, left, right)
    }

    private func mapped(_ series: [LogGrid.Series], _ value: (Double, Int) -> Double?) -> [LogGrid.Series] {
        series.map { one in
            LogGrid.Series(
                labels: one.labels,
                values: one.values.enumerated().map { step, here in here.flatMap { value($0, step) } })
        }
    }

    private func signature(_ labels: Labels) -> Labels {
        if let on = operation.on { return labels.keeping(on) }
        return operation.ignoring.isEmpty ? labels : labels.removing(operation.ignoring)
    }

    private func set(_ left: [LogGrid.Series], _ right: [LogGrid.Series]) -> [LogGrid.Series] {
        func present(_ series: [LogGrid.Series]) -> [Labels: [Bool]] {
            var places: [Labels: [Bool]] = [:]
            for one in series {
                var here = places[signature(one.labels)] ?? [Bool](repeating: false, count: steps)
                for (step, value) in one.values.enumerated() where value != nil { here[step] = true }
                places[signature(one.labels)] = here
            }
            return places
        }
        func kept(_ series: [LogGrid.Series], _ other: [Labels: [Bool]], ifPresent: Bool) -> [LogGrid.Series] {
            series.map { one in
                let there = other[signature(one.labels)]
                return LogGrid.Series(
                    labels: one.labels,
                    values: one.values.enumerated().map { step, value in
                        (there?[step] ?? false) == ifPresent ? value : nil
                    })
            }.filter { $0.values.contains { $0 != nil } }
        }
        switch kind {
        case .and: return kept(left, present(right), ifPresent: true)
        case .unless: return kept(left, present(right), ifPresent: false)
        default: return merged(left + kept(right, present(left), ifPresent: false))
        }
    }

    /// A series that comes from the left at some steps and from the right at others is one.
    private func merged(_ series: [LogGrid.Series]) -> [LogGrid.Series] {
        var out: [LogGrid.Series] = []
        var indices: [Labels: Int] = [:]
        for one in series {
            guard let index = indices[one.labels] else {
                indices[one.labels] = out.count
                out.append(one)
                continue
            }
            for (step, value) in one.values.enumerated() where out[index].values[step] == nil {
                out[index].values[step] = value
            }
        }
        return out
    }

    /// Arithmetic and comparisons: the series of the one side are unique among those that meet.
    private func matched(_ left: [LogGrid.Series], _ right: [LogGrid.Series]) throws(LogQLError) -> [LogGrid.Series] {
        let swapped = operation.cardinality == .oneToMany
        let (many, one) = swapped ? (right, left) : (left, right)
        var partners: [Labels: [LogGrid.Series]] = [:]
        for series in one { partners[signature(series.labels), default: []].append(series) }
        var out: [LogGrid.Series] = []
        var indices: [Labels: Int] = [:]
        var used: [Labels: [Bool]] = [:]
        for series in many {
            let key = signature(series.labels)
            guard let others = partners[key] else { continue }
            for other in others {
                var values = [Double?](repeating: nil, count: steps)
                for step in 0..<steps {
                    guard let a = series.values[step], let b = other.values[step] else { continue }
                    if others.contains(where: { $0.labels != other.labels && $0.values[step] != nil }) {
                        throw duplicate(key, others, side: swapped ? "left" : "right")
                    }
                    if operation.cardinality == .oneToOne {
                        var taken = used[key] ?? [Bool](repeating: false, count: steps)
                        if taken[step] {
                            throw .pipeline(
                                "multiple matches for labels: many-to-one matching must be explicit "
                                    + "(group_left/group_right)")
                        }
                        taken[step] = true
                        used[key] = taken
                    }
                    values[step] = swapped ? combined(b, a, kept: b) : combined(a, b, kept: a)
                }
                guard values.contains(where: { $0 != nil }) else { continue }
                let labels = resultLabels(series.labels, other.labels)
                if let index = indices[labels] {
                    for (step, value) in values.enumerated() where value != nil {
                        if out[index].values[step] != nil {
                            throw .pipeline(
                                "multiple matches for labels: grouping labels must ensure unique matches")
                        }
                        out[index].values[step] = value
                    }
                } else {
                    indices[labels] = out.count
                    out.append(LogGrid.Series(labels: labels, values: values))
                }
            }
        }
        return out
    }

    private func resultLabels(_ many: Labels, _ one: Labels) -> Labels {
        if operation.cardinality == .oneToOne { return signature(many) }
        return operation.included.reduce(many) { $0.setting($1, to: one[$1]) }
    }

    private func duplicate(_ key: Labels, _ series: [LogGrid.Series], side: String) -> LogQLError {
        .pipeline(
            "found duplicate series for the match group \(key) on the \(side) side of the operation: "
                + "[\(series[0].labels), \(series[1].labels)];many-to-many matching not allowed: matching labels must "
                + "be unique on one side")
    }
}
