import PromQL
import Simulation

/// Prometheus as a value: its configuration, its targets and what it has stored.
///
///     var server = PrometheusServer(configuration)
///     server.synchronize(objects, now: now)                 // whenever discovery may have found something else
///     for scrape in server.begin(at: now) {                 // now >= server.nextDue
///         server.finish(scrape, outcome, duration: 0.004)   // at once or later, when there is an outcome
///     }
///
/// The caller has the clock, the cluster and the programs. All times are milliseconds since the Unix epoch.
public struct PrometheusServer: Sendable {
    /// A scrape that has begun.
    public struct Scrape: Sendable, Equatable {
        /// The place of the job's pool.
        public let pool: Int
        public let request: ScrapeRequest
    }

    public let configuration: PrometheusConfiguration
    public private(set) var store: TimeSeriesStore
    /// One for each job, in the order of the configuration.
    public private(set) var pools: [ScrapePool]
    /// When retention is looked at next: blocks of two hours end, as the real head is compacted.
    private var nextPrune: Int64?

    /// - Parameters:
    ///   - spread: whether targets are scraped at places within their interval that their hash decides.
    ///   - seed: goes into these hashes.
    public init(_ configuration: PrometheusConfiguration, spread: Bool = true, seed: UInt64 = 0) {
        self.configuration = configuration
        store = TimeSeriesStore(configuration: configuration.storage.store)
        pools = configuration.scrapeConfigurations.map { ScrapePool($0, spreadsScrapes: spread, seed: seed) }
    }

    /// The engine with the server's settings: queries within subqueries step by the evaluation interval.
    public var engine: QueryEngine {
        var options = QueryEngine.Options()
        options.defaultSubqueryStep = configuration.global.evaluationInterval
        return QueryEngine(options: options)
    }

    /// Takes in what discovery has found.
    /// - Parameter ownNamespace: the namespace of Prometheus' own pod, for `own_namespace`.
    public mutating func synchronize(_ objects: DiscoveredObjects, ownNamespace: String = "monitoring", now: Int64) {
        for index in pools.indices {
            let discovery = pools[index].configuration.discovery
            pools[index].synchronize(discovery.groups(in: objects, ownNamespace: ownNamespace), now: now)
        }
    }

    /// When something is to be done next; nil if nothing will be before discovery finds a target.
    public var nextDue: Int64? { pools.compactMap(\.nextDue).min() }

    /// Begins the scrapes that are due, in the order of their times, and does what else is due.
    public mutating func begin(at now: Int64) -> [Scrape] {
        var scrapes: [Scrape] = []
        for index in pools.indices {
            for id in pools[index].due(at: now) {
                if let request = pools[index].start(id, at: now) {
                    scrapes.append(Scrape(pool: index, request: request))
                }
            }
            pools[index].endStaleSeries(at: now, in: &store)
        }
        prune(at: now)
        return scrapes
    }

    /// A scrape that has begun and has no outcome yet, by the numbers of its pool and target.
    public func scrape(pool: Int, target: Int) -> Scrape? {
        guard pools.indices.contains(pool) else { return nil }
        return pools[pool].underWay(target: target).map { Scrape(pool: pool, request: $0) }
    }

    /// Takes the outcome of a scrape.
    /// - Parameter duration: seconds from the request to the end of the answer.
    @discardableResult
    public mutating func finish(_ scrape: Scrape, _ outcome: ScrapeOutcome, duration: Double) -> ScrapeReport? {
        guard pools.indices.contains(scrape.pool) else { return nil }
        return pools[scrape.pool].finish(scrape.request.target, outcome, duration: duration, into: &store)
    }

    private static let pruneInterval: Int64 = 2 * 3_600_000

    private mutating func prune(at now: Int64) {
        guard let next = nextPrune else {
            nextPrune = now + Self.pruneInterval
            return
        }
        guard now >= next else { return }
        nextPrune = now + Self.pruneInterval
        store.prune(now: now)
    }
}

extension PrometheusServer {
    private static let section = "prometheus"
    private static let version = 1

    /// Writes all but the configuration, which the world's scenario has.
    public func write(to writer: inout BinaryWriter) {
        writer.section(Self.section, version: Self.version)
        writer.write(pools)
        writer.write(nextPrune)
        StoredSeries.write(store, to: &writer)
    }

    /// Reads a server back that had this configuration.
    public init(_ configuration: PrometheusConfiguration, from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section(Self.section, version: Self.version)
        self.configuration = configuration
        pools = try reader.read()
        nextPrune = try reader.read()
        store = try StoredSeries.read(configuration.storage.store, from: &reader)
    }
}
