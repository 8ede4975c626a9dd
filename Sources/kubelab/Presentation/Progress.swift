import Foundation
import Lab
import Simulation

/// A passing line on standard error while something takes more than a second of wall time.
struct Progress {
    private let began = Date()
    private var shown = Date.distantPast

    /// Shows how far a run is, a few times a second, once a second has passed.
    mutating func show(_ text: @autoclosure () -> String) {
        guard Terminal.showsProgress else { return }
        let now = Date()
        guard now.timeIntervalSince(began) > 1, now.timeIntervalSince(shown) > 0.2 else { return }
        shown = now
        Terminal.progress(text())
    }

    /// Advances a world with progress.
    static func advance(_ world: inout World, to end: SimulationTime, budget: UInt64? = nil) throws {
        var progress = Progress()
        let first = world.counts.total
        while world.now < end {
            let used = world.counts.total - first
            if let budget, used >= budget { throw RunError.budgetExhausted(events: budget, at: world.now) }
            try world.advance(to: min(end, world.now + .seconds(10)), budget: budget.map { $0 - used })
            progress.show("simulated \(world.now.clock) of \(end.clock), \(world.counts.total) events")
        }
        Terminal.endProgress()
    }
}
