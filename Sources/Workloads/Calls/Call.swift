import Simulation

/// One piece of work in one container: a request being served, a probe's answer, the program's start, a job.
struct Call: Sendable {
    /// Who waits for the end of it.
    enum Origin: UInt8, BinaryCodable {
        /// Nobody any more: the caller gave up or died.
        case nobody
        case journey
        case call
        case probe
        /// The process itself: importing, warming up, a batch's run.
        case process
        case message
        /// A client outside the simulated programs.
        case exchange
    }

    /// What it is doing.
    enum State: UInt8, BinaryCodable {
        /// On its way to a server.
        case connecting
        /// In the server, waiting for one of its slots.
        case admission
        /// Waiting for the event loop.
        case queued
        /// On the CPU.
        case running
        /// Holding the event loop without using it.
        case blocking
        /// Waiting for time to pass.
        case waiting
        /// Waiting for another service.
        case calling
        /// Waiting for a model or a tool.
        case asking
        /// Waiting to try again.
        case backingOff
    }

    /// What the work is for.
    enum Kind: UInt8, BinaryCodable {
        case request, rejection, probe, command, importing, loading, warmUpWork, warmUp, batch, job, hook, blockage
    }

    var number: UInt64 = 0
    /// The journey or message that all this is for.
    var trace: UInt64 = 0
    /// Seed of everything random in this call, so that a request costs the same wherever it is served.
    var dice: UInt64 = 0
    var draws: UInt32 = 0
    var origin = Origin.nobody
    var kind = Kind.request
    var state = State.connecting
    var isCancelled = false
    /// Whether the burst holds its event loop without using the CPU.
    var blocks = false
    /// Whether the answer will be of no use to the user, though it looks like one.
    var isPoor = false
    var depth: UInt8 = 0
    var attempt: UInt8 = 0
    /// How it will end if it gets to its end.
    var outcome = Outcome.ok
    /// The journey, call, probe or message that waits.
    var originSlot: UInt32 = .max
    var originGeneration: UInt32 = 0
    /// Probe token, for a probe.
    var token: UInt64 = 0
    /// The source of traffic that pays for it; `.max` for none.
    var source: UInt32 = .max
    /// Model steps taken for it, here and further down.
    var steps: UInt32 = 0
    var target: UInt32 = .max
    var path: UInt32 = 0
    /// The server; `.max` while connecting.
    var process: UInt32 = .max
    var route: UInt32 = 0
    var stage: UInt32 = 0
    /// Neighbours in the server's list of all its calls.
    var next: UInt32 = .max
    var previous: UInt32 = .max
    /// The next in the one queue or list that it stands in.
    var link: UInt32 = .max
    /// CPU nanoseconds wanted while queued; the service counter at which it is done while running.
    var work = 0.0
    var memory: Int64 = 0
    var sent = SimulationTime.zero
    var began = SimulationTime.zero
    /// The alarm that this call waits for (a wait's end, or the caller's time-out for its child).
    var timer = TimerHandle.none
    var child = Handle<Call>.none
    var run = Handle<AgentRun>.none
    var tracing = CallTracing()
}

extension Call: PoolElement {
    static var vacant: Call { Call() }

    func write(to writer: inout BinaryWriter) {
        writer.write(number)
        writer.write(trace)
        writer.write(dice)
        writer.write(draws)
        writer.write(origin)
        writer.write(kind)
        writer.write(state)
        writer.write(isCancelled)
        writer.write(blocks)
        writer.write(isPoor)
        writer.write(depth)
        writer.write(attempt)
        writer.write(outcome)
        writer.write(originSlot)
        writer.write(originGeneration)
        writer.write(token)
        writer.write(source)
        writer.write(steps)
        writer.write(target)
        writer.write(path)
        writer.write(process)
        writer.write(route)
        writer.write(stage)
        writer.write(next)
        writer.write(previous)
        writer.write(link)
        writer.write(work)
        writer.write(memory)
        writer.write(sent)
        writer.write(began)
        writer.write(timer)
        writer.write(child)
        writer.write(run)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        number = try reader.read()
        trace = try reader.read()
        dice = try reader.read()
        draws = try reader.read()
        origin = try reader.read()
        kind = try reader.read()
        state = try reader.read()
        isCancelled = try reader.read()
        blocks = try reader.read()
        isPoor = try reader.read()
        depth = try reader.read()
        attempt = try reader.read()
        outcome = try reader.read()
        originSlot = try reader.read()
        originGeneration = try reader.read()
        token = try reader.read()
        source = try reader.read()
        steps = try reader.read()
        target = try reader.read()
        path = try reader.read()
        process = try reader.read()
        route = try reader.read()
        stage = try reader.read()
        next = try reader.read()
        previous = try reader.read()
        link = try reader.read()
        work = try reader.read()
        memory = try reader.read()
        sent = try reader.read()
        began = try reader.read()
        timer = try reader.read()
        child = try reader.read()
        run = try reader.read()
    }
}

/// Independent randomness for one piece of work, made from two numbers.
func mixed(_ seed: UInt64, _ ordinal: UInt64) -> UInt64 {
    var z = seed &+ (ordinal &+ 1) &* 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
}
