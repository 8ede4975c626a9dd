extension Service: Validatable {
    static let protocols = ["SCTP", "TCP", "UDP"]
    static let types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]

    public func validate(_ errors: inout FieldErrors) {
        let path = FieldPath("spec")
        let isHeadless = spec.clusterIPs.first == "None"
        if spec.ports.isEmpty, !isHeadless, spec.type != "ExternalName" { errors.required(path.child("ports")) }
        switch spec.type {
        case "LoadBalancer", "NodePort":
            if isHeadless {
                errors.invalid(
                    path.child("clusterIPs").index(0), "None", "may not be set to 'None' for \(spec.type) services")
            }
        case "ExternalName": validateExternalName(&errors, path)
        default: break
        }
        var names: Set<String> = []
        for (index, port) in spec.ports.enumerated() {
            port.validate(&errors, path.child("ports").index(index), needsName: spec.ports.count > 1, &names)
        }
        MetadataValidation.validateLabels(spec.selector, path.child("selector"), &errors)
        validateAffinity(&errors, path)
        validateAddresses(&errors, path)
        for (index, address) in spec.externalIPs.enumerated() {
            let path = path.child("externalIPs").index(index)
            errors.address(address, path)
            errors.specialAddress(address, path)
        }
        errors.choice(path.child("type"), spec.type, Self.types, required: true)
        validatePortClashes(&errors, path.child("ports"))
        validateSourceRanges(&errors, path.child("LoadBalancerSourceRanges"))
        if spec.allocateLoadBalancerNodePorts != nil, spec.type != "LoadBalancer" {
            errors.forbidden(
                path.child("allocateLoadBalancerNodePorts"), "may only be used when `type` is 'LoadBalancer'")
        }
        if let loadBalancerClass = spec.loadBalancerClass {
            let path = path.child("loadBalancerClass")
            if spec.type == "LoadBalancer" {
                errors.invalid(path, loadBalancerClass, NameRules.qualifiedName(loadBalancerClass))
            } else {
                errors.forbidden(path, "may only be used when `type` is 'LoadBalancer'")
            }
        }
        validateTraffic(&errors, path)
    }

    public func validateUpdate(from old: Service, subresource: String, _ errors: inout FieldErrors) {
        if subresource == "status" { return }
        let path = FieldPath("spec")
        validateAddressChange(from: old, &errors, path)
        validateFamilyChange(from: old, &errors, path)
        if old.spec.type == "LoadBalancer", spec.type == "LoadBalancer" {
            errors.immutable(
                spec.loadBalancerClass, old.spec.loadBalancerClass, path.child("loadBalancerClass"),
                spec.loadBalancerClass.map(FieldErrors.quoted) ?? "null")
        }
        validate(&errors)
    }

    private func validateExternalName(_ errors: inout FieldErrors, _ path: FieldPath) {
        let given = [
            ("clusterIPs", !spec.clusterIPs.isEmpty), ("ipFamilies", !spec.ipFamilies.isEmpty),
            ("ipFamilyPolicy", spec.ipFamilyPolicy != nil),
        ]
        for (name, isGiven) in given where isGiven {
            errors.forbidden(path.child(name), "may not be set for ExternalName services")
        }
        let name = spec.externalName.hasSuffix(".") ? String(spec.externalName.dropLast()) : spec.externalName
        if name.isEmpty {
            errors.required(path.child("externalName"))
        } else {
            errors.invalid(path.child("externalName"), name, NameRules.dns1123Subdomain(name))
        }
    }

    private func validateAffinity(_ errors: inout FieldErrors, _ path: FieldPath) {
        errors.choice(path.child("sessionAffinity"), spec.sessionAffinity, ["ClientIP", "None"], required: true)
        let path = path.child("sessionAffinityConfig")
        switch spec.sessionAffinity {
        case "ClientIP":
            let detail = "when session affinity type is ClientIP"
            guard let config = spec.sessionAffinityConfig else { return errors.required(path, detail) }
            guard let client = config.clientIP else { return errors.required(path.child("clientIP"), detail) }
            let secondsPath = path.child("clientIP", "timeoutSeconds")
            guard let seconds = client.timeoutSeconds else { return errors.required(secondsPath, detail) }
            if !(1...86_400).contains(seconds) {
                errors.invalid(secondsPath, seconds, "must be greater than 0 and less than 86400")
            }
        case "None":
            if spec.sessionAffinityConfig != nil {
                errors.forbidden(path, "must not be set when session affinity is None")
            }
        default: break
        }
    }

    private func validateAddresses(_ errors: inout FieldErrors, _ path: FieldPath) {
        guard spec.type != "ExternalName" else { return }
        let path = (
            addresses: path.child("clusterIPs"), families: path.child("ipFamilies"),
            policy: path.child("ipFamilyPolicy")
        )
        let all = JSONValue.array(spec.clusterIPs.map(JSONValue.string))
        if !spec.clusterIP.isEmpty {
            if spec.clusterIPs.isEmpty {
                errors.required(path.addresses)
            } else if spec.clusterIPs[0] != spec.clusterIP {
                errors.invalid(path.addresses, json: all, "first value must match `clusterIP`")
            }
        } else if !spec.clusterIPs.isEmpty {
            errors.invalid(path.addresses, json: all, "must be empty when `clusterIP` is not specified")
        }
        var seen: Set<String> = []
        for (index, family) in spec.ipFamilies.enumerated() {
            errors.choice(path.families.index(index), family, ["IPv4", "IPv6"])
            if !seen.insert(family).inserted { errors.duplicate(path.families.index(index), family) }
        }
        if let policy = spec.ipFamilyPolicy {
            errors.choice(path.policy, policy, ["PreferDualStack", "RequireDualStack", "SingleStack"])
        }
        var hasBadAddresses = false
        for (index, address) in spec.clusterIPs.enumerated() {
            if index == 0, address == "None" {
                if spec.clusterIPs.count > 1 {
                    hasBadAddresses = true
                    errors.invalid(path.addresses, json: all, "'None' must be the first and only value")
                }
            } else {
                hasBadAddresses = hasBadAddresses || IPAddress(address) == nil
                errors.address(address, path.addresses.index(index))
            }
        }
        if spec.clusterIPs.count > 2 { errors.invalid(path.addresses, json: all, "may only hold up to 2 values") }
        guard !hasBadAddresses else { return }
        let families = spec.clusterIPs.compactMap { IPAddress($0)?.isIPv6 }
        if families.count > 1, Set(families).count < 2 {
            errors.invalid(path.addresses, json: all, "may specify no more than one IP for each IP family")
        }
        for (index, isIPv6) in families.enumerated() where index < spec.ipFamilies.count {
            let wanted = spec.ipFamilies[index]
            if (wanted == "IPv4" && isIPv6) || (wanted == "IPv6" && !isIPv6) {
                errors.invalid(
                    path.addresses.index(index), spec.clusterIPs[index],
                    "expected an \(wanted) value as indicated by `ipFamilies[\(index)]`")
            }
        }
    }

    private func validatePortClashes(_ errors: inout FieldErrors, _ path: FieldPath) {
        if spec.type == "ClusterIP" {
            for (index, port) in spec.ports.enumerated() where port.nodePort ?? 0 != 0 {
                errors.forbidden(path.index(index).child("nodePort"), "may not be used when `type` is 'ClusterIP'")
            }
        }
        var nodePorts: Set<String> = []
        for (index, port) in spec.ports.enumerated() {
            guard let nodePort = port.nodePort, nodePort != 0 else { continue }
            if !nodePorts.insert("\(port.protocol)/\(nodePort)").inserted {
                errors.duplicate(path.index(index).child("nodePort"), raw: "\(nodePort)")
            }
        }
        var ports: Set<String> = []
        for (index, port) in spec.ports.enumerated() where !ports.insert("\(port.protocol)/\(port.port)").inserted {
            // Kubernetes prints a port that has nothing but these two.
            var key = ServicePort()
            key.protocol = port.protocol
            key.port = port.port
            errors.duplicate(path.index(index), raw: GoValue.text(key, as: "ServicePort"))
        }
    }

    private func validateSourceRanges(_ errors: inout FieldErrors, _ path: FieldPath) {
        guard !spec.loadBalancerSourceRanges.isEmpty else { return }
        if spec.type != "LoadBalancer" { errors.forbidden(path, "may only be used when `type` is 'LoadBalancer'") }
        for (index, range) in spec.loadBalancerSourceRanges.enumerated() {
            let block = range.trimmingBlanks
            if !AddressBlock.isValid(block) {
                errors.invalid(
                    path.index(index), block, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")
            }
        }
    }

    private func validateTraffic(_ errors: inout FieldErrors, _ path: FieldPath) {
        let externalPath = path.child("externalTrafficPolicy")
        let isExternal =
            spec.type == "LoadBalancer" || spec.type == "NodePort"
            || (spec.type == "ClusterIP" && !spec.externalIPs.isEmpty)
        if isExternal {
            errors.choice(externalPath, spec.externalTrafficPolicy, ["Cluster", "Local"], required: true)
        } else if !spec.externalTrafficPolicy.isEmpty {
            errors.invalid(
                externalPath, spec.externalTrafficPolicy, "may only be set for externally-accessible services")
        }
        let needsCheck = spec.type == "LoadBalancer" && spec.externalTrafficPolicy == "Local"
        if let port = spec.healthCheckNodePort, port != 0 {
            if needsCheck {
                errors.port(port, path.child("healthCheckNodePort"))
            } else {
                errors.invalid(
                    path.child("healthCheckNodePort"), port,
                    "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'")
            }
        }
        if let policy = spec.internalTrafficPolicy {
            errors.choice(path.child("internalTrafficPolicy"), policy, ["Cluster", "Local"])
        } else if spec.type != "ExternalName", Self.types.contains(spec.type) {
            errors.required(path.child("internalTrafficPolicy"))
        }
        if let distribution = spec.trafficDistribution {
            errors.choice(
                path.child("trafficDistribution"), distribution, ["PreferClose", "PreferSameZone", "PreferSameNode"])
        }
    }

    // MARK: Changes

    private func validateAddressChange(from old: Service, _ errors: inout FieldErrors, _ path: FieldPath) {
        guard spec.type != "ExternalName", old.spec.type != "ExternalName" else { return }
        guard !(spec.clusterIPs.first == "None" && old.spec.clusterIPs.first == "None") else { return }
        let path = path.child("clusterIPs")
        let all = JSONValue.array(spec.clusterIPs.map(JSONValue.string))
        if old.spec.clusterIPs.count > spec.clusterIPs.count {
            if spec.clusterIPs.isEmpty {
                errors.invalid(path.index(0), raw: "null", "primary clusterIP can not be unset")
            } else if spec.clusterIPs[0] != old.spec.clusterIPs[0] {
                errors.invalid(path.index(0), json: all, "may not change once set")
            }
        } else {
            for (index, address) in old.spec.clusterIPs.enumerated() where address != spec.clusterIPs[index] {
                errors.invalid(path.index(index), json: all, "may not change once set")
            }
        }
    }

    private func validateFamilyChange(from old: Service, _ errors: inout FieldErrors, _ path: FieldPath) {
        guard spec.type != "ExternalName", old.spec.type != "ExternalName", let before = old.spec.ipFamilies.first,
            let family = spec.ipFamilies.first, before != family
        else { return }
        errors.invalid(
            path.child("ipFamilies").index(0), json: .array(spec.ipFamilies.map(JSONValue.string)),
            "may not change once set")
    }
}

extension ServicePort {
    fileprivate func validate(
        _ errors: inout FieldErrors, _ path: FieldPath, needsName: Bool, _ names: inout Set<String>
    ) {
        if needsName, name.isEmpty {
            errors.required(path.child("name"))
        } else if !name.isEmpty {
            errors.invalid(path.child("name"), name, NameRules.dns1123Label(name))
            if !names.insert(name).inserted { errors.duplicate(path.child("name"), name) }
        }
        errors.port(port, path.child("port"))
        errors.choice(path.child("protocol"), `protocol`, Service.protocols, required: true)
        errors.port(targetPort ?? .int(0), path.child("targetPort"))
        if let appProtocol {
            errors.invalid(path.child("appProtocol"), appProtocol, NameRules.qualifiedName(appProtocol))
        }
    }
}

extension FieldErrors {
    /// Addresses that nothing may be sent to (`ValidateNonSpecialIP`).
    mutating func specialAddress(_ value: String, _ path: FieldPath) {
        guard let address = IPAddress(value) else { return }
        if address.isUnspecified { invalid(path, value, "may not be unspecified (\(value))") }
        if address.isLoopback { invalid(path, value, "may not be in the loopback range (127.0.0.0/8, ::1/128)") }
        if address.isLinkLocal {
            invalid(path, value, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")
        }
        if address.isLinkLocalMulticast {
            invalid(path, value, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")
        }
    }
}

extension String {
    var trimmingBlanks: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
