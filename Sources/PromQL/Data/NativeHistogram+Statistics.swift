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

    /// The zero bucket reaches only to the side on which there are observations.
    private func narrowed(_ interval: Interval) -> Interval {
        var result = interval
        if interval.lower < 0, interval.upper > 0 {
            if negative.isEmpty && !positive.isEmpty { result.lower = 0 }
            if positive.isEmpty && !negative.isEmpty { result.upper = 0 }
        } else if usesCustomBounds {
            if interval.lower == -.infinity { result.lower = interval.upper > 0 ? 0 : interval.upper }
        }
        return result
    }

    /// The quantile, interpolated linearly in the zero bucket and between custom bounds, else on the logarithmic scale.
    func quantile(_ q: Double) -> Double {
        if q < 0 { return -.infinity }
        if q > 1 { return .infinity }
        if count == 0 || q.isNaN { return .nan }
        let all = intervals
        guard !all.isEmpty else { return .nan }
        let forward = sum.isNaN || q < 0.5
        var rank = forward ? q * count : (1 - q) * count
        var seen = 0.0
        var found = all[0]
        for interval in forward ? all : all.reversed() {
            found = interval
            seen += interval.count
            if seen >= rank { break }
        }
        found = narrowed(found)
        if usesCustomBounds, found.upper == .infinity { return found.lower }
        seen = min(seen, count)
        if seen < rank { return sum.isNaN ? .nan : found.upper }
        rank = forward ? rank - (seen - found.count) : seen - rank
        let share = rank / found.count
        if usesCustomBounds || (found.lower <= 0 && found.upper >= 0) {
            return found.lower + (found.upper - found.lower) * share
        }
        let lower = GoMath.log2(found.lower.magnitude)
        let upper = GoMath.log2(found.upper.magnitude)
        if found.lower > 0 { return exp2(lower + (upper - lower) * share) }
        return -exp2(upper + (lower - upper) * (1 - share))
    }

    private func exp2(_ x: Double) -> Double { GoMath.pow(2, x) }

    /// The share of observations between two values.
    func fraction(_ lower: Double, _ upper: Double) -> Double {
        if count == 0 || lower.isNaN || upper.isNaN { return .nan }
        if lower >= upper { return 0 }
        var rank = 0.0
        // Observations of NaN are in no bucket.
        var counted = 0.0
        var lowerRank: Double?
        var upperRank: Double?
        for raw in intervals {
            let interval = narrowed(raw)
            counted += raw.count
            func interpolate(_ value: Double) -> Double {
                if usesCustomBounds || (interval.lower <= 0 && interval.upper >= 0) {
                    if interval.upper == .infinity { return rank }
                    return rank + interval.count * (value - interval.lower) / (interval.upper - interval.lower)
                }
                let low = GoMath.log2(interval.lower.magnitude)
                let high = GoMath.log2(interval.upper.magnitude)
                let place = GoMath.log2(value.magnitude)
                let share = value > 0 ? (place - low) / (high - low) : 1 - (place - high) / (low - high)
                return rank + interval.count * share
            }
            if lowerRank == nil {
                if interval.lower >= lower {
                    lowerRank = rank
                } else if interval.upper > lower {
                    lowerRank = interpolate(lower)
                }
            }
            if upperRank == nil {
                if interval.lower >= upper {
                    upperRank = rank
                } else if interval.upper > upper {
                    upperRank = interpolate(upper)
                }
            }
            if lowerRank != nil && upperRank != nil { break }
            rank += raw.count
        }
        return (min(upperRank ?? counted, counted) - min(lowerRank ?? counted, counted)) / count
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
