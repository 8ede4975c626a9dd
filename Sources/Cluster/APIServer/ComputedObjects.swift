import KubernetesAPI
import Simulation

/// Kinds that are not stored but made when somebody reads them: Events, Endpoints, metrics.
extension Cluster {
    func computed(_ request: APIRequest) -> APIResponse? {
        let resource = request.resource
        guard request.verb == .get || request.verb == .list else { return nil }
        let objects: [any KubernetesObject]
        switch (resource.group, resource.kind) {
        case ("", "Event"), ("events.k8s.io", "Event"): objects = events
        case ("", "Endpoints"): objects = endpointsObjects
        case ("metrics.k8s.io", "PodMetrics"): objects = podMetrics
        case ("metrics.k8s.io", "NodeMetrics"): objects = nodeMetrics
        default: return nil
        }
        let labels: LabelQuery
        let fields: FieldQuery
        do {
            labels = try LabelQuery(parsing: request.labelSelector)
            fields = try FieldQuery(parsing: request.fieldSelector)
        } catch {
            return APIResponse(.badRequest("\(error)"))
        }
        let found = objects.filter { object in
            (request.namespace.isEmpty || !resource.namespaced || object.metadata.namespace == request.namespace)
                && labels.matches(object.metadata.labels) && fields.matches { Self.field($0, of: object) }
        }
        guard request.verb == .get else { return APIResponse(code: 200, body: .list(found.map(\.jsonValue))) }
        guard let object = found.first(where: { $0.metadata.name == request.name }) else {
            return APIResponse(.notFound(resource, request.name))
        }
        return APIResponse(code: 200, body: .object(object.jsonValue))
    }

    private static func field(_ name: String, of object: any KubernetesObject) -> String? {
        let event = object as? Event
        return switch name {
        case "metadata.name": object.metadata.name
        case "metadata.namespace": object.metadata.namespace
        case "involvedObject.name": event?.involvedObject.name
        case "involvedObject.namespace": event?.involvedObject.namespace
        case "involvedObject.kind": event?.involvedObject.kind
        case "involvedObject.uid": event?.involvedObject.uid
        case "involvedObject.fieldPath": event?.involvedObject.fieldPath
        case "reason": event?.reason
        case "type": event?.type
        case "source": event?.source?.component
        default: nil
        }
    }

    /// Events as the core API shows them, by namespace and name.
    private var events: [Event] {
        context.events.records.map { record in
            var event = Event()
            event.metadata.name = "\(record.name).\(Self.hexadecimal(record.number))"
            event.metadata.namespace = record.namespace.isEmpty ? "default" : record.namespace
            event.metadata.uid = record.uid + "-\(record.number)"
            event.metadata.creationTimestamp = context.wallTime(at: record.first)
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
            event.firstTimestamp = context.wallTime(at: record.first)
            event.lastTimestamp = context.wallTime(at: record.last)
            var source = EventSource()
            source.component = record.source.component
            source.host = record.host
            event.source = source
            event.reportingComponent = record.source.component
            event.reportingInstance = record.host
            return event
        }.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, 16 - digits.count)) + digits
    }

    /// The older form of what the slices say: ready addresses and the others, at most 1000.
    private var endpointsObjects: [Endpoints] {
        context.store.services.sorted.compactMap { _, service in
            guard !service.spec.selector.isEmpty else { return nil }
            var endpoints = Endpoints()
            endpoints.metadata.name = service.metadata.name
            endpoints.metadata.namespace = service.metadata.namespace
            endpoints.metadata.labels = service.metadata.labels
            endpoints.metadata.uid = service.metadata.uid + "-ep"
            endpoints.metadata.creationTimestamp = service.metadata.creationTimestamp
            var subset = EndpointSubset()
            for id in context.store.dependents(of: service.metadata.uid, EndpointSlice.self) {
                guard let slice = context.store[id] else { continue }
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
                    if endpoint.conditions?.ready == true { subset.addresses.append(address) } else { subset.notReadyAddresses.append(address) }
                }
            }
            subset.addresses = Array(subset.addresses.prefix(1_000))
            subset.notReadyAddresses = Array(subset.notReadyAddresses.prefix(1_000))
            if !subset.addresses.isEmpty || !subset.notReadyAddresses.isEmpty { endpoints.subsets = [subset] }
            return endpoints
        }
    }

    private var podMetrics: [PodMetrics] {
        context.store.pods.sorted.compactMap { id, pod in
            metricsServer.usage(of: id).map { sample in
                var metrics = PodMetrics()
                metrics.metadata.name = pod.metadata.name
                metrics.metadata.namespace = pod.metadata.namespace
                metrics.metadata.labels = pod.metadata.labels
                metrics.metadata.creationTimestamp = context.wallTime
                metrics.timestamp = context.wallTime(at: sample.timestamp)
                metrics.window = sample.window.goText
                metrics.containers = sample.containers.map { container in
                    var entry = ContainerMetrics()
                    entry.name = container.name
                    entry.usage = ["cpu": Quantity(milli: container.cpuMilli), "memory": Self.kibibytes(container.memoryBytes)]
                    return entry
                }
                return metrics
            }
        }
    }

    private var nodeMetrics: [NodeMetrics] {
        context.store.nodes.sorted.compactMap { _, node in
            metricsServer.usage(ofNode: node.metadata.name).map { sample in
                var metrics = NodeMetrics()
                metrics.metadata.name = node.metadata.name
                metrics.metadata.labels = node.metadata.labels
                metrics.metadata.creationTimestamp = context.wallTime
                metrics.timestamp = context.wallTime(at: sample.timestamp)
                metrics.window = sample.window.goText
                metrics.usage = ["cpu": Quantity(milli: sample.cpuMilli), "memory": Self.kibibytes(sample.memoryBytes)]
                return metrics
            }
        }
    }

    private static func kibibytes(_ bytes: Int64) -> Quantity { Quantity(bytes / 1_024 * 1_024, format: .binarySI) }

    // MARK: Requests

    /// Answers a request of a user, at this instant. `log` finds the log of a container for the subresource `log`.
    public mutating func respond(
        to request: APIRequest, clock: inout Clock, log: (ObjectID<Pod>, String) -> String? = { _, _ in nil }
    ) -> APIResponse {
        if let computed = computed(request) { return computed }
        if request.resource.kind == "Pod", request.subresource == "log" { return logs(request, log) }
        guard let kind = ObjectKind(request.resource) else {
            return APIResponse(
                APIStatus(code: 404, reason: "NotFound", message: "the server could not find the requested resource", kind: request.resource.plural))
        }
        return lend(&clock) { cluster in cluster.context.respond(request, kind: kind) }
    }

    private func logs(_ request: APIRequest, _ log: (ObjectID<Pod>, String) -> String?) -> APIResponse {
        guard let id = context.store.pods.id(namespace: request.namespace, name: request.name), let pod = context.store[id] else {
            return APIResponse(.notFound(Pod.resource, request.name))
        }
        let names = (pod.spec.initContainers + pod.spec.containers).map(\.name)
        let wanted = request.fieldSelector
        if wanted.isEmpty, pod.spec.containers.count > 1 {
            return APIResponse(
                .badRequest(
                    "a container name must be specified for pod \(request.name), choose one of: [\(names.joined(separator: " "))]"))
        }
        let container = wanted.isEmpty ? pod.spec.containers.first?.name ?? "" : wanted
        guard names.contains(container) else {
            return APIResponse(.badRequest("container \(container) is not valid for pod \(request.name)"))
        }
        let statuses = pod.status.containerStatuses + pod.status.initContainerStatuses
        if let waiting = statuses.first(where: { $0.name == container })?.state?.waiting,
            statuses.first(where: { $0.name == container })?.lastState?.terminated == nil
        {
            return APIResponse(
                .badRequest("container \"\(container)\" in pod \"\(request.name)\" is waiting to start: \(waiting.reason)"))
        }
        return APIResponse(code: 200, body: .text(log(id, container) ?? ""))
    }
}
