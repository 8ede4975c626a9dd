import Simulation

/// What happened to requests in one span of time: counted in the window in which a request ended.
public struct LevelWindow: Sendable, Equatable {
    /// When the window begins.
    public var start: SimulationTime
    /// Requests that arrived.
    public var arrived: Int64 = 0
    public var outcomes = OutcomeCounts()
    /// From arrival to the good answer, over all attempts.
    public var latency = LatencyHistogram()
    /// From arrival to the end of those that got no good answer.
    public var failureLatency = LatencyHistogram()
    public var attempts: Int64 = 0
    /// Good answers that were of no use: the task failed.
    public var poor: Int64 = 0
    public var bill = TokenBill()

    public init(start: SimulationTime) { self.start = start }

    public static func += (left: inout Self, right: Self) {
        left.arrived += right.arrived
        left.outcomes += right.outcomes
        left.latency += right.latency
        left.failureLatency += right.failureLatency
        left.attempts += right.attempts
        left.poor += right.poor
        left.bill += right.bill
    }
}

/// The truth about one source of traffic or one service: totals, and a bounded number of windows.
public struct ServiceLevel: Sendable, Equatable {
    public let name: String
    /// Everything since the world began.
    public private(set) var total = LevelWindow(start: .zero)
    /// The last windows in which anything happened, oldest first.
    public private(set) var windows: [LevelWindow] = []
    /// How long a window is.
    public let length: Duration
    private let retention: Int

    public init(name: String, accounting: AccountingConfiguration) {
        self.name = name
        length = max(accounting.window, .milliseconds(100))
        retention = max(1, accounting.windows)
    }

    private mutating func window(at now: SimulationTime) -> Int {
        let start = SimulationTime(nanoseconds: now.nanoseconds - now.nanoseconds % length.nanoseconds)
        if windows.last?.start != start {
            // Trimmed in blocks, so that dropping the oldest costs little.
            if windows.count >= retention + retention / 8 + 1 { windows.removeFirst(windows.count - retention + 1) }
            windows.append(LevelWindow(start: start))
        }
        return windows.count - 1
    }

    mutating func noteArrival(now: SimulationTime, count: Int64 = 1) {
        total.arrived += count
        windows[window(at: now)].arrived += count
    }

    mutating func noteAttempt(now: SimulationTime, count: Int64 = 1) {
        total.attempts += count
        windows[window(at: now)].attempts += count
    }

    mutating func notePoor(now: SimulationTime, count: Int64 = 1) {
        total.poor += count
        windows[window(at: now)].poor += count
    }

    mutating func noteEnd(_ outcome: Outcome, latency: Duration, now: SimulationTime, count: Int64 = 1) {
        let index = window(at: now)
        total.outcomes.count(outcome, count)
        windows[index].outcomes.count(outcome, count)
        let number = UInt32(clamping: count)
        if outcome == .ok {
            total.latency.record(latency, count: number)
            windows[index].latency.record(latency, count: number)
        } else {
            total.failureLatency.record(latency, count: number)
            windows[index].failureLatency.record(latency, count: number)
        }
    }

    mutating func noteBill(_ bill: TokenBill, now: SimulationTime) {
        total.bill += bill
        windows[window(at: now)].bill += bill
    }

    /// When the first window of those begins that ``between(_:_:)`` sums up.
    public func firstWindow(from start: SimulationTime) -> SimulationTime {
        guard start > .zero else { return .zero }
        let rest = start.nanoseconds % length.nanoseconds
        return rest == 0 ? start : start + (length - .nanoseconds(rest))
    }

    /// What has ended from a moment on, as far back as it is known: the whole time, or the windows that are kept.
    /// - Returns: the sum, and the moment from which it counts: later than the one that was asked for if windows of that
    ///   time are gone.
    public func since(_ start: SimulationTime) -> (level: LevelWindow, from: SimulationTime) {
        guard start > .zero else { return (total, .zero) }
        let kept = between(start, .never)
        guard let oldest = windows.first, oldest.start > start,
            between(.zero, .never).outcomes.total < total.outcomes.total
        else { return (kept, start) }
        return (kept, oldest.start)
    }

    /// The sum of the windows that begin in a span of time.
    public func between(_ start: SimulationTime, _ end: SimulationTime) -> LevelWindow {
        var sum = LevelWindow(start: start)
        for window in windows where window.start >= start && window.start < end { sum += window }
        return sum
    }
}

extension LevelWindow: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(start)
        writer.write(arrived)
        writer.write(outcomes)
        writer.write(latency)
        writer.write(failureLatency)
        writer.write(attempts)
        writer.write(poor)
        writer.write(bill)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        start = try reader.read()
        arrived = try reader.read()
        outcomes = try reader.read()
        latency = try reader.read()
        failureLatency = try reader.read()
        attempts = try reader.read()
        poor = try reader.read()
        bill = try reader.read()
    }
}

extension ServiceLevel: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(name)
        writer.write(total)
        writer.write(windows)
        writer.write(length)
        writer.write(retention)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        name = try reader.read()
        total = try reader.read()
        windows = try reader.read()
        length = try reader.read()
        retention = try reader.read()
        guard length > .zero, retention > 0 else { throw .malformed(what: "service level", offset: reader.offset) }
    }
}
