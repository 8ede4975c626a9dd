/// What the check of a container needs to know of its pod.
struct ContainerContext {
    var volumes: [String: VolumeSource]
    var podClaims: Set<String>
    var gracePeriod: Int64?
    var restartPolicy: String
    var os: PodOS?
    var hostUsers: Bool
}

extension Container {
    static let pullPolicies = ["Always", "IfNotPresent", "Never"]

    /// What holds for main, init and ephemeral containers alike.
    func validateCommon(_ errors: inout FieldErrors, _ path: FieldPath, _ context: ContainerContext) {
        if name.isEmpty {
            errors.required(path.child("name"))
        } else {
            errors.invalid(path.child("name"), name, NameRules.dns1123Label(name))
        }
        if image.isEmpty { errors.required(path.child("image")) }
        errors.choice(
            path.child("terminationMessagePolicy"), terminationMessagePolicy, ["File", "FallbackToLogsOnError"],
            required: true)
        validatePorts(&errors, path.child("ports"))
        for (index, variable) in env.enumerated() { variable.validate(&errors, path.child("env").index(index)) }
        for (index, source) in envFrom.enumerated() {
            source.validate(&errors, path.child("envFrom").index(index), list: path.child("envFrom"))
        }
        validateMounts(&errors, path.child("volumeMounts"), context.volumes)
        validateDevices(&errors, path.child("volumeDevices"), context.volumes)
        errors.choice(path.child("imagePullPolicy"), imagePullPolicy, Self.pullPolicies, required: true)
        resources?.validate(&errors, path.child("resources"), podClaims: context.podClaims)
        validateResizePolicy(&errors, path.child("resizePolicy"), context.restartPolicy)
        securityContext?.validate(&errors, path.child("securityContext"), hostUsers: context.hostUsers)
    }

    /// The lifecycle and the probes, which only long-running containers have.
    func validateProbes(_ errors: inout FieldErrors, _ path: FieldPath, _ context: ContainerContext) {
        lifecycle?.validate(&errors, path.child("lifecycle"), gracePeriod: context.gracePeriod, os: context.os)
        livenessProbe?.validate(&errors, path.child("livenessProbe"), for: .liveness, gracePeriod: context.gracePeriod)
        readinessProbe?.validate(
            &errors, path.child("readinessProbe"), for: .readiness, gracePeriod: context.gracePeriod)
        startupProbe?.validate(&errors, path.child("startupProbe"), for: .startup, gracePeriod: context.gracePeriod)
    }

    private func validatePorts(_ errors: inout FieldErrors, _ path: FieldPath) {
        var names: Set<String> = []
        for (index, port) in ports.enumerated() {
            let path = path.index(index)
            if !port.name.isEmpty {
                let problems = NameRules.portName(port.name)
                errors.invalid(path.child("name"), port.name, problems)
                if problems.isEmpty, !names.insert(port.name).inserted {
                    errors.duplicate(path.child("name"), port.name)
                }
            }
            if port.containerPort == 0 {
                errors.required(path.child("containerPort"))
            } else {
                errors.port(port.containerPort, path.child("containerPort"))
            }
            if let hostPort = port.hostPort, hostPort != 0 { errors.port(hostPort, path.child("hostPort")) }
            errors.choice(path.child("protocol"), port.protocol, Service.protocols, required: true)
        }
    }

    private func validateMounts(_ errors: inout FieldErrors, _ path: FieldPath, _ volumes: [String: VolumeSource]) {
        var taken: Set<String> = []
        for (index, mount) in volumeMounts.enumerated() {
            let itemPath = path.index(index)
            let namePath = itemPath.child("name")
            let mountPath = itemPath.child("mountPath")
            if mount.name.isEmpty { errors.required(namePath) }
            if volumes[mount.name] == nil { errors.notFound(namePath, mount.name) }
            if mount.mountPath.isEmpty { errors.required(mountPath) }
            if !taken.insert(mount.mountPath).inserted { errors.invalid(mountPath, mount.mountPath, "must be unique") }
            if volumeDevices.contains(where: { $0.name == mount.name }) {
                errors.invalid(namePath, mount.name, "must not already exist in volumeDevices")
            }
            if volumeDevices.contains(where: { $0.devicePath == mount.mountPath }) {
                errors.invalid(mountPath, mount.mountPath, "must not already exist as a path in volumeDevices")
            }
            // Kubernetes leaves the index out from here on.
            if !mount.subPath.isEmpty { Volumes.validateDescending(mount.subPath, path.child("subPath"), &errors) }
            if !mount.subPathExpr.isEmpty {
                if !mount.subPath.isEmpty {
                    errors.invalid(
                        itemPath.child("subPathExpr"), mount.subPathExpr,
                        "subPathExpr and subPath are mutually exclusive")
                }
                Volumes.validateDescending(mount.subPathExpr, path.child("subPathExpr"), &errors)
            }
            if let propagation = mount.mountPropagation {
                errors.choice(
                    path.child("mountPropagation"), propagation, ["Bidirectional", "HostToContainer", "None"])
                if propagation == "Bidirectional", securityContext?.privileged != true {
                    errors.forbidden(
                        path.child("mountPropagation"),
                        "Bidirectional mount propagation is available only to privileged containers")
                }
            }
            mount.validateRecursiveReadOnly(&errors, path.child("recursiveReadOnly"))
        }
    }

    private func validateDevices(_ errors: inout FieldErrors, _ path: FieldPath, _ volumes: [String: VolumeSource]) {
        var names: Set<String> = []
        var paths: Set<String> = []
        for (index, device) in volumeDevices.enumerated() {
            let namePath = path.index(index).child("name")
            let devicePath = path.index(index).child("devicePath")
            if device.name.isEmpty { errors.required(namePath) }
            if names.contains(device.name) { errors.invalid(namePath, device.name, "must be unique") }
            if let volume = volumes[device.name] {
                if !volume.isClaim {
                    errors.invalid(
                        namePath, device.name,
                        "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode")
                }
            } else {
                errors.notFound(namePath, device.name)
            }
            if device.devicePath.isEmpty { errors.required(devicePath) }
            if paths.contains(device.devicePath) { errors.invalid(devicePath, device.devicePath, "must be unique") }
            if device.devicePath.split(separator: "/").contains("..") {
                errors.invalid(devicePath, device.devicePath, "can not contain backsteps ('..')")
            } else {
                paths.insert(device.devicePath)
            }
            if volumeMounts.contains(where: { $0.name == device.name }) {
                errors.invalid(namePath, device.name, "must not already exist in volumeMounts")
            }
            if volumeMounts.contains(where: { $0.mountPath == device.devicePath }) {
                errors.invalid(devicePath, device.devicePath, "must not already exist as a path in volumeMounts")
            }
            if !device.name.isEmpty { names.insert(device.name) }
        }
    }

    private func validateResizePolicy(_ errors: inout FieldErrors, _ path: FieldPath, _ podPolicy: String) {
        var seen: Set<String> = []
        for (index, policy) in resizePolicy.enumerated() {
            if !seen.insert(policy.resourceName).inserted { errors.duplicate(path.index(index), policy.resourceName) }
            errors.choice(path, policy.resourceName, ["cpu", "memory"], required: true)
            errors.choice(path, policy.restartPolicy, ["NotRequired", "RestartContainer"], required: true)
            if podPolicy == "Never", policy.restartPolicy != "NotRequired" {
                errors.invalid(path, policy.restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'")
            }
        }
    }

    /// The container's own restart policy and rules.
    func validateRestart(_ errors: inout FieldErrors, _ path: FieldPath) {
        let policyPath = path.child("restartPolicy")
        if let restartPolicy {
            errors.choice(policyPath, restartPolicy, ["Always", "Never", "OnFailure"])
        } else if !restartPolicyRules.isEmpty {
            errors.required(policyPath, "must specify restartPolicy when restart rules are used")
        }
        if restartPolicyRules.count > 20 { errors.tooLong(path.child("restartPolicyRules"), 20) }
        for (index, rule) in restartPolicyRules.enumerated() {
            let path = path.child("restartPolicyRules").index(index)
            if rule.action != "Restart", rule.action != "RestartAllContainers" {
                errors.unsupported(path.child("action"), rule.action, ["Restart"])
            }
            if let codes = rule.exitCodes {
                errors.choice(path.child("exitCodes", "operator"), codes.operator, ["In", "NotIn"])
                if codes.values.count > 255 { errors.tooLong(path.child("exitCodes", "values"), 255) }
            } else {
                errors.required(path.child("exitCodes"), "must be specified")
            }
        }
    }

    /// What only pods are held to, not templates.
    func validateForPod(_ errors: inout FieldErrors, _ path: FieldPath) {
        let blanks: Set<Character> = [" ", "\t", "\n", "\r", "\u{b}", "\u{c}"]
        if let first = image.first, let last = image.last, blanks.contains(first) || blanks.contains(last) {
            errors.invalid(path.child("image"), image, "must not have leading or trailing whitespace")
        }
    }
}

extension VolumeMount {
    fileprivate func validateRecursiveReadOnly(_ errors: inout FieldErrors, _ path: FieldPath) {
        guard let recursiveReadOnly else { return }
        switch recursiveReadOnly {
        case "Disabled": break
        case "Enabled", "IfPossible":
            if readOnly != true { errors.forbidden(path, "may only be specified when readOnly is true") }
            if let mountPropagation, mountPropagation != "None" {
                errors.forbidden(path, "may only be specified when mountPropagation is None or not specified")
            }
        default: errors.unsupported(path, recursiveReadOnly, ["Disabled", "Enabled", "IfPossible"])
        }
    }
}

/// The three lists of containers of a pod.
enum Containers {
    static func validateMain(
        _ containers: [Container], _ path: FieldPath, _ context: ContainerContext, _ errors: inout FieldErrors
    ) {
        if containers.isEmpty { return errors.required(path) }
        var names: Set<String> = []
        for (index, container) in containers.enumerated() {
            let path = path.index(index)
            container.validateCommon(&errors, path, context)
            if !names.insert(container.name).inserted { errors.duplicate(path.child("name"), container.name) }
            container.validateProbes(&errors, path, context)
            container.validateRestart(&errors, path)
        }
        validateHostPorts(containers, path, &errors)
    }

    static func validateInit(
        _ containers: [Container], beside main: [Container], _ path: FieldPath, _ context: ContainerContext,
        _ errors: inout FieldErrors
    ) {
        var names = Set(main.map(\.name))
        for (index, container) in containers.enumerated() {
            let itemPath = path.index(index)
            container.validateCommon(&errors, itemPath, context)
            container.validateRestart(&errors, itemPath)
            if names.contains(container.name) {
                errors.duplicate(itemPath.child("name"), container.name)
            } else if !container.name.isEmpty {
                names.insert(container.name)
            }
            // They run one after the other, so each is checked alone; Kubernetes' path has index 0 then.
            validateHostPorts([container], path, &errors)
            if container.restartPolicy == "Always" {
                container.validateProbes(&errors, itemPath, context)
            } else {
                let given = [
                    ("lifecycle", container.lifecycle != nil), ("livenessProbe", container.livenessProbe != nil),
                    ("readinessProbe", container.readinessProbe != nil),
                    ("startupProbe", container.startupProbe != nil),
                ]
                for (name, isGiven) in given where isGiven {
                    errors.forbidden(
                        itemPath.child(name), "may not be set for init containers without restartPolicy=Always")
                }
            }
        }
    }

    private static func validateHostPorts(_ containers: [Container], _ path: FieldPath, _ errors: inout FieldErrors) {
        var taken: Set<String> = []
        for (index, container) in containers.enumerated() {
            for (portIndex, port) in container.ports.enumerated() {
                guard let hostPort = port.hostPort, hostPort != 0 else { continue }
                let place = "\(port.protocol)/\(port.hostIP)/\(hostPort)"
                if !taken.insert(place).inserted {
                    errors.duplicate(path.index(index).child("ports").index(portIndex).child("hostPort"), place)
                }
            }
        }
    }

    static func validateEphemeral(
        _ containers: [EphemeralContainer], beside others: [Container], _ path: FieldPath, _ context: ContainerContext,
        _ errors: inout FieldErrors
    ) {
        let otherNames = Set(others.map(\.name))
        var names = otherNames
        for (index, ephemeral) in containers.enumerated() {
            let path = path.index(index)
            let container = ephemeral.ephemeralContainerCommon.container
            container.validateCommon(&errors, path, context)
            container.validateForPod(&errors, path)
            if !names.insert(container.name).inserted { errors.duplicate(path.child("name"), container.name) }
            if !ephemeral.targetContainerName.isEmpty, !otherNames.contains(ephemeral.targetContainerName) {
                errors.notFound(path.child("targetContainerName"), ephemeral.targetContainerName)
            }
            let forbidden = [
                ("ports", !container.ports.isEmpty),
                (
                    "resources",
                    container.resources.map { !$0.limits.isEmpty || !$0.requests.isEmpty || !$0.claims.isEmpty }
                        ?? false
                ),
                ("resizePolicy", !container.resizePolicy.isEmpty), ("restartPolicy", container.restartPolicy != nil),
                ("restartPolicyRules", !container.restartPolicyRules.isEmpty),
                ("livenessProbe", container.livenessProbe != nil), ("readinessProbe", container.readinessProbe != nil),
                ("startupProbe", container.startupProbe != nil), ("lifecycle", container.lifecycle != nil),
            ]
            for (name, isGiven) in forbidden where isGiven {
                errors.forbidden(path.child(name), "cannot be set for an Ephemeral Container")
            }
            for (mountIndex, mount) in container.volumeMounts.enumerated() {
                let path = path.child("volumeMounts").index(mountIndex)
                for (name, value) in [("subPath", mount.subPath), ("subPathExpr", mount.subPathExpr)]
                where !value.isEmpty {
                    errors.forbidden(path.child(name), "cannot be set for an Ephemeral Container")
                }
            }
        }
    }
}

extension EphemeralContainerCommon {
    /// The same fields as those of a container.
    public var container: Container {
        var container = Container()
        container.name = name
        container.image = image
        container.command = command
        container.args = args
        container.workingDir = workingDir
        container.ports = ports
        container.env = env
        container.envFrom = envFrom
        container.resources = resources
        container.volumeMounts = volumeMounts
        container.volumeDevices = volumeDevices
        container.livenessProbe = livenessProbe
        container.readinessProbe = readinessProbe
        container.startupProbe = startupProbe
        container.lifecycle = lifecycle
        container.terminationMessagePath = terminationMessagePath
        container.terminationMessagePolicy = terminationMessagePolicy
        container.imagePullPolicy = imagePullPolicy
        container.securityContext = securityContext
        container.resizePolicy = resizePolicy
        container.restartPolicy = restartPolicy.isEmpty ? nil : restartPolicy
        container.restartPolicyRules = restartPolicyRules
        return container
    }
}
