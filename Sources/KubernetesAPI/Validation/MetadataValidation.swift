/// Checks that hold for every kind (`apimachinery/pkg/api/validation/objectmeta.go`).
enum MetadataValidation {
    /// Bytes of all annotations together.
    static let maximumAnnotationBytes = 256 << 10

    static func validate<Object: KubernetesObject>(_ object: Object, _ errors: inout FieldErrors) {
        let path = FieldPath("metadata")
        let metadata = object.metadata
        if !metadata.generateName.isEmpty {
            // The suffix makes a trailing hyphen good.
            let base =
                metadata.generateName.hasSuffix("-")
                ? metadata.generateName.dropLast() + "a" : metadata.generateName[...]
            errors.invalid(
                path.child("generateName"), metadata.generateName, nameProblems(String(base), Object.resource))
        }
        if metadata.name.isEmpty {
            if metadata.generateName.isEmpty { errors.required(path.child("name"), "name or generateName is required") }
        } else {
            errors.invalid(path.child("name"), metadata.name, nameProblems(metadata.name, Object.resource))
        }
        if Object.resource.namespaced, !metadata.namespace.isEmpty {
            errors.invalid(path.child("namespace"), metadata.namespace, NameRules.dns1123Label(metadata.namespace))
        }
        validateRest(metadata, path, &errors)
    }

    static func validateUpdate<Object: KubernetesObject>(_ object: Object, _ old: Object, _ errors: inout FieldErrors) {
        let path = FieldPath("metadata")
        if old.metadata.deletionTimestamp != nil {
            let added = Set(object.metadata.finalizers).subtracting(old.metadata.finalizers).sorted()
            if !added.isEmpty {
                let list = "[]string{" + added.map(GoText.quoted).joined(separator: ", ") + "}"
                errors.forbidden(
                    path.child("finalizers"),
                    "no new finalizers can be added if the object is being deleted, found new finalizers \(list)")
            }
        }
        validateRest(object.metadata, path, &errors)
    }

    private static func validateRest(_ metadata: ObjectMeta, _ path: FieldPath, _ errors: inout FieldErrors) {
        validateLabels(metadata.labels, path.child("labels"), &errors)
        validateAnnotations(metadata.annotations, path.child("annotations"), &errors)
        validateOwners(metadata.ownerReferences, path.child("ownerReferences"), &errors)
        for (index, finalizer) in metadata.finalizers.enumerated() {
            errors.invalid(path.child("finalizers"), finalizer, NameRules.qualifiedName(finalizer))
            if !finalizer.contains("/"), !standardFinalizers.contains(finalizer) {
                errors.invalid(
                    path.child("finalizers").index(index), finalizer,
                    "name is neither a standard finalizer name nor is it fully qualified")
            }
        }
        if metadata.finalizers.contains("orphan"), metadata.finalizers.contains("foregroundDeletion") {
            errors.invalid(
                path.child("finalizers"), json: .array(metadata.finalizers.map(JSONValue.string)),
                "finalizer orphan and foregroundDeletion cannot be both set")
        }
    }

    private static let standardFinalizers: Set<String> = ["kubernetes", "orphan", "foregroundDeletion"]

    static func validateLabels(_ labels: [String: String], _ path: FieldPath, _ errors: inout FieldErrors) {
        for (key, value) in labels.sortedByKey {
            errors.invalid(path, key, NameRules.qualifiedName(key))
            errors.invalid(path, value, NameRules.labelValue(value))
        }
    }

    static func validateAnnotations(_ annotations: [String: String], _ path: FieldPath, _ errors: inout FieldErrors) {
        var bytes = 0
        for (key, value) in annotations.sortedByKey {
            errors.invalid(path, key, NameRules.qualifiedName(key.lowercased()))
            bytes += key.utf8.count + value.utf8.count
        }
        if bytes > maximumAnnotationBytes { errors.tooLong(path, maximumAnnotationBytes) }
    }

    private static func validateOwners(_ owners: [OwnerReference], _ path: FieldPath, _ errors: inout FieldErrors) {
        var controller: String?
        for owner in owners {
            if owner.apiVersion.isEmpty {
                errors.invalid(path.child("apiVersion"), owner.apiVersion, "version must not be empty")
            }
            if owner.kind.isEmpty { errors.invalid(path.child("kind"), owner.kind, "must not be empty") }
            if owner.name.isEmpty { errors.invalid(path.child("name"), owner.name, "must not be empty") }
            if owner.uid.isEmpty { errors.invalid(path.child("uid"), owner.uid, "must not be empty") }
            if owner.apiVersion == "v1", owner.kind == "Event" {
                errors.invalid(path, json: owner.jsonValue, "/v1, Kind=Event is disallowed from being an owner")
            }
            guard owner.controller == true else { continue }
            let name = owner.kind + "/" + owner.name
            if let first = controller {
                errors.invalid(
                    path, json: .array(owners.map(\.jsonValue)),
                    "Only one reference can have Controller set to true. Found \"true\" in references for \(first) and \(name)"
                )
            } else {
                controller = name
            }
        }
    }

    private static func nameProblems(_ name: String, _ resource: ResourceType) -> [String] {
        switch resource.kind {
        case "Service", "Namespace", "StatefulSet": NameRules.dns1123Label(name)
        case "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding": NameRules.pathSegment(name)
        default: NameRules.dns1123Subdomain(name)
        }
    }
}

extension Dictionary where Key == String {
    /// The pairs in the order of their keys' bytes: dictionaries give them in no order, errors need one.
    var sortedByKey: [(key: String, value: Value)] {
        count < 2 ? map { ($0.key, $0.value) } : sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    /// As a JSON object, sorted.
    func json(_ value: (Value) -> JSONValue) -> JSONValue {
        .object(.init(uniqueKeysWithValues: sortedByKey.map { ($0.key, value($0.value)) }))
    }
}

/// Checks that return what is wrong in `field.Invalid`'s form.
extension FieldErrors {
    mutating func nonnegative(_ value: Int64?, _ path: FieldPath) {
        if let value, value < 0 { invalid(path, value, "must be greater than or equal to 0") }
    }

    mutating func nonnegative(_ value: Int32?, _ path: FieldPath) { nonnegative(value.map(Int64.init), path) }

    /// A value that may not change (`ValidateImmutableField`).
    mutating func immutable<Value: Equatable>(
        _ new: Value, _ old: Value, _ path: FieldPath, _ text: @autoclosure () -> String
    ) {
        if new != old { invalid(path, raw: text(), "field is immutable") }
    }
}
