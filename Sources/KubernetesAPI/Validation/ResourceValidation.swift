/// The names of resources, by what they may be asked for.
enum ResourceNames {
    static let ofContainers: Set<String> = ["cpu", "memory", "ephemeral-storage"]
    static let ofQuotas: Set<String> = [
        "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.storage",
        "requests.ephemeral-storage", "limits.cpu", "limits.memory", "limits.ephemeral-storage", "pods",
        "resourcequotas",
        "services", "replicationcontrollers", "secrets", "persistentvolumeclaims", "configmaps", "services.nodeports",
        "services.loadbalancers",
    ]
    /// Those with no group that are known at all.
    static let standard = ofQuotas.union(["storage"])
    /// Those that are counted in whole numbers.
    static let integers: Set<String> = [
        "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps",
        "persistentvolumeclaims",
        "services.nodeports", "services.loadbalancers",
    ]
    static func isHugePages(_ name: String) -> Bool { name.hasPrefix("hugepages-") }
    static func isNative(_ name: String) -> Bool { !name.contains("/") || name.contains("kubernetes.io/") }

    /// Resources that only add-ons know, such as `nvidia.com/gpu`.
    static func isExtended(_ name: String) -> Bool {
        !isNative(name) && !name.hasPrefix("requests.") && NameRules.qualifiedName("requests." + name).isEmpty
    }

    /// Whether more may be promised than there is, so that the limit may exceed the request.
    static func canBeOvercommitted(_ name: String) -> Bool { isNative(name) && !isHugePages(name) }

    /// A name that any consumer's resources may have.
    static func validate(_ name: String, _ path: FieldPath, _ errors: inout FieldErrors) {
        let problems = NameRules.qualifiedName(name)
        errors.invalid(path, name, problems)
        if problems.isEmpty, !name.contains("/"), !standard.contains(name), !isHugePages(name) {
            errors.invalid(path, name, "must be a standard resource type or fully qualified")
        }
    }

    static func validateForContainers(_ name: String, _ path: FieldPath, _ errors: inout FieldErrors) {
        validate(name, path, &errors)
        if !name.contains("/") {
            if !ofContainers.contains(name), !isHugePages(name) {
                errors.invalid(path, name, "must be a standard resource for containers")
            }
        } else if !isNative(name), !isExtended(name) {
            errors.invalid(path, name, "doesn't follow extended resource name standard")
        }
    }

    static func validateForQuotas(_ name: String, _ path: FieldPath, _ errors: inout FieldErrors) {
        validate(name, path, &errors)
        let isHugePagesRequest = name.hasPrefix("requests.hugepages-") || isHugePages(name)
        if !name.contains("/"), !ofQuotas.contains(name), !isHugePagesRequest {
            errors.invalid(path, name, "must be a standard resource for quota")
        }
    }

    /// Resources that a pod as a whole may ask for.
    static func validateForPods(_ name: String, _ path: FieldPath, _ errors: inout FieldErrors) {
        let before = errors.causes.count
        validate(name, path, &errors)
        if errors.causes.count == before, name != "cpu", name != "memory", !isHugePages(name) {
            errors.unsupported(path, name, ["cpu", "memory"])
        }
    }

    /// A value that fits the resource: not negative, whole if the resource is counted.
    static func validateValue(_ value: Quantity, of name: String, _ path: FieldPath, _ errors: inout FieldErrors) {
        if value.isNegative { errors.invalid(path, value, "must be greater than or equal to 0") }
        let wholeNumbersOnly = integers.contains(name) || isExtended(name)
        if wholeNumbersOnly, value.roundedUpToMilli.milliValue % 1000 != 0 {
            errors.invalid(path, value, "must be an integer")
        }
    }
}

extension ResourceRequirements {
    typealias NameCheck = (String, FieldPath, inout FieldErrors) -> Void

    /// - Parameter podClaims: the names of the pod's resource claims.
    func validate(
        _ errors: inout FieldErrors, _ path: FieldPath, podClaims: Set<String>,
        name check: NameCheck = ResourceNames.validateForContainers
    ) {
        let limitsPath = path.child("limits")
        let requestsPath = path.child("requests")
        for (name, quantity) in limits.sortedByKey {
            check(name, limitsPath.key(name), &errors)
            ResourceNames.validateValue(quantity, of: name, limitsPath.key(name), &errors)
            validateHugePages(name, quantity, limitsPath.key(name), &errors)
        }
        for (name, quantity) in requests.sortedByKey {
            check(name, requestsPath.key(name), &errors)
            ResourceNames.validateValue(quantity, of: name, requestsPath.key(name), &errors)
            if let limit = limits[name] {
                if quantity != limit, !ResourceNames.canBeOvercommitted(name) {
                    errors.invalid(requestsPath, quantity, "must be equal to \(name) limit of \(limit)")
                } else if quantity > limit {
                    errors.invalid(requestsPath, quantity, "must be less than or equal to \(name) limit of \(limit)")
                }
            } else if !ResourceNames.canBeOvercommitted(name) {
                errors.required(limitsPath, "Limit must be set for non overcommitable resources")
            }
            validateHugePages(name, quantity, requestsPath.key(name), &errors)
        }
        let names = Array(limits.keys) + Array(requests.keys)
        if names.contains(where: ResourceNames.isHugePages), !names.contains(where: { $0 == "cpu" || $0 == "memory" }) {
            errors.forbidden(path, "HugePages require cpu or memory")
        }
        validateClaims(&errors, path.child("claims"), podClaims)
    }

    private func validateHugePages(_ name: String, _ quantity: Quantity, _ path: FieldPath, _ errors: inout FieldErrors)
    {
        guard ResourceNames.isHugePages(name),
            let size = try? Quantity(parsing: name.dropFirst("hugepages-".count)).value,
            size > 0, quantity.value % size != 0
        else { return }
        errors.invalid(path, quantity, "\(quantity) is not positive integer multiple of \(name)")
    }

    private func validateClaims(_ errors: inout FieldErrors, _ path: FieldPath, _ podClaims: Set<String>) {
        var seen: Set<String> = []
        for (index, claim) in claims.enumerated() {
            let path = path.index(index)
            guard !claim.name.isEmpty else {
                errors.required(path)
                continue
            }
            if !claim.request.isEmpty {
                errors.invalid(path.child("request"), claim.request, NameRules.dns1123Label(claim.request))
            }
            let key = claim.request.isEmpty ? claim.name : claim.name + "/" + claim.request
            let overlaps = claim.request.isEmpty && seen.contains { $0.hasPrefix(claim.name + "/") }
            if seen.contains(claim.name) || overlaps {
                errors.duplicate(path, claim.name)
            } else if !seen.insert(key).inserted {
                errors.duplicate(path, key)
            }
            if !podClaims.contains(claim.name) {
                let names = podClaims.isEmpty ? " which is empty" : ": " + podClaims.sorted().joined(separator: ", ")
                errors.notFound(path, claim.name, "must be one of the names in pod.spec.resourceClaims" + names)
            }
        }
    }
}
