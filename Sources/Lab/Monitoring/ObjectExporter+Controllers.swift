import Cluster
import KubernetesAPI
import PromQL

/// kube-state-metrics' series of StatefulSets, DaemonSets, CronJobs and PodDisruptionBudgets.
extension World {
    func exposeControllers(_ store: APIStore, into metrics: inout ExposedMetrics) {
        exposeStatefulSets(store.statefulSets.sorted.map(\.object), into: &metrics)
        exposeDaemonSets(store.daemonSets.sorted.map(\.object), into: &metrics)
        exposeCronJobs(store.cronJobs.sorted.map(\.object), into: &metrics)
        exposeDisruptionBudgets(store.podDisruptionBudgets.sorted.map(\.object), into: &metrics)
    }

    /// A row of a table of gauges: the metric's last words, its help, its value.
    private typealias Row<Object> = (name: String, help: String, value: (Object) -> Double?)

    private func expose<Object: KubernetesObject>(
        _ objects: [Object], _ kind: String, label: String? = nil, into metrics: inout ExposedMetrics,
        _ rows: [Row<Object>]
    ) {
        for row in rows { gauge(objects, kind, label ?? kind, row.name, row.help, into: &metrics, row.value) }
    }

    private static func created(_ object: some KubernetesObject) -> Double? {
        object.metadata.creationTimestamp.map { Double($0.epochSeconds) }
    }

    private func exposeStatefulSets(_ sets: [StatefulSet], into metrics: inout ExposedMetrics) {
        expose(
            sets, "statefulset", into: &metrics,
            [
                ("created", "Unix creation timestamp", Self.created),
                ("status_replicas", "The number of replicas per StatefulSet.", { Double($0.status.replicas) }),
                (
                    "status_replicas_available", "The number of available replicas per StatefulSet.",
                    { Double($0.status.availableReplicas) }
                ),
                (
                    "status_replicas_current", "The number of current replicas per StatefulSet.",
                    { Double($0.status.currentReplicas) }
                ),
                (
                    "status_replicas_ready", "The number of ready replicas per StatefulSet.",
                    { Double($0.status.readyReplicas) }
                ),
                (
                    "status_replicas_updated", "The number of updated replicas per StatefulSet.",
                    { Double($0.status.updatedReplicas) }
                ),
                (
                    "status_observed_generation", "The generation observed by the StatefulSet controller.",
                    { Double($0.status.observedGeneration) }
                ),
                ("replicas", "Number of desired pods for a StatefulSet.", { Double($0.spec.replicas ?? 1) }),
                (
                    "metadata_generation",
                    "Sequence number representing a specific generation of the desired state for the StatefulSet.",
                    { Double($0.metadata.generation) }
                ),
            ])
        let revisions: [(name: String, revision: KeyPath<StatefulSetStatus, String>)] = [
            ("current", \.currentRevision), ("update", \.updateRevision),
        ]
        for (name, revision) in revisions {
            each(
                sets, "kube_statefulset_status_\(name)_revision", "gauge",
                "Indicates the version of the StatefulSet used to generate Pods in the sequence.", into: &metrics
            ) { set in
                [
                    (
                        [
                            Label("namespace", set.metadata.namespace), Label("statefulset", set.metadata.name),
                            Label("revision", set.status[keyPath: revision]),
                        ], 1
                    )
                ]
            }
        }
    }

    private func exposeDaemonSets(_ sets: [DaemonSet], into metrics: inout ExposedMetrics) {
        expose(
            sets, "daemonset", into: &metrics,
            [
                ("created", "Unix creation timestamp", Self.created),
                (
                    "status_current_number_scheduled",
                    "The number of nodes running at least one daemon pod and are supposed to.",
                    { Double($0.status.currentNumberScheduled) }
                ),
                (
                    "status_desired_number_scheduled", "The number of nodes that should be running the daemon pod.",
                    { Double($0.status.desiredNumberScheduled) }
                ),
                (
                    "status_number_available",
                    "The number of nodes that should be running the daemon pod and have one or more of the daemon pod "
                        + "running and available",
                    { Double($0.status.numberAvailable) }
                ),
                (
                    "status_number_misscheduled",
                    "The number of nodes running a daemon pod but are not supposed to.",
                    { Double($0.status.numberMisscheduled) }
                ),
                (
                    "status_number_ready",
                    "The number of nodes that should be running the daemon pod and have one or more of the daemon pod "
                        + "running and ready.",
                    { Double($0.status.numberReady) }
                ),
                (
                    "status_number_unavailable",
                    "The number of nodes that should be running the daemon pod and have none of the daemon pod running "
                        + "and available",
                    { Double($0.status.numberUnavailable) }
                ),
                (
                    "status_updated_number_scheduled", "The total number of nodes that are running updated daemon pod",
                    { Double($0.status.updatedNumberScheduled) }
                ),
                (
                    "status_observed_generation", "The most recent generation observed by the daemon set controller.",
                    { Double($0.status.observedGeneration) }
                ),
                (
                    "metadata_generation",
                    "Sequence number representing a specific generation of the desired state.",
                    { Double($0.metadata.generation) }
                ),
            ])
    }

    private func exposeCronJobs(_ jobs: [CronJob], into metrics: inout ExposedMetrics) {
        each(jobs, "kube_cronjob_info", "gauge", "Info about cronjob.", into: &metrics) { job in
            [
                (
                    [
                        Label("namespace", job.metadata.namespace), Label("cronjob", job.metadata.name),
                        Label("schedule", job.spec.schedule),
                        Label("concurrency_policy", job.spec.concurrencyPolicy),
                        Label("timezone", job.spec.timeZone ?? "local"),
                    ], 1
                )
            ]
        }
        expose(
            jobs, "cronjob", into: &metrics,
            [
                ("created", "Unix creation timestamp", Self.created),
                (
                    "status_active", "Active holds pointers to currently running jobs.",
                    { Double($0.status.active.count) }
                ),
                (
                    "status_last_schedule_time",
                    "LastScheduleTime keeps information of when was the last time the job was successfully scheduled.",
                    { $0.status.lastScheduleTime.map { Double($0.epochSeconds) } }
                ),
                (
                    "status_last_successful_time",
                    "LastSuccessfulTime keeps information of when was the last time the job was completed successfully.",
                    { $0.status.lastSuccessfulTime.map { Double($0.epochSeconds) } }
                ),
                (
                    "spec_suspend", "Suspend flag tells the controller to suspend subsequent executions.",
                    { $0.spec.suspend == true ? 1 : 0 }
                ),
                (
                    "spec_starting_deadline_seconds",
                    "Deadline in seconds for starting the job if it misses scheduled time for any reason.",
                    { $0.spec.startingDeadlineSeconds.map { Double($0) } }
                ),
                (
                    "spec_successful_job_history_limit",
                    "Successful job history limit tells the controller how many completed jobs should be preserved.",
                    { Double($0.spec.successfulJobsHistoryLimit ?? 3) }
                ),
                (
                    "spec_failed_job_history_limit",
                    "Failed job history limit tells the controller how many failed jobs should be preserved.",
                    { Double($0.spec.failedJobsHistoryLimit ?? 1) }
                ),
            ])
    }

    private func exposeDisruptionBudgets(_ budgets: [PodDisruptionBudget], into metrics: inout ExposedMetrics) {
        expose(
            budgets, "poddisruptionbudget", into: &metrics,
            [
                ("created", "Unix creation timestamp", Self.created),
                (
                    "status_current_healthy", "Current number of healthy pods.",
                    { Double($0.status.currentHealthy) }
                ),
                (
                    "status_desired_healthy", "Minimum desired number of healthy pods",
                    { Double($0.status.desiredHealthy) }
                ),
                (
                    "status_pod_disruptions_allowed", "Number of pod disruptions that are currently allowed.",
                    { Double($0.status.disruptionsAllowed) }
                ),
                (
                    "status_expected_pods", "Total number of pods counted by this disruption budget",
                    { Double($0.status.expectedPods) }
                ),
                (
                    "status_observed_generation",
                    "Most recent generation observed when updating this PDB status",
                    { Double($0.status.observedGeneration) }
                ),
            ])
    }
}
