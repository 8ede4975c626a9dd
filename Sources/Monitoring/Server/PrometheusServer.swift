import PromQL
import Simulation

/// Prometheus as a value: its configuration, its targets, its rules and what it has stored.
///
///     var server = PrometheusServer(configuration, ruleFiles: [(name: "rules.yml", file: file)])
///     server.synchronize(objects, now: now)                 // whenever discovery may have found something else
///     for scrape in server.begin(at: now) {                 // now >= server.nextDue
///         server.finish(scrape, outcome, duration: 0.004)   // at once or later, when there is an outcome
///     }
///     server.evaluate(at: now)                              // rules see what has been scraped
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
    public internal(set) var store: TimeSeriesStore
    /// One for each job, in the order of the configuration.
    public private(set) var pools: [ScrapePool]
    /// In the order of their files.
    public private(set) var groups: [RuleGroup]
    /// When retention is looked at next: blocks of two hours end, as the real head is compacted.
    private var nextPrune: Int64?
    private let spreadsEvaluations: Bool

    /// - Parameters:
    ///   - ruleFiles: in the order in which the configuration names them.
    ///   - spread: whether targets are scraped at places within their interval that their hash decides.
    ///   - seed: goes into these hashes.
    public init(
        _ configuration: PrometheusConfiguration, ruleFiles: [(name: String, file: RuleFile)] = [], spread: Bool = true,
        seed: UInt64 = 0
    ) {
        self.configuration = configuration
        spreadsEvaluations = spread
        groups = Self.groups(ruleFiles, configuration)
        store = TimeSeriesStore(configuration: configuration.storage.store)
        pools = configuration.scrapeConfigurations.map { ScrapePool($0, spreadsScrapes: spread, seed: seed) }
    }

    private static func groups(
        _ files: [(name: String, file: RuleFile)], _ configuration: PrometheusConfiguration
    ) -> [RuleGroup] {
        files.flatMap { name, file in
            file.groups.map {
                RuleGroup(
                    $0, file: name, interval: configuration.global.evaluationInterval,
                    queryOffset: configuration.global.ruleQueryOffset)
            }
        }
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
    public var nextDue: Int64? {
        let scrape = pools.lazy.compactMap(\.nextDue).min()
        let rule = groups.lazy.compactMap(\.nextDue).min()
        guard let scrape, let rule else { return scrape ?? rule }
        return min(scrape, rule)
    }

    /// Begins the evaluation of rules.
    public mutating func beginRules(at now: Int64) {
        for index in groups.indices { groups[index].begin(at: now, spread: spreadsEvaluations) }
    }

    /// Evaluates the groups that are due.
    /// - Returns: the alerts to be handed to Alertmanager.
    @discardableResult
    public mutating func evaluate(at now: Int64) -> [PostableAlert] {
        var context: RuleGroup.Context?
        var sent: [PostableAlert] = []
        for index in groups.indices {
            guard let due = groups[index].nextDue, due <= now else { continue }
            let given =
                context
                ?? RuleGroup.Context(
                    externalLabels: configuration.global.externalLabels, externalURL: externalURL, engine: engine)
            context = given
            sent += groups[index].evaluate(at: now, in: &store, given)
        }
        return sent
    }

    /// Where the server says that it can be reached, for links in alerts.
    public let externalURL = "http://prometheus.monitoring:9090"

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
        writer.write(groups.count)
        for group in groups { group.write(to: &writer) }
        StoredSeries.write(store, to: &writer)
    }

    /// Reads a server back that had this configuration and these rules.
    public init(
        _ configuration: PrometheusConfiguration, ruleFiles: [(name: String, file: RuleFile)] = [], spread: Bool = true,
        from reader: inout BinaryReader
    ) throws(BinaryDecodingError) {
        try reader.section(Self.section, version: Self.version)
        self.configuration = configuration
        spreadsEvaluations = spread
        pools = try reader.read()
        nextPrune = try reader.read()
        groups = Self.groups(ruleFiles, configuration)
        let count: Int = try reader.read()
        guard count == groups.count else { throw .malformed(what: "rule groups", offset: reader.offset) }
        for index in groups.indices { try groups[index].restore(from: &reader) }
        store = try StoredSeries.read(configuration.storage.store, from: &reader)
    }
}
