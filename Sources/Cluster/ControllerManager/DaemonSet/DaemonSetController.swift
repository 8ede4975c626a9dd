import KubernetesAPI
import Simulation

/// Keeps one pod on every eligible node (`pkg/controller/daemon/daemon_controller.go`). The scheduler binds them: each
/// carries a node affinity for its node.
struct DaemonSetController: Controller, Sendable {
    init() {}

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        switch change.id.kind {
        case .daemonSet:
            context.enqueue(.daemonSet, change.id)
        case .node:
            guard change.kind != .modified || Self.concerns(change) else { return }
            for id in context.store.daemonSets.ids { context.enqueue(.daemonSet, id) }
        case .pod:
            if let (_, _, pod) = change.object(Pod.self), let owner: ObjectID<DaemonSet> = context.controller(of: pod) {
                context.enqueue(.daemonSet, owner)
            }
        default: break
        }
    }

    private static func concerns(_ change: ObjectChange) -> Bool {
        guard let (_, old, new) = change.object(Node.self) else { return false }
        return old?.spec.taints != new.spec.taints || old?.metadata.labels != new.metadata.labels
            || old?.spec.unschedulable != new.spec.unschedulable
    }

    mutating func reconcile(_ id: AnyObjectID, _ context: inout ClusterContext) {
        guard let id: ObjectID<DaemonSet> = id.typed(), let set = context.store[id] else { return }
        let hash = TemplateHash.text(of: set.spec.template)
        if set.metadata.deletionTimestamp == nil { manage(set, hash, &context) }
        writeStatus(id, hash, &context)
    }

    private func manage(_ set: DaemonSet, _ hash: String, _ context: inout ClusterContext) {
        var podsByNode = Self.podsByNode(set, context)
        let nodes = context.store.nodes.sorted
        for (_, node) in nodes {
            let name = node.metadata.name
            let pods = podsByNode.removeValue(forKey: name) ?? []
            let (shouldRun, shouldContinue) = Self.placement(set, node)
            if !shouldContinue {
                for (pod, object) in pods where object.metadata.deletionTimestamp == nil { delete(set, pod, object, &context) }
                continue
            }
            let active = pods.filter { $0.pod.metadata.deletionTimestamp == nil }
            for (pod, object) in active where object.status.phase == "Failed" {
                context.recordEvent(
                    .warning, "FailedDaemonPod",
                    "Found failed daemon pod \(object.key) on node \(name), will try to kill it", about: set, source: .daemonSetController)
                context.delete(pod)
            }
            if shouldRun, pods.isEmpty { create(set, name, hash, &context) }
            for (pod, object) in active.dropFirst() where object.status.phase != "Failed" { delete(set, pod, object, &context) }
        }
        // Pods of nodes that are gone.
        for name in podsByNode.keys.sorted() {
            for (pod, object) in podsByNode[name] ?? [] where object.metadata.deletionTimestamp == nil { delete(set, pod, object, &context) }
        }
        if set.spec.updateStrategy?.type != "OnDelete" { update(set, hash, nodes.count, &context) }
    }

    /// Replaces old pods while no more than `maxUnavailable` are unavailable.
    private func update(_ set: DaemonSet, _ hash: String, _ nodes: Int, _ context: inout ClusterContext) {
        let wanted = nodes
        let allowed: Int =
            switch set.spec.updateStrategy?.rollingUpdate?.maxUnavailable {
            case .int(let count): Int(count)
            case .string(let text): (Int(text.dropLast()) ?? 0) * wanted / 100 + ((Int(text.dropLast()) ?? 0) * wanted % 100 > 0 ? 1 : 0)
            case nil: 1
            }
        var unavailable = 0
        var old: [(id: ObjectID<Pod>, pod: Pod)] = []
        for id in context.store.dependents(of: set.metadata.uid, Pod.self) {
            guard let pod = context.store[id] else { continue }
            let available = pod.metadata.deletionTimestamp == nil
                && pod.isAvailable(minReadySeconds: set.spec.minReadySeconds ?? 0, at: context.wallTime)
            if !available { unavailable += 1 }
            if pod.metadata.labels["controller-revision-hash"] != hash, pod.metadata.deletionTimestamp == nil {
                // Pods that do not serve anyway are replaced first and cost nothing.
                if available { old.append((id, pod)) } else { delete(set, id, pod, &context) }
            }
        }
        for (id, pod) in old.prefix(max(0, max(1, allowed) - unavailable)) { delete(set, id, pod, &context) }
    }

    /// Whether a node should get a pod, and whether one that is there may stay.
    static func placement(_ set: DaemonSet, _ node: Node) -> (shouldRun: Bool, shouldContinue: Bool) {
        let spec = set.spec.template.spec
        guard spec.nodeSelector.allSatisfy({ node.metadata.labels[$0.key] == $0.value }) else { return (false, false) }
        let tolerations = spec.tolerations + Self.tolerations
        var shouldRun = true
        for taint in node.spec.taints where taint.effect != "PreferNoSchedule" && !tolerations.contains(where: { $0.tolerates(taint) }) {
            shouldRun = false
            if taint.effect == "NoExecute" { return (false, false) }
        }
        return (shouldRun, true)
    }

    /// What every daemon pod tolerates (`AddOrUpdateDaemonPodTolerations`).
    static let tolerations: [Toleration] = [
        ("node.kubernetes.io/not-ready", "NoExecute"), ("node.kubernetes.io/unreachable", "NoExecute"),
        ("node.kubernetes.io/disk-pressure", "NoSchedule"), ("node.kubernetes.io/memory-pressure", "NoSchedule"),
        ("node.kubernetes.io/pid-pressure", "NoSchedule"), ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ].map { key, effect in
        var toleration = Toleration()
        toleration.key = key
        toleration.operator = "Exists"
        toleration.effect = effect
        return toleration
    }

    private func create(_ set: DaemonSet, _ node: String, _ hash: String, _ context: inout ClusterContext) {
        do {
            let id = try context.createPod(from: set.spec.template, owner: set) { pod in
                pod.metadata.labels["controller-revision-hash"] = hash
                pod.spec.tolerations += Self.tolerations
                var requirement = NodeSelectorRequirement()
                requirement.key = "metadata.name"
                requirement.operator = "In"
                requirement.values = [node]
                var term = NodeSelectorTerm()
                term.matchFields = [requirement]
                var selector = NodeSelector()
                selector.nodeSelectorTerms = [term]
                var affinity = pod.spec.affinity ?? Affinity()
                var nodeAffinity = affinity.nodeAffinity ?? NodeAffinity()
                nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution = selector
                affinity.nodeAffinity = nodeAffinity
                pod.spec.affinity = affinity
            }
            let name = context.store[id]?.metadata.name ?? ""
            context.recordEvent(.normal, "SuccessfulCreate", "Created pod: \(name)", about: set, source: .daemonSetController)
        } catch {
            context.recordEvent(.warning, "FailedCreate", error.creationFailure, about: set, source: .daemonSetController)
        }
    }

    private func delete(_ set: DaemonSet, _ id: ObjectID<Pod>, _ pod: Pod, _ context: inout ClusterContext) {
        context.delete(id)
        context.recordEvent(
            .normal, "SuccessfulDelete", "Deleted pod: \(pod.metadata.name)", about: set, source: .daemonSetController)
    }

    /// The set's pods by the node they are bound to, or are meant for.
    private static func podsByNode(_ set: DaemonSet, _ context: ClusterContext) -> [String: [(id: ObjectID<Pod>, pod: Pod)]] {
        var result: [String: [(id: ObjectID<Pod>, pod: Pod)]] = [:]
        for id in context.store.dependents(of: set.metadata.uid, Pod.self) {
            guard let pod = context.store[id] else { continue }
            result[Self.node(of: pod), default: []].append((id, pod))
        }
        return result
    }

    private static func node(of pod: Pod) -> String {
        guard pod.spec.nodeName.isEmpty else { return pod.spec.nodeName }
        let terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
        return terms.first?.matchFields.first?.values.first ?? ""
    }

    private func writeStatus(_ id: ObjectID<DaemonSet>, _ hash: String, _ context: inout ClusterContext) {
        guard let set = context.store[id] else { return }
        let podsByNode = Self.podsByNode(set, context)
        var status = set.status
        status.observedGeneration = set.metadata.generation
        status.desiredNumberScheduled = 0
        status.currentNumberScheduled = 0
        status.numberMisscheduled = 0
        status.numberReady = 0
        status.numberAvailable = 0
        status.updatedNumberScheduled = 0
        for (_, node) in context.store.nodes.sorted {
            let pods = podsByNode[node.metadata.name] ?? []
            guard Self.placement(set, node).shouldRun else {
                if !pods.isEmpty { status.numberMisscheduled += 1 }
                continue
            }
            status.desiredNumberScheduled += 1
            guard let pod = pods.first?.pod else { continue }
            status.currentNumberScheduled += 1
            if pod.isReady {
                status.numberReady += 1
                if pod.isAvailable(minReadySeconds: set.spec.minReadySeconds ?? 0, at: context.wallTime) { status.numberAvailable += 1 }
            }
            if pod.metadata.labels["controller-revision-hash"] == hash { status.updatedNumberScheduled += 1 }
        }
        status.numberUnavailable = status.desiredNumberScheduled - status.numberAvailable
        if status != set.status { context.update(id) { $0.status = status } }
    }
}

extension Toleration {
    /// Whether the toleration covers a taint (`ToleratesTaint`).
    public func tolerates(_ taint: Taint) -> Bool {
        (effect.isEmpty || effect == taint.effect) && (key.isEmpty || key == taint.key)
            && (self.operator == "Exists" || value == taint.value)
    }
}

extension DaemonSetController: BinaryCodable {
    func write(to writer: inout BinaryWriter) {}
    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {}
}
