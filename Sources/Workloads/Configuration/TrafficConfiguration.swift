import Simulation

/// Users or programs that send requests to one service.
public struct TrafficConfiguration: Sendable, Equatable, Codable {
    /// How fine the requests are simulated.
    public enum Resolution: String, Sendable, Codable {
        /// One by one.
        case requests
        /// As flows, a few seconds at a time, for trials of days.
        case aggregated
    }

    /// One point of a piecewise-linear curve.
    public struct Point: Sendable, Equatable, Codable {
        public var at: Duration
        /// Requests (or sessions) a second.
        public var rate: Double

        public init(at: Duration, rate: Double) {
            self.at = at
            self.rate = rate
        }
    }

    /// A time in which the rate is multiplied.
    public struct Burst: Sendable, Equatable, Codable {
        public var at: Duration
        public var duration: Duration
        public var multiplier: Double
        /// How long the rise and the fall take, within `duration`.
        public var ramp: Duration

        public init(at: Duration, duration: Duration, multiplier: Double, ramp: Duration = .zero) {
            self.at = at
            self.duration = duration
            self.multiplier = multiplier
            self.ramp = ramp
        }

        enum CodingKeys: String, CodingKey, CaseIterable { case at, duration, multiplier, ramp }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
            at = try container.decode(Duration.self, forKey: .at)
            duration = try container.decode(Duration.self, forKey: .duration)
            multiplier = try container.decode(Double.self, forKey: .multiplier)
            ramp = try container.decode(.ramp, or: .zero)
        }
    }

    /// A fixed number of users who wait for each answer (closed loop): overload slows them down and hides itself.
    public struct ClosedLoop: Sendable, Equatable, Codable {
        public var users: Int
        /// Seconds between an answer and the next request.
        public var thinking: Distribution

        public init(users: Int, thinking: Distribution = .lognormal(mu: 4.45, sigma: 2.1)) {
            self.users = users
            self.thinking = thinking
        }

        enum CodingKeys: String, CodingKey, CaseIterable { case users, thinking }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
            self.init(users: try container.decode(Int.self, forKey: .users))
            thinking = try container.decode(.thinking, or: thinking)
            guard (0...1_000_000).contains(users) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .users, in: container, debugDescription: "must be between 0 and 1000000")
            }
        }
    }

    /// Several requests of one user with thinking in between: open arrivals of sessions, closed turns within.
    public struct Sessions: Sendable, Equatable, Codable {
        /// Requests of a session: LN(0.2, 2.0), p50 1, p90 18.
        public var requests: Distribution
        /// Seconds from an answer to the next request: LN(4.45, 2.1), p50 86 s.
        public var thinking: Distribution

        public init(
            requests: Distribution = .clamped(.lognormal(mu: 0.2, sigma: 2.0), 1, 200),
            thinking: Distribution = .lognormal(mu: 4.45, sigma: 2.1)
        ) {
            self.requests = requests
            self.thinking = thinking
        }

        enum CodingKeys: String, CodingKey, CaseIterable { case requests, thinking }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
            self.init()
            requests = try container.decode(.requests, or: requests)
            thinking = try container.decode(.thinking, or: thinking)
        }
    }

    /// A pool of connections. kube-proxy chooses a pod for each connection, not for each request: a new pod gets no
    /// traffic, and a pod that has left its service keeps it, until connections are made anew.
    public struct KeepAlive: Sendable, Equatable, Codable {
        public var connections: Int
        /// After this long a connection is replaced; nil never.
        public var lifetime: Duration?

        public init(connections: Int, lifetime: Duration? = nil) {
            self.connections = connections
            self.lifetime = lifetime
        }
    }

    public var name: String
    /// `namespace/name` of the service; empty for a source that publishes to a topic.
    public var service: String
    /// The topic that gets a message for each request; the request ends when the message is acknowledged.
    public var topic: String?
    public var path: String
    /// The rate over time since the world began, linear between points and constant outside; empty for none.
    public var rate: [Point]
    /// The curve starts again after this long (24h for a daily curve); nil holds the last rate.
    public var period: Duration?
    /// The curve's time at which the world begins (8h: it begins at eight in the morning).
    public var offset: Duration
    public var bursts: [Burst]
    /// Coefficient of variation of the gaps between arrivals: 1 is Poisson (many small users), 3 one batch tenant.
    public var variation: Double
    public var closed: ClosedLoop?
    public var sessions: Sessions?
    /// How long the client waits for one attempt; nil for ever.
    public var timeout: Duration?
    /// Seconds after which the user has gone; nil never (chat: LN(ln 20, 0.8)).
    public var patience: Distribution?
    public var retries: RetryPolicy
    /// Connections kept open and bound to a pod; nil opens one for each request.
    public var keepAlive: KeepAlive?
    public var resolution: Resolution
    /// Whether the client reads the answer as it is written: latency is then the time to the first token, and patience
    /// ends with it. Nothing changes for answers that are not generated.
    public var streams = false

    public init(name: String, service: String, rate: [Point] = []) {
        self.name = name
        self.service = service
        self.rate = rate
        topic = nil
        path = "/"
        period = nil
        offset = .zero
        bursts = []
        variation = 1
        closed = nil
        sessions = nil
        timeout = .seconds(30)
        patience = nil
        retries = .none
        keepAlive = nil
        resolution = .requests
    }

    /// A constant rate.
    public init(name: String, service: String, perSecond: Double) {
        self.init(name: name, service: service, rate: [Point(at: .zero, rate: perSecond)])
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, service, topic, path, rate, period, offset, bursts, variation, closed, sessions, timeout, patience
        case retries, keepAlive, resolution, streams
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init(
            name: try container.decode(String.self, forKey: .name),
            service: try container.decode(.service, or: ""))
        topic = try container.decodeIfPresent(String.self, forKey: .topic)
        if topic != nil { timeout = nil }
        path = try container.decode(.path, or: path)
        if let constant = try? container.decode(Double.self, forKey: .rate) {
            rate = [Point(at: .zero, rate: constant)]
        } else {
            rate = try container.decode(.rate, or: rate)
        }
        period = try container.decodeIfPresent(Duration.self, forKey: .period)
        offset = try container.decode(.offset, or: offset)
        bursts = try container.decode(.bursts, or: bursts)
        variation = try container.decode(.variation, or: variation)
        closed = try container.decodeIfPresent(ClosedLoop.self, forKey: .closed)
        sessions = try container.decodeIfPresent(Sessions.self, forKey: .sessions)
        timeout =
            container.contains(.timeout) ? try container.decodeIfPresent(Duration.self, forKey: .timeout) : timeout
        patience = try container.decodeIfPresent(Distribution.self, forKey: .patience)
        retries = try container.decode(.retries, or: retries)
        keepAlive = try container.decodeIfPresent(KeepAlive.self, forKey: .keepAlive)
        resolution = try container.decode(.resolution, or: resolution)
        streams = try container.decode(.streams, or: streams)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(service, forKey: .service)
        try container.encodeIfPresent(topic, forKey: .topic)
        try container.encode(path, forKey: .path)
        try container.encode(rate, forKey: .rate)
        try container.encodeIfPresent(period, forKey: .period)
        try container.encode(offset, forKey: .offset)
        try container.encode(bursts, forKey: .bursts)
        try container.encode(variation, forKey: .variation)
        try container.encodeIfPresent(closed, forKey: .closed)
        try container.encodeIfPresent(sessions, forKey: .sessions)
        try container.encode(timeout, forKey: .timeout)
        try container.encodeIfPresent(patience, forKey: .patience)
        try container.encode(retries, forKey: .retries)
        try container.encodeIfPresent(keepAlive, forKey: .keepAlive)
        try container.encode(resolution, forKey: .resolution)
        try container.encode(streams, forKey: .streams)
    }
}
