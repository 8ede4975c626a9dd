import KubernetesAPI
import Simulation

/// The subresources that are not the object itself: `scale` and `eviction`.
extension ClusterContext {
    /// `autoscaling/v1` Scale of a workload.
    func scale<Object: StoredObject>(of object: Object) throws(APIStatus) -> Scale {
        var scale = Scale()
        scale.metadata.name = object.metadata.name
        scale.metadata.namespace = object.metadata.namespace
        scale.metadata.uid = object.metadata.uid
        scale.metadata.resourceVersion = object.metadata.resourceVersion
        scale.metadata.creationTimestamp = object.metadata.creationTimestamp
        guard let target = ScaleTarget(object) else {
            throw APIStatus(
                code: 404, reason: "NotFound", message: "the server could not find the requested resource",
                kind: Object.resource.plural, name: object.metadata.name)
        }
        scale.spec.replicas = target.specReplicas
        scale.status.replicas = target.statusReplicas
        scale.status.selector = target.selector.text
        return scale
    }

    mutating func setScale<Object: StoredObject>(
        _ id: ObjectID<Object>, _ object: Object, _ body: JSONValue, _ request: APIRequest
    ) throws(APIStatus) -> APIResponse {
        let wanted: Scale
        do { wanted = try Scale.decode(json: body).object } catch { throw .badRequest(error.description) }
        let replicas = wanted.spec.replicas ?? 0
        guard replicas >= 0 else {
            let message = "must be greater than or equal to 0"
            throw APIStatus(
                code: 422, reason: "Invalid",
                message: "Scale.autoscaling \"\(request.name)\" is invalid: spec.replicas: Invalid value: \(replicas): \(message)",
                kind: "Scale", name: request.name,
                causes: [.init(reason: "FieldValueInvalid", message: "Invalid value: \(replicas): \(message)", field: "spec.replicas")])
        }
        if !wanted.metadata.resourceVersion.isEmpty, wanted.metadata.resourceVersion != object.metadata.resourceVersion {
            throw .conflict(
                Object.resource, request.name,
                "the object has been modified; please apply your changes to the latest version and try again")
        }
        guard !request.dryRun else { return APIResponse(code: 200, body: .object(body)) }
        clock.note("\(Object.resource.singular)/\(object.key)", "scaled to \(replicas) by a user", isRoot: true)
        setReplicas(id, replicas)
        guard let now = store[id] else { throw .notFound(Object.resource, request.name) }
        return APIResponse(code: 200, body: .object(try scale(of: now).jsonValue))
    }

    /// Writes the replica count of a scalable workload, if it differs. False if the object is gone or cannot be scaled.
    @discardableResult
    mutating func setReplicas<Object: StoredObject>(_ id: ObjectID<Object>, _ replicas: Int32) -> Bool {
        let any = AnyObjectID(id)
        if let id: ObjectID<Deployment> = any.typed() {
            guard store[id]?.spec.replicas != replicas else { return true }
            return update(id, changesSpec: true) { $0.spec.replicas = replicas } != nil
        }
        if let id: ObjectID<ReplicaSet> = any.typed() {
            guard store[id]?.spec.replicas != replicas else { return true }
            return update(id, changesSpec: true) { $0.spec.replicas = replicas } != nil
        }
        if let id: ObjectID<StatefulSet> = any.typed() {
            guard store[id]?.spec.replicas != replicas else { return true }
            return update(id, changesSpec: true) { $0.spec.replicas = replicas } != nil
        }
        return false
    }

    /// The Eviction API: a deletion that asks the disruption budgets first (`pkg/registry/core/pod/storage/eviction.go`).
    mutating func evict(_ request: APIRequest) throws(APIStatus) -> APIResponse {
        guard let id = store.pods.id(namespace: request.namespace, name: request.name) else {
            throw .notFound(Pod.resource, request.name)
        }
        try evict(id, gracePeriodSeconds: request.gracePeriodSeconds, dryRun: request.dryRun)
        return APIResponse(
            code: 201,
            body: .object(
                .object([
                    "kind": .string("Status"), "apiVersion": .string("v1"), "status": .string("Success"), "code": .integer(201),
                ])))
    }

    /// Evicts one pod, or says why not.
    mutating func evict(_ id: ObjectID<Pod>, gracePeriodSeconds: Int64? = nil, dryRun: Bool = false) throws(APIStatus) {
        guard let pod = store[id] else { return }
        let exempt = pod.status.phase == "Pending" || !pod.isActive
        if !exempt {
            let budgets = store.podDisruptionBudgets.ids.filter { budget in
                guard let object = store[budget], object.metadata.namespace == pod.metadata.namespace,
                    let selector = object.spec.selector
                else { return false }
                return selector.matches(pod.metadata.labels)
            }
            guard budgets.count <= 1 else {
                throw APIStatus(
                    code: 500, reason: "InternalError",
                    message: "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
            }
            if let budget = budgets.first, let object = store[budget] {
                let unhealthyMayGo =
                    !pod.isReady
                    && (object.spec.unhealthyPodEvictionPolicy == "AlwaysAllow"
                        || (object.status.currentHealthy >= object.status.desiredHealthy && object.status.desiredHealthy > 0))
                if !unhealthyMayGo {
                    guard object.status.disruptionsAllowed > 0 else {
                        throw APIStatus(
                            code: 429, reason: "TooManyRequests",
                            message: "Cannot evict pod as it would violate the pod's disruption budget.",
                            causes: [
                                .init(
                                    reason: "DisruptionBudget",
                                    message:
                                        "The disruption budget \(object.metadata.name) needs \(object.status.desiredHealthy) healthy pods and has \(object.status.currentHealthy) currently",
                                    field: "")
                            ])
                    }
                    if !dryRun {
                        let time = wallTime
                        update(budget) {
                            $0.status.disruptionsAllowed -= 1
                            $0.status.disruptedPods[pod.metadata.name] = time
                        }
                    }
                }
            }
        }
        guard !dryRun else { return }
        let time = wallTime
        update(id) { pod in
            pod.setCondition(
                "DisruptionTarget", "True", reason: "EvictionByEvictionAPI", message: "Eviction API: evicting", at: time)
        }
        delete(id, gracePeriodSeconds: gracePeriodSeconds)
    }
}

/// The replica counts and selector of a workload, as its scale subresource shows them.
struct ScaleTarget {
    var specReplicas: Int32
    var statusReplicas: Int32
    var selector: LabelSelector

    init?(_ object: some StoredObject) {
        if let workload = object as? Deployment {
            self.init(workload.spec.replicas, workload.status.replicas, workload.spec.selector)
        } else if let workload = object as? ReplicaSet {
            self.init(workload.spec.replicas, workload.status.replicas, workload.spec.selector)
        } else if let workload = object as? StatefulSet {
            self.init(workload.spec.replicas, workload.status.replicas, workload.spec.selector)
        } else {
            return nil
        }
    }

    private init(_ spec: Int32?, _ status: Int32, _ selector: LabelSelector?) {
        specReplicas = spec ?? 1
        statusReplicas = status
        self.selector = selector ?? LabelSelector()
    }
}

extension LabelSelector {
    /// The selector as a query string, sorted (`metav1.LabelSelectorAsSelector`).
    public var text: String {
        var parts = matchLabels.map { (key: $0.key, text: "\($0.key)=\($0.value)") }
        for expression in matchExpressions {
            let values = expression.values.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: ",")
            switch expression.operator {
            case "In": parts.append((expression.key, "\(expression.key) in (\(values))"))
            case "NotIn": parts.append((expression.key, "\(expression.key) notin (\(values))"))
            case "Exists": parts.append((expression.key, expression.key))
            default: parts.append((expression.key, "!\(expression.key)"))
            }
        }
        return parts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.text).joined(separator: ",")
    }
}

extension Pod {
    /// Sets a condition; the transition time moves only when the status changes.
    public mutating func setCondition(_ type: String, _ status: String, reason: String = "", message: String = "", at time: Time) {
        var condition = PodCondition()
        condition.type = type
        condition.status = status
        condition.reason = reason
        condition.message = message
        condition.lastTransitionTime = time
        if let index = self.status.conditions.firstIndex(where: { $0.type == type }) {
            if self.status.conditions[index].status == status {
                condition.lastTransitionTime = self.status.conditions[index].lastTransitionTime
            }
            self.status.conditions[index] = condition
        } else {
            self.status.conditions.append(condition)
        }
    }
}
