/// The value of an expression at every step.
enum Evaluated {
    case scalar([Double])
    case string(String)
    case vector([Grid])
}

/// Evaluates an expression for the steps `start`, `start + interval`, … `end`, series by series: each node makes whole
/// series of all steps, so that no table is looked up per step.
final class Evaluator {
    let store: TimeSeriesStore
    let options: QueryEngine.Options
    /// Milliseconds.
    let start: Int64
    let end: Int64
    let interval: Int64
    let steps: Int
    var annotations = Annotations()
    /// Points held by intermediate results.
    private var held = 0
    private var work = 0
    /// The arguments of `step()` and `range()`, which subqueries keep from the query.
    var queryStep: Int64
    var queryStart: Int64
    var queryEnd: Int64

    init(store: TimeSeriesStore, options: QueryEngine.Options, start: Int64, end: Int64, interval: Int64) {
        self.store = store
        self.options = options
        self.start = start
        self.end = end
        self.interval = interval
        steps = end < start ? 0 : Int((end - start) / interval) + 1
        queryStep = start == end ? 0 : interval
        queryStart = start
        queryEnd = end
    }

    /// An evaluator for other steps of the same query, which shares its limits.
    private func nested(start: Int64, end: Int64, interval: Int64) -> Evaluator {
        let inner = Evaluator(store: store, options: options, start: start, end: end, interval: interval)
        inner.annotations = annotations
        inner.held = held
        inner.work = work
        inner.queryStep = queryStep
        inner.queryStart = queryStart
        inner.queryEnd = queryEnd
        return inner
    }

    private func adopt(_ inner: Evaluator) {
        annotations = inner.annotations
        held = inner.held
        work = inner.work
    }

    func time(_ step: Int) -> Int64 { start + Int64(step) * interval }

    // MARK: Limits

    /// Says that results hold so many points more. A series counts all its steps, also those without a sample: that is
    /// the memory that it takes.
    func hold(_ points: Int) throws(QueryError) {
        held += points
        if held > options.maxSamples { throw .tooManySamples }
    }

    func release(_ points: Int) { held -= points }

    /// Says that so many samples were looked at.
    @inline(__always)
    func spend(_ samples: Int) throws(QueryError) {
        work += samples
        if let budget = options.workBudget, work > budget { throw .timeout }
    }

    // MARK: Dispatch

    func evaluate(_ expression: Expression) throws(QueryError) -> Evaluated {
        switch expression {
        case .number(let literal): return .scalar([Double](repeating: literal.value, count: steps))
        case .string(let literal): return .string(literal.value)
        case .paren(let inner, _): return try evaluate(inner)
        case .vector(let selector): return .vector(try select(selector))
        case .stepInvariant(let inner): return try once(inner)
        case .unary(let unary): return try negate(unary)
        case .binary(let binary): return try self.binary(binary)
        case .aggregation(let aggregation): return .vector(try aggregate(aggregation))
        case .call(let call): return try self.call(call)
        case .matrix, .subquery: throw .execution("a range vector cannot be evaluated at several steps")
        }
    }

    func vector(_ expression: Expression) throws(QueryError) -> [Grid] {
        switch try evaluate(expression) {
        case .vector(let grids): return grids
        case .scalar(let values): return [Grid(labels: .empty, values: values)]
        case .string: throw .execution("unexpected string")
        }
    }

    func scalar(_ expression: Expression) throws(QueryError) -> [Double] {
        guard case .scalar(let values) = try evaluate(expression) else {
            throw .execution("unexpected type, expected scalar")
        }
        return values
    }

    func string(_ expression: Expression) throws(QueryError) -> String {
        guard case .string(let text) = try evaluate(expression.unwrapped) else {
            throw .execution("unexpected type, expected string")
        }
        return text
    }

    /// Evaluates what is the same at every step once, and repeats it.
    private func once(_ expression: Expression) throws(QueryError) -> Evaluated {
        let inner = nested(start: start, end: start, interval: interval)
        let value = try inner.evaluate(expression)
        adopt(inner)
        switch value {
        case .string: return value
        case .scalar(let values): return .scalar([Double](repeating: values[0], count: steps))
        case .vector(let grids):
            try hold(grids.count * (steps - 1))
            return .vector(
                grids.map { grid in
                    Grid(
                        labels: grid.labels, dropName: grid.dropName,
                        values: [Double](repeating: grid.values[0], count: steps),
                        histograms: grid.histograms.isEmpty
                            ? [] : [NativeHistogram?](repeating: grid.histograms[0], count: steps))
                })
        }
    }

    private func negate(_ unary: UnaryExpression) throws(QueryError) -> Evaluated {
        let operand = try evaluate(unary.operand)
        guard unary.negative else { return operand }
        switch operand {
        case .string: return operand
        case .scalar(let values): return .scalar(values.map { -$0 })
        case .vector(let grids):
            var out: [Grid] = []
            for grid in grids {
                var result = renamed(grid)
                for step in 0..<steps where grid.hasFloat(step) { result.values[step] = -grid.values[step] }
                for step in result.histograms.indices {
                    result.histograms[step] = result.histograms[step]?.multiplied(by: -1)
                }
                out.append(result)
            }
            return .vector(try merged(out))
        }
    }

    // MARK: Names and duplicates

    /// A series whose values are no longer those of its metric.
    func renamed(_ grid: Grid) -> Grid {
        var result = grid
        if !options.delayedNameRemoval { result.labels = grid.labels.withoutMetadata }
        result.dropName = true
        return result
    }

    /// Joins series that came to have the same labels; two values at one step are an error.
    func merged(_ grids: [Grid]) throws(QueryError) -> [Grid] {
        if options.delayedNameRemoval { return grids }
        return try joined(grids)
    }

    func joined(_ grids: [Grid]) throws(QueryError) -> [Grid] {
        if grids.count < 2 { return grids }
        var places: [Labels: Int] = [:]
        places.reserveCapacity(grids.count)
        var out: [Grid] = []
        out.reserveCapacity(grids.count)
        for grid in grids {
            guard let place = places[grid.labels] else {
                places[grid.labels] = out.count
                out.append(grid)
                continue
            }
            for step in 0..<steps {
                guard let point = grid.point(step) else { continue }
                if out[place].has(step) { throw .duplicateLabels }
                out[place].set(step, point)
            }
        }
        return out
    }

    /// What is left to do for the result of a whole query.
    func finish(_ grids: [Grid]) throws(QueryError) -> [Grid] {
        guard options.delayedNameRemoval else { return grids }
        return try joined(
            grids.map { grid in
                var result = grid
                if grid.dropName { result.labels = grid.labels.withoutMetadata }
                return result
            })
    }

    func series(_ grid: Grid) -> MatrixSeries? {
        var series = MatrixSeries(labels: grid.labels, floats: [], histograms: [])
        for step in 0..<steps {
            if grid.hasFloat(step) {
                series.floats.append(Sample(time: time(step), value: grid.values[step]))
            } else if let histogram = grid.histogram(step) {
                series.histograms.append(HistogramSample(time: time(step), histogram: histogram))
            }
        }
        return series.floats.isEmpty && series.histograms.isEmpty ? nil : series
    }

    // MARK: Selectors

    /// The newest sample of each series at each step, not older than the lookback. With `times`, the sample's own time in
    /// seconds instead of its value.
    func select(_ selector: VectorSelector, times: Bool = false) throws(QueryError) -> [Grid] {
        if selector.smoothed { return try smoothed(selector) }
        var out: [Grid] = []
        var buffer = SampleBuffer()
        let first = reference(selector, step: 0)
        let last = reference(selector, step: steps - 1)
        for id in store.select(selector.matchers) {
            guard let series = store.series(id) else { continue }
            buffer.clear()
            series.decode(after: first - options.lookback, through: last, into: &buffer)
            let histograms = series.histograms(after: first - options.lookback, through: last)
            if buffer.count == 0 && histograms.isEmpty { continue }
            try spend(buffer.count + steps)
            var grid = Grid(labels: series.labels, steps: steps)
            var points = newest(buffer, selector, times: times, into: &grid.values)
            if !histograms.isEmpty { points += newest(histograms, buffer, selector, times: times, into: &grid) }
            if points > 0 {
                try hold(steps)
                out.append(grid)
            }
        }
        return out
    }

    /// The time that a selector looks at from a step.
    @inline(__always)
    func reference(_ selector: VectorSelector, step: Int) -> Int64 {
        if case .time(let at) = selector.at { return at &- selector.offset }
        return time(step) &- selector.offset
    }

    private func newest(_ buffer: SampleBuffer, _ selector: VectorSelector, times: Bool, into out: inout [Double])
        -> Int
    {
        var points = 0
        let lookback = options.lookback
        let count = buffer.count
        buffer.times.withUnsafeBufferPointer { sampleTimes in
            buffer.values.withUnsafeBufferPointer { values in
                out.withUnsafeMutableBufferPointer { out in
                    var next = 0
                    for step in 0..<steps {
                        let now = reference(selector, step: step)
                        while next < count, sampleTimes[next] <= now { next &+= 1 }
                        guard next > 0 else { continue }
                        let sampled = sampleTimes[next &- 1]
                        let value = values[next &- 1]
                        guard sampled > now &- lookback, !StaleMarker.isStale(value) else { continue }
                        out[step] = times ? Double(sampled) / 1000 : value
                        points &+= 1
                    }
                }
            }
        }
        return points
    }

    /// The same for native histograms, where they are newer than the newest float.
    private func newest(
        _ histograms: ArraySlice<HistogramSample>, _ buffer: SampleBuffer, _ selector: VectorSelector, times: Bool,
        into grid: inout Grid
    ) -> Int {
        var points = 0
        for step in 0..<steps {
            let now = reference(selector, step: step)
            guard let sample = histograms.last(where: { $0.time <= now && $0.time > now - options.lookback }) else {
                continue
            }
            let float = (0..<buffer.count).last { buffer.times[$0] <= now }.map { buffer.times[$0] } ?? .min
            if float > sample.time { continue }
            if grid.hasFloat(step) {
                grid.values[step] = Grid.absent
                points -= 1
            }
            if sample.histogram.isStale { continue }
            if times {
                grid.values[step] = Double(sample.time) / 1000
            } else {
                grid.set(step, selector.read(sample).histogram)
            }
            points += 1
        }
        return points
    }

    // MARK: Range vectors as results

    /// The samples of a range vector that is the whole query (`up[5m]`, `up[5m:1m]`).
    func rangeVector(_ expression: Expression) throws(QueryError) -> [MatrixSeries] {
        switch expression {
        case .paren(let inner, _), .stepInvariant(let inner): return try rangeVector(inner)
        case .matrix(let matrix):
            var out: [MatrixSeries] = []
            try windows(matrix) { stored, buffer, histograms throws(QueryError) in
                var series = MatrixSeries(labels: stored.labels, floats: [], histograms: [])
                series.floats = (0..<buffer.count).map { Sample(time: buffer.times[$0], value: buffer.values[$0]) }
                series.histograms = histograms
                if matrix.selector.anchored || matrix.selector.smoothed {
                    if !histograms.isEmpty {
                        let modifier = matrix.selector.anchored ? "anchored" : "smoothed"
                        throw .execution("\(modifier) modifier is not supported with histograms")
                    }
                    series.floats = extended(series.floats, matrix)
                }
                if !series.floats.isEmpty || !series.histograms.isEmpty { out.append(series) }
            }
            return out
        case .subquery(let subquery):
            let inner = try self.subquery(subquery)
            return try inner.evaluator.finish(inner.grids).compactMap { inner.evaluator.series($0) }
        default: throw .execution("unexpected type, expected range vector")
        }
    }

    /// Hands each series of a range selector with all its samples that any step can see.
    func windows(
        _ matrix: MatrixSelector, _ body: (MemorySeries, SampleBuffer, [HistogramSample]) throws(QueryError) -> Void
    ) throws(QueryError) {
        var buffer = SampleBuffer()
        let selector = matrix.selector
        let before = selector.anchored || selector.smoothed ? options.lookback : 0
        let after = selector.smoothed ? options.lookback : 0
        let first = reference(selector, step: 0) &- matrix.duration &- before
        let last = reference(selector, step: steps - 1) &+ after
        for id in store.select(selector.matchers) {
            guard let series = store.series(id) else { continue }
            buffer.clear()
            series.decode(after: first, through: last, into: &buffer)
            buffer.trim(after: first, through: last, withoutStale: true)
            let histograms = series.histograms(after: first, through: last).filter { !$0.histogram.isStale }
                .map(selector.read)
            if buffer.count == 0 && histograms.isEmpty { continue }
            try spend(buffer.count + steps)
            if buffer.count > options.maxSamples { throw .tooManySamples }
            try body(series, buffer, histograms)
        }
    }

    /// Evaluates the inside of a subquery at the multiples of its step that the steps of this evaluation can see.
    func subquery(_ subquery: Subquery) throws(QueryError) -> (evaluator: Evaluator, grids: [Grid]) {
        let step = subquery.step > 0 ? subquery.step : options.defaultSubqueryStep
        var from = start
        var through = end
        if case .time(let at) = subquery.at { (from, through) = (at, at) }
        let begin = from &- subquery.offset &- subquery.duration
        var aligned = step * (begin / step)
        if aligned <= begin { aligned += step }
        // The end is that of the last real step.
        if subquery.at == nil { through = time(max(0, steps - 1)) }
        let inner = nested(start: aligned, end: through &- subquery.offset, interval: step)
        guard inner.steps > 0 else { return (inner, []) }
        if inner.steps > options.maxSamples { throw .tooManySamples }
        let grids = try inner.vector(subquery.expression)
        adopt(inner)
        return (inner, grids)
    }
}
