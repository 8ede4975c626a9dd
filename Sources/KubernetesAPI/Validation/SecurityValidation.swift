/// Users, groups, profiles: what a pod and a container may be.
extension FieldErrors {
    /// A user's or a group's number.
    fileprivate mutating func identity(_ value: Int64?, _ path: FieldPath) {
        if let value, !(0...Int64(Int32.max)).contains(value) {
            invalid(path, value, "must be between 0 and 2147483647, inclusive")
        }
    }
}

extension SecurityContext {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath, hostUsers: Bool) {
        errors.identity(runAsUser, path.child("runAsUser"))
        errors.identity(runAsGroup, path.child("runAsGroup"))
        if let procMount {
            errors.choice(path.child("procMount"), procMount, ["Default", "Unmasked"])
            if hostUsers, procMount == "Unmasked" {
                errors.invalid(path.child("procMount"), procMount, "`hostUsers` must be false to use `Unmasked`")
            }
        }
        seccompProfile?.validate(&errors, path.child("seccompProfile"))
        if allowPrivilegeEscalation == false {
            let text = GoValue.text(self, as: "SecurityContext")
            if privileged == true {
                errors.invalid(
                    path, raw: text, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
            }
            if capabilities?.add.contains("CAP_SYS_ADMIN") == true {
                errors.invalid(
                    path, raw: text,
                    "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN")
            }
        }
        appArmorProfile?.validate(&errors, path.child("appArmorProfile"))
    }
}

extension SeccompProfile {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        if type.isEmpty {
            errors.required(path.child("type"), "type is required when seccompProfile is set")
        } else {
            errors.choice(path.child("type"), type, ["Localhost", "RuntimeDefault", "Unconfined"])
        }
        let profilePath = path.child("localhostProfile")
        if type == "Localhost" {
            if let localhostProfile {
                Volumes.validateDescending(localhostProfile, profilePath, &errors)
            } else {
                errors.required(profilePath, "must be set when seccomp type is Localhost")
            }
        } else if localhostProfile != nil {
            errors.invalid(
                profilePath, raw: GoValue.text(self, as: "SeccompProfile"),
                "can only be set when seccomp type is Localhost")
        }
    }
}

extension AppArmorProfile {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        let profilePath = path.child("localhostProfile")
        switch type {
        case "Localhost":
            let profile = localhostProfile ?? ""
            if profile.allSatisfy(\.isWhitespace) {
                if profile.isEmpty {
                    errors.required(profilePath, "must be set when AppArmor type is Localhost")
                } else {
                    errors.invalid(profilePath, profile, "must not be padded with whitespace")
                }
            } else if profile.first?.isWhitespace == true || profile.last?.isWhitespace == true {
                errors.invalid(profilePath, profile, "must not be padded with whitespace")
            }
            if profile.utf8.count > 4095 { errors.tooLong(profilePath, 4095) }
        case "RuntimeDefault", "Unconfined":
            if let localhostProfile {
                errors.invalid(profilePath, localhostProfile, "can only be set when AppArmor type is Localhost")
            }
        case "": errors.required(path.child("type"), "type is required when appArmorProfile is set")
        default: errors.unsupported(path.child("type"), type, ["Localhost", "RuntimeDefault", "Unconfined"])
        }
    }
}

extension PodSecurityContext {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath, spec: PodSpec) {
        errors.identity(fsGroup, path.child("fsGroup"))
        errors.identity(runAsUser, path.child("runAsUser"))
        errors.identity(runAsGroup, path.child("runAsGroup"))
        for (index, group) in supplementalGroups.enumerated() {
            errors.identity(group, path.child("supplementalGroups").index(index))
        }
        if spec.shareProcessNamespace == true, spec.hostPID == true {
            errors.invalid(
                path.child("shareProcessNamespace"), raw: "true",
                "ShareProcessNamespace and HostPID cannot both be enabled")
        }
        validateSysctls(&errors, path.child("sysctls"), spec)
        if let policy = fsGroupChangePolicy {
            errors.choice(path.child("fsGroupChangePolicy"), policy, ["Always", "OnRootMismatch"])
        }
        seccompProfile?.validate(&errors, path.child("seccompProfile"))
        appArmorProfile?.validate(&errors, path.child("appArmorProfile"))
        if !supplementalGroupsPolicy.isEmpty {
            errors.choice(path.child("supplementalGroupsPolicy"), supplementalGroupsPolicy, ["Merge", "Strict"])
        }
        if !seLinuxChangePolicy.isEmpty {
            errors.choice(path.child("seLinuxChangePolicy"), seLinuxChangePolicy, ["MountOption", "Recursive"])
        }
    }

    private func validateSysctls(_ errors: inout FieldErrors, _ path: FieldPath, _ spec: PodSpec) {
        let segment = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
        var seen: Set<String> = []
        for (index, sysctl) in sysctls.enumerated() {
            let path = path.index(index).child("name")
            if sysctl.name.isEmpty {
                errors.required(path)
            } else if sysctl.name.utf8.count > 253 || !Self.isSysctl(sysctl.name) {
                errors.invalid(
                    path, sysctl.name,
                    "must have at most 253 characters and match regex ^(\(segment)[\\./])*\(segment)$")
            } else if seen.contains(sysctl.name) {
                errors.duplicate(path, sysctl.name)
            }
            seen.insert(sysctl.name)
            let name = sysctl.name.replacing("/", with: ".")
            if spec.hostNetwork == true, name.hasPrefix("net.") {
                errors.invalid(path, sysctl.name, "may not be specified when 'hostNetwork' is true")
            } else if spec.hostIPC == true,
                name.hasPrefix("kernel.shm") || name.hasPrefix("kernel.msg") || name.hasPrefix("fs.mqueue.")
                    || name == "kernel.sem"
            {
                errors.invalid(path, sysctl.name, "may not be specified when 'hostIPC' is true")
            }
        }
    }

    private static func isSysctl(_ name: String) -> Bool {
        func isEdge(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }
        return name.utf8.split(omittingEmptySubsequences: false) { $0 == 46 || $0 == 47 }.allSatisfy { part in
            guard let first = part.first, let last = part.last else { return false }
            return isEdge(first) && isEdge(last) && part.allSatisfy { isEdge($0) || $0 == 45 || $0 == 95 }
        }
    }
}
