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

    init() {}

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
        } else if let (id, old, pod) = change.object(Pod.self) {
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

    private func monitor(_ id: ObjectID<Node>, _ kubelet: Kubelet, _ context: inout ClusterContext) {
        guard let node = context.store[id], let (health, since) = kubelet.health(of: node.metadata.name) else { return }
        cordon(id, node, &context)
        let isMarked = node.status.conditions.contains { $0.type == "Ready" && $0.status == "Unknown" }
        if health == .healthy {
            if isMarked { recover(id, node, &context) }
            return
        }
        guard !isMarked else { return }
        // The last lease may be up to ten seconds old when the machine falls silent, and the monitor comes by every five.
        let due = since + context.settings.nodeMonitorGracePeriod
        guard context.now >= due else {
            context.enqueue(.nodeLifecycle, id, after: due - context.now + .seconds(2))
            return
        }
        silence(id, node, kubelet, &context)
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

    private func silence(_ id: ObjectID<Node>, _ node: Node, _ kubelet: Kubelet, _ context: inout ClusterContext) {
        let time = context.wallTime
        // With every node silent it is the controller that is cut off: nobody is evicted.
        let allSilent = context.store.nodes.sorted.allSatisfy {
            kubelet.health(of: $0.object.metadata.name)?.health != .healthy
        }
        context.update(id) { node in
            for type in ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"] {
                node.setCondition(
                    type, "Unknown", reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status.",
                    at: time)
            }
            for effect in allSilent ? ["NoSchedule"] : ["NoSchedule", "NoExecute"] {
                var taint = Taint()
                taint.key = Self.unreachable
                taint.effect = effect
                taint.timeAdded = time
                node.spec.taints.append(taint)
            }
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
    func write(to writer: inout BinaryWriter) { writer.write(evictions) }
    init(from reader: inout BinaryReader) throws(BinaryDecodingError) { evictions = try reader.read() }
}
