import Cluster
import KubernetesAPI
import Monitoring
import Simulation
import Workloads

extension LabReport {
    /// Most columns of a curve, and most lines, alerts and Deployments that are kept: they bound the size of a page.
    static let mostColumns = 192
    static let mostIncidents = 1_500
    static let mostAlerts = 60
    static let mostWorkloads = 12

    /// Lives through a span of the lab's past and keeps what happened.
    /// - Parameters:
    ///   - begin: not after `end`, which is not after the lab's present.
    ///   - target: the share of good answers asked for, below 1.
    ///   - objectives: indicators that the lab's Prometheus is asked for; without any, the share of HTTP 5xx.
    ///   - progress: told the instants that the replay has reached.
    /// - Throws: `LabStoreError`, `RunError`.
    public init(
        _ session: LabSession, from begin: SimulationTime, to end: SimulationTime, target: Double = 0.99,
        objectives: [ServiceLevelObjective] = [], progress: (SimulationTime) -> Void = { _ in }
    ) throws {
        let scenario = session.scenario.scenario
        let width = max(1, min(Int64(Self.mostColumns), (end - begin).nanoseconds / 5_000_000_000))
        self.init(
            scenario: scenario.name, title: scenario.title, exercise: session.header.exercise,
            namespace: scenario.namespace, seed: session.header.seed, currency: scenario.prices.currency,
            startEpochSeconds: session.world.wallTime.epochSeconds - (session.now - .zero).wholeSeconds,
            now: session.now,
            columns: Columns(begin: begin, end: end, count: Int(width)), target: target)
        var replay = try session.replay(from: begin)
        try replay.advance(to: begin)
        var collector = ReportCollector(replay.world, columns)
        try collector.run(&replay, progress)
        collector.finish(replay.world, into: &self)
        faults = try Self.faults(session, from: begin, to: end)
        try takeIncidents(session, collector.history.incidents)
        spells = collector.spells(allowed: 1 - target)
        judge(collector.alerts)
        measured = Self.measured(session, columns, target: target, objectives)
        if let record = collector.worst { worst = try WorstRequest(session, record) }
    }

    private mutating func takeIncidents(_ session: LabSession, _ seen: [Incident]) throws {
        let (begin, end) = (columns.begin, columns.end)
        let done = try Incident.ofInputsAndFaults(session).filter { $0.time >= begin && $0.time <= end }
        let all = (done + seen.filter { $0.time >= begin && $0.time <= end }).enumerated().sorted {
            ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
        }.map(\.element)
        incidents = Array(all.prefix(Self.mostIncidents))
        omittedIncidents = all.count - incidents.count
    }

    /// Faults that were in force in a span. The lab notes their begins and ends by name.
    static func faults(_ session: LabSession, from begin: SimulationTime, to end: SimulationTime) throws -> [Fault] {
        var faults: [Fault] = []
        for entry in session.world.incidents.timeline where entry.time <= end {
            let words = entry.text.dropFirst("fault ".count)
            if words.hasSuffix(" begins") {
                let name = String(words.dropLast(" begins".count))
                let description = session.world.incidents.description(of: name)
                var fault = Fault(name: name, summary: description?.effect.summary ?? "", begin: entry.time)
                fault.end = description?.effect.length.map { entry.time + $0 }
                faults.append(fault)
            } else if words.hasSuffix(" ends") {
                let name = String(words.dropLast(" ends".count))
                if let place = faults.firstIndex(where: { $0.name == name && $0.end == nil }) {
                    faults[place].end = entry.time
                }
            }
        }
        return faults.filter { ($0.end ?? end) >= begin }
    }

    /// The first thing that went wrong in the span: a fault, or what Kubernetes complained about after the start-up.
    public var firstTrouble: Incident? {
        let start = startUp?.end ?? .zero - .seconds(1)
        return incidents.first { $0.isTrouble && ($0.kind == .fault || $0.time > start) }
    }

    /// All sources of traffic together.
    public var total: Counts { traffic.reduce(into: Counts()) { $0 += $1.total } }

    /// The share of requests without a good answer by column, over all sources; nil where none ended.
    public var hurtShares: [Double?] {
        (0..<columns.count).map { column in
            traffic.reduce(into: Counts()) { sum, source in
                if column < source.columns.count { sum += source.columns[column] }
            }.failedShare
        }
    }
}

extension FaultDescription.Effect {
    /// How long something lasts that happens once; nil for what lasts until it is taken back.
    fileprivate var length: Duration? {
        switch self {
        case .restart, .workload(.crash): .zero
        case .workload(.block(_, let time)): time
        default: nil
        }
    }
}
