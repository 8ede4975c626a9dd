/// The functions over a range, by name, and what each makes of a window of floats.
enum RangeFunction {
    case rate, increase, delta
    case extendedRate, extendedIncrease, extendedDelta
    case irate, idelta, resets, changes, extendedResets, extendedChanges
    case average, count, minimum, maximum, sum, standardDeviation, standardVariance, last, first, present
    case quantile, medianAbsoluteDeviation, derivative, predictLinear, doubleExponentialSmoothing
    case timeOfFirst, timeOfLast, timeOfMaximum, timeOfMinimum
    case unknown

    init(_ name: String, isExtended: Bool) {
        switch name {
        case "rate": self = isExtended ? .extendedRate : .rate
        case "increase": self = isExtended ? .extendedIncrease : .increase
        case "delta": self = isExtended ? .extendedDelta : .delta
        case "irate": self = .irate
        case "idelta": self = .idelta
        case "resets": self = isExtended ? .extendedResets : .resets
        case "changes": self = isExtended ? .extendedChanges : .changes
        case "avg_over_time": self = .average
        case "count_over_time": self = .count
        case "min_over_time": self = .minimum
        case "max_over_time": self = .maximum
        case "sum_over_time": self = .sum
        case "stddev_over_time": self = .standardDeviation
        case "stdvar_over_time": self = .standardVariance
        case "last_over_time": self = .last
        case "first_over_time": self = .first
        case "present_over_time", "absent_over_time": self = .present
        case "quantile_over_time": self = .quantile
        case "mad_over_time": self = .medianAbsoluteDeviation
        case "deriv": self = .derivative
        case "predict_linear": self = .predictLinear
        case "double_exponential_smoothing": self = .doubleExponentialSmoothing
        case "ts_of_first_over_time": self = .timeOfFirst
        case "ts_of_last_over_time": self = .timeOfLast
        case "ts_of_max_over_time": self = .timeOfMaximum
        case "ts_of_min_over_time": self = .timeOfMinimum
        default: self = .unknown
        }
    }

    var countsResets: Bool {
        switch self {
        case .rate, .increase, .irate, .resets: true
        default: false
        }
    }

    /// Whether a step takes the same time however long the range.
    var isConstantTime: Bool {
        switch self {
        case .rate, .increase, .delta, .irate, .idelta, .resets, .count, .last, .first, .present, .timeOfFirst,
            .timeOfLast:
            true
        default: false
        }
    }

    /// The value for a window of floats; the stale marker for none. `offset` is where the window begins in its series.
    func apply(
        _ window: Window, _ step: Int, _ scalars: [[Double]], _ resets: CounterResets, _ offset: Int, _ call: Call,
        _ evaluator: Evaluator
    ) throws(QueryError) -> Double {
        let values = window.values
        let count = window.count
        switch self {
        case .rate: return ExtrapolatedRate.value(window, resets, offset, isCounter: true, isRate: true)
        case .increase: return ExtrapolatedRate.value(window, resets, offset, isCounter: true, isRate: false)
        case .delta: return ExtrapolatedRate.value(window, resets, offset, isCounter: false, isRate: false)
        case .extendedRate: return ExtendedRate.value(window, evaluator, call, isCounter: true, isRate: true)
        case .extendedIncrease: return ExtendedRate.value(window, evaluator, call, isCounter: true, isRate: false)
        case .extendedDelta: return ExtendedRate.value(window, evaluator, call, isCounter: false, isRate: false)
        case .irate:
            return RangeFunction.instant(window, reset: !resets.between(offset + count - 2, offset + count - 1).isEmpty)
        case .idelta: return RangeFunction.instant(window, reset: nil)
        case .resets: return Double(resets.between(offset, offset + count - 1).count)
        case .extendedResets, .changes, .extendedChanges: return counted(window)
        case .average:
            var mean = CompensatedMean(values[0])
            for index in 1..<max(1, count) { mean.add(values[index]) }
            return mean.value
        case .count: return Double(count)
        case .minimum: return values[RangeFunction.extreme(window) { $0 < $1 }]
        case .maximum: return values[RangeFunction.extreme(window) { $0 > $1 }]
        case .timeOfMinimum: return Double(window.times[RangeFunction.extreme(window) { $0 <= $1 }]) / 1000
        case .timeOfMaximum: return Double(window.times[RangeFunction.extreme(window) { $0 >= $1 }]) / 1000
        case .timeOfFirst: return Double(window.times[0]) / 1000
        case .timeOfLast: return Double(window.times[count - 1]) / 1000
        case .sum:
            var sum = CompensatedSum()
            for index in 0..<count { sum.add(values[index]) }
            return sum.sum.isInfinite ? sum.sum : sum.total
        case .standardVariance: return RangeFunction.variance(window)
        case .standardDeviation: return RangeFunction.variance(window).squareRoot()
        case .last: return values[count - 1]
        case .first: return values[0]
        case .present: return 1
        case .quantile:
            let q = scalars[0][step]
            if q.isNaN || q < 0 || q > 1 { evaluator.annotations.add(.invalidQuantile(q, call.arguments[0].range)) }
            return Quantile.of((0..<count).map { values[$0] }, q)
        case .medianAbsoluteDeviation:
            let all = (0..<count).map { values[$0] }
            let median = Quantile.of(all, 0.5)
            return Quantile.of(all.map { ($0 - median).magnitude }, 0.5)
        case .derivative: return count < 2 ? Grid.absent : LinearRegression(window, at: window.times[0]).slope
        case .predictLinear:
            if count < 2 { return Grid.absent }
            let line = LinearRegression(window, at: window.now)
            return line.slope * scalars[0][step] + line.intercept
        case .doubleExponentialSmoothing:
            return try RangeFunction.smooth(window, scalars[0][step], scalars[1][step])
        case .unknown: throw .execution("function \(GoQuote.quote(call.function.name)) takes no range vector")
        }
    }

    /// The index of the last sample that `better` prefers; a NaN gives way to anything.
    @inline(__always)
    private static func extreme(_ window: Window, _ better: (Double, Double) -> Bool) -> Int {
        var best = 0
        for index in 0..<window.count
        where better(window.values[index], window.values[best]) || window.values[best].isNaN {
            best = index
        }
        return best
    }

    /// The difference of the last two samples; of a counter by the second, and its last value alone after a reset.
    private static func instant(_ window: Window, reset: Bool?) -> Double {
        guard window.count >= 2 else { return Grid.absent }
        let last = window.values[window.count - 1]
        let before = window.values[window.count - 2]
        let interval = window.times[window.count - 1] - window.times[window.count - 2]
        guard interval != 0 else { return Grid.absent }
        guard let reset else { return last - before }
        return (reset ? last : last - before) / (Double(interval) / 1000)
    }

    private func counted(_ window: Window) -> Double {
        var first = 0
        switch self {
        case .extendedResets, .extendedChanges:
            guard window.count > 0, window.times[window.count - 1] > window.start else { return Grid.absent }
            while first + 1 < window.count, window.times[first + 1] <= window.start { first += 1 }
        default: break
        }
        var total = 0
        for index in (first + 1)..<max(first + 1, window.count) {
            let (before, now) = (window.values[index - 1], window.values[index])
            switch self {
            case .resets, .extendedResets: if now < before { total += 1 }
            default: if now != before, !(now.isNaN && before.isNaN) { total += 1 }
            }
        }
        return Double(total)
    }

    private static func variance(_ window: Window) -> Double {
        var count = 0.0
        var mean = CompensatedSum()
        var squares = CompensatedSum()
        for index in 0..<window.count {
            let value = window.values[index]
            count += 1
            let difference = value - mean.total
            mean.add(difference / count)
            squares.add(difference * (value - mean.total))
        }
        return squares.total / count
    }

    private static func smooth(_ window: Window, _ smoothing: Double, _ trendFactor: Double) throws(QueryError)
        -> Double
    {
        if smoothing <= 0 || smoothing >= 1 {
            throw .execution(
                "invalid smoothing factor. Expected: 0 < sf < 1, got: \(GoFloat.fixed(smoothing, decimals: 6))")
        }
        if trendFactor <= 0 || trendFactor >= 1 {
            throw .execution(
                "invalid trend factor. Expected: 0 < tf < 1, got: \(GoFloat.fixed(trendFactor, decimals: 6))")
        }
        guard window.count >= 2 else { return Grid.absent }
        var before = 0.0
        var smoothed = window.values[0]
        var trend = window.values[1] - window.values[0]
        for index in 1..<window.count {
            let scaled = smoothing * window.values[index]
            if index > 1 { trend = trendFactor * (smoothed - before) + (1 - trendFactor) * trend }
            let rest = (1 - smoothing) * (smoothed + trend)
            before = smoothed
            smoothed = scaled + rest
        }
        return smoothed
    }
}

/// The straight line of least squares through samples.
struct LinearRegression {
    let slope: Double
    let intercept: Double

    /// The intercept is the line's value at `time`, in milliseconds.
    init(_ window: Window, at time: Int64) {
        var n = 0.0
        var x = CompensatedSum()
        var y = CompensatedSum()
        var xy = CompensatedSum()
        var xx = CompensatedSum()
        let first = window.values[0]
        var constant = true
        for index in 0..<window.count {
            let value = window.values[index]
            if constant, index > 0, value != first { constant = false }
            n += 1
            let seconds = Double(window.times[index] - time) / 1e3
            x.add(seconds)
            y.add(value)
            xy.add(seconds * value)
            xx.add(seconds * seconds)
        }
        if constant {
            slope = first.isInfinite ? .nan : 0
            intercept = first.isInfinite ? .nan : first
            return
        }
        let covariance = xy.total - x.total * y.total / n
        let variance = xx.total - x.total * x.total / n
        slope = covariance / variance
        intercept = y.total / n - slope * x.total / n
    }
}
