import Cluster
import KubernetesAPI

/// The least and the most of each Deployment's sizes, by column.
struct SizeHistory {
    let columns: Int
    /// By `namespace/name`.
    private(set) var workloads: [String: LabReport.Workload] = [:]

    init(columns: Int) { self.columns = columns }

    /// Includes what a world has now.
    mutating func look(_ world: borrowing World, _ column: Int) {
        let store = world.cluster.context.store
        var wishes: [String: (name: String, wish: Int32)] = [:]
        store.horizontalPodAutoscalers.forEach { _, object in
            // Nothing is wished before the first decision.
            guard object.spec.scaleTargetRef.kind == "Deployment", object.status.desiredReplicas > 0 else { return }
            let target = object.metadata.namespace + "/" + object.spec.scaleTargetRef.name
            wishes[target] = (object.metadata.name, object.status.desiredReplicas)
        }
        func include(_ value: Int32, _ bands: inout [LabReport.Band?]) {
            if bands[column] == nil { bands[column] = LabReport.Band(value) } else { bands[column]?.include(value) }
        }
        store.deployments.forEach { _, object in
            // Taken out while it changes, so that its curves are not copied.
            var workload = workloads.removeValue(forKey: object.key) ?? empty(object.key)
            include(object.spec.replicas ?? 1, &workload.desired)
            include(object.status.readyReplicas, &workload.ready)
            if let found = wishes[object.key] {
                workload.autoscaler = found.name
                include(found.wish, &workload.wish)
            }
            workloads[object.key] = workload
        }
    }

    private func empty(_ key: String) -> LabReport.Workload {
        let none = [LabReport.Band?](repeating: nil, count: columns)
        return LabReport.Workload(key: key, desired: none, ready: none, wish: none)
    }
}
