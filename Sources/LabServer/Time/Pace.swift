import Simulation

/// Which simulated instant is due at a moment of wall time. A pure function of what it is told, so that tests need no
/// clock.
struct Pace: Sendable {
    private(set) var speed: Speed
    /// Where both clocks stood when they were last put together.
    private var anchor: (wall: Swift.Duration, time: SimulationTime)

    /// How far simulated time may lag behind, in wall time, before the lag is forgiven: a machine that was busy or
    /// asleep does not race through what it missed.
    static let patience = Swift.Duration.seconds(1)
    /// Simulated time that `max-idle` asks for at once.
    static let stride = Simulation.Duration.minutes(1)

    init(_ speed: Speed, wall: Swift.Duration, time: SimulationTime) {
        self.speed = speed
        anchor = (wall, time)
    }

    /// Another speed from now on.
    mutating func set(_ speed: Speed, wall: Swift.Duration, time: SimulationTime) {
        self = Pace(speed, wall: wall, time: time)
    }

    /// Time jumped, or something took long: both clocks are put together anew.
    mutating func restart(wall: Swift.Duration, time: SimulationTime) { anchor = (wall, time) }

    /// The instant up to which time is due to have passed.
    mutating func due(wall: Swift.Duration, time: SimulationTime) -> SimulationTime {
        switch speed {
        case .paused: return time
        case .maxIdle: return time + Self.stride
        case .times(let factor):
            func elapsed() -> Int64 {
                let (seconds, attoseconds) = (wall - anchor.wall).components
                let nanoseconds = seconds.multiplyingSaturating(1_000_000_000).addingSaturating(
                    attoseconds / 1_000_000_000)
                return max(0, nanoseconds).multiplyingSaturating(Int64(factor))
            }
            let due = anchor.time + .nanoseconds(elapsed())
            let (seconds, attoseconds) = Self.patience.components
            let lag = (seconds * 1_000_000_000 + attoseconds / 1_000_000_000).multiplyingSaturating(Int64(factor))
            guard (due - time).nanoseconds > lag else { return max(due, time) }
            anchor = (wall, time)
            return time
        }
    }
}
