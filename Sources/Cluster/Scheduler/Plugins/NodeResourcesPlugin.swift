import KubernetesAPI

/// Room for a pod's requests, and how well it fits (`plugins/noderesources`).
enum NodeResourcesPlugin {
    static func filter(_ pod: PodInfo, _ node: NodeInfo) -> Rejection? {
        var reasons: [String] = []
        var unresolvable = false
        if Int64(node.pods.count) + 1 > node.allowedPods { reasons.append("Too many pods") }
        let (wanted, used, total) = (pod.requests, node.requested, node.allocatable)
        func check(_ request: Int64, _ used: Int64, _ total: Int64, _ name: String) {
            guard request > 0, request > total - used else { return }
            reasons.append("Insufficient \(name)")
            if request > total { unresolvable = true }
        }
        check(wanted.cpuMilli, used.cpuMilli, total.cpuMilli, "cpu")
        check(wanted.memory, used.memory, total.memory, "memory")
        check(wanted.ephemeralStorage, used.ephemeralStorage, total.ephemeralStorage, "ephemeral-storage")
        for (name, amount) in wanted.extended { check(amount, used[name], total[name], name) }
        guard !reasons.isEmpty else { return nil }
        return Rejection(.nodeResourcesFit, reasons: reasons, unresolvable: unresolvable)
    }

    /// Whether ``filter(_:_:)`` lets the pod in, without the reasons.
    static func holds(_ pod: PodInfo, _ node: NodeInfo) -> Bool {
        guard Int64(node.pods.count) + 1 <= node.allowedPods else { return false }
        let wanted = pod.requests
        func holds(_ request: Int64, _ used: Int64, _ total: Int64) -> Bool { request <= 0 || request <= total - used }
        return holds(wanted.cpuMilli, node.requested.cpuMilli, node.allocatable.cpuMilli)
            && holds(wanted.memory, node.requested.memory, node.allocatable.memory)
            && holds(wanted.ephemeralStorage, node.requested.ephemeralStorage, node.allocatable.ephemeralStorage)
            && wanted.extended.allSatisfy { holds($0.amount, node.requested[$0.name], node.allocatable[$0.name]) }
    }

    /// LeastAllocated: the mean of the free shares of CPU and memory.
    static func leastAllocated(_ pod: PodInfo, _ node: NodeInfo) -> Int64 {
        func share(_ requested: Int64, _ total: Int64) -> Int64 {
            guard total > 0, requested <= total else { return 0 }
            return (total - requested) * 100 / total
        }
        var (sum, weight): (Int64, Int64) = (0, 0)
        if node.allocatable.cpuMilli > 0 {
            sum += share(node.nonZeroCPU + pod.nonZeroCPU, node.allocatable.cpuMilli)
            weight += 1
        }
        if node.allocatable.memory > 0 {
            sum += share(node.nonZeroMemory + pod.nonZeroMemory, node.allocatable.memory)
            weight += 1
        }
        return weight == 0 ? 0 : sum / weight
    }

    /// BalancedAllocation: whether the pod brings CPU and memory use closer together; nil for pods without either.
    static func balanced(_ pod: PodInfo, _ node: NodeInfo) -> Int64? {
        guard pod.requests.cpuMilli > 0 || pod.requests.memory > 0 else { return nil }
        let before = balance(node.requested.cpuMilli, node.requested.memory, node)
        let after = balance(
            node.requested.cpuMilli + pod.requests.cpuMilli, node.requested.memory + pod.requests.memory, node)
        return 50 + (50 + after - before) / 2
    }

    private static func balance(_ cpu: Int64, _ memory: Int64, _ node: NodeInfo) -> Int64 {
        var deviation = 0.0
        if node.allocatable.cpuMilli > 0, node.allocatable.memory > 0 {
            let ofCPU = min(1, Double(cpu) / Double(node.allocatable.cpuMilli))
            let ofMemory = min(1, Double(memory) / Double(node.allocatable.memory))
            deviation = abs(ofCPU - ofMemory) / 2
        }
        return Int64((1 - deviation) * 100)
    }
}
