import KubernetesAPI
import PromQL

/// A trigger of a ScaledObject.
public struct ScaleTrigger: Sendable, Equatable {
    /// What it looks at.
    public enum Source: Sendable, Equatable {
        /// `query` over `serverAddress`; the target scales to one only above `activationThreshold`.
        case prometheus(PrometheusTrigger)
        /// So many replicas between two times of a schedule.
        case cron(CronTrigger)
        /// CPU or memory of the pods, which the HPA reads by itself.
        case resource(name: String, container: String?)
    }

    public struct PrometheusTrigger: Sendable, Equatable {
        public var serverAddress: String
        public var query: String
        public var threshold: Double
        public var activationThreshold: Double
        /// Whether an empty answer counts as 0, and not as an error.
        public var ignoreNullValues: Bool
    }

    public struct CronTrigger: Sendable, Equatable {
        public var timezone: String
        public var start: String
        public var end: String
        public var desiredReplicas: Int
        let startSchedule: CronExpression
        let endSchedule: CronExpression
    }

    public var source: Source
    /// `AverageValue`, `Value` or `Utilization`.
    public var metricType: String
    /// The name of the external metric, such as `s0-prometheus`; empty for a resource.
    public var metricName: String
    /// The HPA's target in its own terms.
    public var target: MetricTarget
}

/// KEDA's ScaledObject (`keda.sh/v1alpha1`).
public struct ScaledObject: Sendable, Equatable {
    /// What takes over when triggers fail.
    public struct Fallback: Sendable, Equatable {
        /// Failures one after another that are waited for.
        public var failureThreshold: Int
        public var replicas: Int
        /// `static`, `currentReplicas`, `currentReplicasIfHigher` or `currentReplicasIfLower`.
        public var behavior: String
    }

    public var name: String
    public var namespace: String
    public var targetKind: String
    public var targetAPIVersion: String
    public var targetName: String
    /// Seconds between two looks at the triggers while there are no replicas, and of the activity check.
    public var pollingInterval = 30
    /// Seconds after the last activity before the target goes to 0.
    public var cooldownPeriod = 300
    /// Seconds after creation before the target may go to 0.
    public var initialCooldownPeriod = 0
    public var idleReplicaCount: Int?
    public var minReplicaCount = 0
    public var maxReplicaCount = 100
    public var fallback: Fallback?
    public var triggers: [ScaleTrigger] = []
    /// `advanced.horizontalPodAutoscalerConfig.name`, or `keda-hpa-` and the object's name.
    public var autoscalerName: String
    var behavior: HorizontalPodAutoscalerBehavior?
    /// Whether the target returns to its replicas when the object is deleted.
    public var restoresToOriginalReplicaCount = false
    /// `autoscaling.keda.sh/paused-replicas`: holds the target at so many.
    public var pausedReplicas: Int?
    /// `autoscaling.keda.sh/paused-scale-in`: never takes replicas away.
    public var pausesScaleIn = false

    /// Reads the custom resource; says what KEDA's admission says.
    public init(_ object: JSONValue) throws(MetricsAPIError) {
        let resource = CustomResource(value: object)
        let spec = resource.spec
        name = resource.name
        namespace = resource.namespace
        let target = spec["scaleTargetRef"]
        targetKind = target?["kind"]?.string ?? "Deployment"
        targetAPIVersion = target?["apiVersion"]?.string ?? "apps/v1"
        targetName = target?["name"]?.string ?? ""
        if targetName.isEmpty { throw MetricsAPIError("ScaledObject.spec.scaleTargetRef.name is missing") }
        // KEDA's fields have 32 bits.
        func seconds(_ field: String, _ standard: Int, atLeast least: Int) -> Int {
            min(Int(Int32.max), max(least, spec[field]?.wholeNumber ?? standard))
        }
        pollingInterval = seconds("pollingInterval", 30, atLeast: 1)
        cooldownPeriod = seconds("cooldownPeriod", 300, atLeast: 0)
        initialCooldownPeriod = seconds("initialCooldownPeriod", 0, atLeast: 0)
        idleReplicaCount = spec["idleReplicaCount"]?.wholeNumber
        minReplicaCount = max(0, spec["minReplicaCount"]?.wholeNumber ?? 0)
        maxReplicaCount = spec["maxReplicaCount"]?.wholeNumber ?? 100
        if minReplicaCount > maxReplicaCount {
            throw MetricsAPIError(
                "MinReplicaCount=\(minReplicaCount) must be less than MaxReplicaCount=\(maxReplicaCount)")
        }
        if let idle = idleReplicaCount, idle >= minReplicaCount {
            throw MetricsAPIError("IdleReplicaCount=\(idle) must be less than MinReplicaCount=\(minReplicaCount)")
        }
        if let fallback = spec["fallback"], fallback != .null {
            self.fallback = Fallback(
                failureThreshold: fallback["failureThreshold"]?.wholeNumber ?? 0,
                replicas: fallback["replicas"]?.wholeNumber ?? 0, behavior: fallback["behavior"]?.string ?? "static")
        }
        let autoscaler = spec["advanced"]?["horizontalPodAutoscalerConfig"]
        autoscalerName = autoscaler?["name"]?.string ?? "keda-hpa-" + name
        restoresToOriginalReplicaCount = spec["advanced"]?["restoreToOriginalReplicaCount"]?.flag ?? false
        if let behavior = autoscaler?["behavior"], behavior != .null {
            let wrapped: JSONValue = ["spec": ["behavior": behavior]]
            do {
                self.behavior = try HorizontalPodAutoscaler.decode(json: wrapped).object.spec.behavior
            } catch {
                throw MetricsAPIError("advanced.horizontalPodAutoscalerConfig.behavior: \(error)")
            }
        }
        let annotations = CustomResource.texts(object["metadata"]?["annotations"])
        pausedReplicas = annotations["autoscaling.keda.sh/paused-replicas"].flatMap { Int($0) }
        pausesScaleIn = annotations["autoscaling.keda.sh/paused-scale-in"] == "true"
        let rows = spec["triggers"]?.array ?? []
        if rows.isEmpty { throw MetricsAPIError("no triggers defined in the ScaledObject/ScaledJob") }
        for (index, row) in rows.enumerated() { triggers.append(try ScaleTrigger(row, index: index)) }
        let isResourceOnly = triggers.allSatisfy { if case .resource = $0.source { true } else { false } }
        if isResourceOnly, minReplicaCount == 0 {
            throw MetricsAPIError(
                "scaledobject with only cpu/memory triggers or only one trigger with type cpu/memory must have "
                    + "minReplicas greater than 0")
        }
    }

    /// The HPA that KEDA makes for it.
    public var autoscaler: HorizontalPodAutoscaler {
        var autoscaler = HorizontalPodAutoscaler()
        autoscaler.metadata.name = autoscalerName
        autoscaler.metadata.namespace = namespace
        autoscaler.metadata.labels = [
            "app.kubernetes.io/managed-by": "keda-operator", "app.kubernetes.io/name": autoscalerName,
            "app.kubernetes.io/part-of": name, "scaledobject.keda.sh/name": name,
        ]
        autoscaler.spec.scaleTargetRef.kind = targetKind
        autoscaler.spec.scaleTargetRef.apiVersion = targetAPIVersion
        autoscaler.spec.scaleTargetRef.name = targetName
        // An HPA does not go to 0; KEDA does that itself.
        autoscaler.spec.minReplicas = Int32(clamping: max(1, minReplicaCount))
        autoscaler.spec.maxReplicas = Int32(clamping: maxReplicaCount)
        autoscaler.spec.behavior = behavior
        autoscaler.spec.metrics = triggers.map { trigger in
            var metric = MetricSpec()
            switch trigger.source {
            case .resource(let name, let container?):
                metric.type = "ContainerResource"
                var source = ContainerResourceMetricSource()
                source.name = name
                source.container = container
                source.target = trigger.target
                metric.containerResource = source
            case .resource(let name, nil):
                metric.type = "Resource"
                var source = ResourceMetricSource()
                source.name = name
                source.target = trigger.target
                metric.resource = source
            case .prometheus, .cron:
                metric.type = "External"
                var source = ExternalMetricSource()
                source.metric.name = trigger.metricName
                var selector = LabelSelector()
                selector.matchLabels = ["scaledobject.keda.sh/name": name]
                source.metric.selector = selector
                source.target = trigger.target
                metric.external = source
            }
            return metric
        }
        return autoscaler
    }
}
