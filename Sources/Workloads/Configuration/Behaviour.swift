import Simulation

/// What the program in an image does.
public struct Behaviour: Sendable, Equatable {
    /// What it does once it runs.
    public enum Program: Sendable, Equatable {
        /// Waits for ever; answers probes and requests on its declared ports with 200.
        case sleep
        /// Answers requests.
        case service(ServiceProgram)
        /// Takes messages from a topic.
        case consumer(ConsumerProgram)
        /// Runs for a while and exits.
        case batch(BatchProgram)
    }

    public var program: Program
    public var startup: StartupProfile
    public var memory: MemoryProfile
    public var shutdown: ShutdownProfile
    /// The port the program listens on; nil for all ports that its manifest declares.
    public var port: Int?
    /// Paths that answer probes; a service without any answers `/healthz` and `/readyz`.
    public var health: [HealthPath]
    public var crash: CrashProfile
    /// Set for a sidecar (daprd): CPU of each request that passes it, into the pod or out of it (reference section 7:
    /// 0.48 ms). While a pod's sidecar is down, its containers reach no service.
    public var proxyWork: Duration?
    /// GPUs that the program needs; with fewer it exits while starting.
    public var gpus = 0

    public init(
        program: Program = .sleep, startup: StartupProfile = StartupProfile(), memory: MemoryProfile = MemoryProfile(),
        shutdown: ShutdownProfile = ShutdownProfile(), port: Int? = nil, health: [HealthPath] = HealthPath.usual,
        crash: CrashProfile = CrashProfile(), proxyWork: Duration? = nil
    ) {
        self.program = program
        self.startup = startup
        self.memory = memory
        self.shutdown = shutdown
        self.port = port
        self.health = health
        self.crash = crash
        self.proxyWork = proxyWork
    }

    /// A program that does nothing and costs nothing, for images that a scenario does not describe.
    public static let unknown = Behaviour(
        startup: StartupProfile(importing: .constant(0), workingSetWhileLoading: 1),
        memory: MemoryProfile(base: 4 << 20, perRequest: 0, perPromptByte: 0), health: [])
}

extension Behaviour: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case service, consumer, batch, startup, memory, shutdown, port, health, crash, proxyWork, gpus
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init()
        let kinds: [CodingKeys] = [.service, .consumer, .batch].filter(container.contains)
        guard kinds.count <= 1 else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription: "a behaviour is one of service, consumer and batch"))
        }
        if let service = try container.decodeIfPresent(ServiceProgram.self, forKey: .service) {
            program = .service(service)
        } else if let consumer = try container.decodeIfPresent(ConsumerProgram.self, forKey: .consumer) {
            program = .consumer(consumer)
        } else if let batch = try container.decodeIfPresent(BatchProgram.self, forKey: .batch) {
            program = .batch(batch)
        }
        startup = try container.decode(.startup, or: startup)
        memory = try container.decode(.memory, or: memory)
        shutdown = try container.decode(.shutdown, or: shutdown)
        port = try container.decodeIfPresent(Int.self, forKey: .port)
        health = try container.decode(.health, or: health)
        crash = try container.decode(.crash, or: crash)
        proxyWork = try container.decodeIfPresent(Duration.self, forKey: .proxyWork)
        gpus = try container.decode(.gpus, or: gpus)
        if case .service(let service) = program, service.engine != nil { gpus = max(1, gpus) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch program {
        case .sleep: break
        case .service(let service): try container.encode(service, forKey: .service)
        case .consumer(let consumer): try container.encode(consumer, forKey: .consumer)
        case .batch(let batch): try container.encode(batch, forKey: .batch)
        }
        try container.encode(startup, forKey: .startup)
        try container.encode(memory, forKey: .memory)
        try container.encode(shutdown, forKey: .shutdown)
        try container.encodeIfPresent(port, forKey: .port)
        try container.encode(health, forKey: .health)
        try container.encode(crash, forKey: .crash)
        try container.encodeIfPresent(proxyWork, forKey: .proxyWork)
        try container.encode(gpus, forKey: .gpus)
    }
}
