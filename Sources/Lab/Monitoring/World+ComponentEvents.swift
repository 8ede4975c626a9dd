import Cluster
import KubernetesAPI
import Simulation

/// Events of components that run in the cluster beside the control plane, written through the API as theirs are.
extension World {
    struct ComponentEvent {
        /// `Normal` or `Warning`.
        var type: String
        var reason: String
        var message: String
        var component: String
    }

    /// Writes an Event about an object of an added kind, or counts it up if the same has been said before
    /// (`client-go/tools/record`).
    mutating func writeEvent(_ event: ComponentEvent, about object: JSONValue, _ resource: ResourceType) {
        let metadata = object["metadata"]
        let (namespace, name) = (metadata?["namespace"]?.string ?? "", metadata?["name"]?.string ?? "")
        let uid = metadata?["uid"]?.string ?? ""
        if var known = earlier(event, about: uid, in: namespace) {
            known.count = min(known.count, .max - 1) + 1
            known.lastTimestamp = wallTime
            let update = APIRequest(
                .update, Event.resource, namespace: namespace, name: known.metadata.name, body: known.jsonValue)
            _ = cluster.respond(to: update, clock: &clock, logs: workloads)
            return
        }
        let nanoseconds = cluster.context.settings.epochSeconds * 1_000_000_000 + clock.now.nanoseconds
        // Several at one instant differ by the revision, which each of them raises.
        let suffix = String(nanoseconds &+ cluster.context.store.revision, radix: 16)
        let body: JSONValue = [
            "apiVersion": "v1", "kind": "Event",
            "metadata": ["name": .string("\(name).\(suffix)"), "namespace": .string(namespace)],
            "involvedObject": [
                "apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind), "name": .string(name),
                "namespace": .string(namespace), "uid": .string(uid),
            ],
            "type": .string(event.type), "reason": .string(event.reason), "message": .string(event.message),
            "source": ["component": .string(event.component)], "count": .integer(1),
            "firstTimestamp": wallTime.jsonValue, "lastTimestamp": wallTime.jsonValue,
        ]
        _ = cluster.respond(
            to: APIRequest(.create, Event.resource, namespace: namespace, body: body), clock: &clock, logs: workloads)
    }

    private mutating func earlier(_ event: ComponentEvent, about uid: String, in namespace: String) -> Event? {
        var list = APIRequest(.list, Event.resource, namespace: namespace)
        list.fieldSelector = "involvedObject.uid=\(uid),reason=\(event.reason)"
        guard case .list(let found) = cluster.respond(to: list, clock: &clock, logs: workloads).body else { return nil }
        return found.compactMap { try? Event.decode(json: $0).object }.first {
            $0.message == event.message && $0.type == event.type
        }
    }
}
