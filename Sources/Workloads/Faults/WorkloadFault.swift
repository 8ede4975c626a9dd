import Simulation

/// Something that goes wrong in programs, providers, tools or users. Each can be taken back.
public enum WorkloadFault: Sendable, Equatable {
    /// A provider's incident: outage, brown-out, overload, changed limits.
    case provider(String, ProviderCondition)
    /// A tool or database outside the cluster.
    case tool(String, ToolCondition)
    /// Multiplies a source's rate.
    case traffic(String, multiplier: Double)
    /// Replaces a source's retry policy (a client release that retries without end).
    case retries(String, RetryPolicy)
    /// A bad version: every container that runs the image, now and later. An image without a tag means all its tags.
    case image(String, ImageCondition)
    /// Programs that stand still: they accept connections and SIGTERM and answer neither.
    case deadlock(FaultTarget)
    /// Holds an event loop once, for a time, without using CPU.
    case block(FaultTarget, Duration)
    /// Ends programs once with an exit code.
    case crash(FaultTarget, exitCode: Int)
    /// Takes memory that is never given back: at once, or evenly over a time in which the containers that it struck
    /// live on; a restart heals.
    case memory(FaultTarget, bytes: Int64, over: Duration = .zero)
}

/// Which containers a fault strikes.
public struct FaultTarget: Sendable, Equatable, Codable {
    /// Image, as in ``WorkloadFault/image(_:_:)``.
    public var image: String?
    /// The pod's name, or the beginning of it.
    public var pod: String?
    /// How many, in the order of their slots; nil for all.
    public var count: Int?

    public init(image: String? = nil, pod: String? = nil, count: Int? = nil) {
        self.image = image
        self.pod = pod
        self.count = count
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case image, pod, count }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        image = try container.decodeIfPresent(String.self, forKey: .image)
        pod = try container.decodeIfPresent(String.self, forKey: .pod)
        count = try container.decodeIfPresent(Int.self, forKey: .count)
    }
}

/// What a version of a program does worse than it should.
public struct ImageCondition: Sendable, Equatable, Codable {
    /// Factor on all its CPU work.
    public var slowness: Double
    /// Bytes lost with each request.
    public var leakPerRequest: Int64
    /// Chance of answering 500 after all the work.
    public var errorRate: Double
    /// Chance that a request takes the process with it.
    public var crashPerRequest: Double
    /// Chance that an agent goes round in circles.
    public var loopProbability: Double
    /// Its prompts begin with something that changes, so that nothing is cached.
    public var changesPrefix: Bool
    /// It never finishes starting.
    public var hangsAtStart: Bool
    /// It exits while starting.
    public var crashesAtStart: Bool

    public init(
        slowness: Double = 1, leakPerRequest: Int64 = 0, errorRate: Double = 0, crashPerRequest: Double = 0,
        loopProbability: Double = 0, changesPrefix: Bool = false, hangsAtStart: Bool = false,
        crashesAtStart: Bool = false
    ) {
        self.slowness = slowness
        self.leakPerRequest = leakPerRequest
        self.errorRate = errorRate
        self.crashPerRequest = crashPerRequest
        self.loopProbability = loopProbability
        self.changesPrefix = changesPrefix
        self.hangsAtStart = hangsAtStart
        self.crashesAtStart = crashesAtStart
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case slowness, leakPerRequest, errorRate, crashPerRequest, loopProbability, changesPrefix, hangsAtStart
        case crashesAtStart
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init()
        slowness = try container.decode(.slowness, or: slowness)
        leakPerRequest = try container.decode(.leakPerRequest, or: leakPerRequest)
        errorRate = try container.decode(.errorRate, or: errorRate)
        crashPerRequest = try container.decode(.crashPerRequest, or: crashPerRequest)
        loopProbability = try container.decode(.loopProbability, or: loopProbability)
        changesPrefix = try container.decode(.changesPrefix, or: changesPrefix)
        hangsAtStart = try container.decode(.hangsAtStart, or: hangsAtStart)
        crashesAtStart = try container.decode(.crashesAtStart, or: crashesAtStart)
    }

    func combined(with other: Self) -> Self {
        ImageCondition(
            slowness: slowness * max(0, other.slowness),
            leakPerRequest: leakPerRequest.addingSaturating(other.leakPerRequest),
            errorRate: min(1, errorRate + other.errorRate),
            crashPerRequest: min(1, crashPerRequest + other.crashPerRequest),
            loopProbability: min(1, loopProbability + other.loopProbability),
            changesPrefix: changesPrefix || other.changesPrefix, hangsAtStart: hangsAtStart || other.hangsAtStart,
            crashesAtStart: crashesAtStart || other.crashesAtStart)
    }
}

extension ImageCondition: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(self != ImageCondition())
        guard self != ImageCondition() else { return }
        writer.write(slowness)
        writer.write(leakPerRequest)
        writer.write(errorRate)
        writer.write(crashPerRequest)
        writer.write(loopProbability)
        writer.write(changesPrefix)
        writer.write(hangsAtStart)
        writer.write(crashesAtStart)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init()
        guard try reader.read(Bool.self) else { return }
        slowness = try reader.read()
        leakPerRequest = try reader.read()
        errorRate = try reader.read()
        crashPerRequest = try reader.read()
        loopProbability = try reader.read()
        changesPrefix = try reader.read()
        hangsAtStart = try reader.read()
        crashesAtStart = try reader.read()
    }
}

/// How a tool outside the cluster is doing.
public struct ToolCondition: Sendable, Equatable, Codable, BinaryCodable {
    public var latencyFactor: Double
    /// Chance of an error on top of the tool's own.
    public var errorRate: Double
    /// Calls get no answer until their caller's time-out.
    public var hangs: Bool

    public init(latencyFactor: Double = 1, errorRate: Double = 0, hangs: Bool = false) {
        self.latencyFactor = latencyFactor
        self.errorRate = errorRate
        self.hangs = hangs
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case latencyFactor, errorRate, hangs }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
        self.init()
        latencyFactor = try container.decode(.latencyFactor, or: latencyFactor)
        errorRate = try container.decode(.errorRate, or: errorRate)
        hangs = try container.decode(.hangs, or: hangs)
    }

    func combined(with other: Self) -> Self {
        ToolCondition(
            latencyFactor: latencyFactor * max(0, other.latencyFactor), errorRate: min(1, errorRate + other.errorRate),
            hangs: hangs || other.hangs)
    }

    public func write(to writer: inout BinaryWriter) {
        writer.write(latencyFactor)
        writer.write(errorRate)
        writer.write(hangs)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        latencyFactor = try reader.read()
        errorRate = try reader.read()
        hangs = try reader.read()
    }
}
