import KubernetesAPI
import Simulation

/// Keeps one pod on every eligible node (`pkg/controller/daemon/daemon_controller.go`). The scheduler binds them: each
/// carries a node affinity for its node.
struct DaemonSetController: Controller, Sendable {
    private var wakeups = Wakeups()

    init() {}

    mutating func restart() { wakeups = Wakeups() }

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        switch change.id.kind {
        case .daemonSet:
            if change.kind == .deleted { wakeups.forget(change.id) } else { context.enqueue(.daemonSet, change.id) }
        case .node:
            guard change.kind != .modified || Self.concerns(change) else { return }
            for id in context.store.daemonSets.ids { context.enqueue(.daemonSet, id) }
        case .pod:
            guard let (_, _, pod) = change.pod else { return }
            if let owner: ObjectID<DaemonSet> = context.controller(of: pod) {
                context.enqueue(.daemonSet, owner)
            } else if pod.controller == nil, change.kind != .deleted, pod.isActive {
                context.enqueueClaimants(of: pod, .daemonSet) { (set: DaemonSet) in set.spec.selector }
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
        wakeups.begin(id, now: context.now)
        guard let id: ObjectID<DaemonSet> = id.typed(), let set = context.store[id] else { return }
        let (_, hash) = context.currentRevision(of: set, template: set.spec.template)
        let pods = context.claimPods(for: set, selector: set.spec.selector)
        if set.metadata.deletionTimestamp == nil {
            manage(id, set, hash, &context)
            if set.spec.updateStrategy?.type != "OnDelete" { update(id, set, hash, &context) }
        }
        writeStatus(id, hash, &context)
        let live = Set(pods.compactMap { context.store[$0]?.metadata.labels["controller-revision-hash"] } + [hash])
        context.trimRevisions(
            of: set, limit: Int(set.spec.revisionHistoryLimit ?? 10),
            live: Set(live.map { "\(set.metadata.name)-\($0)" }))
    }

    /// What stands on one node that should run a pod.
    private struct Place {
        var node: String
        var old: (id: ObjectID<Pod>, pod: Pod)?
        var new: (id: ObjectID<Pod>, pod: Pod)?
    }

    /// Creates missing pods, removes those that do not belong (`podsShouldBeOnNode`).
    private func manage(_ id: ObjectID<DaemonSet>, _ set: DaemonSet, _ hash: String, _ context: inout ClusterContext) {
        var podsByNode = Self.podsByNode(set, context)
        let surges = Self.amounts(set, nodes: context.store.nodes.count).surge > 0
        for (_, node) in context.store.nodes.sorted {
            let name = node.metadata.name
            let pods = podsByNode.removeValue(forKey: name) ?? []
            let (shouldRun, shouldContinue) = Self.placement(set, node)
            if !shouldContinue {
                for (pod, object) in pods where object.metadata.deletionTimestamp == nil {
                    delete(set, pod, object, &context)
                }
                continue
            }
            var active = pods.filter { $0.pod.metadata.deletionTimestamp == nil }
            for (pod, object) in active where object.status.phase == "Failed" || object.status.phase == "Succeeded" {
                let word = object.status.phase == "Failed" ? "failed" : "succeeded"
                context.recordEvent(
                    .warning, word == "failed" ? "FailedDaemonPod" : "SucceededDaemonPod",
                    "Found \(word) daemon pod \(object.key) on node \(name), will try to \(word == "failed" ? "kill" : "delete") it",
                    about: set,
                    source: .daemonSetController)
                context.delete(pod)
            }
            active.removeAll { $0.pod.status.phase == "Failed" || $0.pod.status.phase == "Succeeded" }
            if shouldRun, pods.isEmpty { create(set, name, hash, &context) }
            // The oldest stays; while a new pod comes up beside an old one, the oldest of each.
            active.sort {
                ($0.pod.metadata.creationTimestamp ?? Time(), $0.id) < (
                    $1.pod.metadata.creationTimestamp ?? Time(), $1.id
                )
            }
            let groups =
                surges
                ? [active.filter { !Self.isNew($0.pod, hash) }, active.filter { Self.isNew($0.pod, hash) }] : [active]
            for group in groups { for (pod, object) in group.dropFirst() { delete(set, pod, object, &context) } }
        }
        // Pods of nodes that are gone.
        for name in podsByNode.keys.sorted() {
            for (pod, object) in podsByNode[name] ?? [] where object.metadata.deletionTimestamp == nil {
                delete(set, pod, object, &context)
            }
        }
    }

    private static func isNew(_ pod: Pod, _ hash: String) -> Bool {
        pod.metadata.labels["controller-revision-hash"] == hash
    }

    /// How many nodes may be without a pod, or have two, during an update; both round up, and they are never both zero.
    static func amounts(_ set: DaemonSet, nodes: Int) -> (unavailable: Int, surge: Int) {
        let update = set.spec.updateStrategy?.rollingUpdate
        let total = Int32(clamping: nodes)
        let surge = AmountOrPercent(update?.maxSurge).map { Int($0.scaled(of: total, roundingUp: true)) } ?? 0
        let unavailable =
            AmountOrPercent(update?.maxUnavailable).map { Int($0.scaled(of: total, roundingUp: true)) } ?? 1
        return (surge <= 0 && unavailable <= 0 ? 1 : max(0, unavailable), max(0, surge))
    }

    /// Replaces old pods (`pkg/controller/daemon/update.go`): without surge by deleting them, with surge by starting the
    /// new one first.
    private mutating func update(
        _ id: ObjectID<DaemonSet>, _ set: DaemonSet, _ hash: String, _ context: inout ClusterContext
    ) {
        let podsByNode = Self.podsByNode(set, context)
        var places: [Place] = []
        for (_, node) in context.store.nodes.sorted where Self.placement(set, node).shouldRun {
            let pods = podsByNode[node.metadata.name] ?? []
            places.append(
                Place(
                    node: node.metadata.name, old: pods.first { !Self.isNew($0.pod, hash) },
                    new: pods.first { Self.isNew($0.pod, hash) }))
        }
        let (unavailable, surge) = Self.amounts(set, nodes: places.count)
        if surge > 0 {
            replaceWithSurge(id, set, hash, places, surge, &context)
        } else {
            replace(id, set, places, unavailable, &context)
        }
    }

    private mutating func replace(
        _ id: ObjectID<DaemonSet>, _ set: DaemonSet, _ places: [Place], _ most: Int, _ context: inout ClusterContext
    ) {
        var unavailable = 0
        var candidates: [(id: ObjectID<Pod>, pod: Pod)] = []
        var broken: [(id: ObjectID<Pod>, pod: Pod)] = []
        for place in places {
            guard let old = place.old else {
                if place.new.map({ isAvailable($0.pod, id, set, &context) }) != true { unavailable += 1 }
                continue
            }
            if old.pod.metadata.deletionTimestamp != nil {
                unavailable += 1
            } else if isAvailable(old.pod, id, set, &context) {
                candidates.append(old)
            } else {
                unavailable += 1
                broken.append(old)
            }
        }
        // Pods that do not serve anyway are replaced first and cost nothing.
        for (pod, object) in broken { delete(set, pod, object, &context) }
        for (pod, object) in candidates.prefix(max(0, most - unavailable)) { delete(set, pod, object, &context) }
    }

    private mutating func replaceWithSurge(
        _ id: ObjectID<DaemonSet>, _ set: DaemonSet, _ hash: String, _ places: [Place], _ most: Int,
        _ context: inout ClusterContext
    ) {
        var surging = 0
        var candidates: [String] = []
        for place in places {
            guard let old = place.old else { continue }
            if let new = place.new {
                if isAvailable(new.pod, id, set, &context) {
                    if old.pod.metadata.deletionTimestamp == nil { delete(set, old.id, old.pod, &context) }
                } else {
                    surging += 1
                }
            } else if old.pod.metadata.deletionTimestamp != nil || !isAvailable(old.pod, id, set, &context) {
                create(set, place.node, hash, &context)
            } else {
                candidates.append(place.node)
            }
        }
        for node in candidates.prefix(max(0, most - surging)) { create(set, node, hash, &context) }
    }

    /// Ready for long enough; a pod that is not yet is looked at again when it is.
    private mutating func isAvailable(
        _ pod: Pod, _ id: ObjectID<DaemonSet>, _ set: DaemonSet, _ context: inout ClusterContext
    ) -> Bool {
        guard pod.metadata.deletionTimestamp == nil, pod.isReady else { return false }
        let seconds = set.spec.minReadySeconds ?? 0
        if pod.isAvailable(minReadySeconds: seconds, at: context.wallTime) { return true }
        if let since = pod.readySince(context.settings) {
            wakeups.schedule(
                .daemonSet, AnyObjectID(id), after: since + .seconds(Int64(seconds)) - context.now, &context)
        }
        return false
    }

    /// Whether a node should get a pod, and whether one that is there may stay.
    static func placement(_ set: DaemonSet, _ node: Node) -> (shouldRun: Bool, shouldContinue: Bool) {
        let spec = set.spec.template.spec
        var pod = Pod()
        pod.spec.nodeSelector = spec.nodeSelector
        pod.spec.affinity = spec.affinity
        guard NodeAffinityPlugin.matches(PodInfo(pod), NodeInfo(node)) else { return (false, false) }
        let tolerations = spec.tolerations + Self.tolerations(of: spec)
        var shouldRun = true
        for taint in node.spec.taints
        where taint.effect != "PreferNoSchedule" && !tolerations.contains(where: { $0.tolerates(taint) }) {
            shouldRun = false
            if taint.effect == "NoExecute" { return (false, false) }
        }
        return (shouldRun, true)
    }

    /// On the host's network a daemon pod does not wait for the network of pods.
    private static func tolerations(of spec: PodSpec) -> [Toleration] {
        guard spec.hostNetwork == true else { return tolerations }
        var toleration = Toleration()
        toleration.key = "node.kubernetes.io/network-unavailable"
        toleration.operator = "Exists"
        toleration.effect = "NoSchedule"
        return tolerations + [toleration]
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
                pod.spec.tolerations += Self.tolerations(of: pod.spec)
                var requirement = NodeSelectorRequirement()
                requirement.key = "metadata.name"
                requirement.operator = "In"
                requirement.values = [node]
                var affinity = pod.spec.affinity ?? Affinity()
                var nodeAffinity = affinity.nodeAffinity ?? NodeAffinity()
                // The node goes into each of the template's terms, which are alternatives.
                var selector = nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution ?? NodeSelector()
                if selector.nodeSelectorTerms.isEmpty { selector.nodeSelectorTerms = [NodeSelectorTerm()] }
                for index in selector.nodeSelectorTerms.indices {
                    selector.nodeSelectorTerms[index].matchFields = [requirement]
                }
                nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution = selector
                affinity.nodeAffinity = nodeAffinity
                pod.spec.affinity = affinity
            }
            let name = context.store[id]?.metadata.name ?? ""
            context.recordEvent(
                .normal, "SuccessfulCreate", "Created pod: \(name)", about: set, source: .daemonSetController)
        } catch {
            context.recordEvent(
                .warning, "FailedCreate", error.creationFailure, about: set, source: .daemonSetController)
        }
    }

    private func delete(_ set: DaemonSet, _ id: ObjectID<Pod>, _ pod: Pod, _ context: inout ClusterContext) {
        context.delete(id)
        context.recordEvent(
            .normal, "SuccessfulDelete", "Deleted pod: \(pod.metadata.name)", about: set, source: .daemonSetController)
    }

    /// The set's pods by the node they are bound to, or are meant for.
    private static func podsByNode(_ set: DaemonSet, _ context: ClusterContext) -> [String: [(
        id: ObjectID<Pod>, pod: Pod
    )]] {
        var result: [String: [(id: ObjectID<Pod>, pod: Pod)]] = [:]
        for id in context.store.dependents(of: set.metadata.uid, Pod.self) {
            guard let pod = context.store[id] else { continue }
            result[Self.node(of: pod), default: []].append((id, pod))
        }
        return result
    }

    private static func node(of pod: Pod) -> String {
        guard pod.spec.nodeName.isEmpty else { return pod.spec.nodeName }
        let terms =
            pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
        return terms.first?.matchFields.first?.values.first ?? ""
    }

    private mutating func writeStatus(_ id: ObjectID<DaemonSet>, _ hash: String, _ context: inout ClusterContext) {
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
            // With two of them the newer one counts, as long as it is up.
            let living = pods.filter { $0.pod.metadata.deletionTimestamp == nil }.map(\.pod)
            guard
                let pod = living.first(where: { Self.isNew($0, hash) && $0.isReady }) ?? living.first ?? pods.first?.pod
            else { continue }
            status.currentNumberScheduled += 1
            if living.contains(where: \.isReady) {
                status.numberReady += 1
                if living.contains(where: { isAvailable($0, id, set, &context) }) { status.numberAvailable += 1 }
            }
            if Self.isNew(pod, hash) { status.updatedNumberScheduled += 1 }
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
    func write(to writer: inout BinaryWriter) { writer.write(wakeups) }
    init(from reader: inout BinaryReader) throws(BinaryDecodingError) { wakeups = try reader.read() }
}
