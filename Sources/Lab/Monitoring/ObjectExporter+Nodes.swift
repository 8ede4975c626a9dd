import KubernetesAPI
import PromQL

/// kube-state-metrics' series of nodes.
extension World {
    func exposeNodes(_ nodes: [Node], into metrics: inout ExposedMetrics) {
        func own(_ node: Node) -> [Label] { [Label("node", node.metadata.name)] }
        each(nodes, "kube_node_info", "gauge", "Information about a cluster node.", into: &metrics) { node in
            let address = node.status.addresses.first { $0.type == "InternalIP" }?.address ?? ""
            return [
                (
                    own(node) + [
                        Label("internal_ip", address),
                        Label("kubelet_version", node.status.nodeInfo?.kubeletVersion ?? ""),
                    ], 1
                )
            ]
        }
        each(
            nodes, "kube_node_spec_unschedulable", "gauge", "Whether a node can schedule new pods.", into: &metrics
        ) { [(own($0), $0.spec.unschedulable == true ? 1 : 0)] }
        each(nodes, "kube_node_status_condition", "gauge", "The condition of a cluster node.", into: &metrics) { node in
            node.status.conditions.flatMap { condition in
                ["true", "false", "unknown"].map { value in
                    (
                        own(node) + [Label("condition", condition.type), Label("status", value)],
                        condition.status.lowercased() == value ? 1 : 0
                    )
                }
            }
        }
        for (name, list) in [("capacity", \NodeStatus.capacity), ("allocatable", \.allocatable)] {
            each(nodes, "kube_node_status_\(name)", "gauge", "The \(name) of a node's resources.", into: &metrics) {
                node in
                Self.resources(node.status[keyPath: list]).map { resource, unit, value in
                    (own(node) + [Label("resource", resource), Label("unit", unit)], value)
                }
            }
        }
    }
}
