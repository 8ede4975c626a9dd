import KubernetesAPI

/// The admission plugin PodTopologyLabels (`plugin/pkg/admission/podtopologylabels`): a pod that gets a node takes the
/// node's place in the world as labels of its own, so that its programs can read where they run.
extension ClusterContext {
    private static let topologyKeys = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"]

    /// The labels that a node hands down to its pods; none for a node that is not there.
    func topologyLabels(of node: String) -> [String: String] {
        guard let labels = store.nodes.named(node)?.metadata.labels else { return [:] }
        var topology: [String: String] = [:]
        for key in Self.topologyKeys {
            if let value = labels[key] { topology[key] = value }
        }
        return topology
    }
}

extension Pod {
    /// Puts the pod on a node; the node's labels win over those of the pod.
    mutating func bind(to node: String, topology: [String: String], at time: Time) {
        spec.nodeName = node
        if !topology.isEmpty { metadata.labels.merge(topology) { _, handedDown in handedDown } }
        setCondition("PodScheduled", "True", at: time)
    }
}
