import PromQL

/// `sum by (…)` and its kin at all steps.
struct LogAggregationEvaluation {
    private let evaluator: LogMetricEvaluator
    private let aggregation: LogAggregation

    init(_ evaluator: LogMetricEvaluator, _ aggregation: LogAggregation) {
        self.evaluator = evaluator
        self.aggregation = aggregation
    }

    func evaluate(_ reading: inout LogReading) throws(LogQLError) -> [LogGrid.Series] {
        let series = try operand(&reading)
        switch aggregation.operation {
        case .sort, .sortDesc: return series
        case .topk, .bottomk: return selected(series)
        default: return aggregated(series)
        }
    }

    private func operand(_ reading: inout LogReading) throws(LogQLError) -> [LogGrid.Series] {
        if case .range(let function) = aggregation.operand {
            return try evaluator.series(function, &reading, bare: isBare)
        }
        switch try evaluator.evaluate(aggregation.operand, &reading) {
        case .vector(let series): return series
        case .scalar: throw LogQLParser.placeless("unexpected literal as operand of an aggregation")
        }
    }

    /// Loki hands `sum(…)` without labels down to where lines are read: parsers have nothing to look for then.
    private var isBare: Bool {
        guard aggregation.operation == .sum, case .range(let function) = aggregation.operand else { return false }
        if let grouping = aggregation.grouping, grouping.without || !grouping.labels.isEmpty { return false }
        switch function.function {
        case .countOverTime, .rate, .bytesOverTime, .bytesRate, .sumOverTime: return true
        default: return false
        }
    }

    private func labels(of labels: Labels) -> Labels { aggregation.grouping?.labels(of: labels) ?? .empty }

    /// The places of the series of each group, groups in the order in which they are met.
    private func groups(_ series: [LogGrid.Series]) -> [(labels: Labels, members: [Int])] {
        var groups: [(labels: Labels, members: [Int])] = []
        var indices: [Labels: Int] = [:]
        for (place, one) in series.enumerated() {
            let key = labels(of: one.labels)
            if let index = indices[key] {
                groups[index].members.append(place)
            } else {
                indices[key] = groups.count
                groups.append((key, [place]))
            }
        }
        return groups
    }

    private func aggregated(_ series: [LogGrid.Series]) -> [LogGrid.Series] {
        groups(series).map { group in
            LogGrid.Series(
                labels: group.labels,
                values: evaluator.steps.indices.map { step in
                    let values = group.members.compactMap { series[$0].values[step] }
                    return values.isEmpty ? nil : value(values)
                })
        }
    }

    private func value(_ values: [Double]) -> Double {
        switch aggregation.operation {
        case .sum: values.reduce(0, +)
        case .avg: LogStatistics.mean(values)
        case .min: values.dropFirst().reduce(values[0]) { $0.isNaN || $1 < $0 ? $1 : $0 }
        case .max: values.dropFirst().reduce(values[0]) { $0.isNaN || $1 > $0 ? $1 : $0 }
        case .stdvar: LogStatistics.variance(values)
        case .stddev: LogStatistics.variance(values).squareRoot()
        default: Double(values.count)
        }
    }

    /// The `k` largest or smallest of each group at each step, with the labels they have.
    private func selected(_ series: [LogGrid.Series]) -> [LogGrid.Series] {
        var kept = series.map {
            LogGrid.Series(labels: $0.labels, values: [Double?](repeating: nil, count: $0.values.count))
        }
        let largest = aggregation.operation == .topk
        for group in groups(series) {
            for step in evaluator.steps.indices {
                let members = group.members.compactMap { place in
                    series[place].values[step].map { (place: place, value: $0) }
                }
                let sorted = members.sorted { a, b in
                    if a.value.isNaN || b.value.isNaN {
                        return a.value.isNaN == b.value.isNaN ? a.place < b.place : b.value.isNaN
                    }
                    if a.value == b.value { return a.place < b.place }
                    return largest ? a.value > b.value : a.value < b.value
                }
                for member in sorted.prefix(aggregation.parameter ?? 0) {
                    kept[member.place].values[step] = member.value
                }
            }
        }
        return kept.filter { $0.values.contains { $0 != nil } }
    }
}
