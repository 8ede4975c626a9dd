import Simulation

/// All that a scenario says about programs, providers, tools, topics and users.
///
/// Every number of the model stands here or has its default here; the code has none. Defaults come from
/// `reference/agents.md`, the section is cited where one is set.
public struct WorkloadsConfiguration: Sendable, Equatable, Codable {
    /// What runs in a container, by image. Looked up by the full reference, then without tag or digest, then by the
    /// last path component with and without its tag; an unknown image idles and answers on its declared ports.
    public var images: [String: Behaviour]
    /// Hosted model providers by name.
    public var providers: [String: ProviderConfiguration]
    /// Tools and databases outside the cluster, by name.
    public var tools: [String: ToolConfiguration]
    /// Message topics by name.
    public var topics: [String: TopicConfiguration]
    /// Who sends requests.
    public var traffic: [TrafficConfiguration]
    public var network: NetworkConfiguration
    public var accounting: AccountingConfiguration

    public init(
        images: [String: Behaviour] = [:], providers: [String: ProviderConfiguration] = [:],
        tools: [String: ToolConfiguration] = [:], topics: [String: TopicConfiguration] = [:],
        traffic: [TrafficConfiguration] = [], network: NetworkConfiguration = NetworkConfiguration(),
        accounting: AccountingConfiguration = AccountingConfiguration()
    ) {
        self.images = images
        self.providers = providers
        self.tools = tools
        self.topics = topics
        self.traffic = traffic
        self.network = network
        self.accounting = accounting
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case images, providers, tools, topics, traffic, network, accounting
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init()
        images = try container.decode(.images, or: images)
        providers = try container.decode(.providers, or: providers)
        tools = try container.decode(.tools, or: tools)
        topics = try container.decode(.topics, or: topics)
        traffic = try container.decode(.traffic, or: traffic)
        network = try container.decode(.network, or: network)
        accounting = try container.decode(.accounting, or: accounting)
        let hasEngines = images.values.contains {
            if case .service(let service) = $0.program { service.engine != nil } else { false }
        }
        if hasEngines, traffic.contains(where: { $0.resolution == .aggregated }) {
            throw DecodingError.dataCorruptedError(
                forKey: .traffic, in: container,
                debugDescription:
                    "aggregated traffic knows no engines: where an image has one, the resolution of all traffic is requests"
            )
        }
    }
}

/// The network between pods.
public struct NetworkConfiguration: Sendable, Equatable, Codable {
    /// From one pod to another and back, without the server's time.
    public var hop: Duration
    /// What a Dapr sidecar adds to a call between services (reference section 0: p90 1.4 ms).
    public var sidecar: Duration

    public init(hop: Duration = .microseconds(500), sidecar: Duration = .zero) {
        self.hop = hop
        self.sidecar = sidecar
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case hop, sidecar }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init()
        hop = try container.decode(.hop, or: hop)
        sidecar = try container.decode(.sidecar, or: sidecar)
    }
}

/// What the truth is kept of, and for how long.
public struct AccountingConfiguration: Sendable, Equatable, Codable {
    /// Length of one window of service levels.
    public var window: Duration
    /// Windows kept; older ones remain only in the totals.
    public var windows: Int
    /// Finished requests kept while recording is on.
    public var records: Int
    /// Lines of logs kept.
    public var telemetry: Int
    /// The step of aggregated traffic.
    public var flowInterval: Duration
    /// How many requests are followed at least for those of one step, if so many came; 1 to 10,000. The more, the finer
    /// are rare outcomes: each stands for the same share of all.
    public var flowSamples: Int

    public init(
        window: Duration = .seconds(10), windows: Int = 720, records: Int = 100_000, telemetry: Int = 50_000,
        flowInterval: Duration = .seconds(5), flowSamples: Int = 32
    ) {
        self.window = window
        self.windows = windows
        self.records = records
        self.telemetry = telemetry
        self.flowInterval = flowInterval
        self.flowSamples = flowSamples
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case window, windows, records, telemetry, flowInterval, flowSamples
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init()
        window = try container.decode(.window, or: window)
        windows = try container.decode(.windows, or: windows)
        records = try container.decode(.records, or: records)
        telemetry = try container.decode(.telemetry, or: telemetry)
        flowInterval = try container.decode(.flowInterval, or: flowInterval)
        flowSamples = try container.decode(.flowSamples, or: flowSamples)
        guard (1...10_000).contains(flowSamples) else {
            throw DecodingError.dataCorruptedError(
                forKey: .flowSamples, in: container, debugDescription: "must be between 1 and 10000")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(window, forKey: .window)
        try container.encode(windows, forKey: .windows)
        try container.encode(records, forKey: .records)
        try container.encode(telemetry, forKey: .telemetry)
        try container.encode(flowInterval, forKey: .flowInterval)
        // A world that does not ask for it writes the snapshot that it always wrote.
        if flowSamples != AccountingConfiguration().flowSamples {
            try container.encode(flowSamples, forKey: .flowSamples)
        }
    }
}
