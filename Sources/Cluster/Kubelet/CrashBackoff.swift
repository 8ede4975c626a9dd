import Simulation

/// The delay before a container that stopped is started again (`flowcontrol.Backoff` as `kuberuntime_manager.go` uses
/// it): at once the first time, then 10 s doubling to 300 s after each exit, forgotten after 600 s of quiet.
public struct CrashBackoff: Sendable, Equatable {
    public static let initial: Duration = .seconds(10)
    public static let maximum: Duration = .seconds(300)
    /// How long an entry lives after its last use.
    public static let forgetting: Duration = .seconds(600)

    /// The delay that the next exit has to wait for; nil without an entry.
    public private(set) var delay: Duration?
    private var lastUse: SimulationTime = .zero

    public init() {}

    /// What a start attempt gets for a container that finished at `finish`.
    /// - Returns: how long it still has to wait; nil if it may start, and then the next delay is longer.
    public mutating func attempt(finishedAt finish: SimulationTime, now: SimulationTime) -> Duration? {
        if delay != nil, now >= forgotten || finish - lastUse > Self.forgetting { delay = nil }
        if let delay, now - finish < delay { return min(delay - (now - finish), forgotten - now) }
        delay = delay.map { min($0 + $0, Self.maximum) } ?? Self.initial
        lastUse = now
        return nil
    }

    /// When the kubelet's garbage collection, which comes by every 2 s, finds the entry unused for more than 600 s.
    private var forgotten: SimulationTime {
        let pass: Int64 = 2_000_000_000
        return SimulationTime(nanoseconds: ((lastUse + Self.forgetting).nanoseconds / pass + 1) * pass)
    }
}

extension CrashBackoff: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(delay)
        writer.write(lastUse)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        delay = try reader.read()
        lastUse = try reader.read()
    }
}
