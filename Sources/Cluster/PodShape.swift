import KubernetesAPI

/// What follows from a pod's spec alone, wherever it runs: computed once for all pods that share the spec's storage.
final class PodShape: Sendable {
    struct HostPort: Sendable, Equatable {
        var address: String
        var networkProtocol: String
        var port: Int32

        func conflicts(with other: HostPort) -> Bool {
            port == other.port && networkProtocol == other.networkProtocol
                && (address == other.address || address == "0.0.0.0" || other.address == "0.0.0.0")
        }
    }

    let requests: ResourceVector
    /// Requests with 100m and 200Mi for each container that asks for nothing: spreading would not see such pods.
    let nonZeroCPU: Int64
    let nonZeroMemory: Int64
    let priority: Int32
    let ports: [HostPort]
    let requiredAffinity: [PodAffinityTerm]
    let requiredAntiAffinity: [PodAffinityTerm]
    let preferredAffinity: [WeightedPodAffinityTerm]
    let preferredAntiAffinity: [WeightedPodAffinityTerm]
    /// Any rule about other pods.
    let hasAffinity: Bool
    /// Whether filters and scores follow from requests, images and tolerations: no rule about nodes or other pods, no
    /// ports of the node, no claims.
    let isPlain: Bool

    init(_ spec: PodSpec) {
        requests = ResourceVector(PodResources.requests(of: spec))
        (nonZeroCPU, nonZeroMemory) = Self.nonZero(spec)
        priority = spec.priority ?? 0
        var ports: [HostPort] = []
        for container in spec.ownContainers + spec.ownInitContainers.filter({ $0.restartPolicy == "Always" }) {
            for port in container.ports where port.hostPort ?? 0 > 0 {
                ports.append(
                    HostPort(
                        address: port.hostIP.isEmpty ? "0.0.0.0" : port.hostIP,
                        networkProtocol: port.protocol.isEmpty ? "TCP" : port.protocol, port: port.hostPort ?? 0))
            }
        }
        self.ports = ports
        let affinity = spec.affinity
        requiredAffinity = affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
        requiredAntiAffinity = affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
        preferredAffinity = affinity?.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
        preferredAntiAffinity = affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
        hasAffinity =
            !requiredAffinity.isEmpty || !requiredAntiAffinity.isEmpty || !preferredAffinity.isEmpty
            || !preferredAntiAffinity.isEmpty
        isPlain =
            spec.topologySpreadConstraints.isEmpty && affinity == nil && spec.nodeSelector.isEmpty && ports.isEmpty
            && !spec.ownVolumes.contains { $0.volumeSource.persistentVolumeClaim != nil }
    }

    private static func nonZero(_ spec: PodSpec) -> (Int64, Int64) {
        let fill: (Container) -> (Int64, Int64) = { container in
            let requests = container.resources?.requests ?? [:]
            return (requests["cpu"]?.milliValue ?? 100, requests["memory"]?.value ?? 200 << 20)
        }
        var sum: (Int64, Int64) = (0, 0)
        for container in spec.ownContainers {
            let (cpu, memory) = fill(container)
            sum = (sum.0 &+ cpu, sum.1 &+ memory)
        }
        var sidecars: (Int64, Int64) = (0, 0)
        var peak: (Int64, Int64) = (0, 0)
        for container in spec.ownInitContainers {
            let (cpu, memory) = fill(container)
            if container.restartPolicy == "Always" {
                sidecars = (sidecars.0 &+ cpu, sidecars.1 &+ memory)
                peak = (max(peak.0, sidecars.0), max(peak.1, sidecars.1))
            } else {
                peak = (max(peak.0, sidecars.0 &+ cpu), max(peak.1, sidecars.1 &+ memory))
            }
        }
        sum = (max(sum.0 &+ sidecars.0, peak.0), max(sum.1 &+ sidecars.1, peak.1))
        sum.0 &+= spec.overhead["cpu"]?.milliValue ?? 0
        sum.1 &+= spec.overhead["memory"]?.value ?? 0
        return sum
    }
}

/// Something that follows from the storage of a spec, remembered for the storages that were asked for last. Not state:
/// what is forgotten is computed again, with the same outcome.
struct SpecCache<Value: Sendable>: Sendable {
    private static var capacity: Int { 256 }
    /// The storage is kept too, so that its identity is nobody else's meanwhile.
    private var entries: [ObjectIdentifier: (storage: Box<PodSpec.Shared>, value: Value)] = [:]

    init() {}

    func value(for spec: PodSpec) -> Value? { entries[spec.shared.identity]?.value }

    mutating func keep(_ value: Value, for spec: PodSpec) {
        if entries.count >= Self.capacity { entries.removeAll(keepingCapacity: true) }
        entries[spec.shared.identity] = (spec.shared, value)
    }
}

extension ClusterContext {
    /// What follows from the pod's spec.
    mutating func shape(of pod: Pod) -> PodShape {
        if let known = shapes.value(for: pod.spec) { return known }
        let shape = PodShape(pod.spec)
        shapes.keep(shape, for: pod.spec)
        return shape
    }
}
