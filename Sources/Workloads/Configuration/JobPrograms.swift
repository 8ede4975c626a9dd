import Simulation

/// A program that takes messages from a topic and works on each (at least once: a message is acknowledged at the end).
public struct ConsumerProgram: Sendable, Equatable, Codable {
    /// The name of a ``TopicConfiguration``.
    public var topic: String
    public var workers: Int
    /// Messages worked on at once.
    public var concurrency: Int
    public var stages: [Stage]

    public init(topic: String, workers: Int = 1, concurrency: Int = 1, stages: [Stage] = []) {
        self.topic = topic
        self.workers = workers
        self.concurrency = concurrency
        self.stages = stages
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case topic, workers, concurrency, stages }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init(topic: try container.decode(String.self, forKey: .topic))
        workers = try container.decode(.workers, or: workers)
        concurrency = try container.decode(.concurrency, or: concurrency)
        stages = try container.decode(.stages, or: stages)
    }
}

/// A program that runs once.
public struct BatchProgram: Sendable, Equatable, Codable {
    public var stages: [Stage]
    /// The chance of ending with `failureCode`.
    public var failureProbability: Double
    public var failureCode: Int

    public init(stages: [Stage], failureProbability: Double = 0, failureCode: Int = 1) {
        self.stages = stages
        self.failureProbability = failureProbability
        self.failureCode = failureCode
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case stages, failureProbability, failureCode }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init(stages: try container.decode(.stages, or: []))
        failureProbability = try container.decode(.failureProbability, or: failureProbability)
        failureCode = try container.decode(.failureCode, or: failureCode)
    }
}

/// A queue of messages between services.
public struct TopicConfiguration: Sendable, Equatable, Codable {
    /// Deliveries after which a message goes to the dead letters; nil for never.
    public var maximumDeliveries: Int?
    /// From the loss of a consumer to the next delivery.
    public var redeliveryDelay: Duration
    /// A message unacknowledged for this long is delivered again while the first consumer still works on it; nil: never.
    public var acknowledgementDeadline: Duration?
    /// The chance that a message kills whoever takes it.
    public var poisonProbability: Double

    public init(
        maximumDeliveries: Int? = nil, redeliveryDelay: Duration = .seconds(5),
        acknowledgementDeadline: Duration? = nil, poisonProbability: Double = 0
    ) {
        self.maximumDeliveries = maximumDeliveries
        self.redeliveryDelay = redeliveryDelay
        self.acknowledgementDeadline = acknowledgementDeadline
        self.poisonProbability = poisonProbability
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case maximumDeliveries, redeliveryDelay, acknowledgementDeadline, poisonProbability
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init()
        maximumDeliveries = try container.decodeIfPresent(Int.self, forKey: .maximumDeliveries)
        redeliveryDelay = try container.decode(.redeliveryDelay, or: redeliveryDelay)
        acknowledgementDeadline = try container.decodeIfPresent(Duration.self, forKey: .acknowledgementDeadline)
        poisonProbability = try container.decode(.poisonProbability, or: poisonProbability)
    }
}
