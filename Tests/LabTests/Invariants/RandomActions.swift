import Cluster
import Foundation
import KubernetesAPI
import Simulation

@testable import Lab

/// What users do to a world at random moments: everything that kubectl can do to what is there.
struct RandomActions {
    var dice: Dice
    /// What was done, for the report of a failure.
    private(set) var log: [String] = []

    init(seed: UInt64) { dice = Dice(seed: seed, name: "invariants/actions") }

    mutating func act(on world: inout World) {
        let request = choose(in: world)
        guard let request else { return }
        let answer = world.respond(to: request)
        log.append(
            "\(world.now.seconds) s: \(request.verb.rawValue) \(request.resource.plural) \(request.name) \(request.subresource) \(request.body.map { String(decoding: $0.compactBytes.prefix(160), as: UTF8.self) } ?? "") -> \(answer.code)"
        )
    }

    private mutating func choose(in world: World) -> APIRequest? {
        let store = world.cluster.context.store
        switch dice.below(20) {
        case 0, 1, 2: return deployment(store).map { scale($0, to: dice.below(7)) }
        case 3, 4:
            let image = dice.pick(["app:1", "app:2", "app:3", "app:missing"])
            return deployment(store).map {
                patch(
                    $0,
                    "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"\(image)\"}]}}}}"
                )
            }
        case 5:
            let stamp = "\(world.now.nanoseconds)"
            return deployment(store).map {
                patch($0, "{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"restarted\":\"\(stamp)\"}}}}}")
            }
        case 6: return deployment(store).map { patch($0, "{\"spec\":{\"paused\":\(dice.chance(0.3))}}") }
        case 7:
            let strategy = dice.pick([
                "{\"type\":\"Recreate\",\"rollingUpdate\":null}",
                "{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxSurge\":1,\"maxUnavailable\":0}}",
            ])
            return deployment(store).map { patch($0, "{\"spec\":{\"strategy\":\(strategy)}}") }
        case 8, 9: return pod(store).map { delete(Pod.resource, $0.metadata.name, grace: dice.pick([nil, 0, 1, 60])) }
        case 10, 11: return pod(store).map { evict($0) }
        case 12: return node(store).map { cordon($0) }
        case 13: return node(store).map { taint($0) }
        case 14:
            return store.horizontalPodAutoscalers.sorted.first.map {
                patch(
                    $0.object, "{\"spec\":{\"minReplicas\":\(1 + dice.below(3)),\"maxReplicas\":\(3 + dice.below(5))}}")
            }
        case 15: return removal(store)
        case 16: return creation(store)
        case 17: return barePod()
        case 18: return staleWrite(store)
        default:
            return dice.chance(0.3) ? node(store).map { delete(Node.resource, $0.metadata.name) } : relabel(store)
        }
    }

    // MARK: Subjects

    private mutating func deployment(_ store: APIStore) -> Deployment? {
        subject(store.deployments.sorted.map(\.object))
    }
    private mutating func pod(_ store: APIStore) -> Pod? { subject(store.pods.sorted.map(\.object)) }
    private mutating func node(_ store: APIStore) -> Node? { subject(store.nodes.sorted.map(\.object)) }

    private mutating func subject<Object>(_ objects: [Object]) -> Object? { objects.isEmpty ? nil : dice.pick(objects) }

    // MARK: Requests

    private func json(_ text: String) -> JSONValue { (try? JSONValue(parsingJSON: Array(text.utf8)[...])) ?? .null }

    private func patch<Object: KubernetesObject>(_ object: Object, _ body: String, subresource: String = "")
        -> APIRequest
    {
        APIRequest(
            .patch, Object.resource, namespace: object.metadata.namespace, name: object.metadata.name,
            subresource: subresource,
            body: json(body), patchType: subresource.isEmpty ? .strategicMerge : .merge)
    }

    private func scale(_ object: Deployment, to replicas: Int) -> APIRequest {
        patch(object, "{\"spec\":{\"replicas\":\(replicas)}}", subresource: "scale")
    }

    private mutating func delete(_ resource: ResourceType, _ name: String, grace: Int64? = nil) -> APIRequest {
        APIRequest(
            .delete, resource, namespace: resource.namespaced ? "shop" : "", name: name,
            propagationPolicy: resource.kind == "Pod" || resource.kind == "Node"
                ? "" : dice.pick(["", "Background", "Foreground", "Orphan"]),
            gracePeriodSeconds: grace)
    }

    private mutating func evict(_ pod: Pod) -> APIRequest {
        APIRequest(
            .create, Pod.resource, namespace: pod.metadata.namespace, name: pod.metadata.name, subresource: "eviction",
            body: json(
                "{\"apiVersion\":\"policy/v1\",\"kind\":\"Eviction\",\"metadata\":{\"name\":\"\(pod.metadata.name)\",\"namespace\":\"\(pod.metadata.namespace)\"}}"
            ))
    }

    private mutating func cordon(_ node: Node) -> APIRequest {
        patch(node, "{\"spec\":{\"unschedulable\":\(dice.chance(0.4))}}")
    }

    private mutating func taint(_ node: Node) -> APIRequest {
        let taints = dice.pick([
            "[]", "[]", "[{\"key\":\"repair\",\"effect\":\"NoExecute\"}]",
            "[{\"key\":\"team\",\"value\":\"a\",\"effect\":\"NoSchedule\"}]",
        ])
        return APIRequest(
            .patch, Node.resource, name: node.metadata.name, body: json("{\"spec\":{\"taints\":\(taints)}}"),
            patchType: .merge)
    }

    private mutating func removal(_ store: APIStore) -> APIRequest? {
        switch dice.below(6) {
        case 0: return deployment(store).map { delete(Deployment.resource, $0.metadata.name) }
        case 1: return store.replicaSets.sorted.first.map { delete(ReplicaSet.resource, $0.object.metadata.name) }
        case 2: return store.statefulSets.sorted.first.map { delete(StatefulSet.resource, $0.object.metadata.name) }
        case 3: return store.daemonSets.sorted.first.map { delete(DaemonSet.resource, $0.object.metadata.name) }
        case 4: return store.jobs.sorted.first.map { delete(Job.resource, $0.object.metadata.name) }
        default:
            return store.horizontalPodAutoscalers.sorted.first.map {
                delete(HorizontalPodAutoscaler.resource, $0.object.metadata.name)
            }
        }
    }

    private mutating func creation(_ store: APIStore) -> APIRequest? {
        let name = dice.pick(["app", "front", "third"])
        guard store.deployments.named("shop/" + name) == nil else { return nil }
        let text = RandomWorld.deployment(name, image: name == "front" ? "front:1" : "app:1", &dice)
        guard let document = try? YAMLReader.documents(text).first else { return nil }
        return APIRequest(.create, Deployment.resource, namespace: "shop", body: document.value)
    }

    private mutating func barePod() -> APIRequest {
        let name = "bare-\(dice.below(1_000))"
        let restart = dice.pick(["Always", "Never", "OnFailure"])
        return APIRequest(
            .create, Pod.resource, namespace: "shop",
            body: json(
                "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"\(name)\",\"labels\":{\"app\":\"app\"}},\"spec\":{\"restartPolicy\":\"\(restart)\",\"containers\":[{\"name\":\"main\",\"image\":\"\(dice.pick(["task:1", "app:1"]))\",\"resources\":{\"requests\":{\"cpu\":\"\(dice.pick(["20m", "900m", "64"]))\"}}}]}}"
            ))
    }

    /// A replacement of an object as it was a while ago.
    private mutating func staleWrite(_ store: APIStore) -> APIRequest? {
        guard var object = deployment(store) else { return nil }
        object.metadata.resourceVersion =
            "\(max(1, (Int64(object.metadata.resourceVersion) ?? 2) - Int64(dice.below(2))))"
        object.spec.replicas = Int32(dice.below(4))
        return APIRequest(
            .update, Deployment.resource, namespace: "shop", name: object.metadata.name, body: object.jsonValue)
    }

    private mutating func relabel(_ store: APIStore) -> APIRequest? {
        let value = dice.pick(["app", "other"])
        return pod(store).map { patch($0, "{\"metadata\":{\"labels\":{\"app\":\"\(value)\"}}}") }
    }
}
