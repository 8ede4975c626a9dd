import KubernetesAPI

/// What the services and the controller of a pod select together, by which pods spread by default
/// (`helper.DefaultSelector`). Remembers the last answer: replicas come one after the other.
struct DefaultSelectors: Sendable {
    private struct Question: Sendable, Equatable {
        var namespace: String
        var labels: [String: String]
        /// Services as they were, by the number of their changes.
        var services: UInt64
        var ofSet: LabelSelector?
    }

    private var last: (question: Question, answer: LabelSelector?)?

    init() {}

    mutating func selector(of pod: Pod, _ context: borrowing ClusterContext) -> LabelSelector? {
        guard pod.spec.topologySpreadConstraints.isEmpty else { return nil }
        let ofSet = Self.selectorOfSet(of: pod, context)
        let question = Question(
            namespace: pod.metadata.namespace, labels: pod.metadata.labels, services: context.store.services.changes,
            ofSet: ofSet)
        if let last, last.question == question { return last.answer }
        let answer = Self.combined(pod, ofSet, context)
        last = (question, answer)
        return answer
    }

    static func selector(of pod: Pod, _ context: borrowing ClusterContext) -> LabelSelector? {
        guard pod.spec.topologySpreadConstraints.isEmpty else { return nil }
        return combined(pod, selectorOfSet(of: pod, context), context)
    }

    private static func selectorOfSet(of pod: Pod, _ context: borrowing ClusterContext) -> LabelSelector? {
        if let set: ObjectID<ReplicaSet> = context.controller(of: pod) { return context.store[set]?.spec.selector }
        if let set: ObjectID<StatefulSet> = context.controller(of: pod) { return context.store[set]?.spec.selector }
        return nil
    }

    private static func combined(
        _ pod: Pod, _ ofSet: LabelSelector?, _ context: borrowing ClusterContext
    ) -> LabelSelector? {
        var selector = LabelSelector()
        context.store.services.forEach { _, service in
            if service.metadata.namespace == pod.metadata.namespace, !service.spec.selector.isEmpty,
                service.spec.selector.allSatisfy({ pod.metadata.labels[$0.key] == $0.value })
            {
                selector.matchLabels.merge(service.spec.selector) { first, _ in first }
            }
        }
        if let ofSet {
            selector.matchLabels.merge(ofSet.matchLabels) { first, _ in first }
            selector.matchExpressions += ofSet.matchExpressions
        }
        return selector.isEmpty ? nil : selector
    }
}
