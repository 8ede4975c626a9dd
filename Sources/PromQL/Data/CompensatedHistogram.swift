/// A sum of native histograms that carries the rounding errors of its counts and its sum along, as `CompensatedSum` does.
struct CompensatedHistogram {
    private var running: NativeHistogram
    /// The errors, in the same buckets; nil before the first addition.
    private var errors: NativeHistogram?

    init(_ first: NativeHistogram) { running = first }

    /// Adds a histogram.
    /// - Returns: the plain combination, which says what had to be settled; nil if one has exponential buckets and the other
    ///   custom bounds.
    mutating func add(_ other: NativeHistogram) -> NativeHistogram.Combination? {
        guard let plain = running.combined(other, +) else { return nil }
        let left = running.conformed(to: plain.histogram)
        let right = other.conformed(to: plain.histogram)
        let before = (errors ?? NativeHistogram()).conformed(to: plain.histogram)
        var total = plain.histogram
        var rest = before
        (total.count, rest.count) = CompensatedHistogram.sum(left.count, right.count, before.count)
        (total.sum, rest.sum) = CompensatedHistogram.sum(left.sum, right.sum, before.sum)
        (total.zeroCount, rest.zeroCount) = CompensatedHistogram.sum(left.zeroCount, right.zeroCount, before.zeroCount)
        (total.positive, rest.positive) = CompensatedHistogram.sum(left.positive, right.positive, before.positive)
        (total.negative, rest.negative) = CompensatedHistogram.sum(left.negative, right.negative, before.negative)
        running = total
        errors = rest
        return plain
    }

    private static func sum(_ a: Double, _ b: Double, _ error: Double) -> (Double, Double) {
        var sum = CompensatedSum(a)
        sum.compensation = error
        sum.add(b)
        return (sum.sum, sum.compensation)
    }

    private static func sum(
        _ a: [NativeHistogram.Bucket], _ b: [NativeHistogram.Bucket], _ errors: [NativeHistogram.Bucket]
    ) -> ([NativeHistogram.Bucket], [NativeHistogram.Bucket]) {
        var totals: [NativeHistogram.Bucket] = []
        var rests: [NativeHistogram.Bucket] = []
        var (i, j, k) = (0, 0, 0)
        func next(_ buckets: [NativeHistogram.Bucket], _ place: Int) -> Int32 {
            place < buckets.count ? buckets[place].index : .max
        }
        func take(_ buckets: [NativeHistogram.Bucket], _ place: inout Int, _ index: Int32) -> Double {
            guard next(buckets, place) == index, place < buckets.count else { return 0 }
            place += 1
            return buckets[place - 1].count
        }
        while i < a.count || j < b.count || k < errors.count {
            let index = min(next(a, i), next(b, j), next(errors, k))
            let (total, rest) = sum(take(a, &i, index), take(b, &j, index), take(errors, &k, index))
            totals.append(NativeHistogram.Bucket(index: index, count: total))
            rests.append(NativeHistogram.Bucket(index: index, count: rest))
        }
        return (totals, rests)
    }

    /// Whether a count or the sum is infinite.
    var overflows: Bool {
        running.count.isInfinite || running.sum.isInfinite || running.zeroCount.isInfinite
            || running.positive.contains { $0.count.isInfinite } || running.negative.contains { $0.count.isInfinite }
    }

    mutating func divide(by divisor: Double) {
        running = running.divided(by: divisor)
        errors = errors?.divided(by: divisor)
    }

    mutating func multiply(by factor: Double) {
        running = running.multiplied(by: factor)
        errors = errors?.multiplied(by: factor)
    }

    /// The sum with its errors made good, without empty buckets.
    var total: NativeHistogram {
        guard var rest = errors else { return running.compacted }
        rest.counterResetHint = running.counterResetHint
        return running.combined(rest, +)?.histogram ?? running.compacted
    }
}

/// A mean of native histograms by such a sum, incremental once the sum overflows.
struct CompensatedHistogramMean {
    private var running: CompensatedHistogram
    private var count = 1.0
    private var incremental = false

    init(_ first: NativeHistogram) { running = CompensatedHistogram(first) }

    /// Takes another histogram in; returns what `CompensatedHistogram.add` does.
    mutating func add(_ other: NativeHistogram) -> NativeHistogram.Combination? {
        count += 1
        if !incremental {
            var next = running
            guard let combination = next.add(other) else { return nil }
            if !next.overflows {
                running = next
                return combination
            }
            incremental = true
            running.divide(by: count - 1)
        }
        running.multiply(by: (count - 1) / count)
        return running.add(other.divided(by: count))
    }

    var mean: NativeHistogram {
        var result = running
        if !incremental { result.divide(by: count) }
        return result.total
    }
}
