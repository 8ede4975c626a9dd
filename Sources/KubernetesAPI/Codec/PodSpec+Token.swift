/// The token of a pod's service account, as admission mounts it.
///
/// Each pod's volume has a name of its own; all the rest is the same for every pod. So a pod of a template keeps the end
/// of that name only, and shares everything else with its siblings; whoever reads volumes or mounts sees them in full,
/// and whoever changes them has them written out first.
extension PodSpec {
    /// Where a container finds its token.
    public static let tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"
    /// How the names of token volumes begin.
    public static let tokenVolumePrefix = "kube-api-access-"

    /// Whether both read the same without a look: one storage, one node, one token.
    @inlinable public func isIdentical(to other: PodSpec) -> Bool {
        shared.isIdentical(to: other.shared) && nodeName == other.nodeName && tokenSuffix == other.tokenSuffix
    }

    /// Containers with the token where no volume of their own stands in its place.
    @usableFromInline func withToken(_ containers: [Container]) -> [Container] {
        var mounted = containers
        for index in mounted.indices
        where !mounted[index].volumeMounts.contains(where: { $0.mountPath == Self.tokenPath }) {
            mounted[index].volumeMounts.append(tokenMount)
        }
        return mounted
    }

    /// Volumes with that of the token.
    @usableFromInline func withToken(_ volumes: [Volume]) -> [Volume] {
        var volume = Self.tokenVolume
        volume.name = tokenMount.name
        return volumes + [volume]
    }

    /// Writes the token out, so that its volume and mounts can be changed like any other.
    @usableFromInline mutating func settleToken() {
        let (initial, regular, all) = (initContainers, containers, volumes)
        tokenSuffix = ""
        (initContainers, containers, volumes) = (initial, regular, all)
    }

    private var tokenMount: VolumeMount {
        var mount = VolumeMount()
        mount.name = Self.tokenVolumePrefix + tokenSuffix
        mount.readOnly = true
        mount.mountPath = Self.tokenPath
        return mount
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

extension Pod {
    /// Whether both statuses are one storage, so that nothing in them differs.
    @inlinable public func sharesStatus(with other: Pod) -> Bool { _status.isIdentical(to: other._status) }

    /// Lets go of the status, for those who keep a pod and need only the rest.
    public mutating func dropStatus() { _status = Self.noStatus }

    /// Takes over another pod's status; both share its storage until one changes it.
    public mutating func shareStatus(of other: Pod) { _status = other._status }

    private static let noStatus = Box(PodStatus())
}
