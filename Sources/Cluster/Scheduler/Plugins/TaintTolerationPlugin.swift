import KubernetesAPI

/// Taints that a pod does not tolerate (`plugins/tainttoleration`).
enum TaintTolerationPlugin {
    static func filter(_ pod: PodInfo, _ node: NodeInfo) -> Rejection? {
        accepts(pod, node) ? nil : Rejection(.taintToleration, "node(s) had untolerated taint(s)", unresolvable: true)
    }

    static func accepts(_ pod: PodInfo, _ node: NodeInfo) -> Bool {
        for taint in node.node.spec.taints where taint.effect == "NoSchedule" || taint.effect == "NoExecute" {
            if !pod.pod.spec.tolerations.contains(where: { $0.tolerates(taint) }) { return false }
        }
        return true
    }

    /// The fewer untolerated PreferNoSchedule taints, the better.
    static func score(_ pod: PodInfo, _ nodes: [NodeInfo]) -> [Int64] {
        let tolerations = pod.pod.spec.tolerations.filter { $0.effect.isEmpty || $0.effect == "PreferNoSchedule" }
        let raw = nodes.map { node in
            Int64(node.node.spec.taints.filter { taint in
                taint.effect == "PreferNoSchedule" && !tolerations.contains { $0.tolerates(taint) }
            }.count)
        }
        return Normalization.highest(raw, reversed: true)
    }
}
