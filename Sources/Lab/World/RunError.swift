import Simulation

/// Why a world could not go on. The world is left as it was at the last whole event.
public enum RunError: Error, Sendable, Equatable, CustomStringConvertible {
    /// More events at one instant than any real system makes: two components answer each other without delay.
    case livelock(at: SimulationTime, events: Int)
    /// The budget of events that the caller gave is used up.
    case budgetExhausted(events: UInt64, at: SimulationTime)
    /// More is under way at once than a world keeps in memory.
    case overcrowded(pending: Int, at: SimulationTime)

    public var description: String {
        switch self {
        case .livelock(let time, let events):
            "the simulation does not leave t=\(time.seconds)s: \(events) events at one instant. This is a fault of kubelab or of the scenario; please report it with the seed."
        case .budgetExhausted(let events, let time):
            "the budget of \(events) events was used up at t=\(time.seconds)s; a run this busy needs a larger --max-events"
        case .overcrowded(let pending, let time):
            "\(pending) events are pending at t=\(time.seconds)s, more than a world holds: the scenario's users or rates are too many. Use 'resolution: aggregated' or smaller numbers."
        }
    }
}
