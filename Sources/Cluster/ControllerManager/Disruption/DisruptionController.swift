import KubernetesAPI
import Simulation

/// Keeps the status of PodDisruptionBudgets (`pkg/controller/disruption/disruption.go`); the arithmetic is
/// ``DisruptionBudget``'s.
struct DisruptionController: Controller, Sendable {
    private var wakeups = Wakeups()

    init() {}

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        guard context.store.podDisruptionBudgets.count > 0 || change.id.kind == .podDisruptionBudget else { return }
        if change.id.kind == .podDisruptionBudget {
            if change.kind == .deleted { wakeups.forget(change.id) } else { context.enqueue(.disruption, change.id) }
        } else if let (_, old, pod) = change.pod {
            guard change.concerns([.phase, .readiness, .deletion, .labels]) else { return }
            for budget in context.budgets(of: pod) { context.enqueue(.disruption, budget) }
            if let old, old.metadata.labels != pod.metadata.labels {
                for budget in context.budgets(of: old) { context.enqueue(.disruption, budget) }
            }
        } else if change.kind == .modified, Self.replicas(change.old) != Self.replicas(change.new) {
            // The scale of a controller counts; its pods' changes usually follow, but need not.
            let table = context.store.podDisruptionBudgets
            for id in table.ids where table[id]?.metadata.namespace == change.metadata.namespace {
                context.enqueue(.disruption, id)
            }
        }
    }

    mutating func restart() { wakeups = Wakeups() }

    private static func replicas(_ object: (any KubernetesObject)?) -> Int32? {
        switch object {
        case let set as ReplicaSet: set.spec.replicas
        case let set as StatefulSet: set.spec.replicas
        case let deployment as Deployment: deployment.spec.replicas
        default: nil
        }
    }

    mutating func reconcile(_ id: AnyObjectID, _ context: inout ClusterContext) {
        wakeups.begin(id, now: context.now)
        guard let typed: ObjectID<PodDisruptionBudget> = id.typed(), let budget = context.store[typed] else { return }
        let now = context.now
        var status = budget.status
        let pods = Self.pods(of: budget, context)
        // An eviction that has not led to a deletion within two minutes is forgotten.
        var recheck: Duration?
        for name in status.disruptedPods.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            guard let time = status.disruptedPods[name] else { continue }
            let pod = pods.first { $0.metadata.name == name }
            let expiry = context.simulationTime(time) + DisruptionBudget.deletionTimeout
            if pod == nil || pod?.metadata.deletionTimestamp != nil {
                status.disruptedPods[name] = nil
            } else if expiry <= now {
                if let pod {
                    context.recordEvent(
                        .warning, "NotDeleted",
                        "Pod was expected by PDB \(budget.key) to be deleted but it wasn't", about: pod,
                        source: .disruptionController)
                }
                status.disruptedPods[name] = nil
            } else {
                recheck = min(recheck ?? (expiry - now), expiry - now)
            }
        }
        guard let rule = Self.rule(budget) else {
            fail(typed, budget, "found invalid PDB: it sets neither minAvailable nor maxUnavailable", &context)
            return
        }
        if pods.isEmpty {
            context.recordEvent(
                .normal, "NoPods", "No matching pods found", about: budget, source: .disruptionController)
        }
        let unmanaged = pods.filter { $0.controller == nil }
        if !unmanaged.isEmpty, rule.needsScale {
            context.recordEvent(
                .warning, "UnmanagedPods",
                "Pods selected by this PodDisruptionBudget (selector: \(budget.spec.selector?.goText ?? "nil")) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set \".spec.minAvailable\" field of the PDB to an integer value.",
                about: budget, source: .disruptionController)
        }
        let healthy = pods.filter { pod in
            DisruptionBudget.isHealthy(
                ready: pod.isReady, isDeleting: pod.metadata.deletionTimestamp != nil,
                evictedAt: status.disruptedPods[pod.metadata.name].map(context.simulationTime), now: now)
        }.count
        let result = DisruptionBudget(
            rule: rule, matchedPods: Int32(clamping: pods.count), controllerScale: Self.scale(pods, context),
            healthy: Int32(clamping: healthy))
        status.currentHealthy = result.currentHealthy
        status.desiredHealthy = result.desiredHealthy
        status.expectedPods = result.expectedPods
        status.disruptionsAllowed = result.disruptionsAllowed
        status.observedGeneration = budget.metadata.generation
        status.set(
            allowed: result.disruptionsAllowed > 0, result.reason, "", generation: budget.metadata.generation,
            at: context.wallTime)
        if status != budget.status { context.update(typed) { $0.status = status } }
        if let recheck { wakeups.schedule(.disruption, id, after: recheck, &context) }
    }

    private func fail(
        _ id: ObjectID<PodDisruptionBudget>, _ budget: PodDisruptionBudget, _ message: String,
        _ context: inout ClusterContext
    ) {
        context.recordEvent(
            .warning, "CalculateExpectedPodCountFailed", "Failed to calculate the number of expected pods: \(message)",
            about: budget,
            source: .disruptionController)
        var status = budget.status
        status.disruptionsAllowed = 0
        status.set(allowed: false, "SyncFailed", message, generation: budget.metadata.generation, at: context.wallTime)
        if status != budget.status { context.update(id) { $0.status = status } }
    }

    private static func rule(_ budget: PodDisruptionBudget) -> DisruptionBudget.Rule? {
        if let most = AmountOrPercent(budget.spec.maxUnavailable) { return .maxUnavailable(most) }
        return AmountOrPercent(budget.spec.minAvailable).map { .minAvailable($0) }
    }

    /// The pods that the selector means and that are not finished.
    private static func pods(of budget: PodDisruptionBudget, _ context: ClusterContext) -> [Pod] {
        guard let selector = budget.spec.selector else { return [] }
        var pods: [Pod] = []
        context.store.pods.forEach { _, pod in
            if pod.metadata.namespace == budget.metadata.namespace, selector.matches(pod.metadata.labels),
                pod.status.phase != "Succeeded", pod.status.phase != "Failed"
            {
                pods.append(pod)
            }
        }
        return pods
    }

    /// What the controllers of the pods want in sum, each controller once; a ReplicaSet's Deployment speaks for it.
    private static func scale(_ pods: [Pod], _ context: ClusterContext) -> Int32 {
        var seen: Set<String> = []
        var sum: Int32 = 0
        for pod in pods {
            guard let owner = pod.controller else { continue }
            var uid = owner.uid
            var replicas: Int32 = 0
            if let id: ObjectID<ReplicaSet> = context.controller(of: pod), let set = context.store[id] {
                replicas = set.spec.replicas ?? 1
                if let outer: ObjectID<Deployment> = context.controller(of: set), let deployment = context.store[outer]
                {
                    uid = deployment.metadata.uid
                    replicas = deployment.spec.replicas ?? 1
                }
            } else if let id: ObjectID<StatefulSet> = context.controller(of: pod), let set = context.store[id] {
                replicas = set.spec.replicas ?? 1
            }
            if seen.insert(uid).inserted { sum = Int32(clamping: Int64(sum) + Int64(replicas)) }
        }
        return sum
    }
}

extension DisruptionBudget.Rule {
    /// Whether the number of expected pods comes from the pods' controllers.
    var needsScale: Bool {
        if case .minAvailable(.amount) = self { false } else { true }
    }
}

extension PodDisruptionBudgetStatus {
    mutating func set(allowed: Bool, _ reason: String, _ message: String, generation: Int64, at time: Time) {
        var condition = Condition()
        condition.type = "DisruptionAllowed"
        condition.status = allowed ? "True" : "False"
        condition.reason = reason
        condition.message = message
        condition.observedGeneration = generation
        condition.lastTransitionTime = time
        if let place = conditions.firstIndex(where: { $0.type == condition.type }) {
            if conditions[place].status == condition.status {
                condition.lastTransitionTime = conditions[place].lastTransitionTime
            }
            conditions[place] = condition
        } else {
            conditions.append(condition)
        }
    }
}

extension DisruptionController: BinaryCodable {
    func write(to writer: inout BinaryWriter) { writer.write(wakeups) }
    init(from reader: inout BinaryReader) throws(BinaryDecodingError) { wakeups = try reader.read() }
}
