import KubernetesAPI

/// The admission plugin ServiceAccount (`plugin/pkg/admission/serviceaccount`): a pod runs as an account, whose token
/// is mounted into its containers.
extension ClusterContext {
    static let tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"
    private static let tokenVolumePrefix = "kube-api-access-"

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
            $0.volumeSource.projected != nil && $0.name.hasPrefix(Self.tokenVolumePrefix)
        }
        let needing = { (containers: [Container]) in
            containers.indices.filter { index in
                !containers[index].volumeMounts.contains { $0.mountPath == Self.tokenPath }
            }
        }
        let (initial, regular) = (needing(pod.spec.initContainers), needing(pod.spec.containers))
        guard !initial.isEmpty || !regular.isEmpty else { return }
        var mount = VolumeMount()
        mount.name = existing?.name ?? generatedName(Self.tokenVolumePrefix)
        mount.readOnly = true
        mount.mountPath = Self.tokenPath
        for index in initial { pod.spec.initContainers[index].volumeMounts.append(mount) }
        for index in regular { pod.spec.containers[index].volumeMounts.append(mount) }
        guard existing == nil else { return }
        // All pods share the source; only the name is the pod's own.
        var volume = Self.tokenVolume
        volume.name = mount.name
        pod.spec.volumes.append(volume)
    }

    /// The token, the certificate of the cluster's authority, and the namespace.
    private static let tokenVolume: Volume = {
        var token = VolumeProjection()
        token.serviceAccountToken = ServiceAccountTokenProjection()
        // An hour and seven seconds, by which the API server knows tokens that it asked for itself.
        token.serviceAccountToken?.expirationSeconds = 3_607
        token.serviceAccountToken?.path = "token"
        var certificate = KeyToPath()
        certificate.key = "ca.crt"
        certificate.path = "ca.crt"
        var authority = ConfigMapProjection()
        authority.localObjectReference.name = "kube-root-ca.crt"
        authority.items = [certificate]
        var root = VolumeProjection()
        root.configMap = authority
        var field = ObjectFieldSelector()
        field.apiVersion = "v1"
        field.fieldPath = "metadata.namespace"
        var file = DownwardAPIVolumeFile()
        file.path = "namespace"
        file.fieldRef = field
        var downward = DownwardAPIProjection()
        downward.items = [file]
        var namespace = VolumeProjection()
        namespace.downwardAPI = downward
        var source = ProjectedVolumeSource()
        source.defaultMode = 420
        source.sources = [token, root, namespace]
        var volume = Volume()
        volume.volumeSource.projected = source
        return volume
    }()
}
