import ContainerRuntime
import Simulation

/// One run of one container's program.
struct Process: Sendable {
    enum Phase: UInt8, BinaryCodable {
        /// Nothing runs in this slot.
        case absent
        /// Importing; the port is closed.
        case starting
        /// The port is open.
        case serving
        /// After SIGTERM: the port is closed, what is in flight goes on.
        case stopping
    }

    var id = ContainerID(slot: .max, generation: 0)
    var sandbox = SandboxID(slot: .max, generation: 0)
    var node: UInt32 = .max
    var nextInSandbox: UInt32 = .max
    var nextOnNode: UInt32 = .max
    var previousOnNode: UInt32 = .max
    var behaviour: UInt32 = 0
    var phase = Phase.absent
    /// Whether it would call itself ready.
    var isWarm = false
    /// Whether it makes no progress at all.
    var isDeadlocked = false
    /// Whether SIGTERM reaches the program.
    var swallowsSignals = false
    /// Whether it closes each connection after the answer.
    var drainsConnections = false
    /// Bytes that a fault still makes it take, a part each second.
    var growthLeft: Int64 = 0
    var growthPerSecond: Int64 = 0
    /// Whether it never gets past importing.
    var hangs = false
    /// Whether it has fewer GPUs than it needs, so that it will exit.
    var lacksDevices = false
    var workers: Int32 = 1
    var slots: Int32 = .max
    var limit: Int32 = .max
    var backlog: Int32 = 2048
    /// The port it listens on; 0 for every declared one.
    var port: Int32 = 0
    var gracefulTimeout: Duration?
    /// Requests being handled, and those that wait for a slot.
    var inFlight: Int32 = 0
    var admissionCount: Int32 = 0
    var admissionHead: UInt32 = .max
    var admissionTail: UInt32 = .max
    /// All calls in it.
    var firstCall: UInt32 = .max
    /// Bursts that wait for the event loop.
    var queueHead: UInt32 = .max
    var queueTail: UInt32 = .max
    var queueCount: Int32 = 0
    /// Bursts on the CPU.
    var runHead: UInt32 = .max
    /// Event loops that are taken, by a running or by a blocking burst.
    var busyLoops: Int32 = 0
    /// Parts of the start that are not over.
    var pendingStarts: Int32 = 0
    /// Whether requests that wait for a slot must be looked at before time goes on.
    var hasFreedSlots = false
    var cpu = CPUAccount(limitMilli: nil, requestMilli: 0, now: .zero)
    var memory = MemoryAccount()
    var memoryLimit: Int64 = .max
    var memoryRequest: Int64 = 0
    var oomScoreAdjustment: Int32 = 0
    var exitCode: Int32 = 0
    var started = SimulationTime.zero
    var crashTimer = TimerHandle.none
    var stopTimer = TimerHandle.none
    /// What faults do to it.
    var condition = ImageCondition()
    var meter = ProcessMeter()

    var listens: Bool { phase == .serving }
}

/// What a process has served since it started.
public struct ProcessMeter: Sendable, Equatable {
    /// Requests answered, by outcome (index: `Outcome.rawValue`).
    public var answered = OutcomeCounts()
    /// Time in the server of all answered requests, whatever the answer: what the program itself can measure.
    public var latency = LatencyHistogram()
    /// Model calls attempted and their tokens.
    public var bill = TokenBill()
    /// Answers of the last minute.
    public var recent = RecentMinute()
    /// More of its work; empty unless somebody asked for it (``Workloads/observeWork(upTo:)``).
    public var observed = ObservedWork()
    /// Its answers by path and status, in that order; empty unless somebody asked for it (``Workloads/observeRoutes()``).
    public var routes: [RouteMeter] = []

    public init() {}
}

extension ProcessMeter: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(answered)
        writer.write(latency)
        writer.write(bill)
        writer.write(recent)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        answered = try reader.read()
        latency = try reader.read()
        bill = try reader.read()
        recent = try reader.read()
    }
}

extension Process: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(phase)
        guard phase != .absent else { return }
        writer.write(id)
        writer.write(sandbox)
        writer.write(node)
        writer.write(nextInSandbox)
        writer.write(nextOnNode)
        writer.write(previousOnNode)
        writer.write(behaviour)
        writer.write(isWarm)
        writer.write(isDeadlocked)
        // What few processes have costs the others no byte.
        writer.writeByte(
            (swallowsSignals ? 1 : 0) | (drainsConnections ? 2 : 0) | (growthLeft > 0 ? 4 : 0)
                | (meter.observed.isEmpty ? 0 : 8) | (meter.routes.isEmpty ? 0 : 16))
        if growthLeft > 0 {
            writer.write(growthLeft)
            writer.write(growthPerSecond)
        }
        writer.write(hangs)
        writer.write(lacksDevices)
        writer.write(workers)
        writer.write(slots)
        writer.write(limit)
        writer.write(backlog)
        writer.write(port)
        writer.write(gracefulTimeout)
        writer.write(inFlight)
        writer.write(admissionCount)
        writer.write(admissionHead)
        writer.write(admissionTail)
        writer.write(firstCall)
        writer.write(queueHead)
        writer.write(queueTail)
        writer.write(queueCount)
        writer.write(runHead)
        writer.write(busyLoops)
        writer.write(pendingStarts)
        writer.write(cpu)
        writer.write(memory)
        writer.write(memoryLimit)
        writer.write(memoryRequest)
        writer.write(oomScoreAdjustment)
        writer.write(exitCode)
        writer.write(started)
        writer.write(crashTimer)
        writer.write(stopTimer)
        writer.write(condition)
        writer.write(meter)
        if !meter.observed.isEmpty { writer.write(meter.observed) }
        if !meter.routes.isEmpty { writer.write(meter.routes) }
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        phase = try reader.read()
        guard phase != .absent else { return }
        id = try reader.read()
        sandbox = try reader.read()
        node = try reader.read()
        nextInSandbox = try reader.read()
        nextOnNode = try reader.read()
        previousOnNode = try reader.read()
        behaviour = try reader.read()
        isWarm = try reader.read()
        isDeadlocked = try reader.read()
        let flags = try reader.readByte()
        guard flags < 32 else { throw .malformed(what: "process", offset: reader.offset) }
        swallowsSignals = flags & 1 != 0
        drainsConnections = flags & 2 != 0
        if flags & 4 != 0 {
            growthLeft = try reader.read()
            growthPerSecond = try reader.read()
        }
        hangs = try reader.read()
        lacksDevices = try reader.read()
        workers = try reader.read()
        slots = try reader.read()
        limit = try reader.read()
        backlog = try reader.read()
        port = try reader.read()
        gracefulTimeout = try reader.read()
        inFlight = try reader.read()
        admissionCount = try reader.read()
        admissionHead = try reader.read()
        admissionTail = try reader.read()
        firstCall = try reader.read()
        queueHead = try reader.read()
        queueTail = try reader.read()
        queueCount = try reader.read()
        runHead = try reader.read()
        busyLoops = try reader.read()
        pendingStarts = try reader.read()
        cpu = try reader.read()
        memory = try reader.read()
        memoryLimit = try reader.read()
        memoryRequest = try reader.read()
        oomScoreAdjustment = try reader.read()
        exitCode = try reader.read()
        started = try reader.read()
        crashTimer = try reader.read()
        stopTimer = try reader.read()
        condition = try reader.read()
        meter = try reader.read()
        if flags & 8 != 0 { meter.observed = try reader.read() }
        if flags & 16 != 0 { meter.routes = try reader.read() }
    }
}
