import ContainerRuntime
import KubernetesAPI
import Simulation

/// What the kubelet knows about one container of a pod.
struct ContainerRecord: Sendable {
    enum Role: UInt8, Sendable, BinaryCodable {
        case initialization, sidecar, regular
        /// Added to a running pod for debugging; runs once.
        case ephemeral
    }

    enum State: Sendable, Equatable {
        case waiting(reason: String, message: String)
        case running(since: SimulationTime)
        case terminated(Termination)
    }

    /// A waiting state, as `state.waiting` shows it.
    struct Waiting: Sendable, Equatable {
        var reason: String
        var message: String
    }

    /// How a run ended, as `state.terminated` shows it.
    struct Termination: Sendable, Equatable {
        var code: Int32
        var reason: String
        var message: String
        var started: SimulationTime
        var finished: SimulationTime
        var container: ContainerID
    }

    var role: Role
    var state: State
    var last: Termination?
    /// The present run.
    var runtime: ContainerID?
    /// The present run, or the one before while none is: whose log is shown.
    var lastRun: ContainerID?
    var restartCount: Int32 = 0
    var started = false
    var ready = false
    var backoff = CrashBackoff()
    var pullBackoff = CrashBackoff()
    var pullFailedAt: SimulationTime?
    /// Something is under way that ends with an event: a pull, a start, a back-off.
    var isBusy = false
    /// The end of the pull, start or back-off that is under way.
    var pending: TimerHandle = .none
    /// It is being killed, by a probe or with the pod.
    var isStopping = false
    /// The exit was reported by the runtime and is not noticed yet.
    var exit: ExitStatus?
    /// Waits for its preStop hook before the signal.
    var inPreStop = false
    /// While its postStart hook has not succeeded a container runs and is shown as it waited before.
    var heldBack: Waiting?
    /// The answer of the postStart hook is outstanding.
    var inPostStart = false
    /// What is said of a container while it starts again after its postStart hook failed; empty otherwise.
    var hookError = ""
    var pullStarted: SimulationTime = .zero
    var probes: [ProbeWorker] = []
    var graceTimer: TimerHandle = .none
    /// The image of the present run.
    var image = ""
    /// Limits as they were last given to the runtime.
    var allocated = ContainerResources()

    init(role: Role, reason: String) {
        self.role = role
        state = .waiting(reason: reason, message: "")
    }

    var isRunning: Bool { if case .running = state { true } else { false } }
    var termination: Termination? { if case .terminated(let termination) = state { termination } else { nil } }
}

/// One probe of one run of a container (`pkg/kubelet/prober/worker.go`).
struct ProbeWorker: Sendable {
    var kind: ProbeKind
    /// Consecutive equal results; the sign tells which.
    var streak: Int32 = 0
    var succeeding = false
    /// The published result.
    var published: Bool
    var onHold = false
    /// The instant from which the ticks are counted.
    var epoch: SimulationTime
    var timer: TimerHandle = .none
    var awaiting = false

    init(kind: ProbeKind, epoch: SimulationTime) {
        self.kind = kind
        self.epoch = epoch
        published = kind == .liveness
    }

    /// The first tick at or after an instant.
    func tick(notBefore time: SimulationTime, period: Duration) -> SimulationTime {
        let elapsed = (time - epoch).nanoseconds
        guard elapsed > 0, period.nanoseconds > 0 else { return max(epoch, time) }
        let ticks = (elapsed + period.nanoseconds - 1) / period.nanoseconds
        return epoch + period * ticks
    }
}

extension ContainerRecord.Termination: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(code)
        writer.write(reason)
        writer.write(message)
        writer.write(started)
        writer.write(finished)
        writer.write(container)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        code = try reader.read()
        reason = try reader.read()
        message = try reader.read()
        started = try reader.read()
        finished = try reader.read()
        container = try reader.read()
    }
}

extension ContainerRecord.State: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        switch self {
        case .waiting(let reason, let message):
            writer.writeByte(0)
            writer.write(reason)
            writer.write(message)
        case .running(let since):
            writer.writeByte(1)
            writer.write(since)
        case .terminated(let termination):
            writer.writeByte(2)
            writer.write(termination)
        }
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        switch try reader.readByte() {
        case 0: self = .waiting(reason: try reader.read(), message: try reader.read())
        case 1: self = .running(since: try reader.read())
        case 2: self = .terminated(try reader.read())
        default: throw .malformed(what: "container state", offset: reader.offset)
        }
    }
}

extension ProbeWorker: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(kind)
        writer.write(streak)
        writer.write(succeeding)
        writer.write(published)
        writer.write(onHold)
        writer.write(epoch)
        writer.write(timer)
        writer.write(awaiting)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        kind = try reader.read()
        streak = try reader.read()
        succeeding = try reader.read()
        published = try reader.read()
        onHold = try reader.read()
        epoch = try reader.read()
        timer = try reader.read()
        awaiting = try reader.read()
    }
}

extension ExitStatus: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(code)
        writer.write(reason)
        writer.write(message)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let code: Int = try reader.read()
        let reason: String = try reader.read()
        self.init(code: code, reason: reason, message: try reader.read())
    }
}

extension ContainerResources: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(cpuRequestMilli)
        writer.write(cpuLimitMilli)
        writer.write(memoryRequestBytes)
        writer.write(memoryLimitBytes)
        writer.write(gpus)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init()
        cpuRequestMilli = try reader.read()
        cpuLimitMilli = try reader.read()
        memoryRequestBytes = try reader.read()
        memoryLimitBytes = try reader.read()
        gpus = try reader.read()
    }
}

extension ContainerRecord: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(role)
        writer.write(state)
        writer.write(last)
        writer.write(runtime)
        writer.write(lastRun)
        writer.write(restartCount)
        writer.write(started)
        writer.write(ready)
        writer.write(backoff)
        writer.write(pullBackoff)
        writer.write(pullFailedAt)
        writer.write(isBusy)
        writer.write(pending)
        writer.write(isStopping)
        writer.write(exit)
        writer.write(inPreStop)
        writer.write(heldBack?.reason)
        writer.write(heldBack?.message)
        writer.write(inPostStart)
        writer.write(hookError)
        writer.write(pullStarted)
        writer.write(probes)
        writer.write(graceTimer)
        writer.write(allocated)
        writer.write(image)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        role = try reader.read()
        state = try reader.read()
        last = try reader.read()
        runtime = try reader.read()
        lastRun = try reader.read()
        restartCount = try reader.read()
        started = try reader.read()
        ready = try reader.read()
        backoff = try reader.read()
        pullBackoff = try reader.read()
        pullFailedAt = try reader.read()
        isBusy = try reader.read()
        pending = try reader.read()
        isStopping = try reader.read()
        exit = try reader.read()
        inPreStop = try reader.read()
        let (reason, message): (String?, String?) = (try reader.read(), try reader.read())
        if let reason { heldBack = Waiting(reason: reason, message: message ?? "") }
        inPostStart = try reader.read()
        hookError = try reader.read()
        pullStarted = try reader.read()
        probes = try reader.read()
        graceTimer = try reader.read()
        allocated = try reader.read()
        image = try reader.read()
    }
}
