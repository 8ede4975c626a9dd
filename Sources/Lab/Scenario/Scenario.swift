import Cluster
import KubernetesAPI
import Simulation
import Workloads

/// Everything that a world is made of before anybody touches it, as an instructor writes it in YAML.
///
/// All numbers of the model stand here or have a documented default; misspelt fields are errors.
public struct Scenario: Sendable, Codable {
    public var name: String
    /// One line for listings.
    public var title: String
    /// RFC 3339; the simulated wall clock at time zero.
    public var start: String
    /// How long a trial of this scenario runs unless told otherwise.
    public var duration: Duration
    /// The namespace that the learner works in.
    public var namespace: String
    public var controlPlane: ControlPlaneDescription
    public var nodes: [NodeDescription]
    public var nodeGroups: [NodeGroupDescription]
    public var registry: RegistryDescription
    /// Programs, providers, tools, topics and traffic.
    public var workloads: WorkloadsConfiguration
    public var faults: [FaultDescription]
    public var prices: PriceDescription
    /// Prometheus; nil for a world without one.
    public var monitoring: MonitoringDescription?
    /// Whether learners may add faults of their own to a lab: not where the cause is what they look for.
    public var faultInjection: Bool
    /// Manifests that are applied before time begins, by file name beside the scenario.
    public var manifests: [String]

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, title, start, duration, namespace, controlPlane, nodes, nodeGroups, registry, workloads, faults,
            faultInjection, prices
        case monitoring, manifests
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        title = try container.decodeIfPresent(String.self, forKey: .title) ?? name
        start = try container.decodeIfPresent(String.self, forKey: .start) ?? "2026-01-05T09:00:00Z"
        guard CivilTime.parse(start) != nil else {
            throw DecodingError.dataCorruptedError(
                forKey: .start, in: container, debugDescription: "not an RFC 3339 time, such as 2026-01-05T09:00:00Z")
        }
        duration = try container.decodeIfPresent(Duration.self, forKey: .duration) ?? .hours(1)
        namespace = try container.decodeIfPresent(String.self, forKey: .namespace) ?? "default"
        controlPlane =
            try container.decodeIfPresent(ControlPlaneDescription.self, forKey: .controlPlane)
            ?? ControlPlaneDescription()
        nodes = try container.decode([NodeDescription].self, forKey: .nodes)
        nodeGroups = try container.decodeIfPresent([NodeGroupDescription].self, forKey: .nodeGroups) ?? []
        registry = try container.decodeIfPresent(RegistryDescription.self, forKey: .registry) ?? RegistryDescription()
        workloads =
            try container.decodeIfPresent(WorkloadsConfiguration.self, forKey: .workloads) ?? WorkloadsConfiguration()
        faults = try container.decodeIfPresent([FaultDescription].self, forKey: .faults) ?? []
        faultInjection = try container.decodeIfPresent(Bool.self, forKey: .faultInjection) ?? true
        prices = try container.decodeIfPresent(PriceDescription.self, forKey: .prices) ?? PriceDescription()
        monitoring = try container.decodeIfPresent(MonitoringDescription.self, forKey: .monitoring)
        manifests = try container.decodeIfPresent([String].self, forKey: .manifests) ?? []
        guard !nodes.isEmpty || !nodeGroups.isEmpty else {
            throw DecodingError.dataCorruptedError(
                forKey: .nodes, in: container, debugDescription: "a cluster needs at least one node or node group")
        }
    }
}

/// Machines of one kind.
public struct NodeDescription: Sendable, Codable {
    /// Name of the first; further ones get `-2`, `-3` …
    public var name: String
    public var count: Int
    /// Cores and memory, as Kubernetes quantities.
    public var cpu: String
    public var memory: String
    /// Quantities of cpu, memory and ephemeral-storage that pods cannot have: the kubelet's own and the system's.
    public var reserved: [String: String]
    public var gpus: Int
    public var zone: String
    public var instanceType: String
    /// Speed of one core relative to the reference core of the workload profiles.
    public var coreSpeed: Double
    public var labels: [String: String]
    /// `key=value:Effect`
    public var taints: [String]
    /// Currency units an hour.
    public var price: Double

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, count, cpu, memory, reserved, gpus, zone, instanceType, coreSpeed, labels, taints, price
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        count = try container.decodeIfPresent(Int.self, forKey: .count) ?? 1
        cpu = try container.decodeIfPresent(String.self, forKey: .cpu) ?? "4"
        memory = try container.decodeIfPresent(String.self, forKey: .memory) ?? "16Gi"
        reserved = try container.decodeIfPresent([String: String].self, forKey: .reserved) ?? [:]
        gpus = try container.decodeIfPresent(Int.self, forKey: .gpus) ?? 0
        zone = try container.decodeIfPresent(String.self, forKey: .zone) ?? "zone-a"
        instanceType = try container.decodeIfPresent(String.self, forKey: .instanceType) ?? "general"
        coreSpeed = try container.decodeIfPresent(Double.self, forKey: .coreSpeed) ?? 1
        labels = try container.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
        taints = try container.decodeIfPresent([String].self, forKey: .taints) ?? []
        price = try container.decodeIfPresent(Double.self, forKey: .price) ?? 0.19
        for (key, text, largest) in [(CodingKeys.cpu, cpu, Int64(4_096)), (.memory, memory, 1 << 50)] {
            let value = (try? Quantity(parsing: text))?.value ?? 0
            guard (1...largest).contains(value) else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container,
                    debugDescription:
                        "\"\(text)\" is not a positive quantity of at most \(key == .cpu ? "4096 cores" : "1Pi") (try 4 or 16Gi)"
                )
            }
        }
        let capacity = ["cpu": cpu, "memory": memory, "ephemeral-storage": "100Gi"].mapValues {
            try? Quantity(parsing: $0)
        }
        for (name, text) in reserved.sorted(by: { $0.key < $1.key }) {
            guard let whole = capacity[name] ?? nil, let part = try? Quantity(parsing: text), part >= Quantity(),
                part < whole
            else {
                throw DecodingError.dataCorruptedError(
                    forKey: .reserved, in: container,
                    debugDescription:
                        "\(name): \"\(text)\" is not less than what the machine has of cpu, memory or ephemeral-storage"
                )
            }
        }
        guard (1...5_000).contains(count) else {
            throw DecodingError.dataCorruptedError(
                forKey: .count, in: container, debugDescription: "must be between 1 and 5000")
        }
    }
}

/// Machines that the cluster autoscaler adds and removes.
public struct NodeGroupDescription: Sendable, Codable {
    public var template: NodeDescription
    public var minimum: Int
    public var maximum: Int
    /// From the request to a ready node.
    public var startup: Duration

    enum CodingKeys: String, CodingKey, CaseIterable { case template, minimum, maximum, startup }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        template = try container.decode(NodeDescription.self, forKey: .template)
        minimum = try container.decodeIfPresent(Int.self, forKey: .minimum) ?? 0
        maximum = try container.decode(Int.self, forKey: .maximum)
        startup = try container.decodeIfPresent(Duration.self, forKey: .startup) ?? .seconds(90)
        guard (0...maximum).contains(minimum) else {
            throw DecodingError.dataCorruptedError(
                forKey: .minimum, in: container, debugDescription: "must be between 0 and maximum (\(maximum))")
        }
    }
}

/// The image registry and how fast nodes pull from it.
public struct RegistryDescription: Sendable, Codable {
    /// Compressed size in bytes, by image.
    public var images: [String: Int64]
    /// Images that do not exist.
    public var missing: [String]
    /// Bytes a second and node.
    public var bandwidth: Int64

    enum CodingKeys: String, CodingKey, CaseIterable { case images, missing, bandwidth }

    public init() {
        images = [:]
        missing = []
        bandwidth = 100 << 20
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        self.init()
        images = try container.decodeIfPresent([String: Int64].self, forKey: .images) ?? images
        missing = try container.decodeIfPresent([String].self, forKey: .missing) ?? missing
        bandwidth = try container.decodeIfPresent(Int64.self, forKey: .bandwidth) ?? bandwidth
    }
}

/// Flags of the control plane, as far as a scenario changes them.
public struct ControlPlaneDescription: Sendable, Codable {
    public var horizontalPodAutoscalerSyncPeriod: Duration?
    public var horizontalPodAutoscalerTolerance: Double?
    public var horizontalPodAutoscalerDownscaleStabilization: Duration?
    public var horizontalPodAutoscalerCPUInitializationPeriod: Duration?
    public var horizontalPodAutoscalerInitialReadinessDelay: Duration?
    public var metricResolution: Duration?
    public var endpointPropagation: Duration?
    public var informerLag: Duration?
    /// How much later than that a controller may react, and how often its first write meets a newer object.
    public var informerLagSpread: Duration?
    public var updateConflictRate: Double?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case horizontalPodAutoscalerSyncPeriod, horizontalPodAutoscalerTolerance
        case horizontalPodAutoscalerDownscaleStabilization, horizontalPodAutoscalerCPUInitializationPeriod
        case horizontalPodAutoscalerInitialReadinessDelay, metricResolution, endpointPropagation, informerLag,
            informerLagSpread, updateConflictRate
    }

    public init() {}

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        horizontalPodAutoscalerSyncPeriod = try container.decodeIfPresent(
            Duration.self, forKey: .horizontalPodAutoscalerSyncPeriod)
        horizontalPodAutoscalerTolerance = try container.decodeIfPresent(
            Double.self, forKey: .horizontalPodAutoscalerTolerance)
        horizontalPodAutoscalerDownscaleStabilization = try container.decodeIfPresent(
            Duration.self, forKey: .horizontalPodAutoscalerDownscaleStabilization)
        horizontalPodAutoscalerCPUInitializationPeriod = try container.decodeIfPresent(
            Duration.self, forKey: .horizontalPodAutoscalerCPUInitializationPeriod)
        horizontalPodAutoscalerInitialReadinessDelay = try container.decodeIfPresent(
            Duration.self, forKey: .horizontalPodAutoscalerInitialReadinessDelay)
        metricResolution = try container.decodeIfPresent(Duration.self, forKey: .metricResolution)
        endpointPropagation = try container.decodeIfPresent(Duration.self, forKey: .endpointPropagation)
        informerLag = try container.decodeIfPresent(Duration.self, forKey: .informerLag)
        informerLagSpread = try container.decodeIfPresent(Duration.self, forKey: .informerLagSpread)
        updateConflictRate = try container.decodeIfPresent(Double.self, forKey: .updateConflictRate)
        if let rate = updateConflictRate, !(0...0.9).contains(rate) {
            throw DecodingError.dataCorruptedError(
                forKey: .updateConflictRate, in: container,
                debugDescription: "must be between 0 and 0.9, or controllers never get on")
        }
        for (key, value) in [
            (CodingKeys.horizontalPodAutoscalerSyncPeriod, horizontalPodAutoscalerSyncPeriod),
            (.metricResolution, metricResolution),
        ] where value.map({ $0 < .seconds(1) }) ?? false {
            throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: "must be at least 1s")
        }
    }

    /// The settings of the cluster with these flags.
    func settings(epochSeconds: Int64) -> ClusterSettings {
        var settings = ClusterSettings()
        settings.epochSeconds = epochSeconds
        settings.horizontalPodAutoscalerSyncPeriod =
            horizontalPodAutoscalerSyncPeriod ?? settings.horizontalPodAutoscalerSyncPeriod
        settings.horizontalPodAutoscalerTolerance =
            horizontalPodAutoscalerTolerance ?? settings.horizontalPodAutoscalerTolerance
        settings.horizontalPodAutoscalerDownscaleStabilization =
            horizontalPodAutoscalerDownscaleStabilization ?? settings.horizontalPodAutoscalerDownscaleStabilization
        settings.horizontalPodAutoscalerCPUInitializationPeriod =
            horizontalPodAutoscalerCPUInitializationPeriod ?? settings.horizontalPodAutoscalerCPUInitializationPeriod
        settings.horizontalPodAutoscalerInitialReadinessDelay =
            horizontalPodAutoscalerInitialReadinessDelay ?? settings.horizontalPodAutoscalerInitialReadinessDelay
        settings.metricResolution = metricResolution ?? settings.metricResolution
        settings.endpointPropagation = endpointPropagation ?? settings.endpointPropagation
        settings.informerLag = informerLag ?? settings.informerLag
        settings.informerLagSpread = informerLagSpread ?? settings.informerLagSpread
        settings.updateConflictRate = updateConflictRate ?? settings.updateConflictRate
        return settings
    }
}

extension Decoder {
    /// A container whose keys must all be known: a misspelt field is an error that names the nearest known one.
    package func strict<Key: CodingKey & CaseIterable>(_ type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        let known = Key.allCases.map(\.stringValue)
        for key in try container(keyedBy: TextKey.self).allKeys where !known.contains(key.stringValue) {
            let near = known.min { editDistance($0, key.stringValue) < editDistance($1, key.stringValue) }
            let hint = near.map { editDistance($0, key.stringValue) <= 3 ? "; did you mean \"\($0)\"?" : "" } ?? ""
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: codingPath + [key],
                    debugDescription:
                        "unknown field\(hint.isEmpty ? "; allowed: \(known.joined(separator: ", "))" : hint)"))
        }
        return try container(keyedBy: type)
    }
}

/// Any key.
struct TextKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// How far apart two words are, for "did you mean".
public enum EditDistance {
    /// How many insertions, deletions and changes lie between two words (Levenshtein).
    public static func between(_ left: String, _ right: String) -> Int { editDistance(left, right) }
}

func editDistance(_ left: String, _ right: String) -> Int {
    let (a, b) = (Array(left.utf8), Array(right.utf8))
    var row = Array(0...b.count)
    for i in 0..<a.count {
        var diagonal = row[0]
        row[0] = i + 1
        for j in 0..<b.count {
            let above = row[j + 1]
            row[j + 1] = min(above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1))
            diagonal = above
        }
    }
    return row[b.count]
}
