import KubernetesAPI

enum HorizontalPodAutoscalerDescriber: Describer {
    static func describe(
        _ autoscaler: HorizontalPodAutoscaler, _ writer: inout DescriptionWriter,
        on endpoint: inout some SimulatedEndpoint
    ) {
        let (spec, status) = (autoscaler.spec, autoscaler.status)
        writer.header(autoscaler.metadata)
        writer.field("CreationTimestamp", autoscaler.metadata.creationTimestamp.longText)
        writer.field("Reference", "\(spec.scaleTargetRef.kind)/\(spec.scaleTargetRef.name)")
        writer.field("Metrics", "( current / target )")
        for (index, metric) in spec.metrics.enumerated() {
            writer.line(1, text(metric, index < status.currentMetrics.count ? status.currentMetrics[index] : nil))
        }
        writer.field("Min replicas", spec.minReplicas.map { "\($0)" } ?? "<unset>")
        writer.field("Max replicas", "\(spec.maxReplicas)")
        if let behavior = spec.behavior {
            writer.line(0, "Behavior:")
            if let rules = behavior.scaleUp { direction("Scale Up", rules, &writer) }
            if let rules = behavior.scaleDown { direction("Scale Down", rules, &writer) }
        }
        writer.field(
            "\(spec.scaleTargetRef.kind) pods", "\(status.currentReplicas) current / \(status.desiredReplicas) desired")
        if !status.conditions.isEmpty {
            writer.line(0, "Conditions:")
            writer.line(1, "Type\tStatus\tReason\tMessage")
            writer.line(1, "----\t------\t------\t-------")
            for condition in status.conditions {
                writer.line(1, "\(condition.type)\t\(condition.status)\t\(condition.reason)\t\(condition.message)")
            }
        }
        writer.events(endpoint.events(about: autoscaler))
    }

    private static func text(_ metric: MetricSpec, _ status: MetricStatus?) -> String {
        func pair(_ current: Quantity?, _ target: Quantity?) -> String {
            "\(current?.description ?? "<unknown>") / \(target?.description ?? "<auto>")"
        }
        switch metric.type {
        case "External":
            let name = metric.external?.metric.name ?? ""
            if let target = metric.external?.target.averageValue {
                return "\"\(name)\" (target average value):\t\(pair(status?.external?.current.averageValue, target))"
            }
            return
                "\"\(name)\" (target value):\t\(pair(status?.external?.current.value, metric.external?.target.value))"
        case "Pods":
            return
                "\"\(metric.pods?.metric.name ?? "")\" on pods:\t\(pair(status?.pods?.current.averageValue, metric.pods?.target.averageValue))"
        case "Object":
            let object = metric.object?.describedObject
            let head = "\"\(metric.object?.metric.name ?? "")\" on \(object?.kind ?? "")/\(object?.name ?? "") "
            if metric.object?.target.type == "AverageValue" {
                return head + "(target average value):\t"
                    + pair(status?.object?.current.averageValue, metric.object?.target.averageValue)
            }
            return head + "(target value):\t" + pair(status?.object?.current.value, metric.object?.target.value)
        case "Resource":
            return "resource \(metric.resource?.name ?? "") on pods"
                + resource(metric.resource?.target, status?.resource?.current)
        case "ContainerResource":
            let source = metric.containerResource
            return "resource \(source?.name ?? "") of container \"\(source?.container ?? "")\" on pods"
                + resource(source?.target, status?.containerResource?.current)
        default: return "<unknown metric type \"\(metric.type)\">"
        }
    }

    private static func resource(_ target: MetricTarget?, _ current: MetricValueStatus?) -> String {
        if let value = target?.averageValue {
            return ":\t\(current?.averageValue?.description ?? "<unknown>") / \(value)"
        }
        let now: String
        if let utilization = current?.averageUtilization {
            now = "\(utilization)% (\(current?.averageValue?.description ?? "0"))"
        } else {
            now = "<unknown>"
        }
        return "  (as a percentage of request):\t\(now) / \(target?.averageUtilization.map { "\($0)%" } ?? "<auto>")"
    }

    private static func direction(_ title: String, _ rules: HPAScalingRules, _ writer: inout DescriptionWriter) {
        writer.line(1, title + ":")
        if let seconds = rules.stabilizationWindowSeconds { writer.line(2, "Stabilization Window: \(seconds) seconds") }
        if let tolerance = rules.tolerance { writer.line(2, "Tolerance: \(tolerance)") }
        guard !rules.policies.isEmpty else { return }
        writer.line(2, "Select Policy: \(rules.selectPolicy ?? "Max")")
        writer.line(2, "Policies:")
        for policy in rules.policies {
            writer.line(3, "- Type: \(policy.type)\tValue: \(policy.value)\tPeriod: \(policy.periodSeconds) seconds")
        }
    }
}
