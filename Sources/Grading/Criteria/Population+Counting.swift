import Simulation
import Workloads

extension Population {
    /// Requests that are alike for every condition of the population: one outcome, one range of latencies.
    private struct Cell {
        var outcome: Outcome
        /// For good answers: the slowest of the cell; nil is beyond all thresholds.
        var latency: Duration?
    }

    private func holds(for cell: Cell) -> Bool {
        switch self {
        case .all: true
        case .good: cell.outcome == .ok
        case .failed: cell.outcome != .ok
        case .outcome(let outcome): cell.outcome == outcome
        case .within(let bound): cell.outcome == .ok && cell.latency.map { $0 <= bound } ?? false
        case .not(let inner): !inner.holds(for: cell)
        case .both(let left, let right): left.holds(for: cell) && right.holds(for: cell)
        case .either(let left, let right): left.holds(for: cell) || right.holds(for: cell)
        }
    }

    private var thresholds: [Duration] {
        switch self {
        case .all, .good, .failed, .outcome: []
        case .within(let bound): [bound]
        case .not(let inner): inner.thresholds
        case .both(let left, let right), .either(let left, let right): left.thresholds + right.thresholds
        }
    }

    /// How many of a window's requests are of this kind; within the bucket of a threshold, in proportion.
    func count(in window: LevelWindow) -> Double {
        var sum = 0.0
        for outcome in Outcome.allCases where outcome != .ok && holds(for: Cell(outcome: outcome, latency: nil)) {
            sum += Double(window.outcomes[outcome])
        }
        var below = 0.0
        var bounds = thresholds.sorted()[...]
        while let bound = bounds.popFirst() {
            let count = window.latency.count(atMost: bound)
            if holds(for: Cell(outcome: .ok, latency: bound)) { sum += max(0, count - below) }
            below = count
        }
        if holds(for: Cell(outcome: .ok, latency: nil)) { sum += max(0, Double(window.outcomes[.ok]) - below) }
        return sum
    }

    /// The kind in words, after 'users'.
    var words: String {
        switch self {
        case .all: "sent a request"
        case .good: "got a good answer"
        case .failed: "got no good answer"
        case .outcome(let outcome): "ended with \(outcome)"
        case .within(let bound): "were answered within \(Figures.time(bound.seconds))"
        case .not(.within(let bound)): "waited longer than \(Figures.time(bound.seconds)) or got no good answer"
        case .not(.good): "got no good answer"
        case .not(.failed): "got a good answer"
        case .both(.good, .not(.within(let bound))), .both(.not(.within(let bound)), .good):
            "waited longer than \(Figures.time(bound.seconds))"
        case .both(.good, .within(let bound)), .both(.within(let bound), .good):
            "were answered within \(Figures.time(bound.seconds))"
        case .not(.both(.good, .within(let bound))), .not(.both(.within(let bound), .good)):
            "waited longer than \(Figures.time(bound.seconds)) or got no good answer"
        case .not(let inner): "did not fit '\(inner.words)'"
        case .both(let left, let right): "\(left.words) and \(right.words)"
        case .either(let left, let right): "\(left.words) or \(right.words)"
        }
    }
}
