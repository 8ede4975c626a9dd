import KubernetesAPI
import PromQL

/// Pods that the endpoints of one object lead to, with the ports that were met.
private struct SeenPods {
    private(set) var all: [(pod: Pod, ports: Set<Int32>)] = []

    mutating func note(_ pod: Pod, port: Int32?) {
        let key = (pod.metadata.namespace, pod.metadata.name)
        let place = all.firstIndex { ($0.pod.metadata.namespace, $0.pod.metadata.name) == key } ?? all.count
        if place == all.count { all.append((pod, [])) }
        if let port { all[place].ports.insert(port) }
    }

    /// Targets for the declared ports of these pods that no endpoint leads to.
    var remainingTargets: [Labels] {
        all.flatMap { pod, ports -> [Labels] in
            guard !pod.status.podIP.isEmpty else { return [] }
            return KubernetesDiscovery.containers(of: pod).flatMap { container in
                container.ports.filter { !ports.contains($0.containerPort) }.map { port in
                    var target = KubernetesDiscovery.labels(of: pod)
                    target.setAddress(MetaLabels.address(pod.status.podIP, port.containerPort))
                    target.set("pod_container_name", container.name)
                    target.set("pod_container_image", container.image)
                    target.set("pod_container_init", "\(container.isInit)")
                    KubernetesDiscovery.describe(port, &target)
                    return target.labels
                }
            }
        }
    }
}

/// Finds objects by namespace and name.
private struct ObjectIndex<Object: KubernetesObject> {
    private var places: [String: Object] = [:]

    init(_ objects: [Object]) {
        for object in objects { places[object.metadata.namespace + "/" + object.metadata.name] = object }
    }

    func find(_ namespace: String, _ name: String) -> Object? { places[namespace + "/" + name] }
}

extension KubernetesDiscovery {
    /// A target for each address and port of Endpoints, ready or not, and for the other ports of the pods behind them.
    func endpointsGroups() -> [TargetGroup] {
        let pods = ObjectIndex(self.pods)
        let services = ObjectIndex(self.services)
        return selection(.endpoints).select(objects.endpoints).map { object in
            let namespace = object.metadata.namespace
            var common = MetaLabels()
            common.set("namespace", namespace)
            common.add(object.metadata, role: "endpoints")
            if let service = services.find(namespace, object.metadata.name) {
                common.add(service.metadata, role: "service")
            }
            attachNamespace(namespace, to: &common)
            var targets: [Labels] = []
            var seen = SeenPods()
            func add(_ address: EndpointAddress, _ port: EndpointPort, ready: Bool) {
                var target = MetaLabels()
                target.setAddress(MetaLabels.address(address.ip, port.port))
                target.set("endpoint_port_name", port.name ?? "")
                target.set("endpoint_port_protocol", port.protocol ?? "")
                target.set("endpoint_ready", "\(ready)")
                if let reference = address.targetRef {
                    target.set("endpoint_address_target_kind", reference.kind)
                    target.set("endpoint_address_target_name", reference.name)
                }
                target.set("endpoint_node_name", address.nodeName)
                target.set("endpoint_hostname", address.hostname)
                attachNode(
                    address.targetRef.flatMap { $0.kind == "Node" ? $0.name : nil } ?? address.nodeName, to: &target)
                merge(address.targetRef, port: port.port, pods, &target, &seen)
                targets.append(target.labels)
            }
            for subset in object.subsets {
                for port in subset.ports {
                    for address in subset.addresses { add(address, port, ready: true) }
                    for address in subset.notReadyAddresses { add(address, port, ready: false) }
                }
            }
            return TargetGroup(
                source: "endpoints/\(namespace)/\(object.metadata.name)", labels: common.labels,
                targets: targets + seen.remainingTargets)
        }
    }

    /// The same of an EndpointSlice.
    func endpointSliceGroups() -> [TargetGroup] {
        let pods = ObjectIndex(self.pods)
        let services = ObjectIndex(self.services)
        return selection(.endpointslice).select(objects.endpointSlices).map { slice in
            let namespace = slice.metadata.namespace
            var common = MetaLabels()
            common.set("namespace", namespace)
            common.set("endpointslice_address_type", slice.addressType)
            common.add(slice.metadata, role: "endpointslice")
            if let name = slice.metadata.labels["kubernetes.io/service-name"],
                let service = services.find(namespace, name)
            {
                common.add(service.metadata, role: "service")
            }
            attachNamespace(namespace, to: &common)
            var targets: [Labels] = []
            var seen = SeenPods()
            for endpoint in slice.endpoints {
                for port in slice.ports {
                    for address in endpoint.addresses {
                        var target = Self.target(address, endpoint, port)
                        attachNode(
                            endpoint.targetRef.flatMap { $0.kind == "Node" ? $0.name : nil } ?? endpoint.nodeName
                                ?? "", to: &target)
                        merge(endpoint.targetRef, port: port.port, pods, &target, &seen)
                        targets.append(target.labels)
                    }
                }
            }
            return TargetGroup(
                source: "endpointslice/\(namespace)/\(slice.metadata.name)", labels: common.labels,
                targets: targets + seen.remainingTargets)
        }
    }

    private static func target(_ address: String, _ endpoint: Endpoint, _ port: EndpointSlicePort) -> MetaLabels {
        var target = MetaLabels()
        target.setAddress(port.port.map { MetaLabels.address(address, $0) } ?? address)
        target.set("endpointslice_port_name", port.name ?? "")
        target.set("endpointslice_port_protocol", port.protocol ?? "")
        target.set("endpointslice_port", port.port.map { "\($0)" } ?? "")
        target.set("endpointslice_port_app_protocol", port.appProtocol ?? "")
        for (name, condition) in [
            ("ready", endpoint.conditions?.ready), ("serving", endpoint.conditions?.serving),
            ("terminating", endpoint.conditions?.terminating),
        ] {
            if let condition { target.set("endpointslice_endpoint_conditions_\(name)", "\(condition)") }
        }
        target.set("endpointslice_endpoint_hostname", endpoint.hostname ?? "")
        target.set("endpointslice_endpoint_node_name", endpoint.nodeName ?? "")
        target.set("endpointslice_endpoint_zone", endpoint.zone ?? "")
        if let reference = endpoint.targetRef {
            target.set("endpointslice_address_target_kind", reference.kind)
            target.set("endpointslice_address_target_name", reference.name)
        }
        for (key, value) in endpoint.deprecatedTopology.sorted(by: { ByteOrder.less($0.key, $1.key) }) {
            let name = MetaLabels.sanitized(key)
            target.set("endpointslice_endpoint_topology_\(name)", value)
            target.set("endpointslice_endpoint_topology_present_\(name)", "true")
        }
        return target
    }

    /// Adds what is known of the pod behind an endpoint, and of its container that declares the port.
    private func merge(
        _ reference: ObjectReference?, port: Int32?, _ pods: ObjectIndex<Pod>, _ target: inout MetaLabels,
        _ seen: inout SeenPods
    ) {
        guard let reference, reference.kind == "Pod", let pod = pods.find(reference.namespace, reference.name) else {
            return
        }
        target.add(Self.labels(of: pod))
        if let port {
            for container in Self.containers(of: pod) {
                guard let declared = container.ports.first(where: { $0.containerPort == port }) else { continue }
                target.set("pod_container_name", container.name)
                target.set("pod_container_image", container.image)
                Self.describe(declared, &target)
            }
        }
        seen.note(pod, port: port)
    }
}
