import KubernetesAPI
import Simulation

/// Keeps the EndpointSlices of every service with a selector (`pkg/controller/endpointslice`).
///
/// A change of one pod touches one slice of at most 100 endpoints, however many pods the service has. The older
/// Endpoints objects are rendered from the slices when somebody reads them.
struct EndpointSliceController: Controller, Sendable {
    static var endpointsPerSlice: Int { 100 }

    struct ServiceState: Sendable {
        /// Pods whose endpoint may have changed, in the order in which they did.
        var dirty: [ObjectID<Pod>] = []
        var slices: [ObjectID<EndpointSlice>] = []
        /// The pods of each slice, in the order of its endpoints.
        var members: [[ObjectID<Pod>]] = []
        /// Which slice a pod is in.
        var placement: [ObjectID<Pod>: Int] = [:]
    }

    private var states: [ObjectID<Service>: ServiceState] = [:]
    private var servicesByNamespace: [String: [ObjectID<Service>]] = [:]

    init() {}

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        if let (id, old, new) = change.object(Service.self) {
            observe(id, old, new, change.kind, &context)
        } else if !servicesByNamespace.isEmpty, change.concerns([.address, .phase, .readiness, .deletion, .labels]),
            let (id, old, new) = change.pod
        {
            for service in servicesByNamespace[new.metadata.namespace] ?? [] {
                guard let selector = context.store[service]?.spec.selector, !selector.isEmpty,
                    Self.selects(selector, new.metadata.labels)
                        || (old.map { Self.selects(selector, $0.metadata.labels) } ?? false)
                else { continue }
                states[service, default: ServiceState()].dirty.append(id)
                context.enqueue(.endpointSlice, service)
            }
        }
    }

    private mutating func observe(
        _ id: ObjectID<Service>, _ old: Service?, _ new: Service, _ kind: ObjectChange.Kind,
        _ context: inout ClusterContext
    ) {
        switch kind {
        case .added:
            servicesByNamespace[new.metadata.namespace, default: []].insertSorted(id)
            states[id] = ServiceState()
            markAll(id, new, &context)
        case .modified:
            if old?.spec.selector != new.spec.selector || old?.spec.ports != new.spec.ports
                || old?.spec.publishNotReadyAddresses != new.spec.publishNotReadyAddresses
            {
                markAll(id, new, &context)
            }
        case .deleted:
            servicesByNamespace[new.metadata.namespace]?.removeSorted(id)
            states[id] = nil
        }
    }

    /// Looks at every pod that the service has or selects.
    private mutating func markAll(_ id: ObjectID<Service>, _ service: Service, _ context: inout ClusterContext) {
        guard !service.spec.selector.isEmpty else { return }
        var state = states[id] ?? ServiceState()
        state.dirty = state.members.flatMap { $0 }
        context.store.pods.forEach { pod, object in
            if object.metadata.namespace == service.metadata.namespace,
                Self.selects(service.spec.selector, object.metadata.labels)
            {
                state.dirty.append(pod)
            }
        }
        states[id] = state
        context.enqueue(.endpointSlice, id)
    }

    private static func selects(_ selector: [String: String], _ labels: [String: String]) -> Bool {
        selector.allSatisfy { labels[$0.key] == $0.value }
    }

    mutating func reconcile(_ id: AnyObjectID, _ context: inout ClusterContext) {
        guard let id: ObjectID<Service> = id.typed(), let service = context.store[id], var state = states[id] else {
            return
        }
        var touched: Set<Int> = []
        var contents: [Int: [Endpoint]] = [:]
        func endpoints(of slice: Int) -> [Endpoint] {
            contents[slice] ?? (slice < state.slices.count ? context.store[state.slices[slice]]?.endpoints ?? [] : [])
        }
        for pod in state.dirty {
            let endpoint = context.store[pod].flatMap { Self.endpoint(for: $0, pod, of: service, context) }
            if let slice = state.placement[pod], let place = state.members[slice].firstIndex(of: pod) {
                var list = endpoints(of: slice)
                if let endpoint {
                    guard list[place] != endpoint else { continue }
                    list[place] = endpoint
                } else {
                    list.remove(at: place)
                    state.members[slice].remove(at: place)
                    state.placement[pod] = nil
                }
                contents[slice] = list
                touched.insert(slice)
            } else if let endpoint {
                let slice = state.members.firstIndex { $0.count < Self.endpointsPerSlice } ?? state.members.count
                if slice == state.members.count { state.members.append([]) }
                contents[slice] = endpoints(of: slice) + [endpoint]
                state.members[slice].append(pod)
                state.placement[pod] = slice
                touched.insert(slice)
            }
        }
        state.dirty = []
        let ports = Self.ports(of: service, state, context)
        for slice in touched.sorted() {
            let list = contents[slice] ?? []
            if slice < state.slices.count {
                context.update(state.slices[slice], changesSpec: true) {
                    $0.endpoints = list
                    $0.ports = ports
                }
            } else if let created = try? context.create(Self.newSlice(for: service, list, ports)) {
                state.slices.append(created)
            }
        }
        if state.slices.isEmpty, !service.spec.selector.isEmpty,
            let created = try? context.create(Self.newSlice(for: service, [], ports))
        {
            state.slices = [created]
            state.members = [[]]
        }
        states[id] = state
    }

    /// A pod appears once it has an address and while it is not finished; terminating pods stay, not ready.
    private static func endpoint(
        for pod: Pod, _ id: ObjectID<Pod>, of service: Service, _ context: ClusterContext
    ) -> Endpoint? {
        guard !pod.status.podIP.isEmpty, pod.status.phase != "Succeeded", pod.status.phase != "Failed",
            selects(service.spec.selector, pod.metadata.labels)
        else { return nil }
        let conditions = EndpointConditions.of(
            isReady: pod.isReady, isTerminating: pod.metadata.deletionTimestamp != nil,
            publishNotReady: service.spec.publishNotReadyAddresses == true)
        var endpoint = Endpoint()
        endpoint.addresses = [pod.status.podIP]
        endpoint.conditions = conditions
        endpoint.nodeName = pod.spec.nodeName
        if let node = context.store.nodes.named(pod.spec.nodeName) {
            endpoint.zone = node.metadata.labels["topology.kubernetes.io/zone"]
        }
        var target = ObjectReference()
        target.kind = "Pod"
        target.namespace = pod.metadata.namespace
        target.name = pod.metadata.name
        target.uid = pod.metadata.uid
        endpoint.targetRef = target
        return endpoint
    }

    /// The service's ports with their targets; names are resolved in the first pod that has them.
    private static func ports(of service: Service, _ state: ServiceState, _ context: ClusterContext)
        -> [EndpointSlicePort]
    {
        let pod = state.members.lazy.flatMap { $0 }.first.flatMap { context.store[$0] }
        return service.spec.ports.map { port in
            var result = EndpointSlicePort()
            result.name = port.name
            result.protocol = port.protocol.isEmpty ? "TCP" : port.protocol
            result.port = port.targetNumber(in: pod)
            return result
        }
    }

    private static func newSlice(for service: Service, _ endpoints: [Endpoint], _ ports: [EndpointSlicePort])
        -> EndpointSlice
    {
        var slice = EndpointSlice()
        slice.metadata.generateName = service.metadata.name + "-"
        slice.metadata.namespace = service.metadata.namespace
        slice.metadata.labels = service.metadata.labels
        slice.metadata.labels["kubernetes.io/service-name"] = service.metadata.name
        slice.metadata.labels["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io"
        slice.metadata.ownerReferences = [service.controllerReference]
        slice.addressType = "IPv4"
        slice.endpoints = endpoints
        slice.ports = ports
        return slice
    }
}

extension EndpointConditions {
    /// Conditions of a pod's endpoint (`endpointslice/util`).
    static func of(isReady: Bool, isTerminating: Bool, publishNotReady: Bool) -> EndpointConditions {
        var conditions = EndpointConditions()
        conditions.serving = isReady
        conditions.terminating = isTerminating
        conditions.ready = publishNotReady || (isReady && !isTerminating)
        return conditions
    }
}

extension ServicePort {
    /// The port number that the service's target means in a pod; nil if the pod has no port of that name.
    func targetNumber(in pod: Pod?) -> Int32? {
        switch targetPort {
        case .int(let number) where number != 0: number
        case .string(let name):
            pod?.spec.ownContainers.lazy.flatMap(\.ports).first { $0.name == name }?.containerPort
        default: port
        }
    }
}

extension EndpointSliceController.ServiceState: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(dirty)
        writer.write(slices)
        writer.write(members)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        dirty = try reader.read()
        slices = try reader.read()
        members = try reader.read()
        for (slice, pods) in members.enumerated() {
            for pod in pods { placement[pod] = slice }
        }
    }
}

extension EndpointSliceController: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(states)
        writer.write(servicesByNamespace)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        states = try reader.read()
        servicesByNamespace = try reader.read()
    }
}
