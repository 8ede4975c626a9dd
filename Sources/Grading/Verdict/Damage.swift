import Lab
import Simulation
import Workloads

/// What a trial would have meant in production: minutes in which users suffered, and their price.
public struct Damage: Sendable, Equatable {
    /// Minutes in which more than one request in a hundred got no good answer or one that took too long.
    public var minutes: Int
    /// Requests that got no good answer.
    public var lost: Int64
    public var requests: Int64
    /// At the scenario's price of an hour of downtime; nil if it has none.
    public var money: Double?
    public var currency: String

    /// A share of bad requests in a minute above which the minute counts.
    static let tolerated = 0.01

    /// - Returns: nil if the trial recorded no users.
    init?(_ recording: TrialRecording, prices: PriceDescription) {
        let streams = recording.levels.filter { $0.key.hasPrefix("traffic/") }
        guard !streams.isEmpty else { return nil }
        var byMinute: [Int64: (bad: Int64, all: Int64)] = [:]
        (lost, requests) = (0, 0)
        for window in streams.values.joined() {
            let minute = window.start.nanoseconds / 60_000_000_000
            byMinute[minute, default: (0, 0)].bad += window.outcomes.failed
            byMinute[minute, default: (0, 0)].all += window.outcomes.total
            lost += window.outcomes.failed
            requests += window.outcomes.total
        }
        minutes = byMinute.values.count { Double($0.bad) > Self.tolerated * Double($0.all) }
        money = prices.downtimePerHour > 0 ? Double(minutes) / 60 * prices.downtimePerHour : nil
        currency = prices.currency
    }

    /// In a sentence.
    public var text: String {
        guard minutes > 0 else { return "On the day you can look at, no minute went by in which users suffered." }
        let price =
            money.map { ", which costs \(currency)\(Figures.rounded($0, 0)) at the price of an hour of downtime" } ?? ""
        return
            "On the day you can look at, users suffered for \(minutes) \(minutes == 1 ? "minute" : "minutes"): \(lost) of \(requests) requests got no good answer\(price)."
    }
}

extension Grader {
    /// What a hand-in does on the first visible seed; nil if it cannot be tried or nobody is there to suffer.
    public func damage(_ submission: Submission) -> Damage? {
        guard submission.faults(in: exercise).isEmpty, let seed = exercise.content.trial.visibleSeeds.first,
            let trial = trials(submission, seeds: [seed]).first, trial.end == .completed
        else { return nil }
        return Damage(trial.recording, prices: exercise.scenario.scenario.prices)
    }
}
