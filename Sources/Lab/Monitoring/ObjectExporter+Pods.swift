import KubernetesAPI
import PromQL

/// kube-state-metrics' series of pods and their containers.
extension World {
    func exposePods(_ pods: [Pod], into metrics: inout ExposedMetrics) {
        func own(_ pod: Pod) -> [Label] {
            [
                Label("namespace", pod.metadata.namespace), Label("pod", pod.metadata.name),
                Label("uid", pod.metadata.uid),
            ]
        }
        each(pods, "kube_pod_info", "gauge", "Information about pod.", into: &metrics) { pod in
            let owner = pod.metadata.ownerReferences.first
            return [
                (
                    own(pod) + [
                        Label("node", pod.spec.nodeName), Label("pod_ip", pod.status.podIP),
                        Label("host_ip", pod.status.hostIP), Label("created_by_kind", owner?.kind ?? ""),
                        Label("created_by_name", owner?.name ?? ""),
                        Label("priority_class", pod.spec.priorityClassName),
                        Label("host_network", "\(pod.spec.hostNetwork ?? false)"),
                    ], 1
                )
            ]
        }
        each(pods, "kube_pod_created", "gauge", "Unix creation timestamp", into: &metrics) { pod in
            pod.metadata.creationTimestamp.map { [(own(pod), Double($0.epochSeconds))] } ?? []
        }
        each(pods, "kube_pod_owner", "gauge", "Information about the Pod's owner.", into: &metrics) { pod in
            pod.metadata.ownerReferences.map { owner in
                (
                    own(pod) + [
                        Label("owner_kind", owner.kind), Label("owner_name", owner.name),
                        Label("owner_is_controller", "\(owner.controller ?? false)"),
                    ], 1
                )
            }
        }
        each(pods, "kube_pod_status_phase", "gauge", "The pods current phase.", into: &metrics) { pod in
            ["Pending", "Succeeded", "Failed", "Unknown", "Running"].map { phase in
                (own(pod) + [Label("phase", phase)], pod.status.phase == phase ? 1 : 0)
            }
        }
        for (type, name) in [("Ready", "kube_pod_status_ready"), ("PodScheduled", "kube_pod_status_scheduled")] {
            each(pods, name, "gauge", "Describes whether the pod has the condition \(type).", into: &metrics) { pod in
                guard let condition = pod.status.conditions.first(where: { $0.type == type }) else { return [] }
                return ["true", "false", "unknown"].map { value in
                    (own(pod) + [Label("condition", value)], condition.status.lowercased() == value ? 1 : 0)
                }
            }
        }
        exposeContainers(pods, own, into: &metrics)
    }

    private func exposeContainers(_ pods: [Pod], _ own: (Pod) -> [Label], into metrics: inout ExposedMetrics) {
        func container(
            _ name: String, _ type: String, _ help: String,
            _ value: (ContainerStatus) -> [(extra: [Label], value: Double)]
        ) {
            each(pods, name, type, help, into: &metrics) { pod in
                pod.status.containerStatuses.flatMap { status in
                    value(status).map { (own(pod) + [Label("container", status.name)] + $0.extra, $0.value) }
                }
            }
        }
        container(
            "kube_pod_container_status_restarts_total", "counter", "The number of container restarts per container."
        ) { [([], Double($0.restartCount))] }
        container(
            "kube_pod_container_status_ready", "gauge", "Describes whether the containers readiness check succeeded."
        ) { [([], $0.ready ? 1 : 0)] }
        container(
            "kube_pod_container_status_running", "gauge",
            "Describes whether the container is currently in running state."
        ) { [([], $0.state?.running == nil ? 0 : 1)] }
        container(
            "kube_pod_container_status_waiting", "gauge",
            "Describes whether the container is currently in waiting state."
        ) { [([], $0.state?.waiting == nil ? 0 : 1)] }
        container(
            "kube_pod_container_status_waiting_reason", "gauge",
            "Describes the reason the container is currently in waiting state."
        ) { status in status.state?.waiting.map { [([Label("reason", $0.reason)], 1)] } ?? [] }
        container(
            "kube_pod_container_status_terminated_reason", "gauge",
            "Describes the reason the container is currently in terminated state."
        ) { status in status.state?.terminated.map { [([Label("reason", $0.reason)], 1)] } ?? [] }
        container(
            "kube_pod_container_status_last_terminated_reason", "gauge",
            "Describes the last reason the container was in terminated state."
        ) { status in status.lastState?.terminated.map { [([Label("reason", $0.reason)], 1)] } ?? [] }
        for (name, list) in [("requests", \ResourceRequirements.requests), ("limits", \.limits)] {
            each(
                pods, "kube_pod_container_resource_\(name)", "gauge",
                "The number of \(name == "requests" ? "requested request" : "requested limit") resource by a container.",
                into: &metrics
            ) { pod in
                pod.spec.ownContainers.flatMap { container in
                    Self.resources(container.resources?[keyPath: list] ?? [:]).map { resource, unit, value in
                        (
                            own(pod) + [
                                Label("container", container.name), Label("node", pod.spec.nodeName),
                                Label("resource", resource), Label("unit", unit),
                            ], value
                        )
                    }
                }
            }
        }
    }
}
