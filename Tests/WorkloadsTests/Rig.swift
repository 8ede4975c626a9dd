import ContainerRuntime
import Simulation

@testable import Workloads

/// A kubelet that does what it is told: starts containers, fills the endpoint table, steps the queue.
struct Rig {
    var workloads: Workloads
    var clock = Clock()
    var endpoints = EndpointTable()
    var reports: [RuntimeReport] = []
    /// Everything that was reported, with its time.
    var log: [(time: SimulationTime, report: RuntimeReport)] = []
    var events = 0
    /// Whether the books are audited after every event.
    var audits = false
    var violations: [String] = []
    private var nextSlot: UInt32 = 0
    private var nextToken: UInt64 = 0

    init(_ configuration: WorkloadsConfiguration, seed: UInt64 = 1, nodes: Int = 1, hardware: NodeHardware = .usual) {
        workloads = Workloads(configuration: configuration, seed: seed)
        for node in 0..<nodes { perform(.addNode(NodeID(index: UInt32(node)), hardware)) }
        clock.begin(event: clock.takeSequence(), at: .zero)
    }

    mutating func perform(_ request: RuntimeRequest) {
        clock.begin(event: clock.takeSequence(), at: clock.now)
        workloads.perform(request, clock: &clock, reports: &reports)
        collect()
    }

    private mutating func collect() {
        for report in reports { log.append((clock.now, report)) }
        reports.removeAll(keepingCapacity: true)
        if audits, violations.isEmpty { violations = workloads.audit() }
    }

    @discardableResult
    mutating func start(
        _ image: String, node: UInt32 = 0, cpu: Int64 = 500, limit: Int64? = nil, memory: Int64? = nil,
        service: String? = nil, port: Int = 8000, command: [String] = [],
        environment: [(name: String, value: String)] = [],
        oomScore: Int = 0, beside other: ContainerID? = nil, gpus: Int = 0
    ) -> ContainerID {
        let id = ContainerID(slot: nextSlot, generation: 1)
        let sandbox = SandboxID(slot: other?.slot ?? nextSlot, generation: 1)
        nextSlot += 1
        perform(
            .start(
                id,
                ContainerConfiguration(
                    node: NodeID(index: node), sandbox: sandbox, namespace: "default", pod: "\(image)-\(id.slot)",
                    container: image, image: image, command: command, environment: environment,
                    ports: [(name: "http", number: port)],
                    resources: ContainerResources(
                        cpuRequestMilli: cpu, cpuLimitMilli: limit, memoryRequestBytes: 128 << 20,
                        memoryLimitBytes: memory, gpus: gpus),
                    oomScoreAdjustment: oomScore)))
        if let service {
            let index = endpoints.index(of: service)
            let present = endpoints.services[index].endpoints
            endpoints.update(index, exists: true, endpoints: present + [.init(sandbox: sandbox, port: port)])
        }
        return id
    }

    /// Takes a pod out of a service.
    mutating func remove(_ id: ContainerID, from service: String) {
        let index = endpoints.index(of: service)
        let left = endpoints.services[index].endpoints.filter { $0.sandbox.slot != id.slot }
        endpoints.update(index, exists: true, endpoints: left)
    }

    @discardableResult
    mutating func probe(_ id: ContainerID, path: String = "/healthz", timeout: Duration = .seconds(1)) -> ProbeToken {
        let token = ProbeToken(rawValue: nextToken)
        nextToken += 1
        perform(.probe(token, id, .httpGet(path: path, port: 8000), timeout: timeout))
        return token
    }

    func result(_ token: ProbeToken) -> (time: SimulationTime, result: ProbeResult)? {
        for (time, report) in log {
            if case .probed(token, let result) = report { return (time, result) }
        }
        return nil
    }

    func exit(_ id: ContainerID) -> (time: SimulationTime, status: ExitStatus)? {
        for (time, report) in log {
            if case .exited(id, let status) = report { return (time, status) }
        }
        return nil
    }

    /// Puts a fault into force.
    @discardableResult
    mutating func put(_ fault: WorkloadFault) -> FaultID {
        workloads.apply(fault, clock: &clock, reports: &reports)
    }

    mutating func begin() { workloads.begin(clock: &clock) }

    /// Handles everything up to `end`.
    mutating func run(until end: SimulationTime) {
        while let next = workloads.queue.next, next.time <= end, let event = workloads.queue.popNext() {
            clock.begin(event: event.sequence, at: event.time)
            workloads.handle(event.event, clock: &clock, endpoints: &endpoints, reports: &reports)
            events += 1
            if audits || !reports.isEmpty { collect() }
        }
        clock.idle(until: end)
    }

    mutating func run(seconds: Int64) { run(until: clock.now + .seconds(seconds)) }

    var bytes: [UInt8] {
        var writer = BinaryWriter()
        writer.write(workloads)
        return writer.bytes
    }

    func usage(_ id: ContainerID) -> ContainerUsage? { workloads.usage(of: id, now: clock.now) }
}

extension NodeHardware {
    static let usual = NodeHardware(cpuMilli: 4000, memoryBytes: 16 << 30)
}

extension SimulationTime {
    static func seconds(_ value: Double) -> SimulationTime { .zero + Duration(seconds: value) }
}

extension WorkloadsConfiguration {
    /// A service of one stage of CPU, ready at once.
    static func simple(
        _ name: String = "web", compute: Distribution = .constant(0.01), rate: Double = 0, importing: Double = 0.001
    ) -> WorkloadsConfiguration {
        WorkloadsConfiguration(
            images: [
                name: Behaviour(
                    program: .service(ServiceProgram(routes: [Route(stages: [.compute(compute)])])),
                    startup: StartupProfile(importing: .constant(importing)), port: 8000)
            ],
            traffic: rate > 0 ? [TrafficConfiguration(name: "users", service: "default/" + name, perSecond: rate)] : [])
    }
}
