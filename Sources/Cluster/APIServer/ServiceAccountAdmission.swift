import KubernetesAPI

/// The admission plugin ServiceAccount (`plugin/pkg/admission/serviceaccount`): a pod runs as an account, whose token
/// is mounted into its containers.
extension ClusterContext {
    /// Gives the pod its account and that account's token.
    /// - Throws: Forbidden, if an account is named that is not there. That of the namespace is made together with it.
    mutating func admitServiceAccount(of pod: inout Pod) throws(APIStatus) {
        if pod.spec.serviceAccountName.isEmpty { pod.spec.serviceAccountName = "default" }
        let (namespace, name) = (pod.metadata.namespace, pod.spec.serviceAccountName)
        pod.spec.serviceAccount = name
        let account = store.serviceAccounts.id(namespace: namespace, name: name).flatMap { store[$0] }
        guard account != nil || name == "default" else {
            throw .forbidden(
                Pod.resource, pod.metadata.name,
                "error looking up service account \(namespace)/\(name): serviceaccount \"\(name)\" not found")
        }
        guard pod.spec.automountServiceAccountToken ?? account?.automountServiceAccountToken ?? true else { return }
        mountToken(in: &pod)
    }

    /// Mounts the token where no volume of the pod's own stands in its place.
    private mutating func mountToken(in pod: inout Pod) {
        let existing = pod.spec.volumes.last {
            $0.volumeSource.projected != nil && $0.name.hasPrefix(PodSpec.tokenVolumePrefix)
        }
        let needing = { (containers: [Container]) in
            containers.indices.filter { index in
                !containers[index].volumeMounts.contains { $0.mountPath == PodSpec.tokenPath }
            }
        }
        let (initial, regular) = (needing(pod.spec.initContainers), needing(pod.spec.containers))
        guard !initial.isEmpty || !regular.isEmpty else { return }
        guard let existing else {
            pod.spec.tokenSuffix = generatedSuffix()
            return
        }
        var mount = VolumeMount()
        mount.name = existing.name
        mount.readOnly = true
        mount.mountPath = PodSpec.tokenPath
        for index in initial { pod.spec.initContainers[index].volumeMounts.append(mount) }
        for index in regular { pod.spec.containers[index].volumeMounts.append(mount) }
    }
}
