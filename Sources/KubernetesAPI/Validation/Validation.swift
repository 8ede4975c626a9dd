/// A kind that the API server checks beyond its types.
public protocol Validatable {
    /// Checks a new object, its metadata apart.
    func validate(_ errors: inout FieldErrors)
    /// Checks a changed object in the order in which the API server does: what may not change, and what `validate`
    /// checks, as far as the kind checks it again.
    func validateUpdate(from old: Self, subresource: String, _ errors: inout FieldErrors)
}

extension Validatable {
    public func validateUpdate(from old: Self, subresource: String, _ errors: inout FieldErrors) { validate(&errors) }
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
    public static func check<Object: KubernetesObject>(_ object: Object, replacing old: Object, subresource: String)
        throws(APIStatus)
    {
        // The API server fills in what is missing whenever it reads an object, so the old one too.
        let old = old.withDefaults()
        var errors = FieldErrors()
        MetadataValidation.validateUpdate(object, old, &errors)
        func open<Kind: Validatable>(_ new: Kind) {
            if let old = old as? Kind { new.validateUpdate(from: old, subresource: subresource, &errors) }
        }
        if let validatable = object as? any Validatable { open(validatable) }
        if let status = errors.status(Object.resource, name: object.metadata.name) { throw status }
    }
}
