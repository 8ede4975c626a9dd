import Cluster
import KubernetesAPI
import PromQL

/// What kube-state-metrics says: the objects of the API server as series, with the names and labels of its version 2.
extension World {
    func exposeObjects() -> ExposedMetrics {
        var metrics = ExposedMetrics()
        let store = cluster.context.store
        exposePods(store.pods.sorted.map(\.object), into: &metrics)
        exposeWorkloads(store, into: &metrics)
        exposeControllers(store, into: &metrics)
        exposeAutoscalers(store.horizontalPodAutoscalers.sorted.map(\.object), into: &metrics)
        exposeNodes(store.nodes.sorted.map(\.object), into: &metrics)
        return metrics
    }

    /// One metric over many objects.
    func each<Object>(
        _ objects: [Object], _ name: String, _ type: String, _ help: String, into metrics: inout ExposedMetrics,
        _ samples: (Object) -> [(labels: [Label], value: Double)]
    ) {
        metrics.describe(name, type, help)
        for object in objects { for sample in samples(object) { metrics.add(name, sample.labels, sample.value) } }
    }

    /// One gauge of one kind, with a value or none for each object.
    /// - Parameters:
    ///   - kind: what stands in the metric's name.
    ///   - label: the label that has the object's name.
    func gauge<Object: KubernetesObject>(
        _ objects: [Object], _ kind: String, _ label: String, _ name: String, _ help: String,
        into metrics: inout ExposedMetrics, _ value: (Object) -> Double?
    ) {
        each(objects, "kube_\(kind)_\(name)", "gauge", help, into: &metrics) { object in
            value(object).map {
                [([Label("namespace", object.metadata.namespace), Label(label, object.metadata.name)], $0)]
            } ?? []
        }
    }

    /// Names and units as kube-state-metrics writes them.
    static func resources(_ list: [String: Quantity]) -> [(resource: String, unit: String, value: Double)] {
        list.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.compactMap { name in
            guard let quantity = list[name] else { return nil }
            let plain = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
            switch name {
            case "cpu": return (plain, "core", Double(quantity.milliValue) / 1000)
            case "memory", "ephemeral-storage", "storage": return (plain, "byte", Double(quantity.value))
            default: return (plain, "integer", Double(quantity.value))
            }
        }
    }
}
