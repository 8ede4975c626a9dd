import Simulation

/// A hosted model: how fast, how much a minute, how dear (reference section 2).
public struct ProviderConfiguration: Sendable, Equatable, Codable {
    /// Limits a minute, continuously refilled buckets; nil for none. Small tier: 50 requests, 30k in, 8k out.
    public var requestsPerMinute: Double?
    public var inputTokensPerMinute: Double?
    public var outputTokensPerMinute: Double?
    /// Whether cached input counts against the input limit (most models: no).
    public var countsCachedInput: Bool
    /// Whether a rejected request uses up the request limit (OpenAI: yes).
    public var countsRejected: Bool
    /// Time to the first token: base + uncached * perUncached + cached * perCached, times LN(0, noise).
    public var firstToken: Duration
    public var perUncachedToken: Duration
    public var perCachedToken: Duration
    public var noise: Double
    /// Tokens a second of one stream, unloaded (fast 120, slow 55).
    public var decodeRate: Double
    /// The provider's own load in 0 ..< 1 at the start of the world; the time per token is x (1 + 0.15 r / (1 - r)).
    public var load: Double
    /// Failures (500) outside incidents.
    public var errorRate: Double
    /// From the call to the answer of a 429 or an error.
    public var rejectionTime: Duration
    /// How long a prompt prefix stays cached after its last use, and the shortest that is cached.
    public var cacheLifetime: Duration
    public var cacheMinimumTokens: Int
    public var prices: TokenPrices

    public init() {
        requestsPerMinute = 4000
        inputTokensPerMinute = 2_000_000
        outputTokensPerMinute = 400_000
        countsCachedInput = false
        countsRejected = false
        firstToken = .milliseconds(350)
        perUncachedToken = .microseconds(25)
        perCachedToken = .microseconds(3)
        noise = 0.45
        decodeRate = 120
        load = 0.5
        errorRate = 0.002
        rejectionTime = .milliseconds(60)
        cacheLifetime = .minutes(5)
        cacheMinimumTokens = 1024
        prices = TokenPrices()
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case requestsPerMinute, inputTokensPerMinute, outputTokensPerMinute, countsCachedInput, countsRejected
        case firstToken, perUncachedToken, perCachedToken, noise, decodeRate, load, errorRate, rejectionTime
        case cacheLifetime, cacheMinimumTokens, prices
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init()
        func limit(_ key: CodingKeys, _ fallback: Double?) throws -> Double? {
            container.contains(key) ? try container.decodeIfPresent(Double.self, forKey: key) : fallback
        }
        requestsPerMinute = try limit(.requestsPerMinute, requestsPerMinute)
        inputTokensPerMinute = try limit(.inputTokensPerMinute, inputTokensPerMinute)
        outputTokensPerMinute = try limit(.outputTokensPerMinute, outputTokensPerMinute)
        countsCachedInput = try container.decode(.countsCachedInput, or: countsCachedInput)
        countsRejected = try container.decode(.countsRejected, or: countsRejected)
        firstToken = try container.decode(.firstToken, or: firstToken)
        perUncachedToken = try container.decode(.perUncachedToken, or: perUncachedToken)
        perCachedToken = try container.decode(.perCachedToken, or: perCachedToken)
        noise = try container.decode(.noise, or: noise)
        decodeRate = try container.decode(.decodeRate, or: decodeRate)
        load = try container.decode(.load, or: load)
        errorRate = try container.decode(.errorRate, or: errorRate)
        rejectionTime = try container.decode(.rejectionTime, or: rejectionTime)
        cacheLifetime = try container.decode(.cacheLifetime, or: cacheLifetime)
        cacheMinimumTokens = try container.decode(.cacheMinimumTokens, or: cacheMinimumTokens)
        prices = try container.decode(.prices, or: prices)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(requestsPerMinute, forKey: .requestsPerMinute)
        try container.encode(inputTokensPerMinute, forKey: .inputTokensPerMinute)
        try container.encode(outputTokensPerMinute, forKey: .outputTokensPerMinute)
        try container.encode(countsCachedInput, forKey: .countsCachedInput)
        try container.encode(countsRejected, forKey: .countsRejected)
        try container.encode(firstToken, forKey: .firstToken)
        try container.encode(perUncachedToken, forKey: .perUncachedToken)
        try container.encode(perCachedToken, forKey: .perCachedToken)
        try container.encode(noise, forKey: .noise)
        try container.encode(decodeRate, forKey: .decodeRate)
        try container.encode(load, forKey: .load)
        try container.encode(errorRate, forKey: .errorRate)
        try container.encode(rejectionTime, forKey: .rejectionTime)
        try container.encode(cacheLifetime, forKey: .cacheLifetime)
        try container.encode(cacheMinimumTokens, forKey: .cacheMinimumTokens)
        try container.encode(prices, forKey: .prices)
    }
}

/// Example prices in nano-dollars a token: $1 a million tokens is 1,000 (reference section 2).
public struct TokenPrices: Sendable, Equatable, Codable {
    public var input: Int64
    public var cachedInput: Int64
    /// Input that is written into the cache.
    public var cacheWrite: Int64
    public var output: Int64

    /// The middle tier: $3 in, $0.30 cached, $3.75 written, $15 out a million.
    public init(input: Int64 = 3_000, cachedInput: Int64 = 300, cacheWrite: Int64 = 3_750, output: Int64 = 15_000) {
        self.input = input
        self.cachedInput = cachedInput
        self.cacheWrite = cacheWrite
        self.output = output
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case input, cachedInput, cacheWrite, output }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init()
        input = try container.decode(.input, or: input)
        cachedInput = try container.decode(.cachedInput, or: cachedInput)
        cacheWrite = try container.decode(.cacheWrite, or: cacheWrite)
        output = try container.decode(.output, or: output)
    }
}

/// A tool or database outside the cluster, known by how long it takes and how often it fails.
public struct ToolConfiguration: Sendable, Equatable, Codable {
    /// Seconds of one call. The default is the mix of reference section 0: p50 0.3, p90 13.6, p99 216.
    public var latency: Distribution
    /// The chance of an error answer (0.06).
    public var errorRate: Double

    public init(latency: Distribution = ToolConfiguration.mixed, errorRate: Double = 0.06) {
        self.latency = latency
        self.errorRate = errorRate
    }

    /// 0.65 LN(ln 0.12, 1.3) + 0.29 LN(ln 4, 1.1) + 0.06 LN(ln 100, 1.1) seconds (TraceLab).
    public static let mixed = Distribution.mixture(
        [0.65, 0.29, 0.06],
        [
            .lognormal(mu: -2.1203, sigma: 1.3), .lognormal(mu: 1.3863, sigma: 1.1), .lognormal(mu: 4.6052, sigma: 1.1),
        ])

    enum CodingKeys: String, CodingKey, CaseIterable { case latency, errorRate }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init()
        latency = try container.decode(.latency, or: latency)
        errorRate = try container.decode(.errorRate, or: errorRate)
    }
}
