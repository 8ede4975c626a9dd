import Dispatch
import Foundation
import Lab
import Simulation
import Synchronization

/// Proof that an exercise judges as its author means: the starter fails, every orthodox answer passes with room to
/// spare, every wrong one fails in the criterion that names its misconception.
public struct Verification: Sendable {
    /// What an answer must do.
    public enum Duty: Sendable, Equatable {
        case mustFail
        case mustPass
        /// In the criterion with this id.
        case mustFailIn(String)
        /// A change of the solution that nobody asked for: rejected, or known to be fine.
        case mutant
    }

    /// One answer, judged as often as there are groups of seeds.
    public struct Row: Sendable {
        public var name: String
        public var duty: Duty
        /// The worst of each criterion over the groups: for answers that must pass the least, for the others the most.
        public var slacks: [Double?]
        /// Points of the group with the fewest and of that with the most.
        public var points: ClosedRange<Double>
        /// Why the duty is not done; empty if it is.
        public var faults: [String]
        /// How the answer could not be tried, if so.
        public var ungradable: String
        /// Why full points of a mutant are right, if they are.
        public var accepted: String
    }

    public var rows: [Row]
    public var trials: Int
    public var criteria: [String]
    public var isProved: Bool { rows.allSatisfy(\.faults.isEmpty) }

    /// What is to spare at least, as a share of the bound.
    public static let spare = 0.1
}

/// An answer to be verified.
struct CandidateAnswer: Sendable {
    var name: String
    var duty: Verification.Duty
    var submission: Submission
    var faults: [ConfigurationError]
}

/// Runs the verification of one exercise.
public struct Verifier: Sendable {
    public var exercise: Exercise
    public var secret: CourseSecret
    /// Seeds beside the visible and hidden ones.
    public var extraSeeds: Int
    public var includesMutants: Bool
    /// Only answers whose name holds this text; nil for all.
    public var only: String?
    public var width: Int?

    public init(
        exercise: Exercise, secret: CourseSecret = .practice, extraSeeds: Int = 50, includesMutants: Bool = true,
        width: Int? = nil
    ) {
        self.exercise = exercise
        self.secret = secret
        self.extraSeeds = extraSeeds
        self.includesMutants = includesMutants
        self.width = width
    }

    /// Groups of seeds as a grade would use them: the visible ones, those of a grade, then as many further grades as
    /// the extra seeds make.
    public var groups: [[UInt64]] {
        let size = max(1, exercise.content.trial.hiddenSeeds)
        var groups = [exercise.content.trial.visibleSeeds]
        groups.append(secret.seeds(exercise: exercise.id, student: "", attempt: 1, count: size))
        for number in 0..<((max(0, extraSeeds) + size - 1) / size) {
            groups.append(secret.seeds(exercise: exercise.id, student: "verify", attempt: number + 1, count: size))
        }
        return groups
    }

    /// Runs all answers on all groups of seeds.
    /// - Parameter progress: told how many of how many trials are done, from any thread.
    public func verify(progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }) -> Verification {
        let answers = candidates()
        let groups = groups
        // Mutants answer a question of kind, not of margin: one grade is enough.
        let jobs = answers.indices.flatMap { answer in
            (answers[answer].duty == .mutant ? 1..<min(2, groups.count) : 0..<groups.count).flatMap { group in
                groups[group].map { (answer: answer, group: group, seed: $0) }
            }
        }
        let trials = Self.parallel(jobs.count, width: width, progress: progress) { index -> Trial? in
            let job = jobs[index]
            guard answers[job.answer].faults.isEmpty else { return nil }
            return Trial.run(exercise, answers[job.answer].submission, seed: job.seed)
        }
        var byGroup: [[[Trial]]] = answers.map { _ in Array(repeating: [], count: groups.count) }
        for (job, trial) in zip(jobs, trials) {
            if let trial { byGroup[job.answer][job.group].append(trial) }
        }
        let rows = answers.indices.map { row(answers[$0], byGroup[$0].filter { !$0.isEmpty }) }
        return Verification(rows: rows, trials: jobs.count, criteria: exercise.content.criteria.map(\.id))
    }

    /// Everything that the exercise's folder holds, read as a hand-in would be.
    func candidates() -> [CandidateAnswer] {
        func read(_ folder: String, _ duty: Verification.Duty) -> CandidateAnswer {
            let (submission, faults) = Submission.read(exercise.folder + "/" + folder, for: exercise)
            return CandidateAnswer(
                name: folder, duty: duty, submission: submission, faults: faults + submission.faults(in: exercise))
        }
        var answers = [read("starter", .mustFail), read("solution", .mustPass)]
        answers += exercise.answers(in: "panel").map { read("panel/" + $0, .mustPass) }
        answers += exercise.content.wrong.map { read("wrong/" + $0.name, .mustFailIn($0.criterion)) }
        if includesMutants {
            answers += Mutation.all(of: answers[1].submission, in: exercise).map { mutation in
                CandidateAnswer(
                    name: mutation.name, duty: .mutant, submission: mutation.submission,
                    faults: mutation.submission.faults(in: exercise))
            }
        }
        if let only { answers.removeAll { !$0.name.contains(only) } }
        return answers
    }

    private func row(_ answer: CandidateAnswer, _ groups: [[Trial]]) -> Verification.Row {
        var row = Verification.Row(
            name: answer.name, duty: answer.duty, slacks: exercise.content.criteria.map { _ in nil }, points: 0...0,
            faults: [],
            ungradable: answer.faults.first?.description ?? "", accepted: "")
        for trial in groups.joined() where row.ungradable.isEmpty {
            switch trial.end {
            case .completed: break
            case .refused(let failures): row.ungradable = failures.first?.description ?? "refused"
            case .stopped(let why): row.ungradable = why
            }
        }
        guard row.ungradable.isEmpty else {
            if answer.duty == .mustPass { row.faults.append("cannot be tried: \(row.ungradable)") }
            if case .mustFailIn = answer.duty {
                row.faults.append("cannot be tried, so it fails for another reason: \(row.ungradable)")
            }
            return row
        }
        var points = groups.map { _ in 0.0 }
        for (index, (criterion, expression)) in zip(exercise.content.criteria, exercise.expressions).enumerated() {
            let outcomes = groups.map { expression.evaluate($0.map(\.recording), references: exercise.references) }
            for (group, outcome) in outcomes.enumerated() {
                points[group] += outcome.fraction * Double(criterion.points)
            }
            let slacks = outcomes.compactMap(\.slack)
            row.slacks[index] = answer.duty == .mustPass ? slacks.min() : slacks.max()
            if let fault = Self.fault(answer.duty, criterion.id, outcomes, row.slacks[index]) {
                row.faults.append(fault)
            }
        }
        row.points = (points.min() ?? 0)...(points.max() ?? 0)
        guard row.points.upperBound >= Double(exercise.maximumPoints) else { return row }
        switch answer.duty {
        case .mustFail: row.faults.append("gets full points although nothing was done")
        case .mutant:
            if let known = exercise.content.mutants.first(where: { $0.name == answer.name }) {
                row.accepted = known.reason
            } else {
                row.faults.append("gets full points; accept it with a reason under 'mutants', or judge more closely")
            }
        case .mustPass, .mustFailIn: break
        }
        return row
    }

    private static func fault(
        _ duty: Verification.Duty, _ criterion: String, _ outcomes: [CriterionOutcome], _ slack: Double?
    ) -> String? {
        switch duty {
        case .mustPass:
            if let failed = outcomes.first(where: { !$0.holds }) { return "\(criterion) fails: \(failed.seen)" }
            if let slack, slack < Verification.spare {
                return "\(criterion) holds with only \(Figures.percent(slack)) to spare"
            }
        case .mustFailIn(criterion):
            let held = outcomes.count(where: \.holds)
            if held > 0 { return "\(criterion) holds on \(held) of \(outcomes.count) grades" }
            if let slack, slack > -Verification.spare { return "\(criterion) fails by only \(Figures.percent(-slack))" }
        case .mustFail, .mustFailIn, .mutant: break
        }
        return nil
    }

    /// Does things on several threads; the order of the results is that of the numbers.
    static func parallel<Result: Sendable>(
        _ count: Int, width: Int?, progress: @escaping @Sendable (Int, Int) -> Void, _ body: @Sendable (Int) -> Result
    ) -> [Result] {
        let results = Mutex([Result?](repeating: nil, count: count))
        let next = Mutex(0)
        let done = Mutex(0)
        let threads = max(1, min(count, width ?? ProcessInfo.processInfo.activeProcessorCount))
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            while true {
                let index = next.withLock { value -> Int in
                    value += 1
                    return value - 1
                }
                guard index < count else { return }
                let result = body(index)
                results.withLock { $0[index] = result }
                let finished = done.withLock { value -> Int in
                    value += 1
                    return value
                }
                progress(finished, count)
            }
        }
        return results.withLock { $0.compactMap { $0 } }
    }
}
