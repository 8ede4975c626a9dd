/// `rate`, `increase` and `delta`: the difference of a window's last and first sample, with counter resets added, stretched
/// to the ends of the range where the samples reach close to them.
enum ExtrapolatedRate {
    @inline(__always)
    static func value(_ window: Window, _ resets: CounterResets, _ offset: Int, isCounter: Bool, isRate: Bool) -> Double
    {
        let count = window.count
        if isCounter, let start = resets.start(offset, in: window) {
            return fromZero(window, resets, offset, start: start, isRate: isRate)
        }
        guard count > 1 else { return Grid.absent }
        let first = window.values[0]
        var result = window.values[count - 1] - first
        if isCounter {
            for index in resets.between(offset, offset + count - 1) { result += window.values[index - offset - 1] }
        }
        return result
            * factor(
                window, firstTime: window.times[0], lastTime: window.times[count - 1], count: count, isRate: isRate,
                zero: isCounter && result > 0 && first >= 0 ? first / result : nil)
    }

    /// The counter was zero at a known time inside the range: nothing is stretched to the left.
    private static func fromZero(
        _ window: Window, _ resets: CounterResets, _ offset: Int, start: Int64, isRate: Bool
    ) -> Double {
        let count = window.count
        var result = window.values[count - 1]
        for index in resets.between(offset, offset + count - 1) { result += window.values[index - offset - 1] }
        let last = window.times[count - 1]
        let sampled = Double(last - start) / 1000
        var toEnd = 0.0
        if count > 1 {
            toEnd = Double(window.end - last) / 1000
            let average = Double(last - window.times[0]) / 1000 / Double(count - 1)
            if toEnd >= average * 1.1 { toEnd = average / 2 }
        }
        var factor = (sampled + toEnd) / sampled
        if isRate { factor /= Double(window.end - window.start) / 1000 }
        return result * factor
    }

    /// What the difference is multiplied by. `zero` is how many sampled intervals before the first sample the counter
    /// stood at zero, if it is one and rises.
    static func factor(
        _ window: Window, firstTime: Int64, lastTime: Int64, count: Int, isRate: Bool, zero: Double?
    ) -> Double {
        var toStart = Double(firstTime - window.start) / 1000
        var toEnd = Double(window.end - lastTime) / 1000
        let sampled = Double(lastTime - firstTime) / 1000
        let average = sampled / Double(count - 1)
        let threshold = average * 1.1
        if toStart >= threshold { toStart = average / 2 }
        if let zero {
            let toZero = sampled * zero
            if toZero < toStart { toStart = toZero }
        }
        if toEnd >= threshold { toEnd = average / 2 }
        var factor = (sampled + toStart + toEnd) / sampled
        if isRate { factor /= Double(window.end - window.start) / 1000 }
        return factor
    }
}

/// The same functions over `anchored` and `smoothed` selectors: nothing is stretched; the value at an end of the range is
/// that of the sample before it, or interpolated.
enum ExtendedRate {
    static func value(_ window: Window, _ evaluator: Evaluator, _ call: Call, isCounter: Bool, isRate: Bool) -> Double {
        let smoothed: Bool
        switch call.arguments[0] {
        case .matrix(let matrix), .stepInvariant(.matrix(let matrix)): smoothed = matrix.selector.smoothed
        default: smoothed = false
        }
        var first = 0
        var last = window.count - 1
        while first + 1 <= last, window.times[first + 1] <= window.start { first += 1 }
        if smoothed {
            last = (0..<last).first { window.times[$0] >= window.end } ?? last
        }
        guard window.count > 0, window.times[last] > window.start else { return Grid.absent }
        let left = Extension.left(window, first, smoothed: smoothed, isCounter: isCounter)
        let right = Extension.right(window, last, smoothed: smoothed, isCounter: isCounter)
        var result = right - left
        if isCounter {
            if window.times[first] <= window.start { first += 1 }
            if window.times[last] >= window.end { last -= 1 }
            var before = left
            for index in first..<max(first, last + 1) {
                if window.values[index] < before { result += before }
                before = window.values[index]
            }
            if right < before { result += before }
        }
        return isRate ? result / (Double(window.end - window.start) / 1000) : result
    }
}

/// Values at the ends of a range from the samples around them.
enum Extension {
    static func left(_ window: Window, _ first: Int, smoothed: Bool, isCounter: Bool) -> Double {
        smoothed && window.times[first] < window.start && first + 1 < window.count
            ? interpolate(window, first, at: window.start, isCounter) : window.values[first]
    }

    static func right(_ window: Window, _ last: Int, smoothed: Bool, isCounter: Bool) -> Double {
        smoothed && last > 0 && window.times[last] > window.end
            ? interpolate(window, last - 1, at: window.end, isCounter) : window.values[last]
    }

    private static func interpolate(_ window: Window, _ index: Int, at time: Int64, _ isCounter: Bool) -> Double {
        var from = window.values[index]
        let to = window.values[index + 1]
        if isCounter, to < from { from = 0 }
        return from + (to - from) * Double(time - window.times[index])
            / Double(window.times[index + 1] - window.times[index])
    }
}

extension Evaluator {
    /// An instant selector with `smoothed`: the value between the samples around each step.
    func smoothed(_ selector: VectorSelector) throws(QueryError) -> [Grid] {
        var out: [Grid] = []
        var buffer = SampleBuffer()
        let lookback = options.lookback
        for id in store.select(selector.matchers) {
            guard let series = store.series(id) else { continue }
            buffer.clear()
            let first = reference(selector, step: 0) - lookback
            let last = reference(selector, step: steps - 1) + lookback
            series.decode(after: first, through: last, into: &buffer)
            buffer.trim(after: first, through: last, withoutStale: true)
            var grid = Grid(labels: series.labels, steps: steps)
            var next = 0
            for step in 0..<steps {
                let now = reference(selector, step: step)
                while next < buffer.count, buffer.times[next] < now { next += 1 }
                let hasBefore = next > 0 && buffer.times[next - 1] > now - lookback
                let hasAfter = next < buffer.count && buffer.times[next] <= now + lookback
                if hasAfter, buffer.times[next] == now {
                    grid.values[step] = buffer.values[next]
                } else if hasBefore && hasAfter {
                    let (from, to) = (buffer.values[next - 1], buffer.values[next])
                    grid.values[step] =
                        from + (to - from) * Double(now - buffer.times[next - 1])
                        / Double(buffer.times[next] - buffer.times[next - 1])
                } else if hasBefore {
                    grid.values[step] = buffer.values[next - 1]
                }
            }
            if !grid.isEmpty { out.append(grid) }
        }
        return out
    }

    /// The samples of an `anchored` or `smoothed` range that is a result itself, with one at each end.
    func extended(_ samples: [Sample], _ matrix: MatrixSelector) -> [Sample] {
        guard !samples.isEmpty else { return [] }
        let end = reference(matrix.selector, step: 0)
        let start = end - matrix.duration
        let times = samples.map(\.time)
        let values = samples.map(\.value)
        return times.withUnsafeBufferPointer { time in
            values.withUnsafeBufferPointer { value in
                guard let timeBase = time.baseAddress, let valueBase = value.baseAddress else { return [] }
                let window = Window(
                    times: timeBase, values: valueBase, count: samples.count, histograms: [], start: start, end: end,
                    now: end)
                let smoothed = matrix.selector.smoothed
                var first = 0
                var last = samples.count - 1
                while first + 1 <= last, time[first + 1] <= start { first += 1 }
                if smoothed { last = (0..<last).first { time[$0] >= end } ?? last }
                guard time[last] > start else { return [] }
                let left = Extension.left(window, first, smoothed: smoothed, isCounter: false)
                let right = Extension.right(window, last, smoothed: smoothed, isCounter: false)
                if time[first] <= start { first += 1 }
                if time[last] >= end { last -= 1 }
                let inner = first <= last ? Array(samples[first...last]) : []
                return [Sample(time: start, value: left)] + inner + [Sample(time: end, value: right)]
            }
        }
    }
}
