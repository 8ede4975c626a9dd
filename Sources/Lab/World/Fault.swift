import Cluster
import Simulation
import Workloads

/// Something that goes wrong at a time or on a condition, and is taken back after a while if it has a duration.
public struct FaultDescription: Sendable, Codable {
    /// What happens.
    public enum Effect: Sendable {
        case node(String, NodeHealth)
        /// The nodes of a zone.
        case zone(String, NodeHealth)
        case workload(WorkloadFault)
        /// Somebody drains a node as `kubectl drain --ignore-daemonsets` does, and uncordons it at the end.
        case drain(String)
        /// A controller of the control plane restarts and looks at everything anew.
        case restart(ControllerName)
    }

    public var name: String
    public var at: Duration?
    /// `at` is moved by up to so much, earlier or later, as the seed decides; so that nobody can know the moment.
    public var jitter: Duration?
    /// `GROUP/NAME`: of the cases of a group the seed chooses one, and faults of the others never come.
    public var drawn: FaultCase?
    /// A condition on measurements, looked at every 5 s from `at` (or the start) on.
    public var when: String?
    /// Nil: it stays.
    public var duration: Duration?
    public var effect: Effect

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, at, jitter, `case`, when, `for`, node, zone, health, workload, drain, restart
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        at = try container.decodeIfPresent(Duration.self, forKey: .at)
        jitter = try container.decodeIfPresent(Duration.self, forKey: .jitter)
        if let jitter, jitter < .zero || jitter > at ?? .zero {
            throw DecodingError.dataCorruptedError(
                forKey: .jitter, in: container,
                debugDescription: "must be between 0s and 'at', so that the fault comes after the beginning")
        }
        drawn = try container.decodeIfPresent(String.self, forKey: .case).map { text in
            guard let drawn = FaultCase(text) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .case, in: container,
                    debugDescription: "\"\(text)\" is no case; it is written GROUP/NAME, such as lunch/amber")
            }
            return drawn
        }
        when = try container.decodeIfPresent(String.self, forKey: .when)
        duration = try container.decodeIfPresent(Duration.self, forKey: .for)
        let health: NodeHealth
        switch try container.decodeIfPresent(String.self, forKey: .health) ?? "failed" {
        case "failed": health = .failed
        case "partitioned": health = .partitioned
        case let other:
            throw DecodingError.dataCorruptedError(
                forKey: .health, in: container,
                debugDescription: "\"\(other)\" is unknown; allowed: failed, partitioned")
        }
        if let node = try container.decodeIfPresent(String.self, forKey: .node) {
            effect = .node(node, health)
        } else if let zone = try container.decodeIfPresent(String.self, forKey: .zone) {
            effect = .zone(zone, health)
        } else if let node = try container.decodeIfPresent(String.self, forKey: .drain) {
            effect = .drain(node)
        } else if let fault = try container.decodeIfPresent(WorkloadFault.self, forKey: .workload) {
            effect = .workload(fault)
        } else if let name = try container.decodeIfPresent(String.self, forKey: .restart) {
            guard let controller = ControllerName.allCases.first(where: { "\($0)" == name }) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .restart, in: container,
                    debugDescription:
                        "\"\(name)\" is unknown; allowed: \(ControllerName.allCases.map { "\($0)" }.joined(separator: ", "))"
                )
            }
            effect = .restart(controller)
        } else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription: "a fault is one of node, zone, drain, workload and restart"))
        }
        guard at != nil || when != nil else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "a fault needs 'at' or 'when'"))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encodeIfPresent(at, forKey: .at)
        try container.encodeIfPresent(jitter, forKey: .jitter)
        try container.encodeIfPresent(drawn?.text, forKey: .case)
        try container.encodeIfPresent(when, forKey: .when)
        try container.encodeIfPresent(duration, forKey: .for)
        switch effect {
        case .node(let node, let health):
            try container.encode(node, forKey: .node)
            try container.encode(health == .partitioned ? "partitioned" : "failed", forKey: .health)
        case .zone(let zone, let health):
            try container.encode(zone, forKey: .zone)
            try container.encode(health == .partitioned ? "partitioned" : "failed", forKey: .health)
        case .drain(let node):
            try container.encode(node, forKey: .drain)
        case .workload(let fault):
            try container.encode(fault, forKey: .workload)
        case .restart(let controller):
            try container.encode("\(controller)", forKey: .restart)
        }
    }
}

extension FaultDescription {
    /// The fault at the moment that a seed chooses; whole seconds.
    public func moved(seed: UInt64) -> Self {
        guard let at, let jitter, jitter > .zero else { return self }
        var moved = self
        var random = RandomStream(seed: seed, name: "fault/" + name)
        let shift = (random.unit() * 2 - 1) * jitter.seconds
        moved.at = max(.zero, at + .seconds(Int64(shift.rounded())))
        moved.jitter = nil
        return moved
    }
}

/// One of several things of which the seed chooses what happens.
public struct FaultCase: Sendable, Equatable {
    public var group: String
    public var name: String

    /// - Returns: nil for anything but `GROUP/NAME`.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        (group, name) = (parts[0], parts[1])
    }

    var text: String { "\(group)/\(name)" }
}

extension Scenario {
    /// The faults that come in the world of a seed: of each group those of the case that it draws, and all at the moment
    /// that it chooses.
    public func faults(seed: UInt64) -> [FaultDescription] {
        faults.filter { fault in
            guard let drawn = fault.drawn else { return true }
            var names: [String] = []
            for other in faults.compactMap(\.drawn) where other.group == drawn.group && !names.contains(other.name) {
                names.append(other.name)
            }
            var random = RandomStream(seed: seed, name: "case/" + drawn.group)
            return names[Int(random.below(UInt64(names.count)))] == drawn.name
        }.map { $0.moved(seed: seed) }
    }
}

/// The faults of a world: which are due, which are in force, and what has happened so far.
public struct Incidents: Sendable {
    enum Event: Sendable, BitwiseCopyable {
        case begin(UInt32)
        case end(UInt32)
        /// Looks whether the condition of a fault holds.
        case look(UInt32)
        /// A drain tries again to evict what is left.
        case evict(UInt32)
    }

    /// One line of the incident timeline.
    public struct Entry: Sendable, Equatable {
        public var time: SimulationTime
        public var text: String
    }

    var queue = EventQueue<Event>()
    /// All faults: the scenario's, then those added while the world runs.
    var faults: [FaultDescription]
    /// What each fault in force is known by in the workloads.
    var active: [UInt32: FaultID?] = [:]
    public internal(set) var timeline: [Entry] = []

    static let lookInterval: Duration = .seconds(5)

    init(scenario: Scenario, seed: UInt64) { faults = scenario.faults(seed: seed) }

    mutating func start(clock: inout Clock) {
        for index in faults.indices { arm(index, clock: &clock) }
    }

    mutating func arm(_ index: Int, clock: inout Clock) {
        let fault = faults[index]
        let time = SimulationTime.zero + (fault.at ?? .zero)
        queue.schedule(fault.when == nil ? .begin(UInt32(index)) : .look(UInt32(index)), at: time, on: &clock)
    }

    /// The fault that has a name, if any: the one that was added last.
    public func description(of name: String) -> FaultDescription? { faults.last { $0.name == name } }

    /// Faults in force, by name.
    public var inForce: [String] { active.keys.sorted().map { faults[Int($0)].name } }
}

extension World {
    mutating func handle(_ event: Incidents.Event) {
        switch event {
        case .look(let index):
            let fault = incidents.faults[Int(index)]
            guard let text = fault.when, let condition = try? Condition(parsing: text, namespace: scenario.namespace)
            else { return }
            if condition.holds(in: self) {
                begin(index)
            } else {
                incidents.queue.schedule(.look(index), after: Incidents.lookInterval, on: &clock)
            }
        case .begin(let index): begin(index)
        case .end(let index): end(index)
        case .evict(let index): evict(index)
        }
    }

    private mutating func begin(_ index: UInt32) {
        let fault = incidents.faults[Int(index)]
        clock.note("fault/\(fault.name)", "began: \(fault.effect.summary)", isRoot: true)
        incidents.timeline.append(Incidents.Entry(time: clock.now, text: "fault \(fault.name) begins"))
        incidents.active[index] = .some(nil)
        switch fault.effect {
        case .node(let name, let health): cluster.setHealth(ofNode: name, health, clock: &clock)
        case .zone(let zone, let health):
            for name in nodes(in: zone) { cluster.setHealth(ofNode: name, health, clock: &clock) }
        case .drain(let name):
            cordon(name, true)
            evict(index)
        case .workload(let effect):
            let id = apply(effect)
            incidents.active[index] = id
            clock.note("workload-fault/\(id.rawValue)", fault.name)
        case .restart(let controller):
            cluster.restart(controller, clock: &clock)
            incidents.active.removeValue(forKey: index)
        }
        if let duration = fault.duration { incidents.queue.schedule(.end(index), after: duration, on: &clock) }
    }

    mutating func end(_ index: UInt32) {
        guard let id = incidents.active.removeValue(forKey: index) else { return }
        let fault = incidents.faults[Int(index)]
        clock.note("fault/\(fault.name)", "ended", isRoot: true)
        incidents.timeline.append(Incidents.Entry(time: clock.now, text: "fault \(fault.name) ends"))
        switch fault.effect {
        case .node(let name, _): cluster.setHealth(ofNode: name, .healthy, clock: &clock)
        case .zone(let zone, _):
            for name in nodes(in: zone) { cluster.setHealth(ofNode: name, .healthy, clock: &clock) }
        case .drain(let name): cordon(name, false)
        case .workload: if let id { revert(id) }
        case .restart: break
        }
    }

    private func nodes(in zone: String) -> [String] {
        cluster.context.store.nodes.sorted.filter { $0.object.metadata.labels["topology.kubernetes.io/zone"] == zone }
            .map(\.object.metadata.name)
    }
}

extension Incidents.Event: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        switch self {
        case .begin(let index):
            writer.writeByte(0)
            writer.write(index)
        case .end(let index):
            writer.writeByte(1)
            writer.write(index)
        case .look(let index):
            writer.writeByte(2)
            writer.write(index)
        case .evict(let index):
            writer.writeByte(3)
            writer.write(index)
        }
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        switch try reader.readByte() {
        case 0: self = .begin(try reader.read())
        case 1: self = .end(try reader.read())
        case 2: self = .look(try reader.read())
        case 3: self = .evict(try reader.read())
        default: throw .malformed(what: "incident", offset: reader.offset)
        }
    }
}
