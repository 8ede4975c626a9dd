/// ConfigMaps and Secrets.
private let maximumDataBytes = 1 << 20

extension FieldErrors {
    fileprivate mutating func key(_ key: String, _ path: FieldPath) {
        invalid(path.key(key), key, NameRules.configMapKey(key))
    }

    /// What an object that was made immutable keeps.
    fileprivate mutating func locked(_ isLocked: Bool?, wasLocked: Bool?, _ changes: [(String, Bool)]) {
        guard wasLocked == true else { return }
        let all = [("immutable", isLocked != true)] + changes
        for (name, isChanged) in all where isChanged {
            forbidden(FieldPath(name), "field is immutable when `immutable` is set")
        }
    }
}

extension ConfigMap: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        var bytes = 0
        for (key, value) in data.sortedByKey {
            errors.key(key, FieldPath("data"))
            if binaryData[key] != nil {
                errors.invalid(FieldPath("data").key(key), key, "duplicate of key present in binaryData")
            }
            bytes += value.utf8.count
        }
        for (key, value) in binaryData.sortedByKey {
            errors.key(key, FieldPath("binaryData"))
            bytes += value.content.count
        }
        if bytes > maximumDataBytes { errors.tooLong(FieldPath(""), maximumDataBytes) }
    }

    public func validateUpdate(from old: ConfigMap, subresource: String, _ errors: inout FieldErrors) {
        errors.locked(
            immutable, wasLocked: old.immutable,
            [("data", data != old.data), ("binaryData", binaryData != old.binaryData)])
        validate(&errors)
    }
}

extension Secret: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        let path = FieldPath("data")
        var bytes = 0
        for (key, value) in data.sortedByKey {
            errors.key(key, path)
            bytes += value.content.count
        }
        if bytes > maximumDataBytes { errors.tooLong(path, maximumDataBytes) }
        func need(_ keys: String...) {
            for key in keys where data[key] == nil { errors.required(path.key(key)) }
        }
        switch type {
        case "kubernetes.io/service-account-token":
            let name = "kubernetes.io/service-account.name"
            if metadata.annotations[name, default: ""].isEmpty {
                errors.required(FieldPath("metadata").child("annotations").key(name))
            }
        case "kubernetes.io/dockercfg": validateJSON(".dockercfg", path, &errors)
        case "kubernetes.io/dockerconfigjson": validateJSON(".dockerconfigjson", path, &errors)
        case "kubernetes.io/basic-auth":
            if data["username"] == nil, data["password"] == nil { need("username", "password") }
        case "kubernetes.io/ssh-auth":
            if data["ssh-privatekey"]?.content.isEmpty ?? true { errors.required(path.key("ssh-privatekey")) }
        case "kubernetes.io/tls": need("tls.crt", "tls.key")
        default: break
        }
    }

    private func validateJSON(_ key: String, _ path: FieldPath, _ errors: inout FieldErrors) {
        guard let value = data[key] else { return errors.required(path.key(key)) }
        let problem: String
        do {
            if case .object = try JSONReader.read(value.content[...]) { return }
            problem = "json: cannot unmarshal into Go value of type map[string]interface {}"
        } catch { problem = error.message }
        errors.invalid(path.key(key), "<secret contents redacted>", problem)
    }

    public func validateUpdate(from old: Secret, subresource: String, _ errors: inout FieldErrors) {
        errors.immutable(type, old.type, FieldPath("type"), FieldErrors.quoted(type))
        errors.locked(immutable, wasLocked: old.immutable, [("data", data != old.data)])
        validate(&errors)
    }
}
