import Simulation

extension LabSession {
    /// What the caller of ``advance(to:until:budget:_:)`` wants after a step.
    public enum Step: Sendable {
        case goOn
        /// Commit what there is, then go on.
        case save
        /// Commit what there is and stop.
        case stop
    }

    /// How an advance ended.
    public enum AdvanceEnd: Sendable, Equatable { case reached, condition, stopped }

    /// Simulated time between two snapshots of a long advance, so that going back or explaining replays little.
    static let snapshotInterval: Duration = .minutes(10)
    /// An advance makes no more snapshots than this: weeks of monitoring are megabytes each time.
    static let snapshotsOfAdvance: Int64 = 200
    /// Simulated time between two looks at a condition, or at whether to stop.
    static let lookInterval: Duration = .seconds(1)

    /// Lets simulated time pass and commits it in slices: whatever interrupts it, what was committed stays.
    /// - Parameters:
    ///   - condition: stop as soon as it holds; looked at once a simulated second.
    ///   - budget: most events to handle, nil for no bound.
    ///   - after: called after each simulated second or so.
    /// - Throws: `RunError` (the world is then as it was committed last), `LabStoreError`.
    public mutating func advance(
        to target: SimulationTime, until condition: Condition? = nil, budget: UInt64? = nil,
        _ after: (borrowing World) -> Step = { _ in .goOn }
    ) throws -> AdvanceEnd {
        let tens = (target - world.now).nanoseconds / (Self.snapshotInterval.nanoseconds * Self.snapshotsOfAdvance)
        let interval = Self.snapshotInterval.nanoseconds * (1 + max(0, tens))
        var nextSnapshot = self.nextSnapshot(every: interval)
        let first = world.counts.total
        var end: AdvanceEnd?
        while end == nil {
            let step = min(target, world.now + Self.lookInterval)
            do {
                if let budget, world.counts.total - first >= budget {
                    throw RunError.budgetExhausted(events: budget, at: world.now)
                }
                try world.advance(to: step, budget: budget.map { $0 - (world.counts.total - first) })
            } catch {
                try revert()
                throw error
            }
            note(.advance)
            if let condition, condition.holds(in: world) {
                end = .condition
            } else if world.now >= target {
                end = .reached
            } else {
                switch after(world) {
                case .goOn:
                    if world.now >= nextSnapshot { try commit() }
                case .save: try commit()
                case .stop: end = .stopped
                }
                if world.now >= nextSnapshot { nextSnapshot = self.nextSnapshot(every: interval) }
            }
        }
        try commit()
        return end ?? .reached
    }

    /// Snapshots stand at whole multiples of an interval in nanoseconds.
    private func nextSnapshot(every interval: Int64) -> SimulationTime {
        SimulationTime(
            nanoseconds: (world.now.nanoseconds / interval).addingSaturating(1).multiplyingSaturating(interval))
    }
}
