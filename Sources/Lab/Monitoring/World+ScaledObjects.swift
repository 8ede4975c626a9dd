import Cluster
import KubernetesAPI
import Monitoring
import Simulation

/// KEDA at work: ScaledObjects lead to autoscalers, and their triggers to the first replica and to none.
extension World {
    /// What KEDA's webhook looks at beside the object itself.
    func neighbours(of object: JSONValue) -> ScaledObjectAdmission.Neighbours {
        let namespace = object["metadata"]?["namespace"]?.string ?? ""
        let store = cluster.context.store
        var neighbours = ScaledObjectAdmission.Neighbours()
        neighbours.autoscalers = store.horizontalPodAutoscalers.sorted.map(\.object).filter {
            $0.metadata.namespace == namespace
        }
        neighbours.scaledObjects = scaledObjects.filter { $0["metadata"]?["namespace"]?.string == namespace }
        let target = ScaleTargetReference(object["spec"] ?? .null)
        switch target.kindText {
        case "apps/v1.Deployment":
            neighbours.template =
                store.deployments.sorted.map(\.object).first {
                    $0.metadata.namespace == namespace && $0.metadata.name == target.name
                }?.spec.template.spec
        case "apps/v1.StatefulSet":
            neighbours.template =
                store.statefulSets.sorted.map(\.object).first {
                    $0.metadata.namespace == namespace && $0.metadata.name == target.name
                }?.spec.template.spec
        default: neighbours.template = PodSpec()
        }
        for (_, range) in store.limitRanges.sorted where range.metadata.namespace == namespace {
            for item in range.spec.limits where item.type == "Container" {
                neighbours.limitedResources.formUnion(item.default.keys)
            }
        }
        return neighbours
    }

    private var scaledObjects: [JSONValue] { cluster.customObjects(of: ScaledObjectDefinition.resource) }

    /// KEDA's informer hears of a change of a ScaledObject a little later than the one who made it.
    mutating func noticeScaledObjects(_ request: APIRequest) {
        guard monitoring?.scaling != nil else { return }
        let isRelated =
            request.resource == ScaledObjectDefinition.resource
            || ["HorizontalPodAutoscaler", "Namespace"].contains(request.resource.kind)
        guard isRelated, request.verb != .get, request.verb != .list, !request.dryRun else { return }
        monitoring?.queue.schedule(
            .observeScaledObjects, after: cluster.context.settings.informerLag, on: &clock)
    }

    mutating func observeScaledObjects() {
        let objects = scaledObjects
        let uids = Set(objects.map(Self.uid))
        for record in monitoring?.scaling?.records ?? [] where !uids.contains(record.uid) { forget(record) }
        for object in objects {
            let metadata = object["metadata"]
            let uid = Self.uid(object)
            let place: Int
            if let known = monitoring?.scaling?.records.firstIndex(where: { $0.uid == uid }) {
                place = known
            } else {
                place =
                    monitoring?.scaling?.add(
                        uid: uid, namespace: metadata?["namespace"]?.string ?? "",
                        name: metadata?["name"]?.string ?? "") ?? 0
            }
            let content = Self.content(object)
            guard var record = monitoring?.scaling?.records[place] else { continue }
            let isChanged = record.content != content
            guard isChanged || !hasAutoscaler(object) else { continue }
            record.content = content
            // The operator looks at the triggers at once when an object has changed, and then once an interval.
            monitoring?.queue.cancel(record.poll)
            record.poll = .none
            monitoring?.scaling?.records[place] = record
            reconcile(place, object, isChanged: isChanged)
        }
    }

    private static func uid(_ object: JSONValue) -> String { object["metadata"]?["uid"]?.string ?? "" }

    private static func content(_ object: JSONValue) -> String {
        let parts: JSONValue = [
            "spec": object["spec"] ?? .null, "annotations": object["metadata"]?["annotations"] ?? .null,
        ]
        return String(decoding: parts.compactBytes, as: UTF8.self)
    }

    private func hasAutoscaler(_ object: JSONValue) -> Bool {
        guard let scaled = try? ScaledObject(object), scaled.pausedReplicas == nil else { return true }
        return autoscaler(of: scaled) != nil
    }

    private func autoscaler(of scaled: ScaledObject) -> HorizontalPodAutoscaler? {
        let table = cluster.context.store.horizontalPodAutoscalers
        return table.id(namespace: scaled.namespace, name: scaled.autoscalerName).flatMap { table[$0] }
    }

    /// An object that is gone: its HPA is the garbage collector's, and its target goes back if it should.
    private mutating func forget(_ record: ScaledObjectController.Record) {
        monitoring?.queue.cancel(record.poll)
        monitoring?.scaling?.records.removeAll { $0.number == record.number }
        guard record.restoresReplicas, let replicas = record.originalReplicas else { return }
        _ = scale(record.target, record.namespace, to: replicas)
    }

    // MARK: Reconciling

    private mutating func reconcile(_ place: Int, _ object: JSONValue, isChanged: Bool) {
        let scaled: ScaledObject
        do throws(MetricsAPIError) {
            scaled = try ScaledObject(object)
        } catch {
            var status = ScaledObjectStatus()
            status.ready = ScaledObjectStatus.isNotReady("failed to ensure HPA is correctly created for ScaledObject")
            tell(object, "Warning", "KEDAScalerFailed", error.description)
            return writeConditions(of: object, status)
        }
        guard let record = monitoring?.scaling?.records[place] else { return }
        let reference = ScaleTargetReference(object["spec"] ?? .null)
        guard let replicas = replicas(of: reference, scaled.namespace) else {
            var status = ScaledObjectStatus()
            status.ready = ScaledObjectStatus.isNotReady(
                "ScaledObject doesn't have correct scaleTargetRef specification")
            if isChanged { tell(object, "Warning", "ScaledObjectCheckFailed", "Target resource doesn't exist") }
            write(status, of: scaled, object)
            return poll(again: record.number, after: scaled.pollingInterval)
        }
        monitoring?.scaling?.records[place].target = reference
        monitoring?.scaling?.records[place].restoresReplicas = scaled.restoresToOriginalReplicaCount
        if record.originalReplicas == nil {
            monitoring?.scaling?.records[place].originalReplicas = replicas
            for trigger in scaled.triggers {
                tell(object, "Normal", "KEDAScalersStarted", "Scaler \(trigger.typeText) is built")
            }
            tell(object, "Normal", "KEDAScalersStarted", "Started scalers watch")
            tell(object, "Normal", "ScaledObjectReady", "ScaledObject is ready for scaling")
        }
        ensureAutoscaler(of: scaled, object)
        pollScaledObject(record.number)
    }

    private mutating func ensureAutoscaler(of scaled: ScaledObject, _ object: JSONValue) {
        var wanted = scaled.autoscaler
        var owner = OwnerReference()
        owner.apiVersion = ScaledObjectDefinition.resource.apiVersion
        owner.kind = ScaledObjectDefinition.resource.kind
        owner.name = scaled.name
        owner.uid = Self.uid(object)
        owner.controller = true
        owner.blockOwnerDeletion = true
        wanted.metadata.ownerReferences = [owner]
        let resource = HorizontalPodAutoscaler.resource
        let known = autoscaler(of: scaled)
        if scaled.pausedReplicas != nil {
            // A paused target has no autoscaler that could move it.
            if known != nil {
                ask(APIRequest(.delete, resource, namespace: scaled.namespace, name: scaled.autoscalerName))
            }
            return
        }
        guard var changed = known else {
            ask(APIRequest(.create, resource, namespace: scaled.namespace, body: wanted.jsonValue))
            return
        }
        changed.spec = wanted.spec
        changed.metadata.labels = wanted.metadata.labels
        changed.metadata.ownerReferences = wanted.metadata.ownerReferences
        ask(
            APIRequest(
                .update, resource, namespace: scaled.namespace, name: scaled.autoscalerName, body: changed.jsonValue))
    }

    // MARK: Polling

    private mutating func poll(again number: UInt32, after seconds: Int) {
        guard let place = monitoring?.scaling?.place(of: number) else { return }
        let timer = monitoring?.queue.schedule(.poll(number), after: .seconds(Int64(seconds)), on: &clock)
        monitoring?.scaling?.records[place].poll = timer ?? .none
    }

    /// One look at the triggers of an object (`ScaleExecutor.RequestScale`).
    mutating func pollScaledObject(_ number: UInt32) {
        guard let place = monitoring?.scaling?.place(of: number), let record = monitoring?.scaling?.records[place],
            let prometheus = monitoring?.prometheus
        else { return }
        monitoring?.scaling?.records[place].poll = .none
        guard let object = scaledObjects.first(where: { Self.uid($0) == record.uid }) else { return forget(record) }
        guard let scaled = try? ScaledObject(object) else { return }
        poll(again: number, after: scaled.pollingInterval)
        guard let replicas = replicas(of: record.target, record.namespace) else { return }
        if scaled.pausedReplicas == nil, autoscaler(of: scaled) == nil { ensureAutoscaler(of: scaled, object) }

        let now = epochMilliseconds
        var active: [String] = []
        var isError = false
        for trigger in scaled.triggers {
            switch trigger.read(prometheus, now: now) {
            case .success(let reading)?: if reading.isActive { active.append(trigger.metricName) }
            case .failure(let error)?:
                isError = true
                tell(object, "Warning", "KEDAScalerFailed", error.description)
            case nil: break
            }
        }
        let created = object["metadata"]?["creationTimestamp"]?.string.flatMap(CivilTime.parse)?.seconds ?? 0
        let decision = scaled.decide(
            ScaleSituation(
                now: now, created: created * 1000, currentReplicas: replicas, isActive: !active.isEmpty,
                isError: isError, lastActive: record.lastActive))
        carryOut(decision, place, scaled, object, replicas: replicas, active: active, now: now)

        var status = ScaledObjectStatus()
        status.ready = ScaledObjectStatus.isReady
        status.active = ScaledObjectStatus.activity(isActive: !active.isEmpty, isError: isError)
        write(status, of: scaled, object)
    }

    private mutating func carryOut(
        _ decision: ScaleDecision, _ place: Int, _ scaled: ScaledObject, _ object: JSONValue, replicas: Int,
        active: [String], now: Int64
    ) {
        switch decision {
        case .stayActive: monitoring?.scaling?.records[place].lastActive = now
        case .coolDown, .none: break
        case .scale(let wanted, _):
            let reference = ScaleTargetReference(object["spec"] ?? .null)
            let what = "\(reference.kindText) \(scaled.namespace)/\(reference.name)"
            guard scale(reference, scaled.namespace, to: wanted) else {
                return tell(
                    object, "Warning",
                    wanted > replicas ? "KEDAScaleTargetActivationFailed" : "KEDAScaleTargetDeactivationFailed",
                    "Failed to scale \(what) from \(replicas) to \(wanted)")
            }
            if !active.isEmpty {
                monitoring?.scaling?.records[place].lastActive = now
                tell(
                    object, "Normal", "KEDAScaleTargetActivated",
                    "Scaled \(what) from \(replicas) to \(wanted), triggered by \(active.joined(separator: ";"))")
            } else if wanted < replicas {
                tell(
                    object, "Normal", "KEDAScaleTargetDeactivated",
                    "Deactivated \(what) from \(replicas) to \(wanted)")
            }
        }
    }

    // MARK: Status

    /// Completes and writes a status, if it is not the one that is there.
    private mutating func write(_ given: ScaledObjectStatus, of scaled: ScaledObject, _ object: JSONValue) {
        guard let record = monitoring?.scaling?.records.first(where: { $0.uid == Self.uid(object) }) else { return }
        var status = given
        status.failures = record.failures
        let isFalling = scaled.triggers.contains { trigger in
            guard let fallback = scaled.fallback, let failures = record.failures[trigger.metricName] else {
                return false
            }
            return failures > fallback.failureThreshold && trigger.target.averageValue != nil
        }
        status.fallback = ScaledObjectStatus.falling(isFalling)
        if scaled.pausedReplicas != nil {
            status.paused = .init("True", "ScaledObjectPaused", "ScaledObject is paused")
        }
        status.lastActiveTime = record.lastActive.map { Time(epochSeconds: $0 / 1000).jsonValue }
        status.originalReplicas = record.originalReplicas
        status.autoscalerName = autoscaler(of: scaled)?.metadata.name ?? ""
        put(status.json(scaled), of: object)
    }

    /// The conditions of an object that cannot be read.
    private mutating func writeConditions(of object: JSONValue, _ status: ScaledObjectStatus) {
        let row: JSONValue = [
            "type": "Ready", "status": .string(status.ready.status), "reason": .string(status.ready.reason),
            "message": .string(status.ready.message),
        ]
        put(["conditions": .array([row])], of: object)
    }

    private mutating func put(_ status: JSONValue, of object: JSONValue) {
        guard let current = scaledObjects.first(where: { Self.uid($0) == Self.uid(object) }),
            current["status"] != status, case .object(var members) = current
        else { return }
        members["status"] = status
        ask(
            APIRequest(
                .update, ScaledObjectDefinition.resource, namespace: object["metadata"]?["namespace"]?.string ?? "",
                name: object["metadata"]?["name"]?.string ?? "", subresource: "status", body: .object(members)))
    }

    /// An HPA has asked: what failed or works again shows in the status at once.
    mutating func showFailures(before: [ScaledObjectController.Record]) {
        let known = before.map(\.failures)
        guard let records = monitoring?.scaling?.records, records.map(\.failures) != known else { return }
        for object in scaledObjects {
            guard let scaled = try? ScaledObject(object) else { continue }
            var status = ScaledObjectStatus()
            for row in object["status"]?["conditions"]?.array ?? [] {
                let condition = ScaledObjectStatus.Condition(
                    row["status"]?.string ?? "Unknown", row["reason"]?.string ?? "", row["message"]?.string ?? "")
                if row["type"] == "Ready" { status.ready = condition }
                if row["type"] == "Active" { status.active = condition }
            }
            write(status, of: scaled, object)
        }
    }

    // MARK: Requests of the operator

    @discardableResult private mutating func ask(_ request: APIRequest) -> APIResponse {
        cluster.respond(to: request, clock: &clock, logs: workloads)
    }

    private mutating func tell(_ object: JSONValue, _ type: String, _ reason: String, _ message: String) {
        writeEvent(
            ComponentEvent(type: type, reason: reason, message: message, component: "keda-operator"), about: object,
            ScaledObjectDefinition.resource)
    }

    private static func resource(_ reference: ScaleTargetReference) -> ResourceType? {
        KindRow.builtIn.first {
            $0.resource.kind == reference.kind && $0.resource.apiVersion == reference.apiVersion
        }?.resource
    }

    /// The replicas that a target should have; nil if there is no such target.
    private mutating func replicas(of reference: ScaleTargetReference, _ namespace: String) -> Int? {
        guard let resource = Self.resource(reference) else { return nil }
        let response = ask(
            APIRequest(.get, resource, namespace: namespace, name: reference.name, subresource: "scale"))
        guard case .object(let scale) = response.body, case .object? = scale["spec"] else { return nil }
        if case .integer(let replicas)? = scale["spec"]?["replicas"] { return Int(replicas) }
        return 0
    }

    private mutating func scale(_ reference: ScaleTargetReference, _ namespace: String, to replicas: Int) -> Bool {
        guard let resource = Self.resource(reference) else { return false }
        let response = ask(
            APIRequest(
                .patch, resource, namespace: namespace, name: reference.name, subresource: "scale",
                body: ["spec": ["replicas": .integer(Int64(replicas))]], patchType: .merge))
        if case .failure = response.body { return false }
        return true
    }

    /// The ScaledObjects that can be read, with the replicas of their targets.
    mutating func readableScaledObjects() -> [(object: ScaledObject, replicas: Int)] {
        var found: [(object: ScaledObject, replicas: Int)] = []
        for object in scaledObjects {
            guard let scaled = try? ScaledObject(object) else { continue }
            let reference = ScaleTargetReference(object["spec"] ?? .null)
            found.append((scaled, replicas(of: reference, scaled.namespace) ?? 0))
        }
        return found
    }
}
