import Simulation

/// When and how often a caller tries again (reference section 6).
public struct RetryPolicy: Sendable, Equatable, Codable {
    /// How the wait is drawn.
    public enum Jitter: String, Sendable, Codable {
        /// The exponential wait itself.
        case none
        /// U(0, wait).
        case full
        /// wait/2 + U(0, wait/2).
        case equal
        /// wait x U(0.75, 1): the model providers' SDKs.
        case sdk
    }

    /// Attempts after the first.
    public var maximum: Int
    /// The first wait; it doubles with each attempt up to `cap`.
    public var base: Duration
    public var cap: Duration
    public var jitter: Jitter
    /// Share of requests that may be retried, plus `budgetFloor` a second; nil for no budget (Finagle, Linkerd: 0.2).
    public var budget: Double?
    /// Retries a second that the budget always grants.
    public var budgetFloor: Double

    public init(
        maximum: Int, base: Duration = .milliseconds(500), cap: Duration = .seconds(8), jitter: Jitter = .full,
        budget: Double? = nil, budgetFloor: Double = 10
    ) {
        self.maximum = maximum
        self.base = base
        self.cap = cap
        self.jitter = jitter
        self.budget = budget
        self.budgetFloor = budgetFloor
    }

    /// One attempt.
    public static let none = RetryPolicy(maximum: 0)
    /// What the OpenAI and Anthropic SDKs do: 2 retries, min(0.5 * 2ⁿ, 8) s x U(0.75, 1) (reference section 0).
    public static let sdk = RetryPolicy(maximum: 2, jitter: .sdk)

    /// The wait before attempt `attempt` (1 for the first retry); `retryAfter` is a floor.
    public func wait(before attempt: Int, retryAfter: Duration = .zero, random: inout RandomStream) -> Duration {
        let doubled = base * Int64(1 << min(max(attempt, 1) - 1, 30))
        let full = min(doubled, cap)
        let drawn: Duration =
            switch jitter {
            case .none: full
            case .full: full * random.unit()
            case .equal: full * (0.5 + 0.5 * random.unit())
            case .sdk: full * (0.75 + 0.25 * random.unit())
            }
        return max(drawn, retryAfter)
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case maximum, base, cap, jitter, budget, budgetFloor }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init(maximum: 2)
        maximum = try container.decode(.maximum, or: maximum)
        base = try container.decode(.base, or: base)
        cap = try container.decode(.cap, or: cap)
        jitter = try container.decode(.jitter, or: jitter)
        budget = try container.decodeIfPresent(Double.self, forKey: .budget)
        budgetFloor = try container.decode(.budgetFloor, or: budgetFloor)
    }
}

/// A token bucket of retries: each request adds a share, each retry takes one; what is not used expires in 10 s
/// (Finagle's RetryBudget).
struct RetryBudget: Sendable, Equatable {
    private var level = 0.0
    private var last = SimulationTime.zero

    mutating func noteRequest(_ policy: RetryPolicy, now: SimulationTime) {
        guard let share = policy.budget else { return }
        refill(policy, now: now)
        level += share
    }

    /// Takes one retry if the budget grants it.
    mutating func take(_ policy: RetryPolicy, now: SimulationTime) -> Bool {
        guard policy.budget != nil else { return true }
        refill(policy, now: now)
        guard level >= 1 else { return false }
        level -= 1
        return true
    }

    private mutating func refill(_ policy: RetryPolicy, now: SimulationTime) {
        let elapsed = (now - last).seconds
        last = now
        level = level * max(0, 1 - elapsed / 10) + elapsed * policy.budgetFloor
        level = min(level, 10 * policy.budgetFloor + 1000)
    }
}

extension RetryBudget: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(level)
        writer.write(last)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        level = try reader.read()
        last = try reader.read()
    }
}
