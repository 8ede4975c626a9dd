import Dispatch
import Foundation
import Kubectl
import Lab
import Simulation
import Synchronization

/// Grades submissions: runs the trials, judges the criteria, words the verdict.
public struct Grader: Sendable {
    public var exercise: Exercise
    public var secret: CourseSecret
    public private(set) var student: String
    public var attempt: Int
    /// Wall seconds after which no trial is begun or goes on; nil for none.
    public var timeLimit: Double?
    /// Trials that run at once; nil for one a processor.
    public var width: Int?
    /// Whether misconceptions are told although criteria fail.
    public var explains: Bool
    /// Asked now and then; once it says so, trials end. From any thread.
    public var isCancelled: @Sendable () -> Bool = { false }

    public init(
        exercise: Exercise, secret: CourseSecret = .practice, student: String = "", attempt: Int = 1,
        timeLimit: Double? = nil,
        width: Int? = nil, explains: Bool = false
    ) {
        self.exercise = exercise
        self.secret = secret
        // As the receipt has it, so that who has the receipt can repeat the grade.
        self.student = Sanitised.text(student, limit: 200)
        self.attempt = attempt
        self.timeLimit = timeLimit
        self.width = width
        self.explains = explains
    }

    /// Which seeds are tried.
    public enum Seeds: Sendable {
        /// Those that learners know: for practice.
        case visible
        /// Those that decide a grade, with the first visible one to show what goes wrong.
        case hidden
        case these([UInt64])

        fileprivate var isVisible: Bool { if case .visible = self { true } else { false } }
    }

    /// Grades a folder.
    public func grade(folder: String, seeds: Seeds = .hidden) -> Verdict {
        let (submission, faults) = Submission.read(folder, for: exercise)
        return grade(submission, faults: faults, seeds: seeds)
    }

    /// Grades a submission.
    /// - Parameters:
    ///   - submission: what was read.
    ///   - faults: what could not be read.
    ///   - seeds: which seeds are tried.
    public func grade(_ submission: Submission, faults: [ConfigurationError] = [], seeds: Seeds = .hidden) -> Verdict {
        let begin = DispatchTime.now().uptimeNanoseconds
        var verdict = judge(submission, faults + submission.faults(in: exercise), seeds, begin: begin)
        verdict.wallMilliseconds = Int64((DispatchTime.now().uptimeNanoseconds &- begin) / 1_000_000)
        return verdict
    }

    /// Grades a submission on the visible seeds unless it becomes pointless meanwhile.
    /// - Parameter isOver: asked now and then; whether nobody wants the verdict any more.
    /// - Returns: nil if nobody does.
    public func grade(_ submission: Submission, unless isOver: @escaping @Sendable () -> Bool) -> Verdict? {
        var grader = self
        grader.isCancelled = isOver
        let verdict = grader.grade(submission, seeds: .visible)
        return isOver() ? nil : verdict
    }

    /// Runs trials, several at once; the order of the results is that of the seeds.
    public func trials(_ submission: Submission, seeds: [UInt64], additional: [String] = []) -> [Trial] {
        let begin = DispatchTime.now().uptimeNanoseconds
        return trials(submission, seeds: seeds, additional: additional, begin: begin)
    }

    private func trials(_ submission: Submission, seeds: [UInt64], additional: [String], begin: UInt64) -> [Trial] {
        let results = Mutex([Trial?](repeating: nil, count: seeds.count))
        let next = Mutex(0)
        let limit = timeLimit.map { UInt64(max(0, min(1e9, $0)) * 1e9) }
        let count = max(1, min(seeds.count, width ?? ProcessInfo.processInfo.activeProcessorCount))
        DispatchQueue.concurrentPerform(iterations: count) { _ in
            while true {
                let index = next.withLock { value -> Int in
                    value += 1
                    return value - 1
                }
                guard index < seeds.count else { return }
                let trial = Trial.run(exercise, submission, seed: seeds[index], additional: additional) {
                    (limit.map { DispatchTime.now().uptimeNanoseconds &- begin > $0 } ?? false) || isCancelled()
                }
                results.withLock { $0[index] = trial }
            }
        }
        return results.withLock { $0.compactMap { $0 } }
    }

    private func judge(_ submission: Submission, _ faults: [ConfigurationError], _ choice: Seeds, begin: UInt64)
        -> Verdict
    {
        let visible = Array(exercise.content.trial.visibleSeeds.prefix(1))
        let deciding: [UInt64]
        var shown: [UInt64] = []
        switch choice {
        case .visible: deciding = exercise.content.trial.visibleSeeds
        case .these(let seeds): deciding = seeds
        case .hidden:
            deciding = secret.seeds(
                exercise: exercise.id, student: student, attempt: attempt, count: exercise.content.trial.hiddenSeeds)
            shown = visible
        }
        guard faults.isEmpty else { return withoutGrade(submission, faults) }
        // The visible seed only explains what failed. Where trials wait for each other it is tried when that is known.
        let waits = width == 1
        var trials = trials(submission, seeds: waits ? deciding : deciding + shown, additional: [], begin: begin)
        let hold = trials.prefix(deciding.count).map(\.recording)
        let passes =
            trials.prefix(deciding.count).allSatisfy { $0.end == .completed }
            && exercise.expressions.allSatisfy { $0.evaluate(hold, references: exercise.references).holds }
        if passes {
            shown = []
            trials = Array(trials.prefix(deciding.count))
        } else if waits, trials.allSatisfy({ $0.end == .completed }) {
            trials += self.trials(submission, seeds: shown, additional: [], begin: begin)
        }
        // The first that came to no end decides.
        let isWhole = trials.count == deciding.count + shown.count
        guard isWhole || trials.contains(where: { $0.end != .completed }) else {
            return withoutGrade(
                submission, [ConfigurationError(file: exercise.id, message: "a trial gave no result")], status: .error)
        }
        for trial in trials {
            switch trial.end {
            case .completed: continue
            case .refused(let failures): return withoutGrade(submission, failures.map(Self.sanitised))
            case .stopped(let why):
                return withoutGrade(submission, [ConfigurationError(file: exercise.id, message: Sanitised.text(why))])
            }
        }
        let recordings = trials.prefix(deciding.count).map(\.recording)
        let shownRecordings = trials.dropFirst(deciding.count).map(\.recording)
        var verdict = empty(submission, .graded)
        var looks = VisibleLooks(self, submission, known: zip(shown, shownRecordings))
        for (criterion, expression) in zip(exercise.content.criteria, exercise.expressions) {
            let outcome = expression.evaluate(Array(recordings), references: exercise.references)
            let look =
                outcome.holds
                ? nil
                : shown.isEmpty
                    ? outcome.trial.map { VisibleLooks.Look(seed: deciding[$0], outcome: outcome) }
                    : looks.failure(of: expression)
            verdict.checks.append(
                check(criterion, expression, outcome, look, isHidden: !shown.isEmpty, submission))
            if exercise.content.trial.runbook != nil, !outcome.holds, let last = verdict.checks.indices.last {
                // Without a look in the outcome, that of any seed that learners know.
                let seed = look?.seed ?? (choice.isVisible ? looks.failure(of: expression)?.seed : nil)
                tellJournal(&verdict.checks[last], expression, of: seed.flatMap { looks.recording(of: $0) }, seed: seed)
            }
        }
        verdict.checks += predictionChecks(
            submission, Array(recordings),
            timeline: looks.timeline ?? (choice.isVisible ? recordings.first : nil))
        verdict.receipt.seedHashes = (deciding + shown).map(Receipt.hash(ofSeed:))
        verdict.receipt.digests = trials.map(\.recording.digest)
        verdict.receipt.points = verdict.points
        if verdict.isPassed { verdict.debrief = exercise.content.debrief }
        if verdict.isPassed || explains { return verdict }
        for index in verdict.checks.indices { verdict.checks[index].misconceptions = [] }
        return verdict
    }

    /// - Parameter look: what can be looked at: a visible seed that fails in the same way.
    private func check(
        _ criterion: Criterion, _ expression: CriterionExpression, _ outcome: CriterionOutcome,
        _ look: VisibleLooks.Look?, isHidden: Bool, _ submission: Submission
    ) -> Check {
        let place = criterion.field.flatMap { submission.place(of: $0, in: exercise) }
        var check = Check(
            id: criterion.id, title: criterion.title, status: outcome.holds ? .passed : .failed,
            points: outcome.holds
                ? Double(criterion.points) : (outcome.fraction * Double(criterion.points)).rounded(.down),
            maximumPoints: criterion.points, expected: outcome.expected, seen: outcome.seen, harm: "",
            rule: expression.text,
            isHidden: isHidden, moment: nil, file: place?.file ?? "", line: place?.line ?? 0, path: place?.path ?? "",
            commands: [],
            misconceptions: [], slack: outcome.slack)
        if outcome.holds {
            check.file = ""
            check.line = 0
            check.path = ""
            return check
        }
        if isHidden, outcome.bound == nil { check.seen = "not so on at least one hidden seed" }
        check.misconceptions = exercise.content.wrong.filter { $0.criterion == criterion.id }.map(\.misconception)
        guard let look else {
            // A hidden result says which criterion and how far off, and nothing that would tell the seed.
            if isHidden {
                check.seen += ", on hidden seeds; the visible seed passes, so look at how little it has to spare"
            }
            return check
        }
        // The share that is seen is that of all trials, what is said of a fact that of one.
        let isOneOfSeveral = !isHidden && !look.outcome.looks.isEmpty && exercise.content.trial.visibleSeeds.count > 1
        check.harm = isOneOfSeveral ? "on seed \(look.seed) \(look.outcome.harm)" : look.outcome.harm
        check.moment = look.outcome.moment
        check.seed = look.seed
        if isHidden, outcome.bound == nil { check.seen = look.outcome.seen + " (on the visible seed)" }
        guard let moment = look.outcome.moment else { return check }
        check.commands = commands(criterion, expression, look.outcome.looks, at: moment, seed: look.seed)
        // What telemetry is asked about is what happened: its causes would be the answers.
        if explains, exercise.content.telemetry == nil {
            check.causes = exercise.causes(criterion, submission, seed: look.seed, at: moment)
        }
        return check
    }

    /// Commands that take one to a moment of the trial: the trial as a lab of its own, then graphs of it.
    private func commands(
        _ criterion: Criterion, _ expression: CriterionExpression, _ looks: [String], at moment: SimulationTime,
        seed: UInt64
    ) -> [String] {
        let number = exercise.id.prefix { $0 != "-" }
        let other = seed == exercise.content.trial.visibleSeeds.first ? "" : " --seed \(seed)"
        let subjects = criterion.graph.isEmpty ? CriterionNeeds([expression]).measurements : criterion.graph
        let way = "kubelab rewind --trial \(number) --to \(Figures.clock(moment))\(other)"
        guard looks.isEmpty else { return [way] + looks.map { "\($0) --lab \(TrialLab.fileName)" } }
        return [way, "kubelab advance 2m --lab \(TrialLab.fileName)"]
            + subjects.prefix(2).map { "kubelab graph \($0) --lab \(TrialLab.fileName)" }
    }

    private func empty(_ submission: Submission, _ status: Verdict.Status) -> Verdict {
        Verdict(
            status: status, exercise: exercise.id, lesson: exercise.lesson, title: exercise.title,
            student: student, checks: [], faults: [],
            receipt: Receipt(
                version: GradingVersion.current, exerciseHash: exercise.hash, submissionHash: submission.hash,
                student: student, attempt: attempt, seedHashes: [], digests: [], points: 0,
                maximumPoints: exercise.maximumPoints),
            simulated: exercise.content.trial.duration, wallMilliseconds: 0, debrief: "")
    }

    /// A verdict that says why there is no grade.
    public func withoutGrade(
        _ submission: Submission, _ faults: [ConfigurationError], status: Verdict.Status = .ungradable
    ) -> Verdict {
        var verdict = empty(submission, status)
        verdict.faults = faults
        verdict.checks = zip(exercise.content.criteria, exercise.expressions).map { criterion, expression in
            Check(
                id: criterion.id, title: criterion.title, status: .ungradable, points: 0,
                maximumPoints: criterion.points,
                expected: "", seen: "not judged: the submission cannot be tried", harm: "", rule: expression.text,
                isHidden: true,
                moment: nil, file: "", line: 0, path: "", commands: [], misconceptions: [], slack: nil)
        }
        return verdict
    }

    private static func sanitised(_ error: ConfigurationError) -> ConfigurationError {
        ConfigurationError(
            file: Sanitised.text(error.file, limit: 200), line: error.line,
            path: Sanitised.text(error.path, limit: 300),
            message: Sanitised.text(error.message))
    }
}

extension Submission {
    /// Where a field of an object stands: of the field itself, or of the innermost one on its way.
    func place(of field: FieldReference, in exercise: Exercise) -> (file: String, line: Int, path: String)? {
        for file in files {
            let objects = ManifestFile(name: file.name, bytes: Array(file.text.utf8))
                .objects(in: exercise.scenario.scenario).objects
            for object in objects where Self.matches("\(object.kind.resource.kind)/\(object.name)", field.object) {
                return (file.name, object.document.line(of: field.path), field.path)
            }
        }
        return nil
    }
}
