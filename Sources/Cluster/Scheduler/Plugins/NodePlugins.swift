import KubernetesAPI

/// Cordoned nodes (`plugins/nodeunschedulable`): taken only by pods that tolerate the taint of the same name.
enum NodeUnschedulablePlugin {
    private static let taint: Taint = {
        var taint = Taint()
        taint.key = "node.kubernetes.io/unschedulable"
        taint.effect = "NoSchedule"
        return taint
    }()

    static func filter(_ pod: PodInfo, _ node: NodeInfo) -> Rejection? {
        guard node.node.spec.unschedulable == true, !pod.pod.spec.tolerations.contains(where: { $0.tolerates(taint) })
        else { return nil }
        return Rejection(.nodeUnschedulable, "node(s) were unschedulable", unresolvable: true)
    }
}

/// A pod that names its node (`plugins/nodename`).
enum NodeNamePlugin {
    static func filter(_ pod: PodInfo, _ node: NodeInfo) -> Rejection? {
        let wanted = pod.pod.spec.nodeName
        guard !wanted.isEmpty, wanted != node.name else { return nil }
        return Rejection(.nodeName, "node(s) didn't match the requested node name", unresolvable: true)
    }
}

/// Host ports (`plugins/nodeports`).
enum NodePortsPlugin {
    static func filter(_ pod: PodInfo, _ node: NodeInfo) -> Rejection? {
        guard !pod.ports.isEmpty else { return nil }
        for other in node.pods where !other.ports.isEmpty {
            if pod.ports.contains(where: { port in other.ports.contains { port.conflicts(with: $0) } }) {
                return Rejection(
                    .nodePorts, "node(s) didn't have free ports for the requested pod ports", unresolvable: false)
            }
        }
        return nil
    }
}

/// Images that are already there (`plugins/imagelocality`).
enum ImageLocalityPlugin {
    private static let minimum: Int64 = 23 << 20
    private static let maximumPerContainer: Int64 = 1_000 << 20

    static func score(_ pod: PodInfo, _ nodes: [NodeInfo], all: [NodeInfo]) -> [Int64] {
        guard all.contains(where: { !$0.images.isEmpty }) else { return nodes.map { _ in 0 } }
        let containers = pod.pod.spec.ownInitContainers + pod.pod.spec.ownContainers
        let names = containers.map { ImageReference.normalized($0.image) }
        let holders = names.map { name in all.count { $0.isPresent && $0.images[name] != nil } }
        return nodes.map { node in
            let held = zip(names, holders).map { name, holders in (size: node.images[name], holders: holders) }
            return score(held, nodes: all.count, containers: containers.count)
        }
    }

    /// The score of a node that has some of the images; `holders` is how many of all nodes have each.
    static func score(_ held: [(size: Int64?, holders: Int)], nodes: Int, containers: Int) -> Int64 {
        let maximum = maximumPerContainer * Int64(max(1, containers))
        var sum: Int64 = 0
        for (size, holders) in held {
            if let size { sum += Int64(Double(size) * (Double(holders) / Double(max(1, nodes)))) }
        }
        return 100 * (max(minimum, min(maximum, sum)) - minimum) / (maximum - minimum)
    }
}
