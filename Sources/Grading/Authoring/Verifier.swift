import Dispatch
import Foundation
import Lab
import Simulation
import Synchronization

/// Runs the verification of one exercise.
///
/// Right answers are tried on every seed. A wrong one is tried until the end of the window of its own criterion, and on
/// further seeds only if it fails by little. A mutant is given up as soon as one criterion has failed on one seed; one
/// that passes there is graded.
public struct Verifier: Sendable {
    public var exercise: Exercise
    public var secret: CourseSecret
    /// Seeds beside the visible and hidden ones.
    public var extraSeeds: Int
    public var includesMutants: Bool
    /// Only answers whose name holds this text; nil for all.
    public var only: String?
    public var width: Int?
    /// Whether wrong answers, too, are tried on every seed.
    public var isThorough = false
    /// What earlier verifications found out; nil to find out everything anew.
    public var memory: VerificationMemory?

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

    /// A wrong answer that fails by so much on the visible and hidden seeds needs no further ones.
    private static let clearFailure = 3 * Verification.spare

    /// One answer on one group of seeds.
    private struct Job: Sendable {
        var answer: Int
        var group: Int
        var extent: TrialExtent
    }

    /// Runs all answers on all groups of seeds that they need.
    /// - Parameter progress: told how many of how many trials are done, from any thread.
    public func verify(progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }) -> Verification {
        var answers = exercise.candidates(includesMutants: includesMutants)
        if let only { answers.removeAll { !$0.name.contains(only) } }
        let groups = groups
        var jobs: [Job] = []
        var later: [Job] = []
        for (index, answer) in answers.enumerated() where answer.faults.isEmpty {
            switch answer.duty {
            case .mustPass: jobs += groups.indices.map { Job(answer: index, group: $0, extent: .whole) }
            case .mustFail, .mustFailIn:
                let extent = extent(of: answer.duty)
                let all = groups.indices.map { Job(answer: index, group: $0, extent: extent) }
                jobs += isThorough ? all[...] : all.prefix(2)
                later += isThorough ? [] : all.dropFirst(2)
            case .mutant: jobs.append(Job(answer: index, group: 0, extent: .untilRefused))
            }
        }
        let counter = Counter(total: jobs.reduce(0) { $0 + groups[$1.group].count }, tell: progress)
        var found = run(jobs, answers, groups, counter)
        // What the first round left open.
        var second = later.filter { job in !isClear(answers[job.answer], found[job.answer] ?? [:]) }
        for (index, answer) in answers.enumerated() where answer.duty == .mutant && answer.faults.isEmpty {
            if found[index]?[0]?.passesSoFar ?? false { second.append(Job(answer: index, group: 1, extent: .whole)) }
        }
        counter.add(second.reduce(0) { $0 + groups[$1.group].count })
        for (answer, outcomes) in run(second, answers, groups, counter) {
            found[answer, default: [:]].merge(outcomes) { $1 }
        }
        let rows = answers.indices.map { index in
            row(answers[index], (found[index] ?? [:]).sorted { $0.key < $1.key }.map(\.value))
        }
        return Verification(
            rows: rows, trials: counter.done - counter.remembered, remembered: counter.remembered,
            criteria: exercise.content.criteria.map(\.id), exercise: exercise.id)
    }

    private func extent(of duty: Verification.Duty) -> TrialExtent {
        guard case .mustFailIn(let id) = duty, let index = exercise.content.criteria.firstIndex(where: { $0.id == id })
        else { return .whole }
        let end = exercise.end(of: index)
        return end < exercise.content.trial.duration ? .until(end) : .whole
    }

    private func isClear(_ answer: CandidateAnswer, _ outcomes: [Int: GroupOutcome]) -> Bool {
        guard case .mustFailIn(let id) = answer.duty else { return true }
        guard let index = exercise.content.criteria.firstIndex(where: { $0.id == id }) else { return true }
        return outcomes.values.allSatisfy { outcome in
            guard outcome.ungradable.isEmpty, outcome.criteria.indices.contains(index) else { return true }
            guard let criterion = outcome.criteria[index], let slack = criterion.slack else { return false }
            return criterion.fraction < 1 && slack <= -Self.clearFailure
        }
    }

    /// By answer and group.
    private func run(
        _ jobs: [Job], _ answers: [CandidateAnswer], _ groups: [[UInt64]], _ counter: Counter
    ) -> [Int: [Int: GroupOutcome]] {
        let outcomes = Self.parallel(jobs.count, width: width, progress: { _, _ in }) { index -> GroupOutcome in
            let (job, submission) = (jobs[index], answers[jobs[index].answer].submission)
            let seeds = groups[job.group]
            let key = memory?.key(exercise, submission, seeds, job.extent)
            if let key, let known = memory?.recall(key) {
                counter.note(seeds.count, remembered: true)
                return known
            }
            let outcome = exercise.outcome(of: submission, seeds: seeds, extent: job.extent) { counter.note(1) }
            if let key { memory?.keep(outcome, key) }
            return outcome
        }
        var found: [Int: [Int: GroupOutcome]] = [:]
        for (job, outcome) in zip(jobs, outcomes) { found[job.answer, default: [:]][job.group] = outcome }
        return found
    }

    private func row(_ answer: CandidateAnswer, _ outcomes: [GroupOutcome]) -> Verification.Row {
        var row = Verification.Row(
            name: answer.name, duty: answer.duty, slacks: exercise.content.criteria.map { _ in nil }, points: 0...0,
            grades: outcomes.count, mistaken: 0, faults: [],
            ungradable: answer.faults.first?.description ?? outcomes.first { !$0.ungradable.isEmpty }?.ungradable ?? "",
            refusedBy: outcomes.first { !$0.refusedBy.isEmpty }?.refusedBy ?? "", accepted: "")
        guard row.ungradable.isEmpty else {
            if answer.duty == .mustPass { row.faults.append("cannot be tried: \(row.ungradable)") }
            if case .mustFailIn = answer.duty {
                row.faults.append("cannot be tried, so it fails for another reason: \(row.ungradable)")
            }
            if !row.faults.isEmpty { row.mistaken = max(1, row.grades) }
            return row
        }
        // A mutant that was graded is judged by its grade.
        let judged = answer.duty == .mutant && outcomes.count > 1 ? Array(outcomes.dropFirst()) : outcomes
        row.grades = judged.count
        let maximum = Double(exercise.maximumPoints)
        var (low, high) = (maximum, 0.0)
        for outcome in judged {
            let range = outcome.points(exercise)
            (low, high) = (min(low, range.lowerBound), max(high, range.upperBound))
            if Self.isMistaken(answer.duty, outcome, exercise) { row.mistaken += 1 }
        }
        if !judged.isEmpty { row.points = min(low, high)...high }
        for (index, criterion) in exercise.content.criteria.enumerated() {
            let all = judged.map { $0.criteria.indices.contains(index) ? $0.criteria[index] : nil }
            let slacks = all.compactMap { $0?.slack }
            row.slacks[index] = answer.duty == .mustPass ? slacks.min() : slacks.max()
            if let fault = Self.fault(answer.duty, criterion.id, all.compactMap { $0 }, row.slacks[index]) {
                row.faults.append(fault)
            }
        }
        switch answer.duty {
        case .mustFail where row.mistaken > 0: row.faults.append("gets full points although nothing was done")
        case .mutant where row.mistaken > 0:
            if let reason = exercise.reasonToAccept(answer.name) {
                row.accepted = reason
                row.mistaken = 0
            } else {
                row.faults.append("gets full points; accept it with a reason under 'accepted', or judge more closely")
            }
        default: break
        }
        return row
    }

    /// Whether one grade goes against the duty.
    private static func isMistaken(_ duty: Verification.Duty, _ outcome: GroupOutcome, _ exercise: Exercise) -> Bool {
        switch duty {
        case .mustPass: return !outcome.isFull
        case .mustFail, .mutant: return outcome.isFull
        case .mustFailIn(let id):
            guard let index = exercise.content.criteria.firstIndex(where: { $0.id == id }) else { return true }
            return outcome.criteria[index]?.fraction ?? 1 >= 1
        }
    }

    private static func fault(
        _ duty: Verification.Duty, _ criterion: String, _ outcomes: [GroupOutcome.Criterion], _ slack: Double?
    ) -> String? {
        switch duty {
        case .mustPass:
            if let failed = outcomes.first(where: { $0.fraction < 1 }) { return "\(criterion) fails: \(failed.seen)" }
            if let slack, slack < Verification.spare {
                return "\(criterion) holds with only \(Figures.percent(slack)) to spare"
            }
        case .mustFailIn(criterion):
            let held = outcomes.count { $0.fraction >= 1 }
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

    /// How many trials are done.
    private final class Counter: Sendable {
        private let state: Mutex<(total: Int, done: Int, remembered: Int)>
        private let tell: @Sendable (Int, Int) -> Void

        init(total: Int, tell: @escaping @Sendable (Int, Int) -> Void) {
            state = Mutex((total, 0, 0))
            self.tell = tell
        }

        var done: Int { state.withLock { $0.done } }
        var remembered: Int { state.withLock { $0.remembered } }
        func add(_ count: Int) { state.withLock { $0.total += count } }

        func note(_ count: Int, remembered: Bool = false) {
            let now = state.withLock { state -> (Int, Int) in
                state.done += count
                if remembered { state.remembered += count }
                return (state.done, state.total)
            }
            tell(now.0, now.1)
        }
    }
}
