/// A kind that the API server checks beyond its types.
public protocol Validatable {
    func validate(_ errors: inout FieldErrors)
    /// Checks a change: what may not change, besides what `validate` checks.
    func validateUpdate(from old: Self, subresource: String, _ errors: inout FieldErrors)
}

extension Validatable {
    public func validateUpdate(from old: Self, subresource: String, _ errors: inout FieldErrors) {}
}

/// Validation of objects after defaulting and admission: all errors at once.
public enum Validation {
    /// - Throws: 422 Invalid.
    public static func check<Object: KubernetesObject>(_ object: Object) throws(APIStatus) {
        var errors = FieldErrors()
        MetadataValidation.validate(object, &errors)
        if let validatable = object as? any Validatable { validatable.validate(&errors) }
        if let status = errors.status(Object.resource, name: object.metadata.name) { throw status }
    }

    /// - Throws: 422 Invalid.
    public static func check<Object: KubernetesObject>(_ object: Object, replacing old: Object, subresource: String) throws(APIStatus) {
        var errors = FieldErrors()
        MetadataValidation.validate(object, &errors)
        func open<Kind: Validatable>(_ new: Kind) {
            new.validate(&errors)
            if let old = old as? Kind { new.validateUpdate(from: old, subresource: subresource, &errors) }
        }
        if let validatable = object as? any Validatable { open(validatable) }
        if let status = errors.status(Object.resource, name: object.metadata.name) { throw status }
    }
}

/// Checks that hold for every kind (`apimachinery/pkg/api/validation/objectmeta.go`).
enum MetadataValidation {
    static func validate<Object: KubernetesObject>(_ object: Object, _ errors: inout FieldErrors) {
        let path = FieldPath("metadata")
        let metadata = object.metadata
        if metadata.name.isEmpty, metadata.generateName.isEmpty {
            errors.required(path.child("name"), "name or generateName is required")
        } else if !metadata.name.isEmpty {
            for problem in nameProblems(metadata.name, Object.resource) { errors.invalid(path.child("name"), metadata.name, problem) }
        }
        validateLabels(metadata.labels, path.child("labels"), &errors)
        for key in metadata.annotations.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            for problem in NameRules.qualifiedName(key.lowercased()) { errors.invalid(path.child("annotations"), key, problem) }
        }
        for (index, owner) in metadata.ownerReferences.enumerated() {
            let place = path.child("ownerReferences").index(index)
            if owner.kind.isEmpty { errors.invalid(place.child("kind"), "", "must not be empty") }
            if owner.name.isEmpty { errors.invalid(place.child("name"), "", "must not be empty") }
            if owner.uid.isEmpty { errors.invalid(place.child("uid"), "", "must not be empty") }
        }
    }

    static func validateLabels(_ labels: [String: String], _ path: FieldPath, _ errors: inout FieldErrors) {
        for key in labels.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            for problem in NameRules.qualifiedName(key) { errors.invalid(path, key, problem) }
            for problem in NameRules.labelValue(labels[key] ?? "") { errors.invalid(path, labels[key] ?? "", problem) }
        }
    }

    private static func nameProblems(_ name: String, _ resource: ResourceType) -> [String] {
        switch resource.kind {
        case "Service", "Namespace": NameRules.dns1123Label(name)
        case "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding": pathSegmentProblems(name)
        default: NameRules.dns1123Subdomain(name)
        }
    }

    /// Names of RBAC objects only have to be usable in a URL's path (`api/validation/path`).
    private static func pathSegmentProblems(_ name: String) -> [String] {
        if name == "." || name == ".." { return ["may not be '\(name)'"] }
        return ["/", "%"].filter { name.contains($0) }.map { "may not contain '\($0)'" }
    }
}
