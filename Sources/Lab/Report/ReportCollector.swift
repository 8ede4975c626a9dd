import Cluster
import KubernetesAPI
import Simulation
import Workloads

/// Goes through a span of a replay and keeps what a report shows.
struct ReportCollector {
    /// How many failed and how many ended since the look before.
    private struct Look {
        var time: SimulationTime
        var column: Int
        var failed: Int64
        var ended: Int64
    }

    private let columns: LabReport.Columns
    private let namesOfServices: [String]
    private let first: [LevelWindow]
    /// The totals at the last edge, and good answers by row of the latencies up to it.
    private var atEdge: [LevelWindow]
    private var below: [[Double]]
    private var counted: [[LabReport.Counts]]
    private var latency: [[[Int64]]]
    private var seen: LabReport.Counts
    private var looks: [Look] = []
    private let ledger: Ledger
    private var course: [(machines: Double, tokens: Double)] = []
    private var sizes: SizeHistory
    private(set) var history = IncidentHistory()
    private(set) var alerts = AlertHistory()
    private var firstFailure: SimulationTime?
    /// Requests that had failed before the span, and before anything was ready; for the start-up's sum.
    private let failedBefore: Int64
    private var startUp: LabReport.StartUp?
    private var isStarting: Bool
    /// The request that hurt most.
    private(set) var worst: RequestRecord?

    init(_ world: borrowing World, _ columns: LabReport.Columns) {
        self.columns = columns
        namesOfServices = world.scenario.workloads.traffic.map(\.service)
        first = world.workloads.traffic.map(\.total)
        atEdge = first
        below = first.map { level in LatencyScale.bounds.map { level.latency.count(atMost: $0) } }
        counted = first.map { _ in [] }
        latency = first.map { _ in [] }
        seen = Self.counts(world)
        failedBefore = seen.failed
        isStarting = columns.begin == .zero && !Self.isAnythingReady(world)
        sizes = SizeHistory(columns: columns.count)
        ledger = world.ledger
        history.begin(world)
        alerts.look(world)
    }

    private static func counts(_ world: borrowing World) -> LabReport.Counts {
        world.workloads.traffic.reduce(into: LabReport.Counts()) { $0 += LabReport.Counts($1.total) }
    }

    private static func isAnythingReady(_ world: borrowing World) -> Bool {
        var isReady = false
        world.cluster.context.store.deployments.forEach { _, object in
            if object.status.readyReplicas > 0 { isReady = true }
        }
        return isReady
    }

    /// Looks so often that nothing that a second shows is lost in a lab of an hour, and at least every ten minutes, since
    /// Events are kept for an hour and resolved alerts for a quarter of one.
    private var looksPerColumn: Int {
        let width = columns.width.seconds
        return max(1, min(Int(width.rounded(.up)), 21), Int((width / 600).rounded(.up)))
    }

    mutating func run(_ replay: inout Replay, _ progress: (SimulationTime) -> Void) throws {
        guard columns.begin < columns.end else { return }
        let parts = looksPerColumn
        replay.world.workloads.recordRequests(true)
        for column in 0..<columns.count {
            sizes.look(replay.world, column)
            let (from, to) = (columns.edge(column), columns.edge(column + 1))
            for part in 1...parts {
                let time = part == parts ? to : from + (to - from) * Int64(part) / Int64(parts)
                try advance(&replay, to: time, column)
                look(replay.world, column)
                // Emptied at each look: reading a full ring costs more than filling it.
                replay.world.workloads.recordRequests(false)
                replay.world.workloads.recordRequests(true)
                progress(replay.world.now)
            }
            closeColumn(replay.world)
        }
    }

    /// Goes on, and looks at sizes whenever a Deployment or an autoscaler changes: what lasts shorter than from look to
    /// look is seen as well.
    private mutating func advance(_ replay: inout Replay, to time: SimulationTime, _ column: Int) throws {
        while true {
            let next = min(time, replay.coming.first?.time ?? time)
            try replay.world.advance(to: next, watching: [.deployments, .horizontalPodAutoscalers]) { world in
                sizes.look(world, column)
                return false
            }
            guard let input = replay.coming.first, input.time <= time else { return }
            try replay.performNext()
            sizes.look(replay.world, column)
        }
    }

    private mutating func look(_ world: borrowing World, _ column: Int) {
        history.look(world)
        alerts.look(world)
        let counts = Self.counts(world)
        let new = counts - seen
        seen = counts
        let wasStarting = isStarting
        if isStarting, Self.isAnythingReady(world) {
            isStarting = false
            startUp = LabReport.StartUp(end: world.now, failed: counts.failed - failedBefore)
        }
        for record in world.workloads.requestRecords {
            if record.outcome != .ok, !wasStarting, firstFailure.map({ record.finish < $0 }) ?? true {
                firstFailure = record.finish
            }
            if worst.map({ isWorse(record, than: $0) }) ?? true { worst = record }
        }
        guard new.ended > 0 else { return }
        if new.failed > 0, firstFailure == nil, !wasStarting { firstFailure = world.now }
        looks.append(Look(time: world.now, column: column, failed: new.failed, ended: new.ended))
    }

    /// A user's request is worse than a job of a queue, one without a good answer than one with, then who waited longer;
    /// of equal ones the first.
    private func isWorse(_ record: RequestRecord, than other: RequestRecord) -> Bool {
        let (isJob, otherIsJob) = (namesOfServices[record.source].isEmpty, namesOfServices[other.source].isEmpty)
        if isJob != otherIsJob { return otherIsJob }
        let (hurt, otherHurt) = (record.outcome != .ok, other.outcome != .ok)
        if hurt != otherHurt { return hurt }
        let (wait, otherWait) = (record.finish - record.arrival, other.finish - other.arrival)
        return wait != otherWait ? wait > otherWait : record.id < other.id
    }

    private mutating func closeColumn(_ world: borrowing World) {
        let levels = world.workloads.traffic.map(\.total)
        for (place, level) in levels.enumerated() {
            counted[place].append(LabReport.Counts(level) - LabReport.Counts(atEdge[place]))
            let bounds = LatencyScale.bounds.map { level.latency.count(atMost: $0) }
            var row: [Int64] = []
            var before = 0.0
            for (now, then) in zip(bounds, below[place]) {
                // Counts within a bucket go by proportion; their sum over the rows stays exact.
                let total = (now - then).rounded()
                row.append(Int64(max(0, total - before)))
                before = max(before, total)
            }
            let all = Double(level.latency.count - atEdge[place].latency.count)
            row.append(Int64(max(0, all - before)))
            latency[place].append(row)
            below[place] = bounds
        }
        atEdge = levels
        let cost = Double(world.machines.cost(at: world.now) - ledger.machines.cost) / 1e9
        course.append((cost, Double(world.tokenCost - ledger.modelCost) / 1e9))
    }

    // MARK: What came of it

    /// As a person ends the sentence 'so many were …'.
    private static func words(_ outcome: Outcome) -> String {
        switch outcome {
        case .refused: "refused"
        case .reset: "cut off"
        case .timedOut: "timed out"
        case .abandoned: "given up"
        default: "with \(outcome.status)"
        }
    }

    func finish(_ world: borrowing World, into report: inout LabReport) {
        report.traffic = atEdge.indices.map { place in
            let level = atEdge[place]
            var source = LabReport.Traffic(name: world.workloads.traffic[place].name, service: namesOfServices[place])
            source.total = LabReport.Counts(level) - LabReport.Counts(first[place])
            source.columns = counted[place]
            source.latency = latency[place]
            source.failures = Outcome.allCases.filter { $0 != .ok }.map { outcome in
                .init(kind: Self.words(outcome), count: level.outcomes[outcome] - first[place].outcomes[outcome])
            }.filter { $0.count > 0 }.sorted { ($1.count, $0.kind) < ($0.count, $1.kind) }
            source.p50 = Self.quantile(0.5, level.latency, first[place].latency)
            source.p95 = Self.quantile(0.95, level.latency, first[place].latency)
            source.p99 = Self.quantile(0.99, level.latency, first[place].latency)
            return source
        }
        // Where nothing was ever ready, all of the span was start-up.
        report.startUp =
            isStarting ? LabReport.StartUp(end: world.now, failed: seen.failed - failedBefore) : startUp
        report.firstHurt = firstFailure
        report.alerting = alerts.alerting(world)
        let all = sizes.workloads.values.sorted {
            $0.movement != $1.movement ? $0.movement > $1.movement : $0.key < $1.key
        }
        report.workloads = all.prefix(LabReport.mostWorkloads).sorted { $0.key < $1.key }
        report.omittedWorkloads = all.count - report.workloads.count
        report.cost = LabReport.Cost(from: ledger, to: world.ledger, course: course)
    }

    /// Seconds, of what lies between two states of one histogram.
    private static func quantile(_ share: Double, _ to: LatencyHistogram, _ from: LatencyHistogram) -> Double? {
        let count = Double(to.count - from.count)
        guard count > 0 else { return nil }
        if from.count == 0 { return to.quantile(share).seconds }
        var (low, high): (Int64, Int64) = (0, 4 * 3_600_000_000_000)
        while high - low > 1_000 {
            let middle = Duration.nanoseconds((low + high) / 2)
            let below = to.count(atMost: middle) - from.count(atMost: middle)
            if below >= share * count { high = middle.nanoseconds } else { low = middle.nanoseconds }
        }
        return Duration.nanoseconds(high).seconds
    }

    /// Columns in which a larger share than allowed failed, joined over gaps of a minute or a column.
    func spells(allowed: Double) -> [LabReport.Spell] {
        var failed = [Int64](repeating: 0, count: columns.count)
        var ended = failed
        for look in looks {
            failed[look.column] += look.failed
            ended[look.column] += look.ended
        }
        let gap = max(Duration.seconds(60), columns.width)
        var spells: [LabReport.Spell] = []
        for column in 0..<columns.count where failed[column] > 0 {
            let share = Double(failed[column]) / Double(ended[column])
            guard share > allowed else { continue }
            let hurt = looks.filter { $0.column == column && $0.failed > 0 }
            guard var begin = hurt.first?.time, let end = hurt.last?.time else { continue }
            if let exact = firstFailure, columns.index(exact) == column { begin = min(begin, exact) }
            if let last = spells.last, begin - last.end <= gap {
                spells[spells.count - 1].end = end
                spells[spells.count - 1].failed += failed[column]
                spells[spells.count - 1].ended += ended[column]
                spells[spells.count - 1].peak = max(last.peak, share)
            } else {
                spells.append(
                    LabReport.Spell(
                        begin: begin, end: end, failed: failed[column], ended: ended[column], peak: share))
            }
        }
        return spells
    }
}

extension LabReport.Counts {
    init(_ level: LevelWindow) {
        self.init()
        arrived = level.arrived
        good = level.outcomes[.ok]
        failed = level.outcomes.failed
        poor = level.poor
    }
}

extension LabReport.Cost {
    /// What lies between two states of the books.
    init(from first: Ledger, to last: Ledger, course: [(machines: Double, tokens: Double)]) {
        func units(_ nano: Int64) -> Double { Double(nano) / 1e9 }
        machines = units(last.machines.cost - first.machines.cost)
        idle = units(last.machines.idleCost - first.machines.idleCost)
        machineHours = (last.machines.nodeSeconds - first.machines.nodeSeconds) / 3_600
        tokens = units(last.modelCost - first.modelCost)
        self.course = course
        let workloadsBefore = Dictionary(first.workloads.map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one })
        workloads = last.workloads.map { workload in
            let before = workloadsBefore[workload.name]
            return Part(
                name: workload.name, cost: units(workload.cost - (before?.cost ?? 0)),
                amount: (workload.podSeconds - (before?.podSeconds ?? 0)) / 3_600)
        }.filter { $0.amount > 0 || $0.cost != 0 }.sorted { $0.cost != $1.cost ? $0.cost > $1.cost : $0.name < $1.name }
        let modelsBefore = Dictionary(first.providers.map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one })
        models = last.providers.map { provider in
            let before = modelsBefore[provider.name]
            let tokens = provider.inputTokens + provider.cachedInputTokens + provider.outputTokens
            let earlier = before.map { $0.inputTokens + $0.cachedInputTokens + $0.outputTokens } ?? 0
            return Part(
                name: provider.name, cost: units(provider.cost - (before?.cost ?? 0)), amount: Double(tokens - earlier))
        }.filter { $0.amount > 0 }.sorted { $0.cost != $1.cost ? $0.cost > $1.cost : $0.name < $1.name }
    }
}
