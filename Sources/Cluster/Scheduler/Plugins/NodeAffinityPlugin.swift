import KubernetesAPI

/// Required and preferred node labels (`plugins/nodeaffinity`).
enum NodeAffinityPlugin {
    static func filter(_ pod: PodInfo, _ node: NodeInfo) -> Rejection? {
        matches(pod, node) ? nil : Rejection(.nodeAffinity, "node(s) didn't match Pod's node affinity/selector", unresolvable: true)
    }

    /// Whether nodeSelector and the required terms accept a node.
    static func matches(_ pod: PodInfo, _ node: NodeInfo) -> Bool {
        let spec = pod.pod.spec
        for (key, value) in spec.nodeSelector where node.labels[key] != value { return false }
        guard let required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution else { return true }
        return required.nodeSelectorTerms.contains { matches($0, node) }
    }

    /// A term without any expression matches nothing.
    static func matches(_ term: NodeSelectorTerm, _ node: NodeInfo) -> Bool {
        guard !term.matchExpressions.isEmpty || !term.matchFields.isEmpty else { return false }
        return term.matchExpressions.allSatisfy { matches($0, node.labels[$0.key]) }
            && term.matchFields.allSatisfy { matches($0, $0.key == "metadata.name" ? node.name : nil) }
    }

    static func matches(_ requirement: NodeSelectorRequirement, _ value: String?) -> Bool {
        switch requirement.operator {
        case "In": return value.map(requirement.values.contains) ?? false
        case "NotIn": return value.map { !requirement.values.contains($0) } ?? true
        case "Exists": return value != nil
        case "DoesNotExist": return value == nil
        case "Gt", "Lt":
            guard let value, let number = Int64(value), let bound = requirement.values.first.flatMap({ Int64($0) }) else { return false }
            return requirement.operator == "Gt" ? number > bound : number < bound
        default: return false
        }
    }

    /// The weights of the preferred terms that match; nil if the pod prefers nothing.
    static func score(_ pod: PodInfo, _ nodes: [NodeInfo]) -> [Int64]? {
        let preferred = pod.pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
        guard !preferred.isEmpty else { return nil }
        let raw = nodes.map { node in
            preferred.reduce(Int64(0)) { sum, term in
                let accepts =
                    (term.preference.matchExpressions.isEmpty && term.preference.matchFields.isEmpty) || matches(term.preference, node)
                return accepts ? sum + Int64(term.weight) : sum
            }
        }
        return Normalization.highest(raw)
    }
}

/// From raw scores to 0 … 100.
enum Normalization {
    /// The highest becomes 100; all stay 0 if none is above.
    static func highest(_ raw: [Int64], reversed: Bool = false) -> [Int64] {
        let top = raw.max() ?? 0
        guard top > 0 else { return raw.map { _ in reversed ? 100 : 0 } }
        return raw.map { reversed ? 100 - 100 * $0 / top : 100 * $0 / top }
    }
}
