import PromQL

/// A request that a due target asks for.
public struct ScrapeRequest: Sendable, Equatable {
    public let target: TargetID
    public let url: String
    /// `host:port`.
    public let address: String
    /// Without parameters.
    public let path: String
    /// Milliseconds after which the outcome is `timeout`.
    public let timeout: Int64
    /// The header `Accept`: what Prometheus 3 offers by default.
    public static let accept =
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        + "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
        + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
}

/// The targets of one job, and their scrapes.
///
///     var pool = ScrapePool(job)
///     pool.synchronize(job.discovery.groups(in: objects), now: now)
///     for id in pool.due(at: now) {                    // now >= pool.nextDue
///         let request = pool.start(id, at: now)        // send it, and when there is an outcome:
///         pool.finish(id, .text(body, contentType: type), duration: 0.004, into: &store)
///     }
///     pool.endStaleSeries(at: now, in: &store)
///
/// A value: the caller has the clock, the network and the store. What follows `scrape/scrape.go` and `scrape/manager.go`.
public struct ScrapePool: Sendable {
    public internal(set) var configuration: ScrapeConfiguration
    /// Whether targets are scraped at places within their interval that their hash decides, as Prometheus does; else all
    /// at the beginning of each interval.
    public let spreadsScrapes: Bool
    /// What makes two servers scrape the same target at different times.
    public let seed: UInt64
    /// In the order in which they were found.
    public internal(set) var targets: [ScrapeTarget] = []
    /// Targets that relabelling dropped, as many as `keep_dropped_targets` allows.
    public internal(set) var droppedTargets: [DroppedTarget] = []
    /// All that relabelling dropped.
    public internal(set) var droppedCount = 0
    /// Why some that were found can be no targets.
    public internal(set) var failures: [String] = []
    /// `target_limit`'s error; empty if it holds.
    public internal(set) var limitError = ""
    var nextNumber = 0
    var ending: [EndingLoop] = []
    /// What the groups of the last synchronization came to, by source; no state, it can be found again.
    var groupOutcomes: [String: GroupOutcome] = [:]

    /// A target that is gone, whose series get their stale markers when it can no longer have come back.
    struct EndingLoop: Sendable {
        var loop: ScrapeLoop
        /// The time of the markers: that of the scrape that would have been next.
        var markerTime: Int64
        /// When they are written.
        var due: Int64
    }

    public init(_ configuration: ScrapeConfiguration, spreadsScrapes: Bool = true, seed: UInt64 = 0) {
        self.configuration = configuration
        self.spreadsScrapes = spreadsScrapes
        self.seed = seed
    }

    /// The seed that Prometheus has on a machine of this name, with these external labels: two servers of a pair, which
    /// differ in one of them, scrape the same target at different times.
    public static func seed(host: String, externalLabels: Labels) -> UInt64 {
        hash((host + externalLabels.description).utf8)
    }

    /// FNV-1a of 64 bits.
    static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// The job's name, which is the pool's.
    public var name: String { configuration.jobName }

    public func target(_ id: TargetID) -> ScrapeTarget? { place(of: id).map { targets[$0] } }

    /// Targets lie in the order of their numbers.
    func place(of id: TargetID) -> Int? {
        var low = 0
        var high = targets.count
        while low < high {
            let middle = (low + high) / 2
            if targets[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < targets.count && targets[low].id == id ? low : nil
    }

    // MARK: - Scrapes

    /// When something is to be done next: a scrape, or the markers of a target that is gone; nil if nothing is.
    public var nextDue: Int64? {
        let scrape = targets.lazy.map(\.nextScrape).min()
        let end = ending.lazy.map(\.due).min()
        guard let scrape, let end else { return scrape ?? end }
        return min(scrape, end)
    }

    /// The targets to be scraped now, in the order of their times.
    public func due(at now: Int64) -> [TargetID] {
        targets.filter { $0.nextScrape <= now }.sorted { ($0.nextScrape, $0.id) < ($1.nextScrape, $1.id) }.map(\.id)
    }

    /// Begins the scrape of a target. Nil if there is no such target, or if its last scrape is still on its way, which
    /// then misses this one.
    public mutating func start(_ id: TargetID, at now: Int64) -> ScrapeRequest? {
        guard let place = place(of: id) else { return nil }
        let interval = targets[place].interval
        // Missed intervals are not made up for.
        let behind = max(0, (now - targets[place].nextScrape) / interval)
        targets[place].nextScrape += (behind + 1) * interval
        if targets[place].started != nil { return nil }
        targets[place].started = now
        return ScrapeRequest(
            target: id, url: targets[place].url, address: targets[place].address, path: targets[place].path,
            timeout: targets[place].timeout)
    }

    /// The request of a scrape that has begun and has no outcome yet.
    func underWay(target number: Int) -> ScrapeRequest? {
        guard let target = targets.first(where: { $0.id.number == number }), target.started != nil else { return nil }
        return ScrapeRequest(
            target: target.id, url: target.url, address: target.address, path: target.path, timeout: target.timeout)
    }

    /// Takes the outcome of a scrape that was begun, stamped with the time at which it began.
    ///
    /// - Parameter duration: seconds from the request to the end of the answer.
    /// - Returns: what was reported; nil if the target is gone or no scrape of it was on its way.
    @discardableResult
    public mutating func finish(
        _ id: TargetID, _ outcome: ScrapeOutcome, duration: Double, into store: inout TimeSeriesStore
    ) -> ScrapeReport? {
        guard let place = place(of: id), let started = targets[place].started else { return nil }
        let error =
            limitError.isEmpty
            ? outcome.requestError(url: targets[place].url, address: targets[place].address) : limitError
        let report = targets[place].loop.ingest(
            outcome, requestError: error, time: started, duration: duration, into: &store)
        targets[place].started = nil
        targets[place].health = report.isUp ? .up : .down
        targets[place].lastError = report.error
        targets[place].lastScrape = started
        targets[place].lastScrapeDuration = duration
        return report
    }

    /// Writes the stale markers of targets that are gone and cannot have come back.
    public mutating func endStaleSeries(at now: Int64, in store: inout TimeSeriesStore) {
        for place in ending.indices where ending[place].due <= now {
            ending[place].loop.endAll(at: ending[place].markerTime, in: &store)
        }
        ending.removeAll { $0.due <= now }
    }
}
