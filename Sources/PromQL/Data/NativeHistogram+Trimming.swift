extension NativeHistogram {
    /// Without the observations above a value (`</`), or below it (`>/`): buckets that the value cuts keep the share that
    /// interpolation says. The sum is estimated anew, each observation at the middle of what is left of its bucket, unless
    /// nothing was cut off.
    func trimmed(at limit: Double, keepingLower: Bool) -> NativeHistogram {
        var result = self
        var count = 0.0
        var sum = 0.0
        var isCut = false
        func keep(_ share: (count: Double, middle: Double), of whole: Double) -> Double {
            if share.count != whole { isCut = true }
            count += share.count
            sum += share.count * share.middle
            return share.count
        }
        func trim(_ buckets: [Bucket], isPositive: Bool) -> [Bucket] {
            buckets.filter { $0.count != 0 }.map { bucket in
                let (lower, upper) =
                    isPositive
                    ? (bound(bucket.index - 1), bound(bucket.index)) : (-bound(bucket.index), -bound(bucket.index - 1))
                let interval = Interval(lower: lower, upper: upper, count: bucket.count)
                let kept = share(of: interval, limit, keepingLower: keepingLower, isPositive: isPositive)
                return Bucket(index: bucket.index, count: keep(kept, of: bucket.count))
            }
        }
        result.positive = trim(positive, isPositive: true)
        result.negative = trim(negative, isPositive: false)
        if zeroCount > 0 {
            // Without observations on one side of zero, the bucket reaches only to the other side.
            let zero = Interval(
                lower: !result.positive.isEmpty && result.negative.isEmpty ? 0 : -zeroThreshold,
                upper: result.positive.isEmpty && !result.negative.isEmpty ? 0 : zeroThreshold, count: zeroCount)
            result.zeroCount = keep(
                NativeHistogram.zeroShare(of: zero, limit, keepingLower: keepingLower), of: zeroCount)
        }
        guard isCut else { return self }
        result.count = count
        result.sum = sum
        return result.compacted
    }

    /// How many observations of a bucket stay, and the value that they are taken for.
    private func share(
        of bucket: Interval, _ limit: Double, keepingLower: Bool, isPositive: Bool
    ) -> (count: Double, middle: Double) {
        if keepingLower ? bucket.upper <= limit : bucket.lower >= limit {
            return (bucket.count, middle(bucket.lower, bucket.upper, isPositive: isPositive))
        }
        guard keepingLower ? bucket.lower < limit : bucket.upper > limit else { return (0, 0) }
        if bucket.lower == -.infinity || bucket.upper == .infinity {
            return NativeHistogram.unboundedShare(of: bucket, limit, keepingLower: keepingLower)
        }
        let below = NativeHistogram.below(limit, bucket, linear: usesCustomBounds, isPositive: isPositive)
        return keepingLower
            ? (below, middle(bucket.lower, limit, isPositive: isPositive))
            : (bucket.count - below, middle(limit, bucket.upper, isPositive: isPositive))
    }

    /// The same for a bucket without a bound on one side, which the value cuts: nobody knows how its observations are
    /// spread, save that the lowest one of positive bounds is taken to begin at zero.
    private static func unboundedShare(
        of bucket: Interval, _ limit: Double, keepingLower: Bool
    ) -> (count: Double, middle: Double) {
        guard bucket.lower == -.infinity else { return keepingLower ? (0, 0) : (bucket.count, limit) }
        guard bucket.upper.isFinite else { return (0, 0) }
        if keepingLower {
            if bucket.upper <= 0 { return (bucket.count, limit) }
            return limit > 0 ? (bucket.count * limit / bucket.upper, limit / 2) : (0, 0)
        }
        return limit >= 0 ? (bucket.count * (1 - limit / bucket.upper), (limit + bucket.upper) / 2) : (0, 0)
    }

    private static func zeroShare(
        of zero: Interval, _ limit: Double, keepingLower: Bool
    ) -> (count: Double, middle: Double) {
        let (whole, none) = ((zero.count, (zero.lower + zero.upper) / 2), (0.0, 0.0))
        if limit <= zero.lower { return keepingLower ? none : whole }
        if limit >= zero.upper { return keepingLower ? whole : none }
        let (from, to) = keepingLower ? (zero.lower, limit) : (limit, zero.upper)
        return (zero.count * ((to - from) / (zero.upper - zero.lower)), (from + to) / 2)
    }

    /// The value that observations between two bounds are taken for.
    private func middle(_ lower: Double, _ upper: Double, isPositive: Bool) -> Double {
        if lower.isInfinite { return upper.isInfinite ? 0 : upper > 0 ? upper / 2 : upper }
        if upper.isInfinite { return lower }
        if usesCustomBounds { return (lower + upper) / 2 }
        let geometric = (lower * upper).magnitude.squareRoot()
        return isPositive ? geometric : -geometric
    }

    /// The observations of a bucket at or below a value inside it.
    private static func below(_ limit: Double, _ bucket: Interval, linear: Bool, isPositive: Bool) -> Double {
        if linear { return bucket.count * ((limit - bucket.lower) / (bucket.upper - bucket.lower)) }
        let low = GoMath.log2(bucket.lower.magnitude)
        let high = GoMath.log2(bucket.upper.magnitude)
        let place = GoMath.log2(limit.magnitude)
        return bucket.count * (isPositive ? (place - low) / (high - low) : 1 - (place - high) / (low - high))
    }
}
