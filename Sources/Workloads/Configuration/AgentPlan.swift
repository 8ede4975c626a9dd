import Simulation

/// How an agent works on one request: a loop of model calls and tool calls over a growing context (reference
/// section 1).
public struct AgentPlan: Sendable, Equatable, Codable {
    /// The name of a ``ProviderConfiguration``.
    public var provider: String
    /// Model calls of a request. The open-ended agent: LN(0.69, 1.70), cap 150; a turn of support: 1 to 2.
    public var steps: Distribution
    /// The framework's limit (10: OpenAI Agents SDK, Dapr Agents).
    public var stepCap: Int
    /// Whether reaching the cap is an error (`MaxTurnsExceeded`); otherwise the agent answers with what it has.
    public var failsAtCap: Bool
    /// System prompt and tool schemas, in tokens; the same for all requests, so cached between them.
    public var systemTokens: Int
    /// History and question, in tokens.
    public var userTokens: Distribution
    /// What a step adds to the context (tool results), in tokens: p50 855, mean 1.75k; support about 230.
    public var growthTokens: Distribution
    public var outputTokens: Distribution
    /// The context window; above it the provider answers 400.
    public var contextLimit: Int
    /// Mean number of tool calls after a model call that is not the last (1.2; support 0.5).
    public var toolsPerStep: Double
    public var tools: [ToolUse]
    /// The chance that the agent repeats itself until something stops it.
    public var loopProbability: Double
    /// The chance that a task fails; a failing one takes `failureFactor` the steps (tau-bench: 1.4).
    public var failureProbability: Double
    public var failureFactor: Double
    /// Tokens (input and output) at which the request is stopped; nil for none.
    public var tokenBudget: Int?
    /// Time at which the request is stopped; nil for none.
    public var deadline: Duration?
    /// CPU seconds around the first model call and around each further one (reference section 0: 3.5 and 5.7 ms).
    public var firstStepWork: Distribution
    public var stepWork: Distribution
    /// CPU seconds a streamed token (0.28 ms); 0 without streaming.
    public var streamWork: Double
    /// The client library's time-out of one attempt (600 s) and its retries (2).
    public var modelTimeout: Duration
    public var retries: RetryPolicy
    /// Whether the prompt starts with something that changes (a timestamp): nothing is ever cached.
    public var changesPrefix: Bool

    public init(provider: String) {
        self.provider = provider
        steps = .clamped(.lognormal(mu: 0.69, sigma: 1.70), 1, 150)
        stepCap = 10
        failsAtCap = true
        systemTokens = 2000
        userTokens = .constant(200)
        growthTokens = .lognormal(mu: 6.75, sigma: 1.2)
        outputTokens = .lognormal(mu: 5.37, sigma: 1.33)
        contextLimit = 200_000
        toolsPerStep = 1.2
        tools = []
        loopProbability = 0
        failureProbability = 0
        failureFactor = 1.4
        tokenBudget = nil
        deadline = nil
        firstStepWork = .constant(0.0035)
        stepWork = .constant(0.0057)
        streamWork = 0
        modelTimeout = .seconds(600)
        retries = .sdk
        changesPrefix = false
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case provider, steps, stepCap, failsAtCap, systemTokens, userTokens, growthTokens, outputTokens, contextLimit
        case toolsPerStep, tools, loopProbability, failureProbability, failureFactor, tokenBudget, deadline
        case firstStepWork, stepWork, streamWork, modelTimeout, retries, changesPrefix
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init(provider: try container.decode(String.self, forKey: .provider))
        steps = try container.decode(.steps, or: steps)
        stepCap = try container.decode(.stepCap, or: stepCap)
        failsAtCap = try container.decode(.failsAtCap, or: failsAtCap)
        systemTokens = try container.decode(.systemTokens, or: systemTokens)
        userTokens = try container.decode(.userTokens, or: userTokens)
        growthTokens = try container.decode(.growthTokens, or: growthTokens)
        outputTokens = try container.decode(.outputTokens, or: outputTokens)
        contextLimit = try container.decode(.contextLimit, or: contextLimit)
        toolsPerStep = try container.decode(.toolsPerStep, or: toolsPerStep)
        tools = try container.decode(.tools, or: tools)
        loopProbability = try container.decode(.loopProbability, or: loopProbability)
        failureProbability = try container.decode(.failureProbability, or: failureProbability)
        failureFactor = try container.decode(.failureFactor, or: failureFactor)
        tokenBudget = try container.decodeIfPresent(Int.self, forKey: .tokenBudget)
        deadline = try container.decodeIfPresent(Duration.self, forKey: .deadline)
        firstStepWork = try container.decode(.firstStepWork, or: firstStepWork)
        stepWork = try container.decode(.stepWork, or: stepWork)
        streamWork = try container.decode(.streamWork, or: streamWork)
        modelTimeout = try container.decode(.modelTimeout, or: modelTimeout)
        retries = try container.decode(.retries, or: retries)
        changesPrefix = try container.decode(.changesPrefix, or: changesPrefix)
    }
}

/// One of the tools an agent may pick.
public struct ToolUse: Sendable, Equatable, Codable {
    /// What is called.
    public enum Target: Sendable, Equatable {
        case service(ServiceCall)
        case external(ToolCall)
    }

    /// Relative to the other tools' weights.
    public var weight: Double
    public var target: Target

    public init(weight: Double = 1, target: Target) {
        self.weight = weight
        self.target = target
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case weight, service, external }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        weight = try container.decode(.weight, or: 1)
        if let call = try container.decodeIfPresent(ServiceCall.self, forKey: .service) {
            target = .service(call)
        } else {
            target = .external(try container.decode(ToolCall.self, forKey: .external))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(weight, forKey: .weight)
        switch target {
        case .service(let call): try container.encode(call, forKey: .service)
        case .external(let call): try container.encode(call, forKey: .external)
        }
    }
}
