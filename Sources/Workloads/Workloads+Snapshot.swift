import ContainerRuntime
import FoundationEssentials
import Simulation

/// The state as bytes: equal states have equal bytes, and a restored world goes on as the first would have.
extension Workloads: BinaryCodable {
    /// 2 for a world without requests from outside, 3 for one that has seen some.
    private static let versions = 2...3

    public func write(to writer: inout BinaryWriter) {
        writer.section("workloads", version: exchanges.isEmpty ? 2 : 3)
        writer.write(seed)
        writer.write(Self.encode(configuration))
        writer.write(queue)
        writer.write(machines)
        writer.write(processes)
        for container in containers {
            writer.write(container != nil)
            if let container { Self.write(container, to: &writer) }
        }
        writer.write(sandboxes)
        writer.write(calls)
        writer.write(journeys)
        writer.write(runs)
        for source in sources { source.writeState(to: &writer) }
        for service in services {
            writer.write(service.index)
            writer.write(service.level)
            writer.write(service.budget)
            writer.write(service.flowFailureShare)
            writer.write(service.flowTurn)
        }
        for provider in providers { provider.writeState(to: &writer) }
        for tool in tools { writer.write(tool) }
        for topic in topics { topic.writeState(to: &writer) }
        writer.write(messages)
        writer.write(unattributed)
        writer.writeVarint(UInt64(faults.count))
        for fault in faults {
            writer.write(fault.id.rawValue)
            writer.write(Self.encode(fault.fault))
        }
        writer.write(nextFault)
        writer.write(recording)
        writer.write(flows)
        writer.writeVarint(UInt64(engines.count))
        for engine in engines {
            writer.write(engine != nil)
            engine?.writeState(to: &writer)
        }
        writer.write(lastFlow)
        writer.write(dice)
        writer.write(nextNumber)
        if !exchanges.isEmpty { writer.write(exchanges) }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let version = try reader.section("workloads", versions: Self.versions)
        let seed: UInt64 = try reader.read()
        let text: String = try reader.read()
        guard let configuration: WorkloadsConfiguration = Self.decode(text) else {
            throw .malformed(what: "workloads configuration", offset: reader.offset)
        }
        self.init(configuration: configuration, seed: seed)
        queue = try reader.read()
        machines = try reader.read()
        processes = try reader.read()
        for _ in processes.indices {
            let isPresent: Bool = try reader.read()
            containers.append(isPresent ? try Self.readContainer(from: &reader) : nil)
        }
        sandboxes = try reader.read()
        calls = try reader.read()
        journeys = try reader.read()
        runs = try reader.read()
        for index in sources.indices { try sources[index].readState(from: &reader) }
        for index in services.indices {
            services[index].index = try reader.read()
            services[index].level = try reader.read()
            services[index].budget = try reader.read()
            services[index].flowFailureShare = try reader.read()
            services[index].flowTurn = max(0, try reader.read(Int.self))
        }
        for index in providers.indices { try providers[index].readState(from: &reader) }
        for index in tools.indices { tools[index] = try reader.read() }
        for index in topics.indices { try topics[index].readState(from: &reader) }
        messages = try reader.read()
        unattributed = try reader.read()
        for _ in 0..<(try reader.readCount()) {
            let id = FaultID(rawValue: try reader.read())
            let text: String = try reader.read()
            guard let fault: WorkloadFault = Self.decode(text) else {
                throw .malformed(what: "fault", offset: reader.offset)
            }
            faults.append(ActiveFault(id: id, fault: fault))
        }
        nextFault = try reader.read()
        recording = try reader.read()
        flows = try reader.read()
        for slot in 0..<(try reader.readCount()) {
            guard try reader.read(Bool.self) else {
                engines.append(nil)
                continue
            }
            guard processes.indices.contains(slot), processes[slot].phase != .absent,
                case .service(let service) = catalogue.programs[Int(processes[slot].behaviour)].behaviour.program,
                let configuration = service.engine
            else { throw .malformed(what: "engine", offset: reader.offset) }
            var engine = ModelEngine(configuration: configuration, now: .zero)
            try engine.readState(from: &reader)
            engines.append(engine)
        }
        lastFlow = try reader.read()
        dice = try reader.read()
        nextNumber = try reader.read()
        if version >= 3 { exchanges = try reader.read() }
        restorePolicies()
    }

    /// The configuration is small and read rarely: JSON with sorted keys keeps its bytes reproducible.
    private static func encode(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        guard let data = try? encoder.encode(value) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    private static func decode<Value: Decodable>(_ text: String) -> Value? {
        try? JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }

    private static func write(_ container: ContainerConfiguration, to writer: inout BinaryWriter) {
        writer.write(container.node)
        writer.write(container.sandbox)
        for text in [container.namespace, container.pod, container.container, container.image] { writer.write(text) }
        writer.write(container.command)
        writer.write(container.arguments)
        for pairs in [container.environment, container.labels] {
            writer.writeVarint(UInt64(pairs.count))
            for pair in pairs {
                writer.write(pair.name)
                writer.write(pair.value)
            }
        }
        writer.writeVarint(UInt64(container.ports.count))
        for port in container.ports {
            writer.write(port.name)
            writer.write(port.number)
        }
        writer.write(container.resources.cpuRequestMilli)
        writer.write(container.resources.cpuLimitMilli)
        writer.write(container.resources.memoryRequestBytes)
        writer.write(container.resources.memoryLimitBytes)
        writer.write(container.resources.gpus)
        writer.write(container.oomScoreAdjustment)
        writer.write(container.restartCount)
    }

    private static func readContainer(from reader: inout BinaryReader) throws(BinaryDecodingError)
        -> ContainerConfiguration
    {
        var container = ContainerConfiguration(
            node: try reader.read(), sandbox: try reader.read(), namespace: try reader.read(), pod: try reader.read(),
            container: try reader.read(), image: try reader.read(), command: try reader.read(),
            arguments: try reader.read())
        for _ in 0..<(try reader.readCount()) {
            container.environment.append((name: try reader.read(), value: try reader.read()))
        }
        for _ in 0..<(try reader.readCount()) {
            container.labels.append((name: try reader.read(), value: try reader.read()))
        }
        for _ in 0..<(try reader.readCount()) {
            container.ports.append((name: try reader.read(), number: try reader.read()))
        }
        container.resources = ContainerResources(
            cpuRequestMilli: try reader.read(), cpuLimitMilli: try reader.read(),
            memoryRequestBytes: try reader.read(), memoryLimitBytes: try reader.read(), gpus: try reader.read())
        container.oomScoreAdjustment = try reader.read()
        container.restartCount = try reader.read()
        return container
    }
}

extension TrafficSource {
    /// What the configuration does not already say.
    func writeState(to writer: inout BinaryWriter) {
        writer.write(random)
        writer.write(scale)
        writer.write(begun)
        writer.write(inFlight)
        writer.write(budget)
        writer.write(connections)
        writer.write(lastFlow)
        writer.write(failureShare)
        writer.write(area)
        writer.write(drawn)
        writer.write(timer)
        writer.write(level)
    }

    mutating func readState(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        random = try reader.read()
        scale = try reader.read()
        begun = try reader.read()
        inFlight = try reader.read()
        budget = try reader.read()
        connections = try reader.read()
        lastFlow = try reader.read()
        failureShare = try reader.read()
        area = try reader.read()
        drawn = try reader.read()
        timer = try reader.read()
        level = try reader.read()
    }
}
