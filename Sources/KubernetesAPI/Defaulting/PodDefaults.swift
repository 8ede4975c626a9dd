/// What the API server fills in for pods and templates (`pkg/apis/core/v1/defaults.go`).
extension PodSpec {
    /// - Parameter isTemplate: pod templates keep requests as written; pods get missing requests from limits.
    public mutating func applyDefaults(isTemplate: Bool) {
        if dnsPolicy.isEmpty { dnsPolicy = "ClusterFirst" }
        if restartPolicy.isEmpty { restartPolicy = "Always" }
        if schedulerName.isEmpty { schedulerName = "default-scheduler" }
        if terminationGracePeriodSeconds == nil { terminationGracePeriodSeconds = 30 }
        if terminationGracePeriodSeconds ?? 0 < 0 { terminationGracePeriodSeconds = 1 }
        if securityContext == nil { securityContext = PodSecurityContext() }
        // The old name and the new one always agree.
        if serviceAccountName.isEmpty { serviceAccountName = serviceAccount }
        serviceAccount = serviceAccountName
        if !isTemplate, enableServiceLinks == nil { enableServiceLinks = true }
        for index in containers.indices { containers[index].applyDefaults(isTemplate: isTemplate, isInit: false) }
        for index in initContainers.indices {
            initContainers[index].applyDefaults(isTemplate: isTemplate, isInit: true)
        }
        for index in ephemeralContainers.indices { ephemeralContainers[index].ephemeralContainerCommon.applyDefaults() }
        for index in volumes.indices { volumes[index].applyDefaults() }
        for index in topologySpreadConstraints.indices where topologySpreadConstraints[index].whenUnsatisfiable.isEmpty
        {
            topologySpreadConstraints[index].whenUnsatisfiable = "DoNotSchedule"
        }
        if hostNetwork == true {
            for index in containers.indices {
                for port in containers[index].ports.indices where containers[index].ports[port].hostPort ?? 0 == 0 {
                    containers[index].ports[port].hostPort = containers[index].ports[port].containerPort
                }
            }
        }
    }
}

extension PodSpec {
    /// Whether a container has a limit and no request for it, which a pod's defaults fill in and a template's do not.
    public var lacksRequests: Bool {
        func lacks(_ containers: [Container]) -> Bool {
            containers.contains { container in
                guard let amounts = container.resources else { return false }
                return amounts.limits.keys.contains { amounts.requests[$0] == nil }
            }
        }
        return lacks(containers) || lacks(initContainers)
    }
}

extension Container {
    mutating func applyDefaults(isTemplate: Bool, isInit: Bool) {
        if imagePullPolicy.isEmpty { imagePullPolicy = Self.pullPolicy(of: image) }
        if terminationMessagePath.isEmpty { terminationMessagePath = "/dev/termination-log" }
        if terminationMessagePolicy.isEmpty { terminationMessagePolicy = "File" }
        if resources == nil { resources = ResourceRequirements() }
        if var amounts = resources {
            amounts.requests = amounts.requests.mapValues(\.roundedUpToMilli)
            amounts.limits = amounts.limits.mapValues(\.roundedUpToMilli)
            if !isTemplate {
                for (name, limit) in amounts.limits where amounts.requests[name] == nil {
                    amounts.requests[name] = limit
                }
            }
            resources = amounts
        }
        for index in ports.indices where ports[index].protocol.isEmpty { ports[index].protocol = "TCP" }
        for index in env.indices
        where env[index].valueFrom?.fieldRef != nil && env[index].valueFrom?.fieldRef?.apiVersion.isEmpty == true {
            env[index].valueFrom?.fieldRef?.apiVersion = "v1"
        }
        livenessProbe?.applyDefaults()
        readinessProbe?.applyDefaults()
        startupProbe?.applyDefaults()
        lifecycle?.preStop?.httpGet?.applyDefaults()
        lifecycle?.postStart?.httpGet?.applyDefaults()
    }

    /// Always for the tag `latest`, also where it is not written; IfNotPresent otherwise.
    static func pullPolicy(of image: String) -> String {
        if image.contains("@") { return "IfNotPresent" }
        let tail = image[(image.lastIndex(of: "/") ?? image.startIndex)...]
        guard let colon = tail.lastIndex(of: ":") else { return "Always" }
        return tail[tail.index(after: colon)...] == "latest" ? "Always" : "IfNotPresent"
    }
}

extension Probe {
    mutating func applyDefaults() {
        if timeoutSeconds ?? 0 == 0 { timeoutSeconds = 1 }
        if periodSeconds ?? 0 == 0 { periodSeconds = 10 }
        if successThreshold ?? 0 == 0 { successThreshold = 1 }
        if failureThreshold ?? 0 == 0 { failureThreshold = 3 }
        handler.httpGet?.applyDefaults()
        if handler.grpc != nil, handler.grpc?.service == nil { handler.grpc?.service = "" }
    }
}

extension HTTPGetAction {
    mutating func applyDefaults() {
        if path.isEmpty { path = "/" }
        if scheme.isEmpty { scheme = "HTTP" }
    }
}

extension Volume {
    mutating func applyDefaults() {
        if volumeSource.configMap != nil, volumeSource.configMap?.defaultMode == nil {
            volumeSource.configMap?.defaultMode = 420
        }
        if volumeSource.secret != nil, volumeSource.secret?.defaultMode == nil {
            volumeSource.secret?.defaultMode = 420
        }
        if volumeSource.projected != nil, volumeSource.projected?.defaultMode == nil {
            volumeSource.projected?.defaultMode = 420
        }
        if volumeSource.downwardAPI != nil, volumeSource.downwardAPI?.defaultMode == nil {
            volumeSource.downwardAPI?.defaultMode = 420
        }
        for index in (volumeSource.projected?.sources ?? []).indices {
            volumeSource.projected?.sources[index].applyDefaults()
        }
        for index in (volumeSource.downwardAPI?.items ?? []).indices {
            volumeSource.downwardAPI?.items[index].applyDefaults()
        }
        if volumeSource.ephemeral?.volumeClaimTemplate != nil,
            volumeSource.ephemeral?.volumeClaimTemplate?.spec.volumeMode == nil
        {
            volumeSource.ephemeral?.volumeClaimTemplate?.spec.volumeMode = "Filesystem"
        }
        if let image = volumeSource.image, image.pullPolicy.isEmpty {
            volumeSource.image?.pullPolicy = Container.pullPolicy(of: image.reference)
        }
        if volumeSource.isEmpty { volumeSource.emptyDir = EmptyDirVolumeSource() }
    }
}

extension VolumeProjection {
    fileprivate mutating func applyDefaults() {
        if serviceAccountToken != nil, serviceAccountToken?.expirationSeconds ?? 0 == 0 {
            serviceAccountToken?.expirationSeconds = 3600
        }
        for index in (downwardAPI?.items ?? []).indices { downwardAPI?.items[index].applyDefaults() }
    }
}

extension DownwardAPIVolumeFile {
    fileprivate mutating func applyDefaults() {
        if fieldRef?.apiVersion.isEmpty == true { fieldRef?.apiVersion = "v1" }
    }
}

extension EphemeralContainerCommon {
    fileprivate mutating func applyDefaults() {
        if imagePullPolicy.isEmpty { imagePullPolicy = Container.pullPolicy(of: image) }
        if terminationMessagePath.isEmpty { terminationMessagePath = "/dev/termination-log" }
        if terminationMessagePolicy.isEmpty { terminationMessagePolicy = "File" }
        if resources == nil { resources = ResourceRequirements() }
        for index in ports.indices where ports[index].protocol.isEmpty { ports[index].protocol = "TCP" }
        for index in env.indices where env[index].valueFrom?.fieldRef?.apiVersion.isEmpty == true {
            env[index].valueFrom?.fieldRef?.apiVersion = "v1"
        }
    }
}

extension VolumeSource {
    /// Whether no source is given; then the volume is an empty directory.
    var isEmpty: Bool { if case .object(let members) = jsonValue { members.isEmpty } else { true } }
}
