import KubernetesAPI

extension ClusterContext {
    /// The mutating admission that every pod goes through, whoever creates it, in the API server's order.
    mutating func admit(_ pod: inout Pod) throws(APIStatus) {
        if pod.spec.enableServiceLinks == nil { pod.spec.enableServiceLinks = true }
        if store.limitRanges.count > 0 { LimitRanger.applyDefaults(&pod, limitRanges(in: pod.metadata.namespace)) }
        try admitServiceAccount(of: &pod)
        try admitPriority(&pod)
        admitTolerations(&pod)
        // A pod that names its node itself; the scheduler's pods get these labels when they are bound.
        if !pod.spec.nodeName.isEmpty {
            pod.metadata.labels.merge(topologyLabels(of: pod.spec.nodeName)) { _, handedDown in handedDown }
        }
    }

    /// Priority: the class's value, or that of the global default.
    private func admitPriority(_ pod: inout Pod) throws(APIStatus) {
        let name = pod.spec.priorityClassName
        guard !name.isEmpty else {
            var value: Int32 = 0
            var policy: String?
            for (_, candidate) in store.priorityClasses.sorted where candidate.globalDefault == true {
                value = candidate.value ?? 0
                policy = candidate.preemptionPolicy
                pod.spec.priorityClassName = candidate.metadata.name
            }
            pod.spec.priority = value
            if pod.spec.preemptionPolicy == nil { pod.spec.preemptionPolicy = policy ?? "PreemptLowerPriority" }
            return
        }
        guard let found = store.priorityClasses.named(name) else {
            throw .forbidden(Pod.resource, pod.metadata.name, "no PriorityClass with name \(name) was found")
        }
        pod.spec.priority = found.value ?? 0
        if pod.spec.preemptionPolicy == nil {
            pod.spec.preemptionPolicy = found.preemptionPolicy ?? "PreemptLowerPriority"
        }
    }

    /// DefaultTolerationSeconds: pods outlive a lost node by five minutes unless they say otherwise.
    private func admitTolerations(_ pod: inout Pod) {
        for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
            let covered = pod.spec.tolerations.contains { toleration in
                (toleration.key == key || toleration.key.isEmpty)
                    && (toleration.effect == "NoExecute" || toleration.effect.isEmpty)
            }
            guard !covered else { continue }
            var toleration = Toleration()
            toleration.key = key
            toleration.operator = "Exists"
            toleration.effect = "NoExecute"
            toleration.tolerationSeconds = 300
            pod.spec.tolerations.append(toleration)
        }
    }
}

/// What admission made of a template's spec, for the next pod of the template. Not state: what is forgotten is admitted
/// the long way, with the same outcome.
struct AdmittedTemplate: Sendable {
    /// Spec and first status as admission left them, without what is the pod's own.
    var spec: PodSpec
    var hasToken: Bool
    var status: Pod
    /// What the outcome depends on beside the template.
    var accountMounts: Bool?
    var priorityClasses: UInt64
}

extension ClusterContext {
    /// Admission and the first status of a pod whose spec may be that of a template. The replicas of one template differ
    /// in the names of their token volumes only, so that they share all the rest.
    mutating func admit(_ pod: inout Pod, like template: PodSpec) throws(APIStatus) {
        guard pod.spec.isIdentical(to: template), template.nodeName.isEmpty, template.tokenSuffix.isEmpty,
            store.limitRanges.count == 0
        else { return try admitAnew(&pod) }
        let account = template.serviceAccountName.isEmpty ? "default" : template.serviceAccountName
        let found = store.serviceAccounts.id(namespace: pod.metadata.namespace, name: account)
        // An account that is missing is refused below, unless it is the one that comes with the namespace.
        guard found != nil || account == "default" else { return try admitAnew(&pod) }
        let mounts = found.flatMap { store[$0]?.automountServiceAccountToken }
        if let known = admitted.value(for: template), known.accountMounts == mounts,
            known.priorityClasses == store.priorityClasses.changes
        {
            pod.spec = known.spec
            if known.hasToken { pod.spec.tokenSuffix = generatedSuffix() }
            pod.shareStatus(of: known.status)
            return
        }
        try admitAnew(&pod)
        var spec = pod.spec
        spec.tokenSuffix = ""
        var status = Pod()
        status.shareStatus(of: pod)
        admitted.keep(
            AdmittedTemplate(
                spec: spec, hasToken: !pod.spec.tokenSuffix.isEmpty, status: status, accountMounts: mounts,
                priorityClasses: store.priorityClasses.changes), for: template)
    }

    private mutating func admitAnew(_ pod: inout Pod) throws(APIStatus) {
        try admit(&pod)
        pod.status.phase = "Pending"
        pod.status.qosClass = QualityOfService(of: pod).rawValue
    }
}
