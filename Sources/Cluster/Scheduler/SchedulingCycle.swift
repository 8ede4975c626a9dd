import KubernetesAPI

/// What the scheduler reads beside nodes and the pod.
struct SchedulingSurroundings: Sendable {
    /// Labels of namespaces by name.
    var namespaces: [String: [String: String]] = [:]
    /// Claims that exist, `namespace/name`, and whether they are bound or can be.
    var claims: Set<String> = []
    /// The selector of a service or workload that selects the pod; spreads pods by default.
    var defaultSelector: LabelSelector?
    var budgets: [PodDisruptionBudget] = []

    init() {}
}

/// One pod against all nodes: filters and scores of the default profile, as pure functions of what is handed in
/// (`pkg/scheduler/schedule_one.go`).
struct SchedulingCycle {
    let pod: PodInfo
    let nodes: [NodeInfo]
    let surroundings: SchedulingSurroundings
    /// Pods that made room on a node, by its place in `nodes`, and are at least as important as this one: until they
    /// are bound, nobody less important may take what they freed.
    var nominated: [Int: [PodInfo]] = [:]
    private let spread: PodTopologySpreadPlugin?
    private let affinity: InterPodAffinityPlugin?

    init(_ pod: PodInfo, _ nodes: [NodeInfo], _ surroundings: SchedulingSurroundings) {
        self.pod = pod
        self.nodes = nodes
        self.surroundings = surroundings
        spread = PodTopologySpreadPlugin.hasHard(pod) ? PodTopologySpreadPlugin(pod, nodes) : nil
        affinity =
            InterPodAffinityPlugin.concerns(pod, nodes)
            ? InterPodAffinityPlugin(pod, nodes, namespaces: surroundings.namespaces) : nil
    }

    /// Why the pod fits no node at all, whatever the node: a claim that is not there.
    var preFilterFailure: String? {
        for volume in pod.pod.spec.ownVolumes {
            guard let claim = volume.volumeSource.persistentVolumeClaim else { continue }
            if !surroundings.claims.contains(pod.pod.metadata.namespace + "/" + claim.claimName) {
                return "persistentvolumeclaim \"\(claim.claimName)\" not found"
            }
        }
        return nil
    }

    /// The first filter that refuses a node; nil if the pod fits.
    func filter(_ node: NodeInfo) -> Rejection? {
        if let rejection = NodeUnschedulablePlugin.filter(pod, node) { return rejection }
        if let rejection = NodeNamePlugin.filter(pod, node) { return rejection }
        if !node.node.spec.taints.isEmpty, let rejection = TaintTolerationPlugin.filter(pod, node) { return rejection }
        if let rejection = NodeAffinityPlugin.filter(pod, node) { return rejection }
        if let rejection = NodePortsPlugin.filter(pod, node) { return rejection }
        if let rejection = NodeResourcesPlugin.filter(pod, node) { return rejection }
        if let rejection = spread?.filter(node) { return rejection }
        return affinity?.filter(node)
    }

    /// The first filter that refuses the node at a place of `nodes`, with the pods that are nominated there and, as they
    /// may still go elsewhere, without them (`RunFilterPluginsWithNominatedPods`).
    func filter(at index: Int) -> Rejection? {
        guard let guests = nominated[index] else { return filter(nodes[index]) }
        return filter(nodes[index].with(guests), inPlaceOf: index) ?? filter(nodes[index])
    }

    /// The same for a node as it would be after some of its pods left.
    func filter(asIf node: NodeInfo, at index: Int) -> Rejection? {
        if let guests = nominated[index], let rejection = filter(node.with(guests), inPlaceOf: index) {
            return rejection
        }
        return filter(node, inPlaceOf: index)
    }

    /// All filters on a node as it would be, its pods counted again by the rules on neighbours.
    private func filter(_ node: NodeInfo, inPlaceOf index: Int) -> Rejection? {
        var nodes = nodes
        nodes[index] = node
        guard PodTopologySpreadPlugin.hasHard(pod) || InterPodAffinityPlugin.concerns(pod, nodes) else {
            return filter(node)
        }
        return SchedulingCycle(pod, nodes, surroundings).filter(node)
    }

    /// Weighted scores of feasible nodes, by plugin; plugins that have nothing to say are absent.
    func scores(_ feasible: [NodeInfo]) -> [(plugin: SchedulerPlugin, scores: [Int64])] {
        var result: [(plugin: SchedulerPlugin, scores: [Int64])] = []
        func add(_ plugin: SchedulerPlugin, _ scores: [Int64]?) {
            if let scores { result.append((plugin, scores.map { $0 * plugin.weight })) }
        }
        add(.taintToleration, TaintTolerationPlugin.score(pod, feasible))
        add(.nodeAffinity, NodeAffinityPlugin.score(pod, feasible))
        add(
            .podTopologySpread,
            PodTopologySpreadPlugin.score(pod, feasible, all: nodes, defaultSelector: surroundings.defaultSelector))
        add(
            .interPodAffinity,
            InterPodAffinityPlugin.score(pod, feasible, all: nodes, namespaces: surroundings.namespaces))
        add(.nodeResourcesFit, feasible.map { NodeResourcesPlugin.leastAllocated(pod, $0) })
        let balanced = feasible.map { NodeResourcesPlugin.balanced(pod, $0) }
        if balanced.first ?? nil != nil { add(.nodeResourcesBalancedAllocation, balanced.map { $0 ?? 0 }) }
        add(.imageLocality, ImageLocalityPlugin.score(pod, feasible, all: nodes))
        return result
    }

    /// The total score of each feasible node.
    func totals(_ feasible: [NodeInfo]) -> [Int64] {
        var totals = [Int64](repeating: 0, count: feasible.count)
        for (_, scores) in scores(feasible) { for index in totals.indices { totals[index] &+= scores[index] } }
        return totals
    }
}

/// The text that tells why a pod is pending.
enum FailedSchedulingMessage {
    /// `0/N nodes are available: <reasons>.`, reasons sorted as texts with their counts in front.
    static func text(nodes: Int, reasons: [[String]], postFilter: String?) -> String {
        guard nodes > 0 else { return "no nodes available to schedule pods" }
        return "0/\(nodes) nodes are available: \(counted(reasons))." + (postFilter.map { " " + $0 } ?? "")
    }

    static func counted(_ reasons: [[String]]) -> String {
        var counts: [String: Int] = [:]
        for reason in reasons.joined() { counts[reason, default: 0] += 1 }
        return counts.map { "\($0.value) \($0.key)" }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(
            separator: ", ")
    }
}
