import Simulation

/// The engine of a self-hosted model server: what vLLM does on its GPUs (reference section 3).
///
/// One step of the engine makes one token for every sequence that decodes and reads up to `batchedTokens` prompt tokens
/// of those that have just been admitted; it takes
/// `stepTime + sequences * perSequence + context * perContextToken + prompt tokens * perPromptToken`.
/// The defaults are an 8B model on one H100 (reference section 3, BLIS coefficients: batch 1 / 16 / 64 with 2,000 tokens
/// of context each: 7.8 / 10.2 / 17.7 ms a step; 36 us a prompt token).
public struct EngineConfiguration: Sendable, Equatable, Codable {
    /// How requests are taken out of the waiting queue.
    public enum SchedulingPolicy: String, Sendable, Codable {
        /// First come, first served.
        case fcfs
        /// The lowest number of `priority` first, then first come, first served.
        case priority
    }

    /// Sequences that may run at once (`--max-num-seqs` overrides it).
    public var maximumSequences: Int
    /// Prompt tokens of one step (`--max-num-batched-tokens` overrides it).
    public var batchedTokens: Int
    /// Tokens that fit into the KV cache: prompt and answer of all running sequences.
    public var cacheTokens: Int
    /// `--scheduling-policy` overrides it.
    public var schedulingPolicy: SchedulingPolicy
    public var stepTime: Duration
    public var perSequence: Duration
    public var perContextToken: Duration
    public var perPromptToken: Duration

    public init() {
        maximumSequences = 256
        batchedTokens = 2048
        cacheTokens = 410_000
        schedulingPolicy = .fcfs
        stepTime = .microseconds(7_640)
        perSequence = .nanoseconds(4_400)
        perContextToken = .nanoseconds(76)
        perPromptToken = .microseconds(36)
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case maximumSequences, batchedTokens, cacheTokens, schedulingPolicy, stepTime, perSequence, perContextToken
        case perPromptToken
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init()
        maximumSequences = try container.decode(.maximumSequences, or: maximumSequences)
        batchedTokens = try container.decode(.batchedTokens, or: batchedTokens)
        cacheTokens = try container.decode(.cacheTokens, or: cacheTokens)
        schedulingPolicy = try container.decode(.schedulingPolicy, or: schedulingPolicy)
        stepTime = try container.decode(.stepTime, or: stepTime)
        perSequence = try container.decode(.perSequence, or: perSequence)
        perContextToken = try container.decode(.perContextToken, or: perContextToken)
        perPromptToken = try container.decode(.perPromptToken, or: perPromptToken)
        for (key, value) in [
            (CodingKeys.maximumSequences, maximumSequences), (.batchedTokens, batchedTokens),
            (.cacheTokens, cacheTokens),
        ] where !(1...1_000_000_000).contains(value) {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: container, debugDescription: "must be between 1 and 1000000000")
        }
        guard stepTime >= .microseconds(100) else {
            throw DecodingError.dataCorruptedError(
                forKey: .stepTime, in: container, debugDescription: "must be at least 100us")
        }
    }
}

/// One request to an engine: how much it reads and how much it writes.
public struct Generation: Sendable, Equatable, Codable {
    public var promptTokens: Distribution
    public var outputTokens: Distribution
    /// Lower is served first, where the engine schedules by priority.
    public var priority: Int

    public init(promptTokens: Distribution, outputTokens: Distribution, priority: Int = 0) {
        self.promptTokens = promptTokens
        self.outputTokens = outputTokens
        self.priority = priority
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case promptTokens, outputTokens, priority }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init(
            promptTokens: try container.decode(.promptTokens, or: .lognormal(mu: 6.63, sigma: 0.99)),
            outputTokens: try container.decode(.outputTokens, or: .lognormal(mu: 5.02, sigma: 0.86)))
        priority = try container.decode(.priority, or: priority)
    }
}
