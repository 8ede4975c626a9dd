import PromQL

/// What became of a remote write.
public struct RemoteWriteOutcome: Sendable, Equatable {
    /// 204 if it was taken.
    public var status: Int
    /// Why it was not.
    public var message: String
    /// Samples and histograms that are in the store now.
    public var stored = 0
    /// Those that were there already, with the same value.
    public var repeated = 0
    /// Those that are not: all of a request that is refused; in one that is taken, those of series without proper labels
    /// and those that come after a newer one of the same request.
    public var refused = 0
    public var exemplars = 0

    public init(status: Int, message: String = "") {
        self.status = status
        self.message = message
    }

    /// Whether the store has changed.
    public var changed: Bool { stored > 0 || exemplars > 0 }
}

extension PrometheusServer {
    /// How far ahead of now a sample may lie, in milliseconds.
    private static let furthestFuture: Int64 = 600_000
    /// How far behind the newest sample of all a first sample may lie: half of the real head's two hours.
    private static let headWindow: Int64 = 3_600_000
    /// The year 1, before which no clock has been.
    private static let earliest: Int64 = -62_135_596_800_000
    /// Series that remote writes may fill the store up to.
    static let maximumWrittenSeries = 500_000

    /// Takes what another Prometheus, or an agent, writes. As Prometheus does: a sample that is too old, out of order or
    /// a duplicate refuses the whole request; series without proper labels are left out.
    /// - Parameter now: milliseconds since the Unix epoch.
    public mutating func receive(_ request: RemoteWriteRequest, now: Int64) -> RemoteWriteOutcome {
        do throws(RemoteWriteRequest.Refusal) {
            return try receive(try request.message(), now: now)
        } catch {
            return RemoteWriteOutcome(status: error.status, message: error.message)
        }
    }

    private mutating func receive(
        _ message: WriteRequest, now: Int64
    ) throws(RemoteWriteRequest.Refusal) -> RemoteWriteOutcome {
        var outcome = RemoteWriteOutcome(status: 204)
        let newest = store.newestTime
        let oldest = newest.map { max($0 - Self.headWindow, Self.earliest) } ?? Self.earliest
        var fresh = 0
        for series in message.series {
            guard let labels = series.labels else { continue }
            if let reason = refusal(series, labels, newest: newest, oldest: oldest, now: now) {
                outcome.status = 400
                outcome.message = reason
                outcome.refused = message.series.reduce(0) { $0 + $1.sampleCount }
                return outcome
            }
            if store.identifier(of: labels) == nil { fresh += 1 }
        }
        guard store.seriesCount + fresh <= Self.maximumWrittenSeries else {
            throw .bad("the lab's store holds \(Self.maximumWrittenSeries) series at most: write fewer")
        }
        for series in message.series { take(series, into: &outcome) }
        return outcome
    }

    private func refusal(
        _ series: WriteRequest.Series, _ labels: Labels, newest: Int64?, oldest: Int64, now: Int64
    ) -> String? {
        let known = store.identifier(of: labels)
        for sample in series.samples {
            if let reason = outOfBounds(sample.time, now: now)
                ?? store.refusal(of: sample, in: known, newest: newest, oldest: oldest)
            {
                return reason
            }
        }
        if let failure = series.histogramFailure { return failure }
        for sample in series.histograms {
            if let reason = outOfBounds(sample.time, now: now)
                ?? store.refusal(of: sample, in: known, oldest: oldest)
            {
                return reason
            }
        }
        return nil
    }

    private func outOfBounds(_ time: Int64, now: Int64) -> String? {
        if time > now + Self.furthestFuture { return "out of bounds: timestamp is too far in the future" }
        return time < Self.earliest ? "out of bounds" : nil
    }

    /// Appends what has been looked at. Within one request a series may still go backwards; such samples fall out, as they
    /// do when the real head commits.
    private mutating func take(_ series: WriteRequest.Series, into outcome: inout RemoteWriteOutcome) {
        guard let labels = series.labels else {
            outcome.refused += series.sampleCount
            return
        }
        for sample in series.samples {
            append(into: &outcome) { (store) throws(AppendError) in
                try store.append(labels, time: sample.time, value: sample.value)
            }
        }
        for exemplar in series.exemplars {
            let exemplar = Exemplar(
                series: labels, labels: exemplar.labels, value: exemplar.value, time: exemplar.time)
            guard store.identifier(of: labels) != nil else { continue }
            if store.append(exemplar) == nil { outcome.exemplars += 1 }
        }
        for sample in series.histograms {
            append(into: &outcome) { (store) throws(AppendError) in
                try store.append(labels, time: sample.time, histogram: sample.histogram)
            }
        }
    }

    private mutating func append(
        into outcome: inout RemoteWriteOutcome, _ add: (inout TimeSeriesStore) throws(AppendError) -> Void
    ) {
        let before = store.samplesAppended
        do throws(AppendError) {
            try add(&store)
            if store.samplesAppended > before { outcome.stored += 1 } else { outcome.repeated += 1 }
        } catch {
            outcome.refused += 1
        }
    }
}

extension WriteRequest.Series {
    fileprivate var sampleCount: Int { samples.count + histograms.count + (histogramFailure == nil ? 0 : 1) }
}
