extension EnvVar {
    private static let fields = [
        "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
        "status.hostIP",
        "status.hostIPs", "status.podIP", "status.podIPs",
    ]

    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        if name.isEmpty {
            errors.required(path.child("name"))
        } else {
            errors.invalid(path.child("name"), name, NameRules.environmentVariableName(name))
        }
        guard let valueFrom else { return }
        let path = path.child("valueFrom")
        var count = 0
        if let reference = valueFrom.fieldRef {
            count += 1
            reference.validate(&errors, path.child("fieldRef"), of: Self.fields)
        }
        if let reference = valueFrom.resourceFieldRef {
            count += 1
            reference.validate(&errors, path.child("resourceFieldRef"), inVolume: false)
        }
        func key(_ object: LocalObjectReference, _ key: String, _ path: FieldPath) {
            count += 1
            errors.invalid(path.child("name"), object.name, NameRules.dns1123Subdomain(object.name))
            if key.isEmpty {
                errors.required(path.child("key"))
            } else {
                errors.invalid(path.child("key"), key, NameRules.configMapKey(key))
            }
        }
        if let reference = valueFrom.configMapKeyRef {
            key(reference.localObjectReference, reference.key, path.child("configMapKeyRef"))
        }
        if let reference = valueFrom.secretKeyRef {
            key(reference.localObjectReference, reference.key, path.child("secretKeyRef"))
        }
        if let reference = valueFrom.fileKeyRef {
            count += 1
            reference.validate(&errors, path.child("fileKeyRef"))
        }
        if count == 0 {
            errors.invalid(
                path, "",
                "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
            )
        } else if !value.isEmpty {
            errors.invalid(path, "", "may not be specified when `value` is not empty")
        } else if count > 1 {
            errors.invalid(path, "", "may not have more than one field specified at a time")
        }
    }
}

extension FileKeySelector {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        if key.isEmpty {
            errors.required(path.child("key"))
        } else {
            errors.invalid(path.child("key"), key, NameRules.environmentVariableName(key))
        }
        if volumeName.isEmpty {
            errors.required(path.child("volumeName"))
        } else {
            errors.invalid(path.child("volumeName"), volumeName, NameRules.dns1123Label(volumeName))
        }
        if self.path.isEmpty {
            errors.required(path.child("path"))
        } else {
            Volumes.validateNoBacksteps(self.path, path.child("path"), &errors)
        }
    }
}

extension ObjectFieldSelector {
    /// Paths that can be asked for at all, whoever asks.
    private static let known: Set<String> = [
        "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid",
        "spec.nodeName",
        "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase",
        "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs", "status.nominatedNodeName",
    ]

    func validate(_ errors: inout FieldErrors, _ path: FieldPath, of fields: [String]) {
        guard !apiVersion.isEmpty else { return errors.required(path.child("apiVersion")) }
        guard !fieldPath.isEmpty else { return errors.required(path.child("fieldPath")) }
        let subscripted = Self.subscripted(fieldPath)
        let isKnown = subscripted.map { $0.path.hasPrefix("metadata.") } ?? Self.known.contains(fieldPath)
        guard apiVersion == "v1", isKnown else {
            let problem =
                apiVersion == "v1"
                ? "field label not supported: \(fieldPath)" : "unsupported pod version: \(apiVersion)"
            return errors.invalid(path.child("fieldPath"), fieldPath, "error converting fieldPath: \(problem)")
        }
        guard let subscripted else {
            if !fields.contains(fieldPath) { errors.unsupported(path.child("fieldPath"), fieldPath, fields) }
            return
        }
        switch subscripted.path {
        case "metadata.annotations":
            errors.invalid(path, subscripted.key.lowercased(), NameRules.qualifiedName(subscripted.key.lowercased()))
        case "metadata.labels": errors.invalid(path, subscripted.key, NameRules.qualifiedName(subscripted.key))
        default: errors.invalid(path, subscripted.path, "does not support subscript")
        }
    }

    /// `metadata.labels['app']`
    private static func subscripted(_ text: String) -> (path: String, key: String)? {
        guard text.hasSuffix("']"), let start = text.firstRange(of: "['"),
            start.upperBound <= text.index(text.endIndex, offsetBy: -2),
            start.lowerBound > text.startIndex
        else { return nil }
        return (
            String(text[..<start.lowerBound]), String(text[start.upperBound..<text.index(text.endIndex, offsetBy: -2)])
        )
    }
}

extension ResourceFieldSelector {
    private static let resources = [
        "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage",
        "requests.memory",
    ]
    private static let byteUnits = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei"

    func validate(_ errors: inout FieldErrors, _ path: FieldPath, inVolume: Bool) {
        let isHugePages = resource.hasPrefix("requests.hugepages-") || resource.hasPrefix("limits.hugepages-")
        if inVolume, containerName.isEmpty {
            errors.required(path.child("containerName"))
        } else if resource.isEmpty {
            errors.required(path.child("resource"))
        } else if !Self.resources.contains(resource), !isHugePages {
            errors.unsupported(path.child("resource"), resource, Self.resources)
        }
        guard let divisor, !divisor.isZero else { return }
        let fits = Self.byteUnits.components(divisor.description)
        switch resource.split(separator: ".").last {
        case "cpu" where divisor.description != "1" && divisor.description != "1m":
            errors.invalid(
                path.child("divisor"), resource, "only divisor's values 1m and 1 are supported with the cpu resource")
        case "memory" where !fits: unfit("memory")
        case "ephemeral-storage" where !fits: unfit("local ephemeral storage")
        default: if isHugePages, !fits { unfit("hugepages") }
        }
        func unfit(_ name: String) {
            errors.invalid(
                path.child("divisor"), resource,
                "only divisor's values \(Self.byteUnits) are supported with the \(name) resource")
        }
    }
}

extension String {
    /// Whether a list that is joined by commas holds an item.
    fileprivate func components(_ item: String) -> Bool { split(separator: ", ").contains { $0 == item } }
}

extension EnvFromSource {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath, list: FieldPath) {
        if !prefix.isEmpty { errors.invalid(path.child("prefix"), prefix, NameRules.environmentVariableName(prefix)) }
        let references = [
            ("configMapRef", configMapRef?.localObjectReference), ("secretRef", secretRef?.localObjectReference),
        ]
        for (name, reference) in references {
            guard let reference else { continue }
            let path = path.child(name, "name")
            if reference.name.isEmpty {
                errors.required(path)
            } else {
                errors.invalid(path, reference.name, NameRules.dns1123Subdomain(reference.name))
            }
        }
        switch references.count(where: { $0.1 != nil }) {
        case 0: errors.invalid(list, "", "must specify one of: `configMapRef` or `secretRef`")
        case 1: break
        default: errors.invalid(list, "", "may not have more than one field specified at a time")
        }
    }
}
