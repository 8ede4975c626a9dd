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
        var fractions: [Double] = []
        if node.allocatable.cpuMilli > 0 { fractions.append(min(1, Double(cpu) / Double(node.allocatable.cpuMilli))) }
        if node.allocatable.memory > 0 { fractions.append(min(1, Double(memory) / Double(node.allocatable.memory))) }
        let deviation = fractions.count == 2 ? abs(fractions[0] - fractions[1]) / 2 : 0
        return Int64((1 - deviation) * 100)
    }
}
