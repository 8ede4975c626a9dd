import PromQL

/// What one target's scrapes leave behind: the cache of its lines and what is known of its metrics.
///
/// `ingest` takes one answer into a store as Prometheus' scrape loop does: all of it or, if it breaks a limit or cannot be
/// read, nothing; series that are gone get stale markers, and `up` and its like are written in any case.
struct ScrapeLoop: Sendable {
    /// A sample of the answer that is being read, before it is known whether the answer is taken.
    struct PendingSample {
        let entry: Int32
        let tracked: Bool
        let time: Int64
        let value: Double
    }

    let labels: SampleLabels
    let honorTimestamps: Bool
    let trackTimestampsStaleness: Bool
    let fallbackProtocol: ScrapeProtocol?
    let extraMetrics: Bool
    /// Milliseconds.
    let timeout: Int64

    var cache = ScrapeCache()
    /// Counts scrapes.
    var iteration: Int32 = 0
    /// By the name of the family.
    var metadata: [String: MetricMetadata] = [:]
    /// The series of `up` and its like, in the order of `reportNames`; empty before the first scrape.
    var reportSeries: [SeriesID] = []

    // While an answer is read:
    var pending: [PendingSample] = []
    var pendingExemplars: [(entry: Int32, exemplar: ScrapedExemplar, time: Int64)] = []
    var order: [Int32] = []
    private var tracked: [Int32] = []
    /// The place in the cache's order at which the next line is expected.
    var expected = 0
    var currentType = ""
    var newMetadata: [String: MetricMetadata] = [:]
    var report = ScrapeReport()
    var attempts = 0
    /// The number of entries when the sample limit was reached; nil if it was not.
    var firstBeyondLimit: Int?

    init(_ configuration: ScrapeConfiguration, target: Labels, timeout: Int64) {
        labels = SampleLabels(
            target: target, honorLabels: configuration.honorLabels, relabelling: configuration.metricRelabelling,
            limits: configuration.limits)
        honorTimestamps = configuration.honorTimestamps
        trackTimestampsStaleness = configuration.trackTimestampsStaleness
        fallbackProtocol = configuration.fallbackProtocol
        extraMetrics = configuration.extraScrapeMetrics
        self.timeout = timeout
    }

    static let reportNames = [
        "up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling",
        "scrape_series_added", "scrape_timeout_seconds", "scrape_sample_limit", "scrape_body_size_bytes",
    ]

    /// Takes the outcome of a request that was sent at `time` and lasted `duration` seconds.
    ///
    /// - Parameter requestError: why there is no answer; Prometheus then treats the scrape as an empty one.
    mutating func ingest(
        _ outcome: ScrapeOutcome, requestError: String?, time: Int64, duration: Double,
        into store: inout TimeSeriesStore
    ) -> ScrapeReport {
        iteration &+= 1
        firstBeyondLimit = nil
        report = ScrapeReport()
        pending.removeAll(keepingCapacity: true)
        pendingExemplars.removeAll(keepingCapacity: true)
        order.removeAll(keepingCapacity: true)
        expected = 0
        currentType = ""
        attempts = 0
        forgetPruned(in: store)
        if let requestError {
            report.error = requestError
            markStale(at: time, in: &store)
        } else {
            do throws(ScrapeError) {
                let isEmpty = try read(outcome, at: time)
                if isEmpty { markStale(at: time, in: &store) } else { commit(at: time, &store) }
            } catch {
                report.error = error.description
                refuse(at: time, in: &store)
            }
        }
        writeReport(
            at: time,
            [
                report.isUp ? 1 : 0, duration, Double(report.scraped), Double(report.postRelabelling),
                Double(report.seriesAdded), Double(timeout) / 1000, Double(labels.limits.samples),
                Double(report.bodyBytes),
            ], into: &store)
        newMetadata = [:]
        return report
    }

    /// After scrapes without samples the store's retention may have removed series that the cache still leads to.
    private mutating func forgetPruned(in store: TimeSeriesStore) {
        if reportSeries.contains(where: { store.labels($0).isEmpty }) { reportSeries = [] }
        guard cache.trackedEntries.isEmpty else { return }
        for entry in 0..<cache.count where cache.series[entry] >= 0 && store.labels(cache.series[entry]).isEmpty {
            cache.series[entry] = ScrapeCache.Destination.unresolved
        }
    }

    /// Reads an answer into the pending samples. Returns whether it was empty.
    private mutating func read(_ outcome: ScrapeOutcome, at time: Int64) throws(ScrapeError) -> Bool {
        switch outcome {
        case .text(let bytes, let contentType):
            report.bodyBytes = bytes.count
            if labels.limits.bodySize > 0, bytes.count > labels.limits.bodySize {
                report.bodyBytes = -1
                throw ScrapeError("body size limit exceeded")
            }
            if bytes.isEmpty { return true }
            try read(bytes, format: try format(contentType), at: time)
        case .samples(let samples, let metadata):
            if samples.isEmpty { return true }
            newMetadata = metadata
            for sample in samples { try take(sample, at: time) }
        case .timeout, .connectionRefused, .noSuchHost, .status: return true
        }
        if labels.limits.samples > 0, attempts > labels.limits.samples {
            // What was read still counts in the report.
            throw ScrapeError("sample limit exceeded")
        }
        return false
    }

    /// The format that an answer says it has, or the configuration's for one that says nothing usable.
    private func format(_ contentType: String) throws(ScrapeError) -> ExpositionFormat {
        let media = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        switch media {
        case "application/openmetrics-text": return .openMetrics
        case "text/plain": return .prometheus
        default: break
        }
        if let format = fallbackProtocol?.format { return format }
        if contentType.isEmpty {
            throw ScrapeError(
                "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified "
                    + "for target")
        }
        guard media.contains("/") else {
            throw ScrapeError(
                "cannot parse Content-Type \(GoQuote.quote(contentType)) and no fallback_scrape_protocol for target")
        }
        throw ScrapeError(
            "received unsupported Content-Type \(GoQuote.quote(contentType)) and no fallback_scrape_protocol "
                + "specified for target")
    }

    // MARK: - Writing

    private mutating func commit(at time: Int64, _ store: inout TimeSeriesStore) {
        tracked.removeAll(keepingCapacity: true)
        for sample in pending {
            let entry = Int(sample.entry)
            var series = cache.series[entry]
            if series == ScrapeCache.Destination.unresolved {
                series = store.series(for: cache.labels[entry])
                cache.series[entry] = series
            }
            do throws(AppendError) {
                try store.append(series, time: sample.time, value: sample.value)
                if sample.tracked, cache.tracked[entry] != iteration {
                    cache.tracked[entry] = iteration
                    tracked.append(sample.entry)
                }
            } catch {
                report.refused += 1
            }
        }
        storeExemplars(in: &store)
        for entry in cache.trackedEntries where cache.tracked[Int(entry)] != iteration {
            Self.end(cache.series[Int(entry)], at: time, in: &store)
        }
        swap(&cache.trackedEntries, &tracked)
        swap(&cache.order, &order)
        cache.keepSeen(in: iteration)
        if !newMetadata.isEmpty {
            metadata.merge(newMetadata) { $1 }
            store.note(newMetadata)
        }
    }

    private mutating func storeExemplars(in store: inout TimeSeriesStore) {
        for (entry, exemplar, time) in pendingExemplars {
            let last = cache.exemplars[entry]
            if last == exemplar { continue }
            if let before = last?.time, let now = exemplar.time, now < before { continue }
            cache.exemplars[entry] = exemplar
            store.append(
                Exemplar(
                    series: cache.labels[Int(entry)], labels: exemplar.labels, value: exemplar.value,
                    time: exemplar.time ?? time))
        }
    }

    /// Drops an answer that cannot be taken. What was read of it before the fault counts as seen, though it is not
    /// stored: Prometheus' cache notes a series before the scrape is rolled back, so that only series that it did not
    /// come to end at once, and the others when a later scrape lacks them.
    private mutating func refuse(at time: Int64, in store: inout TimeSeriesStore) {
        tracked.removeAll(keepingCapacity: true)
        for sample in pending where sample.tracked && cache.tracked[Int(sample.entry)] != iteration {
            cache.tracked[Int(sample.entry)] = iteration
            tracked.append(sample.entry)
        }
        for entry in cache.trackedEntries where cache.tracked[Int(entry)] != iteration {
            Self.end(cache.series[Int(entry)], at: time, in: &store)
        }
        swap(&cache.trackedEntries, &tracked)
        if let firstBeyondLimit { cache.removeEntries(from: firstBeyondLimit) }
    }

    /// Ends every series of the scrape before: what a scrape without an answer, or with an empty one, does.
    private mutating func markStale(at time: Int64, in store: inout TimeSeriesStore) {
        for entry in cache.trackedEntries { Self.end(cache.series[Int(entry)], at: time, in: &store) }
        cache.trackedEntries.removeAll(keepingCapacity: true)
    }

    /// A marker that comes too late, because the series has gone on elsewhere, is not written.
    static func end(_ series: SeriesID, at time: Int64, in store: inout TimeSeriesStore) {
        guard series >= 0, store.samples(series, after: time - 1).isEmpty else { return }
        try? store.append(series, time: time, value: StaleMarker.value)
    }

    private mutating func writeReport(at time: Int64, _ values: [Double], into store: inout TimeSeriesStore) {
        let names = extraMetrics ? Self.reportNames[...] : Self.reportNames.prefix(5)
        if reportSeries.count != names.count {
            reportSeries = names.map { store.series(for: labels.reported($0)) }
        }
        for (series, value) in zip(reportSeries, values) {
            // A target that went and came back may have samples of that time already.
            try? store.append(series, time: time, value: value)
        }
    }

    /// Ends all series of a target that is gone, its `up` among them.
    mutating func endAll(at time: Int64, in store: inout TimeSeriesStore) {
        markStale(at: time, in: &store)
        for series in reportSeries { Self.end(series, at: time, in: &store) }
    }
}

extension ScrapeLoop {
    /// Takes over what another configuration of the same target knows of it: all lines if they lead to the same series,
    /// else only the series that will need an end.
    mutating func adopt(_ other: ScrapeLoop) {
        iteration = other.iteration
        metadata = other.metadata
        if other.labels.target == labels.target, other.extraMetrics == extraMetrics {
            reportSeries = other.reportSeries
        }
        if other.labels == labels {
            cache = other.cache
        } else {
            cache = other.cache.withoutTexts
        }
    }
}

extension ScrapeCache {
    /// The series that got a sample in the last scrape, and no way to them: lines are read anew.
    var withoutTexts: ScrapeCache {
        var kept = ScrapeCache()
        for entry in trackedEntries.map(Int.init) {
            let place = kept.add(text: "", exposed: .empty, labels: labels[entry], series: series[entry])
            kept.tracked[place] = tracked[entry]
            kept.trackedEntries.append(Int32(clamping: place))
        }
        return kept
    }
}
