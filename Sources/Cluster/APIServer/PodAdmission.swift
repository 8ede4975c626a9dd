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
