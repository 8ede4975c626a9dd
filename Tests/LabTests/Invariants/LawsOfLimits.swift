import KubernetesAPI
import Simulation

@testable import Cluster
@testable import Lab

/// Laws of quotas and disruption budgets: what admission lets in, and what the Eviction API takes away.
struct LawsOfLimits {
    /// Budgets whose status said the truth after the last event, with the pods that it counted as evicted.
    private var truthful: [String: Set<String>] = [:]

    mutating func check(_ changes: ArraySlice<ObjectChange>, _ context: ClusterContext, _ found: inout [String]) {
        for change in changes where change.kind == .added {
            if let (_, _, pod) = change.object(Pod.self) { checkQuotas(pod, context, &found) }
        }
        let concernsBudgets = changes.contains { $0.id.kind == .pod || $0.id.kind == .podDisruptionBudget }
        if concernsBudgets, context.store.podDisruptionBudgets.count > 0 { checkBudgets(context, &found) }
    }

    /// What a namespace uses of a quota, counted anew.
    static func usage(of quota: ResourceQuota, _ context: ClusterContext) -> [String: Quantity] {
        var used = quota.spec.hard.mapValues { _ in Quantity() }
        func add<Object: StoredObject>(_ type: Object.Type) {
            context.store[keyPath: Object.table].forEach { _, object in
                guard object.metadata.namespace == quota.metadata.namespace, QuotaUsage.covers(quota, object) else {
                    return
                }
                for (name, amount) in QuotaUsage.of(object) {
                    if let sum = used[name] { used[name] = sum + amount }
                }
            }
        }
        for kind in ObjectKind.allCases where kind.type.resource.namespaced { add(kind.type) }
        return used
    }

    /// No pod is let in beyond what a quota allows, though a user may lower what it allows below what is there.
    private func checkQuotas(_ pod: Pod, _ context: ClusterContext, _ found: inout [String]) {
        context.store.resourceQuotas.forEach { _, quota in
            guard quota.metadata.namespace == pod.metadata.namespace, QuotaUsage.covers(quota, pod) else { return }
            let (taken, used) = (QuotaUsage.of(pod), Self.usage(of: quota, context))
            for name in taken.keys.sorted() {
                guard let hard = quota.status.hard[name], let sum = used[name], let amount = taken[name],
                    amount > Quantity()
                else { continue }
                if sum > max(hard, quota.spec.hard[name] ?? hard) {
                    found.append("resourcequota/\(quota.key): \(pod.metadata.name) made \(name) \(sum) of \(hard)")
                }
            }
        }
    }

    /// An eviction that a truthful budget allowed leaves as many healthy pods as the budget wants.
    private mutating func checkBudgets(_ context: ClusterContext, _ found: inout [String]) {
        var now: [String: Set<String>] = [:]
        context.store.podDisruptionBudgets.forEach { id, budget in
            let status = budget.status
            if status.disruptionsAllowed < 0 {
                found.append("pdb/\(budget.key) allows \(status.disruptionsAllowed) disruptions")
            }
            let healthy = Self.healthy(budget, context)
            let evicted = Set(status.disruptedPods.keys)
            if let before = truthful[budget.metadata.uid], !evicted.subtracting(before).isEmpty,
                healthy < Int(status.desiredHealthy)
            {
                found.append(
                    "pdb/\(budget.key): after an eviction \(healthy) pods are healthy, \(status.desiredHealthy) must be"
                )
            }
            if Int(status.currentHealthy) == healthy, status.observedGeneration == budget.metadata.generation {
                now[budget.metadata.uid] = evicted
            }
        }
        truthful = now
    }

    /// Ready pods under a budget that nobody is taking away.
    static func healthy(_ budget: PodDisruptionBudget, _ context: ClusterContext) -> Int {
        var count = 0
        context.store.pods.forEach { _, pod in
            if pod.metadata.namespace == budget.metadata.namespace, pod.isReady, pod.metadata.deletionTimestamp == nil,
                budget.spec.selector?.matches(pod.metadata.labels) == true,
                budget.status.disruptedPods[pod.metadata.name] == nil
            {
                count += 1
            }
        }
        return count
    }

    /// What is true of them, and of slices, once the world has come to rest.
    static func checkRest(_ world: borrowing World, _ found: inout [String]) {
        let context = world.cluster.context
        let rest = Rest(world)
        let pods = context.store.pods.sorted.map(\.object)
        let everythingIsQuiet = rest.isQuiet(pods)
        context.store.resourceQuotas.forEach { _, quota in
            if quota.status.hard != quota.spec.hard {
                found.append("resourcequota/\(quota.key) was not looked at after its last change")
            }
            guard everythingIsQuiet else { return }
            let used = usage(of: quota, context)
            for name in used.keys.sorted() where quota.status.used[name] != used[name] {
                found.append(
                    "resourcequota/\(quota.key) reports \(name) \(quota.status.used[name]?.description ?? "nothing"), \(used[name]?.description ?? "") is used"
                )
            }
        }
        context.store.podDisruptionBudgets.forEach { _, budget in
            let mine = pods.filter { budget.spec.selector?.matches($0.metadata.labels) == true }
            guard budget.metadata.deletionTimestamp == nil, rest.isQuiet(mine) else { return }
            let healthy = healthy(budget, context)
            let allowed = max(0, healthy - Int(budget.status.desiredHealthy))
            if Int(budget.status.currentHealthy) != healthy {
                found.append(
                    "pdb/\(budget.key) reports \(budget.status.currentHealthy) healthy pods, there are \(healthy)")
            }
            if budget.status.disruptionsAllowed != 0, Int(budget.status.disruptionsAllowed) != allowed {
                found.append(
                    "pdb/\(budget.key) allows \(budget.status.disruptionsAllowed) disruptions, \(allowed) would do")
            }
        }
        checkSlices(rest, pods, context, &found)
    }

    /// Every pod of a service stands in exactly one of its slices, as it is.
    private static func checkSlices(
        _ rest: Rest, _ pods: [Pod], _ context: ClusterContext, _ found: inout [String]
    ) {
        context.store.services.forEach { _, service in
            guard service.spec.hasEndpoints, service.metadata.deletionTimestamp == nil else { return }
            let mine = pods.filter { pod in
                pod.metadata.namespace == service.metadata.namespace
                    && service.spec.selector.allSatisfy { pod.metadata.labels[$0.key] == $0.value }
            }
            guard rest.isQuiet(mine) else { return }
            var expected: [String] = []
            for pod in mine {
                guard
                    let conditions = EndpointConditions(
                        pod, publishNotReady: service.spec.publishNotReadyAddresses == true)
                else { continue }
                let ports = service.portNumbers(in: pod).filter { $0 != 0 }
                expected.append("\(pod.metadata.name) \(pod.status.podIP) \(conditions.ready ?? false) \(ports)")
            }
            var actual: [String] = []
            for id in context.store.dependents(of: service.metadata.uid, EndpointSlice.self) {
                guard let slice = context.store[id], slice.isManaged(for: service) else { continue }
                for endpoint in slice.endpoints {
                    actual.append(
                        "\(endpoint.targetRef?.name ?? "?") \(endpoint.addresses.first ?? "?") \(endpoint.conditions?.ready ?? false) \(slice.ports.compactMap(\.port))"
                    )
                }
            }
            if actual.sorted() != expected.sorted() {
                found.append(
                    "service/\(service.key) has the endpoints \(actual.sorted()), should be \(expected.sorted())")
            }
        }
    }
}
