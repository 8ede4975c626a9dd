import Cluster
import ContainerRuntime
import KubernetesAPI
import Simulation
import Workloads

/// What a command in a container finds around it at one instant: files, environment, processes.
struct ContainerSurroundings {
    let target: ExecTarget
    let configuration: ContainerConfiguration
    let world: World
    private let mounts: (files: [MountedFile], folders: [String])

    /// - Returns: nil once the container has stopped.
    init?(_ target: ExecTarget, in world: World) {
        guard let configuration = world.workloads.configuration(of: target.run) else { return nil }
        self.target = target
        self.configuration = configuration
        self.world = world
        mounts = world.cluster.mounts(of: target)
    }

    static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    var hostname: String {
        let name = target.pod.spec.hostname
        return name.isEmpty ? target.pod.metadata.name : name
    }

    /// Who the processes of the container are: the numbers that its security context asks for, or root.
    var user: (uid: Int64, gid: Int64) {
        let own = target.container.securityContext
        let pod = target.pod.spec.securityContext
        let uid = own?.runAsUser ?? pod?.runAsUser ?? 0
        return (uid, own?.runAsGroup ?? pod?.runAsGroup ?? 0)
    }

    // MARK: Environment

    /// As the kubelet and the runtime make it; the manifest's part is as it was when the container started.
    var environment: [(name: String, value: String)] {
        var found: [(name: String, value: String)] = []
        func set(_ name: String, _ value: String) {
            if let place = found.firstIndex(where: { $0.name == name }) {
                found[place].value = value
            } else {
                found.append((name, value))
            }
        }
        set("PATH", Self.path)
        set("HOSTNAME", hostname)
        for (name, value) in serviceVariables { set(name, value) }
        for (name, value) in configuration.environment { set(name, value) }
        set("HOME", user.uid == 0 ? "/root" : "/")
        return found
    }

    /// `WEB_SERVICE_HOST` and its kin, for the services of the namespace that were there before the container
    /// (`pkg/kubelet/envvars`).
    private var serviceVariables: [(name: String, value: String)] {
        guard target.pod.spec.enableServiceLinks != false else { return [] }
        let started = world.workloads.startTime(of: target.run) ?? world.now
        let store = world.cluster.context.store
        var found: [(name: String, value: String)] = []
        for id in store.services.ids {
            guard let service = store[id], service.metadata.namespace == target.pod.metadata.namespace,
                !service.spec.clusterIP.isEmpty, service.spec.clusterIP != "None", let first = service.spec.ports.first,
                let created = service.metadata.creationTimestamp,
                world.cluster.context.simulationTime(created) <= started
            else { continue }
            let name = service.metadata.name.uppercased().replacing("-", with: "_")
            let host = service.spec.clusterIP
            found.append((name + "_SERVICE_HOST", host))
            found.append((name + "_SERVICE_PORT", "\(first.port)"))
            for port in service.spec.ports where !port.name.isEmpty {
                found.append(
                    (name + "_SERVICE_PORT_" + port.name.uppercased().replacing("-", with: "_"), "\(port.port)"))
            }
            for (index, port) in service.spec.ports.enumerated() {
                let scheme = port.protocol.isEmpty ? "TCP" : port.protocol
                let url = "\(scheme.lowercased())://\(host):\(port.port)"
                if index == 0 { found.append((name + "_PORT", url)) }
                let prefix = "\(name)_PORT_\(port.port)_\(scheme)"
                found.append((prefix, url))
                found.append((prefix + "_PROTO", scheme.lowercased()))
                found.append((prefix + "_PORT", "\(port.port)"))
                found.append((prefix + "_ADDR", host))
            }
        }
        return found
    }

    // MARK: Processes

    /// The command line of the first process: the manifest's, or else the name of the image, whose own is not known.
    var command: [String] {
        let own = configuration.command + configuration.arguments
        guard own.isEmpty else { return own }
        let last = configuration.image.split(separator: "/").last.map(String.init) ?? configuration.image
        return [last.split(separator: ":").first.map(String.init) ?? last]
    }

    var usage: ContainerUsage { world.workloads.usage(of: target.run, now: world.now) ?? ContainerUsage() }

    // MARK: Files

    /// What stands at a path: the bytes of a file.
    func file(_ path: String) -> MountedFile? {
        mounts.files.last { $0.path == path } ?? systemFile(path)
    }

    /// The names in a folder, sorted; nil if there is no such folder.
    func names(in folder: String) -> [String]? {
        let prefix = folder == "/" ? "/" : folder + "/"
        var names: Set<String> = []
        for path in mounts.files.map(\.path) + mounts.folders + Self.systemPaths where path.hasPrefix(prefix) {
            if let first = path.dropFirst(prefix.count).split(separator: "/").first { names.insert(String(first)) }
        }
        let isThere =
            !names.isEmpty || mounts.folders.contains(folder) || folder == "/" || Self.emptyFolders.contains(folder)
        return isThere ? names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } : nil
    }

    private static let emptyFolders = ["/tmp", "/root", "/home", "/app", "/usr/bin", "/bin", "/dev"]
    private static let systemPaths =
        emptyFolders + [
            "/etc/passwd", "/etc/os-release", "/proc/1/cmdline", "/proc/1/comm", "/proc/1/environ", "/proc/1/status",
            "/proc/1/cgroup", "/proc/uptime", "/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/cpu.stat",
            "/sys/fs/cgroup/cpu.weight", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.max",
        ]

    private func systemFile(_ path: String) -> MountedFile? {
        guard Self.systemPaths.contains(path), !Self.emptyFolders.contains(path) else { return nil }
        return MountedFile(path, Array(systemText(path).utf8), mode: path.hasPrefix("/etc") ? 0o644 : 0o444)
    }

    private func systemText(_ path: String) -> String {
        let resources = configuration.resources
        switch path {
        case "/etc/passwd":
            return "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
        case "/etc/os-release": return "PRETTY_NAME=\"Kubelab, a simulated container\"\nNAME=\"Kubelab\"\nID=kubelab\n"
        case "/proc/1/cmdline": return command.map { $0 + "\0" }.joined()
        case "/proc/1/comm": return String((command.first ?? "").split(separator: "/").last?.prefix(15) ?? "") + "\n"
        case "/proc/1/environ": return environment.map { "\($0.name)=\($0.value)\0" }.joined()
        case "/proc/1/status":
            return
                "Name:\t\((command.first ?? "").split(separator: "/").last ?? "")\nState:\tS (sleeping)\nPid:\t1\nPPid:\t0\nUid:\t\(user.uid)\t\(user.uid)\t\(user.uid)\t\(user.uid)\nVmRSS:\t\(usage.workingSetBytes / 1024) kB\n"
        case "/proc/1/cgroup": return "0::/\n"
        case "/proc/uptime":
            let up = world.now - SimulationTime.zero
            return "\(up.nanoseconds / 1_000_000_000).\(Self.hundredths(up)) 0.00\n"
        case "/sys/fs/cgroup/cpu.max":
            return (resources.cpuLimitMilli.map { "\($0 * 100)" } ?? "max") + " 100000\n"
        case "/sys/fs/cgroup/cpu.weight":
            // runc's mapping of shares (2 to 262144) to weights (1 to 10000).
            let shares = min(max(2, resources.cpuRequestMilli * 1024 / 1000), 262_144)
            return "\(1 + (shares - 2) * 9_999 / 262_142)\n"
        case "/sys/fs/cgroup/cpu.stat":
            let usage = usage
            return
                "usage_usec \(usage.cpuNanoseconds / 1000)\nnr_periods \(usage.cfsPeriods)\nnr_throttled \(usage.cfsThrottledPeriods)\n"
        case "/sys/fs/cgroup/memory.current": return "\(usage.workingSetBytes)\n"
        case "/sys/fs/cgroup/memory.max": return (resources.memoryLimitBytes.map { "\($0)" } ?? "max") + "\n"
        default: return ""
        }
    }

    private static func hundredths(_ span: Duration) -> String {
        String("\(100 + span.nanoseconds / 10_000_000 % 100)".dropFirst())
    }
}
