import ContainerRuntime
import Simulation

/// One source of requests: its curve, its dice and what became of its requests.
struct TrafficSource: Sendable {
    let configuration: TrafficConfiguration
    let curve: RateCurve
    let target: UInt32
    /// The topic it publishes to instead of calling a service; `.max` for none.
    let topic: UInt32
    let path: UInt32
    var random: RandomStream
    /// What faults multiply the rate by.
    var scale = 1.0
    /// The retry policy in force.
    var retries: RetryPolicy
    /// Requests (or sessions) begun, which number the next one.
    var begun: UInt64 = 0
    var inFlight: Int64 = 0
    var budget = RetryBudget()
    /// Aggregated: requests of the last interval, and the share of attempts that failed in it.
    var lastFlow = 0.0
    var failureShare = 0.0
    /// Connections kept open.
    var connections: [KeptConnection] = []
    /// The arrival under way: how much of the curve's area it still needed at `drawn`.
    var area = 0.0
    var drawn = SimulationTime.zero
    var timer = TimerHandle.none
    var level: ServiceLevel

    init(
        configuration: TrafficConfiguration, target: UInt32, topic: UInt32, path: UInt32, seed: UInt64,
        level: ServiceLevel
    ) {
        self.configuration = configuration
        self.topic = topic
        retries = configuration.retries
        self.target = target
        self.path = path
        self.level = level
        curve = RateCurve(configuration)
        random = RandomStream(seed: seed, name: "traffic/" + configuration.name)
        let pool = min(max(0, configuration.keepAlive?.connections ?? 0), 100_000)
        connections = Array(repeating: KeptConnection(), count: pool)
    }

    /// Whether its requests are simulated as flows. Closed loops, sessions, kept connections and jobs never are.
    var isAggregated: Bool {
        configuration.resolution == .aggregated && configuration.closed == nil && configuration.sessions == nil
            && configuration.keepAlive == nil && topic == .max
    }

    /// A gap of mean 1 with the configured coefficient of variation (reference section 0: gamma, shape 1/cv²).
    mutating func drawGap() -> Double {
        let variation = configuration.variation
        guard variation > 0 else { return 1 }
        guard variation != 1 else { return random.exponential() }
        return Distribution.gamma(shape: 1 / (variation * variation), mean: 1).sample(using: &random)
    }
}

/// A connection that a client keeps open to one container.
struct KeptConnection: Sendable, BinaryCodable {
    var container = ContainerID(slot: .max, generation: 0)
    var opened = SimulationTime.zero

    init() {}

    func write(to writer: inout BinaryWriter) {
        writer.write(container)
        writer.write(opened)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        container = try reader.read()
        opened = try reader.read()
    }
}

/// One request of one user, over all its attempts.
struct Journey: Sendable {
    var number: UInt64 = 0
    var source: UInt32 = 0
    var dice: UInt64 = 0
    var arrival = SimulationTime.zero
    /// When the user gives up.
    var patience = SimulationTime.never
    /// When the first token of the present attempt's answer came.
    var firstToken = SimulationTime.never
    var attempt: UInt8 = 0
    /// Requests of the session after this one.
    var remaining: UInt32 = 0
    var call = Handle<Call>.none
    /// The end of the attempt's time, or of the user's patience, whichever comes first.
    var timer = TimerHandle.none
    var steps: UInt32 = 0
    var isPoor = false
    /// The pod that served the last attempt, in the recording's list of names; `.max` for none or no recording.
    var pod: UInt32 = .max
    var tracing = JourneyTracing()
}

extension Journey: PoolElement {
    static var vacant: Journey { Journey() }

    func write(to writer: inout BinaryWriter) {
        writer.write(number)
        writer.write(source)
        writer.write(dice)
        writer.write(arrival)
        writer.write(patience)
        writer.write(firstToken)
        writer.write(attempt)
        writer.write(remaining)
        writer.write(call)
        writer.write(timer)
        writer.write(steps)
        writer.write(isPoor)
        writer.write(pod)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        number = try reader.read()
        source = try reader.read()
        dice = try reader.read()
        arrival = try reader.read()
        patience = try reader.read()
        firstToken = try reader.read()
        attempt = try reader.read()
        remaining = try reader.read()
        call = try reader.read()
        timer = try reader.read()
        steps = try reader.read()
        isPoor = try reader.read()
        pod = try reader.read()
    }
}
