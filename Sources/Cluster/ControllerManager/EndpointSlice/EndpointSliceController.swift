import KubernetesAPI
import Simulation

/// Keeps the EndpointSlices of every service with a selector (`pkg/controller/endpointslice`).
///
/// A change of one pod touches one slice of at most 100 endpoints, however many pods the service has. What users do to
/// a slice, its deletion included, is undone. The older Endpoints objects are rendered from the slices when somebody
/// reads them.
struct EndpointSliceController: Controller, Sendable {
    enum Label {
        static let service = "kubernetes.io/service-name"
        static let manager = "endpointslice.kubernetes.io/managed-by"
        static let headless = "service.kubernetes.io/headless"
        static let name = "endpointslice-controller.k8s.io"
    }

    struct ServiceState: Sendable {
        /// Pods whose endpoint may have changed, in the order in which they did.
        var dirty: [ObjectID<Pod>] = []
        /// Slices that somebody else changed, deleted or made.
        var edited: [ObjectID<EndpointSlice>] = []
        /// The service itself changed: ports, labels and every slice are looked at.
        var isStale = true
        var slices = ServiceSlices()
    }

    private var states: [ObjectID<Service>: ServiceState] = [:]
    private var servicesByNamespace: [String: [ObjectID<Service>]] = [:]
    /// Revisions of the controller's own writes until they are shown to it, which is within the same event; the real
    /// one knows its writes by the slices' generations (`EndpointSliceTracker`).
    private var written: [Int64] = []

    init() {}

    mutating func observe(_ change: ObjectChange, _ context: inout ClusterContext) {
        if let (id, old, new) = change.object(Service.self) {
            observe(id, old, new, change.kind, &context)
        } else if !servicesByNamespace.isEmpty, change.concerns([.address, .phase, .readiness, .deletion, .labels]),
            let (id, old, new) = change.pod
        {
            for service in servicesByNamespace[new.metadata.namespace] ?? [] {
                guard let spec = context.store[service]?.spec, spec.hasEndpoints,
                    Self.selects(spec.selector, new.metadata.labels)
                        || (old.map { Self.selects(spec.selector, $0.metadata.labels) } ?? false)
                else { continue }
                states[service, default: ServiceState()].dirty.append(id)
                context.enqueue(.endpointSlice, service)
            }
        } else if change.id.kind == .endpointSlice, let (id, old, new) = change.object(EndpointSlice.self) {
            if let own = written.firstIndex(of: change.revision) {
                written.remove(at: own)
                return
            }
            for service in Self.services(of: [old, new], context) {
                states[service, default: ServiceState()].edited.append(id)
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
                || old?.spec.type != new.spec.type || old?.metadata.labels != new.metadata.labels
            {
                markAll(id, new, &context)
            }
        case .deleted:
            servicesByNamespace[new.metadata.namespace]?.removeSorted(id)
            states[id] = nil
            // Endpoints written by hand go with their service, as those of the real endpoints controller do.
            if let endpoints = context.store.endpoints.id(new.key) { context.remove(endpoints) }
        }
    }

    /// The services whose slices these say they are, before a change or after it.
    private static func services(of slices: [EndpointSlice?], _ context: ClusterContext) -> [ObjectID<Service>] {
        var found: [ObjectID<Service>] = []
        for case let slice? in slices where slice.metadata.labels[Label.manager] == Label.name {
            guard let name = slice.metadata.labels[Label.service],
                let service = context.store.services.id(namespace: slice.metadata.namespace, name: name),
                !found.contains(service)
            else { continue }
            found.append(service)
        }
        return found
    }

    /// Looks at every pod that the service has or selects.
    private mutating func markAll(_ id: ObjectID<Service>, _ service: Service, _ context: inout ClusterContext) {
        guard service.spec.hasEndpoints else { return }
        var state = states[id] ?? ServiceState()
        state.isStale = true
        state.dirty = state.slices.pods
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
        guard let id: ObjectID<Service> = id.typed(), let service = context.store[id], service.spec.hasEndpoints,
            var state = states.removeValue(forKey: id)
        else { return }
        var contents: [Int: [Endpoint]] = [:]
        if state.isStale { takePorts(of: service, &state, &contents, context) }
        takeEdits(&state, service, &contents, &context)
        for pod in state.dirty { take(pod, service, &state, &contents, context) }
        (state.dirty, state.edited, state.isStale) = ([], [], false)
        for index in contents.keys.sorted() where !state.slices.slices[index].pods.isEmpty {
            write(index, contents[index] ?? [], service, &state, &context)
        }
        for slice in state.slices.dropEmpty() { remove(slice, &context) }
        state.slices.keepPlaceholder()
        if state.slices.slices[0].pods.isEmpty { write(0, [], service, &state, &context) }
        states[id] = state
    }

    // MARK: Deciding

    /// After a change of the service: each slice keeps its pods, with the numbers that the ports mean now. A pod that
    /// differs from the first of its slice moves when its turn comes.
    private func takePorts(
        of service: Service, _ state: inout ServiceState, _ contents: inout [Int: [Endpoint]],
        _ context: ClusterContext
    ) {
        for (index, slice) in state.slices.slices.enumerated() {
            contents[index] = Self.stored(slice, context)
            if let pod = slice.pods.lazy.compactMap({ context.store[$0] }).first {
                state.slices.setPorts(service.portNumbers(in: pod), of: index)
            }
        }
    }

    /// After a change by somebody else: what stands in a slice is made anew of its pods.
    private mutating func takeEdits(
        _ state: inout ServiceState, _ service: Service, _ contents: inout [Int: [Endpoint]],
        _ context: inout ClusterContext
    ) {
        for id in state.edited {
            guard let index = state.slices.index(of: id) else {
                // It says that it is ours, and is not: its endpoints stand in our own slices.
                if context.store[id]?.isManaged(for: service) == true { remove(id, &context) }
                continue
            }
            if context.store[id]?.isManaged(for: service) != true { state.slices.setID(nil, of: index) }
            contents[index] = Self.rebuilt(index, service, &state, context)
        }
    }

    /// The endpoints of a slice's pods as they are now; pods that have none leave it.
    private static func rebuilt(
        _ index: Int, _ service: Service, _ state: inout ServiceState, _ context: ClusterContext
    ) -> [Endpoint] {
        var endpoints: [Endpoint] = []
        for pod in state.slices.slices[index].pods {
            if let endpoint = context.store[pod].flatMap({ endpoint(for: $0, of: service, context) }) {
                endpoints.append(endpoint)
            } else if let place = state.slices.place(of: pod) {
                state.slices.remove(pod, from: place.slice, at: place.position)
            }
        }
        return endpoints
    }

    /// After a change of a pod: its endpoint is put in, replaced, moved or taken out.
    private func take(
        _ id: ObjectID<Pod>, _ service: Service, _ state: inout ServiceState, _ contents: inout [Int: [Endpoint]],
        _ context: ClusterContext
    ) {
        let pod = context.store[id]
        let endpoint = pod.flatMap { Self.endpoint(for: $0, of: service, context) }
        let ports = pod.map(service.portNumbers(in:)) ?? []
        if let (slice, position) = state.slices.place(of: id) {
            var list = contents[slice] ?? Self.stored(state.slices.slices[slice], context)
            guard list.count == state.slices.slices[slice].pods.count else {
                contents[slice] = Self.rebuilt(slice, service, &state, context)
                take(id, service, &state, &contents, context)
                return
            }
            if let endpoint, ports == state.slices.slices[slice].ports {
                guard list[position] != endpoint else { return }
                list[position] = endpoint
                contents[slice] = list
                return
            }
            list.remove(at: position)
            state.slices.remove(id, from: slice, at: position)
            contents[slice] = list
        }
        guard let endpoint else { return }
        let slice = state.slices.insert(id, ports: ports)
        let isOnly = state.slices.slices[slice].pods.count == 1
        let list = isOnly ? [] : contents[slice] ?? Self.stored(state.slices.slices[slice], context)
        contents[slice] = list + [endpoint]
    }

    /// What a slice holds in the store.
    private static func stored(_ slice: ServiceSlices.Slice, _ context: ClusterContext) -> [Endpoint] {
        slice.id.flatMap { context.store[$0]?.endpoints } ?? []
    }

    /// A pod appears once it has an address and while it is not finished; terminating pods stay, not ready.
    private static func endpoint(for pod: Pod, of service: Service, _ context: ClusterContext) -> Endpoint? {
        guard selects(service.spec.selector, pod.metadata.labels),
            let conditions = EndpointConditions(pod, publishNotReady: service.spec.publishNotReadyAddresses == true)
        else { return nil }
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

    // MARK: Writing

    private mutating func write(
        _ index: Int, _ endpoints: [Endpoint], _ service: Service, _ state: inout ServiceState,
        _ context: inout ClusterContext
    ) {
        let slice = state.slices.slices[index]
        if let id = slice.id, let found = context.store[id] {
            var wanted = found
            wanted.describe(service, endpoints, slice.ports)
            guard wanted != found else { return }
            let isCounted =
                wanted.endpoints != found.endpoints || wanted.ports != found.ports
                || wanted.metadata.labels != found.metadata.labels
            context.update(id, changesSpec: isCounted) { $0 = wanted }
        } else {
            var created = EndpointSlice()
            created.metadata.generateName = service.metadata.name + "-"
            created.metadata.namespace = service.metadata.namespace
            created.addressType = "IPv4"
            created.describe(service, endpoints, slice.ports)
            // Nothing is made in a namespace that is going.
            guard (try? context.admitNamespace(of: created)) != nil, let id = try? context.create(created) else {
                return
            }
            state.slices.setID(id, of: index)
        }
        written.append(context.store.revision)
    }

    private mutating func remove(_ id: ObjectID<EndpointSlice>, _ context: inout ClusterContext) {
        context.delete(id)
        written.append(context.store.revision)
    }
}

extension EndpointSlice {
    /// Whether the controller keeps it for a service.
    func isManaged(for service: Service) -> Bool {
        metadata.deletionTimestamp == nil
            && metadata.labels[EndpointSliceController.Label.service] == service.metadata.name
            && metadata.labels[EndpointSliceController.Label.manager] == EndpointSliceController.Label.name
    }

    /// Says what the controller says of a service: its labels, its ports with their targets, its endpoints.
    fileprivate mutating func describe(_ service: Service, _ endpoints: [Endpoint], _ numbers: [Int32]) {
        metadata.labels = service.metadata.labels
        metadata.labels[EndpointSliceController.Label.headless] = service.spec.clusterIP == "None" ? "" : nil
        metadata.labels[EndpointSliceController.Label.service] = service.metadata.name
        metadata.labels[EndpointSliceController.Label.manager] = EndpointSliceController.Label.name
        metadata.ownerReferences = [service.controllerReference]
        self.endpoints = endpoints
        ports = zip(service.spec.ports, numbers).compactMap { port, number in
            guard number != 0 else { return nil }
            var result = EndpointSlicePort()
            result.name = port.name
            result.protocol = port.protocol.isEmpty ? "TCP" : port.protocol
            result.port = number
            result.appProtocol = port.appProtocol
            return result
        }
    }
}

extension EndpointConditions {
    /// Conditions of a pod's endpoint; nil if it has none.
    init?(_ pod: Pod, publishNotReady: Bool) {
        guard
            let decision = EndpointConditionDecision(
                hasAddress: !pod.status.podIP.isEmpty,
                isFinished: pod.status.phase == "Succeeded" || pod.status.phase == "Failed", isReady: pod.isReady,
                isDeleting: pod.metadata.deletionTimestamp != nil, publishNotReady: publishNotReady)
        else { return nil }
        self.init()
        ready = decision.ready
        serving = decision.serving
        terminating = decision.terminating
    }
}

extension ServiceSpec {
    /// Whether the cluster finds the service's pods by itself.
    var hasEndpoints: Bool { !selector.isEmpty && type != "ExternalName" }
}

extension Service {
    /// The numbers that the ports' targets mean in a pod; 0 for a name that it does not have.
    func portNumbers(in pod: Pod) -> [Int32] { spec.ports.map { $0.targetNumber(in: pod) ?? 0 } }
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
        writer.write(edited)
        writer.write(isStale)
        writer.write(slices)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        dirty = try reader.read()
        edited = try reader.read()
        isStale = try reader.read()
        slices = try reader.read()
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
