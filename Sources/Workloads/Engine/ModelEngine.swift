import Simulation

/// Continuous batching in one model server: a queue, a batch, and a KV cache that they share (reference section 3).
///
/// Steps are not simulated one by one (a GPU makes a hundred a second): between two changes of the batch every decoding
/// sequence gets tokens at the same rate, which follows from the batch as it is. `tokens` counts what each decoding
/// sequence has got since the engine started, so that time costs nothing per sequence.
struct ModelEngine: Sendable {
    /// One request in the engine.
    struct Sequence: Sendable, Equatable {
        var call: UInt32
        var priority: Int32
        /// The order in which requests came.
        var arrival: UInt64
        var prompt: Int64
        var output: Int64
        /// Tokens of the answer before the present stay in the batch.
        var generated = 0.0
        /// Prompt tokens that are still to be read in this stay; none once it decodes.
        var unread = 0.0
        /// Counter of `tokens` when it began to decode.
        var joined = 0.0
        var decodes = false

        /// Tokens that it holds in the KV cache.
        func held(_ tokens: Double) -> Double { Double(prompt) + generated + (decodes ? tokens - joined : 0) }
        func left(_ tokens: Double) -> Double { Double(output) - generated - (tokens - joined) }
    }

    /// What there is to do after a change, in order.
    struct Outcome: Equatable {
        /// Calls whose first token has come.
        var firstTokens: [UInt32] = []
        /// Calls whose answer is complete.
        var finished: [UInt32] = []
    }

    var configuration: EngineConfiguration
    /// Requests that wait for a place, in the order in which they will get one.
    var waiting: [Sequence] = []
    /// The batch, in the order of admission.
    var running: [Sequence] = []
    var tokens = 0.0
    /// Tokens in the KV cache.
    var cached = 0.0
    /// Factor on the time of a step, set by faults; infinite for an engine that stands still.
    var slowness = 1.0
    var last: SimulationTime
    var arrivals: UInt64 = 0
    var timer = TimerHandle.none
    var counters = EngineCounters()
    var activity: GPUActivity

    /// Rounding of tokens.
    private static let tolerance = 1e-6

    init(configuration: EngineConfiguration, now: SimulationTime) {
        self.configuration = configuration
        last = now
        activity = GPUActivity(now: now)
    }

    private var capacity: Double { Double(configuration.cacheTokens) }

    /// Share of the KV cache in use, 0 to 1.
    var cacheUsage: Double { min(1, cached / capacity) }

    // MARK: Changes from outside

    /// Takes a request; false if it can never fit, which vLLM refuses with 400.
    mutating func add(call: UInt32, prompt: Int64, output: Int64, priority: Int32, now: SimulationTime) -> Bool {
        advance(to: now)
        guard Double(prompt) + Double(output) <= capacity else { return false }
        arrivals += 1
        counters.received += 1
        insert(
            Sequence(
                call: call, priority: priority, arrival: arrivals, prompt: max(1, prompt), output: max(1, output)),
            atFront: false)
        return true
    }

    /// The caller has gone: its place is free.
    mutating func remove(call: UInt32, now: SimulationTime) {
        advance(to: now)
        if let place = waiting.firstIndex(where: { $0.call == call }) {
            counters.lostTokens += waiting[place].generated
            waiting.remove(at: place)
        } else if let place = running.firstIndex(where: { $0.call == call }) {
            let held = running[place].held(tokens)
            cached = max(0, cached - held)
            counters.lostTokens += held - Double(running[place].prompt)
            running.remove(at: place)
        } else {
            return
        }
        counters.aborted += 1
    }

    mutating func setSlowness(_ factor: Double, now: SimulationTime) {
        advance(to: now)
        slowness = factor
    }

    /// Puts a request into the queue: by priority and arrival, or at the end; what was taken out of the batch at the
    /// front.
    private mutating func insert(_ sequence: Sequence, atFront: Bool) {
        switch configuration.schedulingPolicy {
        case .fcfs: waiting.insert(sequence, at: atFront ? 0 : waiting.count)
        case .priority:
            let place = waiting.firstIndex {
                ($0.priority, $0.arrival) > (sequence.priority, sequence.arrival)
            }
            waiting.insert(sequence, at: place ?? waiting.count)
        }
    }

    // MARK: Time

    /// The step that the batch makes now, in seconds, and the prompt tokens that it reads.
    private var step: (seconds: Double, prompt: Double) {
        var seconds =
            configuration.stepTime.seconds + Double(running.count) * configuration.perSequence.seconds
            + cached * configuration.perContextToken.seconds
        let unread = running.reduce(0.0) { $0 + $1.unread }
        let chunk = min(Double(configuration.batchedTokens), unread)
        seconds += chunk * configuration.perPromptToken.seconds
        return (seconds * slowness, chunk)
    }

    private var decoding: Int { running.reduce(0) { $0 + ($1.decodes ? 1 : 0) } }

    /// The rates as they were set at the last change.
    var tokenRate = 0.0
    var promptRate = 0.0

    private mutating func setRates() {
        let step = step
        guard step.seconds.isFinite, step.seconds > 0, !running.isEmpty else {
            (tokenRate, promptRate) = (0, 0)
            return
        }
        tokenRate = 1 / step.seconds
        promptRate = step.prompt / step.seconds
    }

    mutating func advance(to now: SimulationTime) {
        guard now > last else { return }
        let seconds = (now - last).seconds
        activity.advance(from: last, to: now, isBusy: !running.isEmpty && tokenRate > 0)
        last = now
        let made = tokenRate * seconds
        let decoding = decoding
        if decoding > 0 {
            tokens += made
            cached += made * Double(decoding)
            counters.generatedTokens += made * Double(decoding)
        }
        var read = promptRate * seconds
        for place in running.indices where read > 0 && running[place].unread > 0 {
            let part = min(read, running[place].unread)
            running[place].unread -= part
            counters.promptTokens += part
            read -= part
        }
    }

    /// Brings everything up to date: prompts that are read, answers that are complete, a full cache, free places.
    mutating func settle(now: SimulationTime) -> Outcome {
        advance(to: now)
        var outcome = Outcome()
        for place in running.indices
        where !running[place].decodes && running[place].unread <= Self.tolerance {
            counters.promptTokens += running[place].unread
            running[place].unread = 0
            running[place].decodes = true
            running[place].joined = tokens
            // The step that reads the end of the prompt makes the first token.
            if running[place].generated < 1 {
                let made = 1 - running[place].generated
                running[place].generated = 1
                cached += made
                counters.generatedTokens += made
                outcome.firstTokens.append(running[place].call)
            }
        }
        for place in running.indices.reversed()
        where running[place].decodes && running[place].left(tokens) <= Self.tolerance {
            let rest = running[place].left(tokens)
            cached = max(0, cached - running[place].held(tokens))
            // Rounding goes into the books, so that an answer has whole tokens.
            counters.generatedTokens += rest
            counters.finishedTokens += Double(running[place].output)
            counters.finished += 1
            outcome.finished.append(running[place].call)
            running.remove(at: place)
        }
        outcome.finished.reverse()
        while cached >= capacity - Self.tolerance, running.count > 1 { preempt() }
        admit()
        if running.isEmpty { cached = 0 }
        setRates()
        return outcome
    }

    /// Takes the last of the batch out (by priority: of the lowest class) and lets it begin anew later.
    private mutating func preempt() {
        var victim = running.count - 1
        if configuration.schedulingPolicy == .priority {
            for place in running.indices
            where (running[place].priority, running[place].arrival)
                > (running[victim].priority, running[victim].arrival)
            {
                victim = place
            }
        }
        var sequence = running.remove(at: victim)
        cached = max(0, cached - sequence.held(tokens))
        sequence.generated = sequence.held(tokens) - Double(sequence.prompt)
        sequence.decodes = false
        sequence.unread = 0
        counters.preemptions += 1
        insert(sequence, atFront: true)
    }

    /// Lets waiting requests into the batch while there are places and memory for their prompts.
    private mutating func admit() {
        while let first = waiting.first, running.count < configuration.maximumSequences {
            let need = Double(first.prompt) + first.generated
            // Of a full cache a hundredth is kept free, or what was admitted would be taken out at once.
            guard running.isEmpty || cached + need <= capacity * 0.99 else { return }
            var sequence = waiting.removeFirst()
            sequence.unread = need
            cached += need
            running.append(sequence)
        }
    }

    /// From now to the next change, nil if nothing is under way. Call after ``settle(now:)``.
    var next: Duration? {
        guard tokenRate > 0 else { return nil }
        var seconds = Double.infinity
        if promptRate > 0, let first = running.first(where: { !$0.decodes }) {
            seconds = first.unread / promptRate
        }
        var decoding = 0
        for sequence in running where sequence.decodes {
            decoding += 1
            seconds = min(seconds, sequence.left(tokens) / tokenRate)
        }
        if decoding > 0, running.count > 1 {
            seconds = min(seconds, (capacity - cached) / (tokenRate * Double(decoding)))
        }
        guard seconds.isFinite else { return nil }
        // One nanosecond more than the rounded time, so that what was waited for is there.
        return Duration(seconds: max(0, seconds)) + .nanoseconds(1)
    }
}

/// What an engine has done since it started; each token is in one place.
public struct EngineCounters: Sendable, Equatable {
    /// Requests taken, answered, and given up by their callers.
    public var received: Int64 = 0
    public var finished: Int64 = 0
    public var aborted: Int64 = 0
    public var preemptions: Int64 = 0
    /// Prompt tokens read, those of a second reading included.
    public var promptTokens = 0.0
    /// Tokens made; those of complete answers; those whose caller had gone.
    public var generatedTokens = 0.0
    public var finishedTokens = 0.0
    public var lostTokens = 0.0
}

/// How much of the time any kernel ran on the GPU (`DCGM_FI_DEV_GPU_UTIL`), over windows of 30 s.
struct GPUActivity: Sendable, Equatable, BinaryCodable {
    static let window: Duration = .seconds(30)

    private var start: SimulationTime
    private var busy = Duration.zero
    private var lastShare = 0.0

    init(now: SimulationTime) { start = now }

    mutating func advance(from last: SimulationTime, to now: SimulationTime, isBusy: Bool) {
        var from = last
        while now - start >= Self.window {
            let end = start + Self.window
            if isBusy, end > from { busy += end - from }
            lastShare = min(1, busy.seconds / Self.window.seconds)
            busy = .zero
            from = max(from, end)
            start = end
            // Windows in which nothing changed are all alike.
            if now - start >= Self.window {
                lastShare = isBusy ? 1 : 0
                let whole = (now - start).nanoseconds / Self.window.nanoseconds
                start = start + Self.window * whole
                from = start
            }
        }
        if isBusy { busy += now - from }
    }

    /// Percent of the last whole window.
    var percent: Double { lastShare * 100 }

    func write(to writer: inout BinaryWriter) {
        writer.write(start)
        writer.write(busy)
        writer.write(lastShare)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        start = try reader.read()
        busy = try reader.read()
        lastShare = try reader.read()
    }
}
