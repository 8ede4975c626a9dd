import Simulation

/// A hosted model provider: admits requests by its limits, and decides when and how each will be answered.
struct Provider: Sendable {
    let name: String
    let configuration: ProviderConfiguration
    /// Changed by faults only.
    private(set) var condition = ProviderCondition.healthy
    private var requests: TokenBucket
    private var input: TokenBucket
    private var output: TokenBucket
    /// When the system prompt of each plan was last used.
    var prefixUse: [SimulationTime]
    var reading = ProviderReading()

    init(name: String, configuration: ProviderConfiguration, plans: Int) {
        self.name = name
        self.configuration = configuration
        requests = TokenBucket(perMinute: configuration.requestsPerMinute)
        input = TokenBucket(perMinute: configuration.inputTokensPerMinute)
        output = TokenBucket(perMinute: configuration.outputTokensPerMinute)
        prefixUse = Array(repeating: SimulationTime(nanoseconds: .min / 2), count: plans)
    }

    /// A request as the provider sees it.
    struct Ask: Equatable {
        var uncached: Int64
        var cached: Int64
        var written: Int64
        var output: Int64
        var timeout: Duration
        var exceedsContext: Bool
    }

    /// What will become of it.
    struct Answer: Equatable {
        var fate: ModelFate
        /// From the request to its end.
        var delay: Duration
        /// From the request to the first token.
        var firstToken = Duration.zero
        var retryAfter = Duration.zero
    }

    /// Takes a request. The draws are the caller's, so that the same request fares alike in two worlds.
    ///
    /// - Parameter weight: how many equal requests this one stands for.
    mutating func take(_ ask: Ask, now: SimulationTime, random: inout RandomStream, weight: Int64 = 1) -> Answer {
        // Always the same number of draws, whatever happens, so that later requests do not shift.
        let trouble = random.unit()
        let overload = random.unit()
        let stalls = random.unit()
        let noise = Distribution.lognormal(mu: 0, sigma: configuration.noise).sample(using: &random)
        if condition.hangs { return Answer(fate: .timedOut, delay: ask.timeout, firstToken: ask.timeout) }
        let rejection = configuration.rejectionTime
        if ask.exceedsContext { return Answer(fate: .invalid, delay: rejection) }
        if overload < condition.overloadRate { return Answer(fate: .overloaded, delay: rejection) }
        let errors = 1 - (1 - min(1, configuration.errorRate)) * (1 - min(1, condition.errorRate))
        if trouble < errors { return Answer(fate: .failed, delay: rejection) }
        if let wait = shortage(ask, now: now) {
            if configuration.countsRejected { requests.take(Double(weight)) }
            return Answer(fate: .limited, delay: rejection, retryAfter: wait)
        }
        requests.take(Double(weight))
        input.take(countedInput(ask) * Double(weight))
        output.take(Double(ask.output) * Double(weight))
        return pace(ask, noise: noise, stalls: stalls < condition.stallRate)
    }

    private func countedInput(_ ask: Ask) -> Double {
        Double(ask.uncached + ask.written + (configuration.countsCachedInput ? ask.cached : 0))
    }

    /// The first empty bucket rejects. Output is counted as it is produced, so a request needs only some of it left.
    private mutating func shortage(_ ask: Ask, now: SimulationTime) -> Duration? {
        requests.refill(now: now)
        input.refill(now: now)
        output.refill(now: now)
        return requests.shortage(of: 1) ?? input.shortage(of: countedInput(ask)) ?? output.shortage(of: 1)
    }

    private func pace(_ ask: Ask, noise: Double, stalls: Bool) -> Answer {
        let prompt =
            configuration.perUncachedToken * Double(ask.uncached + ask.written)
            + configuration.perCachedToken * Double(ask.cached)
        let firstToken = (configuration.firstToken + prompt) * (noise * condition.firstTokenFactor)
        let load = min(0.99, max(0, configuration.load))
        let slowdown = (1 + 0.15 * load / (1 - load)) * condition.decodeFactor
        var delay =
            firstToken
            + Duration(seconds: Double(max(0, ask.output - 1)) / max(0.1, configuration.decodeRate) * slowdown)
        if stalls { delay += condition.stall }
        guard delay <= ask.timeout else { return Answer(fate: .timedOut, delay: ask.timeout, firstToken: firstToken) }
        return Answer(fate: .answered, delay: delay, firstToken: firstToken)
    }

    mutating func set(_ condition: ProviderCondition, now: SimulationTime) {
        self.condition = condition
        func scaled(_ limit: Double?) -> Double? { limit.map { $0 * max(0, condition.limitFactor) } }
        requests.setLimit(scaled(configuration.requestsPerMinute), now: now)
        input.setLimit(scaled(configuration.inputTokensPerMinute), now: now)
        output.setLimit(scaled(configuration.outputTokensPerMinute), now: now)
    }

    /// What is left of each limit now; nil without a limit.
    func remaining(now: SimulationTime) -> (requests: Double?, input: Double?, output: Double?) {
        func level(_ bucket: TokenBucket) -> Double? {
            guard bucket.perMinute != nil else { return nil }
            var copy = bucket
            copy.refill(now: now)
            return max(0, copy.level)
        }
        return (level(requests), level(input), level(output))
    }

    func bill(uncached: Int64, cached: Int64, written: Int64, output: Int64) -> TokenBill {
        var bill = TokenBill()
        bill.calls = 1
        bill.uncachedInput = uncached
        bill.cachedInput = cached
        bill.cacheWrites = written
        bill.output = output
        bill.cost = configuration.prices.cost(of: bill)
        return bill
    }
}

extension TokenPrices {
    /// Nano-dollars.
    func cost(of bill: TokenBill) -> Int64 {
        bill.uncachedInput.multiplyingSaturating(input)
            .addingSaturating(bill.cachedInput.multiplyingSaturating(cachedInput))
            .addingSaturating(bill.cacheWrites.multiplyingSaturating(cacheWrite))
            .addingSaturating(bill.output.multiplyingSaturating(output))
    }
}

/// What a provider has seen since the world began.
public struct ProviderReading: Sendable, Equatable {
    public var attempts: Int64 = 0
    public var answered: Int64 = 0
    /// 429.
    public var limited: Int64 = 0
    /// 529.
    public var overloaded: Int64 = 0
    /// 500.
    public var failed: Int64 = 0
    /// 400: the context was too long.
    public var invalid: Int64 = 0
    /// The client gave up.
    public var timedOut: Int64 = 0
    /// The client died or left before the end.
    public var aborted: Int64 = 0
    public var inFlight: Int64 = 0
    public var billed = TokenBill()
    /// From the request to the first token of answered ones.
    public var firstToken = LatencyHistogram()
    public var latency = LatencyHistogram()

    public init() {}
}

extension ProviderReading: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        for count in [attempts, answered, limited, overloaded, failed, invalid, timedOut, aborted, inFlight] {
            writer.write(count)
        }
        writer.write(billed)
        writer.write(firstToken)
        writer.write(latency)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        attempts = try reader.read()
        answered = try reader.read()
        limited = try reader.read()
        overloaded = try reader.read()
        failed = try reader.read()
        invalid = try reader.read()
        timedOut = try reader.read()
        aborted = try reader.read()
        inFlight = try reader.read()
        billed = try reader.read()
        firstToken = try reader.read()
        latency = try reader.read()
    }
}

extension Provider {
    func writeState(to writer: inout BinaryWriter) {
        writer.write(condition.errorRate)
        writer.write(condition.overloadRate)
        writer.write(condition.firstTokenFactor)
        writer.write(condition.decodeFactor)
        writer.write(condition.stallRate)
        writer.write(condition.stall)
        writer.write(condition.hangs)
        writer.write(condition.limitFactor)
        writer.write(requests)
        writer.write(input)
        writer.write(output)
        writer.write(prefixUse)
        writer.write(reading)
    }

    mutating func readState(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        condition.errorRate = try reader.read()
        condition.overloadRate = try reader.read()
        condition.firstTokenFactor = try reader.read()
        condition.decodeFactor = try reader.read()
        condition.stallRate = try reader.read()
        condition.stall = try reader.read()
        condition.hangs = try reader.read()
        condition.limitFactor = try reader.read()
        requests = try reader.read()
        input = try reader.read()
        output = try reader.read()
        let uses: [SimulationTime] = try reader.read()
        guard uses.count == prefixUse.count else { throw .malformed(what: "provider", offset: reader.offset) }
        prefixUse = uses
        reading = try reader.read()
    }
}
