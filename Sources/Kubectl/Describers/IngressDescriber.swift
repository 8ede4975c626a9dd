import KubernetesAPI

enum IngressDescriber: Describer {
    static func describe(
        _ ingress: Ingress, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        writer.field("Name", ingress.metadata.name)
        writer.labels("Labels", ingress.metadata.labels)
        writer.field("Namespace", ingress.metadata.namespace)
        writer.field(
            "Address",
            (ingress.status.loadBalancer?.ingress ?? []).map { $0.ip.isEmpty ? $0.hostname : $0.ip }.joined(
                separator: ","))
        writer.field("Ingress Class", ingress.spec.ingressClassName ?? "<none>")
        let fallback = ingress.spec.defaultBackend
        writer.field("Default backend", fallback.map { backend($0, ingress, on: &endpoint) } ?? "<default>")
        if !ingress.spec.tls.isEmpty {
            writer.line(0, "TLS:")
            for tls in ingress.spec.tls {
                let hosts = tls.hosts.joined(separator: ",")
                writer.line(1, tls.secretName.isEmpty ? "SNI routes \(hosts)" : "\(tls.secretName) terminates \(hosts)")
            }
        }
        writer.line(0, "Rules:")
        writer.line(1, "Host\tPath\tBackends")
        writer.line(1, "----\t----\t--------")
        for rule in ingress.spec.rules {
            guard let http = rule.ingressRuleValue.http else { continue }
            writer.line(1, "\(rule.host.or("*"))\t")
            for path in http.paths {
                writer.line(1, "  \t\(path.path) \t\(backend(path.backend, ingress, on: &endpoint))")
            }
        }
        if ingress.spec.rules.isEmpty {
            writer.line(1, "*\t* \t\(fallback.map { backend($0, ingress, on: &endpoint) } ?? "<default>")")
        }
        writer.annotations("Annotations", ingress.metadata.annotations)
        writer.events(endpoint.events(about: ingress))
    }

    /// `web:80 (10.0.0.1:8080)`
    private static func backend(
        _ backend: IngressBackend, _ ingress: Ingress, on endpoint: inout some SimulatedEndpoint
    ) -> String {
        guard let service = backend.service else {
            return backend.resource.map { "APIGroup: \($0.apiGroup ?? "<none>"), Kind: \($0.kind), Name: \($0.name)" }
                ?? "<default>"
        }
        let port = service.port.map { $0.name.isEmpty ? "\($0.number ?? 0)" : $0.name } ?? ""
        let namespace = ingress.metadata.namespace
        guard endpoint.get(Service.self, namespace: namespace, name: service.name) != nil else {
            return "\(service.name):\(port) (<error: services \"\(service.name)\" not found>)"
        }
        let slices = endpoint.list(
            EndpointSlice.self, namespace: namespace, labelSelector: "kubernetes.io/service-name=\(service.name)")
        let addresses = slices.flatMap { slice in
            slice.endpoints.filter { $0.conditions?.ready ?? true }.flatMap { row in
                row.addresses.map { address in slice.ports.first?.port.map { "\(address):\($0)" } ?? address }
            }
        }
        return "\(service.name):\(port) (\(addresses.prefix(3).joined(separator: ",")))"
    }
}
