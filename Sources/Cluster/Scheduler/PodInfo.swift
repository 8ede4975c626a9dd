import KubernetesAPI
import Simulation

/// A pod as the scheduler sees it: what it asks for, computed once.
struct PodInfo: Sendable {
    var id: ObjectID<Pod>?
    var pod: Pod
    var requests: ResourceVector
    /// Requests with 100m and 200Mi for each container that asks for nothing: spreading would not see such pods.
    var nonZeroCPU: Int64
    var nonZeroMemory: Int64
    var priority: Int32
    var ports: [HostPort]
    var requiredAffinity: [PodAffinityTerm]
    var requiredAntiAffinity: [PodAffinityTerm]
    var preferredAffinity: [WeightedPodAffinityTerm]
    var preferredAntiAffinity: [WeightedPodAffinityTerm]
    /// When it began on its node, for the choice of victims.
    var startTime: Time?

    struct HostPort: Sendable, Equatable {
        var address: String
        var networkProtocol: String
        var port: Int32

        func conflicts(with other: HostPort) -> Bool {
            port == other.port && networkProtocol == other.networkProtocol
                && (address == other.address || address == "0.0.0.0" || other.address == "0.0.0.0")
        }
    }

    init(_ pod: Pod, id: ObjectID<Pod>? = nil) {
        self.id = id
        self.pod = pod
        requests = ResourceVector(PodResources.requests(of: pod))
        (nonZeroCPU, nonZeroMemory) = Self.nonZero(pod)
        priority = pod.spec.priority ?? 0
        ports = []
        for container in pod.spec.containers + pod.spec.initContainers.filter({ $0.restartPolicy == "Always" }) {
            for port in container.ports where port.hostPort ?? 0 > 0 {
                ports.append(
                    HostPort(
                        address: port.hostIP.isEmpty ? "0.0.0.0" : port.hostIP,
                        networkProtocol: port.protocol.isEmpty ? "TCP" : port.protocol, port: port.hostPort ?? 0))
            }
        }
        let affinity = pod.spec.affinity
        requiredAffinity = affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
        requiredAntiAffinity = affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
        preferredAffinity = affinity?.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
        preferredAntiAffinity = affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
        startTime = pod.status.startTime
    }

    var hasAffinity: Bool {
        !requiredAffinity.isEmpty || !requiredAntiAffinity.isEmpty || !preferredAffinity.isEmpty
            || !preferredAntiAffinity.isEmpty
    }

    private static func nonZero(_ pod: Pod) -> (Int64, Int64) {
        let fill: (Container) -> (Int64, Int64) = { container in
            let requests = container.resources?.requests ?? [:]
            return (requests["cpu"]?.milliValue ?? 100, requests["memory"]?.value ?? 200 << 20)
        }
        var sum: (Int64, Int64) = (0, 0)
        for container in pod.spec.containers {
            let (cpu, memory) = fill(container)
            sum = (sum.0 &+ cpu, sum.1 &+ memory)
        }
        var sidecars: (Int64, Int64) = (0, 0)
        var peak: (Int64, Int64) = (0, 0)
        for container in pod.spec.initContainers {
            let (cpu, memory) = fill(container)
            if container.restartPolicy == "Always" {
                sidecars = (sidecars.0 &+ cpu, sidecars.1 &+ memory)
                peak = (max(peak.0, sidecars.0), max(peak.1, sidecars.1))
            } else {
                peak = (max(peak.0, sidecars.0 &+ cpu), max(peak.1, sidecars.1 &+ memory))
            }
        }
        sum = (max(sum.0 &+ sidecars.0, peak.0), max(sum.1 &+ sidecars.1, peak.1))
        sum.0 &+= pod.spec.overhead["cpu"]?.milliValue ?? 0
        sum.1 &+= pod.spec.overhead["memory"]?.value ?? 0
        return sum
    }
}
