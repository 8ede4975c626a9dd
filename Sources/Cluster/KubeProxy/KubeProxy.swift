import ContainerRuntime
import KubernetesAPI
import Simulation

/// All nodes' kube-proxies as one: what a service's address leads to, `ClusterSettings.endpointPropagation` after the
/// slices changed (`pkg/proxy/topology.go`).
public struct KubeProxy: Sendable {
    /// The slices that say they are a service's, by `namespace/name`, in the order of their slots. Labels decide, not
    /// owners: users make slices of their own, and give others away.
    private var slices: [String: [ObjectID<EndpointSlice>]] = [:]
    /// What clients see now.
    public internal(set) var endpoints = EndpointTable()

    init() {}

    /// Notes a change; the table follows after the propagation delay.
    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        if change.id.kind == .service {
            context.enqueueProxy(change.id)
        } else if change.id.kind == .endpointSlice, let (id, old, new) = change.object(EndpointSlice.self) {
            let before = change.kind == .added ? nil : (old ?? new).serviceKey
            let after = change.kind == .deleted ? nil : new.serviceKey
            if before != after {
                if let before {
                    slices[before]?.removeSorted(id)
                    if slices[before]?.isEmpty == true { slices[before] = nil }
                }
                if let after { slices[after, default: []].insertSorted(id) }
            }
            for case let key? in [before, after] {
                if let service = context.store.services.id(key) { context.enqueueProxy(AnyObjectID(service)) }
            }
        }
    }

    /// Programs one service. `sandbox` finds the running sandbox of a pod.
    mutating func reconcile(
        _ id: AnyObjectID, _ context: inout ClusterContext, sandbox: (ObjectID<Pod>) -> SandboxID?
    ) {
        guard let id: ObjectID<Service> = id.typed() else { return }
        guard let service = context.store[id] else {
            names[id].map { names in for name in names { withdraw(name) } }
            names[id] = nil
            return
        }
        var programmed: [String] = []
        for (index, port) in service.spec.ports.enumerated() {
            var aliases = ["\(service.key):\(port.port)"]
            if index == 0 { aliases.append(service.key) }
            if !port.name.isEmpty { aliases.append("\(service.key):\(port.name)") }
            let list = Self.endpoints(slices[service.key] ?? [], port, context, sandbox)
            for alias in aliases { endpoints.update(endpoints.index(of: alias), exists: true, endpoints: list) }
            programmed += aliases
        }
        for name in names[id] ?? [] where !programmed.contains(name) { withdraw(name) }
        names[id] = programmed
    }

    /// The table's names of each service, to withdraw them later.
    private var names: [ObjectID<Service>: [String]] = [:]

    private mutating func withdraw(_ name: String) {
        if let index = endpoints.existingIndex(of: name) { endpoints.update(index, exists: false, endpoints: []) }
    }

    /// The ready endpoints, or, if there is none, those that still serve while they terminate.
    private static func endpoints(
        _ slices: [ObjectID<EndpointSlice>], _ port: ServicePort, _ context: ClusterContext,
        _ sandbox: (ObjectID<Pod>) -> SandboxID?
    ) -> [EndpointTable.Endpoint] {
        var ready: [EndpointTable.Endpoint] = []
        var serving: [EndpointTable.Endpoint] = []
        for slice in slices {
            for endpoint in context.store[slice]?.endpoints ?? [] {
                // An endpoint that says nothing of itself is taken for ready.
                let isReady = endpoint.conditions?.ready ?? true
                guard isReady || (endpoint.conditions?.serving == true && endpoint.conditions?.terminating == true),
                    let id = target(of: endpoint, context), let pod = context.store[id],
                    let sandbox = sandbox(id), let number = port.targetNumber(in: pod)
                else { continue }
                let entry = EndpointTable.Endpoint(sandbox: sandbox, port: Int(number))
                if isReady { ready.append(entry) } else { serving.append(entry) }
            }
        }
        return ready.isEmpty ? serving : ready
    }

    /// The pod behind an endpoint: the one that it names, or else the one with its address.
    private static func target(of endpoint: Endpoint, _ context: ClusterContext) -> ObjectID<Pod>? {
        if let target = endpoint.targetRef {
            return context.store.pods.id(namespace: target.namespace, name: target.name)
        }
        guard let address = endpoint.addresses.first, !address.isEmpty else { return nil }
        return context.store.pods.ids.first { context.store[$0]?.status.podIP == address }
    }
}

extension EndpointSlice {
    /// The service that a slice says it is of, as `namespace/name`.
    fileprivate var serviceKey: String? {
        metadata.labels[EndpointSliceController.Label.service].map { metadata.namespace + "/" + $0 }
    }
}

extension ClusterContext {
    /// Schedules the programming of a service, once per propagation delay.
    fileprivate mutating func enqueueProxy(_ id: AnyObjectID) {
        guard pendingKeys.insert(WorkKey(controller: .kubeProxy, id: id)).inserted else { return }
        queue.schedule(.reconcile(.kubeProxy, id), after: settings.endpointPropagation, on: &clock)
    }
}

extension KubeProxy: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.section("kube-proxy", version: 2)
        writer.write(slices)
        writer.write(endpoints)
        writer.write(names)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section("kube-proxy", version: 2)
        slices = try reader.read()
        endpoints = try reader.read()
        names = try reader.read()
    }
}
