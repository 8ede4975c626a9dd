/// The samples that a function over a range sees at one step.
struct Window {
    let times: UnsafePointer<Int64>
    let values: UnsafePointer<Double>
    let count: Int
    let histograms: ArraySlice<HistogramSample>
    /// The range is (start, end], in milliseconds.
    let start: Int64
    let end: Int64
    /// The evaluation's own time.
    let now: Int64

    var samples: [Sample] { (0..<count).map { Sample(time: times[$0], value: values[$0]) } }
}

/// What a range function makes of one series: a value for each step, or none.
private typealias WindowFunction = (Window, Int) throws(QueryError) -> PointValue?

extension Evaluator {
    /// Evaluates a function that takes a range vector.
    func rangeCall(_ call: Call, matrixAt place: Int) throws(QueryError) -> [Grid] {
        let name = call.function.name
        var scalars: [[Double]] = []
        for (index, argument) in call.arguments.enumerated() where index != place {
            scalars.append(try scalar(argument))
        }
        let keepsName = name == "last_over_time" || name == "first_over_time"
        let source = call.arguments[place]
        var out: [Grid] = []
        let position = source.range

        func finishSeries(_ labels: Labels, _ grid: Grid, _ points: Int) throws(QueryError) {
            guard points > 0 else { return }
            var result = grid
            result.labels = keepsName || options.delayedNameRemoval ? labels : labels.withoutMetadata
            result.dropName = !keepsName
            try hold(steps)
            out.append(result)
            if name == "rate" || name == "increase", !result.values.allSatisfy(StaleMarker.isStale) {
                let metric = labels.name
                if !metric.isEmpty, !["_total", "_sum", "_count", "_bucket"].contains(where: metric.hasSuffix) {
                    annotations.add(.possibleNonCounter(metric, position))
                }
            }
        }

        switch source {
        case .matrix(let matrix), .stepInvariant(.matrix(let matrix)):
            let selector = matrix.selector
            try checkExtended(selector, name)
            let kind = RangeFunction(name, isExtended: selector.anchored || selector.smoothed)
            try windows(matrix) { stored, buffer, histograms throws(QueryError) in
                let labels = stored.labels
                let starts = options.startTimestamps && kind.countsResets ? stored.starts(of: buffer) : []
                var grid = Grid(labels: labels, steps: steps)
                let points = try slide(
                    kind, buffer, starts, histograms, duration: matrix.duration, selector: selector, scalars: scalars,
                    labels: labels,
                    position: position, source: call, into: &grid
                ) { self.reference(selector, step: $0) }
                try finishSeries(labels, grid, points)
            }
        case .subquery(let subquery), .stepInvariant(.subquery(let subquery)):
            let inner = try self.subquery(subquery)
            let kind = RangeFunction(name, isExtended: false)
            var buffer = SampleBuffer()
            let selector = VectorSelector(offset: subquery.offset, at: subquery.at, range: position)
            for grid in inner.grids {
                buffer.clear()
                var histograms: [HistogramSample] = []
                for step in 0..<inner.evaluator.steps {
                    if grid.hasFloat(step) {
                        buffer.append(time: inner.evaluator.time(step), value: grid.values[step])
                    } else if var histogram = grid.histogram(step) {
                        if histogram.counterResetHint != .gauge { histogram.counterResetHint = .unknown }
                        histograms.append(HistogramSample(time: inner.evaluator.time(step), histogram: histogram))
                    }
                }
                try spend(buffer.count + steps)
                var result = Grid(labels: grid.labels, steps: steps)
                let points = try slide(
                    kind, buffer, [], histograms, duration: subquery.duration, selector: selector, scalars: scalars,
                    labels: grid.labels, position: position, source: call, into: &result
                ) { self.reference(selector, step: $0) }
                let dropped = grid.dropName
                try finishSeries(grid.labels, result, points)
                if dropped, points > 0 { out[out.count - 1].dropName = true }
            }
            release(inner.grids.count * inner.evaluator.steps)
        default: throw .execution("unexpected type, expected range vector")
        }
        if name == "absent_over_time" { return absentOverTime(out, source) }
        if !options.delayedNameRemoval, !keepsName {
            var seen: Set<Labels> = []
            for grid in out where !seen.insert(grid.labels).inserted { throw .duplicateLabels }
        }
        return out
    }

    private func checkExtended(_ selector: VectorSelector, _ name: String) throws(QueryError) {
        let anchored = ["changes", "delta", "increase", "rate", "resets"]
        let smoothed = ["delta", "increase", "rate"]
        if selector.anchored, !anchored.contains(name) {
            throw .execution(
                "anchored modifier can only be used with: \(anchored.joined(separator: ", ")) - not with \(name)")
        }
        if selector.smoothed, !smoothed.contains(name) {
            throw .execution(
                "smoothed modifier can only be used with: \(smoothed.joined(separator: ", ")) - not with \(name)")
        }
    }

    /// Moves the window over one series and applies the function at each step; returns how many steps have a value.
    private func slide(
        _ function: RangeFunction, _ buffer: SampleBuffer, _ starts: [Int64], _ histograms: [HistogramSample],
        duration: Int64,
        selector: VectorSelector, scalars: [[Double]], labels: Labels, position: SourceRange, source: Call,
        into grid: inout Grid,
        reference: (Int) -> Int64
    ) throws(QueryError) -> Int {
        let before = selector.anchored || selector.smoothed ? options.lookback : 0
        let after = selector.smoothed ? options.lookback : 0
        if before > 0, !histograms.isEmpty {
            throw .execution("smoothed and anchored modifiers do not work with native histograms")
        }
        let resets = function.countsResets ? CounterResets(buffer, starts) : CounterResets()
        let count = buffer.count
        var points = 0
        var low = 0
        var high = 0
        var lowHistogram = 0
        var highHistogram = 0
        var looked = 0
        var failure: QueryError?
        var made: Grid = grid
        // `withUnsafeBufferPointer` cannot carry a typed throw out of nested closures; the failure is kept.
        buffer.times.withUnsafeBufferPointer { times in
            buffer.values.withUnsafeBufferPointer { values in
                guard let time = times.baseAddress ?? UnsafePointer(bitPattern: 8),
                    let value = values.baseAddress ?? UnsafePointer(bitPattern: 8)
                else { return }
                for step in 0..<steps {
                    let end = reference(step)
                    let start = end &- duration
                    while high < count, times[high] <= end &+ after { high &+= 1 }
                    while low < high, times[low] <= start &- before { low &+= 1 }
                    if !histograms.isEmpty {
                        while highHistogram < histograms.count, histograms[highHistogram].time <= end {
                            highHistogram += 1
                        }
                        while lowHistogram < highHistogram, histograms[lowHistogram].time <= start { lowHistogram += 1 }
                    }
                    guard low < high || lowHistogram < highHistogram else { continue }
                    let window = Window(
                        times: time + low, values: value + low, count: high - low,
                        histograms: histograms.isEmpty ? [] : histograms[lowHistogram..<highHistogram], start: start,
                        end: end,
                        now: self.time(step))
                    if !function.isConstantTime { looked += high - low }
                    do throws(QueryError) {
                        if lowHistogram == highHistogram {
                            let result = try function.apply(window, step, scalars, resets, low, source, self)
                            if !StaleMarker.isStale(result) {
                                made.values[step] = result
                                points += 1
                            }
                        } else if let result = try function.applyWithHistograms(
                            window, step, scalars, labels, source, self)
                        {
                            made.set(step, result)
                            points += 1
                        }
                    } catch {
                        failure = error
                        return
                    }
                }
            }
        }
        if let failure { throw failure }
        try spend(looked)
        grid = made
        return points
    }

    private func absentOverTime(_ present: [Grid], _ source: Expression) -> [Grid] {
        var values = [Double](repeating: 1, count: steps)
        for grid in present {
            for step in 0..<steps where grid.has(step) { values[step] = Grid.absent }
        }
        let result = Grid(labels: labelsOfAbsence(source), dropName: true, values: values)
        return result.isEmpty ? [] : [result]
    }

    /// The labels that a selector fixes by `=`, once each: those of the series that is not there.
    func labelsOfAbsence(_ source: Expression) -> Labels {
        let matchers: [LabelMatcher]
        switch source.unwrapped {
        case .vector(let selector): matchers = selector.matchers
        case .matrix(let matrix): matchers = matrix.selector.matchers
        case .stepInvariant(let inner): return labelsOfAbsence(inner)
        default: return .empty
        }
        var labels = Labels.empty
        var seen: Set<String> = []
        for matcher in matchers where matcher.name != Labels.metricName {
            if matcher.kind == .equal, seen.insert(matcher.name).inserted {
                labels = labels.setting(matcher.name, to: matcher.value)
            } else {
                labels = labels.removing([matcher.name])
            }
        }
        return labels
    }
}

/// Where a counter begins anew, because it falls below its value before or says when it began: so that a window need not
/// look at each of its samples.
struct CounterResets {
    private(set) var indices: [Int] = []
    /// When the counter behind each sample began; 0 where that is not known, empty if nowhere.
    private(set) var starts: [Int64] = []

    init() {}

    init(_ buffer: SampleBuffer, _ starts: [Int64]) {
        self.starts = starts
        guard buffer.count > 1 else { return }
        var found: [Int] = []
        buffer.values.withUnsafeBufferPointer { values in
            for index in 1..<buffer.count {
                if values[index] < values[index &- 1] {
                    found.append(index)
                } else if !starts.isEmpty,
                    CounterResets.began(starts[index - 1], buffer.times[index - 1], starts[index], buffer.times[index])
                {
                    found.append(index)
                }
            }
        }
        indices = found
    }

    /// Whether a start lies between two samples. One at the time of the sample before is that of a delta, if that sample's
    /// own start lies before it; else it is a cumulative counter whose beginning nobody knows.
    private static func began(_ startBefore: Int64, _ before: Int64, _ start: Int64, _ time: Int64) -> Bool {
        if start == 0 || start >= time || start < before { return false }
        return start > before || (startBefore != 0 && startBefore < before)
    }

    /// The start of a sample's counter, if it lies inside a range and before the sample.
    @inline(__always)
    func start(_ index: Int, in window: Window) -> Int64? {
        guard index < starts.count, window.count > 0 else { return nil }
        let start = starts[index]
        return start != 0 && start > window.start && start < window.times[0] ? start : nil
    }

    /// The resets at the indices in (first, last].
    @inline(__always)
    func between(_ first: Int, _ last: Int) -> ArraySlice<Int> {
        if indices.isEmpty { return [] }
        var low = 0
        var high = indices.count
        while low < high {
            let middle = (low + high) / 2
            if indices[middle] <= first { low = middle + 1 } else { high = middle }
        }
        var end = low
        while end < indices.count, indices[end] <= last { end += 1 }
        return indices[low..<end]
    }
}
