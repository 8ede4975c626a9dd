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
    /// Puts the pod on a node.
    /// - Parameter labels: those that it has from then on; nil if they stay.
    mutating func bind(to node: String, labels: [String: String]?, at time: Time) {
        spec.nodeName = node
        if let labels { metadata.labels = labels }
        setCondition("PodScheduled", "True", at: time)
    }
}

/// Labels of pods together with those of their nodes. Remembers the last outcome, so that the replicas that come to one
/// zone share the storage of their labels.
struct TopologyMerge: Sendable {
    private var last: (labels: [String: String], topology: [String: String], merged: [String: String])?

    init() {}

    /// The labels of a pod on a node, whose labels win; nil if they stay as they are.
    mutating func labels(of pod: Pod, on topology: [String: String]) -> [String: String]? {
        guard !topology.isEmpty else { return nil }
        let labels = pod.metadata.labels
        if let last, last.labels == labels, last.topology == topology { return last.merged }
        let merged = labels.merging(topology) { _, handedDown in handedDown }
        last = (labels, topology, merged)
        return merged
    }
}
