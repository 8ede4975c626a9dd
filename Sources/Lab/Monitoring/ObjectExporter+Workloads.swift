import Cluster
import KubernetesAPI
import PromQL

/// kube-state-metrics' series of Deployments, ReplicaSets, Jobs, Services, namespaces and HPAs.
extension World {
    func exposeWorkloads(_ store: APIStore, into metrics: inout ExposedMetrics) {
        func series<Object: KubernetesObject>(
            _ objects: [Object], _ kind: String, _ label: String, _ name: String, _ help: String,
            _ value: (Object) -> Double?
        ) { gauge(objects, kind, label, name, help, into: &metrics, value) }
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

    func exposeAutoscalers(_ autoscalers: [HorizontalPodAutoscaler], into metrics: inout ExposedMetrics) {
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
}
