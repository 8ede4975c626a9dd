import KubernetesAPI
import Simulation

@testable import Cluster
@testable import Lab

/// Laws of Jobs, CronJobs, StatefulSets and DaemonSets: how many pods they may have, in which order, and that each is
/// counted once.
struct LawsOfWorkloads {
    /// Pods of a Job that the Job has let go of, by how they ended.
    struct Ended: Equatable {
        var succeeded: Int32 = 0
        var failed: Int32 = 0
    }

    private var activeOfJob: [String: Int] = [:]
    /// Jobs that have come to their end: what becomes of their pods then is not counted.
    private var finished: Set<String> = []
    /// By the Job's UID.
    private(set) var ended: [String: Ended] = [:]

    mutating func check(
        _ changes: ArraySlice<ObjectChange>, _ touched: Touched, _ context: ClusterContext, _ found: inout [String]
    ) {
        for change in changes {
            if let (id, old, pod) = change.object(Pod.self) {
                count(old, pod, change.kind, context)
                guard change.kind == .added else { continue }
                checkOrder(pod, context, &found)
                checkNode(id, pod, context, &found)
            } else if let (id, _, job) = change.object(Job.self) {
                if job.isFinished { finished.insert(job.metadata.uid) }
                if change.kind == .added { checkConcurrency(id, job, context, &found) }
            }
        }
        for id in touched.jobs { checkJob(id, context, &found) }
    }

    // MARK: Jobs

    /// A Job adds no pod beyond its parallelism, nor beyond what is left to complete.
    private mutating func checkJob(_ id: ObjectID<Job>, _ context: ClusterContext, _ found: inout [String]) {
        guard let job = context.store[id] else { return }
        let active = context.store.dependents(of: job.metadata.uid, Pod.self).count {
            context.store[$0]?.isActive == true
        }
        let before = activeOfJob.updateValue(active, forKey: job.metadata.uid) ?? 0
        guard active > before else { return }
        var most = Int(job.spec.parallelism ?? 1)
        if let completions = job.spec.completions { most = min(most, Int(completions - job.status.succeeded)) }
        if job.spec.suspend == true || job.isFinished { most = 0 }
        if active > most {
            found.append("job/\(job.key) grew from \(before) to \(active) active pods and may have \(most)")
        }
    }

    /// A pod that loses its finalizer while its Job lives counts as what it was at that moment.
    private mutating func count(_ old: Pod?, _ new: Pod, _ kind: ObjectChange.Kind, _ context: ClusterContext) {
        guard let old, old.metadata.finalizers.contains(JobController.finalizer),
            kind == .deleted || !new.metadata.finalizers.contains(JobController.finalizer),
            let id: ObjectID<Job> = context.controller(of: old), let job = context.store[id],
            !finished.contains(job.metadata.uid), job.metadata.deletionTimestamp == nil
        else { return }
        if old.status.phase == "Succeeded" {
            ended[job.metadata.uid, default: Ended()].succeeded += 1
        } else if old.status.phase == "Failed" || old.metadata.deletionTimestamp != nil {
            ended[job.metadata.uid, default: Ended()].failed += 1
        }
    }

    /// `Forbid` and `Replace` leave no two Jobs of a CronJob side by side.
    private func checkConcurrency(
        _ id: ObjectID<Job>, _ job: Job, _ context: ClusterContext, _ found: inout [String]
    ) {
        guard let owner: ObjectID<CronJob> = context.controller(of: job), let cronJob = context.store[owner],
            cronJob.spec.concurrencyPolicy != "Allow"
        else { return }
        let others = context.store.dependents(of: cronJob.metadata.uid, Job.self).filter { other in
            guard other != id, let other = context.store[other] else { return false }
            return !other.isFinished && other.metadata.deletionTimestamp == nil
        }
        if !others.isEmpty {
            found.append(
                "cronjob/\(cronJob.key) (\(cronJob.spec.concurrencyPolicy)) started \(job.metadata.name) beside \(others.count) others"
            )
        }
    }

    // MARK: StatefulSets and DaemonSets

    /// Ordered pods come one after the other: all before a new one are ready.
    private func checkOrder(_ pod: Pod, _ context: ClusterContext, _ found: inout [String]) {
        guard let id: ObjectID<StatefulSet> = context.controller(of: pod), let set = context.store[id],
            set.spec.podManagementPolicy != "Parallel",
            let ordinal = Int(pod.metadata.name.dropFirst(set.metadata.name.count + 1))
        else { return }
        let first = Int(set.spec.ordinals?.start ?? 0)
        for lower in first..<max(first, ordinal) {
            let name = "\(set.key)-\(lower)"
            let before = context.store.pods.named(name)
            if before?.isReady != true || before?.metadata.deletionTimestamp != nil {
                found.append("statefulset/\(set.key) created \(pod.metadata.name) while \(name) was not ready")
            }
        }
    }

    /// One pod of a DaemonSet a node; two while a new one surges beside the old.
    private func checkNode(_ id: ObjectID<Pod>, _ pod: Pod, _ context: ClusterContext, _ found: inout [String]) {
        guard let owner: ObjectID<DaemonSet> = context.controller(of: pod), let set = context.store[owner] else {
            return
        }
        let node = Self.node(of: pod)
        let beside = context.store.dependents(of: set.metadata.uid, Pod.self).count { other in
            guard other != id, let other = context.store[other], other.isActive else { return false }
            return Self.node(of: other) == node
        }
        let surges = DaemonSetController.amounts(set, nodes: context.store.nodes.count).surge > 0
        if beside > (surges ? 1 : 0) {
            found.append("daemonset/\(set.key) created \(pod.metadata.name) on \(node) beside \(beside) others")
        }
    }

    /// The node that a daemon pod is meant for.
    static func node(of pod: Pod) -> String {
        guard pod.spec.nodeName.isEmpty else { return pod.spec.nodeName }
        let terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
        return terms?.first?.matchFields.first?.values.first ?? ""
    }
}

/// What is true of them once the world has come to rest.
extension LawsOfWorkloads {
    func checkRest(_ world: borrowing World, _ found: inout [String]) {
        let context = world.cluster.context
        let rest = Rest(world)
        context.store.jobs.forEach { _, job in
            guard job.metadata.deletionTimestamp == nil else { return }
            let pods = context.store.dependents(of: job.metadata.uid, Pod.self).compactMap { context.store[$0] }
            guard rest.isQuiet(pods) else { return }
            let counted = ended[job.metadata.uid] ?? Ended()
            if job.status.uncountedTerminatedPods?.isEmpty == false {
                found.append("job/\(job.key) has pods that it has not counted")
            }
            if !job.isIndexed, job.status.succeeded != counted.succeeded {
                found.append(
                    "job/\(job.key) reports \(job.status.succeeded) succeeded pods, \(counted.succeeded) were let go")
            }
            if job.status.failed != counted.failed {
                found.append("job/\(job.key) reports \(job.status.failed) failed pods, \(counted.failed) were let go")
            }
            let active = pods.count { $0.isActive }
            if Int(job.status.active) != active {
                found.append("job/\(job.key) reports \(job.status.active) active pods and has \(active)")
            }
            if job.isFinished, active > 0 { found.append("job/\(job.key) is finished and has \(active) active pods") }
        }
        context.store.cronJobs.forEach { _, cronJob in
            let jobs = context.store.dependents(of: cronJob.metadata.uid, Job.self).compactMap { context.store[$0] }
            for (type, limit) in [
                ("Complete", cronJob.spec.successfulJobsHistoryLimit ?? 3),
                ("Failed", cronJob.spec.failedJobsHistoryLimit ?? 1),
            ] {
                let kept = jobs.count { job in
                    job.status.conditions.contains { $0.type == type && $0.status == "True" }
                        && job.metadata.deletionTimestamp == nil && !rest.isRecent(job.finishTime)
                }
                if kept > Int(limit) {
                    found.append("cronjob/\(cronJob.key) keeps \(kept) Jobs that are \(type), its limit is \(limit)")
                }
            }
        }
        context.store.statefulSets.forEach { _, set in
            let pods = context.store.dependents(of: set.metadata.uid, Pod.self).compactMap { context.store[$0] }
            guard set.metadata.deletionTimestamp == nil, rest.isQuiet(pods) else { return }
            if set.status.observedGeneration != set.metadata.generation {
                found.append("statefulset/\(set.key) was not looked at after its last change")
            }
            let ready = pods.count { $0.isReady && $0.metadata.deletionTimestamp == nil }
            if Int(set.status.readyReplicas) != ready {
                found.append("statefulset/\(set.key) reports \(set.status.readyReplicas) ready pods and has \(ready)")
            }
        }
        context.store.daemonSets.forEach { _, set in
            guard set.metadata.deletionTimestamp == nil else { return }
            var byNode: [String: [Pod]] = [:]
            for id in context.store.dependents(of: set.metadata.uid, Pod.self) {
                if let pod = context.store[id], pod.isActive { byNode[Self.node(of: pod), default: []].append(pod) }
            }
            for node in byNode.keys.sorted() where byNode[node]?.count ?? 0 > 1 {
                found.append("daemonset/\(set.key) has \(byNode[node]?.count ?? 0) pods on \(node)")
            }
            for (_, node) in context.store.nodes.sorted
            where DaemonSetController.placement(set, node).shouldRun && byNode[node.metadata.name] == nil
                && !rest.isRecent(node.metadata.creationTimestamp) && !rest.refusesPods
            {
                found.append("daemonset/\(set.key) has no pod on \(node.metadata.name)")
            }
        }
    }
}

/// What has come to rest: programs that crash again and again never do, and what follows them lags behind.
struct Rest {
    private let since: Time
    /// Whether a quota may keep controllers from creating pods.
    let refusesPods: Bool

    init(_ world: borrowing World) {
        since = world.cluster.context.wallTime(at: world.now - .seconds(5))
        refusesPods = world.cluster.context.store.resourceQuotas.count > 0
    }

    func isRecent(_ time: Time?) -> Bool { time.map { $0 >= since } ?? false }

    /// Whether nothing happened to any of these pods in the last seconds.
    func isQuiet(_ pods: [Pod]) -> Bool {
        pods.allSatisfy { pod in
            !isRecent(pod.metadata.creationTimestamp) && pod.metadata.deletionTimestamp == nil
                && !pod.status.conditions.contains { isRecent($0.lastTransitionTime) }
                && !pod.status.containerStatuses.contains { isRecent($0.state?.terminated?.finishedAt) }
        }
    }
}
