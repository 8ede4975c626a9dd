extension RangeFunction {
    /// The value for a window that holds native histograms, alone or with floats.
    func applyWithHistograms(
        _ window: Window, _ step: Int, _ scalars: [[Double]], _ labels: Labels, _ call: Call, _ evaluator: Evaluator
    ) throws(QueryError) -> PointValue? {
        let range = (call.arguments.first { $0.type == .matrix } ?? call.arguments[0]).range
        let histograms = window.histograms
        let mixed = window.count > 0
        func mixture() -> PointValue? {
            evaluator.annotations.add(.mixedFloatsHistograms(labels.name, range))
            return nil
        }
        func floatsOnly() throws(QueryError) -> PointValue? {
            guard mixed else { return nil }
            evaluator.annotations.add(.histogramIgnoredInMixedRange(labels.name, range))
            let value = try apply(window, step, scalars, CounterResets(), 0, call, evaluator)
            return StaleMarker.isStale(value) ? nil : .float(value)
        }
        guard let first = histograms.first, let last = histograms.last else { return nil }
        switch self {
        case .count: return .float(Double(window.count + histograms.count))
        case .present: return .float(1)
        case .last:
            return mixed && window.times[window.count - 1] > last.time
                ? .float(window.values[window.count - 1]) : .histogram(last.histogram)
        case .first:
            return mixed && window.times[0] < first.time ? .float(window.values[0]) : .histogram(first.histogram)
        case .timeOfFirst: return .float(Double(mixed ? min(window.times[0], first.time) : first.time) / 1000)
        case .timeOfLast:
            return .float(Double(mixed ? max(window.times[window.count - 1], last.time) : last.time) / 1000)
        case .sum, .average:
            if mixed { return mixture() }
            var total = CompensatedHistogram(first.histogram)
            var mean = CompensatedHistogramMean(first.histogram)
            for sample in histograms.dropFirst() {
                guard let next = self == .sum ? total.add(sample.histogram) : mean.add(sample.histogram) else {
                    evaluator.annotations.add(.mixedSchemas(labels.name, range))
                    return nil
                }
                if next.reconciledBounds { evaluator.annotations.add(.reconciledBounds(during: "aggregation", range)) }
            }
            let hints = Set(histograms.map(\.histogram.counterResetHint))
            if hints.contains(.reset), hints.contains(.notReset) {
                evaluator.annotations.add(.counterResetCollision(during: "aggregation", range))
            }
            return .histogram(self == .sum ? total.total : mean.mean)
        case .rate, .increase, .delta:
            if mixed { return mixture() }
            return rate(window, labels, range, evaluator).map(PointValue.histogram)
        case .irate, .idelta:
            return try lastDifference(window, labels, range, evaluator)
        case .resets, .changes: return .float(alternations(window))
        default: return try floatsOnly()
        }
    }

    private func rate(_ window: Window, _ labels: Labels, _ range: SourceRange, _ evaluator: Evaluator)
        -> NativeHistogram?
    {
        let samples = Array(window.histograms)
        guard samples.count > 1 else { return nil }
        let isCounter = self != .delta
        var before = samples[0].histogram
        let last = samples[samples.count - 1].histogram
        if isCounter, samples.contains(where: { $0.histogram.counterResetHint == .gauge }) {
            evaluator.annotations.add(.histogramNotCounter(labels.name, range))
        }
        if !isCounter, before.counterResetHint != .gauge || last.counterResetHint != .gauge {
            evaluator.annotations.add(.histogramNotGauge(labels.name, range))
        }
        let second = samples[1].histogram
        if isCounter, second.isReset(after: before) {
            before = NativeHistogram(schema: second.schema, customBounds: second.customBounds)
        }
        let custom = before.usesCustomBounds
        if last.usesCustomBounds != custom
            || samples.dropFirst().dropLast().contains(where: { isCounter && $0.histogram.usesCustomBounds != custom })
        {
            evaluator.annotations.add(.mixedSchemas(labels.name, range))
            return nil
        }
        let coarsest =
            ([before, last] + (isCounter ? samples.dropFirst().map(\.histogram) : [])).map(\.schema).min()
            ?? last.schema
        guard let difference = (custom ? last : last.reduced(to: coarsest)).combined(before, -) else {
            evaluator.annotations.add(.mixedSchemas(labels.name, range))
            return nil
        }
        if difference.reconciledBounds { evaluator.annotations.add(.reconciledBounds(during: "subtraction", range)) }
        var result = difference.histogram
        if isCounter {
            for sample in samples.dropFirst() {
                if sample.histogram.isReset(after: before) {
                    guard let sum = result.combined(before, +) else {
                        evaluator.annotations.add(.mixedSchemas(labels.name, range))
                        return nil
                    }
                    if sum.reconciledBounds { evaluator.annotations.add(.reconciledBounds(during: "addition", range)) }
                    result = sum.histogram
                }
                before = sample.histogram
            }
        }
        let factor = ExtrapolatedRate.factor(
            window, firstTime: samples[0].time, lastTime: samples[samples.count - 1].time, count: samples.count,
            isRate: self == .rate,
            zero: isCounter && result.count > 0 && samples[0].histogram.count >= 0
                ? samples[0].histogram.count / result.count : nil)
        result = result.multiplied(by: factor)
        result.counterResetHint = .gauge
        return result
    }

    private func lastDifference(
        _ window: Window, _ labels: Labels, _ range: SourceRange, _ evaluator: Evaluator
    ) throws(QueryError) -> PointValue? {
        let isRate = self == .irate
        var newest: [(time: Int64, float: Double?, histogram: NativeHistogram?)] = []
        for sample in window.histograms.suffix(2) { newest.append((sample.time, nil, sample.histogram)) }
        for index in max(0, window.count - 2)..<window.count {
            newest.append((window.times[index], window.values[index], nil))
        }
        newest = Array(newest.sorted { $0.time < $1.time }.suffix(2))
        guard newest.count == 2 else { return nil }
        let interval = Double(newest[1].time - newest[0].time) / 1000
        if interval == 0 { return nil }
        if let a = newest[0].float, let b = newest[1].float {
            let difference = isRate && b < a ? b : b - a
            return .float(isRate ? difference / interval : difference)
        }
        guard let a = newest[0].histogram, let b = newest[1].histogram else {
            evaluator.annotations.add(.mixedFloatsHistograms(labels.name, range))
            return nil
        }
        if isRate, a.counterResetHint == .gauge || b.counterResetHint == .gauge {
            evaluator.annotations.add(.histogramNotCounter(labels.name, range))
        }
        if !isRate, a.counterResetHint != .gauge || b.counterResetHint != .gauge {
            evaluator.annotations.add(.histogramNotGauge(labels.name, range))
        }
        var result = b
        if !isRate || !b.isReset(after: a) {
            guard let difference = b.combined(a, -) else {
                evaluator.annotations.add(.mixedSchemas(labels.name, range))
                return nil
            }
            if difference.reconciledBounds {
                evaluator.annotations.add(.reconciledBounds(during: "subtraction", range))
            }
            result = difference.histogram
        }
        if isRate { result = result.divided(by: interval) }
        result.counterResetHint = .gauge
        return .histogram(result)
    }

    /// `resets` and `changes` where histograms and floats take turns.
    private func alternations(_ window: Window) -> Double {
        var all: [(time: Int64, value: PointValue)] = window.samples.map { ($0.time, .float($0.value)) }
        all += window.histograms.map { ($0.time, .histogram($0.histogram)) }
        all.sort { $0.time < $1.time }
        var total = 0
        for index in 1..<max(1, all.count) {
            switch (all[index - 1].value, all[index].value) {
            case (.float(let a), .float(let b)):
                if self == .resets ? b < a : b != a && !(a.isNaN && b.isNaN) { total += 1 }
            case (.histogram(let a), .histogram(let b)):
                if self == .resets ? b.isReset(after: a) : !b.sameDistribution(as: a) { total += 1 }
            default: total += 1
            }
        }
        return Double(total)
    }
}
