import ContainerRuntime
import Simulation

/// What the rest of the lab reads: gauges of containers, levels of sources and services.
extension Workloads {
    /// One running container as its own metrics would show it.
    public struct ContainerGauges: Sendable, Equatable {
        /// Requests being handled.
        public var inFlight: Int
        /// Requests that wait for a slot, and bursts that wait for the event loop.
        public var waiting: Int
        public var queuedBursts: Int
        public var isListening: Bool
        public var isWarm: Bool
        public var residentBytes: Int64
        public var meter: ProcessMeter
    }

    /// The gauges of a container, or nil if it is not running.
    public func gauges(of container: ContainerID) -> ContainerGauges? {
        guard isRunning(container) else { return nil }
        let process = processes[Int(container.slot)]
        return ContainerGauges(
            inFlight: Int(process.inFlight) + flowInFlight(Int(container.slot)), waiting: Int(process.admissionCount),
            queuedBursts: Int(process.queueCount),
            isListening: process.listens, isWarm: process.isWarm, residentBytes: process.memory.resident,
            meter: process.meter)
    }

    /// How a running container was started, or nil.
    public func configuration(of container: ContainerID) -> ContainerConfiguration? {
        isRunning(container) ? containers[Int(container.slot)] : nil
    }

    /// All running containers, in the order of their slots.
    public var runningContainers: [ContainerID] { processes.lazy.filter { $0.phase != .absent }.map(\.id) }

    /// The service levels that users of each source of traffic have seen, in the configuration's order.
    public var traffic: [ServiceLevel] { sources.map(\.level) }

    /// The level of one source.
    public func traffic(named name: String) -> ServiceLevel? {
        sources.first { $0.level.name.utf8.elementsEqual(name.utf8) }?.level
    }

    /// Requests of a source that have no answer yet.
    public func inFlight(ofTraffic name: String) -> Int64 {
        sources.first { $0.level.name.utf8.elementsEqual(name.utf8) }?.inFlight ?? 0
    }

    /// The present rate of a source, in requests (or sessions) a second; 0 for closed loops.
    public func rate(ofTraffic name: String, now: SimulationTime) -> Double {
        guard let source = sources.first(where: { $0.level.name.utf8.elementsEqual(name.utf8) }) else { return 0 }
        return source.configuration.closed == nil ? source.curve.rate(at: now) * source.scale : 0
    }

    /// The levels of every service that somebody calls, as its callers saw it.
    public var serviceLevels: [ServiceLevel] { services.map(\.level) }
}

extension Workloads {
    /// One provider: what it has seen, and what is left of its limits.
    public struct ProviderLevel: Sendable {
        public var name: String
        public var reading: ProviderReading
        public var remaining: (requests: Double?, input: Double?, output: Double?)
        public var condition: ProviderCondition
    }

    /// All providers, in the order of their names.
    public func providerLevels(now: SimulationTime) -> [ProviderLevel] {
        providers.map {
            ProviderLevel(
                name: $0.name, reading: $0.reading, remaining: $0.remaining(now: now), condition: $0.condition)
        }
    }

    /// One topic.
    public struct TopicLevel: Sendable {
        /// From publishing to the acknowledgement; a dead letter counts as a server error.
        public var level: ServiceLevel
        public var ready: Int
        public var working: Int
        /// Waiting for their next delivery.
        public var delayed: Int
        public var redelivered: Int64
        public var deadLetters: Int64
        public var duplicates: Int64
        /// When the message that has waited longest was published.
        public var oldest: SimulationTime?
    }

    /// All topics, in the order of their names.
    public var topicLevels: [TopicLevel] {
        topics.map { topic in
            TopicLevel(
                level: topic.level, ready: topic.waiting, working: Int(topic.working), delayed: Int(topic.delayed),
                redelivered: topic.redelivered, deadLetters: topic.deadLetters, duplicates: topic.duplicates,
                oldest: topic.ready[topic.head...].lazy.map { messages[$0.slot].published }.min())
        }
    }

    /// What model calls cost that no source of traffic stands behind (batch containers).
    public var unattributedBill: TokenBill { unattributed }
}
