extension NativeHistogram {
    /// A bucket with its bounds.
    struct Interval {
        var lower: Double
        var upper: Double
        var count: Double
    }

    /// The upper bound of an exponential bucket, or of a custom one.
    func bound(_ index: Int32) -> Double {
        if usesCustomBounds {
            if index < 0 { return -.infinity }
            return index < customBounds.count ? customBounds[Int(index)] : .infinity
        }
        if schema <= 0 {
            let exponent = Int(index) << Int(-schema)
            return GoMath.scale(1, by: exponent)
        }
        let perOctave = 1 << Int(schema)
        let octave = Int(index) >> Int(schema)
        let place = Int(index) & (perOctave - 1)
        return GoMath.scale(GoMath.pow(2, Double(place) / Double(perOctave)), by: octave)
    }

    /// All buckets with observations, ascending by value.
    var intervals: [Interval] {
        var out: [Interval] = []
        for bucket in negative.reversed() where bucket.count != 0 {
            out.append(Interval(lower: -bound(bucket.index), upper: -bound(bucket.index - 1), count: bucket.count))
        }
        if zeroCount != 0 { out.append(Interval(lower: -zeroThreshold, upper: zeroThreshold, count: zeroCount)) }
        for bucket in positive where bucket.count != 0 {
            out.append(Interval(lower: bound(bucket.index - 1), upper: bound(bucket.index), count: bucket.count))
        }
        return out
    }

    /// Without observations on one side of zero, a bucket around it reaches only to the other side.
    private func narrowed(_ interval: Interval) -> Interval {
        var result = interval
        if negative.isEmpty && !positive.isEmpty { result.lower = 0 }
        if positive.isEmpty && !negative.isEmpty { result.upper = 0 }
        return result
    }

    /// The observations in buckets: fewer than `count` if some are NaN.
    private var bucketedCount: Double { intervals.reduce(0) { $0 + $1.count } }

    /// What observations of NaN do to a quantile: they count as if they were above all buckets.
    enum NaNEffect: Sendable {
        case isNaN, skewedHigher
    }

    /// The quantile, interpolated linearly in the zero bucket and between custom bounds, else on the logarithmic scale.
    func quantile(_ q: Double) -> (value: Double, effect: NaNEffect?) {
        if q < 0 { return (-.infinity, nil) }
        if q > 1 { return (.infinity, nil) }
        if count == 0 || q.isNaN { return (.nan, nil) }
        let all = intervals
        let forward = sum.isNaN || q < 0.5
        var rank = forward ? q * count : (1 - q) * count
        var seen = 0.0
        var found = Interval(lower: 0, upper: 0, count: 0)
        for interval in forward ? all : all.reversed() {
            found = interval
            seen += interval.count
            if seen >= rank { break }
        }
        if usesCustomBounds {
            if found.lower == -.infinity {
                if found.upper <= 0 { return (found.upper, nil) }
                found.lower = 0
            } else if found.upper == .infinity {
                return (found.lower, nil)
            }
        } else if found.lower < 0, found.upper > 0 {
            found = narrowed(found)
        }
        seen = min(seen, count)
        if seen < rank { return sum.isNaN ? (.nan, .isNaN) : (found.upper, nil) }
        rank = forward ? rank - (seen - found.count) : seen - rank
        // Observations of both infinities make a sum of NaN too, and are in buckets.
        let effect: NaNEffect? = sum.isNaN && bucketedCount < count ? .skewedHigher : nil
        let share = rank / found.count
        if usesCustomBounds || (found.lower <= 0 && found.upper >= 0) {
            return (found.lower + (found.upper - found.lower) * share, effect)
        }
        let lower = GoMath.log2(found.lower.magnitude)
        let upper = GoMath.log2(found.upper.magnitude)
        if found.lower > 0 { return (exp2(lower + (upper - lower) * share), effect) }
        return (-exp2(upper + (lower - upper) * (1 - share)), effect)
    }

    private func exp2(_ x: Double) -> Double { GoMath.pow(2, x) }

    /// The share of observations between two values, and whether observations of NaN are in none.
    func fraction(_ lower: Double, _ upper: Double) -> (value: Double, excludesNaN: Bool) {
        if count == 0 || lower.isNaN || upper.isNaN { return (.nan, false) }
        if lower >= upper { return (0, false) }
        var rank = 0.0
        var lowerRank: Double?
        var upperRank: Double?
        for raw in intervals {
            let aroundZero = raw.lower <= 0 && raw.upper >= 0
            let interval = aroundZero ? narrowed(raw) : raw
            func interpolate(_ value: Double) -> Double {
                if usesCustomBounds || aroundZero {
                    // A bucket without a lower bound counts as a whole.
                    if interval.lower == -.infinity { return interval.count }
                    return rank + interval.count * (value - interval.lower) / (interval.upper - interval.lower)
                }
                let low = GoMath.log2(interval.lower.magnitude)
                let high = GoMath.log2(interval.upper.magnitude)
                let place = GoMath.log2(value.magnitude)
                let share = value > 0 ? (place - low) / (high - low) : 1 - (place - high) / (low - high)
                return rank + interval.count * share
            }
            func position(of value: Double) -> Double? {
                if interval.lower >= value { return rank }
                return interval.upper > value ? interpolate(value) : nil
            }
            lowerRank = lowerRank ?? position(of: lower)
            upperRank = upperRank ?? position(of: upper)
            if lowerRank != nil && upperRank != nil { break }
            rank += interval.count
        }
        let counted = sum.isNaN ? bucketedCount : count
        let share = (min(upperRank ?? counted, counted) - min(lowerRank ?? counted, counted)) / count
        return (share, counted < count)
    }

    /// The estimated variance: each observation at its bucket's middle.
    var variance: Double {
        let mean = sum / count
        var total = CompensatedSum()
        for interval in intervals {
            let value: Double
            if usesCustomBounds {
                value = (interval.upper + interval.lower) / 2
            } else if interval.lower <= 0 && interval.upper >= 0 {
                value = 0
            } else {
                let middle = (interval.upper * interval.lower).squareRoot()
                value = interval.upper < 0 ? -middle : middle
            }
            let difference = value - mean
            total.add(interval.count * difference * difference)
        }
        return total.total / count
    }
}

extension NativeHistogram: CustomStringConvertible {
    /// `{count:4, sum:3, (0.5,1]:1, …}`, as Prometheus prints a histogram.
    public var description: String {
        var out = "{count:\(GoFloat.general(count)), sum:\(GoFloat.general(sum))"
        let widths = intervals
        for interval in widths {
            let isZero = !usesCustomBounds && interval.lower == -zeroThreshold && interval.upper == zeroThreshold
            let open = interval.upper > 0 && !isZero ? "(" : "["
            let close = interval.lower < 0 && !isZero ? ")" : "]"
            out +=
                ", \(open)\(GoFloat.general(interval.lower)),\(GoFloat.general(interval.upper))\(close):\(GoFloat.general(interval.count))"
        }
        return out + "}"
    }
}
