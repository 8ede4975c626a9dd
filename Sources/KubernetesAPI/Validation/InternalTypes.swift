/// The members of the API server's internal types, in their order (`pkg/apis/core/types.go` and its neighbours), as far as
/// error texts print them.
enum InternalTypes {
    static func members(of type: String) -> [GoValue.Member] { table[type] ?? [] }

    static let names: [String] = Array(table.keys)

    private static let table: [String: [GoValue.Member]] = {
        var table: [String: [GoValue.Member]] = [:]
        for line in (source + volumeSource).split(separator: "\n") {
            let parts = line.split(separator: " ")
            guard let name = parts.first else { continue }
            table[String(name)] = parts.dropFirst().map(member)
        }
        return table
    }()

    /// `Name:shape`, `Name=json:shape` if the JSON name does not follow from Go's, `^shape` if embedded.
    private static func member(_ text: Substring) -> GoValue.Member {
        if text.hasPrefix("^") {
            return GoValue.Member(goName: "", jsonName: "", shape: GoValue.Shape(text.dropFirst()), isEmbedded: true)
        }
        let parts = text.split(separator: ":", maxSplits: 1)
        let names = parts[0].split(separator: "=")
        let goName = String(names[0])
        return GoValue.Member(
            goName: goName, jsonName: names.count > 1 ? String(names[1]) : jsonName(goName),
            shape: GoValue.Shape(parts.count > 1 ? parts[1] : "string"), isEmbedded: false)
    }

    /// `HTTPGet` is `httpGet`, `TTY` is `tty`, `Name` is `name`.
    static func jsonName(_ goName: String) -> String {
        let capitals = goName.prefix { $0.isUppercase }.count
        let lowered = capitals == goName.count || capitals == 1 ? capitals : capitals - 1
        return goName.prefix(lowered).lowercased() + goName.dropFirst(lowered)
    }

    /// A member without a shape is a string.
    private static let source = """
        PodTemplateSpec ^raw Spec:PodSpec
        PodSpec Volumes:[]Volume InitContainers:[]Container Containers:[]Container EphemeralContainers:[]EphemeralContainer RestartPolicy TerminationGracePeriodSeconds:*int ActiveDeadlineSeconds:*int DNSPolicy NodeSelector:map ServiceAccountName AutomountServiceAccountToken:*bool NodeName SecurityContext:*PodSecurityContext ImagePullSecrets:[]LocalObjectReference Hostname Subdomain SetHostnameAsFQDN:*bool Affinity:*Affinity SchedulerName Tolerations:[]Toleration HostAliases:[]HostAlias PriorityClassName Priority:*int PreemptionPolicy:*string DNSConfig:*PodDNSConfig ReadinessGates:[]PodReadinessGate RuntimeClassName:*string Overhead:map EnableServiceLinks:*bool TopologySpreadConstraints:[]TopologySpreadConstraint OS:*PodOS SchedulingGates:[]PodSchedulingGate ResourceClaims:[]PodResourceClaim Resources:*ResourceRequirements HostnameOverride:*string WorkloadRef:*raw
        Container Name Image Command:[]string Args:[]string WorkingDir Ports:[]ContainerPort EnvFrom:[]EnvFromSource Env:[]EnvVar Resources:ResourceRequirements ResizePolicy:[]ContainerResizePolicy RestartPolicy:*string RestartPolicyRules:[]ContainerRestartRule VolumeMounts:[]VolumeMount VolumeDevices:[]VolumeDevice LivenessProbe:*Probe ReadinessProbe:*Probe StartupProbe:*Probe Lifecycle:*Lifecycle TerminationMessagePath TerminationMessagePolicy ImagePullPolicy SecurityContext:*SecurityContext Stdin:bool StdinOnce:bool TTY:bool
        EphemeralContainer ^Container TargetContainerName
        ResourceRequirements Limits:map Requests:map Claims:[]ResourceClaim
        ResourceClaim Name Request
        ContainerPort Name HostPort:int ContainerPort:int Protocol HostIP
        ContainerResizePolicy ResourceName RestartPolicy
        ContainerRestartRule Action ExitCodes:*ContainerRestartRuleOnExitCodes
        ContainerRestartRuleOnExitCodes Operator Values:[]int
        EnvVar Name Value ValueFrom:*EnvVarSource
        EnvVarSource FieldRef:*ObjectFieldSelector ResourceFieldRef:*ResourceFieldSelector ConfigMapKeyRef:*KeySelector SecretKeyRef:*KeySelector FileKeyRef:*FileKeySelector
        ObjectFieldSelector APIVersion FieldPath
        ResourceFieldSelector ContainerName Resource Divisor:quantity
        KeySelector Name Key Optional:*bool
        FileKeySelector VolumeName Path Key Optional:*bool
        EnvFromSource Prefix ConfigMapRef:*OptionalReference SecretRef:*OptionalReference
        OptionalReference Name Optional:*bool
        LocalObjectReference Name
        VolumeMount Name ReadOnly:bool RecursiveReadOnly:*string MountPath SubPath MountPropagation:*string SubPathExpr
        VolumeDevice Name DevicePath
        Probe ^ProbeHandler InitialDelaySeconds:int TimeoutSeconds:int PeriodSeconds:int SuccessThreshold:int FailureThreshold:int TerminationGracePeriodSeconds:*int
        ProbeHandler Exec:*ExecAction HTTPGet:*HTTPGetAction TCPSocket:*TCPSocketAction GRPC:*GRPCAction
        ExecAction Command:[]string
        HTTPGetAction Path Port:intstr Host Scheme HTTPHeaders:[]HTTPHeader
        HTTPHeader Name Value
        TCPSocketAction Port:intstr Host
        GRPCAction Port:int Service:*string
        Lifecycle PostStart:*LifecycleHandler PreStop:*LifecycleHandler StopSignal:*string
        LifecycleHandler Exec:*ExecAction HTTPGet:*HTTPGetAction TCPSocket:*TCPSocketAction Sleep:*SleepAction
        SleepAction Seconds:int
        SecurityContext Capabilities:*Capabilities Privileged:*bool SELinuxOptions:*SELinuxOptions WindowsOptions:*WindowsSecurityContextOptions RunAsUser:*int RunAsGroup:*int RunAsNonRoot:*bool ReadOnlyRootFilesystem:*bool AllowPrivilegeEscalation:*bool ProcMount:*string SeccompProfile:*SeccompProfile AppArmorProfile:*SeccompProfile
        PodSecurityContext HostNetwork:bool HostPID:bool HostIPC:bool ShareProcessNamespace:*bool HostUsers:*bool SELinuxOptions:*SELinuxOptions WindowsOptions:*WindowsSecurityContextOptions RunAsUser:*int RunAsGroup:*int RunAsNonRoot:*bool SupplementalGroups:[]int SupplementalGroupsPolicy:*string FSGroup:*int FSGroupChangePolicy:*string Sysctls:[]Sysctl SeccompProfile:*SeccompProfile AppArmorProfile:*SeccompProfile SELinuxChangePolicy:*string
        Capabilities Add:[]string Drop:[]string
        SELinuxOptions User Role Type Level
        WindowsSecurityContextOptions GMSACredentialSpecName:*string GMSACredentialSpec:*string RunAsUserName:*string HostProcess:*bool
        SeccompProfile Type LocalhostProfile:*string
        Sysctl Name Value
        Affinity NodeAffinity:*NodeAffinity PodAffinity:*PodAffinity PodAntiAffinity:*PodAffinity
        NodeAffinity RequiredDuringSchedulingIgnoredDuringExecution:*NodeSelector PreferredDuringSchedulingIgnoredDuringExecution:[]PreferredSchedulingTerm
        NodeSelector NodeSelectorTerms:[]NodeSelectorTerm
        NodeSelectorTerm MatchExpressions:[]NodeSelectorRequirement MatchFields:[]NodeSelectorRequirement
        NodeSelectorRequirement Key Operator Values:[]string
        PreferredSchedulingTerm Weight:int Preference:NodeSelectorTerm
        PodAffinity RequiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm PreferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm
        WeightedPodAffinityTerm Weight:int PodAffinityTerm:PodAffinityTerm
        PodAffinityTerm LabelSelector:*raw Namespaces:[]string TopologyKey NamespaceSelector:*raw MatchLabelKeys:[]string MismatchLabelKeys:[]string
        TopologySpreadConstraint MaxSkew:int TopologyKey WhenUnsatisfiable LabelSelector:*raw MinDomains:*int NodeAffinityPolicy:*string NodeTaintsPolicy:*string MatchLabelKeys:[]string
        Toleration Key Operator Value Effect TolerationSeconds:*int
        HostAlias IP Hostnames:[]string
        PodDNSConfig Nameservers:[]string Searches:[]string Options:[]PodDNSConfigOption
        PodDNSConfigOption Name Value:*string
        PodReadinessGate ConditionType
        PodOS Name
        PodSchedulingGate Name
        PodResourceClaim Name ResourceClaimName:*string ResourceClaimTemplateName:*string
        PersistentVolumeClaimSpec AccessModes:[]string Selector:*raw Resources:VolumeResourceRequirements VolumeName StorageClassName:*string VolumeMode:*string DataSource:*TypedLocalObjectReference DataSourceRef:*TypedObjectReference VolumeAttributesClassName:*string
        VolumeResourceRequirements Limits:map Requests:map
        TypedLocalObjectReference APIGroup:*string Kind Name
        TypedObjectReference APIGroup:*string Kind Name Namespace:*string
        ServicePort Name Protocol AppProtocol:*string Port:int TargetPort:intstr NodePort:int
        PodDisruptionBudgetSpec MinAvailable:*intstr Selector:*raw MaxUnavailable:*intstr UnhealthyPodEvictionPolicy:*string
        DeploymentStrategy Type RollingUpdate:*RollingUpdateDeployment
        RollingUpdateDeployment MaxUnavailable:intstr MaxSurge:intstr
        StatefulSetUpdateStrategy Type RollingUpdate:*RollingUpdateStatefulSetStrategy
        RollingUpdateStatefulSetStrategy Partition:int MaxUnavailable:*intstr
        DaemonSetUpdateStrategy Type RollingUpdate:*RollingUpdateDeployment
        RoleRef APIGroup Kind Name
        PodFailurePolicy Rules:[]PodFailurePolicyRule
        PodFailurePolicyRule Action OnExitCodes:*PodFailurePolicyOnExitCodesRequirement OnPodConditions:[]PodFailurePolicyOnPodConditionsPattern
        PodFailurePolicyOnExitCodesRequirement ContainerName:*string Operator Values:[]int
        PodFailurePolicyOnPodConditionsPattern Type Status
        SuccessPolicy Rules:[]SuccessPolicyRule
        SuccessPolicyRule SucceededIndexes:*string SucceededCount:*int
        IngressBackend Service:*IngressServiceBackend Resource:*TypedLocalObjectReference
        IngressServiceBackend Name Port:ServiceBackendPort
        ServiceBackendPort Name Number:int
        Taint Key Value Effect TimeAdded:*string

        """

    private static let volumeSource = """
        Volume Name ^VolumeSource
        VolumeSource HostPath:*HostPathVolumeSource EmptyDir:*EmptyDirVolumeSource GCEPersistentDisk:*raw AWSElasticBlockStore:*raw GitRepo:*raw Secret:*SecretVolumeSource NFS:*NFSVolumeSource ISCSI:*raw Glusterfs:*raw PersistentVolumeClaim:*PersistentVolumeClaimVolumeSource RBD:*raw Quobyte:*raw FlexVolume:*raw Cinder:*raw CephFS=cephfs:*raw Flocker:*raw DownwardAPI:*DownwardAPIVolumeSource FC:*raw AzureFile:*raw ConfigMap:*ConfigMapVolumeSource VsphereVolume:*raw AzureDisk:*raw PhotonPersistentDisk:*raw Projected:*ProjectedVolumeSource PortworxVolume:*raw ScaleIO:*raw StorageOS=storageos:*raw CSI:*raw Ephemeral:*EphemeralVolumeSource Image:*ImageVolumeSource
        HostPathVolumeSource Path Type:*string
        EmptyDirVolumeSource Medium SizeLimit:*quantity
        SecretVolumeSource SecretName Items:[]KeyToPath DefaultMode:*int Optional:*bool
        NFSVolumeSource Server Path ReadOnly:bool
        PersistentVolumeClaimVolumeSource ClaimName ReadOnly:bool
        DownwardAPIVolumeSource Items:[]DownwardAPIVolumeFile DefaultMode:*int
        ConfigMapVolumeSource Name Items:[]KeyToPath DefaultMode:*int Optional:*bool
        ProjectedVolumeSource Sources:[]VolumeProjection DefaultMode:*int
        VolumeProjection Secret:*ConfigMapProjection DownwardAPI:*DownwardAPIProjection ConfigMap:*ConfigMapProjection ServiceAccountToken:*ServiceAccountTokenProjection ClusterTrustBundle:*raw PodCertificate:*raw
        ConfigMapProjection Name Items:[]KeyToPath Optional:*bool
        DownwardAPIProjection Items:[]DownwardAPIVolumeFile
        ServiceAccountTokenProjection Audience ExpirationSeconds:int Path
        DownwardAPIVolumeFile Path FieldRef:*ObjectFieldSelector ResourceFieldRef:*ResourceFieldSelector Mode:*int
        KeyToPath Key Path Mode:*int
        EphemeralVolumeSource VolumeClaimTemplate:*PersistentVolumeClaimTemplate
        PersistentVolumeClaimTemplate ^raw Spec:PersistentVolumeClaimSpec
        ImageVolumeSource Reference PullPolicy
        """
}
