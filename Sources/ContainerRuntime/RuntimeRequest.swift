import Simulation

/// What the kubelet asks of the runtime. `World` carries it to the workloads at the same instant; answers come back
/// as ``RuntimeReport`` when the simulated program gets there.
public enum RuntimeRequest: Sendable {
    /// A machine joins; its capacity is what the kernel can share out.
    case addNode(NodeID, NodeHardware)
    /// The machine stops at once: every container on it is gone and nothing is reported (power loss, partition
    /// of the whole machine, scale-down by the cloud).
    case removeNode(NodeID)
    /// Creates and starts a container. The program begins now; `RuntimeReport.exited` may follow.
    case start(ContainerID, ContainerConfiguration)
    /// SIGTERM: the program may finish what it does. Exit follows when it is done.
    case terminate(ContainerID)
    /// SIGKILL: exits at once with 137.
    case kill(ContainerID)
    /// Runs one check against the container; exactly one `RuntimeReport.probed` answers, at the latest after `timeout`.
    case probe(ProbeToken, ContainerID, ProbeAction, timeout: Duration)
    /// Runs a lifecycle hook in the container; `RuntimeReport.hookFinished` answers.
    case runHook(ContainerID, HookAction)
    /// Changes the cgroup limits of a running container in place.
    case resize(ContainerID, ContainerResources)
}

/// What the runtime reports to the kubelet.
public enum RuntimeReport: Sendable {
    /// The container stopped; everything it held is released.
    case exited(ContainerID, ExitStatus)
    case probed(ProbeToken, ProbeResult)
    case hookFinished(ContainerID, succeeded: Bool)
}

/// Capacity of a machine as the kernel sees it.
public struct NodeHardware: Sendable, Equatable {
    public var cpuMilli: Int64
    public var memoryBytes: Int64
    public var gpus: Int
    /// Relative speed of one core; 1 is the reference core of the workload profiles.
    public var coreSpeed: Double

    public init(cpuMilli: Int64, memoryBytes: Int64, gpus: Int = 0, coreSpeed: Double = 1) {
        self.cpuMilli = cpuMilli
        self.memoryBytes = memoryBytes
        self.gpus = gpus
        self.coreSpeed = coreSpeed
    }
}

/// The cgroup settings of a container; a missing limit is no limit.
public struct ContainerResources: Sendable, Equatable {
    public var cpuRequestMilli: Int64
    public var cpuLimitMilli: Int64?
    public var memoryRequestBytes: Int64
    public var memoryLimitBytes: Int64?
    public var gpus: Int

    public init(
        cpuRequestMilli: Int64 = 0, cpuLimitMilli: Int64? = nil, memoryRequestBytes: Int64 = 0,
        memoryLimitBytes: Int64? = nil, gpus: Int = 0
    ) {
        self.cpuRequestMilli = cpuRequestMilli
        self.cpuLimitMilli = cpuLimitMilli
        self.memoryRequestBytes = memoryRequestBytes
        self.memoryLimitBytes = memoryLimitBytes
        self.gpus = gpus
    }
}

/// All that a program can see of how it was started.
public struct ContainerConfiguration: Sendable, Equatable {
    public var node: NodeID
    public var sandbox: SandboxID
    public var namespace: String
    public var pod: String
    public var container: String
    public var image: String
    public var command: [String]
    public var arguments: [String]
    /// Resolved environment, in the order of the manifest.
    public var environment: [(name: String, value: String)]
    public var labels: [(name: String, value: String)]
    /// Container ports by name and number.
    public var ports: [(name: String, number: Int)]
    public var resources: ContainerResources
    /// oom_score_adj: who dies first when the node runs out of memory.
    public var oomScoreAdjustment: Int
    /// How many times this container of this pod ran before.
    public var restartCount: Int

    public init(
        node: NodeID, sandbox: SandboxID, namespace: String, pod: String, container: String, image: String,
        command: [String] = [], arguments: [String] = [], environment: [(name: String, value: String)] = [],
        labels: [(name: String, value: String)] = [], ports: [(name: String, number: Int)] = [],
        resources: ContainerResources = ContainerResources(), oomScoreAdjustment: Int = 0, restartCount: Int = 0
    ) {
        self.node = node
        self.sandbox = sandbox
        self.namespace = namespace
        self.pod = pod
        self.container = container
        self.image = image
        self.command = command
        self.arguments = arguments
        self.environment = environment
        self.labels = labels
        self.ports = ports
        self.resources = resources
        self.oomScoreAdjustment = oomScoreAdjustment
        self.restartCount = restartCount
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.node == right.node && left.sandbox == right.sandbox && left.namespace == right.namespace
            && left.pod == right.pod && left.container == right.container && left.image == right.image
            && left.command == right.command && left.arguments == right.arguments
            && left.environment.elementsEqual(right.environment, by: ==)
            && left.labels.elementsEqual(right.labels, by: ==) && left.ports.elementsEqual(right.ports, by: ==)
            && left.resources == right.resources && left.oomScoreAdjustment == right.oomScoreAdjustment
            && left.restartCount == right.restartCount
    }
}

/// One check of a probe.
public enum ProbeAction: Sendable, Equatable {
    case httpGet(path: String, port: Int)
    case tcpSocket(port: Int)
    case exec(command: [String])
    case grpc(port: Int, service: String)
}

/// How a check ended.
public enum ProbeResult: Sendable, Equatable {
    /// An HTTP status code, or 0 for a check that has none (TCP, exec, gRPC).
    case success(status: Int)
    /// `exec` carries the exit code, HTTP the status.
    case failure(code: Int, output: String)
    case connectionRefused
    case timedOut
}

/// What a lifecycle hook does.
public enum HookAction: Sendable, Equatable {
    case exec(command: [String])
    case httpGet(path: String, port: Int)
    case sleep(Duration)
}

/// How a program ended, as the runtime reports it.
public struct ExitStatus: Sendable, Equatable {
    /// 0 to 255; 128 + signal number for a program that died by a signal.
    public var code: Int
    /// `Completed`, `Error`, `OOMKilled` or `StartError`.
    public var reason: String
    /// Termination message; empty for none.
    public var message: String

    public init(code: Int, reason: String? = nil, message: String = "") {
        self.code = code
        self.reason = reason ?? (code == 0 ? "Completed" : "Error")
        self.message = message
    }
}

/// What cgroups account for one container.
public struct ContainerUsage: Sendable, Equatable {
    /// CPU time used since the container started, in nanoseconds of a core.
    public var cpuNanoseconds: Int64
    public var workingSetBytes: Int64
    /// Enforcement periods that elapsed and those in which the container was throttled.
    public var cfsPeriods: Int64
    public var cfsThrottledPeriods: Int64

    public init(cpuNanoseconds: Int64 = 0, workingSetBytes: Int64 = 0, cfsPeriods: Int64 = 0, cfsThrottledPeriods: Int64 = 0) {
        self.cpuNanoseconds = cpuNanoseconds
        self.workingSetBytes = workingSetBytes
        self.cfsPeriods = cfsPeriods
        self.cfsThrottledPeriods = cfsThrottledPeriods
    }
}

/// Where the kubelet and metrics-server read usage; the workloads answer for the present instant.
public protocol ContainerUsageSource {
    /// Usage up to now, or nil if the container is not running.
    func usage(of container: ContainerID, now: SimulationTime) -> ContainerUsage?
}
