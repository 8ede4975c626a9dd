import KubernetesAPI

enum ServiceDescriber: Describer {
    static func describe(
        _ service: Service, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        let spec = service.spec
        writer.header(service.metadata)
        writer.labels("Selector", spec.selector)
        writer.field("Type", spec.type)
        if let policy = spec.ipFamilyPolicy { writer.field("IP Family Policy", policy) }
        if !spec.ipFamilies.isEmpty { writer.field("IP Families", spec.ipFamilies.joined(separator: ",")) }
        writer.field("IP", spec.clusterIP)
        if !spec.clusterIPs.isEmpty { writer.field("IPs", spec.clusterIPs.joined(separator: ",")) }
        if !spec.externalIPs.isEmpty { writer.field("External IPs", spec.externalIPs.joined(separator: ",")) }
        if !spec.loadBalancerIP.isEmpty { writer.field("Desired LoadBalancer IP", spec.loadBalancerIP) }
        if !spec.externalName.isEmpty { writer.field("External Name", spec.externalName) }
        let ingress = service.status.loadBalancer?.ingress ?? []
        if !ingress.isEmpty {
            writer.field(
                "LoadBalancer Ingress", ingress.map { $0.ip.isEmpty ? $0.hostname : $0.ip }.joined(separator: ", "))
        }
        let slices = endpoint.list(
            EndpointSlice.self, namespace: service.metadata.namespace,
            labelSelector: "kubernetes.io/service-name=\(service.metadata.name)")
        for port in spec.ports {
            let name = port.name.or("<unset>")
            writer.line(0, "Port:\t\(name)\t\(port.port)/\(port.protocol)")
            writer.field("TargetPort", "\(port.targetPort?.text ?? "\(port.port)")/\(port.protocol)")
            if let node = port.nodePort, node != 0 { writer.line(0, "NodePort:\t\(name)\t\(node)/\(port.protocol)") }
            writer.field("Endpoints", addresses(slices, port.name))
        }
        writer.field("Session Affinity", spec.sessionAffinity)
        if !spec.externalTrafficPolicy.isEmpty { writer.field("External Traffic Policy", spec.externalTrafficPolicy) }
        if let policy = spec.internalTrafficPolicy { writer.field("Internal Traffic Policy", policy) }
        if let distribution = spec.trafficDistribution { writer.field("Traffic Distribution", distribution) }
        if let port = spec.healthCheckNodePort, port != 0 { writer.field("HealthCheck NodePort", "\(port)") }
        if !spec.loadBalancerSourceRanges.isEmpty {
            writer.field("LoadBalancer Source Ranges", spec.loadBalancerSourceRanges.joined(separator: ","))
        }
        writer.events(endpoint.events(about: service))
    }

    /// The first three ready addresses with the port of a name, and how many more.
    private static func addresses(_ slices: [EndpointSlice], _ name: String) -> String {
        guard !slices.isEmpty else { return "<none>" }
        var found: [String] = []
        for slice in slices {
            for port in slice.ports where (port.name ?? "") == name {
                for endpoint in slice.endpoints where endpoint.conditions?.ready ?? true {
                    found += endpoint.addresses.map {
                        $0.contains(":") ? "[\($0)]:\(port.port ?? 0)" : "\($0):\(port.port ?? 0)"
                    }
                }
            }
        }
        let shown = found.prefix(3).joined(separator: ",")
        return found.count > 3 ? "\(shown) + \(found.count - 3) more..." : shown
    }
}

enum EndpointsDescriber: Describer {
    static func describe(
        _ endpoints: Endpoints, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        writer.header(endpoints.metadata)
        writer.line(0, "Subsets:")
        for subset in endpoints.subsets {
            writer.field("Addresses", subset.addresses.map(\.ip).joined(separator: ",").or("<none>"), level: 1)
            writer.field(
                "NotReadyAddresses", subset.notReadyAddresses.map(\.ip).joined(separator: ",").or("<none>"), level: 1)
            if !subset.ports.isEmpty {
                writer.line(1, "Ports:")
                writer.line(2, "Name\tPort\tProtocol")
                writer.line(2, "----\t----\t--------")
                for port in subset.ports {
                    writer.line(2, "\((port.name ?? "").or("<unset>"))\t\(port.port)\t\(port.protocol ?? "TCP")")
                }
            }
            writer.line(0, "")
        }
        writer.events(endpoint.events(about: endpoints))
    }
}

enum EndpointSliceDescriber: Describer {
    static func describe(
        _ slice: EndpointSlice, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        writer.header(slice.metadata)
        writer.field("AddressType", slice.addressType)
        if slice.ports.isEmpty {
            writer.line(0, "Ports: <unset>")
        } else {
            writer.line(0, "Ports:")
            writer.line(1, "Name\tPort\tProtocol")
            writer.line(1, "----\t----\t--------")
            for port in slice.ports {
                writer.line(
                    1,
                    "\((port.name ?? "").or("<unset>"))\t\(port.port.map { "\($0)" } ?? "<unset>")\t\(port.protocol ?? "TCP")"
                )
            }
        }
        if slice.endpoints.isEmpty { writer.line(0, "Endpoints: <none>") } else { writer.line(0, "Endpoints:") }
        for row in slice.endpoints {
            writer.line(1, "- Addresses:\t\(row.addresses.joined(separator: ", "))")
            writer.line(2, "Conditions:")
            writer.field("Ready", row.conditions?.ready.map { "\($0)" } ?? "<unset>", level: 3)
            writer.field("Hostname", row.hostname ?? "<unset>", level: 2)
            if let target = row.targetRef { writer.field("TargetRef", "\(target.kind)/\(target.name)", level: 2) }
            writer.field("NodeName", row.nodeName ?? "<unset>", level: 2)
            writer.field("Zone", row.zone ?? "<unset>", level: 2)
        }
        writer.events(endpoint.events(about: slice))
    }
}
