import KubernetesAPI

extension TableDefinition {
    static var networkTables: [TableDefinition] { [endpointSlices, ingresses] }

    private static let endpointSlices = TableDefinition(
        EndpointSlice.self,
        [
            .name,
            .init("AddressType") { slice, _ in slice.addressType },
            .init("Ports") { slice, _ in
                shortened(slice.ports.map { $0.port.map { "\($0)" } ?? "*" }, whenEmpty: "<unset>")
            },
            .init("Endpoints") { slice, _ in shortened(slice.endpoints.flatMap(\.addresses), whenEmpty: "<unset>") },
            .age,
        ])

    /// The first three, and how many more.
    private static func shortened(_ texts: [String], whenEmpty: String) -> String {
        guard !texts.isEmpty else { return whenEmpty }
        let shown = texts.prefix(3).joined(separator: ",")
        return texts.count > 3 ? "\(shown) + \(texts.count - 3) more..." : shown
    }

    private static let ingresses = TableDefinition(
        Ingress.self,
        [
            .name,
            .init("Class") { ingress, _ in ingress.spec.ingressClassName ?? "<none>" },
            .init("Hosts") { ingress, _ in
                let hosts = ingress.spec.rules.map(\.host).filter { !$0.isEmpty }
                return hosts.isEmpty ? "*" : shortened(hosts, whenEmpty: "*")
            },
            .init("Address") { ingress, _ in
                (ingress.status.loadBalancer?.ingress ?? []).map { $0.ip.isEmpty ? $0.hostname : $0.ip }.joined(
                    separator: ",")
            },
            .init("Ports") { ingress, _ in ingress.spec.tls.isEmpty ? "80" : "80, 443" },
            .age,
        ])
}
