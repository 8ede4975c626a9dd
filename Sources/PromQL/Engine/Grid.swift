/// One series of an intermediate result: a value for each step of the evaluation.
///
/// A step without a value holds the stale marker, which no operation yields; so a series is one flat array.
struct Grid {
    var labels: Labels
    /// The metric's name is to go at the end (`promql-delayed-name-removal`).
    var dropName = false
    var values: [Double]
    /// Native histograms by step; empty if there are none.
    var histograms: [NativeHistogram?] = []

    static let absent = StaleMarker.value

    init(labels: Labels, dropName: Bool = false, values: [Double], histograms: [NativeHistogram?] = []) {
        self.labels = labels
        self.dropName = dropName
        self.values = values
        self.histograms = histograms
    }

    init(labels: Labels, dropName: Bool = false, steps: Int) {
        self.init(labels: labels, dropName: dropName, values: [Double](repeating: Grid.absent, count: steps))
    }

    func histogram(_ step: Int) -> NativeHistogram? { histograms.isEmpty ? nil : histograms[step] }

    @inline(__always)
    func hasFloat(_ step: Int) -> Bool { !StaleMarker.isStale(values[step]) }

    func has(_ step: Int) -> Bool { hasFloat(step) || histogram(step) != nil }

    func point(_ step: Int) -> PointValue? {
        if hasFloat(step) { return .float(values[step]) }
        return histogram(step).map(PointValue.histogram)
    }

    mutating func set(_ step: Int, _ histogram: NativeHistogram) {
        if histograms.isEmpty { histograms = [NativeHistogram?](repeating: nil, count: values.count) }
        histograms[step] = histogram
    }

    mutating func set(_ step: Int, _ point: PointValue) {
        switch point {
        case .float(let value): values[step] = value
        case .histogram(let histogram): set(step, histogram)
        }
    }

    var isEmpty: Bool { !values.contains { !StaleMarker.isStale($0) } && !histograms.contains { $0 != nil } }
}

/// Sums that carry the rounding error along (Neumaier's variant of Kahan's), with the branches of Prometheus.
struct CompensatedSum {
    var sum: Double
    var compensation = 0.0

    @inline(__always)
    init(_ sum: Double = 0) { self.sum = sum }

    @inline(__always)
    mutating func add(_ increment: Double) {
        let total = sum + increment
        if total.isInfinite {
            compensation = 0
        } else if sum.magnitude >= increment.magnitude {
            compensation += (sum - total) + increment
        } else {
            compensation += (increment - total) + sum
        }
        sum = total
    }

    @inline(__always)
    var total: Double { sum + compensation }
}

/// A mean by compensated sums, incremental once the sum overflows.
struct CompensatedMean {
    private var running: CompensatedSum
    private var mean = 0.0
    private var incremental = false
    private(set) var count = 1.0

    @inline(__always)
    init(_ first: Double) { running = CompensatedSum(first) }

    @inline(__always)
    mutating func add(_ value: Double) {
        count += 1
        if !incremental {
            var next = running
            next.add(value)
            if !next.sum.isInfinite {
                running = next
                return
            }
            incremental = true
            mean = running.sum / (count - 1)
            running.compensation /= count - 1
        }
        let weight = (count - 1) / count
        var next = CompensatedSum(weight * mean)
        next.compensation = weight * running.compensation
        next.add(value / count)
        mean = next.sum
        running.compensation = next.compensation
    }

    @inline(__always)
    var value: Double { incremental ? mean + running.compensation : running.sum / count + running.compensation / count }
}
