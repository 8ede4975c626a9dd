import Simulation

/// Which snapshots of a lab are kept: close together in the near past, wide apart in the far one.
enum SnapshotThinning {
    /// Snapshots of about one instant say the same; the newest does.
    static let closest: Duration = .seconds(30)
    /// A rewind replays at most this share of its way back …
    static let share = 3.0
    /// … and never more than ten minutes, or, in labs of days, a sixteenth of the whole.
    static let widest: Duration = .minutes(10)
    static let parts = 16.0

    /// - Parameter times: of all snapshots, the newest first.
    /// - Returns: places of those that are kept: the newest, the oldest, and so many between that no gap is wider than
    ///   the age of its end allows.
    static func kept(_ times: [SimulationTime]) -> Set<Int> {
        guard let now = times.first, let oldest = times.last else { return [] }
        let ceiling = max(widest.seconds, (now - oldest).seconds / parts)
        var kept: Set<Int> = [0, times.count - 1]
        var last = now
        for place in times.indices.dropFirst().dropLast() {
            // Kept if leaving it out would make the gap to the next older one too wide.
            let next = times[place + 1]
            let allowed = min(ceiling, max(closest.seconds, (now - next).seconds / share))
            guard (last - next).seconds > allowed else { continue }
            kept.insert(place)
            last = times[place]
        }
        return kept
    }
}
