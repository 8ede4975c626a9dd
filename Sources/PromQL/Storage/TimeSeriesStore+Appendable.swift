/// Whether samples would be taken, without taking them: what Prometheus' head checks before it commits a batch.
extension TimeSeriesStore {
    /// The time of the newest sample of all series, in milliseconds; nil in an empty store.
    public var newestTime: Int64? { allSeries.lazy.compactMap { series($0)?.lastTime }.max() }

    /// Why the head would refuse a float sample; nil if it would not.
    ///
    /// - Parameters:
    ///   - id: nil for a series that is not there yet.
    ///   - newest: the time of the newest sample of all.
    ///   - oldest: the time before which a sample is out of bounds, unless the configuration accepts some out of order.
    public func refusal(of sample: Sample, in id: SeriesID?, newest: Int64?, oldest: Int64) -> String? {
        let known = id.flatMap { series($0) }
        if sample.time >= oldest {
            guard let known, let last = known.lastTime, sample.time <= last else { return nil }
            if sample.time == last {
                guard known.head.count > 0, known.head.lastTime == last else {
                    return AppendError.duplicate.description
                }
                let existing = known.head.newestValue
                if existing.bitPattern == sample.value.bitPattern { return nil }
                return "duplicate sample for timestamp \(sample.time); overrides not allowed: existing "
                    + "\(GoFloat.general(existing)), new value \(GoFloat.general(sample.value))"
            }
        }
        let window = configuration.outOfOrderWindow
        if window > 0 {
            return sample.time >= (newest ?? sample.time).saturatingSubtracting(window)
                ? nil : AppendError.tooOld.description
        }
        return sample.time < oldest ? "out of bounds" : AppendError.outOfOrder.description
    }

    /// The same for a native histogram, which is never accepted out of order.
    public func refusal(of sample: HistogramSample, in id: SeriesID?, oldest: Int64) -> String? {
        if sample.time < oldest { return "out of bounds" }
        guard let known = id.flatMap({ series($0) }), let last = known.lastTime, sample.time <= last else { return nil }
        if sample.time < last { return AppendError.outOfOrder.description }
        if let before = known.histograms.last, before.time == last,
            before.histogram.sameDistribution(as: sample.histogram)
        {
            return nil
        }
        return "duplicate sample for timestamp \(sample.time)"
    }
}

extension Int64 {
    fileprivate func saturatingSubtracting(_ other: Int64) -> Int64 {
        let (difference, over) = subtractingReportingOverflow(other)
        return over ? .min : difference
    }
}
