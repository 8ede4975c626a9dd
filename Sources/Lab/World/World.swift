import Cluster
import ContainerRuntime
import KubernetesAPI
import Simulation
import Workloads

/// The whole simulated world as one value: the sum of the rooms and the order of their events.
///
/// Advancing time is `advance(to:)`, a snapshot is `encode`, a what-if is a copy. Nothing in it holds a closure, a
/// thread, a file or a wall clock. Each room keeps its own queue; all draw their places from one clock, and the world
/// takes the earliest by (time, sequence). This is the one place where rooms meet.
public struct World: Sendable {
    public let scenario: Scenario
    public let seed: UInt64
    public internal(set) var clock = Clock()
    public internal(set) var cluster: Cluster
    public internal(set) var workloads: Workloads
    public internal(set) var incidents: Incidents
    /// Nil in a world without one.
    public internal(set) var monitoring: MonitoringStack?
    /// Folds every event; two runs with equal digests did the same.
    public internal(set) var digest = RunDigest()
    public internal(set) var counts = EventCounts()
    /// What the nodes have cost so far, and who used them.
    public var machines: MachineMeter { cluster.machines }
    private var runtimeRequests: [RuntimeRequest] = []
    var reports: [RuntimeReport] = []

    /// Events at one instant above which the world refuses to go on.
    static let livelockLimit = 2_000_000
    /// Pending events of one room above which the world refuses to go on; a queue holds 16,777,216.
    static let pendingLimit = 12_000_000

    /// A world at time zero: the control plane has booted, the scenario's nodes are registered and its manifests,
    /// given as documents, are applied.
    public init(scenario: Scenario, seed: UInt64, manifests: [(name: String, text: String)] = [])
        throws(ConfigurationError)
    {
        self.scenario = scenario
        self.seed = seed
        cluster = Cluster(configuration: try scenario.clusterConfiguration(), seed: seed)
        workloads = Workloads(configuration: scenario.workloads, seed: seed)
        incidents = Incidents(scenario: scenario, seed: seed)
        let start = cluster.context.settings.epochSeconds * 1000
        monitoring = scenario.monitoring.map { MonitoringStack($0, seed: seed, at: start) }
        clock.begin(event: clock.takeSequence(), at: .zero)
        cluster.boot(clock: &clock)
        var shapes: [NodeShape] = []
        for node in scenario.nodes { shapes += try node.shapes() }
        cluster.registerNodes(shapes, clock: &clock)
        workloads.begin(clock: &clock)
        incidents.start(clock: &clock)
        startMonitoring()
        try settle()
        for (name, text) in manifests {
            let outcome = apply(text, file: name, author: "scenario")
            if let failure = outcome.failures.first { throw failure }
        }
        startOperator()
    }

    public var now: SimulationTime { clock.now }

    /// The simulated wall clock.
    public var wallTime: Time { cluster.context.wallTime(at: clock.now) }

    // MARK: Time

    /// Handles every event up to and including `time`.
    /// - Parameter budget: most events to handle, nil for no bound.
    public mutating func advance(to time: SimulationTime, budget: UInt64? = nil) throws(RunError) {
        var pace = Pace(clock.now, budget)
        while let next = nextRoom(), next.time <= time {
            try pace.note(next.time, clock.now)
            if pace.looksAtCrowd { try refuseCrowd() }
            step(next.room)
        }
        clock.idle(until: time)
    }

    /// Handles events until `time`, or until `stop` says so after an event.
    /// - Returns: whether it stopped early.
    @discardableResult
    public mutating func advance(
        to time: SimulationTime, budget: UInt64? = nil, until stop: (borrowing World) -> Bool
    ) throws(RunError) -> Bool {
        var pace = Pace(clock.now, budget)
        while let next = nextRoom(), next.time <= time {
            try pace.note(next.time, clock.now)
            if pace.looksAtCrowd { try refuseCrowd() }
            step(next.room)
            if stop(self) { return true }
        }
        clock.idle(until: time)
        return false
    }

    /// Handles events until `time`, or until `stop` says so. It is asked after each event that changed an object of the
    /// watched kinds, and after every 4,096th event: most events change none, and looking at a world costs as much as an
    /// event.
    /// - Returns: whether it stopped early.
    @discardableResult
    public mutating func advance(
        to time: SimulationTime, budget: UInt64? = nil, watching kinds: WatchedKinds,
        until stop: (borrowing World) -> Bool
    ) throws(RunError) -> Bool {
        var pace = Pace(clock.now, budget)
        var changes = cluster.context.store.changes(of: kinds)
        while let next = nextRoom(), next.time <= time {
            try pace.note(next.time, clock.now)
            if pace.looksAtCrowd { try refuseCrowd() }
            step(next.room)
            let now = cluster.context.store.changes(of: kinds)
            guard now != changes || pace.looksAtCrowd else { continue }
            changes = now
            if stop(self) { return true }
        }
        clock.idle(until: time)
        return false
    }

    private func refuseCrowd() throws(RunError) {
        let pending = max(workloads.queue.count, cluster.pendingEvents)
        if pending > Self.pendingLimit { throw .overcrowded(pending: pending, at: clock.now) }
    }

    /// Counts events against the bounds of one advance.
    private struct Pace {
        private var handled: UInt64 = 0
        private var atThisInstant = 0
        private var instant: SimulationTime
        private let budget: UInt64

        /// Whether it is time to look how much is pending: once in 4,096 events, as one event adds few.
        var looksAtCrowd: Bool { handled & 0xfff == 1 }

        init(_ now: SimulationTime, _ budget: UInt64?) {
            instant = now
            self.budget = budget ?? .max
        }

        mutating func note(_ time: SimulationTime, _ now: SimulationTime) throws(RunError) {
            if time > instant {
                instant = time
                atThisInstant = 0
            }
            atThisInstant += 1
            guard atThisInstant < World.livelockLimit else { throw .livelock(at: instant, events: atThisInstant) }
            guard handled < budget else { throw .budgetExhausted(events: handled, at: now) }
            handled += 1
        }
    }

    /// When the next event comes; nil in a world in which nothing will ever happen again.
    public var nextEventTime: SimulationTime? { nextRoom()?.time }

    private enum Room: UInt8 { case cluster, workloads, incidents, monitoring }

    private func nextRoom() -> (room: Room, time: SimulationTime)? {
        var best: (room: Room, time: SimulationTime, sequence: UInt64)?
        func consider(_ room: Room, _ next: (time: SimulationTime, sequence: UInt64)?) {
            guard let next else { return }
            if let found = best, (found.time.nanoseconds, found.sequence) < (next.time.nanoseconds, next.sequence) {
                return
            }
            best = (room, next.time, next.sequence)
        }
        consider(.workloads, workloads.queue.next)
        consider(.cluster, cluster.next)
        consider(.incidents, incidents.queue.next)
        if monitoring != nil { consider(.monitoring, monitoring?.queue.next) }
        return best.map { ($0.room, $0.time) }
    }

    private mutating func step(_ room: Room) {
        switch room {
        case .workloads:
            guard let (time, sequence, event) = workloads.queue.popNext() else { return }
            begin(room, sequence, time)
            counts.workloads += 1
            workloads.handle(event, clock: &clock, endpoints: &cluster.endpoints, reports: &reports)
        case .cluster:
            guard let (time, sequence, work) = cluster.popNext() else { return }
            begin(room, sequence, time)
            counts.cluster += 1
            if hasMetricsAdapter, case .reconcile(.horizontalPodAutoscaler, _) = work {
                handleAutoscaler(work)
            } else {
                cluster.handle(work, clock: &clock, runtime: &workloads)
            }
        case .incidents:
            guard let (time, sequence, event) = incidents.queue.popNext() else { return }
            begin(room, sequence, time)
            counts.incidents += 1
            handle(event)
        case .monitoring:
            guard let (time, sequence, event) = monitoring?.queue.popNext() else { return }
            begin(room, sequence, time)
            handle(event)
        }
        carry()
    }

    private mutating func begin(_ room: Room, _ sequence: UInt64, _ time: SimulationTime) {
        clock.begin(event: sequence, at: time)
        digest.fold(time: time, sequence: sequence, kind: room.rawValue)
    }

    /// Carries requests to the runtime and reports back until neither side has more to say.
    mutating func carry() {
        while true {
            cluster.takeRuntimeRequests(into: &runtimeRequests)
            if runtimeRequests.isEmpty, reports.isEmpty { return }
            if !runtimeRequests.isEmpty {
                for request in runtimeRequests {
                    if case .start(let id, let container) = request { nameTracePlace(id, container) }
                    workloads.perform(request, clock: &clock, reports: &reports)
                }
                runtimeRequests.removeAll(keepingCapacity: true)
            }
            if !reports.isEmpty {
                var batch: [RuntimeReport] = []
                swap(&batch, &reports)
                cluster.receive(batch, clock: &clock)
                batch.removeAll(keepingCapacity: true)
                if reports.isEmpty { swap(&batch, &reports) }
            }
        }
    }

    /// Whether everything that the runtime reported has reached the kubelets.
    var reportsAreCarried: Bool { reports.isEmpty && !cluster.hasRuntimeRequests }

    mutating func apply(_ fault: WorkloadFault) -> FaultID {
        let id = workloads.apply(fault, clock: &clock, reports: &reports)
        carry()
        return id
    }

    mutating func revert(_ id: FaultID) {
        workloads.revert(id, clock: &clock, reports: &reports)
        carry()
    }

    /// What models and tools have cost so far, in nano-units of currency.
    public var tokenCost: Int64 {
        workloads.traffic.reduce(workloads.unattributedBill.cost) { $0.addingSaturating($1.total.bill.cost) }
    }

    /// Lets everything happen that is due at this very instant.
    private mutating func settle() throws(ConfigurationError) {
        carry()
        do { try advance(to: clock.now) } catch {
            throw ConfigurationError(file: scenario.name, message: error.description)
        }
    }
}

/// How many events each room handled.
public struct EventCounts: Sendable, Equatable, Codable {
    public var cluster: UInt64 = 0
    public var workloads: UInt64 = 0
    public var incidents: UInt64 = 0

    public var total: UInt64 { cluster + workloads + incidents }
}

extension EventCounts: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(cluster)
        writer.write(workloads)
        writer.write(incidents)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        cluster = try reader.read()
        workloads = try reader.read()
        incidents = try reader.read()
    }
}
