import ContainerRuntime
import KubernetesAPI
import Monitoring
import Workloads

/// A metric as the discovery of an API of metrics lists it.
public struct ServedMetric: Sendable, Equatable {
    /// `pods/http_requests` in `custom.metrics.k8s.io`, a bare name in `external.metrics.k8s.io`.
    public var name: String
    public var isNamespaced: Bool
}

extension World {
    /// What `custom.metrics.k8s.io` has: prometheus-adapter's at its last relist, or the lab's own.
    public var customMetrics: [ServedMetric] {
        if let adapter = monitoring?.adapter {
            return adapter.registry.customMetrics.map {
                ServedMetric(name: "\($0.resource.text)/\($0.name)", isNamespaced: $0.isNamespaced)
            }
        }
        let names = Workloads.metricNames
        return (names.pods.map { "pods/" + $0 } + names.services.map { "services/" + $0 }).map {
            ServedMetric(name: $0, isNamespaced: true)
        }
    }

    /// What `external.metrics.k8s.io` has. KEDA lists one name, whatever its objects are.
    public var externalMetrics: [ServedMetric] {
        if monitoring?.scaling != nil { return [ServedMetric(name: "externalmetrics", isNamespaced: true)] }
        if let adapter = monitoring?.adapter, adapter.servesExternalMetrics {
            return adapter.registry.externalMetrics.map { ServedMetric(name: $0, isNamespaced: true) }
        }
        return Workloads.metricNames.external.map { ServedMetric(name: $0, isNamespaced: true) }
    }

    /// The names of the objects of a kind that a selector takes, as an adapter lists them.
    public func objectNames(of resource: GroupResource, in namespace: String, _ selector: String) -> [String] {
        let row = KindRow.builtIn.first {
            $0.resource.group == resource.group && $0.resource.plural == resource.resource
        }
        guard let row else { return [] }
        var copy = self
        var request = APIRequest(.list, row.resource, namespace: row.resource.namespaced ? namespace : "")
        request.labelSelector = selector
        guard case .list(let found) = copy.respond(to: request).body else { return [] }
        return found.compactMap { $0["metadata"]?["name"]?.string }
    }
}
