import Simulation

/// A program that answers requests: an event loop in each worker, as uvicorn runs a FastAPI application.
public struct ServiceProgram: Sendable, Equatable, Codable {
    /// Event loops, one core each at most (the GIL: threads add no CPU). `WEB_CONCURRENCY` and `--workers` override it.
    public var workers: Int
    /// Requests handled at once; the others wait in the process. Nil: all (asynchronous handlers). 40 for uvicorn's
    /// thread pool of synchronous handlers, or the size of a connection pool.
    public var slots: Int?
    /// Connections above which the answer is 503 at once (`limit_concurrency`); nil: none.
    public var limitConcurrency: Int?
    /// Connections that may wait to be handled (`backlog`); above it they are refused.
    public var backlog: Int
    /// CPU of a 503 that the limit gives (reference section 6: 0.5 ms).
    public var rejectionWork: Duration
    /// Whether work stops when the caller has gone.
    public var cancelsOnDisconnect: Bool
    /// Set for a model server: what its `generate` stages run on.
    public var engine: EngineConfiguration?
    public var routes: [Route]

    public init(
        workers: Int = 1, slots: Int? = nil, limitConcurrency: Int? = nil, backlog: Int = 2048,
        rejectionWork: Duration = .microseconds(500), cancelsOnDisconnect: Bool = false, routes: [Route] = [],
        engine: EngineConfiguration? = nil
    ) {
        self.workers = workers
        self.slots = slots
        self.limitConcurrency = limitConcurrency
        self.backlog = backlog
        self.rejectionWork = rejectionWork
        self.cancelsOnDisconnect = cancelsOnDisconnect
        self.routes = routes
        self.engine = engine
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case workers, slots, limitConcurrency, backlog, rejectionWork, cancelsOnDisconnect, engine, routes, stages
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init()
        workers = try container.decode(.workers, or: workers)
        slots = try container.decodeIfPresent(Int.self, forKey: .slots)
        limitConcurrency = try container.decodeIfPresent(Int.self, forKey: .limitConcurrency)
        backlog = try container.decode(.backlog, or: backlog)
        rejectionWork = try container.decode(.rejectionWork, or: rejectionWork)
        cancelsOnDisconnect = try container.decode(.cancelsOnDisconnect, or: cancelsOnDisconnect)
        engine = try container.decodeIfPresent(EngineConfiguration.self, forKey: .engine)
        // A server that streams notices at once that nobody reads.
        if engine != nil { cancelsOnDisconnect = try container.decode(.cancelsOnDisconnect, or: true) }
        routes = try container.decode(.routes, or: routes)
        // A service with one route needs no path.
        if let stages = try container.decodeIfPresent([Stage].self, forKey: .stages) {
            routes.append(Route(stages: stages))
        }
        let generates = routes.contains { route in
            route.stages.contains { if case .generate = $0 { true } else { false } }
        }
        guard engine != nil || !generates else {
            throw DecodingError.dataCorruptedError(
                forKey: .routes, in: container, debugDescription: "a stage 'generate' needs an 'engine' in the service")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(workers, forKey: .workers)
        try container.encodeIfPresent(slots, forKey: .slots)
        try container.encodeIfPresent(limitConcurrency, forKey: .limitConcurrency)
        try container.encode(backlog, forKey: .backlog)
        try container.encode(rejectionWork, forKey: .rejectionWork)
        try container.encode(cancelsOnDisconnect, forKey: .cancelsOnDisconnect)
        try container.encodeIfPresent(engine, forKey: .engine)
        try container.encode(routes, forKey: .routes)
    }
}

/// What happens for requests to one path. A request to a path that no route names takes the first route.
public struct Route: Sendable, Equatable, Codable {
    public var path: String
    public var stages: [Stage]

    public init(path: String = "/", stages: [Stage]) {
        self.path = path
        self.stages = stages
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case path, stages }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        path = try container.decode(.path, or: "/")
        stages = try container.decode(.stages, or: [])
    }
}

/// One step of handling a request.
public enum Stage: Sendable, Equatable {
    /// CPU seconds on the event loop.
    case compute(Distribution)
    /// Seconds of waiting that leave the event loop free (a database, a disk).
    case wait(Distribution)
    /// Seconds of waiting that block the event loop (a synchronous call in an asynchronous handler).
    case block(Distribution)
    /// A request to another service.
    case call(ServiceCall)
    /// A tool or database outside the cluster.
    case tool(ToolCall)
    /// An agent's loop of model and tool calls.
    case agent(AgentPlan)
    /// With this probability the answer is known and the rest is skipped.
    case cached(Double)
    /// Hands a message to a topic.
    case publish(String)
    /// With this probability the handler fails with 500.
    case fail(Double)
    /// A request to the program's own engine.
    case generate(Generation)
}

extension Stage: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case compute, wait, block, call, tool, agent, cached, publish, fail, generate
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        guard let key = container.allKeys.first, container.allKeys.count == 1 else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription:
                        "a stage has one key of \(CodingKeys.allCases.map(\.rawValue).joined(separator: ", "))"))
        }
        switch key {
        case .compute: self = .compute(try container.decode(Distribution.self, forKey: key))
        case .wait: self = .wait(try container.decode(Distribution.self, forKey: key))
        case .block: self = .block(try container.decode(Distribution.self, forKey: key))
        case .call: self = .call(try container.decode(ServiceCall.self, forKey: key))
        case .tool: self = .tool(try container.decode(ToolCall.self, forKey: key))
        case .agent: self = .agent(try container.decode(AgentPlan.self, forKey: key))
        case .cached: self = .cached(try container.decode(Double.self, forKey: key))
        case .publish: self = .publish(try container.decode(String.self, forKey: key))
        case .fail: self = .fail(try container.decode(Double.self, forKey: key))
        case .generate: self = .generate(try container.decode(Generation.self, forKey: key))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .compute(let value): try container.encode(value, forKey: .compute)
        case .wait(let value): try container.encode(value, forKey: .wait)
        case .block(let value): try container.encode(value, forKey: .block)
        case .call(let value): try container.encode(value, forKey: .call)
        case .tool(let value): try container.encode(value, forKey: .tool)
        case .agent(let value): try container.encode(value, forKey: .agent)
        case .cached(let value): try container.encode(value, forKey: .cached)
        case .publish(let value): try container.encode(value, forKey: .publish)
        case .fail(let value): try container.encode(value, forKey: .fail)
        case .generate(let value): try container.encode(value, forKey: .generate)
        }
    }
}

/// A request from one service to another.
public struct ServiceCall: Sendable, Equatable, Codable {
    /// `namespace/name`.
    public var service: String
    public var path: String
    /// How long one attempt may take; nil for ever.
    public var timeout: Duration?
    public var retries: RetryPolicy
    /// A failure leaves the answer poorer but good.
    public var isOptional: Bool

    public init(
        service: String, path: String = "/", timeout: Duration? = .seconds(30), retries: RetryPolicy = .none,
        isOptional: Bool = false
    ) {
        self.service = service
        self.path = path
        self.timeout = timeout
        self.retries = retries
        self.isOptional = isOptional
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case service, path, timeout, retries, optional }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init(service: try container.decode(String.self, forKey: .service))
        path = try container.decode(.path, or: path)
        timeout =
            container.contains(.timeout) ? try container.decodeIfPresent(Duration.self, forKey: .timeout) : timeout
        retries = try container.decode(.retries, or: retries)
        isOptional = try container.decode(.optional, or: isOptional)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(service, forKey: .service)
        try container.encode(path, forKey: .path)
        try container.encode(timeout, forKey: .timeout)
        try container.encode(retries, forKey: .retries)
        try container.encode(isOptional, forKey: .optional)
    }
}

/// A call to a tool outside the cluster.
public struct ToolCall: Sendable, Equatable, Codable {
    /// The name of a ``ToolConfiguration``.
    public var name: String
    public var timeout: Duration?
    public var isOptional: Bool

    public init(name: String, timeout: Duration? = .seconds(30), isOptional: Bool = false) {
        self.name = name
        self.timeout = timeout
        self.isOptional = isOptional
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case name, timeout, optional }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init(name: try container.decode(String.self, forKey: .name))
        timeout =
            container.contains(.timeout) ? try container.decodeIfPresent(Duration.self, forKey: .timeout) : timeout
        isOptional = try container.decode(.optional, or: isOptional)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(timeout, forKey: .timeout)
        try container.encode(isOptional, forKey: .optional)
    }
}
