/// A kind whose missing fields the API server fills in.
public protocol Defaultable {
    /// Fills in what the API server's code fills in before validation.
    mutating func applyDefaults()
}

extension KubernetesObject {
    /// The object with the API server's defaults, if its kind has any.
    public func withDefaults() -> Self {
        guard var defaultable = self as? any Defaultable else { return self }
        defaultable.applyDefaults()
        return defaultable as? Self ?? self
    }
}

extension Pod: Defaultable {
    public mutating func applyDefaults() { spec.applyDefaults(isTemplate: false) }
}

extension Deployment: Defaultable {
    public mutating func applyDefaults() {
        if spec.replicas == nil { spec.replicas = 1 }
        var strategy = spec.strategy ?? DeploymentStrategy()
        if strategy.type.isEmpty { strategy.type = "RollingUpdate" }
        if strategy.type == "RollingUpdate" {
            var update = strategy.rollingUpdate ?? RollingUpdateDeployment()
            if update.maxUnavailable == nil { update.maxUnavailable = .string("25%") }
            if update.maxSurge == nil { update.maxSurge = .string("25%") }
            strategy.rollingUpdate = update
        }
        spec.strategy = strategy
        if spec.revisionHistoryLimit == nil { spec.revisionHistoryLimit = 10 }
        if spec.progressDeadlineSeconds == nil { spec.progressDeadlineSeconds = 600 }
        spec.template.spec.applyDefaults(isTemplate: true)
    }
}

extension ReplicaSet: Defaultable {
    public mutating func applyDefaults() {
        if spec.replicas == nil { spec.replicas = 1 }
        spec.template?.spec.applyDefaults(isTemplate: true)
    }
}

extension StatefulSet: Defaultable {
    public mutating func applyDefaults() {
        if spec.podManagementPolicy.isEmpty { spec.podManagementPolicy = "OrderedReady" }
        var strategy = spec.updateStrategy ?? StatefulSetUpdateStrategy()
        if strategy.type.isEmpty { strategy.type = "RollingUpdate" }
        if strategy.type == "RollingUpdate" {
            var update = strategy.rollingUpdate ?? RollingUpdateStatefulSetStrategy()
            if update.partition == nil { update.partition = 0 }
            strategy.rollingUpdate = update
        }
        spec.updateStrategy = strategy
        if spec.replicas == nil { spec.replicas = 1 }
        if spec.revisionHistoryLimit == nil { spec.revisionHistoryLimit = 10 }
        var policy = spec.persistentVolumeClaimRetentionPolicy ?? StatefulSetPersistentVolumeClaimRetentionPolicy()
        if policy.whenDeleted.isEmpty { policy.whenDeleted = "Retain" }
        if policy.whenScaled.isEmpty { policy.whenScaled = "Retain" }
        spec.persistentVolumeClaimRetentionPolicy = policy
        for index in spec.volumeClaimTemplates.indices { spec.volumeClaimTemplates[index].applyDefaults() }
        spec.template.spec.applyDefaults(isTemplate: true)
    }
}

extension DaemonSet: Defaultable {
    public mutating func applyDefaults() {
        var strategy = spec.updateStrategy ?? DaemonSetUpdateStrategy()
        if strategy.type.isEmpty { strategy.type = "RollingUpdate" }
        if strategy.type == "RollingUpdate" {
            var update = strategy.rollingUpdate ?? RollingUpdateDaemonSet()
            if update.maxUnavailable == nil { update.maxUnavailable = .int(1) }
            if update.maxSurge == nil { update.maxSurge = .int(0) }
            strategy.rollingUpdate = update
        }
        spec.updateStrategy = strategy
        if spec.revisionHistoryLimit == nil { spec.revisionHistoryLimit = 10 }
        spec.template.spec.applyDefaults(isTemplate: true)
    }
}

extension JobSpec {
    mutating func applyDefaults() {
        // Both missing mean one pod; a parallelism alone is a work queue.
        if completions == nil, parallelism == nil {
            completions = 1
            parallelism = 1
        }
        if parallelism == nil { parallelism = 1 }
        if backoffLimit == nil { backoffLimit = backoffLimitPerIndex == nil ? 6 : .max }
        if completionMode == nil { completionMode = "NonIndexed" }
        if suspend == nil { suspend = false }
        if podReplacementPolicy == nil {
            podReplacementPolicy = podFailurePolicy == nil ? "TerminatingOrFailed" : "Failed"
        }
        podFailurePolicy?.applyDefaults()
        template.spec.applyDefaults(isTemplate: true)
    }
}

extension PodFailurePolicy {
    fileprivate mutating func applyDefaults() {
        for rule in rules.indices {
            for index in rules[rule].onPodConditions.indices where rules[rule].onPodConditions[index].status.isEmpty {
                rules[rule].onPodConditions[index].status = "True"
            }
        }
    }
}

extension Job: Defaultable {
    public mutating func applyDefaults() {
        if metadata.labels.isEmpty { metadata.labels = spec.template.metadata.labels }
        spec.applyDefaults()
    }
}

extension CronJob: Defaultable {
    public mutating func applyDefaults() {
        if spec.concurrencyPolicy.isEmpty { spec.concurrencyPolicy = "Allow" }
        if spec.suspend == nil { spec.suspend = false }
        if spec.successfulJobsHistoryLimit == nil { spec.successfulJobsHistoryLimit = 3 }
        if spec.failedJobsHistoryLimit == nil { spec.failedJobsHistoryLimit = 1 }
        // What a Job's own defaulting fills in comes when the Job is made.
        spec.jobTemplate.spec.podFailurePolicy?.applyDefaults()
        spec.jobTemplate.spec.template.spec.applyDefaults(isTemplate: true)
    }
}

extension Service: Defaultable {
    public mutating func applyDefaults() {
        if spec.type.isEmpty { spec.type = "ClusterIP" }
        if spec.sessionAffinity.isEmpty { spec.sessionAffinity = "None" }
        if spec.sessionAffinity == "None" { spec.sessionAffinityConfig = nil }
        if spec.sessionAffinity == "ClientIP", spec.sessionAffinityConfig?.clientIP?.timeoutSeconds == nil {
            var client = ClientIPConfig()
            client.timeoutSeconds = 10_800
            spec.sessionAffinityConfig = SessionAffinityConfig()
            spec.sessionAffinityConfig?.clientIP = client
        }
        // The address and the list of addresses stand for each other.
        if spec.clusterIPs.isEmpty, !spec.clusterIP.isEmpty { spec.clusterIPs = [spec.clusterIP] }
        if spec.clusterIP.isEmpty, let first = spec.clusterIPs.first { spec.clusterIP = first }
        for index in spec.ports.indices {
            if spec.ports[index].protocol.isEmpty { spec.ports[index].protocol = "TCP" }
            if spec.ports[index].targetPort == nil || spec.ports[index].targetPort == .int(0)
                || spec.ports[index].targetPort == .string("")
            {
                spec.ports[index].targetPort = .int(spec.ports[index].port)
            }
        }
        guard spec.type != "ExternalName" else { return }
        if spec.internalTrafficPolicy == nil { spec.internalTrafficPolicy = "Cluster" }
        if spec.ipFamilies.isEmpty { spec.ipFamilies = ["IPv4"] }
        if spec.ipFamilyPolicy == nil { spec.ipFamilyPolicy = "SingleStack" }
        if spec.type == "NodePort" || spec.type == "LoadBalancer", spec.externalTrafficPolicy.isEmpty {
            spec.externalTrafficPolicy = "Cluster"
        }
        if spec.type == "LoadBalancer", spec.allocateLoadBalancerNodePorts == nil {
            spec.allocateLoadBalancerNodePorts = true
        }
    }
}

extension HorizontalPodAutoscaler: Defaultable {
    public mutating func applyDefaults() {
        if spec.minReplicas == nil { spec.minReplicas = 1 }
        if spec.metrics.isEmpty {
            var target = MetricTarget()
            target.type = "Utilization"
            target.averageUtilization = 80
            var source = ResourceMetricSource()
            source.name = "cpu"
            source.target = target
            var metric = MetricSpec()
            metric.type = "Resource"
            metric.resource = source
            spec.metrics = [metric]
        }
        guard var behavior = spec.behavior else { return }
        var up = behavior.scaleUp ?? HPAScalingRules()
        if up.stabilizationWindowSeconds == nil { up.stabilizationWindowSeconds = 0 }
        if up.selectPolicy == nil { up.selectPolicy = "Max" }
        if up.policies.isEmpty { up.policies = [.pods(4), .percent(100)] }
        behavior.scaleUp = up
        var down = behavior.scaleDown ?? HPAScalingRules()
        if down.selectPolicy == nil { down.selectPolicy = "Max" }
        if down.policies.isEmpty { down.policies = [.percent(100)] }
        behavior.scaleDown = down
        spec.behavior = behavior
    }
}

extension HPAScalingPolicy {
    fileprivate static func pods(_ value: Int32) -> HPAScalingPolicy { make("Pods", value) }
    fileprivate static func percent(_ value: Int32) -> HPAScalingPolicy { make("Percent", value) }

    private static func make(_ type: String, _ value: Int32) -> HPAScalingPolicy {
        var policy = HPAScalingPolicy()
        policy.type = type
        policy.value = value
        policy.periodSeconds = 15
        return policy
    }
}

extension PersistentVolumeClaim: Defaultable {
    public mutating func applyDefaults() {
        if spec.volumeMode == nil { spec.volumeMode = "Filesystem" }
        // The lab binds claims by name: a claim that exists is bound.
        if status.phase.isEmpty { status.phase = "Bound" }
    }
}

extension Secret: Defaultable {
    public mutating func applyDefaults() {
        if type.isEmpty { type = "Opaque" }
        for (key, value) in stringData { data[key] = Bytes(Array(value.utf8)) }
        stringData = [:]
    }
}

extension Namespace: Defaultable {
    public mutating func applyDefaults() {
        if spec.finalizers.isEmpty { spec.finalizers = ["kubernetes"] }
        if status.phase.isEmpty { status.phase = "Active" }
        metadata.labels["kubernetes.io/metadata.name"] = metadata.name
    }
}

extension PriorityClass: Defaultable {
    public mutating func applyDefaults() {
        if preemptionPolicy == nil { preemptionPolicy = "PreemptLowerPriority" }
    }
}

extension LimitRange: Defaultable {
    /// For containers: a missing default is the maximum, a missing default request the default, else the minimum.
    public mutating func applyDefaults() {
        for index in spec.limits.indices where spec.limits[index].type == "Container" {
            var item = spec.limits[index]
            for (name, value) in item.max where item.default[name] == nil { item.default[name] = value }
            for (name, value) in item.default where item.defaultRequest[name] == nil {
                item.defaultRequest[name] = value
            }
            for (name, value) in item.min where item.defaultRequest[name] == nil { item.defaultRequest[name] = value }
            spec.limits[index] = item
        }
    }
}

extension EndpointSlice: Defaultable {
    public mutating func applyDefaults() {
        for index in ports.indices {
            if ports[index].name == nil { ports[index].name = "" }
            if ports[index].protocol == nil { ports[index].protocol = "TCP" }
        }
    }
}

extension Endpoints: Defaultable {
    public mutating func applyDefaults() {
        for subset in subsets.indices {
            for index in subsets[subset].ports.indices where subsets[subset].ports[index].protocol ?? "" == "" {
                subsets[subset].ports[index].protocol = "TCP"
            }
        }
    }
}

private let rbac = "rbac.authorization.k8s.io"

extension Array where Element == Subject {
    fileprivate mutating func applyDefaults() {
        for index in indices where self[index].apiGroup ?? "" == "" {
            switch self[index].kind {
            case "User", "Group": self[index].apiGroup = rbac
            case "ServiceAccount": self[index].apiGroup = ""
            default: break
            }
        }
    }
}

extension RoleBinding: Defaultable {
    public mutating func applyDefaults() {
        if roleRef.apiGroup ?? "" == "" { roleRef.apiGroup = rbac }
        subjects.applyDefaults()
    }
}

extension ClusterRoleBinding: Defaultable {
    public mutating func applyDefaults() {
        if roleRef.apiGroup ?? "" == "" { roleRef.apiGroup = rbac }
        subjects.applyDefaults()
    }
}

extension Node: Defaultable {
    public mutating func applyDefaults() {
        for (name, amount) in status.capacity where status.allocatable[name] == nil {
            status.allocatable[name] = amount
        }
    }
}
