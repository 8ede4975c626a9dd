/// What deployments, replica sets, stateful sets and daemon sets have in common.
enum Workloads {
    static let mismatch = "`selector` does not match template `labels`"

    /// The selector of a workload: there, well-formed, not empty.
    static func validateSelector(
        _ selector: LabelSelector?, _ path: FieldPath, kind: String, _ errors: inout FieldErrors
    ) {
        guard let selector else { return errors.required(path) }
        selector.validate(&errors, path)
        if selector.isEmpty { errors.invalid(path, raw: "{}", "empty selector is invalid for \(kind)") }
    }

    /// Whether the pods of the template belong to the workload. An empty selector is an error already.
    static func validateMatch(
        _ selector: LabelSelector?, _ template: PodTemplateSpec, _ path: FieldPath, _ errors: inout FieldErrors
    ) {
        guard isSelectable(selector), selector?.isEmpty != true else { return }
        if selector == nil || !LabelQuery(selector).matches(template.metadata.labels) {
            mismatch(template, path, &errors)
        }
    }

    static func mismatch(_ template: PodTemplateSpec, _ path: FieldPath, _ errors: inout FieldErrors) {
        let labels = template.metadata.labels
        let text = labels.isEmpty ? "null" : FieldErrors.json(labels.json { .string($0) })
        errors.invalid(path.child("metadata", "labels"), raw: text, mismatch)
    }

    /// A selector with errors of its own is not compared.
    static func isSelectable(_ selector: LabelSelector?) -> Bool {
        guard let selector else { return true }
        var errors = FieldErrors()
        selector.validate(&errors, FieldPath(""))
        return errors.isEmpty
    }

    static func immutableSelector(_ new: LabelSelector?, _ old: LabelSelector?, _ errors: inout FieldErrors) {
        errors.immutable(
            new?.jsonValue, old?.jsonValue, FieldPath("spec").child("selector"),
            FieldErrors.json(new?.jsonValue ?? .null))
    }
}

extension FieldErrors {
    /// How many pods an update may add or take away.
    fileprivate mutating func pods(_ value: IntOrString?, _ path: FieldPath) {
        if let value { numberOrPercent(value, path) }
    }
}

extension IntOrString {
    /// 0, 0%, or a text that is no number.
    fileprivate var countsAsZero: Bool {
        switch self {
        case .int(let number): number == 0
        case .string(let text): (percent ?? Int(text) ?? 0) == 0
        }
    }
}

extension Deployment: Validatable {
    public func validate(_ errors: inout FieldErrors) { spec.validate(&errors, FieldPath("spec")) }

    public func validateUpdate(from old: Deployment, subresource: String, _ errors: inout FieldErrors) {
        if subresource == "status" { return }
        validate(&errors)
        Workloads.immutableSelector(spec.givenSelector, old.spec.givenSelector, &errors)
    }
}

extension DeploymentSpec {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        errors.nonnegative(replicas, path.child("replicas"))
        Workloads.validateSelector(givenSelector, path.child("selector"), kind: "deployment", &errors)
        let templatePath = path.child("template")
        Workloads.validateMatch(givenSelector, template, templatePath, &errors)
        template.validate(&errors, templatePath)
        template.validateForWorkload(&errors, templatePath, refusingDeadline: true)
        (strategy ?? DeploymentStrategy()).validate(&errors, path.child("strategy"))
        errors.nonnegative(minReadySeconds, path.child("minReadySeconds"))
        errors.nonnegative(revisionHistoryLimit, path.child("revisionHistoryLimit"))
        if let deadline = progressDeadlineSeconds {
            errors.nonnegative(deadline, path.child("progressDeadlineSeconds"))
            if deadline <= minReadySeconds ?? 0 {
                errors.invalid(path.child("progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds")
            }
        }
    }
}

extension DeploymentStrategy {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        let updatePath = path.child("rollingUpdate")
        switch type {
        case "Recreate":
            if rollingUpdate != nil {
                errors.forbidden(updatePath, "may not be specified when strategy `type` is 'Recreate'")
            }
        case "RollingUpdate":
            guard let rollingUpdate else {
                return errors.required(updatePath, "this should be defaulted and never be nil")
            }
            let unavailable = rollingUpdate.maxUnavailable ?? .int(0)
            let surge = rollingUpdate.maxSurge ?? .int(0)
            errors.pods(unavailable, updatePath.child("maxUnavailable"))
            errors.pods(surge, updatePath.child("maxSurge"))
            if unavailable.countsAsZero, surge.countsAsZero {
                errors.invalid(updatePath.child("maxUnavailable"), unavailable, "may not be 0 when `maxSurge` is 0")
            }
            errors.atMost100Percent(unavailable, updatePath.child("maxUnavailable"))
        default:
            errors.unsupported(path, json: GoValue.of(self, as: "DeploymentStrategy"), ["Recreate", "RollingUpdate"])
        }
    }
}

extension ReplicaSet: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        let path = FieldPath("spec")
        errors.nonnegative(spec.replicas, path.child("replicas"))
        errors.nonnegative(spec.minReadySeconds, path.child("minReadySeconds"))
        Workloads.validateSelector(spec.givenSelector, path.child("selector"), kind: "deployment", &errors)
        let template = spec.template ?? PodTemplateSpec()
        let templatePath = path.child("template")
        Workloads.validateMatch(spec.givenSelector, template, templatePath, &errors)
        template.validate(&errors, templatePath)
        template.validateForWorkload(&errors, templatePath, refusingDeadline: true)
    }

    public func validateUpdate(from old: ReplicaSet, subresource: String, _ errors: inout FieldErrors) {
        if subresource == "status" { return }
        validate(&errors)
        Workloads.immutableSelector(spec.givenSelector, old.spec.givenSelector, &errors)
    }
}

extension StatefulSet: Validatable {
    public func validate(_ errors: inout FieldErrors) { validate(&errors, isNew: true) }

    /// - Parameter isNew: the names and claims that an older release took are not checked again.
    private func validate(_ errors: inout FieldErrors, isNew: Bool) {
        let path = FieldPath("spec")
        if spec.podManagementPolicy.isEmpty {
            errors.required(path.child("podManagementPolicy"))
        } else if !["OrderedReady", "Parallel"].contains(spec.podManagementPolicy) {
            errors.invalid(
                path.child("podManagementPolicy"), spec.podManagementPolicy, "must be 'OrderedReady' or 'Parallel'")
        }
        spec.updateStrategy?.validate(&errors, path.child("updateStrategy"))
        if let policy = spec.persistentVolumeClaimRetentionPolicy {
            let path = path.child("persistentVolumeClaimRetentionPolicy")
            errors.choice(path.child("whenDeleted"), policy.whenDeleted, ["Retain", "Delete"])
            errors.choice(path.child("whenScaled"), policy.whenScaled, ["Retain", "Delete"])
        }
        if isNew {
            for (index, claim) in spec.volumeClaimTemplates.enumerated() {
                claim.spec.validate(&errors, path.child("volumeClaimTemplates").index(index).child("spec"))
            }
        }
        errors.nonnegative(spec.replicas, path.child("replicas"))
        errors.nonnegative(spec.minReadySeconds, path.child("minReadySeconds"))
        if let ordinals = spec.ordinals { errors.nonnegative(ordinals.start, path.child("ordinals.start")) }
        if isNew, !spec.serviceName.isEmpty {
            errors.invalid(path.child("serviceName"), spec.serviceName, NameRules.dns1123Label(spec.serviceName))
        }
        Workloads.validateSelector(spec.givenSelector, path.child("selector"), kind: "statefulset", &errors)
        let templatePath = path.child("template")
        Workloads.validateMatch(spec.givenSelector, spec.template, templatePath, &errors)
        // Its pods get a volume for each claim.
        var template = spec.template
        for claim in spec.volumeClaimTemplates {
            template.spec.volumes.removeAll { $0.name == claim.metadata.name }
            var volume = Volume()
            volume.name = claim.metadata.name
            volume.volumeSource.persistentVolumeClaim = PersistentVolumeClaimVolumeSource()
            volume.volumeSource.persistentVolumeClaim?.claimName = claim.metadata.name
            template.spec.volumes.append(volume)
        }
        template.validate(&errors, templatePath)
        template.validateForWorkload(&errors, templatePath, refusingDeadline: false)
        if template.spec.activeDeadlineSeconds != nil {
            errors.forbidden(
                templatePath.child("spec", "activeDeadlineSeconds"),
                "activeDeadlineSeconds in StatefulSet is not Supported")
        }
    }

    public func validateUpdate(from old: StatefulSet, subresource: String, _ errors: inout FieldErrors) {
        if subresource == "status" { return }
        validate(&errors, isNew: false)
        var allowed = spec
        allowed.replicas = old.spec.replicas
        allowed.template = old.spec.template
        allowed.updateStrategy = old.spec.updateStrategy
        allowed.minReadySeconds = old.spec.minReadySeconds
        allowed.ordinals = old.spec.ordinals
        allowed.revisionHistoryLimit = old.spec.revisionHistoryLimit
        allowed.persistentVolumeClaimRetentionPolicy = old.spec.persistentVolumeClaimRetentionPolicy
        if allowed.jsonValue != old.spec.jsonValue {
            errors.forbidden(
                FieldPath("spec"),
                "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
                    + "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
            )
        }
    }
}

extension StatefulSetUpdateStrategy {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        let updatePath = path.child("rollingUpdate")
        switch type {
        case "": errors.required(path)
        case "OnDelete":
            if let rollingUpdate {
                errors.invalid(
                    updatePath, json: GoValue.of(rollingUpdate, as: "RollingUpdateStatefulSetStrategy"),
                    "only allowed for updateStrategy 'RollingUpdate'")
            }
        case "RollingUpdate":
            guard let rollingUpdate else { return }
            errors.nonnegative(rollingUpdate.partition, updatePath.child("partition"))
            if let unavailable = rollingUpdate.maxUnavailable {
                let path = updatePath.child("maxUnavailable")
                errors.pods(unavailable, path)
                if unavailable.countsAsZero { errors.invalid(path, unavailable, "cannot be 0") }
                errors.atMost100Percent(unavailable, path)
            }
        default:
            errors.invalid(
                path, json: GoValue.of(self, as: "StatefulSetUpdateStrategy"), "must be 'RollingUpdate' or 'OnDelete'")
        }
    }
}

extension DaemonSet: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        let path = FieldPath("spec")
        spec.givenSelector?.validate(&errors, path.child("selector"))
        let templatePath = path.child("template")
        if Workloads.isSelectable(spec.givenSelector),
            spec.givenSelector == nil || !LabelQuery(spec.givenSelector).matches(spec.template.metadata.labels)
        {
            Workloads.mismatch(spec.template, templatePath, &errors)
        }
        if spec.givenSelector?.isEmpty == true {
            errors.invalid(path.child("selector"), raw: "{}", "empty selector is invalid for daemonset")
        }
        spec.template.validate(&errors, templatePath)
        spec.template.validateForWorkload(&errors, templatePath, refusingDeadline: false)
        if spec.template.spec.activeDeadlineSeconds != nil {
            errors.forbidden(
                templatePath.child("spec", "activeDeadlineSeconds"),
                "activeDeadlineSeconds in DaemonSet is not Supported")
        }
        errors.nonnegative(spec.minReadySeconds, path.child("minReadySeconds"))
        (spec.updateStrategy ?? DaemonSetUpdateStrategy()).validate(&errors, path.child("updateStrategy"))
        errors.nonnegative(spec.revisionHistoryLimit, path.child("revisionHistoryLimit"))
    }

    public func validateUpdate(from old: DaemonSet, subresource: String, _ errors: inout FieldErrors) {
        if subresource == "status" { return }
        validate(&errors)
        Workloads.immutableSelector(spec.givenSelector, old.spec.givenSelector, &errors)
    }
}

extension DaemonSetUpdateStrategy {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        switch type {
        case "OnDelete": break
        case "RollingUpdate":
            let path = path.child("rollingUpdate")
            guard let rollingUpdate else { return errors.required(path) }
            let unavailable = rollingUpdate.maxUnavailable ?? .int(0)
            let surge = rollingUpdate.maxSurge ?? .int(0)
            errors.pods(unavailable, path.child("maxUnavailable"))
            errors.pods(surge, path.child("maxSurge"))
            errors.atMost100Percent(unavailable, path.child("maxUnavailable"))
            errors.atMost100Percent(surge, path.child("maxSurge"))
            switch (unavailable.countsAsZero, surge.countsAsZero) {
            case (false, false):
                errors.invalid(path.child("maxSurge"), surge, "may not be set when maxUnavailable is non-zero")
            case (true, true): errors.required(path.child("maxUnavailable"), "cannot be 0 when maxSurge is 0")
            default: break
            }
        default:
            errors.unsupported(
                path, json: GoValue.of(self, as: "DaemonSetUpdateStrategy"), ["RollingUpdate", "OnDelete"])
        }
    }
}
