extension HelpTexts {
    static let schedulingTexts = """
        Affinity: Rules about nodes and about other pods.
        Affinity.nodeAffinity: About the labels of nodes.
        Affinity.podAffinity: Be near pods that match.
        Affinity.podAntiAffinity: Keep away from pods that match.
        *.requiredDuringSchedulingIgnoredDuringExecution: Must hold when the pod is placed; afterwards it is not checked.
        *.preferredDuringSchedulingIgnoredDuringExecution: Counts when nodes are compared: a node gets the weight of each term that holds.
        NodeSelector.nodeSelectorTerms: Terms of which one must match.
        NodeSelectorTerm.matchExpressions: Requirements on the node's labels; all must hold.
        NodeSelectorTerm.matchFields: Requirements on the node's fields; metadata.name is the only one.
        NodeSelectorRequirement.key: The label's key.
        NodeSelectorRequirement.operator: How key and values relate.
        NodeSelectorRequirement.values: The values; none for Exists and DoesNotExist, one number for Gt and Lt.
        *.weight: 1 to 100.
        PreferredSchedulingTerm.preference: The term that counts.
        WeightedPodAffinityTerm.podAffinityTerm: The term that counts.
        PodAffinityTerm: Pods, and how near is near.
        PodAffinityTerm.labelSelector: Which pods.
        PodAffinityTerm.namespaces: In which namespaces. Default: the pod's own.
        PodAffinityTerm.namespaceSelector: In which namespaces, by their labels.
        PodAffinityTerm.topologyKey: The node label that makes nodes near: kubernetes.io/hostname for the same node, topology.kubernetes.io/zone for the same zone. Must be given.
        *.matchLabelKeys: Keys of the pod's own labels that the counted pods must share, such as pod-template-hash to count one revision only.
        PodAffinityTerm.mismatchLabelKeys: Keys of the pod's own labels that the counted pods must not share.
        TopologySpreadConstraint: How evenly pods are spread over groups of nodes.
        TopologySpreadConstraint.labelSelector: Which pods are counted. Without one, none are.
        TopologySpreadConstraint.maxSkew: By how many pods the fullest group may exceed the emptiest. At least 1.
        TopologySpreadConstraint.minDomains: How many groups there should be: with fewer, the emptiest counts as 0. Only with DoNotSchedule.
        TopologySpreadConstraint.nodeAffinityPolicy: Whether nodes that the pod's node affinity rules out are left out of the count. Default: Honor.
        TopologySpreadConstraint.nodeTaintsPolicy: Whether nodes with taints the pod does not tolerate are left out of the count. Default: Ignore.
        TopologySpreadConstraint.topologyKey: The node label whose values are the groups.
        TopologySpreadConstraint.whenUnsatisfiable: DoNotSchedule leaves the pod pending, ScheduleAnyway prefers what evens out.
        Toleration: A taint that the pod puts up with.
        Toleration.effect: The effect of the taint. Default: every effect.
        Toleration.key: The key of the taint. Without one, and with operator Exists, every taint is tolerated.
        Toleration.operator: Equal compares the value too, Exists only the key. Default: Equal.
        Toleration.tolerationSeconds: For NoExecute: seconds the pod stays after the taint has come. Default: for ever.
        Toleration.value: The value of the taint, for Equal.
        Taint: What keeps pods off a node unless they tolerate it.
        Taint.effect: NoSchedule keeps new pods off, PreferNoSchedule tries to, NoExecute also drives out those that run.
        Taint.key: The key.
        Taint.value: The value.
        Node: A machine that runs pods.
        Node.spec: How the node may be used.
        Node.status: What the node has and how it is, written by its kubelet.
        NodeSpec.unschedulable: Set by kubectl cordon: no new pods come here.
        NodeSpec.taints: The node's taints.
        NodeStatus.allocatable: What pods may use: the capacity without what the system keeps for itself.
        NodeStatus.capacity: What the machine has.
        NodeStatus.conditions: Ready, MemoryPressure, DiskPressure, PIDPressure.
        PriorityClass: A name for a priority of pods.
        PriorityClass.value: The priority; a higher one is scheduled first and may push out lower ones. At most 1000000000 for your own classes. Cannot be changed.
        PriorityClass.globalDefault: Whether pods that name no class get this one. One class only. Default: false.
        PriorityClass.description: When the class is to be used.
        PriorityClass.preemptionPolicy: Whether pods of this class may push out others. Default: PreemptLowerPriority.
        """
}
