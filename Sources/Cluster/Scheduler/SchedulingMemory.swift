import KubernetesAPI
import Simulation

/// What the scheduler remembers from one pod to the next of the same kind: which nodes take it and how they score.
///
/// Replicas of one template differ in their names only. After one of them was placed, one node has changed; filters
/// and scores of the others are as they were. The outcome is that of ``SchedulingCycle``, to the last tie, at a cost
/// that grows with what changed and not with nodes times pods. Pods with rules about nodes or other pods, and clusters
/// in which such pods run, take the long way.
struct SchedulingMemory: Sendable {
    /// All that filters and scores read of a plain pod.
    private struct Kind: Sendable, Equatable {
        var namespace: String
        var requests: ResourceVector
        var nonZeroCPU: Int64
        var nonZeroMemory: Int64
        var images: [String]
        var containers: Int
        var tolerations: [Toleration]
        var selector: LabelSelector?
    }

    private struct Entry: Sendable {
        var isPresent = false
        var fits = false
        /// A taint that only lowers the score: its normalised score needs the long way.
        var isDisliked = false
        var hasHostname = false
        /// LeastAllocated and BalancedAllocation.
        var base: Int64 = 0
        /// Pods on the node that the default selector selects.
        var matching: Int64 = 0
        /// Place of the node's zone in `zones`, -1 without one.
        var zone: Int32 = -1
    }

    private var kind: Kind?
    private var entries: [Entry] = []
    private var zones: [(name: String, matching: Int64)] = []
    private var present = 0
    /// By image of the kind: its size on each node that has it.
    private var images: [[Int: Int64]] = []
    private var hasAnyImage = false
    /// Nodes that changed since their entry was made.
    private var changed: [Int] = []

    init() {}

    /// Notes that a node is another now.
    mutating func touch(_ node: Int) {
        guard kind != nil else { return }
        // Many changes without a pod to schedule: forget all rather than remember each.
        if changed.count > 4_096 {
            kind = nil
            changed = []
        } else if changed.last != node {
            changed.append(node)
        }
    }

    mutating func forget() {
        kind = nil
        changed = []
    }

    /// Whether filters and scores of a pod follow from its kind alone.
    static func isPlain(_ pod: PodInfo) -> Bool {
        let spec = pod.pod.spec
        return spec.topologySpreadConstraints.isEmpty && spec.affinity == nil && spec.nodeSelector.isEmpty
            && spec.nodeName.isEmpty && pod.ports.isEmpty
            && !spec.volumes.contains { $0.volumeSource.persistentVolumeClaim != nil }
    }

    /// The node for a plain pod, while no pod of the cluster has rules about others.
    /// - Parameters:
    ///   - start: the node at which the search begins; moved on as ``Scheduler`` moves it.
    ///   - dice: picks one of several equals.
    /// - Returns: nil if no node fits, or if the long way must decide; `start` and the dice are then untouched.
    mutating func choose(
        _ pod: PodInfo, _ nodes: [NodeInfo], selector: LabelSelector?, start: inout Int, dice: inout RandomStream
    ) -> Int? {
        recall(pod, nodes, selector)
        let enough = Scheduler.feasibleNodesToFind(present)
        var feasible: [Int] = []
        feasible.reserveCapacity(min(enough, present))
        var looked = 0
        var index = start
        for offset in entries.indices {
            if index >= entries.count { index -= entries.count }
            if entries[index].isPresent {
                looked = offset + 1
                if entries[index].fits {
                    if entries[index].isDisliked { return nil }
                    feasible.append(index)
                    if feasible.count >= enough { break }
                }
            }
            index += 1
        }
        guard !feasible.isEmpty else { return nil }
        start = (start + looked) % entries.count
        feasible.sort()
        guard feasible.count > 1 else { return feasible[0] }
        let totals = totals(feasible)
        let best = totals.max() ?? 0
        let top = feasible.indices.filter { totals[$0] == best }
        return feasible[top[Int(dice.below(UInt64(top.count)))]]
    }

    /// Scores up to a constant that all share: that of the taints.
    private func totals(_ feasible: [Int]) -> [Int64] {
        var totals = feasible.map { entries[$0].base }
        if hasAnyImage { for place in feasible.indices { totals[place] += imageScore(feasible[place]) } }
        guard kind?.selector != nil else { return totals }
        var isSeen = [Bool](repeating: false, count: zones.count)
        for node in feasible where entries[node].zone >= 0 { isSeen[Int(entries[node].zone)] = true }
        let hostWeight = PodTopologySpreadPlugin.spreadWeight(feasible.count)
        let zoneWeight = PodTopologySpreadPlugin.spreadWeight(isSeen.lazy.filter { $0 }.count)
        let raw = feasible.map { node -> Int64 in
            let entry = entries[node]
            var score = 0.0
            if entry.hasHostname { score += Double(entry.matching) * hostWeight + 2 }
            if entry.zone >= 0 { score += Double(zones[Int(entry.zone)].matching) * zoneWeight + 4 }
            return Int64(score.rounded())
        }
        let (least, most) = (raw.min() ?? 0, raw.max() ?? 0)
        for place in feasible.indices {
            let score = most == 0 ? 100 : 100 * (most + least - raw[place]) / most
            totals[place] += SchedulerPlugin.podTopologySpread.weight * score
        }
        return totals
    }

    private func imageScore(_ node: Int) -> Int64 {
        guard let kind else { return 0 }
        let held = images.map { (size: $0[node], holders: $0.count) }
        return ImageLocalityPlugin.score(held, nodes: entries.count, containers: kind.containers)
    }

    // MARK: Keeping up

    private mutating func recall(_ pod: PodInfo, _ nodes: [NodeInfo], _ selector: LabelSelector?) {
        let containers = pod.pod.spec.initContainers + pod.pod.spec.containers
        let wanted = Kind(
            namespace: pod.pod.metadata.namespace, requests: pod.requests, nonZeroCPU: pod.nonZeroCPU,
            nonZeroMemory: pod.nonZeroMemory, images: containers.map(\.image), containers: containers.count,
            tolerations: pod.pod.spec.tolerations, selector: selector)
        if kind != wanted {
            kind = wanted
            changed = Array(nodes.indices)
            entries = []
            zones = []
            present = 0
            images = Array(repeating: [:], count: containers.count)
        }
        guard !changed.isEmpty else { return }
        while entries.count < nodes.count { entries.append(Entry()) }
        let names = containers.map { ImageReference.normalized($0.image) }
        for index in changed { renew(index, pod, nodes[index], selector, names) }
        changed.removeAll(keepingCapacity: true)
        hasAnyImage = images.contains { !$0.isEmpty }
    }

    private mutating func renew(
        _ index: Int, _ pod: PodInfo, _ node: NodeInfo, _ selector: LabelSelector?, _ names: [String]
    ) {
        let old = entries[index]
        if old.isPresent {
            present -= 1
            if old.zone >= 0 { zones[Int(old.zone)].matching -= old.matching }
        }
        for place in images.indices { images[place][index] = nil }
        guard node.isPresent else {
            entries[index] = Entry()
            return
        }
        var entry = Entry()
        entry.isPresent = true
        entry.fits =
            NodeUnschedulablePlugin.filter(pod, node) == nil
            && (node.node.spec.taints.isEmpty || TaintTolerationPlugin.accepts(pod, node))
            && NodeResourcesPlugin.filter(pod, node) == nil
        entry.isDisliked = node.node.spec.taints.contains { $0.effect == "PreferNoSchedule" }
        entry.base = NodeResourcesPlugin.leastAllocated(pod, node) + (NodeResourcesPlugin.balanced(pod, node) ?? 0)
        let labels = node.labels
        entry.hasHostname = labels["kubernetes.io/hostname"] != nil
        if let zone = labels["topology.kubernetes.io/zone"] {
            if let known = zones.firstIndex(where: { $0.name == zone }) {
                entry.zone = Int32(known)
            } else {
                entry.zone = Int32(zones.count)
                zones.append((zone, 0))
            }
        }
        if let selector {
            entry.matching = PodTopologySpreadPlugin.count(
                selector, on: node, namespace: pod.pod.metadata.namespace)
            if entry.zone >= 0 { zones[Int(entry.zone)].matching += entry.matching }
        }
        present += 1
        if !node.images.isEmpty {
            for (place, name) in names.enumerated() { images[place][index] = node.images[name] }
        }
        entries[index] = entry
    }
}
