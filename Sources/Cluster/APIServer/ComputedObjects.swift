import KubernetesAPI
import Simulation

/// Kinds that are not stored but made when somebody reads them: Events, Endpoints, metrics, Leases of nodes.
extension Cluster {
    func computed(_ request: APIRequest, at now: SimulationTime) -> APIResponse? {
        let resource = request.resource
        guard request.verb == .get || request.verb == .list else {
            return (resource.group, resource.kind) == ("", "Endpoints") ? answerEndpointsWrite(request) : nil
        }
        let objects: [any KubernetesObject]
        switch (resource.group, resource.kind) {
        case ("", "Event"), ("events.k8s.io", "Event"): objects = context.eventObjects
        case ("", "Endpoints"): objects = endpointsObjects
        case ("coordination.k8s.io", "Lease"):
            guard let leases = leases(request, at: now) else { return nil }
            objects = leases
        case ("metrics.k8s.io", "PodMetrics"): objects = podMetrics(at: now)
        case ("metrics.k8s.io", "NodeMetrics"): objects = nodeMetrics(at: now)
        default: return nil
        }
        let selection: ObjectSelection
        do { selection = try ObjectSelection(request) } catch { return APIResponse(error) }
        let found = objects.filter { selection.matches($0) }
        let warnings =
            resource.kind == "Endpoints" ? [Self.endpointsWarning] : []
        guard request.verb == .get else {
            return APIResponse(
                code: 200, body: .list(found.map(\.jsonValue)), warnings: warnings,
                resourceVersion: "\(context.store.revision)")
        }
        guard let object = found.first else { return APIResponse(notFound(request)) }
        return APIResponse(code: 200, body: .object(object.jsonValue), warnings: warnings)
    }

    /// metrics-server names a pod without metrics by its key, as a resource of its own.
    private func notFound(_ request: APIRequest) -> APIStatus {
        guard request.resource.group == "metrics.k8s.io" else { return .notFound(request.resource, request.name) }
        let key = request.namespace.isEmpty ? request.name : request.namespace + "/" + request.name
        let isPod = request.resource.kind == "PodMetrics"
        let exists = isPod ? context.store.pods.id(key) != nil : context.store.nodes.id(key) != nil
        let plural =
            exists ? (isPod ? "podmetrics.metrics.k8s.io" : "nodemetrics.metrics.k8s.io") : isPod ? "pods" : "nodes"
        return APIStatus(
            code: 404, reason: "NotFound", message: "\(plural) \"\(key)\" not found", kind: request.resource.plural,
            name: key)
    }

    private func podMetrics(at now: SimulationTime) -> [PodMetrics] {
        let time = context.wallTime(at: now)
        return context.store.pods.sorted.compactMap { id, pod in
            metricsServer.usage(of: id).map { sample in
                var metrics = PodMetrics()
                metrics.metadata.name = pod.metadata.name
                metrics.metadata.namespace = pod.metadata.namespace
                metrics.metadata.labels = pod.metadata.labels
                metrics.metadata.creationTimestamp = time
                metrics.timestamp = context.wallTime(at: sample.timestamp)
                metrics.window = sample.window.goText
                metrics.containers = sample.containers.map { container in
                    var entry = ContainerMetrics()
                    entry.name = container.name
                    entry.usage = [
                        "cpu": Quantity(milli: container.cpuMilli), "memory": Self.kibibytes(container.memoryBytes),
                    ]
                    return entry
                }
                return metrics
            }
        }
    }

    private func nodeMetrics(at now: SimulationTime) -> [NodeMetrics] {
        let time = context.wallTime(at: now)
        return context.store.nodes.sorted.compactMap { _, node in
            metricsServer.usage(ofNode: node.metadata.name).map { sample in
                var metrics = NodeMetrics()
                metrics.metadata.name = node.metadata.name
                metrics.metadata.labels = node.metadata.labels
                metrics.metadata.creationTimestamp = time
                metrics.timestamp = context.wallTime(at: sample.timestamp)
                metrics.window = sample.window.goText
                metrics.usage = ["cpu": Quantity(milli: sample.cpuMilli), "memory": Self.kibibytes(sample.memoryBytes)]
                return metrics
            }
        }
    }

    private static func kibibytes(_ bytes: Int64) -> Quantity { Quantity(bytes / 1_024 * 1_024, format: .binarySI) }
}
