import KubernetesAPI
import Simulation

/// Cluster IPs and node ports of services (`pkg/registry/core/service/ipallocator`, `portallocator`).
public struct ServiceAllocations: Sendable {
    private var random: RandomStream

    init(seed: UInt64) { random = RandomStream(seed: seed, name: "apiserver/service-allocations") }

    /// Fills in the addresses and ports that a new service leaves to the API server.
    mutating func allocate(_ service: inout Service, _ store: APIStore) {
        let type = service.spec.type.isEmpty ? "ClusterIP" : service.spec.type
        guard type != "ExternalName" else { return }
        if service.spec.clusterIP.isEmpty {
            var used: Set<String> = []
            store.services.forEach { _, other in used.insert(other.spec.clusterIP) }
            var address = ""
            repeat {
                let offset = 256 + random.below(65_536 - 512)
                address = "10.96.\(offset / 256).\(offset % 256)"
            } while used.contains(address) && used.count < 60_000
            service.spec.clusterIP = address
        }
        if service.spec.clusterIPs.isEmpty { service.spec.clusterIPs = [service.spec.clusterIP] }
        guard type == "NodePort" || type == "LoadBalancer" else { return }
        var used: Set<Int32> = []
        store.services.forEach { _, other in for port in other.spec.ports { used.insert(port.nodePort ?? 0) } }
        for index in service.spec.ports.indices where service.spec.ports[index].nodePort ?? 0 == 0 {
            var port: Int32 = 0
            repeat { port = 30_000 + Int32(random.below(2_768)) } while used.contains(port) && used.count < 2_700
            used.insert(port)
            service.spec.ports[index].nodePort = port
        }
    }
}

extension ServiceAllocations: BinaryCodable {
    public func write(to writer: inout BinaryWriter) { writer.write(random) }
    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) { random = try reader.read() }
}
