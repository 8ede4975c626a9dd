import KubernetesAPI
import Simulation

/// Who owns which fields: kept for objects that users create with a named manager, and for what is applied to any.
///
/// Objects that controllers make have no such account: a world of a hundred thousand pods would be twice as large, and
/// nobody applies to those.
extension StoredObject {
    /// When a controller last changed the status, by its newest condition; nil for a kind without conditions.
    var statusTime: Time? {
        let conditions: [Time?] =
            switch self {
            case let deployment as Deployment:
                deployment.status.conditions.map { $0.lastUpdateTime ?? $0.lastTransitionTime }
            case let set as ReplicaSet: set.status.conditions.map(\.lastTransitionTime)
            case let autoscaler as HorizontalPodAutoscaler: autoscaler.status.conditions.map(\.lastTransitionTime)
            default: []
            }
        return conditions.compactMap { $0 }.max { $0.epochSeconds < $1.epochSeconds }
    }
}

extension ClusterContext {
    // MARK: Writes that are no apply

    /// The account of a new object.
    func createdFields<Object: StoredObject>(of object: Object, _ request: APIRequest) throws(APIStatus)
        -> [ManagedFieldsEntry]
    {
        guard !request.fieldManager.isEmpty else { return [] }
        var plain = object
        plain.metadata.managedFields = []
        return createdFields(
            Object.schema.blank, plain.jsonValue, MergeShape(Object.schema), request)
    }

    func createdFields(_ empty: JSONValue, _ object: JSONValue, _ shape: MergeShape, _ request: APIRequest)
        -> [ManagedFieldsEntry]
    {
        guard var owners = try? FieldOwnership([]) else { return [] }
        owners.update(
            from: empty, to: object, shape: shape, manager: request.fieldManager,
            apiVersion: request.resource.apiVersion, subresource: "", at: wallTime)
        return owners.entries
    }

    /// The account of an object after somebody changed it.
    /// - Parameter given: what the body of the write says about it, which counts if it can be read.
    func changedFields<Object: StoredObject>(
        of object: Object, _ old: Object, given: [ManagedFieldsEntry], _ request: APIRequest
    ) throws(APIStatus) -> [ManagedFieldsEntry] {
        guard !given.isEmpty || !old.metadata.managedFields.isEmpty else { return [] }
        return changedFields(
            old.jsonValue, object.jsonValue, MergeShape(Object.schema), kept: old.metadata.managedFields, given: given,
            request)
    }

    func changedFields(
        _ old: JSONValue, _ object: JSONValue, _ shape: MergeShape, kept: [ManagedFieldsEntry],
        given: [ManagedFieldsEntry], _ request: APIRequest
    ) -> [ManagedFieldsEntry] {
        // One empty entry is the way to be rid of the account; an empty list is as good as none.
        if given.count == 1, given[0] == ManagedFieldsEntry(), request.subresource.isEmpty { return [] }
        guard !request.fieldManager.isEmpty else { return kept }
        var owners: FieldOwnership?
        if !given.isEmpty, request.subresource.isEmpty { owners = try? FieldOwnership(given) }
        // Of an object that nobody applied and nobody created by hand no account is kept.
        guard var owners = owners ?? (try? FieldOwnership(kept)), !owners.isEmpty else { return kept }
        owners.update(
            from: old, to: object, shape: shape, manager: request.fieldManager,
            apiVersion: request.resource.apiVersion, subresource: request.subresource, at: wallTime)
        return owners.entries
    }

    /// The account of a workload whose number of pods somebody has set through `scale`.
    func scaledFields(_ metadata: ObjectMeta, _ resource: ResourceType, by manager: String) -> [ManagedFieldsEntry] {
        guard !metadata.managedFields.isEmpty, !manager.isEmpty,
            var owners = try? FieldOwnership(metadata.managedFields)
        else { return metadata.managedFields }
        owners.take(
            ["spec", "replicas"], manager: manager, apiVersion: resource.apiVersion, subresource: "scale", at: wallTime)
        return owners.entries
    }

    /// The object as readers see it: the part of the account that is the controllers' is made of what they set, and
    /// kept nowhere.
    func shown<Object: StoredObject>(_ object: Object) -> JSONValue {
        guard !object.metadata.managedFields.isEmpty, var owners = try? FieldOwnership(object.metadata.managedFields),
            let time = object.statusTime
        else { return object.jsonValue }
        var shown = object
        owners.addControllers(
            object.jsonValue, MergeShape(Object.schema), apiVersion: Object.resource.apiVersion,
            annotation: "deployment.kubernetes.io/revision", at: time)
        shown.metadata.managedFields = owners.entries
        return shown.jsonValue
    }

    // MARK: Apply

    /// Server-side apply (`PATCH` with `application/apply-patch+yaml`).
    mutating func applyOnServer<Object: StoredObject>(_ request: APIRequest, _ type: Object.Type) throws(APIStatus)
        -> APIResponse
    {
        let body = try checkedConfiguration(request)
        var lenient = request
        lenient.fieldValidation = .ignore
        // What has another kind or a wrong type is refused in the words of decoding.
        _ = try lenient.decoded(body, as: type)
        guard request.subresource.isEmpty || request.subresource == "status" else {
            throw .badRequest("\(request.subresource) cannot be applied on the server")
        }
        let namespace = Object.resource.namespaced ? request.namespace : ""
        let id = store[keyPath: Object.table].id(namespace: namespace, name: request.name)
        let old = id.flatMap { store[$0] }
        if old == nil, !request.subresource.isEmpty { throw .notFound(Object.resource, request.name) }
        var owners = try ownership(old?.metadata.managedFields ?? [], request)
        var live = old
        live?.metadata.managedFields = []
        let merged = try owners.apply(
            body, to: live?.jsonValue, shape: MergeShape(Object.schema), manager: request.fieldManager,
            apiVersion: Object.resource.apiVersion, subresource: request.subresource, force: request.force,
            what: Self.name(of: body, request), at: wallTime)
        guard let id, let old else {
            lenient.verb = .create
            lenient.name = ""
            lenient.patchType = nil
            lenient.body = merged
            return try create(lenient, type, owners: owners)
        }
        return try replace(id, old, with: merged, lenient, owners: owners)
    }

    func ownership(_ entries: [ManagedFieldsEntry], _ request: APIRequest) throws(APIStatus) -> FieldOwnership {
        do { return try FieldOwnership(entries) } catch {
            throw .badRequest("metadata.managedFields cannot be read: \(error.description)")
        }
    }

    /// The configuration that a request applies, with its name.
    func checkedConfiguration(_ request: APIRequest) throws(APIStatus) -> JSONValue {
        guard !request.fieldManager.isEmpty else {
            throw APIStatus(
                code: 422, reason: "Invalid",
                message:
                    "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
                kind: "PatchOptions",
                causes: [
                    .init(
                        reason: "FieldValueRequired", message: "Required value: is required for apply patch",
                        field: "fieldManager")
                ])
        }
        guard case .object(var members)? = request.body else { throw .badRequest("an apply patch needs an object") }
        guard case .object(var metadata) = members["metadata"] ?? [:] else {
            throw .badRequest("metadata has to be an object")
        }
        if let fields = metadata["managedFields"], fields != .null, fields != [] {
            throw .badRequest("metadata.managedFields must be nil")
        }
        metadata["managedFields"] = nil
        if let name = metadata["name"]?.string, name != request.name {
            throw .badRequest(
                "the name of the object (\(name)) does not match the name on the URL (\(request.name))")
        }
        metadata["name"] = .string(request.name)
        if request.resource.namespaced {
            if let namespace = metadata["namespace"]?.string, !namespace.isEmpty, namespace != request.namespace {
                throw .badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request")
            }
            metadata["namespace"] = .string(request.namespace)
        }
        members["metadata"] = .object(metadata)
        return .object(members)
    }

    /// `shop/web; apps/v1, Kind=Deployment`
    static func name(of body: JSONValue, _ request: APIRequest) -> String {
        let resource = request.resource
        return "\(request.namespace)/\(request.name); \(resource.group)/\(resource.version), Kind=\(resource.kind)"
    }
}
