import Lab

/// Trials on the seeds that learners know, run only when a hidden seed fails and there is something to be shown.
struct VisibleLooks {
    /// A visible seed on which a criterion fails.
    struct Look: Equatable {
        var seed: UInt64
        var outcome: CriterionOutcome
    }

    private let grader: Grader
    private let submission: Submission
    private var recordings: [UInt64: TrialRecording]

    init(_ grader: Grader, _ submission: Submission, known: some Sequence<(UInt64, TrialRecording)>) {
        self.grader = grader
        self.submission = submission
        recordings = Dictionary(known, uniquingKeysWith: { first, _ in first })
    }

    /// The trial that a learner can look at: that of the first visible seed, if it was run.
    var timeline: TrialRecording? { grader.exercise.content.trial.visibleSeeds.first.flatMap { recordings[$0] } }

    /// The first visible seed on which an expression fails; nil if it holds on all of them.
    mutating func failure(of expression: CriterionExpression) -> Look? {
        for seed in grader.exercise.content.trial.visibleSeeds {
            guard let recording = recording(of: seed) else { continue }
            let outcome = expression.evaluate([recording], references: grader.exercise.references)
            if !outcome.holds { return Look(seed: seed, outcome: outcome) }
        }
        return nil
    }

    /// What was seen on a seed that learners know.
    mutating func recording(of seed: UInt64) -> TrialRecording? {
        if let known = recordings[seed] { return known }
        guard let trial = grader.trials(submission, seeds: [seed]).first, trial.end == .completed else { return nil }
        recordings[seed] = trial.recording
        return trial.recording
    }
}
