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
                message:
                    "Scale.autoscaling \"\(request.name)\" is invalid: spec.replicas: Invalid value: \(replicas): \(message)",
                kind: "Scale", name: request.name,
                causes: [
                    .init(
                        reason: "FieldValueInvalid", message: "Invalid value: \(replicas): \(message)",
                        field: "spec.replicas")
                ])
        }
        if !wanted.metadata.resourceVersion.isEmpty, wanted.metadata.resourceVersion != object.metadata.resourceVersion
        {
            throw .conflict(
                Object.resource, request.name,
                "the object has been modified; please apply your changes to the latest version and try again")
        }
        clock.note("\(Object.resource.singular)/\(object.key)", "scaled to \(replicas) by a user", isRoot: true)
        setReplicas(id, replicas, by: request.fieldManager)
        guard let now = store[id] else { throw .notFound(Object.resource, request.name) }
        return APIResponse(code: 200, body: .object(try scale(of: now).jsonValue))
    }

    /// Writes the replica count of a scalable workload, if it differs. False if the object is gone or cannot be scaled.
    @discardableResult
    ///
    /// Who set it owns it then (`metadata.managedFields`), if anybody keeps account of the object.
    mutating func setReplicas<Object: StoredObject>(
        _ id: ObjectID<Object>, _ replicas: Int32, by manager: String = "kube-controller-manager"
    ) -> Bool {
        let any = AnyObjectID(id)
        func fields<Workload: StoredObject>(_ id: ObjectID<Workload>) -> [ManagedFieldsEntry] {
            store[id].map { scaledFields($0.metadata, Workload.resource, by: manager) } ?? []
        }
        if let id: ObjectID<Deployment> = any.typed() {
            guard store[id]?.spec.replicas != replicas else { return true }
            let owners = fields(id)
            return update(id, changesSpec: true) {
                $0.spec.replicas = replicas
                $0.metadata.managedFields = owners
            } != nil
        }
        if let id: ObjectID<ReplicaSet> = any.typed() {
            guard store[id]?.spec.replicas != replicas else { return true }
            let owners = fields(id)
            return update(id, changesSpec: true) {
                $0.spec.replicas = replicas
                $0.metadata.managedFields = owners
            } != nil
        }
        if let id: ObjectID<StatefulSet> = any.typed() {
            guard store[id]?.spec.replicas != replicas else { return true }
            let owners = fields(id)
            return update(id, changesSpec: true) {
                $0.spec.replicas = replicas
                $0.metadata.managedFields = owners
            } != nil
        }
        return false
    }

    /// The Eviction API: a deletion that asks the disruption budgets first (`pkg/registry/core/pod/storage/eviction.go`).
    mutating func evict(_ request: APIRequest) throws(APIStatus) -> APIResponse {
        guard let id = store.pods.id(namespace: request.namespace, name: request.name) else {
            throw .notFound(Pod.resource, request.name)
        }
        try evict(id, gracePeriodSeconds: request.gracePeriodSeconds)
        return APIResponse(
            code: 201,
            body: .object(
                .object([
                    "kind": .string("Status"), "apiVersion": .string("v1"), "status": .string("Success"),
                    "code": .integer(201),
                ])))
    }

    /// Evicts one pod, or says why not (429 while a budget forbids it).
    mutating func evict(_ id: ObjectID<Pod>, gracePeriodSeconds: Int64? = nil) throws(APIStatus) {
        guard let pod = store[id] else { return }
        let budgets = budgets(of: pod)
        switch EvictionDecision(pod: .init(pod), budgets: budgets.compactMap { id in store[id].map { .init($0) } }) {
        case .delete: break
        case .deleteAndCharge:
            if let budget = budgets.first {
                let time = wallTime
                update(budget) {
                    $0.status.disruptionsAllowed -= 1
                    $0.status.disruptedPods[pod.metadata.name] = time
                }
            }
        case .tooManyRequests(let message, let cause):
            throw APIStatus(
                code: 429, reason: "TooManyRequests", message: message,
                causes: [.init(reason: "DisruptionBudget", message: cause, field: "")])
        case .internalError(let message):
            throw APIStatus(code: 500, reason: "InternalError", message: message)
        }
        if pod.isActive {
            let time = wallTime
            update(id) { pod in
                pod.setCondition(
                    "DisruptionTarget", "True", reason: "EvictionByEvictionAPI", message: "Eviction API: evicting",
                    at: time)
            }
        }
        delete(id, gracePeriodSeconds: gracePeriodSeconds)
    }

    /// The disruption budgets whose selectors match a pod, in the order of their slots.
    func budgets(of pod: Pod) -> [ObjectID<PodDisruptionBudget>] {
        store.podDisruptionBudgets.ids.filter { id in
            guard let budget = store[id], budget.metadata.namespace == pod.metadata.namespace,
                let selector = budget.spec.selector
            else { return false }
            return selector.matches(pod.metadata.labels)
        }
    }

    /// Binds a pod to a node, as a scheduler does (`pkg/registry/core/pod/storage`, `BindingREST`).
    mutating func bind(_ request: APIRequest, _ body: JSONValue) throws(APIStatus) -> APIResponse {
        guard let id = store.pods.id(namespace: request.namespace, name: request.name), let pod = store[id] else {
            throw .notFound(Pod.resource, request.name)
        }
        guard case .object(let members) = body, case .object(let target)? = members["target"],
            case .string(let node)? = target["name"],
            !node.isEmpty
        else {
            throw APIStatus(
                code: 422, reason: "Invalid",
                message: "Binding \"\(request.name)\" is invalid: target.name: Required value",
                kind: "Binding", name: request.name,
                causes: [.init(reason: "FieldValueRequired", message: "Required value", field: "target.name")])
        }
        func conflict(_ why: String) -> APIStatus {
            APIStatus(
                code: 409, reason: "Conflict",
                message: "Operation cannot be fulfilled on pods/binding \"\(request.name)\": \(why)",
                kind: "pods/binding",
                name: request.name)
        }
        if pod.metadata.deletionTimestamp != nil {
            throw conflict("pod \(request.name) is being deleted, cannot be assigned to a host")
        }
        guard pod.spec.nodeName.isEmpty else {
            throw conflict("pod \(request.name) is already assigned to node \"\(pod.spec.nodeName)\"")
        }
        guard pod.spec.schedulingGates.isEmpty else {
            throw conflict("pod \(request.name) has non-empty .spec.schedulingGates")
        }
        let time = wallTime
        clock.note("pod/\(pod.key)", "bound to \(node) by a user", isRoot: true)
        let topology = topologyLabels(of: node)
        update(id) { pod in
            var merge = TopologyMerge()
            pod.bind(to: node, labels: merge.labels(of: pod, on: topology), at: time)
        }
        return APIResponse(
            code: 201,
            body: .object(
                .object([
                    "kind": .string("Status"), "apiVersion": .string("v1"), "status": .string("Success"),
                    "code": .integer(201),
                ])))
    }
}

extension EvictionDecision.Pod {
    init(_ pod: Pod) {
        self.init(
            isPending: pod.status.phase == "Pending",
            isFinished: pod.status.phase == "Succeeded" || pod.status.phase == "Failed",
            isDeleting: pod.metadata.deletionTimestamp != nil, isReady: pod.isReady)
    }
}

extension EvictionDecision.Budget {
    init(_ budget: PodDisruptionBudget) {
        self.init(
            name: budget.metadata.name, disruptionsAllowed: budget.status.disruptionsAllowed,
            currentHealthy: budget.status.currentHealthy, desiredHealthy: budget.status.desiredHealthy,
            isObserved: budget.status.observedGeneration >= budget.metadata.generation,
            policy: budget.spec.unhealthyPodEvictionPolicy == "AlwaysAllow" ? .alwaysAllow : .ifHealthyBudget)
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
    public mutating func setCondition(
        _ type: String, _ status: String, reason: String = "", message: String = "", at time: Time
    ) {
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
