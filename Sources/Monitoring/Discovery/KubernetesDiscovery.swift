import KubernetesAPI
import PromQL

/// Finds the targets of one `kubernetes_sd_configs` entry (`discovery/kubernetes` of Prometheus 3).
///
/// Groups come in the order of namespace and name, targets in the order of the object's own lists.
struct KubernetesDiscovery {
    let configuration: KubernetesDiscoveryConfiguration
    let objects: DiscoveredObjects
    let ownNamespace: String
    private let nodes: [String: Int]
    private let namespaces: [String: Int]

    init(
        _ configuration: KubernetesDiscoveryConfiguration, _ objects: DiscoveredObjects, ownNamespace: String
    ) {
        self.configuration = configuration
        self.objects = objects
        self.ownNamespace = ownNamespace
        func places(_ names: [String]) -> [String: Int] {
            Dictionary(zip(names, names.indices)) { first, _ in first }
        }
        nodes = configuration.attachNode ? places(objects.nodes.map(\.metadata.name)) : [:]
        namespaces = configuration.attachNamespace ? places(objects.namespaces.map(\.metadata.name)) : [:]
    }

    func groups() -> [TargetGroup] {
        switch configuration.role {
        case .pod: pods.map(group)
        case .service: services.map(group)
        case .endpoints: endpointsGroups()
        case .endpointslice: endpointSliceGroups()
        case .node: selection(.node).select(objects.nodes, namespaced: false, field: Self.field).compactMap(group)
        case .ingress: selection(.ingress).select(objects.ingresses).map(group)
        }
    }

    func selection(_ role: KubernetesRole) -> ObjectSelection {
        ObjectSelection(configuration, role: role, ownNamespace: ownNamespace)
    }

    var pods: [Pod] { selection(.pod).select(objects.pods, field: Self.field) }
    var services: [Service] { selection(.service).select(objects.services, field: Self.field) }

    static func field(_ pod: Pod, _ name: String) -> String? {
        switch name {
        case "spec.nodeName": pod.spec.nodeName
        case "spec.restartPolicy": pod.spec.restartPolicy
        case "spec.schedulerName": pod.spec.schedulerName
        case "spec.serviceAccountName": pod.spec.serviceAccountName
        case "spec.hostNetwork": "\(pod.spec.hostNetwork ?? false)"
        case "status.phase": pod.status.phase
        case "status.podIP": pod.status.podIP
        case "status.nominatedNodeName": pod.status.nominatedNodeName
        default: nil
        }
    }

    static func field(_ service: Service, _ name: String) -> String? {
        switch name {
        case "spec.clusterIP": service.spec.clusterIP
        case "spec.type": service.spec.type
        default: nil
        }
    }

    static func field(_ node: Node, _ name: String) -> String? {
        name == "spec.unschedulable" ? "\(node.spec.unschedulable ?? false)" : nil
    }

    /// Adds what `attach_metadata.node` asks for.
    func attachNode(_ name: String, to labels: inout MetaLabels) {
        if let place = nodes[name] { labels.add(objects.nodes[place].metadata, role: "node") }
    }

    /// Adds what `attach_metadata.namespace` asks for.
    func attachNamespace(_ name: String, to labels: inout MetaLabels) {
        guard let place = namespaces[name] else { return }
        labels.add(objects.namespaces[place].metadata, role: "namespace", withName: false)
    }
}
