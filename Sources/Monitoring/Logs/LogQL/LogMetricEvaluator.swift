import PromQL

/// Series at all steps of a query at once; nil where a series has nothing.
enum LogGrid {
    struct Series {
        var labels: Labels
        var values: [Double?]
    }
    case scalar([Double])
    case vector([Series])
}

/// Evaluates metric queries, a node at all steps at once.
struct LogMetricEvaluator {
    let limits: LogQLLimits
    /// Nanoseconds since 1970, ascending.
    let steps: [Int64]

    func evaluate(_ metric: LogMetric, _ reading: inout LogReading) throws(LogQLError) -> LogGrid {
        switch metric {
        case .number(let number): return .scalar([Double](repeating: number, count: steps.count))
        case .vector(let number):
            return .vector([LogGrid.Series(labels: .empty, values: [Double?](repeating: number, count: steps.count))])
        case .range(let function): return .vector(try series(function, &reading, bare: false))
        case .aggregation(let aggregation):
            return .vector(try LogAggregationEvaluation(self, aggregation).evaluate(&reading))
        case .binary(let operation):
            let left = try evaluate(operation.left, &reading)
            let right = try evaluate(operation.right, &reading)
            return try LogBinaryEvaluation(operation: operation, steps: steps.count).evaluate(left, right)
        case .labelReplace(let operand, let destination, let replacement, let source, let regex):
            guard case .vector(var series) = try evaluate(operand, &reading) else {
                return try evaluate(operand, &reading)
            }
            for index in series.indices {
                let labels = series[index].labels
                guard let value = regex.replace(labels[source], with: replacement) else { continue }
                series[index].labels = labels.setting(destination, to: value)
            }
            return .vector(series)
        }
    }

    func checkSize(_ series: Int) throws(LogQLError) {
        if series * steps.count > limits.numbers {
            throw .limit(
                "the query would hold \(series) series of \(steps.count) points, more than this lab's limit of "
                    + "\(limits.numbers) numbers; consider a longer step or a more specific stream selector")
        }
    }

    /// A range function at all steps.
    func series(
        _ function: LogRangeFunction, _ reading: inout LogReading, bare: Bool
    ) throws(LogQLError) -> [LogGrid.Series] {
        let shift = function.offset &+ function.range
        let (after, underflow) = steps[0].subtractingReportingOverflow(shift)
        let (through, overflow) = steps[steps.count - 1].subtractingReportingOverflow(function.offset)
        if underflow || overflow || through == .max {
            throw .parameter("the query's range of time cannot be represented")
        }
        var samples = try reading.samples(function, after: after, through: through, bare: bare)
        if function.function == .absentOverTime { return [absent(function, samples)] }
        if let grouping = function.grouping { samples = Self.grouped(samples, grouping) }
        try checkSize(samples.count)
        var series: [LogGrid.Series] = []
        series.reserveCapacity(samples.count)
        for one in samples {
            series.append(LogGrid.Series(labels: one.labels, values: windows(function, one)))
        }
        return series
    }

    /// The function over the window of each step: lines in (step − range, step].
    private func windows(_ function: LogRangeFunction, _ samples: LogReading.Samples) -> [Double?] {
        var values: [Double?] = []
        values.reserveCapacity(steps.count)
        var (begin, end) = (0, 0)
        let seconds = Double(function.range) / 1e9
        // Counts and bytes are whole numbers, so that a running sum is exact.
        let isWhole = function.unwrap == nil
        var running = 0.0
        for step in steps {
            let through = step - function.offset
            while end < samples.times.count, samples.times[end] <= through {
                if isWhole { running += samples.values[end] }
                end += 1
            }
            while begin < end, samples.times[begin] <= through - function.range {
                if isWhole { running -= samples.values[begin] }
                begin += 1
            }
            guard begin < end else {
                values.append(nil)
                continue
            }
            if isWhole {
                switch function.function {
                case .rate, .bytesRate: values.append(running / seconds)
                default: values.append(running)
                }
            } else {
                values.append(
                    LogStatistics.value(
                        function.function, samples.values[begin..<end], seconds: seconds,
                        parameter: function.parameter ?? 0))
            }
        }
        return values
    }

    private static func grouped(_ samples: [LogReading.Samples], _ grouping: LogGrouping) -> [LogReading.Samples] {
        var groups: [LogReading.Samples] = []
        var indices: [Labels: Int] = [:]
        for one in samples {
            let labels = grouping.labels(of: one.labels)
            if let index = indices[labels] {
                groups[index].times += one.times
                groups[index].values += one.values
            } else {
                indices[labels] = groups.count
                groups.append(LogReading.Samples(labels: labels, times: one.times, values: one.values))
            }
        }
        for index in groups.indices {
            let group = groups[index]
            let order = group.times.indices.sorted { (group.times[$0], $0) < (group.times[$1], $1) }
            groups[index].times = order.map { group.times[$0] }
            groups[index].values = order.map { group.values[$0] }
        }
        return groups
    }

    /// 1 where no line is, with the labels that the selector asks to be equal to something.
    private func absent(_ function: LogRangeFunction, _ samples: [LogReading.Samples]) -> LogGrid.Series {
        var labels: [Label] = []
        for matcher in function.selection.matchers where matcher.kind == .equal {
            let same = function.selection.matchers.filter { ByteOrder.same($0.name, matcher.name) }
            if same.count == 1 { labels.append(Label(matcher.name, matcher.value)) }
        }
        let times = samples.flatMap(\.times).sorted()
        var place = 0
        let values: [Double?] = steps.map { step in
            let through = step - function.offset
            while place < times.count, times[place] <= through - function.range { place += 1 }
            return place < times.count && times[place] <= through ? nil : 1
        }
        return LogGrid.Series(labels: Labels(labels), values: values)
    }
}

extension LogGrouping {
    func labels(of labels: Labels) -> Labels {
        without ? labels.removing(self.labels) : labels.keeping(self.labels)
    }
}

/// What range functions make of the numbers in a window.
enum LogStatistics {
    static func value(
        _ function: LogQLTokenKind, _ values: ArraySlice<Double>, seconds: Double, parameter: Double
    ) -> Double {
        switch function {
        case .rate: values.reduce(0, +) / seconds
        case .sumOverTime: values.reduce(0, +)
        case .avgOverTime: mean(values)
        case .minOverTime: values.reduce(.infinity) { $1 < $0 ? $1 : $0 }
        case .maxOverTime: values.reduce(-.infinity) { $1 > $0 ? $1 : $0 }
        case .stdvarOverTime: variance(values)
        case .stddevOverTime: variance(values).squareRoot()
        case .quantileOverTime: quantile(parameter, values)
        case .firstOverTime: values.first ?? .nan
        case .lastOverTime: values.last ?? .nan
        default: Double(values.count)
        }
    }

    /// A running mean, which does not overflow.
    static func mean(_ values: some Collection<Double>) -> Double {
        var mean = 0.0
        var count = 0.0
        for value in values {
            count += 1
            if mean.isInfinite, value.isInfinite, mean.sign == value.sign { continue }
            mean += value / count - mean / count
        }
        return mean
    }

    /// Of a population, by Welford's method.
    static func variance(_ values: some Collection<Double>) -> Double {
        var (count, mean, squares) = (0.0, 0.0, 0.0)
        for value in values {
            count += 1
            let delta = value - mean
            mean += delta / count
            squares += delta * (value - mean)
        }
        return squares / count
    }

    /// Between two of the sorted values, weighted, as Prometheus has it.
    static func quantile(_ rank: Double, _ values: some Collection<Double>) -> Double {
        if values.isEmpty || rank.isNaN { return .nan }
        if rank < 0 { return -.infinity }
        if rank > 1 { return .infinity }
        let sorted = values.sorted { $0.isNaN ? !$1.isNaN : $0 < $1 }
        let place = rank * Double(sorted.count - 1)
        let lower = Int(place.rounded(.down))
        let upper = min(sorted.count - 1, lower + 1)
        let weight = place - place.rounded(.down)
        return sorted[lower] * (1 - weight) + sorted[upper] * weight
    }
}
