import KubernetesAPI

extension DescriptionWriter {
    /// The containers of a pod or a template.
    /// - Parameter isTemplate: the block stands one level deeper, names by one space more.
    mutating func containers(
        _ title: String, _ containers: [Container], _ statuses: [ContainerStatus], isTemplate: Bool, pod: Pod? = nil
    ) {
        let space = isTemplate ? "  " : ""
        guard !containers.isEmpty else { return line(0, "\(space)\(title): <none>") }
        line(0, "\(space)\(title):")
        for container in containers {
            let status = statuses.first { $0.name == container.name }
            line(1, (isTemplate ? " " : "") + container.name + ":")
            basics(container, status)
            commands("Command", container.command)
            commands("Args", container.args)
            if let status { states(status) }
            if let resources = container.resources { self.resources(resources, level: 2) }
            for (name, probe) in [
                ("Liveness", container.livenessProbe), ("Readiness", container.readinessProbe),
                ("Startup", container.startupProbe),
            ] {
                if let probe { field(name, probe.descriptionText, level: 2) }
            }
            environmentSources(container.envFrom)
            environment(container, pod)
            mounts(container)
        }
    }

    private mutating func basics(_ container: Container, _ status: ContainerStatus?) {
        if let status { field("Container ID", status.containerID, level: 2) }
        field("Image", container.image, level: 2)
        if let status { field("Image ID", status.imageID, level: 2) }
        func ports(_ number: (ContainerPort) -> Int32) -> String {
            container.ports.map { "\(number($0))/\($0.protocol)" + ($0.name.isEmpty ? "" : " (\($0.name))") }.joined(
                separator: ", ")
        }
        let plural = container.ports.count > 1 ? "s" : ""
        field("Port" + plural, ports { $0.containerPort }.or("<none>"), level: 2)
        field("Host Port" + plural, ports { $0.hostPort ?? 0 }.or("<none>"), level: 2)
    }

    private mutating func commands(_ title: String, _ words: [String]) {
        guard !words.isEmpty else { return }
        line(2, title + ":")
        for word in words {
            for part in word.split(separator: "\n", omittingEmptySubsequences: false) { line(3, String(part)) }
        }
    }

    private mutating func states(_ status: ContainerStatus) {
        state("State", status.state)
        if let last = status.lastState, last.terminated != nil { state("Last State", last) }
        field("Ready", status.ready.titleText, level: 2)
        field("Restart Count", "\(status.restartCount)", level: 2)
    }

    private mutating func state(_ title: String, _ state: ContainerState?) {
        if let running = state?.running {
            field(title, "Running", level: 2)
            field("Started", running.startedAt.longText, level: 3)
        } else if let exit = state?.terminated {
            field(title, "Terminated", level: 2)
            if !exit.reason.isEmpty { field("Reason", exit.reason, level: 3) }
            if !exit.message.isEmpty { field("Message", exit.message, level: 3) }
            field("Exit Code", "\(exit.exitCode)", level: 3)
            if let signal = exit.signal, signal > 0 { field("Signal", "\(signal)", level: 3) }
            field("Started", exit.startedAt.longText, level: 3)
            field("Finished", exit.finishedAt.longText, level: 3)
        } else {
            field(title, "Waiting", level: 2)
            if let waiting = state?.waiting, !waiting.reason.isEmpty { field("Reason", waiting.reason, level: 3) }
        }
    }

    mutating func resources(_ resources: ResourceRequirements, level: Int) {
        for (title, amounts) in [("Limits", resources.limits), ("Requests", resources.requests)] where !amounts.isEmpty
        {
            line(level, title + ":")
            for name in amounts.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
                if let amount = amounts[name] { field(name, amount.description, level: level + 1) }
            }
        }
    }

    private mutating func environmentSources(_ sources: [EnvFromSource]) {
        guard !sources.isEmpty else { return }
        line(2, "Environment Variables from:")
        for source in sources {
            let kind = source.configMapRef != nil ? "ConfigMap" : "Secret"
            let name =
                source.configMapRef?.localObjectReference.name ?? source.secretRef?.localObjectReference.name ?? ""
            let optional = source.configMapRef?.optional ?? source.secretRef?.optional ?? false
            let prefix = source.prefix.isEmpty ? "" : " with prefix '\(source.prefix)'"
            line(3, "\(name)\t\(kind)\(prefix)\tOptional: \(optional)")
        }
    }

    private mutating func environment(_ container: Container, _ pod: Pod?) {
        guard !container.env.isEmpty else { return field("Environment", "<none>", level: 2) }
        line(2, "Environment:")
        for variable in container.env {
            guard let source = variable.valueFrom else {
                for (index, part) in variable.value.split(separator: "\n", omittingEmptySubsequences: false)
                    .enumerated()
                {
                    line(3, index == 0 ? "\(variable.name):\t\(part)" : "\t\(part)")
                }
                continue
            }
            if let field = source.fieldRef {
                let value = pod?.fieldValue(field.fieldPath) ?? ""
                line(3, "\(variable.name):\t\(value) (\(field.apiVersion.or("v1")):\(field.fieldPath))")
            } else if let field = source.resourceFieldRef {
                line(3, "\(variable.name):\t\(container.resourceValue(field)) (\(field.resource))")
            } else if let key = source.secretKeyRef {
                line(
                    3,
                    "\(variable.name):\t<set to the key '\(key.key)' in secret '\(key.localObjectReference.name)'>\tOptional: \(key.optional ?? false)"
                )
            } else if let key = source.configMapKeyRef {
                line(
                    3,
                    "\(variable.name):\t<set to the key '\(key.key)' of config map '\(key.localObjectReference.name)'>\tOptional: \(key.optional ?? false)"
                )
            } else if let key = source.fileKeyRef {
                line(
                    3,
                    "\(variable.name):\t<set to the key '\(key.key)' of file '\(key.path)' in volume '\(key.volumeName)'>\tOptional: \(key.optional ?? false)"
                )
            }
        }
    }

    private mutating func mounts(_ container: Container) {
        if container.volumeMounts.isEmpty { field("Mounts", "<none>", level: 2) } else { line(2, "Mounts:") }
        for mount in container.volumeMounts.sorted(by: {
            $0.mountPath.utf8.lexicographicallyPrecedes($1.mountPath.utf8)
        }) {
            let flags =
                (mount.readOnly == true ? "ro" : "rw") + (mount.subPath.isEmpty ? "" : ",path=\"\(mount.subPath)\"")
            line(3, "\(mount.mountPath) from \(mount.name) (\(flags))")
        }
    }
}

extension Probe {
    /// `http-get http://:8080/ready delay=0s timeout=1s period=10s successThreshold=1 failureThreshold=3`
    var descriptionText: String {
        let attributes =
            "delay=\(initialDelaySeconds ?? 0)s timeout=\(timeoutSeconds ?? 0)s period=\(periodSeconds ?? 0)s successThreshold=\(successThreshold ?? 0) failureThreshold=\(failureThreshold ?? 0)"
        if let action = handler.exec { return "exec [\(action.command.joined(separator: " "))] \(attributes)" }
        if let action = handler.httpGet {
            let host = action.host.contains(":") ? "[\(action.host)]" : action.host
            let path = action.path.isEmpty || action.path.hasPrefix("/") ? action.path : "/" + action.path
            return
                "http-get \(action.scheme.lowercased().or("http"))://\(host):\(action.port.text)\(path) \(attributes)"
        }
        if let action = handler.tcpSocket { return "tcp-socket \(action.host):\(action.port.text) \(attributes)" }
        if let action = handler.grpc { return "grpc <pod>:\(action.port) \(action.service ?? "") \(attributes)" }
        return "unknown \(attributes)"
    }
}

extension Pod {
    /// What the downward API would give for a field.
    fileprivate func fieldValue(_ path: String) -> String {
        switch path {
        case "metadata.name": metadata.name
        case "metadata.namespace": metadata.namespace
        case "metadata.uid": metadata.uid
        case "spec.nodeName": spec.nodeName
        case "spec.serviceAccountName": spec.serviceAccountName
        case "status.hostIP": status.hostIP
        case "status.podIP": status.podIP
        default: ""
        }
    }
}

extension Container {
    /// A resource in units of the divisor, rounded up.
    fileprivate func resourceValue(_ field: ResourceFieldSelector) -> String {
        let parts = field.resource.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return "" }
        let amounts = parts[0] == "limits" ? resources?.limits : resources?.requests
        guard let amount = amounts?[parts[1]] else {
            return parts[0] == "limits" && ["cpu", "memory"].contains(parts[1]) ? "node allocatable" : "0"
        }
        let divisor = field.divisor.flatMap { $0.isZero ? nil : $0 } ?? Quantity(1)
        let ratio = amount.doubleValue / divisor.doubleValue
        return Int64(exactly: ratio.rounded(.up)).map { "\($0)" } ?? ""
    }
}
