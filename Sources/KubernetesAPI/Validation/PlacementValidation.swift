/// Where pods may be placed: affinity, tolerations, spreading.
extension Affinity {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        if let nodeAffinity { nodeAffinity.validate(&errors, path.child("nodeAffinity")) }
        if let podAffinity {
            Self.validate(
                podAffinity.requiredDuringSchedulingIgnoredDuringExecution,
                podAffinity.preferredDuringSchedulingIgnoredDuringExecution, path.child("podAffinity"), &errors)
        }
        if let podAntiAffinity {
            Self.validate(
                podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution,
                podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution, path.child("podAntiAffinity"), &errors)
        }
    }

    private static func validate(
        _ required: [PodAffinityTerm], _ preferred: [WeightedPodAffinityTerm], _ path: FieldPath,
        _ errors: inout FieldErrors
    ) {
        for (index, term) in required.enumerated() {
            term.validate(&errors, path.child("requiredDuringSchedulingIgnoredDuringExecution").index(index))
        }
        for (index, weighted) in preferred.enumerated() {
            let path = path.child("preferredDuringSchedulingIgnoredDuringExecution").index(index)
            errors.weight(weighted.weight, path)
            weighted.podAffinityTerm.validate(&errors, path.child("podAffinityTerm"))
        }
    }
}

extension FieldErrors {
    fileprivate mutating func weight(_ weight: Int32, _ path: FieldPath) {
        if !(1...100).contains(weight) { invalid(path.child("weight"), weight, "must be in the range 1-100") }
    }

    /// Keys of the pod's own labels that become part of a selector.
    fileprivate mutating func labelKeys(
        _ path: FieldPath, match: [String], mismatch: [String], _ selector: LabelSelector?
    ) {
        for (name, keys) in [("matchLabelKeys", match), ("mismatchLabelKeys", mismatch)] where !keys.isEmpty {
            guard selector != nil else {
                forbidden(path.child(name), "must not be specified when labelSelector is not set")
                continue
            }
            for (index, key) in keys.enumerated() {
                invalid(path.child(name).index(index), key, NameRules.qualifiedName(key))
            }
        }
        if let selector {
            var selected = Set(selector.matchLabels.keys)
            for requirement in selector.matchExpressions {
                if let index = match.lastIndex(of: requirement.key), selected.contains(requirement.key) {
                    invalid(path.index(index), requirement.key, "exists in both matchLabelKeys and labelSelector")
                }
                selected.insert(requirement.key)
            }
        }
        for (index, key) in match.enumerated() where mismatch.contains(key) {
            invalid(
                path.child("matchLabelKeys").index(index), key, "exists in both matchLabelKeys and mismatchLabelKeys")
        }
    }
}

extension NodeAffinity {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        if let required = requiredDuringSchedulingIgnoredDuringExecution {
            let path = path.child("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
            if required.nodeSelectorTerms.isEmpty { errors.required(path, "must have at least one node selector term") }
            for (index, term) in required.nodeSelectorTerms.enumerated() {
                term.validate(&errors, path.index(index), checkingValues: true)
            }
        }
        for (index, preferred) in preferredDuringSchedulingIgnoredDuringExecution.enumerated() {
            let path = path.child("preferredDuringSchedulingIgnoredDuringExecution").index(index)
            errors.weight(preferred.weight, path)
            preferred.preference.validate(&errors, path.child("preference"), checkingValues: false)
        }
    }
}

extension NodeSelectorTerm {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath, checkingValues: Bool) {
        for (index, requirement) in matchExpressions.enumerated() {
            requirement.validateLabel(&errors, path.child("matchExpressions").index(index), checkingValues)
        }
        for (index, requirement) in matchFields.enumerated() {
            requirement.validateField(&errors, path.child("matchFields").index(index))
        }
    }
}

extension NodeSelectorRequirement {
    fileprivate func validateLabel(_ errors: inout FieldErrors, _ path: FieldPath, _ checkingValues: Bool) {
        let valuesPath = path.child("values")
        switch `operator` {
        case "In", "NotIn":
            if values.isEmpty { errors.required(valuesPath, "must be specified when `operator` is 'In' or 'NotIn'") }
        case "Exists", "DoesNotExist":
            if !values.isEmpty {
                errors.forbidden(valuesPath, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
            }
        case "Gt", "Lt":
            if values.count != 1 {
                errors.required(valuesPath, "must be specified single value when `operator` is 'Lt' or 'Gt'")
            }
        default: errors.invalid(path.child("operator"), `operator`, "not a valid selector operator")
        }
        errors.invalid(path.child("key"), key, NameRules.qualifiedName(key))
        guard checkingValues else { return }
        for (index, value) in values.enumerated() {
            errors.invalid(valuesPath.index(index), value, NameRules.labelValue(value))
        }
    }

    fileprivate func validateField(_ errors: inout FieldErrors, _ path: FieldPath) {
        switch `operator` {
        case "In", "NotIn":
            if values.count != 1 {
                errors.required(
                    path.child("values"),
                    "must be only one value when `operator` is 'In' or 'NotIn' for node field selector")
            }
        default: errors.invalid(path.child("operator"), `operator`, "not a valid selector operator")
        }
        guard key == "metadata.name" else {
            return errors.invalid(path.child("key"), key, "not a valid field selector key")
        }
        for (index, value) in values.enumerated() {
            errors.invalid(path.child("values").index(index), value, NameRules.dns1123Subdomain(value))
        }
    }
}

extension PodAffinityTerm {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        labelSelector?.validate(&errors, path.child("labelSelector"))
        namespaceSelector?.validate(&errors, path.child("namespaceSelector"))
        for name in namespaces { errors.invalid(path.child("namespace"), name, NameRules.dns1123Label(name)) }
        errors.labelKeys(path, match: matchLabelKeys, mismatch: mismatchLabelKeys, labelSelector)
        if topologyKey.isEmpty { errors.required(path.child("topologyKey"), "can not be empty") }
        errors.invalid(path.child("topologyKey"), topologyKey, NameRules.qualifiedName(topologyKey))
    }
}

extension Toleration {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        let operatorPath = path.child("operator")
        if key.isEmpty {
            if `operator` != "Exists" {
                errors.invalid(
                    operatorPath, `operator`,
                    "operator must be Exists when `key` is empty, which means \"match all values and all keys\"")
            }
        } else {
            errors.invalid(path.child("key"), key, NameRules.qualifiedName(key))
        }
        if tolerationSeconds != nil, effect != "NoExecute" {
            errors.invalid(path.child("effect"), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")
        }
        switch `operator` {
        case "Equal", "":
            let problems = NameRules.labelValue(value)
            if !problems.isEmpty { errors.invalid(operatorPath, value, problems.joined(separator: ";")) }
        case "Exists":
            if !value.isEmpty { errors.invalid(operatorPath, value, "value must be empty when `operator` is 'Exists'") }
        case "Lt", "Gt": errors.unsupported(operatorPath, `operator`, ["Equal", "Exists", "Lt", "Gt"])
        default: errors.unsupported(operatorPath, `operator`, ["Equal", "Exists"])
        }
        if !effect.isEmpty { errors.choice(path.child("effect"), effect, Taint.effects) }
    }
}

extension Taint {
    static let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"]
}

extension TopologySpreadConstraint {
    /// - Parameter later: the constraints after this one, with which it must not be equal.
    func validate(_ errors: inout FieldErrors, _ path: FieldPath, later: ArraySlice<TopologySpreadConstraint>) {
        if maxSkew <= 0 { errors.invalid(path.child("maxSkew"), maxSkew, "must be greater than zero") }
        if topologyKey.isEmpty { errors.required(path.child("topologyKey"), "can not be empty") }
        errors.choice(path.child("whenUnsatisfiable"), whenUnsatisfiable, ["DoNotSchedule", "ScheduleAnyway"])
        if later.contains(where: { $0.topologyKey == topologyKey && $0.whenUnsatisfiable == whenUnsatisfiable }) {
            errors.duplicate(path.child("{topologyKey, whenUnsatisfiable}"), "{\(topologyKey), \(whenUnsatisfiable)}")
        }
        if let minDomains {
            if minDomains <= 0 { errors.invalid(path.child("minDomains"), minDomains, "must be greater than zero") }
            if whenUnsatisfiable != "DoNotSchedule" {
                errors.invalid(
                    path.child("minDomains"), minDomains,
                    "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not \(whenUnsatisfiable)")
            }
        }
        if let policy = nodeAffinityPolicy {
            errors.choice(path.child("nodeAffinityPolicy"), policy, ["Honor", "Ignore"])
        }
        if let policy = nodeTaintsPolicy { errors.choice(path.child("nodeTaintsPolicy"), policy, ["Honor", "Ignore"]) }
        errors.labelKeys(path, match: matchLabelKeys, mismatch: [], labelSelector)
        labelSelector?.validate(&errors, path.child("labelSelector"))
    }
}
