import KubernetesAPI
import Simulation

/// Records of events and slices, rendered as the objects of the core API.
extension ClusterContext {
    /// An Event as the core API shows it.
    func object(of record: EventLog.Record) -> Event {
        var event = Event()
        event.metadata.name = "\(record.name).\(Self.hexadecimal(record.number))"
        event.metadata.namespace = record.namespace.isEmpty ? "default" : record.namespace
        event.metadata.uid = record.uid + "-\(record.number)"
        event.metadata.creationTimestamp = wallTime(at: record.first)
        event.metadata.resourceVersion = "\(record.number)"
        let resource = record.kind.type.resource
        event.involvedObject.kind = resource.kind
        event.involvedObject.apiVersion = resource.apiVersion
        event.involvedObject.namespace = record.namespace
        event.involvedObject.name = record.name
        event.involvedObject.uid = record.uid
        event.involvedObject.fieldPath = record.fieldPath
        event.reason = record.reason
        event.message = record.message
        event.type = record.type == .normal ? "Normal" : "Warning"
        event.count = record.count
        event.firstTimestamp = wallTime(at: record.first)
        event.lastTimestamp = wallTime(at: record.last)
        var source = EventSource()
        source.component = record.source.component
        source.host = record.host
        event.source = source
        event.reportingComponent = record.source.component
        event.reportingInstance = record.host
        return event
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, 16 - digits.count)) + digits
    }

    /// The older form of what a service's slices say: ready addresses and the others, at most 1000; nil without a
    /// selector.
    func endpoints(of service: Service) -> Endpoints? {
        guard !service.spec.selector.isEmpty else { return nil }
        var endpoints = Endpoints()
        endpoints.metadata.name = service.metadata.name
        endpoints.metadata.namespace = service.metadata.namespace
        endpoints.metadata.labels = service.metadata.labels
        endpoints.metadata.uid = service.metadata.uid + "-ep"
        endpoints.metadata.creationTimestamp = service.metadata.creationTimestamp
        var subset = EndpointSubset()
        for id in store.dependents(of: service.metadata.uid, EndpointSlice.self) {
            guard let slice = store[id] else { continue }
            subset.ports = slice.ports.map { port in
                var result = EndpointPort()
                result.name = port.name ?? ""
                result.port = port.port ?? 0
                result.protocol = port.protocol ?? "TCP"
                return result
            }
            for endpoint in slice.endpoints where endpoint.conditions?.terminating != true {
                var address = EndpointAddress()
                address.ip = endpoint.addresses.first ?? ""
                address.nodeName = endpoint.nodeName ?? ""
                address.targetRef = endpoint.targetRef
                if endpoint.conditions?.ready == true {
                    subset.addresses.append(address)
                } else {
                    subset.notReadyAddresses.append(address)
                }
            }
        }
        subset.addresses = Array(subset.addresses.prefix(1_000))
        subset.notReadyAddresses = Array(subset.notReadyAddresses.prefix(1_000))
        if !subset.addresses.isEmpty || !subset.notReadyAddresses.isEmpty { endpoints.subsets = [subset] }
        return endpoints
    }
}
