/// The values that a field may have, where it has few: `explain` prints them.
public enum FieldChoices {
    /// - Parameter owner: the Go name of the message that declares the field.
    public static func of(_ field: String, in owner: String) -> [String] {
        table[owner + "." + field] ?? table["*." + field] ?? []
    }

    static var names: [String] { table.keys.sorted() }

    private static let table: [String: [String]] = {
        var table: [String: [String]] = [:]
        for line in source.split(separator: "\n") {
            let parts = line.split(separator: " ").map(String.init)
            if let name = parts.first { table[name] = Array(parts.dropFirst()) }
        }
        return table
    }()

    /// `Message.field` and its values; `*` stands for every message.
    private static let source = """
        *.imagePullPolicy Always IfNotPresent Never
        *.terminationMessagePolicy FallbackToLogsOnError File
        *.dnsPolicy ClusterFirst ClusterFirstWithHostNet Default None
        *.preemptionPolicy Never PreemptLowerPriority
        *.protocol SCTP TCP UDP
        PodSpec.restartPolicy Always Never OnFailure
        HTTPGetAction.scheme HTTP HTTPS
        Toleration.effect NoExecute NoSchedule PreferNoSchedule
        Toleration.operator Equal Exists Gt Lt
        Taint.effect NoExecute NoSchedule PreferNoSchedule
        TopologySpreadConstraint.whenUnsatisfiable DoNotSchedule ScheduleAnyway
        TopologySpreadConstraint.nodeAffinityPolicy Honor Ignore
        TopologySpreadConstraint.nodeTaintsPolicy Honor Ignore
        NodeSelectorRequirement.operator DoesNotExist Exists Gt In Lt NotIn
        PodStatus.phase Failed Pending Running Succeeded Unknown
        PodStatus.qosClass BestEffort Burstable Guaranteed
        PodSecurityContext.fsGroupChangePolicy Always OnRootMismatch
        PodSecurityContext.supplementalGroupsPolicy Merge Strict
        SecurityContext.procMount Default Unmasked
        SeccompProfile.type Localhost RuntimeDefault Unconfined
        AppArmorProfile.type Localhost RuntimeDefault Unconfined
        VolumeMount.mountPropagation Bidirectional HostToContainer None
        PersistentVolumeClaimSpec.volumeMode Block Filesystem
        PersistentVolumeClaimStatus.phase Bound Lost Pending
        NamespaceStatus.phase Active Terminating
        ServiceSpec.type ClusterIP ExternalName LoadBalancer NodePort
        ServiceSpec.sessionAffinity ClientIP None
        ServiceSpec.externalTrafficPolicy Cluster Local
        ServiceSpec.internalTrafficPolicy Cluster Local
        ServiceSpec.ipFamilyPolicy PreferDualStack RequireDualStack SingleStack
        DeploymentStrategy.type Recreate RollingUpdate
        DaemonSetUpdateStrategy.type OnDelete RollingUpdate
        StatefulSetUpdateStrategy.type OnDelete RollingUpdate
        StatefulSetSpec.podManagementPolicy OrderedReady Parallel
        JobSpec.completionMode Indexed NonIndexed
        JobSpec.podReplacementPolicy Failed TerminatingOrFailed
        CronJobSpec.concurrencyPolicy Allow Forbid Replace
        PodFailurePolicyRule.action Count FailIndex FailJob Ignore
        PodFailurePolicyOnExitCodesRequirement.operator In NotIn
        HPAScalingRules.selectPolicy Disabled Max Min
        HPAScalingPolicy.type Percent Pods
        MetricSpec.type ContainerResource External Object Pods Resource
        MetricTarget.type AverageValue Utilization Value
        PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy AlwaysAllow IfHealthyBudget
        EndpointSlice.addressType FQDN IPv4 IPv6
        HTTPIngressPath.pathType Exact ImplementationSpecific Prefix
        ScopedResourceSelectorRequirement.operator DoesNotExist Exists In NotIn
        LimitRangeItem.type Container PersistentVolumeClaim Pod
        ContainerResizePolicy.restartPolicy NotRequired RestartContainer
        """
}
