import KubernetesAPI
import Simulation

@testable import Cluster
@testable import Lab

/// Laws about what one event may change: bounds that hold for every step of a controller, though not for every state
/// (a user may lower `replicas` below what exists; no controller may then add a pod).
///
/// What is looked at is what changed: the store keeps a trail of changes for the inspector, and a law costs nothing
/// after an event that does not concern it.
struct LawsOfChange {
    private struct Rollout: Equatable {
        var replicas: Int32
        var minAvailable: Int32
        var total: Int32
        /// The sets that the total is made of: users delete some, and that is no step of a controller.
        var sets: [String]
    }

    private var seen = 0
    private var rollouts: [String: Rollout] = [:]
    private var activePods: [String: Int] = [:]
    private var desired: [String: Int32] = [:]
    private(set) var workloads = LawsOfWorkloads()
    private var limits = LawsOfLimits()

    /// Has the world keep a trail from here on.
    mutating func follow(_ world: inout World) {
        world.cluster.context.trail = []
        seen = 0
    }

    /// Compares the world with how it was at the last call.
    mutating func check(_ world: borrowing World, _ found: inout [String]) {
        guard let count = world.cluster.context.trail?.count, count > seen else { return }
        let context = world.cluster.context
        let changes = (context.trail ?? [])[seen...]
        seen = count
        let touched = Touched(changes, context)
        for id in touched.deployments { checkDeployment(id, context, &found) }
        for id in touched.replicaSets { checkReplicaSet(id, context, &found) }
        for change in changes { checkAutoscaler(change, &found) }
        workloads.check(changes, touched, context, &found)
        limits.check(changes, context, &found)
    }

    private mutating func checkDeployment(
        _ id: ObjectID<Deployment>, _ context: ClusterContext, _ found: inout [String]
    ) {
        guard let deployment = context.store[id] else { return }
        let rollout = RolloutDeployment(deployment, context)
        let sets = context.store.dependents(of: deployment.metadata.uid, ReplicaSet.self).compactMap {
            context.store[$0]
        }
        let total = sets.reduce(Int32(0)) { $0 + ($1.spec.replicas ?? 1) }
        let state = Rollout(
            replicas: rollout.replicas, minAvailable: rollout.minAvailable, total: total, sets: sets.map(\.metadata.uid)
        )
        guard let before = rollouts.updateValue(state, forKey: deployment.metadata.uid) else { return }
        // Sets that are adopted bring their pods along.
        if total > before.total, total > rollout.sizeLimit, state.sets.allSatisfy(before.sets.contains) {
            found.append(
                "deployment/\(deployment.key) grew from \(before.total) to \(total) pods, its limit is \(rollout.sizeLimit)"
            )
        }
        if total < before.total, total < rollout.minAvailable, before.replicas == rollout.replicas,
            before.minAvailable == rollout.minAvailable, !rollout.isDeleting,
            before.sets.allSatisfy(state.sets.contains)
        {
            found.append(
                "deployment/\(deployment.key) shrank from \(before.total) to \(total) pods, \(rollout.minAvailable) must stay available"
            )
        }
    }

    private mutating func checkReplicaSet(
        _ id: ObjectID<ReplicaSet>, _ context: ClusterContext, _ found: inout [String]
    ) {
        guard let set = context.store[id] else { return }
        let active = context.store.dependents(of: set.metadata.uid, Pod.self).count {
            context.store[$0]?.isActive == true
        }
        if let before = activePods.updateValue(active, forKey: set.metadata.uid), active > before,
            active > Int(set.spec.replicas ?? 1)
        {
            found.append(
                "replicaset/\(set.key) grew from \(before) to \(active) pods and wants \(set.spec.replicas ?? 1)")
        }
    }

    private mutating func checkAutoscaler(_ change: ObjectChange, _ found: inout [String]) {
        guard change.kind != .deleted, let (_, _, autoscaler) = change.object(HorizontalPodAutoscaler.self) else {
            return
        }
        let wanted = autoscaler.status.desiredReplicas
        guard let before = desired.updateValue(wanted, forKey: autoscaler.metadata.uid), before != wanted, wanted != 0
        else { return }
        let (least, most) = (autoscaler.spec.minReplicas ?? 1, autoscaler.spec.maxReplicas)
        if wanted < least || wanted > most {
            found.append("hpa/\(autoscaler.key) wants \(wanted) pods, its bounds are \(least) and \(most)")
        }
    }
}

/// The workloads that a run of changes concerns, themselves or by their pods and sets.
struct Touched {
    private(set) var deployments: [ObjectID<Deployment>] = []
    private(set) var replicaSets: [ObjectID<ReplicaSet>] = []
    private(set) var jobs: [ObjectID<Job>] = []

    init(_ changes: ArraySlice<ObjectChange>, _ context: ClusterContext) {
        for change in changes {
            switch change.id.kind {
            case .deployment: Self.add(change.id.typed(), to: &deployments)
            case .replicaSet:
                Self.add(change.id.typed(), to: &replicaSets)
                guard let (_, old, set) = change.object(ReplicaSet.self) else { continue }
                Self.add(context.controller(of: set), to: &deployments)
                if let old { Self.add(context.controller(of: old), to: &deployments) }
            case .job: Self.add(change.id.typed(), to: &jobs)
            case .pod:
                guard let (_, old, pod) = change.object(Pod.self) else { continue }
                for pod in [pod, old ?? pod] {
                    Self.add(context.controller(of: pod), to: &replicaSets)
                    Self.add(context.controller(of: pod), to: &jobs)
                }
            default: break
            }
        }
    }

    private static func add<Object>(_ id: ObjectID<Object>?, to list: inout [ObjectID<Object>]) {
        if let id, !list.contains(id) { list.append(id) }
    }
}

/// What is true once users, faults and traffic have been quiet for long enough.
enum LawsOfRest {
    static func check(_ world: borrowing World, _ found: inout [String]) {
        let context = world.cluster.context
        let store = context.store
        for source in world.workloads.traffic where world.workloads.inFlight(ofTraffic: source.name) != 0 {
            found.append(
                "\(source.name): \(world.workloads.inFlight(ofTraffic: source.name)) requests are still without an answer"
            )
        }
        store.pods.forEach { _, pod in
            guard let deletion = pod.metadata.deletionTimestamp, pod.metadata.finalizers.isEmpty else { return }
            let healthy = world.cluster.kubelet.health(of: pod.spec.nodeName)?.health == .healthy
            if healthy, deletion.epochSeconds + 60 < context.wallTime(at: world.now).epochSeconds {
                found.append("pod/\(pod.key) was to be gone at \(deletion) and is still there")
            }
        }
        store.replicaSets.forEach { _, set in
            guard set.metadata.deletionTimestamp == nil else { return }
            let active = store.dependents(of: set.metadata.uid, Pod.self).count { store[$0]?.isActive == true }
            let cannotCreate = set.status.conditions.contains { $0.type == "ReplicaFailure" && $0.status == "True" }
            if active != Int(set.spec.replicas ?? 1), !cannotCreate {
                found.append("replicaset/\(set.key) wants \(set.spec.replicas ?? 1) pods and has \(active)")
            }
            if Int(set.status.replicas) != active {
                found.append("replicaset/\(set.key) reports \(set.status.replicas) pods and has \(active)")
            }
            if set.status.observedGeneration != set.metadata.generation {
                found.append("replicaset/\(set.key) was not looked at after its last change")
            }
        }
        store.deployments.forEach { _, deployment in
            if deployment.status.observedGeneration != deployment.metadata.generation {
                found.append("deployment/\(deployment.key) was not looked at after its last change")
            }
            guard deployment.metadata.deletionTimestamp == nil, deployment.spec.paused != true else { return }
            let sets = store.dependents(of: deployment.metadata.uid, ReplicaSet.self).compactMap { store[$0] }
            let total = sets.reduce(0) { $0 + ($1.spec.replicas ?? 1) }
            if total < (deployment.spec.replicas ?? 1) - RolloutDeployment(deployment, context).maxUnavailable {
                found.append(
                    "deployment/\(deployment.key) wants \(deployment.spec.replicas ?? 1) pods, its sets want \(total)")
            }
        }
        store.statefulSets.forEach { _, set in
            guard set.metadata.deletionTimestamp == nil else { return }
            let pods = store.dependents(of: set.metadata.uid, Pod.self).compactMap { store[$0] }
            if pods.count > Int(set.spec.replicas ?? 1) {
                found.append("statefulset/\(set.key) wants \(set.spec.replicas ?? 1) pods and has \(pods.count)")
            }
        }
        checkEndpoints(world, &found)
    }

    /// Clients reach exactly the ready pods of each service.
    private static func checkEndpoints(_ world: borrowing World, _ found: inout [String]) {
        let store = world.cluster.context.store
        store.services.forEach { _, service in
            guard !service.spec.selector.isEmpty, let index = world.cluster.endpoints.existingIndex(of: service.key)
            else { return }
            var ready = 0
            store.pods.forEach { _, pod in
                if pod.metadata.namespace == service.metadata.namespace, pod.isReady, pod.isActive,
                    service.spec.selector.allSatisfy({ pod.metadata.labels[$0.key] == $0.value })
                {
                    ready += 1
                }
            }
            let known = world.cluster.endpoints.services[index].endpoints.count
            if known != ready { found.append("service/\(service.key) has \(ready) ready pods, clients know \(known)") }
        }
    }
}
