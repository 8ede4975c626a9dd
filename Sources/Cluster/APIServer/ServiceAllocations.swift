import KubernetesAPI
import Simulation

/// Cluster IPs and node ports of services (`pkg/registry/core/service/ipallocator`, `portallocator`).
public struct ServiceAllocations: Sendable {
    private var random: RandomStream

    init(seed: UInt64) { random = RandomStream(seed: seed, name: "apiserver/service-allocations") }

    /// Fills in the addresses and ports that a service leaves to the API server, and checks those that it names.
    ///
    /// - Parameter old: the service before a change; nil for a new one.
    /// - Throws: 422 for an address or port that somebody else has or that lies outside its range.
    mutating func allocate(_ service: inout Service, replacing old: Service?, _ store: APIStore) throws(APIStatus) {
        guard service.needsClusterIP else { return }
        var (addresses, ports): (Set<String>, Set<Int32>) = ([], [])
        store.services.forEach { _, other in
            guard other.key != service.key else { return }
            addresses.formUnion([other.spec.clusterIP] + other.spec.clusterIPs)
            for port in other.spec.ports { ports.insert(port.nodePort ?? 0) }
        }
        if service.spec.clusterIP.isEmpty {
            service.spec.clusterIP = freeAddress(addresses)
        } else if service.spec.clusterIP != "None", service.spec.clusterIP != old?.spec.clusterIP {
            try Self.check(address: service.spec.clusterIP, of: service, addresses)
        }
        if service.spec.clusterIPs.isEmpty { service.spec.clusterIPs = [service.spec.clusterIP] }
        guard service.needsNodePorts else { return }
        let kept = Set(old?.spec.ports.compactMap(\.nodePort) ?? [])
        for (index, port) in service.spec.ports.enumerated() {
            guard let number = port.nodePort, number != 0, !kept.contains(number) else { continue }
            try Self.check(nodePort: number, at: index, of: service, ports)
        }
        ports.formUnion(service.spec.ports.compactMap(\.nodePort))
        for index in service.spec.ports.indices where service.spec.ports[index].nodePort ?? 0 == 0 {
            let port = freePort(ports)
            ports.insert(port)
            service.spec.ports[index].nodePort = port
        }
    }

    private mutating func freeAddress(_ used: Set<String>) -> String {
        var address = ""
        repeat {
            let offset = 256 + random.below(65_536 - 512)
            address = "10.96.\(offset / 256).\(offset % 256)"
        } while used.contains(address) && used.count < 60_000
        return address
    }

    private mutating func freePort(_ used: Set<Int32>) -> Int32 {
        var port: Int32 = 0
        repeat { port = 30_000 + Int32(random.below(2_768)) } while used.contains(port) && used.count < 2_700
        return port
    }

    /// The service network is 10.96.0.0/12.
    private static func check(address: String, of service: Service, _ used: Set<String>) throws(APIStatus) {
        let numbers = address.split(separator: ".").compactMap { Int($0) }
        let problem: String
        if numbers.count != 4 || numbers[0] != 10 || !(96..<112).contains(numbers[1]) {
            problem = "the provided network does not match the current range"
        } else if used.contains(address) {
            problem = "provided IP is already allocated"
        } else {
            return
        }
        var errors = FieldErrors()
        let list = service.spec.clusterIPs.isEmpty ? [address] : service.spec.clusterIPs
        errors.invalid(
            FieldPath("spec").child("clusterIPs"), json: .array(list.map(JSONValue.string)),
            "failed to allocate IP \(address): \(problem)")
        if let status = errors.status(Service.resource, name: service.metadata.name) { throw status }
    }

    private static func check(nodePort: Int32, at index: Int, of service: Service, _ used: Set<Int32>)
        throws(APIStatus)
    {
        let problem: String
        if !(30_000...32_767).contains(nodePort) {
            problem = "provided port is not in the valid range. The range of valid ports is 30000-32767"
        } else if used.contains(nodePort) {
            problem = "provided port is already allocated"
        } else {
            return
        }
        var errors = FieldErrors()
        errors.invalid(FieldPath("spec").child("ports").index(index).child("nodePort"), nodePort, problem)
        if let status = errors.status(Service.resource, name: service.metadata.name) { throw status }
    }
}

extension Service {
    var needsClusterIP: Bool { spec.type != "ExternalName" }
    var needsNodePorts: Bool { spec.type == "NodePort" || spec.type == "LoadBalancer" }

    /// What a changed service keeps of what was allocated to it, though its new text does not name it; and what it loses
    /// with its old type (`patchAllocatedValues` and `dropTypeDependentFields` of the registry).
    mutating func keepAllocations(of old: Service) {
        switch (old.needsClusterIP, needsClusterIP) {
        case (true, true):
            if spec.clusterIP.isEmpty { spec.clusterIP = old.spec.clusterIP }
            if spec.clusterIPs.isEmpty { spec.clusterIPs = old.spec.clusterIPs }
            // Who changes one of the two means both.
            if spec.clusterIP != old.spec.clusterIP, spec.clusterIPs == old.spec.clusterIPs, !spec.clusterIPs.isEmpty {
                spec.clusterIPs[0] = spec.clusterIP
            }
        case (true, false):
            guard spec.clusterIP == old.spec.clusterIP else { break }
            spec.clusterIP = ""
            spec.clusterIPs = []
            spec.ipFamilies = []
            spec.ipFamilyPolicy = nil
        default: break
        }
        switch (old.needsNodePorts, needsNodePorts) {
        case (true, true):
            for index in spec.ports.indices where spec.ports[index].nodePort ?? 0 == 0 {
                let port = spec.ports[index]
                spec.ports[index].nodePort =
                    old.spec.ports.first { $0.port == port.port && $0.protocol == port.protocol }?.nodePort
            }
        case (true, false):
            guard spec.ports.map(\.nodePort) == old.spec.ports.map(\.nodePort) else { break }
            for index in spec.ports.indices { spec.ports[index].nodePort = nil }
        default: break
        }
        if old.needsNodePorts, !needsNodePorts, spec.externalTrafficPolicy == old.spec.externalTrafficPolicy {
            spec.externalTrafficPolicy = ""
        }
        if old.spec.type == "LoadBalancer", spec.type != "LoadBalancer" {
            if spec.allocateLoadBalancerNodePorts == old.spec.allocateLoadBalancerNodePorts {
                spec.allocateLoadBalancerNodePorts = nil
            }
            if spec.loadBalancerClass == old.spec.loadBalancerClass { spec.loadBalancerClass = nil }
        }
    }
}

extension ServiceAllocations: BinaryCodable {
    public func write(to writer: inout BinaryWriter) { writer.write(random) }
    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) { random = try reader.read() }
}
