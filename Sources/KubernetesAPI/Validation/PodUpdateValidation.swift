/// What may change of a pod once it is there.
extension Pod {
    private static let changeableFields = [
        "`spec.containers[*].image`", "`spec.initContainers[*].image`", "`spec.activeDeadlineSeconds`",
        "`spec.tolerations` (only additions to existing tolerations)",
        "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
    ].joined(separator: ",")

    func validateSpecChange(from old: Pod, _ errors: inout FieldErrors) {
        let path = FieldPath("spec")
        let lists = [
            ("containers", spec.containers, old.spec.containers),
            ("initContainers", spec.initContainers, old.spec.initContainers),
        ]
        for (name, new, before) in lists {
            if new.count != before.count {
                return errors.forbidden(path.child(name), "pod updates may not add or remove containers")
            }
        }
        guard validateDeadline(from: old, &errors, path.child("activeDeadlineSeconds")) else { return }
        validateTolerations(from: old, &errors, path.child("tolerations"))
        let oldGates = Set(old.spec.schedulingGates.map(\.name))
        for (index, gate) in spec.schedulingGates.enumerated() where !oldGates.contains(gate.name) {
            errors.forbidden(
                path.child("schedulingGates").index(index).child("name"),
                "only deletion is allowed, but found new scheduling gate '\(gate.name)'")
        }

        var allowed = spec
        for index in allowed.containers.indices { allowed.containers[index].image = old.spec.containers[index].image }
        for index in allowed.initContainers.indices {
            allowed.initContainers[index].image = old.spec.initContainers[index].image
        }
        allowed.activeDeadlineSeconds = old.spec.activeDeadlineSeconds
        allowed.schedulingGates = old.spec.schedulingGates
        allowed.tolerations = old.spec.tolerations
        if let seconds = old.spec.terminationGracePeriodSeconds, seconds < 0, allowed.terminationGracePeriodSeconds == 1
        {
            allowed.terminationGracePeriodSeconds = seconds
        }
        if !old.spec.schedulingGates.isEmpty {
            validateGatedSelector(from: old, &errors, path)
            allowed.nodeSelector = old.spec.nodeSelector
        }
        let (oldValue, newValue) = (GoValue.of(old.spec, as: "PodSpec"), GoValue.of(allowed, as: "PodSpec"))
        if oldValue != newValue {
            let difference = GoDifference.text(oldValue, newValue)
            errors.forbidden(
                path, "pod updates may not change fields other than \(Self.changeableFields)\n\(difference)")
        }
    }

    /// - Returns: whether the check goes on.
    private func validateDeadline(from old: Pod, _ errors: inout FieldErrors, _ path: FieldPath) -> Bool {
        guard let new = spec.activeDeadlineSeconds else {
            if old.spec.activeDeadlineSeconds != nil {
                errors.invalid(path, raw: "null", "must not update from a positive integer to nil value")
            }
            return true
        }
        if !(0...Int64(Int32.max)).contains(new) {
            errors.invalid(path, new, "must be between 0 and 2147483647, inclusive")
            return false
        }
        if let before = old.spec.activeDeadlineSeconds, before < new {
            errors.invalid(path, new, "must be less than or equal to previous value")
            return false
        }
        return true
    }

    private func validateTolerations(from old: Pod, _ errors: inout FieldErrors, _ path: FieldPath) {
        for var toleration in old.spec.tolerations {
            let isKept = spec.tolerations.contains { new in
                toleration.tolerationSeconds = new.tolerationSeconds
                return toleration.jsonValue == new.jsonValue
            }
            if !isKept {
                return errors.forbidden(path, "existing toleration can not be modified except its tolerationSeconds")
            }
        }
        for (index, toleration) in spec.tolerations.enumerated() { toleration.validate(&errors, path.index(index)) }
    }

    /// While a pod waits behind gates, its node selector may become narrower.
    private func validateGatedSelector(from old: Pod, _ errors: inout FieldErrors, _ path: FieldPath) {
        let isNarrower = old.spec.nodeSelector.allSatisfy { spec.nodeSelector[$0.key] == $0.value }
        if !isNarrower {
            errors.invalid(
                path.child("nodeSelector"), json: spec.nodeSelector.json { .string($0) },
                "only additions to spec.nodeSelector are allowed (no mutations or deletions)")
        }
    }

    // MARK: Resize

    func validateResize(from old: Pod, _ errors: inout FieldErrors) {
        let path = FieldPath("spec")
        let before = errors.causes.count
        spec.validate(&errors, path, podName: metadata.name, isPod: true)
        let oldClass = old.status.qosClass.isEmpty ? old.spec.qualityOfService : old.status.qosClass
        if oldClass != spec.qualityOfService {
            errors.invalid(path, status.qosClass, "Pod QOS Class may not change as a result of resizing")
        }
        guard hasEqualContainers(old, &errors, path) else { return }
        for (index, container) in old.spec.initContainers.enumerated() where container.restartPolicy == "Always" {
            spec.initContainers[index].validateResize(
                from: container, &errors, path.child("initContainers").index(index).child("resources"))
        }
        for (index, container) in old.spec.containers.enumerated() {
            spec.containers[index].validateResize(
                from: container, &errors, path.child("containers").index(index).child("resources"))
        }
        var allowed = spec
        for index in allowed.containers.indices {
            allowed.containers[index].takeProcessorAndMemory(of: old.spec.containers[index])
            if !allowed.containers[index].isEqual(to: old.spec.containers[index]) {
                errors.forbidden(path, "only cpu and memory resources are mutable")
            }
        }
        for index in allowed.initContainers.indices {
            let isSidecar = allowed.initContainers[index].restartPolicy == "Always"
            if isSidecar { allowed.initContainers[index].takeProcessorAndMemory(of: old.spec.initContainers[index]) }
            if !allowed.initContainers[index].isEqual(to: old.spec.initContainers[index]) {
                errors.forbidden(
                    path,
                    isSidecar
                        ? "only cpu and memory resources for sidecar containers are mutable"
                        : "resources for non-sidecar init containers are immutable")
            }
        }
        guard errors.causes.count == before else { return }
        if GoValue.of(allowed, as: "PodSpec") != GoValue.of(old.spec, as: "PodSpec") {
            errors.forbidden(path, "only cpu and memory resources are mutable")
        }
    }

    private func hasEqualContainers(_ old: Pod, _ errors: inout FieldErrors, _ path: FieldPath) -> Bool {
        let before = errors.causes.count
        let lists = [
            ("containers", spec.containers, old.spec.containers),
            ("initContainers", spec.initContainers, old.spec.initContainers),
        ]
        for (name, new, oldList) in lists {
            if new.count != oldList.count {
                errors.forbidden(path.child(name), "\(name) may not be added or removed on resize")
                continue
            }
            for (index, container) in oldList.enumerated() where new[index].name != container.name {
                errors.forbidden(
                    path.child(name).index(index).child("name"), "\(name) may not be renamed or reordered on resize")
            }
        }
        return errors.causes.count == before
    }
}

extension Container {
    fileprivate func validateResize(from old: Container, _ errors: inout FieldErrors, _ path: FieldPath) {
        func isRemoved(_ new: [String: Quantity]?, _ before: [String: Quantity]?) -> Bool {
            !Set((before ?? [:]).keys).isSubset(of: (new ?? [:]).keys)
        }
        if isRemoved(resources?.requests, old.resources?.requests) {
            errors.forbidden(path.child("requests"), "resource requests cannot be removed")
        }
        if isRemoved(resources?.limits, old.resources?.limits) {
            errors.forbidden(path.child("limits"), "resource limits cannot be removed")
        }
    }

    fileprivate mutating func takeProcessorAndMemory(of old: Container) {
        var requirements = resources ?? ResourceRequirements()
        for name in ["cpu", "memory"] {
            requirements.limits[name] = old.resources?.limits[name]
            requirements.requests[name] = old.resources?.requests[name]
        }
        resources = requirements
    }

    fileprivate func isEqual(to other: Container) -> Bool {
        GoValue.of(self, as: "Container") == GoValue.of(other, as: "Container")
    }
}

extension PodSpec {
    /// Guaranteed, Burstable or BestEffort, from the containers' requests and limits.
    var qualityOfService: String {
        var (hasAny, isGuaranteed) = (false, true)
        for container in containers + initContainers {
            for name in ["cpu", "memory"] {
                let request = container.resources?.requests[name].flatMap { $0.isZero ? nil : $0 }
                let limit = container.resources?.limits[name].flatMap { $0.isZero ? nil : $0 }
                hasAny = hasAny || request != nil || limit != nil
                isGuaranteed = isGuaranteed && limit != nil && (request ?? limit) == limit
            }
        }
        return hasAny ? (isGuaranteed ? "Guaranteed" : "Burstable") : "BestEffort"
    }
}
