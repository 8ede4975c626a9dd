import Simulation

/// Answers of the last minute, as a monitoring system's `rate(...[1m])` would have them: two counters, the present
/// minute's and the last one's, of which the part that lies within the last sixty seconds counts in proportion.
public struct RecentMinute: Sendable, Equatable, BinaryCodable {
    private var minute: Int64 = 0
    private var present: Int64 = 0
    private var before: Int64 = 0
    private var presentTime = Duration.zero
    private var timeBefore = Duration.zero

    private static let length: Int64 = 60_000_000_000

    public init() {}

    mutating func note(_ latency: Duration, now: SimulationTime) {
        roll(to: now)
        present += 1
        presentTime += latency
    }

    private mutating func roll(to now: SimulationTime) {
        let current = now.nanoseconds / Self.length
        guard current != minute else { return }
        let isNext = current == minute + 1
        before = isNext ? present : 0
        timeBefore = isNext ? presentTime : .zero
        present = 0
        presentTime = .zero
        minute = current
    }

    private func values(at now: SimulationTime) -> (count: Double, seconds: Double) {
        var copy = self
        copy.roll(to: now)
        let rest = 1 - Double(now.nanoseconds % Self.length) / Double(Self.length)
        return (
            Double(copy.present) + Double(copy.before) * rest,
            copy.presentTime.seconds + copy.timeBefore.seconds * rest
        )
    }

    /// Answers a second.
    public func rate(at now: SimulationTime) -> Double { values(at: now).count / 60 }

    /// Mean seconds in the server; nil without an answer in the last minute.
    public func meanSeconds(at now: SimulationTime) -> Double? {
        let (count, seconds) = values(at: now)
        return count > 0 ? seconds / count : nil
    }

    public func write(to writer: inout BinaryWriter) {
        writer.write(minute)
        writer.write(present)
        writer.write(before)
        writer.write(presentTime)
        writer.write(timeBefore)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        minute = try reader.read()
        present = try reader.read()
        before = try reader.read()
        presentTime = try reader.read()
        timeBefore = try reader.read()
    }
}
