import KubernetesAPI
import PromQL

extension KubernetesDiscovery {
    /// A target for each port of a service, by its DNS name.
    func group(_ service: Service) -> TargetGroup {
        let (namespace, name) = (service.metadata.namespace, service.metadata.name)
        var common = MetaLabels()
        common.set("namespace", namespace)
        common.add(service.metadata, role: "service")
        attachNamespace(namespace, to: &common)
        return TargetGroup(
            source: "svc/\(namespace)/\(name)", labels: common.labels,
            targets: service.spec.ports.map { port in
                var target = MetaLabels()
                target.setAddress(MetaLabels.address("\(name).\(namespace).svc", port.port))
                target.set("service_port_name", port.name)
                target.set("service_port_number", "\(port.port)")
                target.set("service_port_protocol", port.protocol)
                target.set("service_type", service.spec.type)
                if service.spec.type == "ExternalName" {
                    target.set("service_external_name", service.spec.externalName)
                } else {
                    target.set("service_cluster_ip", service.spec.clusterIP)
                }
                if service.spec.type == "LoadBalancer" {
                    target.set("service_loadbalancer_ip", service.spec.loadBalancerIP)
                }
                return target.labels
            })
    }

    /// One target, the kubelet of a node; nil for a node without an address.
    func group(_ node: Node) -> TargetGroup? {
        let order = ["InternalIP", "InternalDNS", "ExternalIP", "ExternalDNS", "LegacyHostIP", "Hostname"]
        let addresses = node.status.addresses
        guard
            let address = order.lazy.compactMap({ kind in addresses.first { $0.type == kind }?.address }).first
        else { return nil }
        var common = MetaLabels()
        common.add(node.metadata, role: "node")
        common.set("node_provider_id", node.spec.providerID)
        var target = MetaLabels()
        target.setAddress(
            MetaLabels.address(address, node.status.daemonEndpoints?.kubeletEndpoint?.port ?? 0))
        target.setInstance(node.metadata.name)
        var seen: Set<String> = []
        for address in addresses where seen.insert(address.type).inserted {
            target.set("node_address_" + MetaLabels.sanitized(address.type), address.address)
        }
        return TargetGroup(
            source: "node/\(node.metadata.name)", labels: common.labels, targets: [target.labels])
    }

    /// A target for each path of an Ingress' rules.
    func group(_ ingress: Ingress) -> TargetGroup {
        let namespace = ingress.metadata.namespace
        var common = MetaLabels()
        common.set("namespace", namespace)
        common.add(ingress.metadata, role: "ingress")
        common.set("ingress_class_name", ingress.spec.ingressClassName ?? "")
        attachNamespace(namespace, to: &common)
        var targets: [Labels] = []
        let secured = ingress.spec.tls.flatMap(\.hosts)
        for rule in ingress.spec.rules {
            let scheme = secured.contains { Self.matches(rule.host, pattern: $0) } ? "https" : "http"
            let paths = rule.ingressRuleValue.http?.paths.map { $0.path.isEmpty ? "/" : $0.path } ?? ["/"]
            for path in paths {
                var target = MetaLabels()
                target.setAddress(rule.host)
                target.set("ingress_scheme", scheme)
                target.set("ingress_host", rule.host)
                target.set("ingress_path", path)
                targets.append(target.labels)
            }
        }
        return TargetGroup(
            source: "ingress/\(namespace)/\(ingress.metadata.name)", labels: common.labels, targets: targets)
    }

    /// Whether a host is meant by a name of a certificate; `*.` stands for one label.
    private static func matches(_ host: String, pattern: String) -> Bool {
        if pattern == host { return true }
        guard pattern.hasPrefix("*."), let dot = host.firstIndex(of: "."), dot > host.startIndex else { return false }
        return host[dot...] == pattern.dropFirst()
    }
}
