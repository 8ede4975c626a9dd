import Cluster
import KubernetesAPI
import PromQL
import Simulation

/// What kube-state-metrics says: the objects of the API server as series, with the names and labels of its version 2.
extension World {
    func exposeObjects() -> ExposedMetrics {
        var metrics = ExposedMetrics()
        let store = cluster.context.store
        exposePods(store.pods.sorted.map(\.object), into: &metrics)
        exposeWorkloads(store, into: &metrics)
        exposeAutoscalers(store.horizontalPodAutoscalers.sorted.map(\.object), into: &metrics)
        exposeNodes(store.nodes.sorted.map(\.object), into: &metrics)
        return metrics
    }

    /// One metric over many objects.
    private func each<Object>(
        _ objects: [Object], _ name: String, _ type: String, _ help: String, into metrics: inout ExposedMetrics,
        _ samples: (Object) -> [(labels: [Label], value: Double)]
    ) {
        metrics.describe(name, type, help)
        for object in objects { for sample in samples(object) { metrics.add(name, sample.labels, sample.value) } }
    }

    // MARK: Pods

    private func exposePods(_ pods: [Pod], into metrics: inout ExposedMetrics) {
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

    /// Names and units as kube-state-metrics writes them.
    private static func resources(_ list: [String: Quantity]) -> [(resource: String, unit: String, value: Double)] {
        list.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.compactMap { name in
            guard let quantity = list[name] else { return nil }
            let plain = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
            switch name {
            case "cpu": return (plain, "core", Double(quantity.milliValue) / 1000)
            case "memory", "ephemeral-storage", "storage": return (plain, "byte", Double(quantity.value))
            default: return (plain, "integer", Double(quantity.value))
            }
        }
    }

    // MARK: Workloads

    private func exposeWorkloads(_ store: APIStore, into metrics: inout ExposedMetrics) {
        func series<Object: KubernetesObject>(
            _ objects: [Object], _ kind: String, _ label: String, _ name: String, _ help: String,
            _ value: (Object) -> Double?
        ) {
            each(objects, "kube_\(kind)_\(name)", "gauge", help, into: &metrics) { object in
                value(object).map {
                    [([Label("namespace", object.metadata.namespace), Label(label, object.metadata.name)], $0)]
                } ?? []
            }
        }
        let deployments = store.deployments.sorted.map(\.object)
        func deployment(_ name: String, _ help: String, _ value: (Deployment) -> Double?) {
            series(deployments, "deployment", "deployment", name, help, value)
        }
        deployment("created", "Unix creation timestamp") {
            $0.metadata.creationTimestamp.map { Double($0.epochSeconds) }
        }
        deployment("spec_replicas", "Number of desired pods for a deployment.") { Double($0.spec.replicas ?? 1) }
        deployment("spec_paused", "Whether the deployment is paused.") { $0.spec.paused == true ? 1 : 0 }
        deployment("metadata_generation", "Sequence number of the desired state.") { Double($0.metadata.generation) }
        let counts: [(name: String, help: String, count: KeyPath<DeploymentStatus, Int32>)] = [
            ("status_replicas", "The number of replicas per deployment.", \.replicas),
            ("status_replicas_ready", "The number of ready replicas per deployment.", \.readyReplicas),
            ("status_replicas_available", "The number of available replicas per deployment.", \.availableReplicas),
            ("status_replicas_unavailable", "The number of unavailable replicas.", \.unavailableReplicas),
            ("status_replicas_updated", "The number of updated replicas per deployment.", \.updatedReplicas),
        ]
        for row in counts { deployment(row.name, row.help) { Double($0.status[keyPath: row.count]) } }
        deployment("status_observed_generation", "The generation observed by the deployment controller.") {
            Double($0.status.observedGeneration)
        }
        let replicaSets = store.replicaSets.sorted.map(\.object)
        series(replicaSets, "replicaset", "replicaset", "spec_replicas", "Number of desired pods for a ReplicaSet.") {
            Double($0.spec.replicas ?? 1)
        }
        series(replicaSets, "replicaset", "replicaset", "status_replicas", "The number of replicas per ReplicaSet.") {
            Double($0.status.replicas)
        }
        series(replicaSets, "replicaset", "replicaset", "status_ready_replicas", "The number of ready replicas.") {
            Double($0.status.readyReplicas)
        }
        let jobs = store.jobs.sorted.map(\.object)
        series(jobs, "job", "job_name", "status_active", "The number of actively running pods.") {
            Double($0.status.active)
        }
        series(jobs, "job", "job_name", "status_succeeded", "The number of pods that succeeded.") {
            Double($0.status.succeeded)
        }
        series(jobs, "job", "job_name", "status_failed", "The number of pods that failed.") { Double($0.status.failed) }
        each(
            store.services.sorted.map(\.object), "kube_service_info", "gauge", "Information about service.",
            into: &metrics
        ) { service in
            [
                (
                    [
                        Label("namespace", service.metadata.namespace), Label("service", service.metadata.name),
                        Label("cluster_ip", service.spec.clusterIP),
                    ], 1
                )
            ]
        }
        each(
            store.namespaces.sorted.map(\.object), "kube_namespace_status_phase", "gauge",
            "kubernetes namespace status phase.", into: &metrics
        ) { namespace in
            ["Active", "Terminating"].map { phase in
                (
                    [Label("namespace", namespace.metadata.name), Label("phase", phase)],
                    namespace.status.phase == phase ? 1 : 0
                )
            }
        }
    }

    private func exposeAutoscalers(_ autoscalers: [HorizontalPodAutoscaler], into metrics: inout ExposedMetrics) {
        func own(_ object: HorizontalPodAutoscaler) -> [Label] {
            [
                Label("namespace", object.metadata.namespace),
                Label("horizontalpodautoscaler", object.metadata.name),
            ]
        }
        let rows: [(name: String, help: String, value: (HorizontalPodAutoscaler) -> Double)] = [
            ("spec_max_replicas", "Upper limit for the number of pods.", { Double($0.spec.maxReplicas) }),
            ("spec_min_replicas", "Lower limit for the number of pods.", { Double($0.spec.minReplicas ?? 1) }),
            ("status_current_replicas", "Current number of replicas.", { Double($0.status.currentReplicas) }),
            ("status_desired_replicas", "Desired number of replicas.", { Double($0.status.desiredReplicas) }),
        ]
        for row in rows {
            each(autoscalers, "kube_horizontalpodautoscaler_\(row.name)", "gauge", row.help, into: &metrics) {
                [(own($0), row.value($0))]
            }
        }
        each(
            autoscalers, "kube_horizontalpodautoscaler_status_condition", "gauge", "The condition of this autoscaler.",
            into: &metrics
        ) { object in
            object.status.conditions.flatMap { condition in
                ["true", "false", "unknown"].map { value in
                    (
                        own(object) + [Label("condition", condition.type), Label("status", value)],
                        condition.status.lowercased() == value ? 1 : 0
                    )
                }
            }
        }
    }

    // MARK: Nodes

    private func exposeNodes(_ nodes: [Node], into metrics: inout ExposedMetrics) {
        func own(_ node: Node) -> [Label] { [Label("node", node.metadata.name)] }
        each(nodes, "kube_node_info", "gauge", "Information about a cluster node.", into: &metrics) { node in
            let address = node.status.addresses.first { $0.type == "InternalIP" }?.address ?? ""
            return [
                (
                    own(node) + [
                        Label("internal_ip", address),
                        Label("kubelet_version", node.status.nodeInfo?.kubeletVersion ?? ""),
                    ], 1
                )
            ]
        }
        each(
            nodes, "kube_node_spec_unschedulable", "gauge", "Whether a node can schedule new pods.", into: &metrics
        ) { [(own($0), $0.spec.unschedulable == true ? 1 : 0)] }
        each(nodes, "kube_node_status_condition", "gauge", "The condition of a cluster node.", into: &metrics) { node in
            node.status.conditions.flatMap { condition in
                ["true", "false", "unknown"].map { value in
                    (
                        own(node) + [Label("condition", condition.type), Label("status", value)],
                        condition.status.lowercased() == value ? 1 : 0
                    )
                }
            }
        }
        for (name, list) in [("capacity", \NodeStatus.capacity), ("allocatable", \.allocatable)] {
            each(nodes, "kube_node_status_\(name)", "gauge", "The \(name) of a node's resources.", into: &metrics) {
                node in
                Self.resources(node.status[keyPath: list]).map { resource, unit, value in
                    (own(node) + [Label("resource", resource), Label("unit", unit)], value)
                }
            }
        }
    }
}
