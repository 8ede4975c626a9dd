import Cluster
import KubernetesAPI
import Simulation

/// Draining a node: cordon, then evict each pod that no DaemonSet owns, again every five seconds while a disruption
/// budget forbids it (`kubectl/pkg/drain`).
extension World {
    mutating func cordon(_ name: String, _ unschedulable: Bool) {
        let patch: JSONValue = ["spec": ["unschedulable": unschedulable ? true : .null]]
        _ = respond(to: APIRequest(.patch, Node.resource, name: name, body: patch, patchType: .merge))
    }

    /// One try; another follows while pods are left and the drain is in force.
    mutating func evict(_ index: UInt32) {
        guard incidents.active.keys.contains(index), case .drain(let name) = incidents.faults[Int(index)].effect else {
            return
        }
        let store = cluster.context.store
        let pods = store.pods(on: name).compactMap { store[$0] }.filter { pod in
            !pod.metadata.ownerReferences.contains { $0.controller == true && $0.kind == "DaemonSet" }
        }
        guard !pods.isEmpty else {
            incidents.timeline.append(Incidents.Entry(time: clock.now, text: "node \(name) is drained"))
            return
        }
        let waiting = pods.filter { $0.metadata.deletionTimestamp == nil }.map(\.metadata)
        for pod in waiting {
            let body: JSONValue = [
                "apiVersion": "policy/v1", "kind": "Eviction",
                "metadata": ["name": .string(pod.name), "namespace": .string(pod.namespace)],
            ]
            _ = respond(
                to: APIRequest(
                    .create, Pod.resource, namespace: pod.namespace, name: pod.name, subresource: "eviction", body: body
                ))
        }
        incidents.queue.schedule(.evict(index), after: .seconds(5), on: &clock)
    }
}
