import Simulation

/// A limit a minute that refills continuously (reference section 2).
struct TokenBucket: Sendable, Equatable {
    private(set) var level: Double
    private var last = SimulationTime.zero
    /// Tokens a minute, which is also the most it holds; nil for no limit.
    private(set) var perMinute: Double?

    init(perMinute: Double?) {
        self.perMinute = perMinute
        level = perMinute ?? 0
    }

    mutating func refill(now: SimulationTime) {
        guard let perMinute else { return }
        level = min(perMinute, level + perMinute * (now - last).seconds / 60)
        last = now
    }

    /// Seconds, rounded up, until `need` is there; nil if it is there now. Call after ``refill(now:)``.
    func shortage(of need: Double) -> Duration? {
        guard let perMinute, level < need else { return nil }
        guard perMinute > 0 else { return .minutes(1) }
        return Duration(seconds: max(1, (60 * (need - level) / perMinute).rounded(.up)))
    }

    mutating func take(_ amount: Double) {
        if perMinute != nil { level -= amount }
    }

    /// Changes the limit; what is in the bucket is cut to the new size.
    mutating func setLimit(_ perMinute: Double?, now: SimulationTime) {
        refill(now: now)
        if self.perMinute == nil, let perMinute { level = perMinute }
        self.perMinute = perMinute
        if let perMinute { level = min(level, perMinute) }
        last = now
    }
}

extension TokenBucket: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(level)
        writer.write(last)
        writer.write(perMinute)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        level = try reader.read()
        last = try reader.read()
        perMinute = try reader.read()
    }
}
