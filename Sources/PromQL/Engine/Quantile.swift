/// Quantiles of values and of classic histograms.
enum Quantile {
    /// Values in the order of Prometheus' heaps: NaN first, then ascending.
    static func sorted(_ values: [Double]) -> [Double] {
        values.sorted { $0.isNaN ? !$1.isNaN : $0 < $1 }
    }

    /// The quantile of values, between two of them weighted; NaN for no values.
    static func of(_ values: [Double], _ q: Double) -> Double {
        if values.isEmpty || q.isNaN { return .nan }
        if q < 0 { return -.infinity }
        if q > 1 { return .infinity }
        let ordered = sorted(values)
        let last = Double(ordered.count - 1)
        let rank = q * last
        let lower = max(0, rank.rounded(.down))
        let upper = min(last, lower + 1)
        let weight = rank - rank.rounded(.down)
        return ordered[Int(lower)] * (1 - weight) + ordered[Int(upper)] * weight
    }

    /// A bucket of a classic histogram: how many observations up to a bound.
    struct Bucket {
        var bound: Double
        var count: Double
    }

    /// Merges buckets of one bound; the buckets are sorted.
    private static func coalesced(_ buckets: [Bucket]) -> [Bucket] {
        var out: [Bucket] = []
        out.reserveCapacity(buckets.count)
        for bucket in buckets {
            if let last = out.last, last.bound == bucket.bound {
                out[out.count - 1].count += bucket.count
            } else {
                out.append(bucket)
            }
        }
        return out
    }

    /// Makes the counts rise: tiny differences are taken for rounding, the others are reported.
    private static func ensureMonotonic(_ buckets: inout [Bucket]) -> BucketRepair? {
        var repair: BucketRepair?
        var before = buckets[0].count
        for index in 1..<max(1, buckets.count) {
            let (bound, count) = (buckets[index].bound, buckets[index].count)
            if count == before { continue }
            if almostEqual(before, count, 1e-12) {
                buckets[index].count = before
            } else if count < before {
                buckets[index].count = before
                let one = BucketRepair(lowestBucket: bound, highestBucket: bound, largestDifference: before - count)
                if repair == nil { repair = one } else { repair?.merge(one) }
            } else {
                before = count
            }
        }
        repair?.samples = 1
        return repair
    }

    /// Prometheus' comparison of floats by relative difference.
    static func almostEqual(_ a: Double, _ b: Double, _ epsilon: Double) -> Bool {
        if StaleMarker.isStale(a) || StaleMarker.isStale(b) { return StaleMarker.isStale(a) && StaleMarker.isStale(b) }
        if a.isNaN && b.isNaN { return true }
        if a == b { return true }
        let sum = a.magnitude + b.magnitude
        let difference = (a - b).magnitude
        if a == 0 || b == 0 || sum < Double.leastNormalMagnitude {
            return difference < epsilon * Double.leastNormalMagnitude
        }
        return difference / min(sum, Double.greatestFiniteMagnitude) < epsilon
    }

    /// The quantile of a classic histogram, linear within a bucket, and whether its counts had to be made to rise. The
    /// buckets are sorted by bound.
    static func ofBuckets(_ sorted: [Bucket], _ q: Double) -> (value: Double, repair: BucketRepair?) {
        if q.isNaN { return (.nan, nil) }
        if q < 0 { return (-.infinity, nil) }
        if q > 1 { return (.infinity, nil) }
        guard let highest = sorted.last, highest.bound == .infinity else { return (.nan, nil) }
        var buckets = coalesced(sorted)
        let repair = ensureMonotonic(&buckets)
        if buckets.count < 2 { return (.nan, nil) }
        let observations = buckets[buckets.count - 1].count
        if observations == 0 { return (.nan, nil) }
        var rank = q * observations
        var low = 0
        var high = buckets.count - 1
        while low < high {
            let middle = (low + high) / 2
            if buckets[middle].count >= rank { high = middle } else { low = middle + 1 }
        }
        if low == buckets.count - 1 { return (buckets[buckets.count - 2].bound, repair) }
        if low == 0, buckets[0].bound <= 0 { return (buckets[0].bound, repair) }
        var start = 0.0
        let end = buckets[low].bound
        var count = buckets[low].count
        if low > 0 {
            start = buckets[low - 1].bound
            count -= buckets[low - 1].count
            rank -= buckets[low - 1].count
        }
        return (start + (end - start) * (rank / count), repair)
    }

    /// The share of a classic histogram's observations between two values, linear within buckets. The buckets are sorted.
    static func fraction(_ sorted: [Bucket], _ lower: Double, _ upper: Double) -> Double {
        guard let highest = sorted.last, highest.bound == .infinity else { return .nan }
        let buckets = coalesced(sorted)
        let count = buckets[buckets.count - 1].count
        if count == 0 || lower.isNaN || upper.isNaN { return .nan }
        if lower >= upper { return 0 }
        var rank = 0.0
        var lowerRank: Double?
        var upperRank: Double?
        var before = buckets[0].bound > 0 ? 0.0 : -Double.infinity
        for bucket in buckets {
            let end = bucket.bound
            func interpolate(_ value: Double) -> Double {
                // A bucket without a lower bound counts as a whole.
                before == -.infinity
                    ? bucket.count : rank + (bucket.count - rank) * (value - before) / (end - before)
            }
            if lowerRank == nil {
                if before >= lower {
                    lowerRank = rank
                } else if end > lower {
                    lowerRank = interpolate(lower)
                }
            }
            if upperRank == nil {
                if before >= upper {
                    upperRank = rank
                } else if end > upper {
                    upperRank = interpolate(upper)
                }
            }
            if lowerRank != nil && upperRank != nil { break }
            rank = bucket.count
            before = end
        }
        let from = min(lowerRank ?? count, count)
        let to = min(upperRank ?? count, count)
        return (to - from) / count
    }
}
