extension NativeHistogram {
    /// Without empty buckets.
    var compacted: NativeHistogram {
        var copy = self
        copy.positive.removeAll { $0.count == 0 }
        copy.negative.removeAll { $0.count == 0 }
        return copy
    }

    func multiplied(by factor: Double) -> NativeHistogram { scaled { $0 * factor } }

    func divided(by divisor: Double) -> NativeHistogram {
        var result = scaled { $0 / divisor }
        if divisor == 0 {
            result.positive = []
            result.negative = []
        }
        return result
    }

    private func scaled(_ scale: (Double) -> Double) -> NativeHistogram {
        var copy = self
        copy.count = scale(count)
        copy.sum = scale(sum)
        copy.zeroCount = scale(zeroCount)
        for index in copy.positive.indices { copy.positive[index].count = scale(copy.positive[index].count) }
        for index in copy.negative.indices { copy.negative[index].count = scale(copy.negative[index].count) }
        if scale(1) < 0 { copy.counterResetHint = .gauge }
        return copy.compacted
    }

    /// What combining two histograms made, and what had to be settled for it.
    struct Combination {
        var histogram: NativeHistogram
        /// The custom bounds differed; only those that both have are left.
        var reconciledBounds = false
        /// One said that its counter began anew and the other that it did not.
        var hintsCollide = false
    }

    /// The sum; nil if one has exponential buckets and the other custom bounds.
    func adding(_ other: NativeHistogram) -> NativeHistogram? { combined(other, +)?.histogram }

    func subtracting(_ other: NativeHistogram) -> NativeHistogram? { combined(other, -)?.histogram }

    func combined(_ other: NativeHistogram, _ operation: (Double, Double) -> Double) -> Combination? {
        guard usesCustomBounds == other.usesCustomBounds else { return nil }
        var result = Combination(histogram: self)
        var left = self
        var right = other
        if usesCustomBounds {
            if customBounds != other.customBounds {
                result.reconciledBounds = true
                let shared = customBounds.filter { other.customBounds.contains($0) }
                left = left.rebounded(shared)
                right = right.rebounded(shared)
            }
        } else {
            let coarsest = min(schema, other.schema)
            left = left.reduced(to: coarsest)
            right = right.reduced(to: coarsest)
            if left.zeroThreshold != right.zeroThreshold {
                let width = max(left.zeroThreshold, right.zeroThreshold)
                left = left.widened(to: width)
                right = right.widened(to: left.zeroThreshold)
                left = left.widened(to: right.zeroThreshold)
            }
        }
        left.count = operation(left.count, right.count)
        left.sum = operation(left.sum, right.sum)
        left.zeroCount = operation(left.zeroCount, right.zeroCount)
        left.positive = NativeHistogram.merged(left.positive, right.positive, operation)
        left.negative = NativeHistogram.merged(left.negative, right.negative, operation)
        switch (left.counterResetHint, right.counterResetHint) {
        case let (a, b) where a == b: break
        case (.gauge, _), (_, .gauge): left.counterResetHint = .gauge
        case (.unknown, _), (_, .unknown): left.counterResetHint = .unknown
        default:
            left.counterResetHint = .unknown
            result.hintsCollide = true
        }
        result.histogram = left.compacted
        return result
    }

    /// The same observations in the buckets of a coarser histogram.
    func conformed(to coarser: NativeHistogram) -> NativeHistogram {
        var copy = self
        if coarser.usesCustomBounds {
            if usesCustomBounds, customBounds != coarser.customBounds { copy = rebounded(coarser.customBounds) }
            copy.customBounds = coarser.customBounds
        } else {
            copy = reduced(to: coarser.schema)
            if zeroThreshold != coarser.zeroThreshold { copy = copy.widened(to: coarser.zeroThreshold) }
            copy.zeroThreshold = coarser.zeroThreshold
        }
        copy.schema = coarser.schema
        return copy
    }

    private static func merged(_ a: [Bucket], _ b: [Bucket], _ operation: (Double, Double) -> Double) -> [Bucket] {
        var out: [Bucket] = []
        var (i, j) = (0, 0)
        while i < a.count || j < b.count {
            if j >= b.count || (i < a.count && a[i].index < b[j].index) {
                out.append(Bucket(index: a[i].index, count: operation(a[i].count, 0)))
                i += 1
            } else if i >= a.count || b[j].index < a[i].index {
                out.append(Bucket(index: b[j].index, count: operation(0, b[j].count)))
                j += 1
            } else {
                out.append(Bucket(index: a[i].index, count: operation(a[i].count, b[j].count)))
                i += 1
                j += 1
            }
        }
        return out
    }

    /// The same observations in the coarser buckets of a lower schema.
    func reduced(to coarser: Int32) -> NativeHistogram {
        guard coarser < schema else { return self }
        var copy = self
        let shift = schema - coarser
        func reduce(_ buckets: [Bucket]) -> [Bucket] {
            var out: [Bucket] = []
            for bucket in buckets {
                let index = ((bucket.index - 1) >> shift) + 1
                if let last = out.last, last.index == index {
                    out[out.count - 1].count += bucket.count
                } else {
                    out.append(Bucket(index: index, count: bucket.count))
                }
            }
            return out
        }
        copy.schema = coarser
        copy.positive = reduce(positive)
        copy.negative = reduce(negative)
        return copy
    }

    /// The same observations with a wider bucket around zero.
    private func widened(to threshold: Double) -> NativeHistogram {
        var copy = self
        copy.zeroThreshold = threshold
        func take(_ buckets: [Bucket]) -> [Bucket] {
            buckets.filter { bucket in
                guard bound(bucket.index - 1) < threshold else { return true }
                copy.zeroCount += bucket.count
                copy.zeroThreshold = max(copy.zeroThreshold, bucket.count == 0 ? 0 : bound(bucket.index))
                return false
            }
        }
        copy.positive = take(positive)
        copy.negative = take(negative)
        return copy.zeroThreshold > threshold ? copy.widened(to: copy.zeroThreshold) : copy
    }

    /// The same observations with fewer custom bounds.
    private func rebounded(_ bounds: [Double]) -> NativeHistogram {
        var copy = self
        copy.customBounds = bounds
        var out: [Bucket] = []
        for bucket in positive {
            let end = bucket.index < customBounds.count ? customBounds[Int(bucket.index)] : .infinity
            let index = Int32(bounds.firstIndex { $0 >= end } ?? bounds.count)
            if let last = out.last, last.index == index {
                out[out.count - 1].count += bucket.count
            } else {
                out.append(Bucket(index: index, count: bucket.count))
            }
        }
        copy.positive = out
        return copy
    }

    /// Whether it counts the same; hints do not matter.
    func sameDistribution(as other: NativeHistogram) -> Bool {
        func same(_ a: Double, _ b: Double) -> Bool { a.bitPattern == b.bitPattern || a == b }
        let (a, b) = (compacted, other.compacted)
        return a.schema == b.schema && same(a.count, b.count) && same(a.sum, b.sum) && same(a.zeroCount, b.zeroCount)
            && a.zeroThreshold == b.zeroThreshold && a.positive == b.positive && a.negative == b.negative
            && a.customBounds == b.customBounds
    }

    /// Whether a counter began anew between `before` and this one.
    func isReset(after before: NativeHistogram) -> Bool {
        switch counterResetHint {
        case .reset: return true
        case .notReset: return false
        case .unknown, .gauge: break
        }
        if count < before.count { return true }
        if usesCustomBounds != before.usesCustomBounds { return true }
        if schema > before.schema || zeroThreshold < before.zeroThreshold { return true }
        // The wider zero bucket must not end inside a bucket with observations of before.
        if zeroThreshold > before.zeroThreshold, before.widened(to: zeroThreshold).zeroThreshold != zeroThreshold {
            return true
        }
        guard let difference = subtracting(before) else { return true }
        return difference.zeroCount < 0 || difference.positive.contains { $0.count < 0 }
            || difference.negative.contains { $0.count < 0 }
    }
}
