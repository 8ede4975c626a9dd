/// Disruption budgets, priorities, quotas and limits.
extension PodDisruptionBudget: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        let path = FieldPath("spec")
        if spec.minAvailable != nil, spec.maxUnavailable != nil {
            errors.invalid(
                path, json: GoValue.of(spec, as: "PodDisruptionBudgetSpec"),
                "minAvailable and maxUnavailable cannot be both set")
        }
        for (name, value) in [("minAvailable", spec.minAvailable), ("maxUnavailable", spec.maxUnavailable)] {
            guard let value else { continue }
            errors.numberOrPercent(value, path.child(name))
            errors.atMost100Percent(value, path.child(name))
        }
        spec.selector?.validate(&errors, path.child("selector"))
        if let policy = spec.unhealthyPodEvictionPolicy {
            errors.choice(path.child("unhealthyPodEvictionPolicy"), policy, ["AlwaysAllow", "IfHealthyBudget"])
        }
    }

    public func validateUpdate(from old: PodDisruptionBudget, subresource: String, _ errors: inout FieldErrors) {
        guard subresource == "status" else { return validate(&errors) }
        let path = FieldPath("status")
        errors.nonnegative(status.disruptionsAllowed, path.child("disruptionsAllowed"))
        errors.nonnegative(status.currentHealthy, path.child("currentHealthy"))
        errors.nonnegative(status.desiredHealthy, path.child("desiredHealthy"))
        errors.nonnegative(status.expectedPods, path.child("expectedPods"))
    }
}

extension PriorityClass: Validatable {
    static let preemptionPolicies = ["PreemptLowerPriority", "Never"]
    private static let highest: Int32 = 1_000_000_000
    private static let systemClasses: [String: Int32] = [
        "system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000,
    ]

    public func validate(_ errors: inout FieldErrors) {
        let value = value ?? 0
        if metadata.name.hasPrefix("system-") {
            let name = FieldPath("metadata").child("name")
            let prefix = "priority class names with 'system-' prefix are reserved for system use only. error: "
            switch Self.systemClasses[metadata.name] {
            case nil: errors.forbidden(name, prefix + "\(metadata.name) is not a known system priority class")
            case let known? where known != value:
                errors.forbidden(name, prefix + "value of \(metadata.name) PriorityClass must be \(known)")
            default: break
            }
        } else if value > Self.highest {
            errors.forbidden(
                FieldPath("value"), "maximum allowed value of a user defined priority is \(Self.highest)")
        }
        if let preemptionPolicy {
            errors.choice(FieldPath("preemptionPolicy"), preemptionPolicy, Self.preemptionPolicies, required: true)
        }
    }

    public func validateUpdate(from old: PriorityClass, subresource: String, _ errors: inout FieldErrors) {
        if value ?? 0 != old.value ?? 0 { errors.forbidden(FieldPath("value"), "may not be changed in an update.") }
        errors.immutable(
            preemptionPolicy, old.preemptionPolicy, FieldPath("preemptionPolicy"),
            preemptionPolicy.map(FieldErrors.quoted) ?? "null")
    }
}

extension ResourceQuota: Validatable {
    private static let scopes: Set<String> = [
        "Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity",
        "VolumeAttributesClass",
    ]

    public func validate(_ errors: inout FieldErrors) {
        let path = FieldPath("spec")
        for (name, quantity) in spec.hard.sortedByKey {
            ResourceNames.validateForQuotas(name, path.child("hard").key(name), &errors)
            ResourceNames.validateValue(quantity, of: name, path.child("hard").key(name), &errors)
        }
        validateScopes(&errors, path.child("scopes"))
        if let selector = spec.scopeSelector {
            for requirement in selector.matchExpressions {
                requirement.validate(&errors, path.child("scopeSelector", "matchExpressions"), of: Self.scopes)
            }
        }
    }

    private func validateScopes(_ errors: inout FieldErrors, _ path: FieldPath) {
        let all = JSONValue.array(spec.scopes.map(JSONValue.string))
        for scope in spec.scopes {
            if !Self.scopes.contains(scope) { errors.invalid(path, json: all, "unsupported scope") }
            for name in spec.hard.keys.sorted() where ResourceNames.ofQuotas.contains(name) {
                let isCompute = ["cpu", "memory", "ephemeral-storage"].contains {
                    name == $0 || name.hasSuffix("." + $0)
                }
                if name != "pods", scope == "BestEffort" || !isCompute {
                    errors.invalid(path, json: all, "unsupported scope applied to resource")
                }
            }
        }
        for pair in [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]]
        where pair.allSatisfy(spec.scopes.contains) {
            errors.invalid(path, json: all, "conflicting scopes")
        }
    }

    public func validateUpdate(from old: ResourceQuota, subresource: String, _ errors: inout FieldErrors) {
        validate(&errors)
        if subresource != "status", Set(spec.scopes) != Set(old.spec.scopes) {
            errors.invalid(
                FieldPath("spec").child("scopes"), json: .array(spec.scopes.map(JSONValue.string)), "field is immutable"
            )
        }
    }
}

extension ScopedResourceSelectorRequirement {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath, of scopes: Set<String>) {
        if !scopes.contains(scopeName) { errors.invalid(path.child("scopeName"), scopeName, "unsupported scope") }
        if scopes.contains(scopeName), scopeName != "PriorityClass", scopeName != "VolumeAttributesClass",
            `operator` != "Exists"
        {
            errors.invalid(
                path.child("operator"), `operator`,
                "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
                    + "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or "
                    + "ResourceQuotaScopeCrossNamespacePodAffinity")
        }
        switch `operator` {
        case "In", "NotIn":
            if values.isEmpty {
                errors.required(
                    path.child("values"),
                    "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector")
            }
        case "Exists", "DoesNotExist":
            if !values.isEmpty {
                errors.invalid(
                    path.child("values"), json: .array(values.map(JSONValue.string)),
                    "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector")
            }
        default: errors.invalid(path.child("operator"), `operator`, "not a valid selector operator")
        }
    }
}

extension LimitRange: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        let path = FieldPath("spec").child("limits")
        var types: Set<String> = []
        for (index, item) in spec.limits.enumerated() {
            let path = path.index(index)
            let problems = NameRules.qualifiedName(item.type)
            errors.invalid(path.child("type"), item.type, problems)
            if problems.isEmpty, !item.type.contains("/"),
                !["Pod", "Container", "PersistentVolumeClaim"].contains(item.type)
            {
                errors.invalid(path.child("type"), item.type, "must be a standard limit type or fully qualified")
            }
            if !types.insert(item.type).inserted { errors.duplicate(path.child("type"), item.type) }
            item.validate(&errors, path)
        }
    }
}

extension LimitRangeItem {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        func names(_ list: [String: Quantity], _ name: String) {
            for key in list.keys.sorted() {
                if type == "Pod" || type == "Container" {
                    ResourceNames.validateForContainers(key, path.child(name).key(key), &errors)
                } else {
                    ResourceNames.validate(key, path.child(name).key(key), &errors)
                }
            }
        }
        names(max, "max")
        names(min, "min")
        if type == "Pod" {
            for (name, list) in [("default", `default`), ("defaultRequest", defaultRequest)] where !list.isEmpty {
                errors.forbidden(path.child(name), "may not be specified when `type` is 'Pod'")
            }
        } else {
            names(`default`, "default")
            names(defaultRequest, "defaultRequest")
        }
        if type == "PersistentVolumeClaim", min["storage"] == nil, max["storage"] == nil {
            errors.required(
                path.child("limits"), "either minimum or maximum storage value is required, but neither was provided")
        }
        names(maxLimitRequestRatio, "maxLimitRequestRatio")
        let all = [max, min, maxLimitRequestRatio] + (type == "Pod" ? [] : [`default`, defaultRequest])
        for key in Set(all.flatMap(\.keys)).sorted() { validate(key, &errors, path) }
    }

    /// How the values of one resource stand to each other.
    private func validate(_ key: String, _ errors: inout FieldErrors, _ path: FieldPath) {
        let (least, most) = (min[key], max[key])
        let limit = type == "Pod" ? nil : `default`[key]
        let request = type == "Pod" ? nil : defaultRequest[key]
        /// An error at `field` if `low` is above `high`.
        func ordered(
            _ low: Quantity?, _ lowName: String, _ high: Quantity?, _ highName: String, _ field: String,
            _ value: Quantity?
        ) {
            guard let low, let high, let value, low > high else { return }
            errors.invalid(
                path.child(field).key(key), value, "\(lowName) value \(low) is greater than \(highName) value \(high)")
        }
        ordered(least, "min", most, "max", "min", least)
        ordered(least, "min", request, "default request", "defaultRequest", request)
        ordered(request, "default request", most, "max", "defaultRequest", request)
        ordered(request, "default request", limit, "default limit", "defaultRequest", request)
        ordered(least, "min", limit, "default", "default", least)
        ordered(limit, "default", most, "max", "default", most)
        if let ratio = maxLimitRequestRatio[key] {
            let path = path.child("maxLimitRequestRatio").key(key)
            if ratio < Quantity(1) { errors.invalid(path, ratio, "ratio \(ratio) is less than 1") }
            if let least, let most, !least.isZero, ratio.doubleValue > most.doubleValue / least.doubleValue {
                let bound = GoText.fixed(most.doubleValue / least.doubleValue)
                errors.invalid(path, ratio, "ratio \(ratio) is greater than max/min = \(bound)")
            }
        }
        if !ResourceNames.canBeOvercommitted(key), let limit, let request, limit != request {
            errors.invalid(
                path.child("defaultRequest").key(key), request,
                "default value \(limit) must equal to defaultRequest value \(request) in \(key)")
        }
    }
}
