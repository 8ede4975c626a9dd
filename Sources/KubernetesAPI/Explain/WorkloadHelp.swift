extension HelpTexts {
    static let workloadTexts = """
        Deployment: Keeps a number of equal pods running and replaces them step by step when the template changes.
        Deployment.spec: What should run, how often, and how it is replaced.
        Deployment.status: How far the roll-out is.
        DeploymentSpec: The wish that a deployment's controller fulfils through ReplicaSets, one for each revision of the template.
        *.minReadySeconds: Seconds a new pod must be ready without a crash before it counts as available. Default: 0.
        DeploymentSpec.paused: Do not roll out changes of the template. Default: false.
        DeploymentSpec.progressDeadlineSeconds: Seconds without progress after which the roll-out counts as failed. It is reported, not undone. Default: 600.
        DeploymentSpec.replicas: How many pods. Default: 1. Leave it out of the manifest if an autoscaler sets it.
        DeploymentSpec.revisionHistoryLimit: How many old ReplicaSets are kept for kubectl rollout undo. Default: 10.
        DeploymentSpec.selector: Which pods belong to the deployment. Must match the template's labels; cannot be changed.
        DeploymentSpec.strategy: How old pods are replaced by new ones.
        *.template: The pods to make. Every change of it begins a roll-out.
        DeploymentStrategy: How pods are replaced.
        DeploymentStrategy.type: RollingUpdate replaces pods step by step, Recreate ends all old ones first. Default: RollingUpdate.
        DeploymentStrategy.rollingUpdate: The steps of RollingUpdate; not with Recreate.
        RollingUpdateDeployment: How many pods more or fewer there may be during a roll-out.
        RollingUpdateDeployment.maxSurge: Pods above the wished number, as a number or a percentage that is rounded up. Default: 25%.
        RollingUpdateDeployment.maxUnavailable: Pods that may be missing, as a number or a percentage that is rounded down. Default: 25%. Not 0 if maxSurge is 0.
        DeploymentStatus.availableReplicas: Pods that have been ready for minReadySeconds.
        DeploymentStatus.conditions: Available, Progressing, ReplicaFailure.
        DeploymentStatus.observedGeneration: The generation that the controller has seen. Lower than metadata.generation: the status is old.
        DeploymentStatus.readyReplicas: Pods that are ready.
        DeploymentStatus.replicas: Pods there are, of all revisions.
        DeploymentStatus.unavailableReplicas: Pods that are missing or not available.
        DeploymentStatus.updatedReplicas: Pods of the newest revision.
        ReplicaSet: Keeps a number of equal pods running. Usually made by a deployment.
        ReplicaSetSpec.replicas: How many pods. Default: 1.
        ReplicaSetSpec.selector: Which pods belong to it. Cannot be changed.
        StatefulSet: Pods with names that stay, started in order, each with its own storage.
        StatefulSetSpec.replicas: How many pods. Default: 1.
        StatefulSetSpec.selector: Which pods belong to it. Cannot be changed.
        StatefulSetSpec.serviceName: The headless service that gives the pods their names.
        StatefulSetSpec.podManagementPolicy: OrderedReady waits for each pod before the next, Parallel does not. Default: OrderedReady.
        StatefulSetSpec.updateStrategy: RollingUpdate replaces pods from the last to the first; OnDelete waits until you delete them.
        StatefulSetSpec.volumeClaimTemplates: Claims made for each pod. They outlive it.
        StatefulSetSpec.revisionHistoryLimit: How many old revisions are kept. Default: 10.
        RollingUpdateStatefulSetStrategy.partition: Only pods with this number or a higher one are updated. Default: 0.
        DaemonSet: One pod on every node that fits.
        DaemonSetSpec.selector: Which pods belong to it. Cannot be changed.
        DaemonSetSpec.updateStrategy: RollingUpdate replaces pods node by node; OnDelete waits until you delete them.
        Job: Runs pods until enough of them have succeeded.
        JobSpec: What to run, and when the job is done or has failed.
        JobSpec.activeDeadlineSeconds: Seconds after its start when the job fails and its pods are ended.
        JobSpec.backoffLimit: Failures before the job fails. Default: 6. The waits between them double, from 10 seconds to 6 minutes.
        JobSpec.backoffLimitPerIndex: Failures before an index fails, for Indexed jobs.
        JobSpec.completionMode: NonIndexed, or Indexed to give each pod a number. Default: NonIndexed.
        JobSpec.completions: Successes needed. Default: 1, or any one success if only parallelism is given.
        JobSpec.manualSelector: Let the author choose the selector. Leave it out.
        JobSpec.maxFailedIndexes: Failed indexes before the job fails.
        JobSpec.parallelism: Pods that run at the same time. Default: 1.
        JobSpec.podReplacementPolicy: Whether a pod is replaced when it begins to end (TerminatingOrFailed) or has ended (Failed).
        JobSpec.managedBy: The controller that looks after the job. Default: the cluster's own.
        JobSpec.podFailurePolicy: What failures count, by exit code or condition.
        JobSpec.selector: Which pods belong to the job. Made by the API server.
        JobSpec.successPolicy: When an Indexed job is done before all indexes are.
        JobSpec.suspend: Do not run pods; those that run are ended. Default: false.
        JobSpec.ttlSecondsAfterFinished: Seconds after its end when the job is deleted. Default: never.
        JobSpec.template: The pods to run. Their restartPolicy must be OnFailure or Never. Cannot be changed.
        CronJob: Makes jobs at set times.
        CronJobSpec.schedule: When, in cron's five fields: minute, hour, day, month, day of the week.
        CronJobSpec.timeZone: The time zone of the schedule, such as Europe/Vienna. Default: that of the controller.
        CronJobSpec.concurrencyPolicy: What happens when the last job still runs: Allow, Forbid (skip), Replace. Default: Allow.
        CronJobSpec.startingDeadlineSeconds: How late a missed job may still be started.
        CronJobSpec.suspend: Make no more jobs. Default: false.
        CronJobSpec.jobTemplate: The jobs to make.
        CronJobSpec.successfulJobsHistoryLimit: Finished jobs that are kept. Default: 3.
        CronJobSpec.failedJobsHistoryLimit: Failed jobs that are kept. Default: 1.
        PodDisruptionBudget: Limits how many pods may be taken down on purpose at a time, by drains and other evictions. It does not help against failures, and roll-outs do not ask it.
        PodDisruptionBudgetSpec: The pods, and how many of them must stay.
        PodDisruptionBudgetSpec.minAvailable: How many pods must stay, as a number or a percentage that is rounded up. Not together with maxUnavailable.
        PodDisruptionBudgetSpec.maxUnavailable: How many pods may be missing, as a number or a percentage that is rounded up. 0 blocks every drain.
        PodDisruptionBudgetSpec.selector: Which pods. An empty selector takes all of the namespace.
        PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy: Whether pods that are not ready may be evicted: IfHealthyBudget only if enough others are, AlwaysAllow always. Default: IfHealthyBudget.
        PodDisruptionBudgetStatus.currentHealthy: Pods that are ready.
        PodDisruptionBudgetStatus.desiredHealthy: Pods that must be ready.
        PodDisruptionBudgetStatus.disruptionsAllowed: Evictions that are allowed now.
        PodDisruptionBudgetStatus.expectedPods: Pods that are counted.
        """
}
