import KubernetesAPI

extension TableDefinition {
    static var workloadTables: [TableDefinition] {
        [deployments, scales, replicaSets, statefulSets, daemonSets, controllerRevisions, autoscalers, autoscalersV1]
    }

    private static let deployments = TableDefinition(
        Deployment.self,
        [
            .name,
            .init("Ready") { deployment, _ in "\(deployment.status.readyReplicas)/\(deployment.spec.replicas ?? 1)" },
            .init("Up-to-date") { deployment, _ in "\(deployment.status.updatedReplicas)" },
            .init("Available") { deployment, _ in "\(deployment.status.availableReplicas)" },
            .age,
            .init("Containers", priority: 1) { deployment, _ in deployment.spec.template.spec.containerNames },
            .init("Images", priority: 1) { deployment, _ in deployment.spec.template.spec.containerImages },
            .init("Selector", priority: 1) { deployment, _ in LabelQuery(deployment.spec.selector).description },
        ])

    /// The subresource that `scale` writes.
    private static let scales = TableDefinition(
        Scale.self,
        [
            .name, .init(integer: "Desired") { Int64($0.spec.replicas ?? 0) },
            .init(integer: "Available") { Int64($0.status.replicas) }, .age,
        ])

    private static let replicaSets = TableDefinition(
        ReplicaSet.self,
        [
            .name,
            .init(integer: "Desired") { Int64($0.spec.replicas ?? 1) },
            .init(integer: "Current") { Int64($0.status.replicas) },
            .init(integer: "Ready") { Int64($0.status.readyReplicas) },
            .age,
            .init("Containers", priority: 1) { set, _ in set.spec.template?.spec.containerNames ?? "" },
            .init("Images", priority: 1) { set, _ in set.spec.template?.spec.containerImages ?? "" },
            .init("Selector", priority: 1) { set, _ in LabelQuery(set.spec.selector).description },
        ])

    private static let statefulSets = TableDefinition(
        StatefulSet.self,
        [
            .name,
            .init("Ready") { set, _ in "\(set.status.readyReplicas)/\(set.spec.replicas ?? 1)" },
            .age,
            .init("Containers", priority: 1) { set, _ in set.spec.template.spec.containerNames },
            .init("Images", priority: 1) { set, _ in set.spec.template.spec.containerImages },
        ])

    private static let daemonSets = TableDefinition(
        DaemonSet.self,
        [
            .name,
            .init(integer: "Desired") { Int64($0.status.desiredNumberScheduled) },
            .init(integer: "Current") { Int64($0.status.currentNumberScheduled) },
            .init(integer: "Ready") { Int64($0.status.numberReady) },
            .init(integer: "Up-to-date") { Int64($0.status.updatedNumberScheduled) },
            .init(integer: "Available") { Int64($0.status.numberAvailable) },
            .init("Node Selector") { set, _ in set.spec.template.spec.nodeSelector.labelText },
            .age,
            .init("Containers", priority: 1) { set, _ in set.spec.template.spec.containerNames },
            .init("Images", priority: 1) { set, _ in set.spec.template.spec.containerImages },
            .init("Selector", priority: 1) { set, _ in LabelQuery(set.spec.selector).description },
        ])

    private static let controllerRevisions = TableDefinition(
        ControllerRevision.self,
        [
            .name,
            .init("Controller") { revision, _ in
                guard let owner = revision.metadata.ownerReferences.first(where: { $0.controller == true }) else {
                    return "<none>"
                }
                let group = owner.apiVersion.split(separator: "/").dropLast().joined()
                return owner.kind.lowercased() + (group.isEmpty ? "" : "." + group) + "/" + owner.name
            },
            .init("Revision") { revision, _ in "\(revision.revision)" },
            .age,
        ])

    private static let autoscalers = TableDefinition(
        HorizontalPodAutoscaler.self,
        [
            .name,
            .init("Reference") { autoscaler, _ in
                "\(autoscaler.spec.scaleTargetRef.kind)/\(autoscaler.spec.scaleTargetRef.name)"
            },
            .init("Targets") { autoscaler, _ in autoscaler.targetText },
            .init("MinPods") { autoscaler, _ in autoscaler.spec.minReplicas.map { "\($0)" } ?? "<unset>" },
            .init("MaxPods") { autoscaler, _ in "\(autoscaler.spec.maxReplicas)" },
            .init("Replicas") { autoscaler, _ in "\(autoscaler.status.currentReplicas)" },
            .age,
        ])

    private static let autoscalersV1 = TableDefinition(
        HorizontalPodAutoscalerV1.self,
        [
            .name,
            .init("Reference") { autoscaler, _ in
                "\(autoscaler.spec.scaleTargetRef?.kind ?? "")/\(autoscaler.spec.scaleTargetRef?.name ?? "")"
            },
            .init("Targets") { autoscaler, _ in
                guard let target = autoscaler.spec.targetCPUUtilizationPercentage else { return "<none>" }
                let current = autoscaler.status.currentCPUUtilizationPercentage.map { "\($0)%" } ?? "<unknown>"
                return "cpu: \(current)/\(target)%"
            },
            .init("MinPods") { autoscaler, _ in autoscaler.spec.minReplicas.map { "\($0)" } ?? "<unset>" },
            .init("MaxPods") { autoscaler, _ in "\(autoscaler.spec.maxReplicas ?? 0)" },
            .init("Replicas") { autoscaler, _ in "\(autoscaler.status.currentReplicas)" },
            .age,
        ])
}

extension PodSpec {
    var containerNames: String { containers.map(\.name).joined(separator: ",") }
    var containerImages: String { containers.map(\.image).joined(separator: ",") }
}

extension HorizontalPodAutoscaler {
    /// `cpu: 40%/60%, requests: 12/10 (avg) + 1 more...`; the first two metrics (`formatHPAMetrics`).
    var targetText: String {
        guard !spec.metrics.isEmpty else { return "<none>" }
        let texts = spec.metrics.enumerated().map { index, metric in
            metric.targetText(index < status.currentMetrics.count ? status.currentMetrics[index] : nil)
        }
        let shown = texts.prefix(2).joined(separator: ", ")
        return texts.count > 2 ? "\(shown) + \(texts.count - 2) more..." : shown
    }
}

extension MetricSpec {
    fileprivate func targetText(_ status: MetricStatus?) -> String {
        func average(_ current: Quantity?, _ target: Quantity?) -> String {
            "\(current?.description ?? "<unknown>")/\(target?.description ?? "") (avg)"
        }
        switch type {
        case "External":
            let current = status?.external?.current
            if let target = external?.target.averageValue { return average(current?.averageValue, target) }
            return "\(current?.value?.description ?? "<unknown>")/\(external?.target.value?.description ?? "")"
        case "Pods":
            return
                "\(status?.pods?.current.averageValue?.description ?? "<unknown>")/\(pods?.target.averageValue?.description ?? "")"
        case "Object":
            let current = status?.object?.current
            if let target = object?.target.averageValue { return average(current?.averageValue, target) }
            return "\(current?.value?.description ?? "<unknown>")/\(object?.target.value?.description ?? "")"
        case "Resource":
            return Self.resource(resource?.name ?? "", resource?.target, status?.resource?.current)
        case "ContainerResource":
            return Self.resource(
                containerResource?.name ?? "", containerResource?.target, status?.containerResource?.current)
        default: return "<unknown type>"
        }
    }

    private static func resource(_ name: String, _ target: MetricTarget?, _ current: MetricValueStatus?) -> String {
        if let value = target?.averageValue {
            return "\(name): \(current?.averageValue?.description ?? "<unknown>")/\(value)"
        }
        let utilization = current?.averageUtilization.map { "\($0)%" } ?? "<unknown>"
        return "\(name): \(utilization)/\(target?.averageUtilization.map { "\($0)%" } ?? "<auto>")"
    }
}
