/// Native histograms with custom bounds made of classic ones, as `load_with_nhcb` and Prometheus' scrape option
/// `convert_classic_histograms_to_nhcb` make them.
enum CustomBuckets {
    private struct Parts {
        var buckets: [(bound: Double, items: [SeriesNotation.Item])] = []
        var count: [SeriesNotation.Item] = []
        var sum: [SeriesNotation.Item] = []
    }

    static func histograms(of series: [SeriesNotation], step: Int64) -> [(labels: Labels, samples: [HistogramSample])] {
        var parts: [Labels: Parts] = [:]
        var order: [Labels] = []
        for one in series {
            let name = one.labels.name
            func base(_ suffix: String) -> Labels? {
                guard name.hasSuffix(suffix) else { return nil }
                return one.labels.removing(["le"]).setting(Labels.metricName, to: String(name.dropLast(suffix.count)))
            }
            if let labels = base("_bucket"), let bound = GoFloat.parse(one.labels["le"]) {
                if parts[labels] == nil { order.append(labels) }
                parts[labels, default: Parts()].buckets.append((bound, one.items))
            } else if let labels = base("_count") {
                if parts[labels] == nil { order.append(labels) }
                parts[labels, default: Parts()].count = one.items
            } else if let labels = base("_sum") {
                if parts[labels] == nil { order.append(labels) }
                parts[labels, default: Parts()].sum = one.items
            }
        }
        return order.compactMap { labels in
            guard var part = parts[labels], !part.buckets.isEmpty else { return nil }
            part.buckets.sort { $0.bound < $1.bound }
            let length = part.buckets.map(\.items.count).max() ?? 0
            let samples = (0..<length).compactMap { index in
                histogram(part, index).map { HistogramSample(time: Int64(index) * step, histogram: $0) }
            }
            return samples.isEmpty ? nil : (labels, samples)
        }
    }

    private static func value(_ items: [SeriesNotation.Item], _ index: Int) -> Double? {
        guard index < items.count, case .float(let value) = items[index], !StaleMarker.isStale(value) else {
            return nil
        }
        return value
    }

    private static func histogram(_ parts: Parts, _ index: Int) -> NativeHistogram? {
        var result = NativeHistogram(schema: NativeHistogram.customSchema)
        var before = 0.0
        var infinite: Double?
        for bucket in parts.buckets {
            guard let count = value(bucket.items, index) else { continue }
            if bucket.bound == .infinity {
                infinite = count
                continue
            }
            result.positive.append(
                NativeHistogram.Bucket(index: Int32(result.customBounds.count), count: count - before))
            result.customBounds.append(bucket.bound)
            before = count
        }
        if result.customBounds.isEmpty, infinite == nil { return nil }
        let total = value(parts.count, index) ?? infinite ?? before
        if total > before {
            result.positive.append(
                NativeHistogram.Bucket(index: Int32(result.customBounds.count), count: total - before))
        }
        result.count = total
        result.sum = value(parts.sum, index) ?? 0
        return result.compacted
    }
}
