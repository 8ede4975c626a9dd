import Lab
import Simulation

/// How much of a trial a verification needs.
enum TrialExtent: Sendable, Equatable, CustomStringConvertible {
    case whole
    /// As long as it takes until what matters is decided.
    case until(Duration)
    /// Until a criterion has failed for good, on one seed after another.
    case untilRefused

    var description: String {
        switch self {
        case .whole: "whole"
        case .until(let end): "until \(end.nanoseconds)"
        case .untilRefused: "until refused"
        }
    }
}

/// What became of one answer on one group of seeds, without the recordings.
struct GroupOutcome: Sendable, Equatable, Codable {
    struct Criterion: Sendable, Equatable, Codable {
        var fraction: Double
        var slack: Double?
        var seen: String
    }

    /// One a criterion; nil for those that the trial was too short for.
    var criteria: [Criterion?]
    /// Why it cannot be tried; empty if it can.
    var ungradable = ""
    /// The criterion on which it was given up; empty if it was not.
    var refusedBy = ""

    var isFull: Bool {
        ungradable.isEmpty && refusedBy.isEmpty && criteria.allSatisfy { $0.map { $0.fraction >= 1 } ?? false }
    }

    /// Whether a mutant has not been refused yet.
    var passesSoFar: Bool { ungradable.isEmpty && refusedBy.isEmpty }

    /// From none to all for what is not decided.
    func points(_ exercise: Exercise) -> ClosedRange<Double> {
        var (low, high) = (0.0, 0.0)
        for (outcome, criterion) in zip(criteria, exercise.content.criteria) {
            let points = Double(criterion.points)
            low += outcome.map { $0.fraction * points } ?? 0
            high += outcome.map { $0.fraction * points } ?? (refusedBy == criterion.id ? 0 : points)
        }
        return low...high
    }
}

extension Exercise {
    /// When a criterion is decided: the end of its last window, and what the accounting of requests lags behind.
    func end(of criterion: Int) -> Duration {
        let whole = content.trial.duration
        let windows = CriterionNeeds([expressions[criterion]]).windows
        guard !windows.isEmpty else { return whole }
        let window = scenario.scenario.workloads.accounting.window
        let last = windows.reduce(Duration.zero) { max($0, $1.to ?? whole) }
        return min(whole, last + window + window)
    }

    /// The first criterion that has failed for good when a trial is as old as its recording; nil if all may still hold.
    func refusal(_ recording: TrialRecording) -> String? {
        for (index, expression) in expressions.enumerated()
        where expression.staysFailed || end(of: index) <= recording.duration {
            if !expression.evaluate([recording], references: references).holds { return content.criteria[index].id }
        }
        return nil
    }

    /// Tries an answer on a group of seeds.
    func outcome(
        of submission: Submission, seeds: [UInt64], extent: TrialExtent, noteTrial: () -> Void
    ) -> GroupOutcome {
        var outcome = GroupOutcome(criteria: expressions.map { _ in nil })
        var recordings: [TrialRecording] = []
        for seed in seeds {
            var refusedBy: String?
            var duration: Duration?
            if case .until(let end) = extent { duration = end }
            let looks = extent == .untilRefused
            let trial = Trial.run(
                self, submission, seed: seed, duration: duration,
                isDecided: { recording in
                    guard looks else { return false }
                    refusedBy = refusal(recording)
                    return refusedBy != nil
                })
            noteTrial()
            switch trial.end {
            case .completed: break
            case .refused(let failures): outcome.ungradable = failures.first?.description ?? "refused"
            case .stopped(let why): outcome.ungradable = why
            }
            guard outcome.ungradable.isEmpty else { return outcome }
            if looks, let id = refusedBy ?? refusal(trial.recording) {
                outcome.refusedBy = id
                return outcome
            }
            recordings.append(trial.recording)
        }
        for (index, expression) in expressions.enumerated() {
            if case .until(let length) = extent, end(of: index) > length { continue }
            let result = expression.evaluate(recordings, references: references)
            outcome.criteria[index] = GroupOutcome.Criterion(
                fraction: result.fraction, slack: result.slack.flatMap { $0.isFinite ? $0 : nil }, seen: result.seen)
        }
        return outcome
    }
}

extension CriterionExpression {
    /// Whether nothing that comes later can mend it: it speaks of `always` and `never` only.
    var staysFailed: Bool { Self.staysFailed(claim) }

    private static func staysFailed(_ claim: Claim) -> Bool {
        switch claim {
        case .always, .never: true
        case .both(let left, let right), .either(let left, let right): staysFailed(left) && staysFailed(right)
        case .compare, .eventually, .not: false
        }
    }
}
