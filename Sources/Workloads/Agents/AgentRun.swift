import Simulation

/// One request's loop of model and tool calls.
struct AgentRun: Sendable {
    /// What the loop waits for.
    enum Phase: UInt8, BinaryCodable {
        case thinking, asking, backingOff, working, usingTool
    }

    var call = Handle<Call>.none
    var plan: UInt32 = 0
    var phase = Phase.thinking
    var stepsLeft: Int32 = 0
    var stepsDone: Int32 = 0
    var toolsLeft: Int32 = 0
    /// The tool in use, and whether it has failed.
    var tool: UInt32 = 0
    var toolFailed = false
    var isLooping = false
    var failing = false
    /// Tokens of the context that the next call sends, and how much of its start the provider has cached.
    var context: Int64 = 0
    var cachedContext: Int64 = 0
    var lastUse = SimulationTime.zero
    var deadline = SimulationTime.never
    /// The model call in progress.
    var attempt: UInt8 = 0
    var asked = SimulationTime.zero
    var uncached: Int64 = 0
    var cached: Int64 = 0
    var written: Int64 = 0
    var output: Int64 = 0
    var firstToken = Duration.zero
    var whole = Duration.zero
    var retryAfter = Duration.zero
    /// Slices of a streamed answer that are still to come, and CPU seconds of each.
    var slicesLeft: Int32 = 0
    var sliceWork = 0.0
    var fate = ModelFate.answered
    var timer = TimerHandle.none
    /// What this request has been billed.
    var bill = TokenBill()
    var attempts: Int32 = 0
    var toolCalls: Int32 = 0
    var tracing = RunTracing()
}

/// How an attempt at a model will end, which the provider decides when it takes the request.
enum ModelFate: UInt8, BinaryCodable {
    case answered, limited, overloaded, failed, invalid, timedOut
}

/// Tokens and money.
public struct TokenBill: Sendable, Equatable {
    public var calls: Int64 = 0
    public var uncachedInput: Int64 = 0
    public var cachedInput: Int64 = 0
    public var cacheWrites: Int64 = 0
    public var output: Int64 = 0
    /// Nano-dollars.
    public var cost: Int64 = 0

    public init() {}

    public static func += (left: inout Self, right: Self) {
        left.calls = left.calls.addingSaturating(right.calls)
        left.uncachedInput = left.uncachedInput.addingSaturating(right.uncachedInput)
        left.cachedInput = left.cachedInput.addingSaturating(right.cachedInput)
        left.cacheWrites = left.cacheWrites.addingSaturating(right.cacheWrites)
        left.output = left.output.addingSaturating(right.output)
        left.cost = left.cost.addingSaturating(right.cost)
    }
}

extension TokenBill: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        for value in [calls, uncachedInput, cachedInput, cacheWrites, output, cost] { writer.write(value) }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        calls = try reader.read()
        uncachedInput = try reader.read()
        cachedInput = try reader.read()
        cacheWrites = try reader.read()
        output = try reader.read()
        cost = try reader.read()
    }
}

extension AgentRun: PoolElement {
    static var vacant: AgentRun { AgentRun() }

    func write(to writer: inout BinaryWriter) {
        writer.write(call)
        writer.write(plan)
        writer.write(phase)
        writer.write(stepsLeft)
        writer.write(stepsDone)
        writer.write(toolsLeft)
        writer.write(tool)
        writer.write(toolFailed)
        writer.write(isLooping)
        writer.write(failing)
        writer.write(context)
        writer.write(cachedContext)
        writer.write(lastUse)
        writer.write(deadline)
        writer.write(attempt)
        writer.write(asked)
        writer.write(uncached)
        writer.write(cached)
        writer.write(written)
        writer.write(output)
        writer.write(firstToken)
        writer.write(whole)
        writer.write(retryAfter)
        writer.write(slicesLeft)
        writer.write(sliceWork)
        writer.write(fate)
        writer.write(timer)
        writer.write(bill)
        writer.write(attempts)
        writer.write(toolCalls)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        call = try reader.read()
        plan = try reader.read()
        phase = try reader.read()
        stepsLeft = try reader.read()
        stepsDone = try reader.read()
        toolsLeft = try reader.read()
        tool = try reader.read()
        toolFailed = try reader.read()
        isLooping = try reader.read()
        failing = try reader.read()
        context = try reader.read()
        cachedContext = try reader.read()
        lastUse = try reader.read()
        deadline = try reader.read()
        attempt = try reader.read()
        asked = try reader.read()
        uncached = try reader.read()
        cached = try reader.read()
        written = try reader.read()
        output = try reader.read()
        firstToken = try reader.read()
        whole = try reader.read()
        retryAfter = try reader.read()
        slicesLeft = try reader.read()
        sliceWork = try reader.read()
        fate = try reader.read()
        timer = try reader.read()
        bill = try reader.read()
        attempts = try reader.read()
        toolCalls = try reader.read()
    }
}
