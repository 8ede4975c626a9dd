import KubernetesAPI

/// Classes of pods by how firmly their resources are promised (`apis/core/v1/helper/qos`, `kubelet/qos/policy.go`).
public enum QualityOfService: String, Sendable {
    case guaranteed = "Guaranteed"
    case burstable = "Burstable"
    case bestEffort = "BestEffort"

    public init(of pod: Pod) {
        if let own = pod.spec.resources, !own.requests.isEmpty || !own.limits.isEmpty {
            self.init([(own.requests, own.limits)])
        } else {
            self.init(
                (pod.spec.ownContainers + pod.spec.ownInitContainers).map {
                    ($0.resources?.requests ?? [:], $0.resources?.limits ?? [:])
                })
        }
    }

    private init(_ containers: [(requests: [String: Quantity], limits: [String: Quantity])]) {
        var requests: [String: Quantity] = [:]
        var limits: [String: Quantity] = [:]
        var allLimited = true
        for container in containers {
            var limited = 0
            for name in ["cpu", "memory"] {
                if let request = container.requests[name], request > Quantity() {
                    requests[name] = (requests[name] ?? Quantity()) + request
                }
                if let limit = container.limits[name], limit > Quantity() {
                    limited += 1
                    limits[name] = (limits[name] ?? Quantity()) + limit
                }
            }
            if limited < 2 { allLimited = false }
        }
        if requests.isEmpty, limits.isEmpty {
            self = .bestEffort
        } else if allLimited, requests.allSatisfy({ limits[$0.key] == $0.value }), requests.count == limits.count {
            self = .guaranteed
        } else {
            self = .burstable
        }
    }

    /// Who the kernel kills first: -997 for the last, 1000 for the first.
    public static func oomScoreAdjustment(of container: Container, in pod: Pod, nodeMemory: Int64) -> Int {
        if pod.spec.priority ?? 0 >= 2_000_001_000 { return -997 }
        switch QualityOfService(of: pod) {
        case .guaranteed: return -997
        case .bestEffort: return 1_000
        case .burstable: break
        }
        func request(_ container: Container) -> Int64 { container.resources?.requests["memory"]?.value ?? 0 }
        var memory = request(container)
        if pod.spec.resources?.requests["memory"] != nil {
            // What the pod asks for beyond its containers is shared out evenly.
            let all = pod.spec.ownContainers + pod.spec.ownInitContainers.filter { $0.restartPolicy == "Always" }
            let left = (pod.spec.resources?.requests["memory"]?.value ?? 0) - all.reduce(0) { $0 + request($1) }
            if left > 0, !all.isEmpty { memory += left / Int64(all.count) }
        }
        var score = adjustment(memory, nodeMemory)
        if container.restartPolicy == "Always", let least = pod.spec.ownContainers.map(request).min() {
            score = min(score, adjustment(least, nodeMemory))
        }
        return score
    }

    private static func adjustment(_ memory: Int64, _ nodeMemory: Int64) -> Int {
        guard nodeMemory > 0 else { return 999 }
        let share = Int128(1_000) * Int128(memory) / Int128(nodeMemory)
        return Int(max(3, min(999, 1_000 - share)))
    }
}
