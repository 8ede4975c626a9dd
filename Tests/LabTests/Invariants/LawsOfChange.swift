import KubernetesAPI
import Simulation

@testable import Cluster
@testable import Lab

/// Laws about what one event may change: bounds that hold for every step of a controller, though not for every state
/// (a user may lower `replicas` below what exists; no controller may then add a pod).
struct LawsOfChange {
    private struct Rollout: Equatable {
        var replicas: Int32
        var minAvailable: Int32
        var total: Int32
        /// The sets that the total is made of: users delete some, and that is no step of a controller.
        var sets: [String]
    }

    private var revision: Int64 = 0
    private var rollouts: [String: Rollout] = [:]
    private var activePods: [String: Int] = [:]
    private var desired: [String: Int32] = [:]

    /// Compares the world with how it was at the last call.
    mutating func check(_ world: borrowing World, _ found: inout [String]) {
        let context = world.cluster.context
        guard context.store.revision != revision else { return }
        revision = context.store.revision
        checkDeployments(context, &found)
        checkReplicaSets(context, &found)
        checkAutoscalers(context, &found)
        context.store.podDisruptionBudgets.forEach { _, budget in
            if budget.status.disruptionsAllowed < 0 {
                found.append("pdb/\(budget.key) allows \(budget.status.disruptionsAllowed) disruptions")
            }
        }
    }

    private mutating func checkDeployments(_ context: ClusterContext, _ found: inout [String]) {
        var now: [String: Rollout] = [:]
        context.store.deployments.forEach { _, deployment in
            let rollout = RolloutDeployment(deployment, context)
            let sets = context.store.dependents(of: deployment.metadata.uid, ReplicaSet.self).compactMap {
                context.store[$0]
            }
            let total = sets.reduce(Int32(0)) { $0 + ($1.spec.replicas ?? 1) }
            let state = Rollout(
                replicas: rollout.replicas, minAvailable: rollout.minAvailable, total: total,
                sets: sets.map(\.metadata.uid))
            now[deployment.metadata.uid] = state
            guard let before = rollouts[deployment.metadata.uid] else { return }
            if total > before.total, total > rollout.sizeLimit {
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
        rollouts = now
    }

    private mutating func checkReplicaSets(_ context: ClusterContext, _ found: inout [String]) {
        var now: [String: Int] = [:]
        context.store.replicaSets.forEach { _, set in
            let active = context.store.dependents(of: set.metadata.uid, Pod.self).count {
                context.store[$0]?.isActive == true
            }
            now[set.metadata.uid] = active
            if let before = activePods[set.metadata.uid], active > before, active > Int(set.spec.replicas ?? 1) {
                found.append(
                    "replicaset/\(set.key) grew from \(before) to \(active) pods and wants \(set.spec.replicas ?? 1)")
            }
        }
        activePods = now
    }

    private mutating func checkAutoscalers(_ context: ClusterContext, _ found: inout [String]) {
        var now: [String: Int32] = [:]
        context.store.horizontalPodAutoscalers.forEach { _, autoscaler in
            let wanted = autoscaler.status.desiredReplicas
            now[autoscaler.metadata.uid] = wanted
            guard let before = desired[autoscaler.metadata.uid], before != wanted, wanted != 0 else { return }
            let (least, most) = (autoscaler.spec.minReplicas ?? 1, autoscaler.spec.maxReplicas)
            if wanted < least || wanted > most {
                found.append("hpa/\(autoscaler.key) wants \(wanted) pods, its bounds are \(least) and \(most)")
            }
        }
        desired = now
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
