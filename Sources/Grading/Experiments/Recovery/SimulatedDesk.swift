import Lab
import Simulation
import Workloads

/// The support desk as a world, with what the responder can do to it. Also the judge of when users were well again, which
/// the responder never hears of.
struct SimulatedDesk: ObservedSystem {
    /// How the desk is deployed at present.
    struct Deployed: Sendable, Equatable {
        var tags: [DeskService: String] = [:]
        var replicas: [DeskService: Int] = [:]
        var restarts: [DeskService: Int] = [:]
        var usesFallback = false

        /// Values for the places in the manifests.
        var values: [String: String] {
            var values: [String: String] = [:]
            for service in DeskService.allCases {
                let name = service.rawValue
                let suffix = service == .agent && usesFallback ? "-on-fallback" : ""
                values["\(name)-image"] = "\(name)\(suffix):\(tags[service] ?? "2.3")"
                if let count = replicas[service] { values["\(name)-replicas"] = "\(count)" }
                values["\(name)-restarted"] = "number \(restarts[service] ?? 0)"
            }
            return values
        }
    }

    private(set) var world: World
    private(set) var deployed: Deployed
    let profile: ResponderProfile
    let level: TelemetryLevel
    private let settings: ExperimentSettings
    private let reader: TelemetryReader
    /// Why the world could not go on, if it could not.
    private(set) var failure: String?

    /// What addresses the cause, and users whom other actions hurt beyond those that were hurt anyhow: for the judge.
    private let cures: [Remedy]
    private(set) var hurtByWrongActions: Int64 = 0
    /// How long the effect of a wrong action is followed, in the world and in one without it.
    static let aftermath: Duration = .minutes(10)

    /// How long the day is from the incident on.
    static let day: Duration = .hours(12)
    static let slow: [(traffic: String, bound: Duration)] = [("browsing", .seconds(2)), ("questions", .seconds(20))]

    /// An incident as it begins.
    struct Beginning {
        var world: World
        /// The same world with traces, which are recorded for those alone who look at them: where they are, programs write
        /// lines about calls that failed besides.
        var traced: World
        var deployed = Deployed()
        var usual: TelemetryReader
    }

    /// When traces begin: early enough for what is usual, and after what harmless release there was.
    static let tracing: Duration = .minutes(15)

    /// The world shortly after an incident has begun.
    /// - Parameter replicas: factor on the number of pods.
    /// - Throws: `ConfigurationError`, `RunError`.
    static func begin(
        _ incident: Incident, seed: UInt64, replicas: Int = 1, _ settings: ExperimentSettings
    ) throws -> Beginning {
        var deployed = Deployed()
        if replicas > 1 {
            for service in DeskService.allCases { deployed.replicas[service] = replicas * (service == .agent ? 3 : 2) }
        }
        var file = try settings.scenario("mttr.yaml", deployed.values)
        file.scenario.workloads.addFallbackAgent()
        var world = try file.world(seed: seed)
        if let service = incident.harmlessRelease {
            try world.advance(to: .zero + Incident.harmless)
            deployed.tags[service] = Incident.harmlessTag
            try apply(deployed, to: &world, settings)
        }
        try world.advance(to: .zero + tracing)
        var traced = world
        traced.recordTraces(TraceSettings(retention: .minutes(10)))
        try world.advance(to: .zero + Incident.begin)
        try traced.advance(to: .zero + Incident.begin)
        let usual = TelemetryReader(usualOf: world, traces: traced.traceStore())
        if let service = incident.release { deployed.tags[service] = Incident.badTag }
        func strike(_ world: inout World) throws {
            for text in incident.faults {
                world.inject(try FaultDescription.parse(text, file: "incident", namespace: world.scenario.namespace))
            }
            if incident.release != nil { try apply(deployed, to: &world, settings) }
        }
        try strike(&world)
        try strike(&traced)
        return Beginning(world: world, traced: traced, deployed: deployed, usual: usual)
    }

    private static func apply(_ deployed: Deployed, to world: inout World, _ settings: ExperimentSettings) throws {
        for (name, text) in try settings.scenario("mttr.yaml", deployed.values).manifests {
            let outcome = world.apply(text, file: name, author: "responder")
            if let failure = outcome.failures.first { throw failure }
        }
    }

    init(
        _ beginning: Beginning, _ profile: ResponderProfile, _ level: TelemetryLevel, _ settings: ExperimentSettings,
        cures: [Remedy]
    ) {
        self.cures = cures
        world = level >= .correlated ? beginning.traced : beginning.world
        deployed = beginning.deployed
        self.profile = profile
        self.level = level
        self.settings = settings
        reader = beginning.usual
    }

    // MARK: What the responder has

    var minute: Double { (world.now - SimulationTime.zero).seconds / 60 }

    var isOver: Bool { failure != nil || world.now >= .zero + Incident.begin + Self.day }

    var isCalling: Bool {
        if level >= .metrics, reader.firingAlerts(world) > 0 { return true }
        // The third complaint within five minutes, passed on after the triage.
        let heard = world.now - Duration(seconds: profile.triage * 60)
        let hurt = Self.hurt(in: world, from: heard - .minutes(5), to: heard)
        return hurt >= 3 * profile.hurtPerComplaint
    }

    func pods(of service: DeskService) -> Int { reader.pods(of: service, in: world) }

    mutating func wait(minutes: Double) {
        guard failure == nil else { return }
        if settings.isOver() { return failure = "interrupted" }
        do {
            try world.advance(to: world.now + Duration(seconds: minutes * 60), budget: 200_000_000)
        } catch {
            failure = error.description
        }
    }

    func look(_ lookUp: LookUp) -> [Bool] { reader.look(lookUp, at: world) }

    func seemsHealthy() -> Bool {
        level >= .metrics ? reader.metricsSeemHealthy(world) : reader.logsSeemHealthy(world)
    }

    mutating func act(_ remedy: Remedy) {
        let before = cures.contains(remedy) ? nil : world
        carryOut(remedy)
        guard let before, failure == nil else { return }
        do {
            hurtByWrongActions += try Self.hurtSoon(in: world) - Self.hurtSoon(in: before)
        } catch {
            failure = "\(error)"
        }
    }

    private mutating func carryOut(_ remedy: Remedy) {
        switch remedy {
        case .restart(let service): deployed.restarts[service, default: 0] += 1
        case .rollBack(let service): deployed.tags[service] = nil
        case .scaleOut(let service): deployed.replicas[service] = 3 * max(2, pods(of: service))
        case .switchProvider: deployed.usesFallback = true
        // Things that others repair or that lie outside: what is wrong there, if anything, is taken back.
        case .raiseLimit: world.endFault("provider-limit")
        case .failOverDatabase: world.endFault("database")
        case .replaceNode: world.endFault("node")
        case .limitClients: while world.endFault("clients") {}
        }
        do { try Self.apply(deployed, to: &world, settings) } catch { failure = "\(error)" }
    }

    // MARK: The truth

    /// Users without a good answer in time, over windows of a minute that begin in a span.
    static func hurt(in world: borrowing World, from start: SimulationTime, to end: SimulationTime) -> Int64 {
        slow.reduce(0) { sum, source in
            guard let level = world.workloads.traffic(named: source.traffic) else { return sum }
            let window = level.between(start, end)
            return sum + window.outcomes.total - Int64(window.latency.count(atMost: source.bound).rounded())
        }
    }

    /// Users without a good answer until ``aftermath`` has passed, if nobody does anything.
    private static func hurtSoon(in world: consuming World) throws -> Int64 {
        let start = world.now
        try world.advance(to: start + aftermath, budget: 200_000_000)
        return hurt(in: world, from: start, to: world.now)
    }

    /// Users without a good answer since the incident's beginning.
    var hurt: Int64 { Self.hurt(in: world, from: .zero + Incident.begin, to: world.now) }

    /// Minutes from the incident's beginning to the end of the last minute in which more than a tenth of one kind of
    /// users were hurt; nil if there was none.
    var minutesToRecovery: Double? {
        let start = SimulationTime.zero + Incident.begin
        var last: SimulationTime?
        for source in Self.slow {
            for window in world.workloads.traffic(named: source.traffic)?.windows ?? [] where window.start >= start {
                let total = Double(window.outcomes.total)
                guard total >= 10, total - window.latency.count(atMost: source.bound) > 0.1 * total else { continue }
                last = max(last ?? start, window.start + .minutes(1))
            }
        }
        return last.map { ($0 - start).seconds / 60 }
    }
}
