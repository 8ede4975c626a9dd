import KubernetesAPI

/// Pods that want to be near other pods, or away from them (`plugins/interpodaffinity`).
struct InterPodAffinityPlugin {
    /// Labels of namespaces, for terms that select namespaces.
    private let namespaces: [String: [String: String]]
    private let pod: PodInfo
    /// Topology pairs forbidden by existing pods' anti-affinity, with how many pods forbid them.
    private var forbidden: [Pair: Int] = [:]
    private var wanted: [Pair: Int] = [:]
    private var avoided: [Pair: Int] = [:]

    private struct Pair: Hashable {
        var key: String
        var value: String
    }

    /// Whether there is anything to compute for the filter.
    static func concerns(_ pod: PodInfo, _ nodes: [NodeInfo]) -> Bool {
        !pod.requiredAffinity.isEmpty || !pod.requiredAntiAffinity.isEmpty || nodes.contains { $0.podsWithRequiredAntiAffinity > 0 }
    }

    init(_ pod: PodInfo, _ nodes: [NodeInfo], namespaces: [String: [String: String]]) {
        self.pod = pod
        self.namespaces = namespaces
        for node in nodes where node.isPresent {
            if node.podsWithRequiredAntiAffinity > 0 {
                for other in node.pods {
                    for term in other.requiredAntiAffinity where Self.matches(term, of: other.pod, pod.pod, namespaces) {
                        if let value = node.labels[term.topologyKey] { forbidden[Pair(key: term.topologyKey, value: value), default: 0] += 1 }
                    }
                }
            }
            guard !pod.requiredAffinity.isEmpty || !pod.requiredAntiAffinity.isEmpty else { continue }
            for other in node.pods {
                // All affinity terms must match one and the same pod to count.
                if !pod.requiredAffinity.isEmpty,
                    pod.requiredAffinity.allSatisfy({ Self.matches($0, of: pod.pod, other.pod, namespaces) })
                {
                    for term in pod.requiredAffinity {
                        if let value = node.labels[term.topologyKey] { wanted[Pair(key: term.topologyKey, value: value), default: 0] += 1 }
                    }
                }
                for term in pod.requiredAntiAffinity where Self.matches(term, of: pod.pod, other.pod, namespaces) {
                    if let value = node.labels[term.topologyKey] { avoided[Pair(key: term.topologyKey, value: value), default: 0] += 1 }
                }
            }
        }
    }

    func filter(_ node: NodeInfo) -> Rejection? {
        if !satisfiesAffinity(node) {
            return Rejection(.interPodAffinity, "node(s) didn't match pod affinity rules", unresolvable: true)
        }
        for term in pod.requiredAntiAffinity {
            if let value = node.labels[term.topologyKey], avoided[Pair(key: term.topologyKey, value: value)] ?? 0 > 0 {
                return Rejection(.interPodAffinity, "node(s) didn't match pod anti-affinity rules", unresolvable: false)
            }
        }
        for pair in forbidden.keys where node.labels[pair.key] == pair.value {
            return Rejection(.interPodAffinity, "node(s) didn't satisfy existing pods anti-affinity rules", unresolvable: false)
        }
        return nil
    }

    private func satisfiesAffinity(_ node: NodeInfo) -> Bool {
        guard !pod.requiredAffinity.isEmpty else { return true }
        var exists = true
        for term in pod.requiredAffinity {
            guard let value = node.labels[term.topologyKey] else { return false }
            if wanted[Pair(key: term.topologyKey, value: value)] ?? 0 == 0 { exists = false }
        }
        if exists { return true }
        // The first pod of a group that wants to be together may begin anywhere.
        return wanted.isEmpty && pod.requiredAffinity.allSatisfy { Self.matches($0, of: pod.pod, pod.pod, namespaces) }
    }

    /// Whether a term of `owner` is about `other`.
    static func matches(_ term: PodAffinityTerm, of owner: Pod, _ other: Pod, _ namespaces: [String: [String: String]]) -> Bool {
        let namespace = other.metadata.namespace
        var named = term.namespaces
        if named.isEmpty, term.namespaceSelector == nil { named = [owner.metadata.namespace] }
        let inNamespace = named.contains(namespace) || (term.namespaceSelector?.matches(namespaces[namespace] ?? [:]) ?? false)
        guard inNamespace, var selector = term.labelSelector else { return false }
        for label in term.matchLabelKeys { if let value = owner.metadata.labels[label] { selector.matchLabels[label] = value } }
        return selector.matches(other.metadata.labels)
    }

    /// Sums of weights around each node; nil if nobody prefers anything about this pod or its neighbours.
    static func score(
        _ pod: PodInfo, _ nodes: [NodeInfo], all: [NodeInfo], namespaces: [String: [String: String]]
    ) -> [Int64]? {
        let hasOwn = !pod.preferredAffinity.isEmpty || !pod.preferredAntiAffinity.isEmpty
        guard hasOwn || all.contains(where: { $0.podsWithAffinity > 0 }) else { return nil }
        var scores: [Pair: Int64] = [:]
        func add(_ term: PodAffinityTerm, _ node: NodeInfo, _ weight: Int64) {
            if let value = node.labels[term.topologyKey] { scores[Pair(key: term.topologyKey, value: value), default: 0] += weight }
        }
        for node in all where node.isPresent && (hasOwn || node.podsWithAffinity > 0) {
            for other in node.pods {
                for term in pod.preferredAffinity where matches(term.podAffinityTerm, of: pod.pod, other.pod, namespaces) {
                    add(term.podAffinityTerm, node, Int64(term.weight))
                }
                for term in pod.preferredAntiAffinity where matches(term.podAffinityTerm, of: pod.pod, other.pod, namespaces) {
                    add(term.podAffinityTerm, node, -Int64(term.weight))
                }
                guard other.hasAffinity else { continue }
                for term in other.requiredAffinity where matches(term, of: other.pod, pod.pod, namespaces) { add(term, node, 1) }
                for term in other.preferredAffinity where matches(term.podAffinityTerm, of: other.pod, pod.pod, namespaces) {
                    add(term.podAffinityTerm, node, Int64(term.weight))
                }
                for term in other.preferredAntiAffinity where matches(term.podAffinityTerm, of: other.pod, pod.pod, namespaces) {
                    add(term.podAffinityTerm, node, -Int64(term.weight))
                }
            }
        }
        guard !scores.isEmpty else { return nil }
        let raw = nodes.map { node in
            scores.reduce(Int64(0)) { sum, entry in node.labels[entry.key.key] == entry.key.value ? sum + entry.value : sum }
        }
        let (least, most) = (raw.min() ?? 0, raw.max() ?? 0)
        return raw.map { most == least ? 0 : Int64(100 * (Double($0 - least) / Double(most - least))) }
    }
}
