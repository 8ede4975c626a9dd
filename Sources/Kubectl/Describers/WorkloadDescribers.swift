import KubernetesAPI

enum ReplicaSetDescriber: Describer {
    static func describe(
        _ set: ReplicaSet, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        writer.header(set.metadata, labels: false)
        writer.field("Selector", LabelQuery(set.spec.selector).description)
        writer.labels("Labels", set.metadata.labels)
        writer.annotations("Annotations", set.metadata.annotations)
        writer.controlledBy(set.metadata)
        writer.field("Replicas", "\(set.status.replicas) current / \(set.spec.replicas ?? 1) desired")
        writer.field("Pods Status", endpoint.podStatuses(ownedBy: set.metadata, selector: set.spec.selector))
        writer.podTemplate(set.spec.template)
        writer.conditions(set.status.conditions.map { ($0.type, $0.status, $0.reason) })
        writer.events(endpoint.events(about: set))
    }
}

enum StatefulSetDescriber: Describer {
    static func describe(
        _ set: StatefulSet, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint
    ) {
        writer.header(set.metadata, labels: false)
        writer.field("CreationTimestamp", set.metadata.creationTimestamp.longText)
        writer.field("Selector", LabelQuery(set.spec.selector).description)
        writer.labels("Labels", set.metadata.labels)
        writer.annotations("Annotations", set.metadata.annotations)
        writer.field("Replicas", "\(set.spec.replicas ?? 1) desired | \(set.status.replicas) total")
        writer.field("Update Strategy", set.spec.updateStrategy?.type ?? "")
        if let rolling = set.spec.updateStrategy?.rollingUpdate {
            if let partition = rolling.partition { writer.field("Partition", "\(partition)", level: 1) }
            if let most = rolling.maxUnavailable { writer.field("MaxUnavailable", most.text, level: 1) }
        }
        writer.field("Pods Status", endpoint.podStatuses(ownedBy: set.metadata, selector: set.spec.selector))
        writer.podTemplate(set.spec.template)
        if set.spec.volumeClaimTemplates.isEmpty {
            writer.field("Volume Claims", "<none>")
        } else {
            writer.line(0, "Volume Claims:")
            for claim in set.spec.volumeClaimTemplates {
                writer.field("Name", claim.metadata.name, level: 1)
                writer.field("StorageClass", claim.spec.storageClassName ?? "", level: 1)
                writer.labels("  Labels", claim.metadata.labels)
                writer.annotations("  Annotations", claim.metadata.annotations)
                writer.field(
                    "Capacity", claim.spec.resources?.requests["storage"]?.description ?? "<default>", level: 1)
                writer.field("Access Modes", "[\(claim.spec.accessModes.joined(separator: " "))]", level: 1)
            }
        }
        writer.events(endpoint.events(about: set))
    }
}

enum DaemonSetDescriber: Describer {
    static func describe(_ set: DaemonSet, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint)
    {
        writer.header(set.metadata, labels: false)
        writer.field("Selector", LabelQuery(set.spec.selector).description)
        writer.field("Node-Selector", set.spec.template.spec.nodeSelector.labelText)
        writer.labels("Labels", set.metadata.labels)
        writer.annotations("Annotations", set.metadata.annotations)
        writer.line(0, "Desired Number of Nodes Scheduled: \(set.status.desiredNumberScheduled)")
        writer.line(0, "Current Number of Nodes Scheduled: \(set.status.currentNumberScheduled)")
        writer.line(0, "Number of Nodes Scheduled with Up-to-date Pods: \(set.status.updatedNumberScheduled)")
        writer.line(0, "Number of Nodes Scheduled with Available Pods: \(set.status.numberAvailable)")
        writer.line(0, "Number of Nodes Misscheduled: \(set.status.numberMisscheduled)")
        writer.field("Pods Status", endpoint.podStatuses(ownedBy: set.metadata, selector: set.spec.selector))
        writer.podTemplate(set.spec.template)
        writer.events(endpoint.events(about: set))
    }
}
