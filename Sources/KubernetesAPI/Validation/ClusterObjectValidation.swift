/// Nodes, claims, leases, events: kinds with few rules.
extension Node: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        // Kubernetes gives these the path of the metadata.
        let path = FieldPath("metadata").child("taints")
        var seen: Set<String> = []
        for (index, taint) in spec.taints.enumerated() {
            let path = path.index(index)
            errors.invalid(path.child("key"), taint.key, NameRules.qualifiedName(taint.key))
            let problems = NameRules.labelValue(taint.value)
            if !problems.isEmpty { errors.invalid(path.child("value"), taint.value, problems.joined(separator: ";")) }
            errors.choice(path.child("effect"), taint.effect, Taint.effects, required: true)
            if !seen.insert(taint.key + "\0" + taint.effect).inserted {
                errors.duplicate(
                    path, raw: GoValue.text(taint, as: "Taint"), "taints must be unique by key and effect pair")
            }
        }
        for (name, list) in [("capacity", status.capacity), ("allocatable", status.allocatable)] {
            for (key, quantity) in list.sortedByKey {
                ResourceNames.validateValue(quantity, of: key, FieldPath("status").child(name).key(key), &errors)
            }
        }
    }
}

extension PersistentVolumeClaim: Validatable {
    public func validate(_ errors: inout FieldErrors) { spec.validate(&errors, FieldPath("spec")) }

    public func validateUpdate(from old: PersistentVolumeClaim, subresource: String, _ errors: inout FieldErrors) {
        if subresource == "status" { return }
        validate(&errors)
        let path = FieldPath("spec")
        var (before, after) = (old.spec, spec)
        if before.volumeName.isEmpty { before.volumeName = after.volumeName }
        if before.storageClassName == nil { after.storageClassName = nil }
        if status.phase == "Bound" {
            after.resources?.requests["storage"] = before.resources?.requests["storage"]
            after.volumeAttributesClassName = before.volumeAttributesClassName
        }
        let name = "PersistentVolumeClaimSpec"
        let (oldValue, newValue) = (GoValue.of(before, as: name), GoValue.of(after, as: name))
        if oldValue != newValue {
            errors.forbidden(
                path,
                "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n"
                    + GoDifference.text(oldValue, newValue))
        }
        let oldSize = old.spec.resources?.requests["storage"] ?? Quantity()
        let newSize = spec.resources?.requests["storage"] ?? Quantity()
        if newSize < oldSize, newSize <= status.capacity["storage"] ?? Quantity() {
            errors.forbidden(
                path.child("resources", "requests", "storage"), "field can not be less than status.capacity")
        }
        errors.immutable(
            spec.volumeMode, old.spec.volumeMode, FieldPath("volumeMode"),
            spec.volumeMode.map(FieldErrors.quoted) ?? "null")
    }
}

extension PersistentVolumeClaimSpec {
    private static let modes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]

    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        let modesPath = path.child("accessModes")
        if accessModes.isEmpty { errors.required(modesPath, "at least 1 access mode is required") }
        selector?.validate(&errors, path.child("selector"))
        for mode in accessModes { errors.choice(modesPath, mode, Self.modes) }
        if accessModes.contains("ReadWriteOncePod"),
            accessModes.contains(where: { $0 != "ReadWriteOncePod" && Self.modes.contains($0) })
        {
            errors.forbidden(modesPath, "may not use ReadWriteOncePod with other access modes")
        }
        let sizePath = path.child("resources").key("storage")
        if let size = resources?.requests["storage"] {
            if size <= Quantity() { errors.invalid(sizePath, size, "must be greater than zero") }
        } else {
            errors.required(sizePath)
        }
        if let storageClassName, !storageClassName.isEmpty {
            errors.invalid(
                path.child("storageClassName"), storageClassName, NameRules.dns1123Subdomain(storageClassName))
        }
        if let volumeMode { errors.choice(path.child("volumeMode"), volumeMode, ["Block", "Filesystem"]) }
        if let source = dataSource {
            Self.validate(source.apiGroup, source.kind, source.name, path.child("dataSource"), &errors)
        }
        if let source = dataSourceRef {
            Self.validate(source.apiGroup, source.kind, source.name, path.child("dataSourceRef"), &errors)
        }
        if let name = volumeAttributesClassName, !name.isEmpty {
            errors.invalid(path.child("volumeAttributesClassName"), name, NameRules.dns1123Subdomain(name))
        }
    }

    private static func validate(
        _ group: String?, _ kind: String, _ name: String, _ path: FieldPath, _ errors: inout FieldErrors
    ) {
        if name.isEmpty { errors.required(path.child("name")) }
        if kind.isEmpty { errors.required(path.child("kind")) }
        let group = group ?? ""
        if group.isEmpty {
            if kind != "PersistentVolumeClaim" {
                errors.invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup")
            }
        } else {
            errors.invalid(path.child("apiGroup"), group, NameRules.dns1123Subdomain(group))
        }
    }
}

extension Lease: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        let path = FieldPath("spec")
        if let seconds = spec.leaseDurationSeconds, seconds <= 0 {
            errors.invalid(path.child("leaseDurationSeconds"), seconds, "must be greater than 0")
        }
        errors.nonnegative(spec.leaseTransitions, path.child("leaseTransitions"))
        if let strategy = spec.strategy {
            let path = path.child("strategy", "strategy")
            if strategy.contains("/") {
                errors.invalid(path, strategy, NameRules.qualifiedName(strategy))
            } else {
                errors.choice(path, strategy, ["OldestEmulationVersion"])
            }
        }
        if let holder = spec.preferredHolder, !holder.isEmpty, spec.strategy ?? "" == "" {
            errors.forbidden(path.child("preferredHolder"), "may only be specified if `strategy` is defined")
        }
    }
}

extension Event: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        let path = FieldPath("involvedObject").child("namespace")
        let namespace = involvedObject.namespace.isEmpty ? "default" : involvedObject.namespace
        if namespace != metadata.namespace {
            errors.invalid(path, involvedObject.namespace, "does not match event.namespace")
        }
    }

    public func validateUpdate(from old: Event, subresource: String, _ errors: inout FieldErrors) { validate(&errors) }
}

extension Ingress: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        let path = FieldPath("spec")
        if spec.rules.isEmpty, spec.defaultBackend == nil {
            errors.invalid(path, raw: "null", "either `defaultBackend` or `rules` must be specified")
        }
        spec.defaultBackend?.validate(&errors, path.child("defaultBackend"))
        for (index, rule) in spec.rules.enumerated() { rule.validate(&errors, path.child("rules").index(index)) }
        for (index, tls) in spec.tls.enumerated() {
            let path = path.child("tls").index(index)
            for (hostIndex, host) in tls.hosts.enumerated() {
                errors.invalid(path.child("hosts").index(hostIndex), host, NameRules.host(host))
            }
            if !tls.secretName.isEmpty {
                errors.invalid(path.child("secretName"), tls.secretName, NameRules.dns1123Subdomain(tls.secretName))
            }
        }
        if let name = spec.ingressClassName {
            errors.invalid(path.child("ingressClassName"), name, NameRules.dns1123Subdomain(name))
        }
    }

    public func validateUpdate(from old: Ingress, subresource: String, _ errors: inout FieldErrors) {
        if subresource != "status" { validate(&errors) }
    }
}

extension NameRules {
    fileprivate static func host(_ host: String) -> [String] {
        host.contains("*") ? wildcardSubdomain(host) : dns1123Subdomain(host)
    }
}

extension IngressRule {
    private static let forbiddenSequences = ["//", "/./", "/../", "%2f", "%2F"]
    private static let forbiddenEnds = ["/..", "/."]

    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        if !host.isEmpty {
            if IPAddress(host) != nil {
                errors.invalid(path.child("host"), host, "must be a DNS name, not an IP address")
            }
            errors.invalid(path.child("host"), host, NameRules.host(host))
        }
        guard let http = ingressRuleValue.http else { return }
        let pathsPath = path.child("http", "paths")
        if http.paths.isEmpty { errors.required(pathsPath) }
        for (index, item) in http.paths.enumerated() {
            let itemPath = pathsPath.index(index)
            let textPath = itemPath.child("path")
            switch item.pathType {
            case "":
                errors.required(itemPath.child("pathType"), "pathType must be specified")
                continue
            case "Exact", "Prefix":
                if !item.path.hasPrefix("/") { errors.invalid(textPath, item.path, "must be an absolute path") }
                for sequence in Self.forbiddenSequences where item.path.contains(sequence) {
                    errors.invalid(textPath, item.path, "must not contain '\(sequence)'")
                }
                for end in Self.forbiddenEnds where item.path.hasSuffix(end) {
                    errors.invalid(textPath, item.path, "cannot end with '\(end)'")
                }
            case "ImplementationSpecific":
                if !item.path.isEmpty, !item.path.hasPrefix("/") {
                    errors.invalid(textPath, item.path, "must be an absolute path")
                }
            default:
                errors.unsupported(
                    itemPath.child("pathType"), item.pathType, ["Exact", "ImplementationSpecific", "Prefix"])
            }
            item.backend.validate(&errors, itemPath.child("backend"))
        }
    }
}

extension IngressBackend {
    fileprivate func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        switch (resource, service) {
        case (.some, .some): errors.invalid(path, "", "cannot set both resource and service backends")
        case (nil, nil): errors.invalid(path, "", "resource or service backend is required")
        case (let resource?, nil):
            if let group = resource.apiGroup {
                errors.invalid(path.child("resource", "apiGroup"), group, NameRules.dns1123Subdomain(group))
            }
            for (name, value) in [("kind", resource.kind), ("name", resource.name)] {
                if value.isEmpty {
                    errors.required(path.child("resource", name))
                } else {
                    errors.invalid(path.child("resource", name), value, NameRules.pathSegment(value))
                }
            }
        case (nil, let service?):
            if service.name.isEmpty {
                errors.required(path.child("service", "name"))
            } else {
                errors.invalid(path.child("service", "name"), service.name, NameRules.dns1123Label(service.name))
            }
            let name = service.port?.name ?? ""
            let number = service.port?.number ?? 0
            switch (name.isEmpty, number == 0) {
            case (false, false): errors.invalid(path, "", "cannot set both port name & port number")
            case (false, true): errors.invalid(path.child("service", "port", "name"), name, NameRules.portName(name))
            case (true, false): errors.port(number, path.child("service", "port", "number"))
            case (true, true): errors.required(path, "port name or number is required")
            }
        }
    }
}
