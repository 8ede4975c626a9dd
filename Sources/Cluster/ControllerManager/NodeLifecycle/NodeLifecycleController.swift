import KubernetesAPI
import Simulation

/// Notices nodes whose kubelet has fallen silent, taints them, and evicts pods that do not tolerate it
/// (`pkg/controller/nodelifecycle`, `pkg/controller/tainteviction`).
///
/// Heartbeats are not events: the controller is told when a kubelet falls silent and looks when the grace is over.
struct NodeLifecycleController: Sendable {
    static let unreachable = "node.kubernetes.io/unreachable"
    static let unschedulable = "node.kubernetes.io/unschedulable"
    static let tainted = [unreachable, "node.kubernetes.io/not-ready"]

    /// When an eviction of a pod is due; a pod that is not listed is in no danger.
    private var evictions: [ObjectID<Pod>: SimulationTime] = [:]

    /// When a zone's last node got its NoExecute taint: nodes of a zone follow each other slowly.
    private var lastTainted: [String: SimulationTime] = [:]

    init() {}

    /// The process restarts: evictions are planned anew from the taints that there are.
    mutating func restart(_ context: inout ClusterContext) {
        evictions = [:]
        lastTainted = [:]
        for (_, node) in context.store.nodes.sorted { judgePods(of: node, &context) }
    }

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        if let (id, old, node) = change.object(Node.self) {
            switch change.kind {
            case .added:
                context.enqueue(.nodeLifecycle, id)
                context.recordEvent(
                    .normal, "RegisteredNode",
                    "Node \(node.metadata.name) event: Registered Node \(node.metadata.name) in Controller",
                    about: node, source: .nodeController)
            case .modified:
                if old?.spec.unschedulable != node.spec.unschedulable { context.enqueue(.nodeLifecycle, id) }
                if old?.spec.taints != node.spec.taints { judgePods(of: node, &context) }
            case .deleted:
                context.recordEvent(
                    .normal, "RemovingNode",
                    "Node \(node.metadata.name) event: Removing Node \(node.metadata.name) from Controller",
                    about: node, source: .nodeController)
            }
        } else if change.concerns(.node), let (id, old, pod) = change.pod {
            if change.kind == .deleted {
                evictions[id] = nil
            } else if !pod.spec.nodeName.isEmpty, old?.spec.nodeName != pod.spec.nodeName,
                let node = context.store.nodes.named(pod.spec.nodeName)
            {
                judge(id, pod, node, &context)
            }
        }
    }

    mutating func reconcile(
        _ controller: ControllerName, _ id: AnyObjectID, _ kubelet: Kubelet, _ context: inout ClusterContext
    ) {
        if controller == .taintEviction, let pod: ObjectID<Pod> = id.typed() {
            evict(pod, &context)
        } else if let node: ObjectID<Node> = id.typed() {
            monitor(node, kubelet, &context)
        }
    }

    // MARK: Health

    private mutating func monitor(_ id: ObjectID<Node>, _ kubelet: Kubelet, _ context: inout ClusterContext) {
        guard let node = context.store[id], let (health, since) = kubelet.health(of: node.metadata.name) else { return }
        cordon(id, node, &context)
        let isMarked = node.status.conditions.contains { $0.type == "Ready" && $0.status == "Unknown" }
        if health == .healthy {
            if isMarked { recover(id, node, &context) }
            return
        }
        if isMarked {
            taint(id, node, kubelet, &context)
            return
        }
        // The last lease may be up to ten seconds old when the machine falls silent, and the monitor comes by every five.
        let due = since + context.settings.nodeMonitorGracePeriod
        guard context.now >= due else {
            context.enqueue(.nodeLifecycle, id, after: due - context.now + .seconds(2))
            return
        }
        silence(id, node, &context)
        if let marked = context.store[id] { taint(id, marked, kubelet, &context) }
    }

    private func cordon(_ id: ObjectID<Node>, _ node: Node, _ context: inout ClusterContext) {
        let isTainted = node.spec.taints.contains { $0.key == Self.unschedulable }
        guard isTainted != (node.spec.unschedulable == true) else { return }
        let name = node.metadata.name
        let time = context.wallTime
        context.update(id) { node in
            if isTainted {
                node.spec.taints.removeAll { $0.key == Self.unschedulable }
            } else {
                var taint = Taint()
                taint.key = Self.unschedulable
                taint.effect = "NoSchedule"
                taint.timeAdded = time
                node.spec.taints.append(taint)
            }
        }
        let reason = isTainted ? "NodeSchedulable" : "NodeNotSchedulable"
        context.recordEvent(
            .normal, reason, "Node \(name) status is now: \(reason)", about: node, source: .kubelet, host: name)
    }

    private func silence(_ id: ObjectID<Node>, _ node: Node, _ context: inout ClusterContext) {
        let time = context.wallTime
        context.update(id) { node in
            for type in ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"] {
                node.setCondition(
                    type, "Unknown", reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status.",
                    at: time)
            }
            node.spec.taints.append(Self.taint("NoSchedule", at: time))
        }
        context.recordEvent(
            .normal, "NodeNotReady", "Node \(node.metadata.name) status is now: NodeNotReady", about: node,
            source: .nodeController)
        for pod in context.store.pods(on: node.metadata.name) {
            guard let object = context.store[pod], object.isReady else { continue }
            context.update(pod) { $0.setCondition("Ready", "False", at: time) }
            context.recordEvent(.warning, "NodeNotReady", "Node is not ready", about: object, source: .nodeController)
        }
    }

    private static func taint(_ effect: String, at time: Time) -> Taint {
        var taint = Taint()
        taint.key = unreachable
        taint.effect = effect
        taint.timeAdded = time
        return taint
    }

    /// How a zone fares, and how fast its silent nodes may lose their pods (`ComputeZoneState`,
    /// `setLimiterInZone`): normally one node in ten seconds; with 55 % and at least three nodes silent one in a hundred
    /// seconds, in zones of at most 50 nodes none; with every node of the cluster silent it is the controller that is cut
    /// off, and nobody is evicted.
    private func evictionRate(_ zone: String, _ kubelet: Kubelet, _ context: ClusterContext) -> (
        perSecond: Double, isCutOff: Bool
    ) {
        var (silent, all, anyHealthy) = (0, 0, false)
        for (_, node) in context.store.nodes.sorted {
            let isHealthy = kubelet.health(of: node.metadata.name)?.health == .healthy
            if isHealthy { anyHealthy = true }
            guard Self.zone(of: node) == zone else { continue }
            all += 1
            if !isHealthy { silent += 1 }
        }
        guard anyHealthy else { return (0, true) }
        let isPartial = silent > 2 && silent < all && Double(silent) / Double(max(1, all)) >= 0.55
        guard isPartial else { return (context.settings.nodeEvictionRate, false) }
        return (all > 50 ? context.settings.nodeEvictionRate / 10 : 0, false)
    }

    private static func zone(of node: Node) -> String {
        (node.metadata.labels["topology.kubernetes.io/region"] ?? "") + "/"
            + (node.metadata.labels["topology.kubernetes.io/zone"] ?? "")
    }

    /// Gives a silent node its NoExecute taint when its zone's turn comes, or takes it back when all are silent.
    private mutating func taint(_ id: ObjectID<Node>, _ node: Node, _ kubelet: Kubelet, _ context: inout ClusterContext)
    {
        let zone = Self.zone(of: node)
        let isTainted = node.spec.taints.contains { $0.key == Self.unreachable && $0.effect == "NoExecute" }
        let (rate, isCutOff) = evictionRate(zone, kubelet, context)
        if isCutOff {
            for (other, object) in context.store.nodes.sorted
            where object.spec.taints.contains(where: { $0.key == Self.unreachable && $0.effect == "NoExecute" }) {
                context.update(other) {
                    $0.spec.taints.removeAll { $0.key == Self.unreachable && $0.effect == "NoExecute" }
                }
                if other != id { context.enqueue(.nodeLifecycle, other, after: context.settings.nodeMonitorPeriod) }
            }
        } else if isTainted {
            return
        } else if rate > 0, lastTainted[zone].map({ context.now - $0 >= Duration(seconds: 1 / rate) }) ?? true {
            let time = context.wallTime
            guard context.update(id, { $0.spec.taints.append(Self.taint("NoExecute", at: time)) }) != nil else {
                return
            }
            lastTainted[zone] = context.now
            return
        }
        // Looked at again with the monitor's passes, while the node is silent.
        context.enqueue(.nodeLifecycle, id, after: context.settings.nodeMonitorPeriod)
    }

    private func recover(_ id: ObjectID<Node>, _ node: Node, _ context: inout ClusterContext) {
        let time = context.wallTime
        let recovered = context.update(id) { node in
            node.spec.taints.removeAll { Self.tainted.contains($0.key) }
            node.becomeReady(at: time)
        }
        if let recovered {
            context.recordEvent(
                .normal, "NodeReady", "Node \(node.metadata.name) status is now: NodeReady", about: recovered,
                source: .kubelet,
                host: node.metadata.name)
        }
    }

    // MARK: Eviction

    private mutating func judgePods(of node: Node, _ context: inout ClusterContext) {
        for id in context.store.pods(on: node.metadata.name) {
            if let pod = context.store[id] { judge(id, pod, node, &context) }
        }
    }

    /// When a pod has to leave because of NoExecute taints.
    private mutating func judge(_ id: ObjectID<Pod>, _ pod: Pod, _ node: Node, _ context: inout ClusterContext) {
        let taints = node.spec.taints.filter { $0.effect == "NoExecute" }
        guard !taints.isEmpty else {
            if evictions.removeValue(forKey: id) != nil {
                context.recordEvent(
                    .normal, "TaintManagerEviction", "Cancelling deletion of Pod \(pod.key)", about: pod,
                    source: .taintEvictionController)
            }
            return
        }
        guard evictions[id] == nil, pod.metadata.deletionTimestamp == nil else { return }
        var shortest: Int64?
        for taint in taints {
            let matching = pod.spec.tolerations.filter { $0.tolerates(taint) }
            guard !matching.isEmpty else {
                shortest = 0
                break
            }
            for seconds in matching.compactMap(\.tolerationSeconds) {
                shortest = min(shortest ?? seconds, max(0, seconds))
            }
        }
        guard let shortest else { return }
        evictions[id] = context.now + .seconds(shortest)
        context.enqueue(.taintEviction, id, after: .seconds(shortest))
    }

    private mutating func evict(_ id: ObjectID<Pod>, _ context: inout ClusterContext) {
        guard let pod = context.store[id] else { return }
        guard let due = evictions[id], due <= context.now, pod.metadata.deletionTimestamp == nil else { return }
        evictions[id] = nil
        context.recordEvent(
            .normal, "TaintManagerEviction", "Marking for deletion Pod \(pod.key)", about: pod,
            source: .taintEvictionController)
        let time = context.wallTime
        context.update(id) { pod in
            pod.setCondition(
                "DisruptionTarget", "True", reason: "DeletionByTaintManager",
                message: "Taint manager: deleting due to NoExecute taint",
                at: time)
        }
        context.delete(id)
    }
}

extension NodeLifecycleController: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(evictions)
        writer.write(lastTainted)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        evictions = try reader.read()
        lastTainted = try reader.read()
    }
}
