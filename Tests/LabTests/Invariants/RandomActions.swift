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

    /// For what is done beside that; the choices above stay what they were.
    private var more: Dice

    init(seed: UInt64) {
        dice = Dice(seed: seed, name: "invariants/actions")
        more = Dice(seed: seed, name: "invariants/more-actions")
    }

    mutating func act(on world: inout World) {
        if let request = choose(in: world) { send(request, to: &world) }
        guard more.chance(0.4) else { return }
        swap(&dice, &more)
        let request = chooseMore(in: world)
        swap(&dice, &more)
        if let request { send(request, to: &world) }
    }

    private mutating func send(_ request: APIRequest, to world: inout World) {
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

    /// Services and their slices, workloads that are counted or ordered, and limits.
    private mutating func chooseMore(in world: World) -> APIRequest? {
        let store = world.cluster.context.store
        switch dice.below(16) {
        case 0: return slice(store).map { delete(EndpointSlice.resource, $0.metadata.name) }
        case 1, 2:
            let change = dice.pick([
                "{\"endpoints\":[]}", "{\"ports\":[]}",
                "{\"metadata\":{\"labels\":{\"kubernetes.io/service-name\":\"other\"}}}",
                "{\"endpoints\":[{\"addresses\":[\"10.1.1.1\"]}]}", "{\"metadata\":{\"ownerReferences\":null}}",
            ])
            return slice(store).map { merge($0, change) }
        case 3:
            let change = dice.pick([
                "{\"spec\":{\"selector\":{\"app\":\"front\"}}}", "{\"spec\":{\"selector\":{\"app\":\"app\"}}}",
                "{\"spec\":{\"ports\":[{\"port\":80,\"targetPort\":8001}]}}",
                "{\"spec\":{\"ports\":[{\"port\":80,\"targetPort\":8000}]}}",
                "{\"spec\":{\"publishNotReadyAddresses\":\(dice.chance(0.5))}}",
                "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}",
            ])
            return subject(store.services.sorted.map(\.object)).map { merge($0, change) }
        case 4: return service(store)
        case 5, 6:
            return subject(store.statefulSets.sorted.map(\.object)).map {
                patch($0, "{\"spec\":{\"replicas\":\(dice.below(5))}}", subresource: "scale")
            }
        case 7:
            let stamp = "\(world.now.nanoseconds)"
            return subject(store.statefulSets.sorted.map(\.object)).map {
                patch($0, "{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"restarted\":\"\(stamp)\"}}}}}")
            }
        case 8: return job(store).map { merge($0, "{\"spec\":{\"parallelism\":\(dice.below(4))}}") }
        case 9: return job(store).map { merge($0, "{\"spec\":{\"suspend\":\(dice.chance(0.4))}}") }
        case 10: return job(store).map { delete(Job.resource, $0.metadata.name) }
        case 11:
            return subject(store.resourceQuotas.sorted.map(\.object)).map {
                merge($0, "{\"spec\":{\"hard\":{\"pods\":\"\(4 + dice.below(12))\"}}}")
            }
        case 12:
            return subject(store.podDisruptionBudgets.sorted.map(\.object)).map {
                merge($0, "{\"spec\":{\"minAvailable\":\(dice.below(3)),\"maxUnavailable\":null}}")
            }
        case 13:
            return pod(store).map {
                patch(
                    $0, "{\"spec\":{\"ephemeralContainers\":[{\"name\":\"debugger\",\"image\":\"task:1\"}]}}",
                    subresource: "ephemeralcontainers")
            }
        case 14:
            let cpu = dice.pick(["20m", "300m", "900m"])
            return pod(store).flatMap { pod in
                guard let name = pod.spec.containers.first?.name else { return nil }
                var request = patch(
                    pod,
                    "{\"spec\":{\"containers\":[{\"name\":\"\(name)\",\"resources\":{\"requests\":{\"cpu\":\"\(cpu)\"}}}]}}",
                    subresource: "resize")
                request.patchType = .strategicMerge
                return request
            }
        default:
            return subject(store.daemonSets.sorted.map(\.object)).map {
                patch(
                    $0,
                    "{\"spec\":{\"updateStrategy\":{\"rollingUpdate\":{\"maxSurge\":\(dice.below(2)),\"maxUnavailable\":1}},\"template\":{\"metadata\":{\"annotations\":{\"n\":\"\(dice.below(9))\"}}}}}"
                )
            }
        }
    }

    /// Takes a service away, or puts it back.
    private mutating func service(_ store: APIStore) -> APIRequest? {
        let name = dice.pick(["app", "front"])
        if store.services.named("shop/" + name) != nil { return delete(Service.resource, name) }
        guard let document = try? YAMLReader.documents(RandomWorld.service(name)).first else { return nil }
        return APIRequest(.create, Service.resource, namespace: "shop", body: document.value)
    }

    // MARK: Subjects

    private mutating func slice(_ store: APIStore) -> EndpointSlice? {
        subject(store.endpointSlices.sorted.map(\.object))
    }
    private mutating func job(_ store: APIStore) -> Job? { subject(store.jobs.sorted.map(\.object)) }

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

    private func merge<Object: KubernetesObject>(_ object: Object, _ body: String) -> APIRequest {
        APIRequest(
            .patch, Object.resource, namespace: object.metadata.namespace, name: object.metadata.name, body: json(body),
            patchType: .merge)
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
