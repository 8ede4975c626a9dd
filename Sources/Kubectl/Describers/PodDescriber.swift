import KubernetesAPI

enum PodDescriber: Describer {
    static func describe(_ pod: Pod, _ writer: inout DescriptionWriter, on endpoint: inout some SimulatedEndpoint) {
        writer.header(pod.metadata, labels: false)
        if let priority = pod.spec.priority { writer.field("Priority", "\(priority)") }
        if !pod.spec.priorityClassName.isEmpty { writer.field("Priority Class Name", pod.spec.priorityClassName) }
        if let name = pod.spec.runtimeClassName { writer.field("Runtime Class Name", name) }
        if !pod.spec.serviceAccountName.isEmpty { writer.field("Service Account", pod.spec.serviceAccountName) }
        writer.field("Node", pod.spec.nodeName.isEmpty ? "<none>" : "\(pod.spec.nodeName)/\(pod.status.hostIP)")
        if let start = pod.status.startTime { writer.field("Start Time", start.longText) }
        writer.labels("Labels", pod.metadata.labels)
        writer.annotations("Annotations", pod.metadata.annotations)
        status(of: pod, &writer)
        writer.field("IP", pod.status.podIP)
        if pod.status.podIPs.isEmpty {
            writer.field("IPs", "<none>")
        } else {
            writer.line(0, "IPs:")
            for address in pod.status.podIPs { writer.field("IP", address.ip, level: 1) }
        }
        writer.controlledBy(pod.metadata)
        if !pod.status.nominatedNodeName.isEmpty { writer.field("NominatedNodeName", pod.status.nominatedNodeName) }
        if let resources = pod.spec.resources {
            writer.line(0, "Resources:")
            writer.resources(resources, level: 1)
        }
        if !pod.spec.initContainers.isEmpty {
            writer.containers(
                "Init Containers", pod.spec.initContainers, pod.status.initContainerStatuses, isTemplate: false,
                pod: pod)
        }
        writer.containers("Containers", pod.spec.containers, pod.status.containerStatuses, isTemplate: false, pod: pod)
        if !pod.spec.ephemeralContainers.isEmpty {
            writer.containers(
                "Ephemeral Containers", pod.spec.ephemeralContainers.map(\.ephemeralContainerCommon.container),
                pod.status.ephemeralContainerStatuses, isTemplate: false, pod: pod)
        }
        if !pod.spec.readinessGates.isEmpty {
            writer.line(0, "Readiness Gates:")
            writer.line(1, "Type\tStatus")
            for gate in pod.spec.readinessGates {
                let status = pod.status.conditions.first { $0.type == gate.conditionType }?.status ?? "<none>"
                writer.line(1, "\(gate.conditionType) \t\(status) ")
            }
        }
        if !pod.status.conditions.isEmpty {
            writer.line(0, "Conditions:")
            writer.line(1, "Type\tStatus")
            for condition in pod.status.conditions { writer.line(1, "\(condition.type) \t\(condition.status) ") }
        }
        writer.volumes(pod.spec.volumes, isTemplate: false)
        writer.field("QoS Class", pod.status.qosClass)
        writer.labels("Node-Selectors", pod.spec.nodeSelector)
        writer.multiline("Tolerations", pod.spec.tolerationTexts)
        writer.topologySpread(pod.spec.topologySpreadConstraints, isTemplate: false)
        writer.events(endpoint.events(about: pod))
    }

    private static func status(of pod: Pod, _ writer: inout DescriptionWriter) {
        if let deletion = pod.metadata.deletionTimestamp, pod.status.phase != "Failed", pod.status.phase != "Succeeded"
        {
            writer.field("Status", "Terminating (lasts \(writer.since(deletion)))")
            writer.field("Termination Grace Period", "\(pod.metadata.deletionGracePeriodSeconds ?? 0)s")
        } else {
            writer.field("Status", pod.status.phase)
        }
        if !pod.status.reason.isEmpty { writer.field("Reason", pod.status.reason) }
        if !pod.status.message.isEmpty { writer.field("Message", pod.status.message) }
        if let profile = pod.spec.securityContext?.seccompProfile { writer.field("SeccompProfile", profile.type) }
    }
}
