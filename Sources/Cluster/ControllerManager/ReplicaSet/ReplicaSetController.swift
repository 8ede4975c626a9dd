import KubernetesAPI
import Simulation

/// Keeps as many active pods as a ReplicaSet asks for (`pkg/controller/replicaset/replica_set.go`).
struct ReplicaSetController: Controller, Sendable {
    private var wakeups = Wakeups()

    init() {}

    mutating func restart() { wakeups = Wakeups() }

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        if change.id.kind == .replicaSet {
            if change.kind == .deleted { wakeups.forget(change.id) } else { context.enqueue(.replicaSet, change.id) }
        } else if change.concerns([.phase, .readiness, .deletion, .labels]), let (_, _, pod) = change.pod {
            if let owner: ObjectID<ReplicaSet> = context.controller(of: pod) {
                context.enqueue(.replicaSet, owner)
            } else if pod.controller == nil, change.kind != .deleted, pod.isActive {
                context.enqueueClaimants(of: pod, .replicaSet) { (set: ReplicaSet) in set.spec.selector }
            }
        }
    }

    mutating func reconcile(_ id: AnyObjectID, _ context: inout ClusterContext) {
        wakeups.begin(id, now: context.now)
        guard let id: ObjectID<ReplicaSet> = id.typed(), let set = context.store[id] else { return }
        if claims(set, context) { _ = context.claimPods(for: set, selector: set.spec.selector) }
        var failure: APIStatus?
        if set.metadata.deletionTimestamp == nil {
            let active = context.store.tally(of: set.metadata.uid).active
            switch ReplicaSetScaling(activePods: Int(active), replicas: set.spec.replicas ?? 1) {
            case .none: break
            case .create(let count): failure = create(count, set, &context)
            case .delete(let count): delete(count, set, &context)
            }
        }
        writeStatus(id, failure, &context)
    }

    /// Whether there may be pods to adopt or to release.
    private func claims(_ set: ReplicaSet, _ context: borrowing ClusterContext) -> Bool {
        let selector = set.spec.selector
        return !context.store.orphanPods.isEmpty
            || !context.store.tally(of: set.metadata.uid).groups.allSatisfy { selector.matches($0.labels) }
    }

    private func create(_ count: Int, _ set: ReplicaSet, _ context: inout ClusterContext) -> APIStatus? {
        var start = SlowStart(count: count)
        var failure: APIStatus?
        let (template, references) = (set.spec.template ?? PodTemplateSpec(), [set.controllerReference])
        while start.batch > 0 {
            var successes = 0
            for _ in 0..<start.batch {
                do {
                    let id = try context.createPod(from: template, owner: set, references: references)
                    successes += 1
                    let name = context.store[id]?.metadata.name ?? ""
                    context.recordEvent(
                        .normal, "SuccessfulCreate", "Created pod: \(name)", about: set, source: .replicaSetController)
                } catch {
                    failure = error
                    context.recordEvent(
                        .warning, "FailedCreate", error.creationFailure, about: set, source: .replicaSetController)
                }
            }
            start.finishBatch(successes: successes)
        }
        return failure
    }

    private func delete(_ count: Int, _ set: ReplicaSet, _ context: inout ClusterContext) {
        let now = context.now
        let active = context.store.dependents(of: set.metadata.uid, Pod.self).filter {
            context.store[$0]?.isActive == true
        }
        var candidates = active.map { id in PodDeletionCandidate(context.store[id] ?? Pod(), context) }
        if count < candidates.count {
            candidates = PodDeletionCandidate.ranked(candidates, activeOwnerPodNodes: nodesOfRelatedPods(set, context))
        }
        for index in PodDeletionCandidate.victims(candidates, count: count, now: now) {
            let name = context.store[active[index]]?.metadata.name ?? ""
            context.delete(active[index])
            context.recordEvent(
                .normal, "SuccessfulDelete", "Deleted pod: \(name)", about: set, source: .replicaSetController)
        }
    }

    /// Nodes of all active pods whose ReplicaSets share this one's owner.
    private func nodesOfRelatedPods(_ set: ReplicaSet, _ context: ClusterContext) -> [String] {
        let uids: [String]
        if let owner = set.controller {
            uids = context.store.dependents(of: owner.uid, ReplicaSet.self).compactMap {
                context.store[$0]?.metadata.uid
            }
        } else {
            uids = [set.metadata.uid]
        }
        return uids.flatMap { context.store.dependents(of: $0, Pod.self) }.compactMap { id in
            context.store[id].flatMap { $0.isActive ? $0.spec.nodeName : nil }
        }
    }

    private mutating func writeStatus(
        _ id: ObjectID<ReplicaSet>, _ failure: APIStatus?, _ context: inout ClusterContext
    ) {
        guard let set = context.store[id] else { return }
        var status = set.status
        let tally = context.store.tally(of: set.metadata.uid)
        let (available, wait) = tally.available(
            minReadySeconds: set.spec.minReadySeconds ?? 0, now: context.now, context.settings)
        let templateLabels = set.spec.template?.metadata.labels ?? [:]
        status.replicas = tally.active
        status.readyReplicas = tally.ready
        status.availableReplicas = available
        status.fullyLabeledReplicas = tally.groups.reduce(0) { sum, group in
            let isLabeled = templateLabels.allSatisfy { group.labels[$0.key] == $0.value }
            return sum + (isLabeled ? Int32(clamping: group.active) : 0)
        }
        status.terminatingReplicas = tally.terminating
        status.observedGeneration = set.metadata.generation
        let isMarked = status.conditions.contains { $0.type == "ReplicaFailure" }
        if let failure {
            // The first failure stays; a new text each time would make the set's own change bring it back at once.
            if !isMarked {
                var condition = ReplicaSetCondition()
                condition.type = "ReplicaFailure"
                condition.status = "True"
                condition.reason = "FailedCreate"
                condition.message = failure.message
                condition.lastTransitionTime = context.wallTime
                status.conditions.append(condition)
            }
            // The work queue tries again later, as its rate limiter would.
            wakeups.schedule(.replicaSet, AnyObjectID(id), after: .seconds(10), &context)
        } else if isMarked {
            status.conditions.removeAll { $0.type == "ReplicaFailure" }
        }
        if let wait { wakeups.schedule(.replicaSet, AnyObjectID(id), after: wait, &context) }
        if status != set.status { context.update(id) { $0.status = status } }
    }
}

extension Pod {
    /// When the pod became ready, in simulated time; nil if it is not.
    /// - Parameter settings: where the world began; the whole context would be copied for each pod.
    func readySince(_ settings: ClusterSettings) -> SimulationTime? {
        guard let place = status.conditions.firstIndex(where: { $0.type == "Ready" }),
            status.conditions[place].status == "True"
        else { return nil }
        return status.conditions[place].lastTransitionTime.map(settings.simulationTime) ?? .zero
    }
}

extension PodDeletionCandidate {
    fileprivate init(_ pod: Pod, _ context: ClusterContext) {
        self.init(
            uid: pod.metadata.uid, node: pod.spec.nodeName,
            phase: pod.status.phase == "Running" ? .running : pod.status.phase == "Pending" ? .pending : .unknown,
            readySince: pod.readySince(context.settings),
            creation: pod.metadata.creationTimestamp.map(context.simulationTime) ?? .zero,
            restarts: pod.status.containerStatuses.map(\.restartCount).max() ?? 0,
            cost: Int32(pod.metadata.annotations["controller.kubernetes.io/pod-deletion-cost"] ?? "") ?? 0)
    }
}

extension ReplicaSetController: BinaryCodable {
    func write(to writer: inout BinaryWriter) { writer.write(wakeups) }
    init(from reader: inout BinaryReader) throws(BinaryDecodingError) { wakeups = try reader.read() }
}
