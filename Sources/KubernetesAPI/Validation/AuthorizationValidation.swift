/// Roles and bindings.
private let group = "rbac.authorization.k8s.io"

extension PolicyRule {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath, isNamespaced: Bool) {
        if verbs.isEmpty { errors.required(path.child("verbs"), "verbs must contain at least one value") }
        guard nonResourceURLs.isEmpty else {
            let urls = JSONValue.array(nonResourceURLs.map(JSONValue.string))
            if isNamespaced {
                errors.invalid(
                    path.child("nonResourceURLs"), json: urls, "namespaced rules cannot apply to non-resource URLs")
            }
            if !apiGroups.isEmpty || !resources.isEmpty || !resourceNames.isEmpty {
                errors.invalid(
                    path.child("nonResourceURLs"), json: urls,
                    "rules cannot apply to both regular resources and non-resource URLs")
            }
            return
        }
        if apiGroups.isEmpty {
            errors.required(path.child("apiGroups"), "resource rules must supply at least one api group")
        }
        if resources.isEmpty {
            errors.required(path.child("resources"), "resource rules must supply at least one resource")
        }
        if !resourceNames.isEmpty, resources.count > 1 {
            errors.required(path.child("resourceNames"), "resource names cannot apply to multiple resources")
        }
    }
}

extension Role: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        for (index, rule) in rules.enumerated() {
            rule.validate(&errors, FieldPath("rules").index(index), isNamespaced: true)
        }
    }
}

extension ClusterRole: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        for (index, rule) in rules.enumerated() {
            rule.validate(&errors, FieldPath("rules").index(index), isNamespaced: false)
        }
        for (index, selector) in (aggregationRule?.clusterRoleSelectors ?? []).enumerated() {
            selector.validate(&errors, FieldPath("aggregationRule").child("clusterRoleSelectors").index(index))
        }
    }
}

extension RoleRef {
    fileprivate func validate(_ errors: inout FieldErrors, kinds: [String]) {
        let path = FieldPath("roleRef")
        errors.choice(path.child("apiGroup"), apiGroup ?? "", [group])
        errors.choice(path.child("kind"), kind, kinds)
        if name.isEmpty {
            errors.required(path.child("name"))
        } else {
            errors.invalid(path.child("name"), name, NameRules.pathSegment(name))
        }
    }

    fileprivate func validateChange(from old: RoleRef, _ errors: inout FieldErrors) {
        if jsonValue != old.jsonValue {
            errors.invalid(FieldPath("roleRef"), json: GoValue.of(self, as: "RoleRef"), "cannot change roleRef")
        }
    }
}

extension Subject {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath, isNamespaced: Bool) {
        if name.isEmpty { errors.required(path.child("name")) }
        let apiGroup = apiGroup ?? ""
        switch kind {
        case "ServiceAccount":
            if !name.isEmpty { errors.invalid(path.child("name"), name, NameRules.dns1123Subdomain(name)) }
            if !apiGroup.isEmpty { errors.unsupported(path.child("apiGroup"), apiGroup, [""]) }
            if !isNamespaced, namespace.isEmpty { errors.required(path.child("namespace")) }
        case "User", "Group":
            if name.isEmpty { errors.invalid(path.child("name"), name, "\(kind.lowercased()) name cannot be empty") }
            if apiGroup != group { errors.unsupported(path.child("apiGroup"), apiGroup, [group]) }
        default: errors.unsupported(path.child("kind"), kind, ["ServiceAccount", "User", "Group"])
        }
    }
}

extension RoleBinding: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        roleRef.validate(&errors, kinds: ["Role", "ClusterRole"])
        for (index, subject) in subjects.enumerated() {
            subject.validate(&errors, FieldPath("subjects").index(index), isNamespaced: true)
        }
    }

    public func validateUpdate(from old: RoleBinding, subresource: String, _ errors: inout FieldErrors) {
        validate(&errors)
        roleRef.validateChange(from: old.roleRef, &errors)
    }
}

extension ClusterRoleBinding: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        roleRef.validate(&errors, kinds: ["ClusterRole"])
        for (index, subject) in subjects.enumerated() {
            subject.validate(&errors, FieldPath("subjects").index(index), isNamespaced: false)
        }
    }

    public func validateUpdate(from old: ClusterRoleBinding, subresource: String, _ errors: inout FieldErrors) {
        validate(&errors)
        roleRef.validateChange(from: old.roleRef, &errors)
    }
}
