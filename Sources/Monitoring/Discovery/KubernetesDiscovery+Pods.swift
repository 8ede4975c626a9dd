import KubernetesAPI
import PromQL

extension KubernetesDiscovery {
    /// A target for each declared port of a container; one without a port for a container that declares none.
    func group(_ pod: Pod) -> TargetGroup {
        let source = "pod/\(pod.metadata.namespace)/\(pod.metadata.name)"
        // A pod that has just been created or was evicted has no address.
        guard !pod.status.podIP.isEmpty else { return TargetGroup(source: source, labels: .empty, targets: []) }
        var common = Self.labels(of: pod)
        common.set("namespace", pod.metadata.namespace)
        attachNode(pod.spec.nodeName, to: &common)
        attachNamespace(pod.metadata.namespace, to: &common)
        var targets: [Labels] = []
        for container in Self.containers(of: pod) {
            if container.ports.isEmpty {
                var target = MetaLabels()
                target.setAddress(pod.status.podIP)
                container.describe(&target)
                targets.append(target.labels)
            }
            for port in container.ports {
                var target = MetaLabels()
                target.setAddress(MetaLabels.address(pod.status.podIP, port.containerPort))
                container.describe(&target)
                Self.describe(port, &target)
                targets.append(target.labels)
            }
        }
        return TargetGroup(source: source, labels: common.labels, targets: targets)
    }

    /// A container of a pod, as discovery sees it.
    struct DiscoveredContainer {
        let name: String
        let image: String
        let identifier: String
        let isInit: Bool
        let ports: [ContainerPort]

        func describe(_ target: inout MetaLabels) {
            target.set("pod_container_name", name)
            target.set("pod_container_id", identifier)
            target.set("pod_container_image", image)
            target.set("pod_container_init", "\(isInit)")
        }
    }

    static func containers(of pod: Pod) -> [DiscoveredContainer] {
        func list(_ containers: [Container], _ statuses: [ContainerStatus], isInit: Bool) -> [DiscoveredContainer] {
            containers.map { container in
                DiscoveredContainer(
                    name: container.name, image: container.image,
                    identifier: statuses.first { $0.name == container.name }?.containerID ?? "", isInit: isInit,
                    ports: container.ports)
            }
        }
        return list(pod.spec.containers, pod.status.containerStatuses, isInit: false)
            + list(pod.spec.initContainers, pod.status.initContainerStatuses, isInit: true)
    }

    static func describe(_ port: ContainerPort, _ target: inout MetaLabels) {
        target.set("pod_container_port_name", port.name)
        target.set("pod_container_port_number", "\(port.containerPort)")
        target.set("pod_container_port_protocol", port.protocol)
    }

    /// What every target of a pod carries, whichever role found it.
    static func labels(of pod: Pod) -> MetaLabels {
        var labels = MetaLabels()
        labels.add(pod.metadata, role: "pod")
        labels.set("pod_ip", pod.status.podIP)
        let ready = pod.status.conditions.first { $0.type == "Ready" }?.status ?? "Unknown"
        labels.set("pod_ready", ready.lowercased())
        labels.set("pod_phase", pod.status.phase)
        labels.set("pod_node_name", pod.spec.nodeName)
        labels.set("pod_host_ip", pod.status.hostIP)
        labels.set("pod_uid", pod.metadata.uid)
        if let owner = pod.metadata.ownerReferences.first(where: { $0.controller == true }) {
            labels.set("pod_controller_kind", owner.kind)
            labels.set("pod_controller_name", owner.name)
        }
        return labels
    }
}
