extension PodSpec {
    /// The spec of a pod, or of the pods that a template makes.
    /// - Parameter podName: nil in templates.
    func validate(_ errors: inout FieldErrors, _ path: FieldPath, podName: String?, isPod: Bool) {
        if terminationGracePeriodSeconds == nil { errors.required(path.child("terminationGracePeriodSeconds")) }
        let context = ContainerContext(
            volumes: Volumes.validate(volumes, podName: podName, path.child("volumes"), &errors),
            podClaims: Set(resourceClaims.map(\.name).filter { !$0.isEmpty }),
            gracePeriod: terminationGracePeriodSeconds,
            restartPolicy: restartPolicy, os: os, hostUsers: hostUsers ?? true)
        validateResourceClaims(&errors, path.child("resourceClaims"))
        Containers.validateMain(containers, path.child("containers"), context, &errors)
        Containers.validateInit(initContainers, beside: containers, path.child("initContainers"), context, &errors)
        Containers.validateEphemeral(
            ephemeralContainers, beside: containers + initContainers, path.child("ephemeralContainers"), context,
            &errors)
        validateResources(&errors, path.child("resources"), context)
        validateHostPorts(&errors, path.child("containers"), isPod: isPod)
        errors.choice(path.child("restartPolicy"), restartPolicy, ["Always", "OnFailure", "Never"], required: true)
        errors.choice(
            path.child("dnsPolicy"), dnsPolicy, ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
            required: true)
        MetadataValidation.validateLabels(nodeSelector, path.child("nodeSelector"), &errors)
        securityContext?.validate(&errors, path.child("securityContext"), spec: self)
        affinity?.validate(&errors, path.child("affinity"))
        validateDNS(&errors, path.child("dnsConfig"))
        for (index, gate) in readinessGates.enumerated() {
            errors.invalid(
                path.child("readinessGates").index(index).child("conditionType"), gate.conditionType,
                NameRules.qualifiedName(gate.conditionType))
        }
        validateSchedulingGates(&errors, path.child("schedulingGates"))
        for (index, constraint) in topologySpreadConstraints.enumerated() {
            constraint.validate(
                &errors, path.child("topologySpreadConstraints").index(index),
                later: topologySpreadConstraints[(index + 1)...])
        }
        validateHostUsers(&errors, path)
        validateNames(&errors, path)
        for (index, toleration) in tolerations.enumerated() {
            toleration.validate(&errors, path.child("tolerations").index(index))
        }
        validateHostAliases(&errors, path.child("hostAliases"))
        if !priorityClassName.isEmpty {
            errors.invalid(
                path.child("priorityClassName"), priorityClassName, NameRules.dns1123Subdomain(priorityClassName))
        }
        if let runtimeClassName {
            errors.invalid(
                path.child("runtimeClassName"), runtimeClassName, NameRules.dns1123Subdomain(runtimeClassName))
        }
        if let preemptionPolicy {
            errors.choice(
                path.child("preemptionPolicy"), preemptionPolicy, PriorityClass.preemptionPolicies, required: true)
        }
        if !overhead.isEmpty {
            var requirements = ResourceRequirements()
            requirements.limits = overhead
            // Kubernetes checks it as limits and leaves the word in the path.
            requirements.validate(&errors, path.child("overhead"), podClaims: [])
        }
        validateOS(&errors, path)
        validateFileReferences(&errors, path)
    }

    private func validateResourceClaims(_ errors: inout FieldErrors, _ path: FieldPath) {
        var names: Set<String> = []
        for (index, claim) in resourceClaims.enumerated() {
            let path = path.index(index)
            if claim.name.isEmpty {
                errors.required(path.child("name"))
            } else if !names.insert(claim.name).inserted {
                errors.duplicate(path.child("name"), claim.name)
            } else {
                errors.invalid(path.child("name"), claim.name, NameRules.dns1123Label(claim.name))
            }
            switch (claim.resourceClaimName.isEmpty, claim.resourceClaimTemplateName.isEmpty) {
            case (false, false):
                errors.invalid(
                    path, raw: GoValue.text(claim, as: "PodResourceClaim"),
                    "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified")
            case (true, true):
                errors.invalid(
                    path, raw: GoValue.text(claim, as: "PodResourceClaim"),
                    "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`")
            default: break
            }
        }
    }

    private func validateResources(_ errors: inout FieldErrors, _ path: FieldPath, _ context: ContainerContext) {
        guard let resources else { return }
        if !resources.claims.isEmpty {
            errors.forbidden(path.child("claims"), "claims may not be set for Resources at pod-level")
        }
        resources.validate(&errors, path, podClaims: context.podClaims, name: ResourceNames.validateForPods)
        let sums = containers.reduce(into: [String: Quantity]()) { sums, container in
            for (name, quantity) in container.resources?.requests ?? [:] {
                sums[name] = (sums[name] ?? Quantity()) + quantity
            }
        }
        for (name, sum) in sums.sortedByKey {
            guard let request = resources.requests[name], sum > request else { continue }
            errors.invalid(
                path.child("requests").key(name), request,
                "must be greater than or equal to aggregate container requests of \(sum)")
        }
        for (index, container) in containers.enumerated() {
            for (name, limit) in (container.resources?.limits ?? [:]).sortedByKey {
                guard let podLimit = resources.limits[name], limit > podLimit else { continue }
                errors.invalid(
                    path.child("containers").index(index).key(name).child("limits"), limit,
                    "must be less than or equal to pod limits of \(podLimit)")
            }
        }
    }

    private func validateHostPorts(_ errors: inout FieldErrors, _ path: FieldPath, isPod: Bool) {
        guard hostNetwork == true else { return }
        for (index, container) in containers.enumerated() {
            for (portIndex, port) in container.ports.enumerated() {
                let hostPort = port.hostPort ?? 0
                if isPod || hostPort != 0, hostPort != port.containerPort {
                    errors.invalid(
                        path.index(index).child("ports").index(portIndex).child("hostPort"), hostPort,
                        "must match `containerPort` when `hostNetwork` is true")
                }
            }
        }
    }

    private func validateDNS(_ errors: inout FieldErrors, _ path: FieldPath) {
        if dnsPolicy == "None" {
            guard let dnsConfig else {
                return errors.required(path, "must provide `dnsConfig` when `dnsPolicy` is None")
            }
            if dnsConfig.nameservers.isEmpty {
                return errors.required(
                    path.child("nameservers"), "must provide at least one DNS nameserver when `dnsPolicy` is None")
            }
        }
        guard let dnsConfig else { return }
        let nameservers = JSONValue.array(dnsConfig.nameservers.map(JSONValue.string))
        let searches = JSONValue.array(dnsConfig.searches.map(JSONValue.string))
        if dnsConfig.nameservers.count > 3 {
            errors.invalid(path.child("nameservers"), json: nameservers, "must not have more than 3 nameservers")
        }
        for (index, server) in dnsConfig.nameservers.enumerated() {
            errors.address(server, path.child("nameservers").index(index))
        }
        if dnsConfig.searches.count > 32 {
            errors.invalid(path.child("searches"), json: searches, "must not have more than 32 search paths")
        }
        if dnsConfig.searches.joined(separator: " ").utf8.count > 2048 {
            errors.invalid(
                path.child("searches"), json: searches,
                "must not have more than 2048 characters (including spaces) in the search list")
        }
        for (index, search) in dnsConfig.searches.enumerated() where search != "." {
            let name = search.hasSuffix(".") ? search.dropLast() : search[...]
            // Underscores are allowed here, unlike in other names.
            errors.invalid(
                path.child("searches").index(index), String(name),
                NameRules.dns1123Subdomain(name.replacing("_", with: "-").drop { $0 == "-" }))
        }
        for (index, option) in dnsConfig.options.enumerated() where option.name.isEmpty {
            errors.required(path.child("options").index(index), "must not be empty")
        }
    }

    private func validateSchedulingGates(_ errors: inout FieldErrors, _ path: FieldPath) {
        var seen: Set<String> = []
        for (index, gate) in schedulingGates.enumerated() {
            errors.invalid(path.index(index), gate.name, NameRules.qualifiedName(gate.name))
            if !seen.insert(gate.name).inserted { errors.duplicate(path.index(index), gate.name) }
        }
    }

    private func validateHostUsers(_ errors: inout FieldErrors, _ path: FieldPath) {
        guard hostUsers == false else { return }
        let used = [("hostNetwork", hostNetwork), ("HostPID", hostPID), ("HostIPC", hostIPC)]
        for (name, value) in used where value == true {
            errors.forbidden(path.child(name), "when `hostUsers` is false")
        }
    }

    private func validateNames(_ errors: inout FieldErrors, _ path: FieldPath) {
        if !hostnameOverride.isEmpty {
            let path = path.child("hostnameOverride")
            if setHostnameAsFQDN == true {
                errors.forbidden(path, "may not be specified when setHostnameAsFQDN is true")
            }
            if hostNetwork == true { errors.forbidden(path, "may not be specified when hostNetwork is true") }
            if hostnameOverride.utf8.count > 64 { errors.tooLong(path, 64) }
            errors.invalid(path, hostnameOverride, NameRules.dns1123Subdomain(hostnameOverride))
        }
        for (name, value) in [("serviceAccountName", serviceAccountName), ("nodeName", nodeName)] where !value.isEmpty {
            errors.invalid(path.child(name), value, NameRules.dns1123Subdomain(value))
        }
        if let seconds = activeDeadlineSeconds, !(1...Int64(Int32.max)).contains(seconds) {
            errors.invalid(path.child("activeDeadlineSeconds"), seconds, "must be between 1 and 2147483647, inclusive")
        }
        for (name, value) in [("hostname", hostname), ("subdomain", subdomain)] where !value.isEmpty {
            errors.invalid(path.child(name), value, NameRules.dns1123Label(value))
        }
    }

    private func validateHostAliases(_ errors: inout FieldErrors, _ path: FieldPath) {
        for (index, alias) in hostAliases.enumerated() {
            errors.address(alias.ip, path.index(index).child("ip"))
            for (nameIndex, name) in alias.hostnames.enumerated() {
                errors.invalid(
                    path.index(index).child("hostnames").index(nameIndex), name, NameRules.dns1123Subdomain(name))
            }
        }
    }

    private func validateOS(_ errors: inout FieldErrors, _ path: FieldPath) {
        guard let os else { return }
        if os.name.isEmpty { return errors.required(path.child("os", "name")) }
        errors.choice(path.child("os"), os.name, ["linux", "windows"])
        guard os.name == "linux" else { return }
        let text = "windows options cannot be set for a linux pod"
        if securityContext?.windowsOptions != nil {
            errors.forbidden(path.child("securityContext", "windowsOptions"), text)
        }
        for (name, list) in [("initContainers", initContainers), ("containers", containers)] {
            for (index, container) in list.enumerated() where container.securityContext?.windowsOptions != nil {
                errors.forbidden(path.child(name).index(index).child("securityContext", "windowsOptions"), text)
            }
        }
    }

    /// Files with environment variables lie in `emptyDir` volumes.
    private func validateFileReferences(_ errors: inout FieldErrors, _ path: FieldPath) {
        for (name, list) in [("initContainers", initContainers), ("containers", containers)] {
            for (index, container) in list.enumerated() {
                for (variableIndex, variable) in container.env.enumerated() {
                    guard let reference = variable.valueFrom?.fileKeyRef else { continue }
                    let path = path.child(name).index(index).child("env").index(variableIndex)
                        .child("valueFrom", "fileKeyRef", "volumeName")
                    switch volumes.last(where: { $0.name == reference.volumeName }) {
                    case nil: errors.notFound(path, reference.volumeName)
                    case let volume?:
                        if volume.volumeSource.emptyDir == nil {
                            errors.invalid(path, reference.volumeName, "referenced volume must be of type emptyDir")
                        }
                    }
                }
            }
        }
    }
}

extension PodTemplateSpec {
    func validate(_ errors: inout FieldErrors, _ path: FieldPath) {
        MetadataValidation.validateLabels(metadata.labels, path.child("labels"), &errors)
        MetadataValidation.validateAnnotations(metadata.annotations, path.child("annotations"), &errors)
        spec.validate(&errors, path.child("spec"), podName: nil, isPod: false)
        if !spec.ephemeralContainers.isEmpty {
            errors.forbidden(
                path.child("spec", "ephemeralContainers"), "ephemeral containers not allowed in pod template")
        }
    }

    /// What the pods of a workload are held to that runs for ever.
    /// - Parameter deadline: whether `activeDeadlineSeconds` is refused.
    func validateForWorkload(_ errors: inout FieldErrors, _ path: FieldPath, refusingDeadline deadline: Bool) {
        if spec.restartPolicy != "Always" {
            errors.unsupported(path.child("spec", "restartPolicy"), spec.restartPolicy, ["Always"])
        }
        if deadline, spec.activeDeadlineSeconds != nil {
            errors.forbidden(
                path.child("spec", "activeDeadlineSeconds"), "activeDeadlineSeconds in ReplicaSet is not Supported")
        }
    }
}
