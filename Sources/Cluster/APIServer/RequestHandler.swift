import ContainerRuntime
import KubernetesAPI
import OrderedCollections
import Simulation

/// Answers API requests about stored objects: the path that every write of a user takes.
///
/// Decoding, defaulting, admission and validation are those of `KubernetesAPI`; the layers stand in the API server's
/// order, each stops the rest.
extension Cluster {
    /// Answers a request of a user, at this instant. `logs` is asked for what containers wrote.
    public mutating func respond(to request: APIRequest, clock: inout Clock, logs source: some ContainerLogSource)
        -> APIResponse
    {
        do { try authorize(request) } catch { return APIResponse(error) }
        if let answer = answerReview(request) ?? answerTokenRequest(request) ?? answerDefaultRoles(request) {
            return answer
        }
        if let computed = computed(request, at: clock.now) { return computed }
        if request.resource.kind == "Pod", request.subresource == "log" { return logs(request, source) }
        if request.resource.kind == "Event", let answer = answerEventWrite(request, clock: &clock) { return answer }
        guard let kind = ObjectKind(request.resource) else {
            if let custom = context.customKind(of: request.resource) {
                guard request.dryRun else {
                    return lend(&clock) { $0.context.respond(request, custom: custom) }
                }
                var trial = context
                trial.dismissListeners()
                trial.clock = clock
                return trial.respond(request, custom: custom)
            }
            return APIResponse(
                APIStatus(
                    code: 404, reason: "NotFound", message: "the server could not find the requested resource",
                    kind: request.resource.plural))
        }
        do { try refuseEscalation(request) { trial(request, kind, clock) } } catch { return APIResponse(error) }
        if request.dryRun { return trial(request, kind, clock) }
        return lend(&clock) { cluster in
            cluster.context.storeDefaultRole(request)
            return cluster.context.respond(request, kind: kind)
        }
    }

    /// All that a request would do happens, in a copy that is thrown away.
    private func trial(_ request: APIRequest, _ kind: ObjectKind, _ clock: Clock) -> APIResponse {
        var trial = context
        trial.dismissListeners()
        trial.clock = clock
        var real = request
        real.dryRun = false
        trial.storeDefaultRole(real)
        return trial.respond(real, kind: kind)
    }
}

extension ClusterContext {
    mutating func respond(_ request: APIRequest, kind: ObjectKind) -> APIResponse {
        func open<Object: StoredObject>(_ type: Object.Type, _ context: inout ClusterContext) -> APIResponse {
            do {
                if request.resource == HorizontalPodAutoscalerV1.resource {
                    return try context.respondInVersion1(request)
                }
                return try context.respond(request, type)
            } catch {
                return APIResponse(error)
            }
        }
        return open(kind.type, &self)
    }

    mutating func respond<Object: StoredObject>(_ request: APIRequest, _ type: Object.Type) throws(APIStatus)
        -> APIResponse
    {
        switch request.verb {
        case .get:
            let object = try existing(request, type).object
            if request.subresource == "scale" {
                return APIResponse(code: 200, body: .object(try scale(of: object).jsonValue))
            }
            return APIResponse(code: 200, body: .object(shown(object)))
        case .list:
            return APIResponse(
                code: 200, body: .list(try list(request, type).map { $0.object.jsonValue }),
                resourceVersion: "\(store.revision)")
        case .create:
            return try create(request, type)
        case .update:
            guard let body = request.body else { throw .badRequest("the request has no body") }
            if Object.isCreatedByUpdate, request.subresource.isEmpty,
                store[keyPath: Object.table].id(namespace: request.namespace, name: request.name) == nil
            {
                return try create(request, type)
            }
            let (id, old) = try existing(request, type)
            return try replace(id, old, with: body, request)
        case .patch where request.patchType == .apply: return try applyOnServer(request, type)
        case .patch:
            let (id, old) = try existing(request, type)
            let current: JSONValue = request.subresource == "scale" ? try scale(of: old).jsonValue : old.jsonValue
            let patched = try apply(request, to: current, type)
            if request.subresource != "scale" { try PatchResult.check(patched, request, type) }
            return try replace(id, old, with: patched, request)
        case .delete:
            let (id, object) = try existing(request, type)
            let propagation = try propagation(request)
            clock.note("\(Object.resource.singular)/\(object.key)", "deleted by a user", isRoot: true)
            let left = delete(id, propagation: propagation, gracePeriodSeconds: request.gracePeriodSeconds)
            return APIResponse(code: 200, body: .object((left ?? object).jsonValue))
        case .deletecollection:
            let found = try list(request, type)
            let propagation = try propagation(request)
            for (id, object) in found {
                clock.note("\(Object.resource.singular)/\(object.key)", "deleted by a user", isRoot: true)
                delete(id, propagation: propagation, gracePeriodSeconds: request.gracePeriodSeconds)
            }
            return APIResponse(code: 200, body: .list(found.map { $0.object.jsonValue }))
        }
    }

    // MARK: Reading

    func existing<Object: StoredObject>(
        _ request: APIRequest, _ type: Object.Type
    ) throws(APIStatus) -> (id: ObjectID<Object>, object: Object) {
        let namespace = Object.resource.namespaced ? request.namespace : ""
        guard let id = store[keyPath: Object.table].id(namespace: namespace, name: request.name), let object = store[id]
        else {
            throw .notFound(Object.resource, request.name)
        }
        return (id, object)
    }

    private func propagation(_ request: APIRequest) throws(APIStatus) -> DeletionPropagation {
        if request.propagationPolicy.isEmpty { return .background }
        guard let policy = DeletionPropagation(rawValue: request.propagationPolicy) else {
            throw APIStatus(
                code: 422, reason: "Invalid",
                message:
                    "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"\(request.propagationPolicy)\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"",
                kind: "DeleteOptions")
        }
        return policy
    }

    private func list<Object: StoredObject>(
        _ request: APIRequest, _ type: Object.Type
    ) throws(APIStatus) -> [(id: ObjectID<Object>, object: Object)] {
        let selection = try ObjectSelection(request)
        return store[keyPath: Object.table].sorted.filter { selection.matches($0.object) }
    }

    // MARK: Writing

    /// - Parameter owners: who owns what, if somebody has found out already.
    mutating func create<Object: StoredObject>(
        _ request: APIRequest, _ type: Object.Type, owners: FieldOwnership? = nil
    ) throws(APIStatus) -> APIResponse {
        guard let body = request.body else { throw .badRequest("the request has no body") }
        switch request.subresource {
        case "": break
        case "eviction": return try evict(request)
        case "binding" where Object.objectKind == .pod: return try bind(request, body)
        default:
            throw APIStatus(
                code: 404, reason: "NotFound", message: "the server could not find the requested resource",
                kind: Object.resource.plural, name: request.name)
        }
        var (object, warnings) = try request.decoded(body, as: type)
        if Object.resource.namespaced {
            if object.metadata.namespace.isEmpty { object.metadata.namespace = request.namespace }
            guard object.metadata.namespace == request.namespace else {
                throw .badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request")
            }
        } else {
            object.metadata.namespace = ""
        }
        object.clearSystemMetadata()
        object.clearStatus()
        if !object.metadata.name.isEmpty, store[keyPath: Object.table].id(object.key) != nil {
            throw .alreadyExists(Object.resource, object.metadata.name)
        }
        let given = object
        object = try admit(object)
        if let owners {
            object.metadata.managedFields = owners.entries
        } else {
            object.metadata.managedFields = try createdFields(of: object, request)
        }
        warnings += RequestWarnings.of(given)
        clock.note("\(Object.resource.singular)/\(object.key)", "created by a user", isRoot: true)
        let id = try create(object)
        guard let stored = store[id] else { throw .notFound(Object.resource, object.metadata.name) }
        return APIResponse(code: 201, body: .object(stored.jsonValue), warnings: warnings)
    }

    mutating func replace<Object: StoredObject>(
        _ id: ObjectID<Object>, _ old: Object, with body: JSONValue, _ request: APIRequest,
        owners: FieldOwnership? = nil
    ) throws(APIStatus) -> APIResponse {
        if request.subresource == "scale" { return try setScale(id, old, body, request) }
        var (object, warnings) = try request.decoded(body, as: Object.self)
        if object.metadata.resourceVersion.isEmpty, !Object.isUpdatedUnconditionally, request.verb == .update {
            var errors = FieldErrors()
            errors.invalid(
                FieldPath("metadata").child("resourceVersion"), raw: "0", "must be specified for an update")
            if let status = errors.status(Object.resource, name: request.name) { throw status }
        }
        if !object.metadata.resourceVersion.isEmpty, object.metadata.resourceVersion != old.metadata.resourceVersion {
            throw .conflict(
                Object.resource, old.metadata.name,
                "the object has been modified; please apply your changes to the latest version and try again")
        }
        let given = object.metadata.managedFields
        object.keepSystemMetadata(of: old)
        if request.subresource.isEmpty { warnings += RequestWarnings.of(object, replacing: old) }
        switch request.subresource {
        case "status": object.keepAllButStatus(of: old)
        case "resize" where Object.objectKind == .pod:
            object = try admitResize(object, replacing: old)
        case "ephemeralcontainers" where Object.objectKind == .pod:
            object = try admitEphemeralContainers(object, replacing: old)
        default:
            object.keepStatus(of: old)
            object = try admit(object, replacing: old, subresource: request.subresource)
        }
        if let owners {
            object.metadata.managedFields = owners.entries
        } else {
            object.metadata.managedFields = try changedFields(of: object, old, given: given, request)
        }
        guard object != old else { return APIResponse(code: 200, body: .object(old.jsonValue), warnings: warnings) }
        clock.note("\(Object.resource.singular)/\(object.key)", "changed by a user", isRoot: true)
        let changesSpec = request.subresource != "status" && !object.hasSameSpec(as: old)
        let replacement = object
        let stored = update(id, changesSpec: changesSpec) { current in
            let generation = current.metadata.generation
            current = replacement
            current.metadata.generation = generation
        }
        return APIResponse(code: 200, body: .object((stored ?? object).jsonValue), warnings: warnings)
    }

    func apply<Object: KubernetesObject>(
        _ request: APIRequest, to current: JSONValue, _ type: Object.Type
    ) throws(APIStatus) -> JSONValue {
        guard let patch = request.body, let patchType = request.patchType else {
            throw .badRequest("a patch needs a body and a content type")
        }
        guard patchType != .apply else { throw .badRequest("this resource cannot be applied on the server") }
        do {
            switch patchType {
            case .json: return try JSONPatch(patch).applied(to: current)
            case .merge: return MergePatch.apply(patch, to: current)
            case .strategicMerge: return try StrategicMergePatch.apply(patch, to: current, schema: Object.schema)
            case .apply: return current
            }
        } catch {
            throw PatchResult.failure(error, patchType)
        }
    }
}
