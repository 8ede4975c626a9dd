import Simulation

/// kube-proxy's view of every service, as a client on a node sees it at this instant.
///
/// Kept by the cluster, lent to the workloads by `World`. A service keeps its index for the life of the world, so that
/// a client resolves a name once.
public struct EndpointTable: Sendable {
    /// One pod behind a service.
    public struct Endpoint: Sendable, Equatable {
        public var sandbox: SandboxID
        /// The container port that the service's target port resolves to in this pod.
        public var port: Int

        public init(sandbox: SandboxID, port: Int) {
            self.sandbox = sandbox
            self.port = port
        }
    }

    /// One port of one service.
    public struct Service: Sendable, Equatable {
        /// `namespace/name`.
        public var name: String
        public var exists: Bool
        /// Endpoints to choose from: the ready ones or, when there is none, those serving and terminating.
        public var endpoints: [Endpoint]

        public init(name: String, exists: Bool = false, endpoints: [Endpoint] = []) {
            self.name = name
            self.exists = exists
            self.endpoints = endpoints
        }
    }

    public private(set) var services: [Service] = []
    private var indexes: [String: Int] = [:]

    public init() {}

    /// The stable index of a service, made on first use even if the service does not exist yet.
    public mutating func index(of name: String) -> Int {
        if let index = indexes[name] { return index }
        indexes[name] = services.count
        services.append(Service(name: name))
        return services.count - 1
    }

    /// The index of a service that was named before.
    public func existingIndex(of name: String) -> Int? { indexes[name] }

    /// Replaces what stands behind a service.
    public mutating func update(_ index: Int, exists: Bool, endpoints: [Endpoint]) {
        services[index].exists = exists
        services[index].endpoints = endpoints
    }

    /// A random endpoint, as kube-proxy's iptables mode picks one per connection; nil where a connection is refused.
    public func choose(_ index: Int, random: inout RandomStream) -> Endpoint? {
        guard services.indices.contains(index), services[index].exists else { return nil }
        let endpoints = services[index].endpoints
        guard !endpoints.isEmpty else { return nil }
        return endpoints[Int(random.below(UInt64(endpoints.count)))]
    }
}

extension EndpointTable: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.writeVarint(UInt64(services.count))
        for service in services {
            writer.write(service.name)
            writer.write(service.exists)
            writer.writeVarint(UInt64(service.endpoints.count))
            for endpoint in service.endpoints {
                writer.write(endpoint.sandbox)
                writer.write(endpoint.port)
            }
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        for _ in 0..<(try reader.readCount()) {
            let index = index(of: try reader.read())
            let exists: Bool = try reader.read()
            var endpoints: [Endpoint] = []
            for _ in 0..<(try reader.readCount()) {
                endpoints.append(Endpoint(sandbox: try reader.read(), port: try reader.read()))
            }
            guard services.indices.contains(index) else { throw .malformed(what: "endpoints", offset: reader.offset) }
            update(index, exists: exists, endpoints: endpoints)
        }
    }
}
