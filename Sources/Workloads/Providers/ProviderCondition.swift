import Simulation

/// How a provider is doing: what an incident changes (reference section 2, incident modes).
public struct ProviderCondition: Sendable, Equatable, Codable {
    /// Chance of 500 (elevated errors: 0.05 to 0.6; an outage: 1).
    public var errorRate: Double
    /// Chance of 529: overload that is everybody's.
    public var overloadRate: Double
    /// Factors on the time to the first token (3 to 10 in a brown-out) and on the time per token (2 to 4).
    public var firstTokenFactor: Double
    public var decodeFactor: Double
    /// Chance that a stream stalls, and seconds of a stall (30 to 600).
    public var stallRate: Double
    public var stall: Duration
    /// Requests get no answer at all until the client's own time-out.
    public var hangs: Bool
    /// Factor on the limits a minute.
    public var limitFactor: Double

    public init(
        errorRate: Double = 0, overloadRate: Double = 0, firstTokenFactor: Double = 1, decodeFactor: Double = 1,
        stallRate: Double = 0, stall: Duration = .seconds(60), hangs: Bool = false, limitFactor: Double = 1
    ) {
        self.errorRate = errorRate
        self.overloadRate = overloadRate
        self.firstTokenFactor = firstTokenFactor
        self.decodeFactor = decodeFactor
        self.stallRate = stallRate
        self.stall = stall
        self.hangs = hangs
        self.limitFactor = limitFactor
    }

    public static let healthy = ProviderCondition()

    enum CodingKeys: String, CodingKey, CaseIterable {
        case errorRate, overloadRate, firstTokenFactor, decodeFactor, stallRate, stall, hangs, limitFactor
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init()
        errorRate = try container.decode(.errorRate, or: errorRate)
        overloadRate = try container.decode(.overloadRate, or: overloadRate)
        firstTokenFactor = try container.decode(.firstTokenFactor, or: firstTokenFactor)
        decodeFactor = try container.decode(.decodeFactor, or: decodeFactor)
        stallRate = try container.decode(.stallRate, or: stallRate)
        stall = try container.decode(.stall, or: stall)
        hangs = try container.decode(.hangs, or: hangs)
        limitFactor = try container.decode(.limitFactor, or: limitFactor)
    }

    /// Two troubles at once.
    func combined(with other: Self) -> Self {
        ProviderCondition(
            errorRate: 1 - (1 - min(1, errorRate)) * (1 - min(1, other.errorRate)),
            overloadRate: 1 - (1 - min(1, overloadRate)) * (1 - min(1, other.overloadRate)),
            firstTokenFactor: firstTokenFactor * other.firstTokenFactor,
            decodeFactor: decodeFactor * other.decodeFactor,
            stallRate: 1 - (1 - min(1, stallRate)) * (1 - min(1, other.stallRate)), stall: max(stall, other.stall),
            hangs: hangs || other.hangs, limitFactor: limitFactor * other.limitFactor)
    }
}
