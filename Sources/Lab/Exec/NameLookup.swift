import Cluster
import KubernetesAPI
import Simulation
import Workloads

/// Names and addresses as a container finds them: the cluster's DNS with the search list of the pod's namespace, and
/// where a connection to an address ends up.
struct NameLookup {
    /// What becomes of a connection.
    enum Place: Equatable {
        case target(Exchange.Target)
        /// Nobody answers at all: packets get lost.
        case silent
        case refused
        case unknownName
    }

    private let surroundings: ContainerSurroundings

    init(_ surroundings: ContainerSurroundings) { self.surroundings = surroundings }

    private var store: APIStore { surroundings.world.cluster.context.store }

    /// The service that a name stands for: `web`, `web.shop`, `web.shop.svc`, `web.shop.svc.cluster.local`.
    private func service(named name: String) -> Service? {
        var labels = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if labels.last == "" { labels.removeLast() }
        if labels.count == 5, labels.suffix(2) == ["cluster", "local"] { labels.removeLast(2) }
        switch labels.count {
        case 1: return store.named(surroundings.target.pod.metadata.namespace + "/" + labels[0])
        case 2: return store.named(labels[1] + "/" + labels[0])
        case 3 where labels[2] == "svc": return store.named(labels[1] + "/" + labels[0])
        default: return nil
        }
    }

    private func isOwn(_ host: String) -> Bool {
        ["localhost", "127.0.0.1", "[::1]", surroundings.hostname, surroundings.target.address].contains(host)
    }

    /// The address that DNS gives for a name.
    func address(of name: String) -> String? {
        if name == "localhost" { return "127.0.0.1" }
        if name == surroundings.hostname { return surroundings.target.address }
        guard let service = service(named: name) else { return nil }
        guard service.spec.clusterIP == "None" else { return service.spec.clusterIP }
        return readyAddresses(of: service).first
    }

    private func readyAddresses(of service: Service) -> [String] {
        let label = "kubernetes.io/service-name"
        return store.endpointSlices.ids.compactMap { store[$0] }
            .filter {
                $0.metadata.namespace == service.metadata.namespace
                    && $0.metadata.labels[label] == service.metadata.name
            }
            .flatMap(\.endpoints).filter { $0.conditions?.ready ?? true }.compactMap(\.addresses.first)
    }

    /// Where a connection to a port goes.
    func place(_ host: String, port: Int) -> Place {
        if isOwn(host) { return .target(.pod(surroundings.configuration.sandbox, port: port)) }
        if Self.isAddress(host) {
            if let id = store.services.ids.first(where: { store[$0]?.spec.clusterIP == host }), let service = store[id]
            {
                return place(service, port)
            }
            if let id = store.pods.ids.first(where: { store[$0]?.status.podIP == host }),
                let sandbox = surroundings.world.cluster.kubelet.sandbox(of: id)
            {
                return .target(.pod(sandbox, port: port))
            }
            return .silent
        }
        guard let service = service(named: host) else { return .unknownName }
        guard service.spec.clusterIP == "None" else { return place(service, port) }
        guard let address = readyAddresses(of: service).first else { return .unknownName }
        return place(address, port: port)
    }

    /// kube-proxy has rules for the ports of a service only; packets to another port of its address get lost.
    private func place(_ service: Service, _ port: Int) -> Place {
        guard service.spec.ports.contains(where: { Int($0.port) == port }) else { return .silent }
        return .target(.service("\(service.key):\(port)"))
    }

    private static func isAddress(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { Int($0).map { (0...255).contains($0) } ?? false }
    }
}
