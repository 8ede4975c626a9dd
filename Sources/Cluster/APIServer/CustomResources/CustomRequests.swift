import KubernetesAPI
import OrderedCollections
import Simulation

/// Requests about kinds that definitions add, and about definitions (`apiextensions-apiserver/pkg/registry`).
extension ClusterContext {
    /// The kind that a request is about, as its definition has it.
    func customKind(of resource: ResourceType) -> CustomKind? {
        store.custom.kinds.first {
            $0.resource.group == resource.group && $0.resource.plural == resource.plural
                && $0.resource.version == resource.version
        }
    }

    mutating func respond(_ request: APIRequest, custom kind: CustomKind) -> APIResponse {
        do { return try answer(request, kind) } catch { return APIResponse(error) }
    }

    private mutating func answer(_ request: APIRequest, _ kind: CustomKind) throws(APIStatus) -> APIResponse {
        switch request.verb {
        case .get:
            let object = try existing(request, kind)
            if request.subresource == "scale" {
                return APIResponse(code: 200, body: .object(try scale(of: object, kind)))
            }
            try check(request.subresource, kind, request.name)
            return APIResponse(code: 200, body: .object(object.json(as: kind.resource)))
        case .list:
            let found = try list(request, kind)
            return APIResponse(
                code: 200, body: .list(found.map { $0.json(as: kind.resource) }), resourceVersion: "\(store.revision)")
        case .create: return try create(request, kind)
        case .update:
            guard let body = request.body else { throw .badRequest("the request has no body") }
            let old = try existing(request, kind)
            return try replace(old, with: body, request, kind)
        case .patch where request.patchType == .apply: return try applyOnServer(request, kind)
        case .patch:
            let old = try existing(request, kind)
            guard let patch = request.body, let type = request.patchType else {
                throw .badRequest("a patch needs a body and a content type")
            }
            let current = request.subresource == "scale" ? try scale(of: old, kind) : old.json(as: kind.resource)
            let patched: JSONValue
            do {
                switch type {
                case .json: patched = try JSONPatch(patch).applied(to: current)
                case .merge: patched = MergePatch.apply(patch, to: current)
                default:
                    throw APIStatus(
                        code: 415, reason: "UnsupportedMediaType",
                        message:
                            "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
                    )
                }
            } catch let status as APIStatus {
                throw status
            } catch {
                throw APIStatus(
                    code: 422, reason: "Invalid",
                    message: "the server rejected our request due to an error in our request")
            }
            return try replace(old, with: patched, request, kind)
        case .delete:
            let object = try existing(request, kind)
            let left = deleteCustom(object, kind.resource)
            return APIResponse(code: 200, body: .object((left ?? object).json(as: kind.resource)))
        case .deletecollection:
            let found = try list(request, kind)
            for object in found { deleteCustom(object, kind.resource) }
            return APIResponse(code: 200, body: .list(found.map { $0.json(as: kind.resource) }))
        }
    }

    // MARK: Reading

    private func existing(_ request: APIRequest, _ kind: CustomKind) throws(APIStatus) -> CustomObject {
        let key = kind.resource.namespaced ? request.namespace + "/" + request.name : request.name
        guard let object = store.custom[kind.resource.qualifiedPlural, key] else {
            throw .notFound(kind.resource, request.name)
        }
        return object
    }

    private func list(_ request: APIRequest, _ kind: CustomKind) throws(APIStatus) -> [CustomObject] {
        let selection = try ObjectSelection(request)
        return store.custom.sorted(kind.resource.qualifiedPlural).filter { selection.matches($0.metadata) }
    }

    private func check(_ subresource: String, _ kind: CustomKind, _ name: String) throws(APIStatus) {
        guard subresource.isEmpty || (subresource == "status" && kind.hasStatus) else {
            throw APIStatus(
                code: 404, reason: "NotFound", message: "the server could not find the requested resource",
                kind: kind.resource.plural, name: name)
        }
    }

    // MARK: Writing

    /// The object of a body: pruned, with defaults, refused if it names another kind or unknown fields.
    private func decoded(_ body: JSONValue, _ request: APIRequest, _ kind: CustomKind) throws(APIStatus) -> (
        object: CustomObject, warnings: [String]
    ) {
        let resource = kind.resource
        let prefix = "\(resource.kind) in version \"\(resource.version)\" cannot be handled as a \(resource.kind): "
        if let version = body["apiVersion"]?.string, !version.isEmpty, version != resource.apiVersion {
            throw .badRequest(
                "the API version in the data (\(version)) does not match the expected API version (\(resource.apiVersion))"
            )
        }
        if let name = body["kind"]?.string, !name.isEmpty, name != resource.kind {
            throw .badRequest(
                "\(name) in version \"\(resource.version)\" cannot be handled as a \(resource.kind): \(resource.apiVersion), Kind=\(name) does not match the expected kind \(resource.kind)"
            )
        }
        guard case .object = body else { throw .badRequest(prefix + "an object is expected") }
        let (pruned, unknown) = kind.schema.pruned(body)
        var warnings: [String] = []
        if !unknown.isEmpty, request.fieldValidation != .ignore {
            warnings = unknown.map { "unknown field \"\($0)\"" }
            if request.fieldValidation == .strict {
                throw .badRequest(prefix + "strict decoding error: " + warnings.joined(separator: ", "))
            }
        }
        do {
            var object = try CustomObject(kind.schema.defaulted(pruned))
            if resource == CustomKind.definition { object = CustomDefinition.defaulted(object) }
            return (object, warnings)
        } catch {
            throw .badRequest(prefix + error.description)
        }
    }

    private func validate(_ object: CustomObject, _ kind: CustomKind) throws(APIStatus) {
        var causes: [APIStatus.Cause] = []
        if object.metadata.name.isEmpty {
            causes.append(
                .init(
                    reason: "FieldValueRequired", message: "Required value: name or generateName is required",
                    field: "metadata.name"))
        } else if !NameShape.isSubdomain(object.metadata.name) {
            causes.append(
                .init(
                    reason: "FieldValueInvalid",
                    message:
                        "Invalid value: \(GoText.quoted(object.metadata.name)): a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
                    field: "metadata.name"))
        }
        causes +=
            kind.resource == CustomKind.definition
            ? CustomDefinition.problems(of: object) : kind.schema.problems(of: object.json(as: kind.resource))
        guard !causes.isEmpty else { return }
        let texts = causes.map { "\($0.field): \($0.message)" }
        let all = texts.count == 1 ? texts[0] : "[" + texts.joined(separator: ", ") + "]"
        let name = kind.resource.kind + "." + kind.resource.group
        throw APIStatus(
            code: 422, reason: "Invalid", message: "\(name) \(GoText.quoted(object.metadata.name)) is invalid: \(all)",
            kind: kind.resource.kind, name: object.metadata.name, causes: causes)
    }

    private mutating func create(_ request: APIRequest, _ kind: CustomKind, owners: FieldOwnership? = nil)
        throws(APIStatus) -> APIResponse
    {
        guard let body = request.body else { throw .badRequest("the request has no body") }
        guard request.subresource.isEmpty else { throw .notFound(kind.resource, request.name) }
        var (object, warnings) = try decoded(body, request, kind)
        if kind.resource.namespaced {
            if object.metadata.namespace.isEmpty { object.metadata.namespace = request.namespace }
            guard object.metadata.namespace == request.namespace else {
                throw .badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request")
            }
            guard let home = store.namespaces.named(request.namespace) else {
                throw .notFound(Namespace.resource, request.namespace)
            }
            guard home.metadata.deletionTimestamp == nil else {
                throw .forbidden(
                    kind.resource, object.metadata.name,
                    "unable to create new content in namespace \(request.namespace) because it is being terminated")
            }
        } else {
            object.metadata.namespace = ""
        }
        var carrier = ConfigMap()
        carrier.metadata = object.metadata
        carrier.clearSystemMetadata()
        object.metadata = carrier.metadata
        if kind.hasStatus { object.content["status"] = nil }
        let table = kind.resource.qualifiedPlural
        if object.metadata.name.isEmpty, !object.metadata.generateName.isEmpty {
            repeat {
                object.metadata.name = generatedName(object.metadata.generateName)
            } while store.custom[table, object.key] != nil
        }
        try validate(object, kind)
        guard store.custom[table, object.key] == nil else {
            throw .alreadyExists(kind.resource, object.metadata.name)
        }
        object.metadata.managedFields = []
        if let owners {
            object.metadata.managedFields = owners.entries
        } else if !request.fieldManager.isEmpty {
            object.metadata.managedFields = createdFields(
                [:], object.json(as: kind.resource), MergeShape(kind), request)
        }
        object.metadata.uid = newUID()
        object.metadata.generation = 1
        object.metadata.creationTimestamp = wallTime
        if kind.resource == CustomKind.definition {
            object = CustomDefinition.accepted(object, beside: store.custom.sorted(table), at: wallTime)
            object.metadata.finalizers = ["customresourcecleanup.apiextensions.k8s.io"]
        }
        let stored = put(object, .added, old: nil, kind.resource)
        return APIResponse(code: 201, body: .object(stored.json(as: kind.resource)), warnings: warnings)
    }

    private mutating func replace(
        _ old: CustomObject, with body: JSONValue, _ request: APIRequest, _ kind: CustomKind,
        owners: FieldOwnership? = nil
    ) throws(APIStatus) -> APIResponse {
        if request.subresource == "scale" { return try setScale(old, body, kind) }
        try check(request.subresource, kind, request.name)
        var (object, warnings) = try decoded(body, request, kind)
        let name = kind.resource.kind + "." + kind.resource.group
        if object.metadata.resourceVersion.isEmpty, request.verb == .update {
            let message = "Invalid value: 0: must be specified for an update"
            throw APIStatus(
                code: 422, reason: "Invalid",
                message: "\(name) \(GoText.quoted(request.name)) is invalid: metadata.resourceVersion: \(message)",
                kind: kind.resource.kind, name: request.name,
                causes: [.init(reason: "FieldValueInvalid", message: message, field: "metadata.resourceVersion")])
        }
        if !object.metadata.resourceVersion.isEmpty, object.metadata.resourceVersion != old.metadata.resourceVersion {
            throw .conflict(
                kind.resource, old.metadata.name,
                "the object has been modified; please apply your changes to the latest version and try again")
        }
        var (carrier, before) = (ConfigMap(), ConfigMap())
        (carrier.metadata, before.metadata) = (object.metadata, old.metadata)
        let given = object.metadata.managedFields
        carrier.keepSystemMetadata(of: before)
        object.metadata = carrier.metadata
        if request.subresource == "status" {
            let status = object.content["status"]
            object = old
            object.content["status"] = status
        } else if kind.hasStatus {
            object.content["status"] = old.content["status"]
        }
        try validate(object, kind)
        if kind.resource == CustomKind.definition, request.subresource.isEmpty {
            let others = store.custom.sorted(kind.resource.qualifiedPlural)
            object = CustomDefinition.accepted(object, beside: others, at: wallTime)
        }
        object.metadata.managedFields =
            owners?.entries
            ?? changedFields(
                old.json(as: kind.resource), object.json(as: kind.resource), MergeShape(kind),
                kept: old.metadata.managedFields, given: given, request)
        guard object != old else {
            return APIResponse(code: 200, body: .object(old.json(as: kind.resource)), warnings: warnings)
        }
        if object.spec(withoutStatus: kind.hasStatus) != old.spec(withoutStatus: kind.hasStatus) {
            object.metadata.generation += 1
        }
        if object.metadata.deletionTimestamp != nil, object.metadata.finalizers.isEmpty {
            removeCustom(object, kind.resource)
            return APIResponse(code: 200, body: .object(object.json(as: kind.resource)), warnings: warnings)
        }
        let stored = put(object, .modified, old: old, kind.resource)
        return APIResponse(code: 200, body: .object(stored.json(as: kind.resource)), warnings: warnings)
    }

    /// Server-side apply of an object of a kind that a definition adds.
    private mutating func applyOnServer(_ request: APIRequest, _ kind: CustomKind) throws(APIStatus) -> APIResponse {
        let body = try checkedConfiguration(request)
        try check(request.subresource, kind, request.name)
        let key = kind.resource.namespaced ? request.namespace + "/" + request.name : request.name
        let old = store.custom[kind.resource.qualifiedPlural, key]
        if old == nil, !request.subresource.isEmpty { throw .notFound(kind.resource, request.name) }
        var owners = try ownership(old?.metadata.managedFields ?? [], request)
        var live = old
        live?.metadata.managedFields = []
        let merged = try owners.apply(
            body, to: live?.json(as: kind.resource), shape: MergeShape(kind), manager: request.fieldManager,
            apiVersion: kind.resource.apiVersion, subresource: request.subresource, force: request.force,
            what: Self.name(of: body, request), at: wallTime)
        guard let old else {
            var creation = request
            creation.verb = .create
            creation.name = ""
            creation.body = merged
            return try create(creation, kind, owners: owners)
        }
        return try replace(old, with: merged, request, kind, owners: owners)
    }

    @discardableResult
    private mutating func put(
        _ object: CustomObject, _ change: ObjectChange.Kind, old: CustomObject?, _ resource: ResourceType
    ) -> CustomObject {
        var object = object
        store.revision += 1
        object.metadata.resourceVersion = "\(store.revision)"
        clock.note("\(resource.singular)/\(object.key)", "\(change) by a user", isRoot: true)
        store.custom[resource.qualifiedPlural, object.key] = object
        tell(change, old, object, resource)
        return object
    }

    private mutating func tell(
        _ change: ObjectChange.Kind, _ old: CustomObject?, _ new: CustomObject, _ resource: ResourceType
    ) {
        let revision = store.revision
        tell(
            WatchedChange(
                subject: .custom(resource.qualifiedPlural), kind: change, revision: revision,
                content: .custom(old: old, new: new)))
    }

    // MARK: Deleting

    /// Deletes an object: at once, or once the last of its finalizers is gone.
    /// - Returns: the object that is left, waiting.
    @discardableResult
    mutating func deleteCustom(_ object: CustomObject, _ resource: ResourceType) -> CustomObject? {
        var object = object
        if resource == CustomKind.definition {
            // The finalizer of a definition: its objects go first.
            let kinds = CustomKind.kinds(of: object.json(as: resource))
            if let kind = kinds.first {
                for one in store.custom.sorted(kind.resource.qualifiedPlural) { deleteCustom(one, kind.resource) }
            }
            let isEmpty = kinds.first.map { store.custom.sorted($0.resource.qualifiedPlural).isEmpty } ?? true
            if isEmpty { object.metadata.finalizers.removeAll { $0 == "customresourcecleanup.apiextensions.k8s.io" } }
        }
        guard object.metadata.finalizers.isEmpty else {
            guard object.metadata.deletionTimestamp == nil else { return object }
            let old = object
            object.metadata.deletionTimestamp = wallTime
            object.metadata.deletionGracePeriodSeconds = 0
            object.metadata.generation += 1
            return put(object, .modified, old: old, resource)
        }
        removeCustom(object, resource)
        return nil
    }

    private mutating func removeCustom(_ object: CustomObject, _ resource: ResourceType) {
        store.custom[resource.qualifiedPlural, object.key] = nil
        store.revision += 1
        var last = object
        last.metadata.resourceVersion = "\(store.revision)"
        clock.note("\(resource.singular)/\(object.key)", "deleted", isRoot: true)
        tell(.deleted, object, last, resource)
        collectDependents(of: object.metadata.uid)
        // A definition that waited for its last object goes with it.
        let definition = store.custom[CustomKind.definition.qualifiedPlural, resource.qualifiedPlural]
        if let definition, definition.metadata.deletionTimestamp != nil {
            deleteCustom(definition, CustomKind.definition)
        }
    }

    /// What an owner that is gone has owned goes too, unless another owner lives.
    mutating func collectDependents(of uid: String) {
        for dependent in store.dependents(of: uid) {
            guard let metadata = metadata(of: dependent), metadata.deletionTimestamp == nil else { continue }
            if metadata.ownerReferences.count > 1 {
                updateMetadata(of: dependent) { $0.ownerReferences.removeAll { $0.uid == uid } }
            } else {
                delete(dependent)
            }
        }
        collectCustomDependents(of: uid)
    }

    /// The same for custom objects alone, whoever the owner was.
    mutating func collectCustomDependents(of uid: String) {
        guard !store.custom.isEmpty else { return }
        for (table, object) in store.custom.all where object.metadata.ownerReferences.contains(where: { $0.uid == uid })
        {
            guard let kind = store.custom.kinds.first(where: { $0.resource.qualifiedPlural == table }) else { continue }
            if object.metadata.ownerReferences.count > 1 {
                var left = object
                left.metadata.ownerReferences.removeAll { $0.uid == uid }
                put(left, .modified, old: object, kind.resource)
            } else {
                deleteCustom(object, kind.resource)
            }
        }
    }

    /// Deletes the custom objects of a namespace that ends; true while one is left.
    mutating func emptyOfCustomObjects(_ namespace: String) -> Bool {
        guard !store.custom.isEmpty else { return false }
        for (table, object) in store.custom.all where object.metadata.namespace == namespace {
            guard let kind = store.custom.kinds.first(where: { $0.resource.qualifiedPlural == table }) else { continue }
            deleteCustom(object, kind.resource)
        }
        return store.custom.all.contains { $0.object.metadata.namespace == namespace }
    }

    // MARK: Scale

    private func scale(of object: CustomObject, _ kind: CustomKind) throws(APIStatus) -> JSONValue {
        guard let paths = kind.scale else { throw .notFound(kind.resource, object.metadata.name) }
        let value = JSONValue.object(object.content)
        func number(_ path: String) -> Int32 {
            if case .integer(let number)? = JSONPlace(path).value(in: value) { Int32(clamping: number) } else { 0 }
        }
        var scale = Scale()
        scale.metadata.name = object.metadata.name
        scale.metadata.namespace = object.metadata.namespace
        scale.metadata.uid = object.metadata.uid
        scale.metadata.resourceVersion = object.metadata.resourceVersion
        scale.metadata.creationTimestamp = object.metadata.creationTimestamp
        scale.spec.replicas = number(paths.specReplicas)
        scale.status.replicas = number(paths.statusReplicas)
        scale.status.selector = JSONPlace(paths.labelSelector).value(in: value)?.string ?? ""
        return scale.jsonValue
    }

    private mutating func setScale(_ old: CustomObject, _ body: JSONValue, _ kind: CustomKind) throws(APIStatus)
        -> APIResponse
    {
        guard let paths = kind.scale else { throw .notFound(kind.resource, old.metadata.name) }
        let wanted: Scale
        do { wanted = try Scale.decode(json: body).object } catch { throw .badRequest(error.description) }
        if !wanted.metadata.resourceVersion.isEmpty, wanted.metadata.resourceVersion != old.metadata.resourceVersion {
            throw .conflict(
                kind.resource, old.metadata.name,
                "the object has been modified; please apply your changes to the latest version and try again")
        }
        var object = old
        let changed = JSONPlace(paths.specReplicas).set(
            .integer(Int64(wanted.spec.replicas ?? 0)), in: .object(old.content))
        object.content = changed.object ?? old.content
        try validate(object, kind)
        if object != old {
            object.metadata.generation += 1
            object = put(object, .modified, old: old, kind.resource)
        }
        return APIResponse(code: 200, body: .object(try scale(of: object, kind)))
    }
}

/// A simple JSON path of names: `.spec.replicas`.
struct JSONPlace {
    private let names: [String]

    init(_ path: String) { names = path.split(separator: ".").map(String.init) }

    func value(in object: JSONValue) -> JSONValue? {
        guard !names.isEmpty else { return nil }
        return names.reduce(object as JSONValue?) { $0?[$1] }
    }

    func set(_ value: JSONValue, in object: JSONValue) -> JSONValue { Self.set(value, names[...], object) }

    private static func set(_ value: JSONValue, _ names: ArraySlice<String>, _ object: JSONValue) -> JSONValue {
        guard let first = names.first else { return value }
        var members = object.object ?? [:]
        members[first] = set(value, names.dropFirst(), members[first] ?? .object([:]))
        return .object(members)
    }
}

/// The shape of names.
enum NameShape {
    /// RFC 1123: labels of lower-case letters, digits and hyphens, with dots between them, at most 253 bytes.
    static func isSubdomain(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 253 else { return false }
        func isAlphanumeric(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }
        return name.utf8.split(separator: 46, omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.first, let last = label.last else { return false }
            return isAlphanumeric(first) && isAlphanumeric(last) && label.allSatisfy { isAlphanumeric($0) || $0 == 45 }
        }
    }
}
