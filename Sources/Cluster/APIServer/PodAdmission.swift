import KubernetesAPI

extension ClusterContext {
    /// The mutating admission that every pod goes through, whoever creates it, in the API server's order.
    mutating func admit(_ pod: inout Pod) throws(APIStatus) {
        if pod.spec.serviceAccountName.isEmpty { pod.spec.serviceAccountName = "default" }
        if store.limitRanges.count > 0 { LimitRanger.applyDefaults(&pod, limitRanges(in: pod.metadata.namespace)) }
        try admitServiceAccount(of: pod)
        try admitPriority(&pod)
        admitTolerations(&pod)
    }

    /// ServiceAccount: an account that is named must be there. That of the namespace is made together with it.
    private func admitServiceAccount(of pod: Pod) throws(APIStatus) {
        let (namespace, name) = (pod.metadata.namespace, pod.spec.serviceAccountName)
        guard name != "default", store.serviceAccounts.id(namespace: namespace, name: name) == nil else { return }
        throw .forbidden(
            Pod.resource, pod.metadata.name,
            "error looking up service account \(namespace)/\(name): serviceaccount \"\(name)\" not found")
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
