import Simulation

/// From the first instruction to the first answer.
public struct StartupProfile: Sendable, Equatable, Codable {
    /// CPU seconds of importing and building, in each worker; stretched by a CPU limit (reference section 0: 1.0 s
    /// for a thin SDK, 2.4 s with a framework).
    public var importing: Distribution
    /// Seconds of waiting after that (fetching an index, weights), before the port opens.
    public var loading: Distribution
    /// CPU seconds and then seconds of waiting from the open port until the program calls itself ready.
    public var warmUpWork: Distribution
    public var warmUp: Distribution
    /// False for a program that opens its port only once it is warm.
    public var listensWhileWarming: Bool
    /// The share of base memory in use from the first instant.
    public var workingSetWhileLoading: Double

    public init(
        importing: Distribution = .constant(1.0), loading: Distribution = .constant(0),
        warmUpWork: Distribution = .constant(0), warmUp: Distribution = .constant(0),
        listensWhileWarming: Bool = true, workingSetWhileLoading: Double = 0.3
    ) {
        self.importing = importing
        self.loading = loading
        self.warmUpWork = warmUpWork
        self.warmUp = warmUp
        self.listensWhileWarming = listensWhileWarming
        self.workingSetWhileLoading = workingSetWhileLoading
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case importing, loading, warmUpWork, warmUp, listensWhileWarming, workingSetWhileLoading
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init()
        importing = try container.decode(.importing, or: importing)
        loading = try container.decode(.loading, or: loading)
        warmUpWork = try container.decode(.warmUpWork, or: warmUpWork)
        warmUp = try container.decode(.warmUp, or: warmUp)
        listensWhileWarming = try container.decode(.listensWhileWarming, or: listensWhileWarming)
        workingSetWhileLoading = try container.decode(.workingSetWhileLoading, or: workingSetWhileLoading)
    }
}

/// What a process keeps in memory. Memory never falls after a peak: the allocator keeps what it has (reference
/// section 4: 70, then 172, then 160 MB).
public struct MemoryProfile: Sendable, Equatable, Codable {
    /// Bytes of one worker at rest (reference section 0: 70 MB thin SDK, 105 MB framework).
    public var base: Int64
    /// Bytes of a request in flight (0.06 MB).
    public var perRequest: Int64
    /// Bytes for each byte of a conversation in flight (1.9).
    public var perPromptByte: Double
    /// Bytes lost with each request served.
    public var leakPerRequest: Int64
    /// A cache that grows with each request up to its maximum and never shrinks.
    public var cachePerRequest: Int64
    public var cacheMaximum: Int64
    /// Bytes that are loaded by the time the program is warm (an index, weights).
    public var loaded: Int64

    public init(
        base: Int64 = 70 << 20, perRequest: Int64 = 60_000, perPromptByte: Double = 1.9, leakPerRequest: Int64 = 0,
        cachePerRequest: Int64 = 0, cacheMaximum: Int64 = 0, loaded: Int64 = 0
    ) {
        self.base = base
        self.perRequest = perRequest
        self.perPromptByte = perPromptByte
        self.leakPerRequest = leakPerRequest
        self.cachePerRequest = cachePerRequest
        self.cacheMaximum = cacheMaximum
        self.loaded = loaded
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case base, perRequest, perPromptByte, leakPerRequest, cachePerRequest, cacheMaximum, loaded
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init()
        base = try container.decode(.base, or: base)
        perRequest = try container.decode(.perRequest, or: perRequest)
        perPromptByte = try container.decode(.perPromptByte, or: perPromptByte)
        leakPerRequest = try container.decode(.leakPerRequest, or: leakPerRequest)
        cachePerRequest = try container.decode(.cachePerRequest, or: cachePerRequest)
        cacheMaximum = try container.decode(.cacheMaximum, or: cacheMaximum)
        loaded = try container.decode(.loaded, or: loaded)
    }
}

/// What SIGTERM does (reference section 4, measured with uvicorn): the listener closes, what is in flight finishes.
public struct ShutdownProfile: Sendable, Equatable, Codable {
    /// The signal never reaches the program: a shell as process 1, or no handler as process 1.
    public var ignoresSignal: Bool
    /// After this the program drops what is in flight and exits (`timeout_graceful_shutdown`); nil waits for ever.
    public var gracefulTimeout: Duration?
    /// Seconds of closing connections and flushing after the last request.
    public var closing: Duration
    /// 0 for uvicorn as process 1, 143 for a program without a handler that dies by the signal.
    public var exitCode: Int
    /// Drops what is in flight at once.
    public var dropsRequests: Bool
    /// Goes on answering on connections that are open, so that it is never idle while clients keep them
    /// (uvicorn closes idle ones at once).
    public var keepsConnections: Bool
    /// A path that a preStop hook may ask, as HTTP request or by a command that names it: from then on the program
    /// closes each connection after its answer, as proxies do that are told to drain.
    public var drainPath: String?

    public init(
        ignoresSignal: Bool = false, gracefulTimeout: Duration? = nil, closing: Duration = .milliseconds(100),
        exitCode: Int = 0, dropsRequests: Bool = false, keepsConnections: Bool = false, drainPath: String? = nil
    ) {
        self.ignoresSignal = ignoresSignal
        self.gracefulTimeout = gracefulTimeout
        self.closing = closing
        self.exitCode = exitCode
        self.dropsRequests = dropsRequests
        self.keepsConnections = keepsConnections
        self.drainPath = drainPath
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case ignoresSignal, gracefulTimeout, closing, exitCode, dropsRequests, keepsConnections, drainPath
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init()
        ignoresSignal = try container.decode(.ignoresSignal, or: ignoresSignal)
        gracefulTimeout = try container.decodeIfPresent(Duration.self, forKey: .gracefulTimeout)
        closing = try container.decode(.closing, or: closing)
        exitCode = try container.decode(.exitCode, or: exitCode)
        dropsRequests = try container.decode(.dropsRequests, or: dropsRequests)
        keepsConnections = try container.decode(.keepsConnections, or: keepsConnections)
        drainPath = try container.decodeIfPresent(String.self, forKey: .drainPath)
    }
}

/// How a program dies of itself.
public struct CrashProfile: Sendable, Equatable, Codable {
    /// Seconds from the start to an exit; nil never.
    public var after: Distribution?
    public var exitCode: Int
    /// The chance that a request takes the process with it.
    public var perRequest: Double
    public var message: String

    public init(after: Distribution? = nil, exitCode: Int = 1, perRequest: Double = 0, message: String = "") {
        self.after = after
        self.exitCode = exitCode
        self.perRequest = perRequest
        self.message = message
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case after, exitCode, perRequest, message }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init()
        after = try container.decodeIfPresent(Distribution.self, forKey: .after)
        exitCode = try container.decode(.exitCode, or: exitCode)
        perRequest = try container.decode(.perRequest, or: perRequest)
        message = try container.decode(.message, or: message)
    }
}

/// A path that answers probes.
public struct HealthPath: Sendable, Equatable, Codable {
    /// What the answer depends on.
    public enum Check: String, Sendable, Codable {
        /// The program answers at all.
        case alive
        /// The program is warm.
        case ready
        /// Warm, and everything in `dependencies` answers.
        case dependencies
        /// Every other container of the pod listens (daprd's `/v1.0/healthz` waits for the application's port).
        case neighbours
    }

    /// A path of HTTP, `grpc` or `grpc/service`, or `exec command…`.
    public var path: String
    public var check: Check
    /// Services (`namespace/name`), providers and tools that must answer.
    public var dependencies: [String]
    /// CPU of one answer (reference section 0: 0.45 ms for a trivial request).
    public var work: Duration
    /// Seconds of waiting within an answer; a dependency that is down is waited for as long as it hangs.
    public var wait: Distribution?
    /// Seconds of waiting instead, while at least `loadThreshold` requests are in flight.
    public var waitUnderLoad: Distribution?
    public var loadThreshold: Int
    /// Answers 401 to a probe, which has no token.
    public var needsAuthorization: Bool

    public init(
        path: String, check: Check = .alive, dependencies: [String] = [], work: Duration = .microseconds(450),
        wait: Distribution? = nil, waitUnderLoad: Distribution? = nil, loadThreshold: Int = 1,
        needsAuthorization: Bool = false
    ) {
        self.path = path
        self.check = check
        self.dependencies = dependencies
        self.work = work
        self.wait = wait
        self.waitUnderLoad = waitUnderLoad
        self.loadThreshold = loadThreshold
        self.needsAuthorization = needsAuthorization
    }

    /// What a service answers if a scenario says nothing.
    public static let usual = [HealthPath(path: "/healthz"), HealthPath(path: "/readyz", check: .ready)]

    enum CodingKeys: String, CodingKey, CaseIterable {
        case path, check, dependencies, work, wait, waitUnderLoad, loadThreshold, needsAuthorization
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init(path: try container.decode(String.self, forKey: .path))
        check = try container.decode(.check, or: check)
        dependencies = try container.decode(.dependencies, or: dependencies)
        work = try container.decode(.work, or: work)
        wait = try container.decodeIfPresent(Distribution.self, forKey: .wait)
        waitUnderLoad = try container.decodeIfPresent(Distribution.self, forKey: .waitUnderLoad)
        loadThreshold = try container.decode(.loadThreshold, or: loadThreshold)
        needsAuthorization = try container.decode(.needsAuthorization, or: needsAuthorization)
    }
}
