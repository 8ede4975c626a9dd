import Simulation

extension ModelEngine.Sequence: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(call)
        writer.write(priority)
        writer.write(arrival)
        writer.write(prompt)
        writer.write(output)
        writer.write(generated)
        writer.write(unread)
        writer.write(joined)
        writer.write(decodes)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        call = try reader.read()
        priority = try reader.read()
        arrival = try reader.read()
        prompt = try reader.read()
        output = try reader.read()
        generated = try reader.read()
        unread = try reader.read()
        joined = try reader.read()
        decodes = try reader.read()
    }
}

extension EngineCounters: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        for count in [received, finished, aborted, preemptions] { writer.write(count) }
        for amount in [promptTokens, generatedTokens, finishedTokens, lostTokens] { writer.write(amount) }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        received = try reader.read()
        finished = try reader.read()
        aborted = try reader.read()
        preemptions = try reader.read()
        promptTokens = try reader.read()
        generatedTokens = try reader.read()
        finishedTokens = try reader.read()
        lostTokens = try reader.read()
    }
}

extension ModelEngine {
    /// What the program's configuration does not already say.
    func writeState(to writer: inout BinaryWriter) {
        writer.write(configuration.maximumSequences)
        writer.write(configuration.batchedTokens)
        writer.write(configuration.schedulingPolicy == .priority)
        writer.write(waiting)
        writer.write(running)
        for amount in [tokens, cached, slowness, tokenRate, promptRate] { writer.write(amount) }
        writer.write(last)
        writer.write(arrivals)
        writer.write(timer)
        writer.write(counters)
        writer.write(activity)
    }

    mutating func readState(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        configuration.maximumSequences = try reader.read()
        configuration.batchedTokens = try reader.read()
        configuration.schedulingPolicy = try reader.read() ? .priority : .fcfs
        waiting = try reader.read()
        running = try reader.read()
        tokens = try reader.read()
        cached = try reader.read()
        slowness = try reader.read()
        tokenRate = try reader.read()
        promptRate = try reader.read()
        last = try reader.read()
        arrivals = try reader.read()
        timer = try reader.read()
        counters = try reader.read()
        activity = try reader.read()
    }
}

extension ModelEngine {
    /// Laws of one engine that do not hold, each as a sentence.
    func audit() -> [String] {
        var found: [String] = []
        let waits = Int64(waiting.count)
        let runs = Int64(running.count)
        if counters.received != counters.finished + counters.aborted + waits + runs {
            found.append(
                "\(counters.received) taken, \(counters.finished) finished, \(counters.aborted) aborted, \(waits) waiting, \(runs) running"
            )
        }
        if running.count > configuration.maximumSequences {
            found.append("\(runs) sequences in \(configuration.maximumSequences) places")
        }
        func differs(_ left: Double, _ right: Double) -> Bool {
            abs(left - right) > 1e-3 + 1e-9 * max(abs(left), abs(right))
        }
        let held = running.reduce(0.0) { $0 + $1.held(tokens) }
        if differs(held, cached) { found.append("\(cached) tokens counted in the cache, \(held) exist") }
        if cached > Double(configuration.cacheTokens) * 1.000001 + 1 {
            found.append("\(cached) tokens in a cache of \(configuration.cacheTokens)")
        }
        let live =
            running.reduce(0.0) { $0 + $1.held(tokens) - Double($1.prompt) }
            + waiting.reduce(0.0) { $0 + $1.generated }
        if differs(counters.generatedTokens, counters.finishedTokens + counters.lostTokens + live) {
            found.append(
                "\(counters.generatedTokens) tokens made, \(counters.finishedTokens) in answers, \(counters.lostTokens) lost, \(live) under way"
            )
        }
        return found
    }
}
