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
        /// Cordons and taints let the kind in.
        var admits = false
        /// There is room as well.
        var fits = false
        /// A taint that only lowers the score: its normalised score needs the long way.
        var isDisliked = false
        var hasHostname = false
        /// Place of the node's zone in `zones`, -1 without one.
        var zone: Int32 = -1
        /// Pods on the node that the default selector selects.
        var matching: Int32 = 0
        /// LeastAllocated and BalancedAllocation.
        var base: Int64 = 0
    }

    private var kind: Kind?
    /// The spec of the last pod of the kind: one with the same storage is of the kind without a look.
    private var known: PodSpec?
    private var entries: [Entry] = []
    private var zones: [(name: String, matching: Int64)] = []
    private var present = 0
    /// By image of the kind: its size on each node that has it.
    private var images: [[Int: Int64]] = []
    private var hasAnyImage = false
    /// Nodes that changed since their entry was made.
    private var changed: [Int] = []
    /// Nodes whose pods changed since their entry was made.
    private var loaded: [Int] = []
    /// Whether the selector means the pods of a group: 0 if nobody asked yet, 1 for no, 2 for yes.
    private var means: [UInt8] = []
    /// Used again from choice to choice.
    private var feasible: [Int32] = []
    private var totals: [Int64] = []
    private var raw: [Int64] = []
    private var weights: [Int: Double] = [:]

    init() {}

    /// Notes that a node is another now.
    mutating func touch(_ node: Int) {
        guard kind != nil, changed.last != node else { return }
        changed.append(node)
        if changed.count > Self.most { forget() }
    }

    /// Many changes without a pod to schedule: then all is forgotten, rather than each remembered.
    private static let most = 4_096

    /// Notes that a pod came to a node or left it.
    mutating func count(_ pod: PodInfo, on node: Int, _ groups: LabelGroups, sign: Int32) {
        guard let kind else { return }
        if node < entries.count, entries[node].isPresent, let selector = kind.selector,
            pod.pod.metadata.deletionTimestamp == nil, means(pod.group, selector, kind.namespace, groups)
        {
            entries[node].matching += sign
            if entries[node].zone >= 0 { zones[Int(entries[node].zone)].matching += Int64(sign) }
        }
        guard loaded.last != node else { return }
        loaded.append(node)
        if loaded.count > Self.most { forget() }
    }

    private mutating func means(
        _ group: Int32, _ selector: LabelSelector, _ namespace: String, _ groups: LabelGroups
    ) -> Bool {
        let place = Int(group)
        if place >= means.count {
            means.append(contentsOf: repeatElement(0, count: max(place + 1, groups.count) - means.count))
        }
        if means[place] == 0 { means[place] = groups.matches(group, selector, namespace: namespace) ? 2 : 1 }
        return means[place] == 2
    }

    /// Notes that a number of ``LabelGroups`` means other labels from now on.
    mutating func forget(group: Int32) {
        if group >= 0, Int(group) < means.count { means[Int(group)] = 0 }
    }

    mutating func forget() {
        kind = nil
        known = nil
        changed = []
        loaded = []
    }

    /// The node for a plain pod, while no pod of the cluster has rules about others.
    /// - Parameters:
    ///   - start: the node at which the search begins; moved on as ``Scheduler`` moves it.
    ///   - dice: picks one of several equals.
    /// - Returns: nil if no node fits, or if the long way must decide; `start` and the dice are then untouched.
    mutating func choose(
        _ pod: PodInfo, _ nodes: [NodeInfo], _ groups: LabelGroups, selector: LabelSelector?, start: inout Int,
        dice: inout RandomStream
    ) -> Int? {
        recall(pod, nodes, groups, selector)
        let enough = Scheduler.feasibleNodesToFind(present)
        feasible.removeAll(keepingCapacity: true)
        var looked = 0
        var index = start
        /// Where the search began anew at the first node.
        var turn = 0
        for offset in entries.indices {
            if index >= entries.count {
                index -= entries.count
                turn = feasible.count
            }
            if entries[index].isPresent {
                looked = offset + 1
                if entries[index].fits {
                    if entries[index].isDisliked { return nil }
                    feasible.append(Int32(truncatingIfNeeded: index))
                    if feasible.count >= enough { break }
                }
            }
            index += 1
        }
        guard let first = feasible.first else { return nil }
        start = (start + looked) % entries.count
        guard feasible.count > 1 else { return Int(first) }
        // In the order of the nodes.
        if turn > 0, turn < feasible.count { feasible = Array(feasible[turn...] + feasible[..<turn]) }
        score()
        var (best, equals) = (Int64.min, 0)
        for total in totals {
            if total > best {
                (best, equals) = (total, 1)
            } else if total == best {
                equals += 1
            }
        }
        var left = Int(dice.below(UInt64(equals)))
        for place in totals.indices where totals[place] == best {
            if left == 0 { return Int(feasible[place]) }
            left -= 1
        }
        return nil
    }

    /// Scores of the feasible nodes, up to a constant that all share: that of the taints.
    private mutating func score() {
        totals.removeAll(keepingCapacity: true)
        for node in feasible { totals.append(entries[Int(node)].base) }
        if hasAnyImage { for place in feasible.indices { totals[place] += imageScore(Int(feasible[place])) } }
        guard kind?.selector != nil else { return }
        var isSeen = [Bool](repeating: false, count: zones.count)
        for node in feasible where entries[Int(node)].zone >= 0 { isSeen[Int(entries[Int(node)].zone)] = true }
        let hostWeight = weight(feasible.count)
        let zoneWeight = weight(isSeen.lazy.filter { $0 }.count)
        raw.removeAll(keepingCapacity: true)
        var (least, most) = (Int64.max, Int64.min)
        // Most nodes have one of few numbers of matching pods.
        var (lastMatching, lastZone, lastRaw): (Int32, Int32, Int64) = (-1, -2, 0)
        for node in feasible {
            let entry = entries[Int(node)]
            if !entry.hasHostname || entry.matching != lastMatching || entry.zone != lastZone {
                var score = 0.0
                if entry.hasHostname { score += Double(entry.matching) * hostWeight + 2 }
                if entry.zone >= 0 { score += Double(zones[Int(entry.zone)].matching) * zoneWeight + 4 }
                lastRaw = Int64(score.rounded())
                (lastMatching, lastZone) = entry.hasHostname ? (entry.matching, entry.zone) : (-1, -2)
            }
            raw.append(lastRaw)
            least = min(least, lastRaw)
            most = max(most, lastRaw)
        }
        let spread = SchedulerPlugin.podTopologySpread.weight
        guard most != 0 else {
            for place in totals.indices { totals[place] += spread * 100 }
            return
        }
        var (last, share) = (most, 100 * least / most)
        for place in totals.indices {
            if raw[place] != last { (last, share) = (raw[place], 100 * (most + least - raw[place]) / most) }
            totals[place] += spread * share
        }
    }

    /// ``PodTopologySpreadPlugin/spreadWeight(_:)``, remembered: it is a logarithm.
    private mutating func weight(_ size: Int) -> Double {
        if let known = weights[size] { return known }
        let weight = PodTopologySpreadPlugin.spreadWeight(size)
        if weights.count > 64 { weights = [:] }
        weights[size] = weight
        return weight
    }

    private func imageScore(_ node: Int) -> Int64 {
        guard let kind else { return 0 }
        let held = images.map { (size: $0[node], holders: $0.count) }
        return ImageLocalityPlugin.score(held, nodes: entries.count, containers: kind.containers)
    }

    // MARK: Keeping up

    private mutating func recall(
        _ pod: PodInfo, _ nodes: [NodeInfo], _ groups: LabelGroups, _ selector: LabelSelector?
    ) {
        let spec = pod.pod.spec
        let isKnown =
            known?.shared.isIdentical(to: spec.shared) == true && kind?.selector == selector
            && kind?.namespace == pod.pod.metadata.namespace
        if !isKnown {
            let containers = spec.ownInitContainers + spec.ownContainers
            let wanted = Kind(
                namespace: pod.pod.metadata.namespace, requests: pod.requests, nonZeroCPU: pod.nonZeroCPU,
                nonZeroMemory: pod.nonZeroMemory, images: containers.map(\.image), containers: containers.count,
                tolerations: spec.tolerations, selector: selector)
            known = spec
            if kind != wanted {
                kind = wanted
                changed = Array(nodes.indices)
                loaded = []
                means = []
                entries = []
                zones = []
                present = 0
                images = Array(repeating: [:], count: containers.count)
            }
        }
        if !changed.isEmpty {
            while entries.count < nodes.count { entries.append(Entry()) }
            let names = (kind?.images ?? []).map { ImageReference.normalized($0) }
            for index in changed { renew(index, pod, nodes[index], groups, selector, names) }
            changed.removeAll(keepingCapacity: true)
            hasAnyImage = images.contains { !$0.isEmpty }
        }
        for index in loaded where index < entries.count { weigh(index, pod, nodes[index]) }
        loaded.removeAll(keepingCapacity: true)
    }

    /// What depends on the sums of the node's pods.
    private mutating func weigh(_ index: Int, _ pod: PodInfo, _ node: NodeInfo) {
        guard entries[index].isPresent else { return }
        entries[index].fits = entries[index].admits && NodeResourcesPlugin.holds(pod, node)
        entries[index].base =
            NodeResourcesPlugin.leastAllocated(pod, node) + (NodeResourcesPlugin.balanced(pod, node) ?? 0)
    }

    private mutating func renew(
        _ index: Int, _ pod: PodInfo, _ node: NodeInfo, _ groups: LabelGroups, _ selector: LabelSelector?,
        _ names: [String]
    ) {
        let old = entries[index]
        if old.isPresent {
            present -= 1
            if old.zone >= 0 { zones[Int(old.zone)].matching -= Int64(old.matching) }
        }
        for place in images.indices { images[place][index] = nil }
        guard node.isPresent else {
            entries[index] = Entry()
            return
        }
        var entry = Entry()
        entry.isPresent = true
        entry.admits =
            NodeUnschedulablePlugin.filter(pod, node) == nil
            && (node.node.spec.taints.isEmpty || TaintTolerationPlugin.accepts(pod, node))
        entry.isDisliked = node.node.spec.taints.contains { $0.effect == "PreferNoSchedule" }
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
            let namespace = pod.pod.metadata.namespace
            for other in node.pods
            where means(other.group, selector, namespace, groups) && other.pod.metadata.deletionTimestamp == nil {
                entry.matching += 1
            }
            if entry.zone >= 0 { zones[Int(entry.zone)].matching += Int64(entry.matching) }
        }
        present += 1
        if !node.images.isEmpty {
            for (place, name) in names.enumerated() { images[place][index] = node.images[name] }
        }
        entries[index] = entry
        weigh(index, pod, node)
    }
}
