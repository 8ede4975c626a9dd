import ContainerRuntime
import Simulation

/// The truth about every process, request, model call, token and cent of a world.
///
/// One value. `World` delivers its events in order and carries the kubelet's requests to it; what it reports goes into
/// a buffer that the kubelet reads at the same instant. Between two calls nothing is half done: ends of bursts,
/// freed places and deaths that follow from an event are settled before the call returns.
public struct Workloads: Sendable {
    /// What will happen; `World` merges it with the other rooms' queues by (time, sequence).
    public var queue = EventQueue<WorkloadEvent>()
    public let configuration: WorkloadsConfiguration
    public let seed: UInt64
    let catalogue: Catalogue

    // Lent by `World` for the length of one call, and empty between calls.
    var clock = Clock()
    var endpoints = EndpointTable()
    var reports: [RuntimeReport] = []

    var machines: [MachineState] = []
    var processes: [Process] = []
    var containers: [ContainerConfiguration?] = []
    var sandboxes: [SandboxEntry] = []
    var calls = Pool<Call>()
    var journeys = Pool<Journey>()
    var runs = Pool<AgentRun>()
    var sources: [TrafficSource] = []
    var services: [ServiceState] = []
    var providers: [Provider] = []
    var tools: [ToolCondition] = []
    var topics: [Topic] = []
    var messages = Pool<Message>()
    /// What model calls cost that no source of traffic stands behind.
    var unattributed = TokenBill()
    /// Faults in force, in the order in which they came.
    var faults: [ActiveFault] = []
    var nextFault: UInt32 = 1
    var recording = Recording()
    /// The spans of requests; nil where nobody asked for them.
    var tracing: TraceLog?
    /// Requests from outside that are under way, and how the latest ended; by number.
    var exchanges: [Exchange] = []
    /// The engines of model servers, by the slot of their process; empty without any.
    var engines: [ModelEngine?] = []
    /// The flows through each process, by slot; empty without aggregated traffic.
    var flows: [FlowState] = []
    var lastFlow = SimulationTime.zero
    /// Which endpoint a connection gets.
    var dice: RandomStream
    var nextNumber: UInt64 = 1
    /// The request that is being explained; 0 for none. No part of the state.
    var followed: UInt64 = 0

    // Work that is settled before time goes on.
    var staleProcesses: [UInt32] = []
    var staleMachines: [UInt32] = []
    var freed: [UInt32] = []
    var doomed: [Doom] = []
    var wokenTopics: [UInt32] = []
    var touchedEngines: [UInt32] = []
    /// Scratch space of the division of cores.
    var claims: [FairShare.Claim] = []

    /// - Parameters:
    ///   - configuration: the scenario's description of programs and users.
    ///   - seed: the world's seed.
    public init(configuration: WorkloadsConfiguration, seed: UInt64) {
        self.configuration = configuration
        self.seed = seed
        catalogue = Catalogue(configuration)
        dice = RandomStream(seed: seed, name: "workloads/connections")
        recording.logs = Ring(capacity: configuration.accounting.telemetry)
        services = catalogue.targets.map {
            ServiceState(level: ServiceLevel(name: $0, accounting: configuration.accounting))
        }
        for traffic in configuration.traffic {
            sources.append(
                TrafficSource(
                    configuration: traffic, target: catalogue.target(named: Self.qualified(traffic.service)) ?? 0,
                    topic: traffic.topic.map { catalogue.topic(named: $0) } ?? .max,
                    path: catalogue.path(named: traffic.path) ?? 0, seed: seed,
                    level: ServiceLevel(name: traffic.name, accounting: configuration.accounting)))
        }
        providers = catalogue.providers.map {
            Provider(
                name: $0, configuration: configuration.providers[$0] ?? ProviderConfiguration(),
                plans: catalogue.plans.count)
        }
        tools = catalogue.tools.map { _ in ToolCondition() }
        topics = catalogue.topics.map {
            Topic(
                configuration: configuration.topics[$0] ?? TopicConfiguration(),
                level: ServiceLevel(name: $0, accounting: configuration.accounting))
        }
    }

    static func qualified(_ service: String) -> String {
        service.utf8.contains(UInt8(ascii: "/")) ? service : "default/" + service
    }

    /// Begins the traffic; called once, at the instant at which users may come.
    public mutating func begin(clock: inout Clock) {
        swap(&self.clock, &clock)
        for index in sources.indices { beginTraffic(UInt32(index)) }
        beginFlows()
        swap(&self.clock, &clock)
    }

    /// Handles one event of ``queue``.
    public mutating func handle(
        _ event: WorkloadEvent, clock: inout Clock, endpoints: inout EndpointTable, reports: inout [RuntimeReport]
    ) {
        swap(&self.clock, &clock)
        swap(&self.endpoints, &endpoints)
        swap(&self.reports, &reports)
        dispatch(event)
        settle()
        takeExchangeAnswers()
        swap(&self.reports, &reports)
        swap(&self.endpoints, &endpoints)
        swap(&self.clock, &clock)
    }

    /// Does what the kubelet asks, at this instant.
    public mutating func perform(_ request: RuntimeRequest, clock: inout Clock, reports: inout [RuntimeReport]) {
        swap(&self.clock, &clock)
        swap(&self.reports, &reports)
        switch request {
        case .addNode(let node, let hardware): addMachine(node, hardware)
        case .removeNode(let node): removeMachine(node)
        case .start(let container, let configuration): start(container, configuration)
        case .terminate(let container): terminate(container)
        case .kill(let container): kill(container)
        case .probe(let token, let container, let action, let timeout):
            probe(token, container, action, timeout: timeout)
        case .runHook(let container, let action): runHook(container, action)
        case .resize(let container, let resources): resize(container, resources)
        }
        settle()
        takeExchangeAnswers()
        swap(&self.reports, &reports)
        swap(&self.clock, &clock)
    }

    private mutating func dispatch(_ event: WorkloadEvent) {
        switch event {
        case .cpu(let process): cpuAlarm(process)
        case .connect(let call, let generation): connect(Handle(slot: call, generation: generation))
        case .wake(let call, let generation): wake(Handle(slot: call, generation: generation))
        case .childDeadline(let call, let generation): childDeadline(Handle(slot: call, generation: generation))
        case .probeDeadline(let call, let generation): probeDeadline(Handle(slot: call, generation: generation))
        case .arrival(let source): arrival(source)
        case .turn(let source, let remaining): turn(source, remaining: remaining)
        case .journeyDeadline(let journey, let generation):
            journeyDeadline(Handle(slot: journey, generation: generation))
        case .journeyRetry(let journey, let generation): journeyRetry(Handle(slot: journey, generation: generation))
        case .process(let slot, let generation, let timer):
            processTimer(ContainerID(slot: slot, generation: generation), timer)
        case .agent(let run, let generation): agent(Handle(slot: run, generation: generation))
        case .deliver(let message, let generation): deliver(Handle(slot: message, generation: generation))
        case .acknowledgementDeadline(let message, let generation):
            acknowledgementDeadline(Handle(slot: message, generation: generation))
        case .proxyRefused(let call, let generation): proxyRefused(Handle(slot: call, generation: generation))
        case .flow: flowTick()
        case .exchangeDeadline(let number): exchangeDeadline(number)
        case .engine(let slot, let generation): engineAlarm(ContainerID(slot: slot, generation: generation))
        }
    }

    /// Settles everything that follows from an event at the same instant.
    mutating func settleAfterFault() { settle() }

    private mutating func settle() {
        while true {
            if !freed.isEmpty {
                admitWaiting()
            } else if !doomed.isEmpty {
                carryOutDooms()
            } else if !wokenTopics.isEmpty {
                handOutMessages()
            } else if !touchedEngines.isEmpty {
                settleTouchedEngines()
            } else {
                break
            }
        }
        if !staleProcesses.isEmpty || !staleMachines.isEmpty { resetAlarms() }
    }
}

/// Something that will end at this instant, once the event that doomed it has been handled.
struct Doom: Sendable {
    var process: ContainerID
    var status: ExitStatus
}

/// What the workloads know of a pod: which of their processes run in it.
struct SandboxEntry: Sendable, BinaryCodable {
    var generation: UInt32 = 0
    var firstProcess: UInt32 = .max
    /// The process that all requests of the pod pass; `.max` for none.
    var proxy: UInt32 = .max

    init() {}

    func write(to writer: inout BinaryWriter) {
        writer.write(generation)
        writer.write(firstProcess)
        writer.write(proxy)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        generation = try reader.read()
        firstProcess = try reader.read()
        proxy = try reader.read()
    }
}

/// What is kept of a service that somebody calls.
struct ServiceState: Sendable {
    /// Index in the endpoint table; -1 until the first request.
    var index: Int = -1
    var level: ServiceLevel
    var budget = RetryBudget()
    /// Aggregated traffic: requests and failures of this interval, and the share that failed in the last.
    var flowRequests = 0.0
    var flowFailures = 0.0
    var flowFailureShare = 0.0
    /// Whose turn among the endpoints it is.
    var flowTurn = 0
}
