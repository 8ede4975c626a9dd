extension HelpTexts {
    static let podTexts = """
        Pod: One or more containers that are placed on a node together and share its network address and volumes. Pods are seldom made by hand: a Deployment, StatefulSet, DaemonSet or Job makes them from its template.
        Pod.spec: What should run.
        Pod.status: What is running, written by the kubelet. May be older than the truth.
        PodSpec: What a pod is made of and where and how it runs.
        PodSpec.activeDeadlineSeconds: Seconds after its start when the pod is marked failed and its containers are killed.
        PodSpec.affinity: Rules about which nodes, and which other pods' company, the pod wants or avoids.
        PodSpec.automountServiceAccountToken: Whether the service account's token is mounted into the containers.
        PodSpec.containers: The pod's main containers, at least one. They start together, after the init containers.
        PodSpec.dnsConfig: Name servers, search domains and options that are added to what dnsPolicy makes.
        PodSpec.dnsPolicy: How names are resolved. Default: ClusterFirst, the cluster's own DNS first.
        PodSpec.enableServiceLinks: Whether the addresses of the namespace's services are given to containers as environment variables. Default: true.
        PodSpec.ephemeralContainers: Containers added to a running pod for debugging. They cannot be given at creation; use kubectl debug.
        PodSpec.hostAliases: Lines added to the pod's /etc/hosts.
        PodSpec.hostIPC: Use the node's inter-process communication. Default: false.
        PodSpec.hostNetwork: Use the node's network instead of one of the pod's own. Every containerPort then takes the node's port. Default: false.
        PodSpec.hostPID: See the node's processes. Default: false.
        PodSpec.hostname: The host name inside the pod. Default: the pod's name.
        PodSpec.imagePullSecrets: Secrets with the credentials for the images' registries.
        PodSpec.initContainers: Containers that run one after the other, each to its end, before the main ones start. One with restartPolicy Always is a sidecar: it keeps running beside the main containers.
        PodSpec.nodeName: The node the pod runs on. Set by the scheduler; if you set it, the scheduler is not asked.
        PodSpec.nodeSelector: Labels that a node must have for the pod to be placed on it.
        PodSpec.os: The operating system of the containers, linux or windows.
        PodSpec.overhead: What running the pod costs beyond its containers; set from the runtime class.
        PodSpec.preemptionPolicy: Whether the pod may push out pods of lower priority to get a place. Default: PreemptLowerPriority.
        PodSpec.priority: The number behind priorityClassName, set by the API server. Pods with a higher number are scheduled first.
        PodSpec.priorityClassName: The PriorityClass that says how important the pod is. It must exist. Default: the class that is marked as the global default, otherwise priority 0.
        PodSpec.readinessGates: Conditions that must be True, besides the containers' readiness, for the pod to be ready.
        PodSpec.resources: Requests and limits for the pod as a whole.
        PodSpec.restartPolicy: When containers that have ended are started again: Always, OnFailure or Never. Default: Always. Pods of a Deployment must have Always, those of a Job OnFailure or Never. Restarts wait longer each time, up to five minutes.
        PodSpec.runtimeClassName: The RuntimeClass that runs the pod.
        PodSpec.schedulerName: The scheduler that places the pod. Default: default-scheduler.
        PodSpec.schedulingGates: Names that keep the pod from being scheduled until all of them are removed.
        PodSpec.securityContext: User, group and security settings for all containers. A container's own settings go first.
        PodSpec.setHostnameAsFQDN: Make the full name the host name. Default: false.
        PodSpec.hostUsers: Use the node's user numbers; false gives the pod numbers of its own. Default: true.
        PodSpec.resourceClaims: Claims of devices that containers use by name.
        PodSpec.hostnameOverride: A host name that goes before every other rule. Not with hostNetwork.
        PodSpec.schedulingGroup: The group of pods that are to be scheduled together.
        PodSpec.serviceAccount: Old name of serviceAccountName.
        PodSpec.serviceAccountName: The account as which the pod's programs talk to the API. Default: default.
        PodSpec.shareProcessNamespace: Let the containers of the pod see each other's processes. Default: false.
        PodSpec.subdomain: With hostname: the pod gets the name hostname.subdomain.namespace.svc.
        PodSpec.terminationGracePeriodSeconds: Seconds between the polite request to end (SIGTERM, after the preStop hook has begun) and the kill (SIGKILL). The hook's time counts. Default: 30.
        PodSpec.tolerations: Taints of nodes that the pod puts up with. Tolerating a taint does not draw the pod to the node.
        PodSpec.topologySpreadConstraints: How evenly pods that match a selector are spread over zones, nodes or other groups of nodes.
        PodSpec.volumes: Volumes that the containers may mount by name.
        PodStatus.conditions: Where the pod stands: PodScheduled, Initialized, ContainersReady, Ready.
        PodStatus.containerStatuses: The state, readiness and restart count of each main container.
        PodStatus.hostIP: The address of the node.
        PodStatus.initContainerStatuses: The same for the init containers.
        PodStatus.phase: A rough summary. Running says only that a container has started, not that it works: look at the Ready condition.
        PodStatus.podIP: The pod's address. It changes when the pod is replaced.
        PodStatus.qosClass: Guaranteed, Burstable or BestEffort, from the requests and limits. It decides who is evicted first when the node runs out of memory.
        PodStatus.reason: Why the pod is in this state, such as Evicted.
        PodStatus.startTime: When the kubelet took up the pod, before it pulled images.
        PodTemplateSpec: The metadata and spec that pods made by a controller get.
        PodTemplateSpec.metadata: Labels and annotations of the pods. The labels must match the controller's selector.
        PodTemplateSpec.spec: What the pods run.
        Volume: A directory that containers of the pod can mount.
        Volume.name: The name by which volumeMounts refer to the volume.
        VolumeSource.configMap: The keys of a ConfigMap as files.
        VolumeSource.secret: The keys of a Secret as files.
        VolumeSource.emptyDir: An empty directory that lives as long as the pod is on its node. Restarts of containers keep it.
        VolumeSource.hostPath: A path of the node. Ties the pod to the node and is a security risk.
        VolumeSource.persistentVolumeClaim: Storage that outlives the pod, got by a claim.
        VolumeSource.projected: Several sources in one directory.
        VolumeSource.downwardAPI: Facts about the pod as files.
        VolumeSource.ephemeral: A claim that is made for the pod and deleted with it.
        EmptyDirVolumeSource.medium: Memory for a directory in memory, which counts to the memory limit. Default: the node's disk.
        EmptyDirVolumeSource.sizeLimit: The most the directory may hold; a pod that exceeds it is evicted.
        HostAlias.hostnames: The names for the address.
        HostAlias.ip: The address.
        PodSecurityContext.fsGroup: The group that owns the volumes' files.
        *.runAsUser: The numeric user as which the process runs. Default: the image's user.
        *.runAsGroup: The numeric group as which the process runs.
        *.runAsNonRoot: Refuse to start a container that would run as root.
        *.seccompProfile: Which system calls are allowed.
        SecurityContext.allowPrivilegeEscalation: Whether the process can get more rights than its parent has. Always true for privileged containers.
        SecurityContext.capabilities: Linux capabilities that are added or dropped.
        SecurityContext.privileged: Run with the rights of root on the node. Default: false.
        SecurityContext.readOnlyRootFilesystem: Make the container's root file system read-only. Default: false.
        """
}
