import KubernetesAPI
import Simulation

/// From API objects to what the decision reads, and back: milli-units and simulated time on the inside, quantities
/// and whole seconds of wall time on the outside.
extension HPASpec {
    init(_ object: HorizontalPodAutoscaler) {
        self.init(
            namespace: object.metadata.namespace, minReplicas: object.spec.minReplicas,
            maxReplicas: object.spec.maxReplicas,
            metrics: object.spec.metrics.map(HPAMetric.init), behavior: object.spec.behavior.map(HPABehavior.init))
    }
}

extension HPAMetric {
    init(_ spec: MetricSpec) {
        switch spec.type {
        case "Resource":
            self.init(.resource(spec.resource?.name ?? ""), Target(averaged: spec.resource?.target))
        case "ContainerResource":
            self.init(
                .containerResource(
                    spec.containerResource?.name ?? "", container: spec.containerResource?.container ?? ""),
                Target(averaged: spec.containerResource?.target))
        case "Pods":
            self.init(.pods(metric: spec.pods?.metric.name ?? ""), Target(averaged: spec.pods?.target))
        case "Object":
            let source = spec.object ?? ObjectMetricSource()
            let target: Target =
                source.target.type == "AverageValue"
                ? source.target.averageValue.map { .averageValue($0.milliValue) } ?? .none
                : source.target.value.map { .value($0.milliValue) } ?? .none
            self.init(
                .object(
                    metric: source.metric.name, kind: source.describedObject.kind, name: source.describedObject.name,
                    selector: source.metric.selector.map { "&\($0.goText)" } ?? "nil"), target)
        case "External":
            let source = spec.external ?? ExternalMetricSource()
            let target: Target =
                source.target.averageValue.map { .averageValue($0.milliValue) }
                ?? source.target.value.map { .value($0.milliValue) } ?? .none
            self.init(
                .external(
                    metric: source.metric.name, selector: source.metric.selector.map { "&\($0.goText)" } ?? "nil"),
                target)
        default:
            self.init(.unknown(type: spec.type), .none)
        }
    }
}

extension HPAMetric.Target {
    fileprivate init(averaged target: MetricTarget?) {
        if let value = target?.averageValue {
            self = .averageValue(value.milliValue)
        } else if let percent = target?.averageUtilization {
            self = .utilization(percent)
        } else {
            self = .none
        }
    }
}

extension LabelSelector {
    /// The selector as Go's `%v` prints it, which error texts and metric names contain.
    var goText: String {
        let labels = matchLabels.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            .map { "\($0): \(matchLabels[$0] ?? "")," }.joined()
        let expressions = matchExpressions.map { "{\($0.key) \($0.operator) [\($0.values.joined(separator: " "))]}," }
            .joined()
        return
            "LabelSelector{MatchLabels:map[string]string{\(labels)},MatchExpressions:[]LabelSelectorRequirement{\(expressions)},}"
    }
}

extension HPABehavior {
    init(_ behavior: HorizontalPodAutoscalerBehavior) {
        self.init(
            scaleUp: behavior.scaleUp.map { HPARules($0, over: .scaleUpDefault) } ?? .scaleUpDefault,
            scaleDown: behavior.scaleDown.map { HPARules($0, over: .scaleDownDefault) } ?? .scaleDownDefault)
    }
}

extension HPARules {
    fileprivate init(_ rules: HPAScalingRules, over defaults: HPARules) {
        let selection: Selection? =
            switch rules.selectPolicy {
            case "Max": .max
            case "Min": .min
            case "Disabled": .disabled
            default: nil
            }
        let policies = rules.policies.map { policy in
            HPAPolicy(
                policy.type == "Percent" ? .percent : .pods, policy.value, period: .seconds(Int64(policy.periodSeconds))
            )
        }
        self = .filled(
            over: defaults, stabilizationWindow: rules.stabilizationWindowSeconds.map { .seconds(Int64($0)) },
            selection: selection,
            policies: policies.isEmpty ? nil : policies,
            tolerance: rules.tolerance.map { Double($0.milliValue) / 1_000 })
    }
}

extension HPASettings {
    init(_ settings: ClusterSettings) {
        self.init()
        tolerance = HPATolerance(
            scaleUp: settings.horizontalPodAutoscalerTolerance, scaleDown: settings.horizontalPodAutoscalerTolerance)
        downscaleStabilization = settings.horizontalPodAutoscalerDownscaleStabilization
        cpuInitializationPeriod = settings.horizontalPodAutoscalerCPUInitializationPeriod
        initialReadinessDelay = settings.horizontalPodAutoscalerInitialReadinessDelay
    }
}

extension HPAPod {
    init(_ pod: Pod, _ context: borrowing ClusterContext) {
        let phase: Phase =
            switch pod.status.phase {
            case "Pending": .pending
            case "Running": .running
            case "Succeeded": .succeeded
            case "Failed": .failed
            default: .unknown
            }
        let ready = pod.condition("Ready")
        let sidecars = pod.spec.ownInitContainers.filter { $0.restartPolicy == "Always" }
        self.init(
            name: pod.metadata.name, phase: phase, isDeleting: pod.metadata.deletionTimestamp != nil,
            readiness: ready.map { condition in
                let status: ConditionStatus =
                    condition.status == "True" ? .true : condition.status == "False" ? .false : .unknown
                return Readiness(
                    status, since: condition.lastTransitionTime.map { context.simulationTime($0) } ?? .zero)
            }, startTime: pod.status.startTime.map { context.simulationTime($0) },
            containers: (pod.spec.ownContainers + sidecars).map {
                HPAContainer(name: $0.name, requests: .init($0.resources?.requests ?? [:]))
            },
            podRequests: pod.spec.resources.map { [HPARequest]($0.requests) })
    }
}

extension [HPARequest] {
    fileprivate init(_ requests: [String: Quantity]) {
        self = requests.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.compactMap { name in
            requests[name].map { HPARequest(name, milli: $0.milliValue) }
        }
    }
}

extension HPAStatus {
    init(_ status: HorizontalPodAutoscalerStatus, _ context: borrowing ClusterContext) {
        self.init(
            currentReplicas: status.currentReplicas, desiredReplicas: status.desiredReplicas,
            conditions: status.conditions.compactMap { condition in
                HPACondition.Kind(rawValue: condition.type).map { kind in
                    HPACondition(
                        kind: kind, isTrue: condition.status == "True", reason: condition.reason,
                        message: condition.message,
                        lastTransition: condition.lastTransitionTime.map { context.simulationTime($0) } ?? .zero)
                }
            }, lastScaleTime: status.lastScaleTime.map { context.simulationTime($0) })
    }

    /// The status as the API shows it.
    func object(
        metrics: [MetricSpec], replacing old: HorizontalPodAutoscalerStatus, _ context: borrowing ClusterContext
    ) -> HorizontalPodAutoscalerStatus {
        var status = old
        status.currentReplicas = currentReplicas
        status.desiredReplicas = desiredReplicas
        status.lastScaleTime = lastScaleTime.map { context.wallTime(at: $0) }
        status.conditions = conditions.map { condition in
            var object = HorizontalPodAutoscalerCondition()
            object.type = condition.kind.rawValue
            object.status = condition.isTrue ? "True" : "False"
            object.reason = condition.reason
            object.message = condition.message
            object.lastTransitionTime = context.wallTime(at: condition.lastTransition)
            return object
        }
        status.currentMetrics = zip(metrics, currentMetrics).compactMap { spec, value in
            value.map { MetricStatus(spec, $0) }
        }
        return status
    }
}

extension MetricStatus {
    fileprivate init(_ spec: MetricSpec, _ value: HPAMetricValue) {
        self.init()
        var current = MetricValueStatus()
        current.averageUtilization = value.utilizationPercent
        current.averageValue = value.averageValueMilli.map { Quantity(milli: $0) }
        current.value = value.valueMilli.map { Quantity(milli: $0) }
        type = spec.type
        switch spec.type {
        case "Resource":
            var status = ResourceMetricStatus()
            status.name = spec.resource?.name ?? ""
            status.current = current
            resource = status
        case "ContainerResource":
            var status = ContainerResourceMetricStatus()
            status.name = spec.containerResource?.name ?? ""
            status.container = spec.containerResource?.container ?? ""
            status.current = current
            containerResource = status
        case "Pods":
            var status = PodsMetricStatus()
            status.metric = spec.pods?.metric ?? MetricIdentifier()
            status.current = current
            pods = status
        case "Object":
            var status = ObjectMetricStatus()
            status.metric = spec.object?.metric ?? MetricIdentifier()
            status.describedObject = spec.object?.describedObject ?? CrossVersionObjectReference()
            status.current = current
            object = status
        default:
            var status = ExternalMetricStatus()
            status.metric = spec.external?.metric ?? MetricIdentifier()
            status.current = current
            external = status
        }
    }
}
