extension Job: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        let path = FieldPath("spec")
        spec.validate(&errors, path)
        spec.validateSelector(&errors, path)
        if spec.completionMode == "Indexed", let completions = spec.completions, completions > 0 {
            let host = "\(metadata.name)-\(completions - 1)"
            if !NameRules.dns1123Label(host).isEmpty {
                errors.invalid(
                    FieldPath("metadata").child("name"), metadata.name,
                    "will not able to create pod with invalid DNS label: \(host)")
            }
        }
    }

    public func validateUpdate(from old: Job, subresource: String, _ errors: inout FieldErrors) {
        if subresource == "status" { return }
        let path = FieldPath("spec")
        spec.validate(&errors, path)
        spec.validateSelector(&errors, path)
        spec.validateChange(from: old, &errors, path)
    }
}

extension JobSpec {
    private static let maximumParallelism: Int32 = 100_000

    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        errors.nonnegative(parallelism, path.child("parallelism"))
        errors.nonnegative(completions, path.child("completions"))
        errors.nonnegative(activeDeadlineSeconds, path.child("activeDeadlineSeconds"))
        errors.nonnegative(backoffLimit, path.child("backoffLimit"))
        errors.nonnegative(ttlSecondsAfterFinished, path.child("ttlSecondsAfterFinished"))
        errors.nonnegative(backoffLimitPerIndex, path.child("backoffLimitPerIndex"))
        if maxFailedIndexes != nil {
            errors.nonnegative(maxFailedIndexes, path.child("maxFailedIndexes"))
            if backoffLimitPerIndex == nil {
                errors.required(path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified")
            }
        }
        validateManager(&errors, path.child("managedBy"))
        validateCompletionMode(&errors, path)
        if let podFailurePolicy {
            podFailurePolicy.validate(&errors, path.child("podFailurePolicy", "rules"), of: self)
        }
        if let successPolicy {
            if completionMode == "Indexed" {
                successPolicy.validate(&errors, path.child("successPolicy", "rules"), completions: completions ?? 0)
            } else {
                errors.invalid(
                    path.child("successPolicy"), json: GoValue.of(successPolicy, as: "SuccessPolicy"),
                    "requires indexed completion mode")
            }
        }
        if let policy = podReplacementPolicy {
            errors.choice(
                path.child("podReplacementPolicy"), policy,
                podFailurePolicy == nil ? ["Failed", "TerminatingOrFailed"] : ["Failed"])
        }
        template.validate(&errors, path.child("template"))
        let restartPath = path.child("template", "spec", "restartPolicy")
        switch template.spec.restartPolicy {
        case "Always", "": errors.required(restartPath, "valid values: \"OnFailure\", \"Never\"")
        case "OnFailure":
            if podFailurePolicy != nil {
                errors.invalid(
                    restartPath, "OnFailure", "only \"Never\" is supported when podFailurePolicy is specified")
            }
        case "Never": break
        default: errors.unsupported(restartPath, template.spec.restartPolicy, ["OnFailure", "Never"])
        }
    }

    /// The selector is made by the API server, unless the author insists.
    fileprivate func validateSelector(_ errors: inout FieldErrors, _ path: FieldPath) {
        guard let selector else {
            if manualSelector == true { errors.required(path.child("selector")) }
            return
        }
        selector.validate(&errors, path.child("selector"))
        if Workloads.isSelectable(selector), !LabelQuery(selector).matches(template.metadata.labels) {
            Workloads.mismatch(template, path.child("template"), &errors)
        }
    }

    private func validateManager(_ errors: inout FieldErrors, _ path: FieldPath) {
        guard let managedBy else { return }
        let parts = managedBy.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        if managedBy.isEmpty {
            errors.required(path)
        } else if parts.count != 2 || parts[0].isEmpty || parts[1].isEmpty {
            errors.invalid(path, managedBy, "must be a domain-prefixed path (such as \"acme.io/foo\")")
        } else {
            errors.invalid(path, String(parts[0]), NameRules.dns1123Subdomain(parts[0]))
        }
        if managedBy.utf8.count > 63 { errors.tooLong(path, 63) }
    }

    private func validateCompletionMode(_ errors: inout FieldErrors, _ path: FieldPath) {
        if let completionMode {
            errors.choice(path.child("completionMode"), completionMode, ["NonIndexed", "Indexed"])
        }
        if completionMode == "Indexed" {
            if completions == nil { errors.required(path.child("completions"), "when completion mode is Indexed") }
            if let parallelism, parallelism > Self.maximumParallelism {
                errors.invalid(
                    path.child("parallelism"), parallelism,
                    "must be less than or equal to 100000 when completion mode is Indexed")
            }
            if let completions, let maxFailedIndexes, maxFailedIndexes > completions {
                errors.invalid(
                    path.child("maxFailedIndexes"), maxFailedIndexes, "must be less than or equal to completions")
            }
            if let maxFailedIndexes, maxFailedIndexes > 100_000 {
                errors.invalid(path.child("maxFailedIndexes"), maxFailedIndexes, "must be less than or equal to 100000")
            }
        } else if completionMode == nil || completionMode == "NonIndexed" {
            for (name, value) in [
                ("backoffLimitPerIndex", backoffLimitPerIndex), ("maxFailedIndexes", maxFailedIndexes),
            ] {
                if let value { errors.invalid(path.child(name), value, "requires indexed completion mode") }
            }
        }
    }

    fileprivate func validateChange(from old: Job, _ errors: inout FieldErrors, _ path: FieldPath) {
        // The completions of an indexed job may change together with its parallelism.
        let isElastic = completionMode == "Indexed" && completions != nil && completions == parallelism
        if !isElastic {
            errors.immutable(
                completions, old.spec.completions, path.child("completions"), completions.map { "\($0)" } ?? "null")
        }
        errors.immutable(
            selector?.jsonValue, old.spec.selector?.jsonValue, path.child("selector"),
            FieldErrors.json(selector?.jsonValue ?? .null))
        validateTemplateChange(from: old, &errors, path)
        errors.immutable(
            completionMode, old.spec.completionMode, path.child("completionMode"),
            completionMode.map(FieldErrors.quoted) ?? "null")
        errors.immutable(
            podFailurePolicy?.jsonValue, old.spec.podFailurePolicy?.jsonValue, path.child("podFailurePolicy"),
            podFailurePolicy.map { GoValue.text($0, as: "PodFailurePolicy") } ?? "null")
        errors.immutable(
            backoffLimitPerIndex, old.spec.backoffLimitPerIndex, path.child("backoffLimitPerIndex"),
            backoffLimitPerIndex.map { "\($0)" } ?? "null")
        errors.immutable(
            managedBy, old.spec.managedBy, path.child("managedBy"), managedBy.map(FieldErrors.quoted) ?? "null")
        errors.immutable(
            successPolicy?.jsonValue, old.spec.successPolicy?.jsonValue, path.child("successPolicy"),
            successPolicy.map { GoValue.text($0, as: "SuccessPolicy") } ?? "null")
    }

    /// A job that has not begun may change where its pods go.
    private func validateTemplateChange(from old: Job, _ errors: inout FieldErrors, _ path: FieldPath) {
        var before = old.spec.template
        if old.spec.suspend == true, old.status.startTime == nil {
            before.spec.affinity = template.spec.affinity
            before.spec.nodeSelector = template.spec.nodeSelector
            before.spec.tolerations = template.spec.tolerations
            before.spec.schedulingGates = template.spec.schedulingGates
            before.metadata.labels = template.metadata.labels
            before.metadata.annotations = template.metadata.annotations
        }
        errors.immutable(
            template.jsonValue, before.jsonValue, path.child("template"), GoValue.text(template, as: "PodTemplateSpec"))
    }
}

extension PodFailurePolicy {
    private static let actions = ["Count", "FailIndex", "FailJob", "Ignore"]

    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath, of job: JobSpec) {
        if rules.count > 20 { errors.tooMany(path, rules.count, 20) }
        let names = Set((job.template.spec.containers + job.template.spec.initContainers).map(\.name))
        for (index, rule) in rules.enumerated() {
            let path = path.index(index)
            if rule.action.isEmpty {
                errors.required(path.child("action"), "valid values: \(Self.listed(Self.actions))")
            } else if rule.action == "FailIndex" {
                if job.backoffLimitPerIndex == nil {
                    errors.invalid(path.child("action"), rule.action, "requires the backoffLimitPerIndex to be set")
                }
            } else {
                errors.choice(path.child("action"), rule.action, Self.actions)
            }
            rule.onExitCodes?.validate(&errors, path.child("onExitCodes"), containers: names)
            Self.validate(rule.onPodConditions, path.child("onPodConditions"), &errors)
            switch (rule.onExitCodes != nil, !rule.onPodConditions.isEmpty) {
            case (true, true):
                errors.invalid(
                    path, omittingValue: "specifying both OnExitCodes and OnPodConditions is not supported")
            case (false, false):
                errors.invalid(path, omittingValue: "specifying one of OnExitCodes and OnPodConditions is required")
            default: break
            }
        }
    }

    /// `%q` of a list.
    fileprivate static func listed(_ values: [String]) -> String {
        "[" + values.map(GoText.quoted).joined(separator: " ") + "]"
    }

    private static func validate(
        _ conditions: [PodFailurePolicyOnPodConditionsPattern], _ path: FieldPath, _ errors: inout FieldErrors
    ) {
        let states = ["False", "True", "Unknown"]
        if conditions.count > 20 { errors.tooMany(path, conditions.count, 20) }
        for (index, condition) in conditions.enumerated() {
            let path = path.index(index)
            errors.invalid(path.child("type"), condition.type, NameRules.qualifiedName(condition.type))
            if condition.status.isEmpty {
                errors.required(path.child("status"), "valid values: \(listed(states))")
            } else {
                errors.choice(path.child("status"), condition.status, states)
            }
        }
    }
}

extension PodFailurePolicyOnExitCodesRequirement {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath, containers: Set<String>) {
        if `operator`.isEmpty {
            errors.required(path.child("operator"), "valid values: \(PodFailurePolicy.listed(["In", "NotIn"]))")
        } else {
            errors.choice(path.child("operator"), `operator`, ["In", "NotIn"])
        }
        if !containerName.isEmpty, !containers.contains(containerName) {
            errors.invalid(
                path.child("containerName"), containerName,
                "must be one of the container or initContainer names in the pod template")
        }
        let path = path.child("values")
        let json = JSONValue.array(values.map { .integer(Int64($0)) })
        if values.isEmpty {
            errors.invalid(path, raw: "null", "at least one value is required")
        } else if values.count > 255 {
            errors.tooMany(path, values.count, 255)
        }
        var seen: Set<Int32> = []
        for (index, value) in values.enumerated() {
            if `operator` == "In", value == 0 {
                errors.invalid(path.index(index), value, "must not be 0 for the In operator")
            }
            if !seen.insert(value).inserted { errors.duplicate(path.index(index), raw: "\(value)") }
        }
        if zip(values, values.dropFirst()).contains(where: { $0 > $1 }) {
            errors.invalid(path, json: json, "must be ordered")
        }
    }
}

extension SuccessPolicy {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath, completions: Int32) {
        if rules.isEmpty {
            errors.required(path, "at least one rules must be specified when the successPolicy is specified")
        }
        if rules.count > 20 { errors.tooMany(path, rules.count, 20) }
        for (index, rule) in rules.enumerated() {
            let path = path.index(index)
            if rule.succeededCount == nil, rule.succeededIndexes.isEmpty {
                errors.required(path, "at least one of succeededCount or succeededIndexes must be specified")
            }
            if let count = rule.succeededCount {
                errors.nonnegative(count, path.child("succeededCount"))
                if count > completions {
                    errors.invalid(
                        path.child("succeededCount"), count,
                        "must be less than or equal to \(completions) (the number of specified completions)")
                }
            }
        }
    }
}
