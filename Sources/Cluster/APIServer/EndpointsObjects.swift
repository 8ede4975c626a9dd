import KubernetesAPI

/// Endpoints, the older form of what a service's slices say (`pkg/controller/endpoint`).
///
/// A real control plane stores them, and rewrites an object of up to a thousand addresses whenever one pod changes. No
/// component reads them here, so they are made of the slices when somebody looks; what users write to one has the effect
/// that it has there, which is none that lasts. Endpoints of services without a selector are the user's own and stored.
extension ClusterContext {
    /// Addresses in one object at most (`maxCapacity` of `endpoints_controller.go`).
    static let endpointsCapacity = 1_000

    /// The object of a service; nil without a selector, or before the controller has made the first slice.
    func endpoints(of service: Service) -> Endpoints? {
        guard service.spec.hasEndpoints else { return nil }
        let slices = store.dependents(of: service.metadata.uid, EndpointSlice.self).compactMap { store[$0] }
            .filter { $0.isManaged(for: service) }
        guard !slices.isEmpty else { return nil }
        var endpoints = Endpoints()
        endpoints.metadata.name = service.metadata.name
        endpoints.metadata.namespace = service.metadata.namespace
        endpoints.metadata.labels = service.metadata.labels
        endpoints.metadata.labels["endpoints.kubernetes.io/managed-by"] = "endpoint-controller"
        if service.spec.clusterIP == "None" { endpoints.metadata.labels["service.kubernetes.io/headless"] = "" }
        endpoints.metadata.uid = service.metadata.uid + "-ep"
        endpoints.metadata.creationTimestamp = service.metadata.creationTimestamp
        endpoints.metadata.resourceVersion = "\(slices.compactMap { Int64($0.metadata.resourceVersion) }.max() ?? 0)"
        endpoints.subsets = Self.subsets(of: slices, publishNotReady: service.spec.publishNotReadyAddresses == true)
        if endpoints.truncate(to: Self.endpointsCapacity) {
            endpoints.metadata.annotations["endpoints.kubernetes.io/over-capacity"] = "truncated"
        }
        return endpoints
    }

    /// One subset for each combination of ports, addresses in the order of their texts (`RepackSubsets`).
    private static func subsets(of slices: [EndpointSlice], publishNotReady: Bool) -> [EndpointSubset] {
        var subsets: [EndpointSubset] = []
        for slice in slices {
            let ports = slice.ports.map { port in
                var result = EndpointPort()
                result.name = port.name ?? ""
                result.port = port.port ?? 0
                result.protocol = port.protocol ?? "TCP"
                result.appProtocol = port.appProtocol
                return result
            }
            for endpoint in slice.endpoints {
                // One that terminates is left out, unless the service tolerates unready ones.
                guard publishNotReady || endpoint.conditions?.terminating != true else { continue }
                var address = EndpointAddress()
                address.ip = endpoint.addresses.first ?? ""
                address.nodeName = endpoint.nodeName ?? ""
                address.targetRef = endpoint.targetRef
                let index = subsets.firstIndex { $0.ports == ports } ?? subsets.count
                if index == subsets.count {
                    subsets.append(EndpointSubset())
                    subsets[index].ports = ports
                }
                if endpoint.conditions?.ready == true {
                    subsets[index].addresses.append(address)
                } else {
                    subsets[index].notReadyAddresses.append(address)
                }
            }
        }
        func sort(_ addresses: inout [EndpointAddress]) {
            addresses.sort { $0.ip.utf8.lexicographicallyPrecedes($1.ip.utf8) }
        }
        for index in subsets.indices {
            sort(&subsets[index].addresses)
            sort(&subsets[index].notReadyAddresses)
        }
        return subsets
    }
}

extension Endpoints {
    /// Keeps the ready addresses before the others, shared out over the subsets (`truncateEndpoints`).
    /// - Returns: whether there were too many.
    mutating func truncate(to capacity: Int) -> Bool {
        let ready = subsets.reduce(0) { $0 + $1.addresses.count }
        let notReady = subsets.reduce(0) { $0 + $1.notReadyAddresses.count }
        guard ready + notReady > capacity else { return false }
        let cutsReady = ready > capacity
        let (total, room) = cutsReady ? (ready, capacity) : (notReady, capacity - ready)
        var left = room
        for index in subsets.indices {
            let count = cutsReady ? subsets[index].addresses.count : subsets[index].notReadyAddresses.count
            let kept = min(left, (count * room + total - 1) / total)
            if cutsReady {
                subsets[index].addresses.removeLast(count - kept)
                subsets[index].notReadyAddresses = []
            } else {
                subsets[index].notReadyAddresses.removeLast(count - kept)
            }
            left -= kept
        }
        return true
    }
}

extension Cluster {
    static let endpointsWarning = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"

    /// All Endpoints: those of services with a selector, and those that users keep for others.
    public var endpointsObjects: [Endpoints] {
        let rendered = context.store.services.sorted.compactMap { context.endpoints(of: $0.object) }
        let taken = Set(rendered.map(\.key))
        let written = context.store.endpoints.sorted.map(\.object).filter { !taken.contains($0.key) }
        guard !written.isEmpty else { return rendered }
        return (rendered + written).sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    /// Answers a write to the Endpoints of a service with a selector, which the controller puts right at once; nil if
    /// the object is the user's own.
    func answerEndpointsWrite(_ request: APIRequest) -> APIResponse? {
        var name = request.name
        if request.verb == .create, case .object(let members)? = request.body,
            case .object(let metadata)? = members["metadata"], case .string(let given)? = metadata["name"]
        {
            name = given
        }
        guard !name.isEmpty, let service = context.store.services.named(request.namespace + "/" + name),
            let endpoints = context.endpoints(of: service)
        else { return nil }
        switch request.verb {
        case .create: return APIResponse(.alreadyExists(Endpoints.resource, name))
        case .update, .patch, .delete:
            return APIResponse(code: 200, body: .object(endpoints.jsonValue), warnings: [Self.endpointsWarning])
        case .get, .list, .deletecollection: return nil
        }
    }
}
