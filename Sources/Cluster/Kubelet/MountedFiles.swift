import ContainerRuntime
import KubernetesAPI
import Simulation

/// A file that the kubelet put into a container.
public struct MountedFile: Sendable, Equatable {
    /// From the container's root, without `.` and `..`.
    public var path: String
    public var bytes: [UInt8]
    /// Permission bits.
    public var mode: Int32

    public init(_ path: String, _ bytes: [UInt8], mode: Int32 = 0o644) {
        self.path = path
        self.bytes = bytes
        self.mode = mode
    }
}

/// What the kubelet mounts (`pkg/volume`, `pkg/kubelet/kubelet_pods.go`): the volumes of the pod, and the files under
/// `/etc` that it manages. A ConfigMap's change is seen at once; a real kubelet takes up to a minute.
extension Cluster {
    /// The files of a container, and the mount points, also those of empty volumes.
    public func mounts(of target: ExecTarget) -> (files: [MountedFile], folders: [String]) {
        var files = managedFiles(target)
        var folders: [String] = []
        let volumes = target.pod.spec.volumes
        for mount in mounted(target) {
            guard let volume = volumes.first(where: { $0.name == mount.name }) else { continue }
            let point = Self.normalised(mount.mountPath)
            let content = self.files(of: volume.volumeSource, target)
            if !mount.subPath.isEmpty, let file = content.first(where: { $0.path == mount.subPath }) {
                files.append(MountedFile(point, file.bytes, mode: file.mode))
                continue
            }
            folders.append(point)
            for file in content {
                guard mount.subPath.isEmpty || file.path.hasPrefix(mount.subPath + "/") else { continue }
                let rest = mount.subPath.isEmpty ? file.path : String(file.path.dropFirst(mount.subPath.count + 1))
                files.append(MountedFile(point + "/" + rest, file.bytes, mode: file.mode))
            }
        }
        return (files, folders)
    }

    /// The container's mounts, the token's included.
    private func mounted(_ target: ExecTarget) -> [VolumeMount] {
        let spec = target.pod.spec
        let all = spec.initContainers + spec.containers
        return all.first { $0.name == target.container.name }?.volumeMounts ?? target.container.volumeMounts
    }

    private static func normalised(_ path: String) -> String {
        "/" + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    private func managedFiles(_ target: ExecTarget) -> [MountedFile] {
        let pod = target.pod
        let name = pod.spec.hostname.isEmpty ? pod.metadata.name : pod.spec.hostname
        let hosts = """
            # Kubernetes-managed hosts file.
            127.0.0.1\tlocalhost
            ::1\tlocalhost ip6-localhost ip6-loopback
            fe00::0\tip6-localnet
            fe00::0\tip6-mcastprefix
            fe00::1\tip6-allnodes
            fe00::2\tip6-allrouters
            \(target.address)\t\(name)

            """
        let resolver =
            "search \(pod.metadata.namespace).svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
        return [
            MountedFile("/etc/hostname", Array("\(name)\n".utf8)), MountedFile("/etc/hosts", Array(hosts.utf8)),
            MountedFile("/etc/resolv.conf", Array(resolver.utf8)),
        ]
    }

    // MARK: Volumes

    private func files(of source: VolumeSource, _ target: ExecTarget) -> [MountedFile] {
        let namespace = target.pod.metadata.namespace
        if let map = source.configMap {
            return Self.chosen(
                content(ofConfigMap: namespace + "/" + map.localObjectReference.name), map.items, map.defaultMode)
        }
        if let secret = source.secret {
            return Self.chosen(content(ofSecret: namespace + "/" + secret.secretName), secret.items, secret.defaultMode)
        }
        if let downward = source.downwardAPI { return files(downward.items, downward.defaultMode, target) }
        guard let projected = source.projected else { return [] }
        var found: [MountedFile] = []
        for source in projected.sources {
            if let map = source.configMap {
                found += Self.chosen(
                    content(ofConfigMap: namespace + "/" + map.localObjectReference.name), map.items,
                    projected.defaultMode)
            } else if let secret = source.secret {
                found += Self.chosen(
                    content(ofSecret: namespace + "/" + secret.localObjectReference.name), secret.items,
                    projected.defaultMode)
            } else if let downward = source.downwardAPI {
                found += files(downward.items, projected.defaultMode, target)
            } else if let token = source.serviceAccountToken {
                found.append(MountedFile(token.path, Array(serviceAccountToken(of: target.pod).utf8), mode: 0o600))
            }
        }
        return found
    }

    private func content(ofConfigMap key: String) -> [(key: String, bytes: [UInt8])] {
        guard let map: ConfigMap = context.store.named(key) else { return [] }
        let texts = map.data.map { (key: $0.key, bytes: Array($0.value.utf8)) }
        let binaries = map.binaryData.map { (key: $0.key, bytes: Array($0.value.content)) }
        return (texts + binaries).sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    private func content(ofSecret key: String) -> [(key: String, bytes: [UInt8])] {
        guard let secret: Secret = context.store.named(key) else { return [] }
        return secret.data.map { (key: $0.key, bytes: Array($0.value.content)) }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    /// All keys as files of their names, or the items alone where there are any.
    private static func chosen(_ content: [(key: String, bytes: [UInt8])], _ items: [KeyToPath], _ mode: Int32?)
        -> [MountedFile]
    {
        guard !items.isEmpty else { return content.map { MountedFile($0.key, $0.bytes, mode: mode ?? 0o644) } }
        return items.compactMap { item in
            content.first { $0.key == item.key }.map {
                MountedFile(item.path, $0.bytes, mode: item.mode ?? mode ?? 0o644)
            }
        }
    }

    private func files(_ items: [DownwardAPIVolumeFile], _ mode: Int32?, _ target: ExecTarget) -> [MountedFile] {
        items.map { item in
            var text = ""
            if let path = item.fieldRef?.fieldPath {
                switch path {
                case "metadata.labels": text = Self.lines(target.pod.metadata.labels)
                case "metadata.annotations": text = Self.lines(target.pod.metadata.annotations)
                default: text = Kubelet.field(path, target.pod, address: target.address)
                }
            } else if let reference = item.resourceFieldRef {
                let owner = target.pod.spec.ownContainers.first { $0.name == reference.containerName }
                text = Kubelet.amount(reference, of: owner ?? target.container)
            }
            return MountedFile(item.path, Array(text.utf8), mode: item.mode ?? mode ?? 0o644)
        }
    }

    /// `key="value"`, a line each, sorted.
    private static func lines(_ values: some Sequence<(key: String, value: String)>) -> String {
        values.map { "\($0.key)=\(GoText.quoted($0.value))" }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: "\n")
    }
}
