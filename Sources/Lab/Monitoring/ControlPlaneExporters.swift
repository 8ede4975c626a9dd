import Cluster
import KubernetesAPI
import PromQL
import Simulation
import Workloads

/// What the API server and the message broker say: targets that a configuration names, as none of the usual jobs does.
extension World {
    /// The API server's count of what it stores; answers at `kubernetes.default.svc:443`.
    func exposeAPIServer() -> ExposedMetrics {
        var metrics = ExposedMetrics()
        let store = cluster.context.store
        metrics.describe(
            "apiserver_storage_objects", "gauge",
            "Number of stored objects at the time of last check split by kind. In case of a fetching error, the value "
                + "will be -1.")
        let kinds: [(resource: String, count: Int)] = [
            ("clusterrolebindings.rbac.authorization.k8s.io", store.clusterRoleBindings.ids.count),
            ("clusterroles.rbac.authorization.k8s.io", store.clusterRoles.ids.count),
            ("configmaps", store.configMaps.ids.count),
            ("controllerrevisions.apps", store.controllerRevisions.ids.count),
            ("cronjobs.batch", store.cronJobs.ids.count), ("daemonsets.apps", store.daemonSets.ids.count),
            ("deployments.apps", store.deployments.ids.count),
            ("endpointslices.discovery.k8s.io", store.endpointSlices.ids.count),
            ("horizontalpodautoscalers.autoscaling", store.horizontalPodAutoscalers.ids.count),
            ("ingresses.networking.k8s.io", store.ingresses.ids.count), ("jobs.batch", store.jobs.ids.count),
            ("leases.coordination.k8s.io", store.leases.ids.count), ("limitranges", store.limitRanges.ids.count),
            ("namespaces", store.namespaces.ids.count), ("nodes", store.nodes.ids.count),
            ("persistentvolumeclaims", store.persistentVolumeClaims.ids.count),
            ("poddisruptionbudgets.policy", store.podDisruptionBudgets.ids.count), ("pods", store.pods.ids.count),
            ("priorityclasses.scheduling.k8s.io", store.priorityClasses.ids.count),
            ("replicasets.apps", store.replicaSets.ids.count), ("resourcequotas", store.resourceQuotas.ids.count),
            ("rolebindings.rbac.authorization.k8s.io", store.roleBindings.ids.count),
            ("roles.rbac.authorization.k8s.io", store.roles.ids.count), ("secrets", store.secrets.ids.count),
            ("serviceaccounts", store.serviceAccounts.ids.count), ("services", store.services.ids.count),
            ("statefulsets.apps", store.statefulSets.ids.count),
        ]
        for (resource, count) in kinds {
            metrics.add("apiserver_storage_objects", ["resource": resource], Double(count))
        }
        return metrics
    }

    /// The queues of the scenario's topics under the names of RabbitMQ's plug-in; answers at `rabbitmq:15692`.
    ///
    /// A message that waits for its next delivery counts as ready: it is at nobody.
    func exposeTopics() -> ExposedMetrics {
        var metrics = ExposedMetrics()
        let topics = workloads.topicLevels
        let rows: [(name: String, type: String, help: String, value: (Workloads.TopicLevel) -> Double)] = [
            (
                "rabbitmq_queue_messages_ready", "gauge", "Messages ready to be delivered to consumers",
                { Double($0.ready + $0.delayed) }
            ),
            (
                "rabbitmq_queue_messages_unacked", "gauge", "Messages delivered to consumers but not yet acknowledged",
                { Double($0.working) }
            ),
            (
                "rabbitmq_queue_messages", "gauge", "Sum of ready and unacknowledged messages - total queue depth",
                { Double($0.ready + $0.delayed + $0.working) }
            ),
            (
                "rabbitmq_queue_messages_published_total", "counter", "Total number of messages published to queues",
                { Double($0.level.total.arrived) }
            ),
        ]
        for row in rows {
            metrics.describe(row.name, row.type, row.help)
            for topic in topics {
                metrics.add(row.name, ["vhost": "/", "queue": topic.level.name], row.value(topic))
            }
        }
        return metrics
    }
}
