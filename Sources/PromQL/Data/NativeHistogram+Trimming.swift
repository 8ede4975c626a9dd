extension NativeHistogram {
    /// Without the observations above a value (`</`), or below it (`>/`): buckets that the value cuts keep the share that
    /// interpolation says, and the sum loses the removed observations at the middle of their buckets.
    func trimmed(at limit: Double, keepingLower: Bool) -> NativeHistogram {
        var result = self
        var kept = 0.0
        var removedSum = 0.0
        var hasPositive = false
        var hasNegative = false
        func trim(_ buckets: [Bucket], isPositive: Bool) -> [Bucket] {
            buckets.compactMap { bucket in
                guard bucket.count != 0 else { return nil }
                let (lower, upper) =
                    isPositive
                    ? (bound(bucket.index - 1), bound(bucket.index)) : (-bound(bucket.index), -bound(bucket.index - 1))
                if usesCustomBounds {
                    hasNegative = hasNegative || upper <= 0 || lower < 0
                    hasPositive = hasPositive || upper > 0
                } else {
                    hasPositive = hasPositive || isPositive
                    hasNegative = hasNegative || !isPositive
                }
                let interval = Interval(lower: lower, upper: upper, count: bucket.count)
                let (count, middle) = share(of: interval, limit, keepingLower: keepingLower, isPositive: isPositive)
                kept += count
                removedSum += (bucket.count - count) * middle
                return count == 0 ? nil : Bucket(index: bucket.index, count: count)
            }
        }
        result.positive = trim(positive, isPositive: true)
        result.negative = trim(negative, isPositive: false)
        if zeroCount > 0 {
            let zero = Interval(lower: -zeroThreshold, upper: zeroThreshold, count: zeroCount)
            let below = NativeHistogram.below(limit, zero, linear: true, isPositive: true)
            result.zeroCount = keepingLower ? below : zeroCount - below
            kept += result.zeroCount
        }
        var newSum = kept == 0 ? 0 : sum - removedSum
        if !hasNegative, newSum < 0 { newSum = 0 }
        if !hasPositive, newSum > 0 { newSum = 0 }
        result.count = kept
        result.sum = newSum
        return result.compacted
    }

    /// How many observations of a bucket stay, and the value that the others are taken for.
    private func share(
        of bucket: Interval, _ limit: Double, keepingLower: Bool, isPositive: Bool
    ) -> (count: Double, middle: Double) {
        let wholeMiddle = middle(bucket.lower, bucket.upper, isPositive: isPositive)
        if bucket.lower == -.infinity {
            if keepingLower {
                if limit >= bucket.upper { return (bucket.count, 0) }
                if limit >= 0, bucket.upper.isFinite {
                    return (bucket.count * limit / bucket.upper, (limit + bucket.upper) / 2)
                }
                return (0, bucket.upper)
            }
            if limit >= 0, bucket.upper > limit, bucket.upper.isFinite {
                return (bucket.count * (1 - limit / bucket.upper), limit / 2)
            }
            return limit == -.infinity ? (bucket.count, 0) : (0, bucket.upper)
        }
        if bucket.upper == .infinity {
            if keepingLower { return limit == .infinity ? (bucket.count, 0) : (0, bucket.lower) }
            return limit <= bucket.lower ? (bucket.count, 0) : (0, bucket.lower)
        }
        if keepingLower {
            if bucket.upper <= limit { return (bucket.count, 0) }
            if bucket.lower >= limit { return (0, wholeMiddle) }
            let below = NativeHistogram.below(limit, bucket, linear: usesCustomBounds, isPositive: isPositive)
            return (below, cutMiddle(bucket, bucket.lower, limit, isPositive: isPositive))
        }
        if bucket.lower >= limit { return (bucket.count, 0) }
        if bucket.upper <= limit { return (0, wholeMiddle) }
        let below = NativeHistogram.below(limit, bucket, linear: usesCustomBounds, isPositive: isPositive)
        return (bucket.count - below, cutMiddle(bucket, limit, bucket.upper, isPositive: isPositive))
    }

    /// The value that observations between two bounds are taken for.
    private func middle(_ lower: Double, _ upper: Double, isPositive: Bool) -> Double {
        if usesCustomBounds { return (lower + upper) / 2 }
        let geometric = (lower.magnitude * upper.magnitude).squareRoot()
        return isPositive ? geometric : -geometric
    }

    /// The same for a bucket that the value cuts: as the real engine has it, between the kept side's bound and the cut, and
    /// between custom bounds the middle of the whole bucket.
    private func cutMiddle(_ bucket: Interval, _ lower: Double, _ upper: Double, isPositive: Bool) -> Double {
        usesCustomBounds
            ? middle(bucket.lower, bucket.upper, isPositive: isPositive) : middle(lower, upper, isPositive: isPositive)
    }

    /// The observations of a bucket at or below a value.
    private static func below(_ limit: Double, _ bucket: Interval, linear: Bool, isPositive: Bool) -> Double {
        if limit <= bucket.lower { return 0 }
        if limit >= bucket.upper { return bucket.count }
        if linear { return bucket.count * (limit - bucket.lower) / (bucket.upper - bucket.lower) }
        let low = GoMath.log2(bucket.lower.magnitude)
        let high = GoMath.log2(bucket.upper.magnitude)
        let place = GoMath.log2(limit.magnitude)
        return bucket.count * (isPositive ? (place - low) / (high - low) : 1 - (place - high) / (low - high))
    }
}
