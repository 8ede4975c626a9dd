import Dispatch
import Foundation
import Lab
import Synchronization

/// Grades everybody who handed in, in processes of their own, so that no hand-in can harm another's.
public struct ClassGrading: Sendable {
    public var exercise: Exercise
    public var secret: CourseSecret
    public var attempt: Int
    public var roster: ClassRoster
    public var shard: Shard
    public var folder: ClassFolder
    public var worker: WorkerCommand
    public var limits: WorkerLimits
    /// Workers at once.
    public var jobs: Int
    /// Fingerprint of the program that grades.
    public var binary: String
    /// Whether verdicts that are there and fit are kept.
    public var keeps: Bool

    public init(
        exercise: Exercise, secret: CourseSecret, attempt: Int = 1, roster: ClassRoster, shard: Shard = .whole,
        folder: ClassFolder, worker: WorkerCommand, limits: WorkerLimits = WorkerLimits(), jobs: Int, binary: String,
        keeps: Bool = true
    ) {
        self.exercise = exercise
        self.secret = secret
        self.attempt = attempt
        self.roster = roster
        self.shard = shard
        self.folder = folder
        self.worker = worker
        self.limits = limits
        self.jobs = jobs
        self.binary = binary
        self.keeps = keeps
    }

    /// How far it is.
    public struct Standing: Sendable, Equatable {
        public var total: Int
        /// Kept from an earlier run.
        public var kept = 0
        public var done = 0
        public var ungradable = 0
        /// Kubelab's own faults.
        public var errors = 0
    }

    /// Grades who has no verdict yet, and writes the table and the overviews.
    /// - Parameters:
    ///   - progress: told after each verdict, from any thread.
    ///   - isInterrupted: asked several times a second; once it says so, workers end and the verdicts so far stay.
    /// - Returns: nil if it was interrupted.
    /// - Throws: `ConfigurationError` if a file cannot be written.
    public func run(
        progress: @escaping @Sendable (Standing) -> Void = { _ in },
        isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) throws -> ClassOverview? {
        try folder.prepare()
        let students = shard.part(of: roster.students)
        let manifest = ClassManifest(exercise: exercise, attempt: attempt, shard: shard, students: students)
        try folder.write(manifest.json.report, ClassManifest.fileName)
        let open = keeps ? students.filter { !isKept($0) } : students
        let standing = Mutex(Standing(total: students.count, kept: students.count - open.count))
        progress(standing.withLock { $0 })
        let next = Mutex(0)
        let failure = Mutex<ConfigurationError?>(nil)
        DispatchQueue.concurrentPerform(iterations: max(1, min(jobs, open.count))) { _ in
            var process: WorkerProcess?
            while !isInterrupted(), failure.withLock({ $0 == nil }) {
                let index = next.withLock { value -> Int in
                    value += 1
                    return value - 1
                }
                guard index < open.count else { break }
                guard let result = grade(open[index], &process, isInterrupted) else { break }
                do throws(ConfigurationError) { try store(result, open[index]) } catch {
                    failure.withLock { $0 = $0 ?? error }
                    break
                }
                let now = standing.withLock { value -> Standing in
                    value.done += 1
                    if result.status == .ungradable { value.ungradable += 1 }
                    if result.status == .error { value.errors += 1 }
                    return value
                }
                progress(now)
            }
            process?.stop()
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
        guard !isInterrupted() else { return nil }
        let overview = ClassOverview(manifest: manifest, entries: students.compactMap { folder.entry($0.fileName) })
        try folder.writeOverview(overview)
        return overview
    }

    /// Whether the verdict that is there would come out again: the same program, exercise, secret, files and attempt.
    func isKept(_ student: ClassRoster.Student) -> Bool {
        guard let entry = folder.entry(student.fileName), !entry.mayBeRetried, entry.status != .error,
            entry.binary == binary, !binary.isEmpty
        else { return false }
        let (submission, faults) =
            student.fault == nil ? Submission.read(student.folder, for: exercise) : (Submission(files: []), [])
        let receipt = entry.receipt
        guard receipt.version == GradingVersion.current, receipt.exerciseHash == hash(for: student.name),
            receipt.submissionHash == submission.hash, receipt.student == Sanitised.text(student.name, limit: 200),
            receipt.attempt == attempt
        else { return false }
        // What cannot be read leaves no trace in a hash.
        guard entry.status == .graded else {
            return faults.isEmpty == false && entry.faults == faults.map(\.description)
        }
        let seeds = secret.seeds(
            exercise: exercise.id, student: receipt.student, attempt: attempt, count: exercise.content.trial.hiddenSeeds
        )
        return faults.isEmpty && receipt.seedHashes.prefix(seeds.count).elementsEqual(seeds.map(Receipt.hash(ofSeed:)))
    }

    /// What the exercise's content is in the variant of a student, as the student's verdict names it.
    private func hash(for student: String) -> String { ((try? exercise.forStudent(student)) ?? exercise).hash }

    private struct Result {
        var status: Verdict.Status
        var report: String
        var mayBeRetried = false
    }

    /// Nil if it was interrupted.
    private func grade(
        _ student: ClassRoster.Student, _ process: inout WorkerProcess?, _ isInterrupted: () -> Bool
    ) -> Result? {
        if let fault = student.fault {
            return without(student, ConfigurationError(file: Sanitised.text(student.name, limit: 200), message: fault))
        }
        if process == nil { process = WorkerProcess(worker) }
        guard let current = process else {
            return without(
                student,
                ConfigurationError(file: exercise.id, message: "no worker can be started: is there memory left?"),
                status: .error)
        }
        let question = ClassWorker.Question(student: student.name, folder: student.folder)
        let answer = current.ask(question.line, limits: limits, isInterrupted: isInterrupted)
        if case .answer(let bytes) = answer {
            let report = String(decoding: bytes, as: UTF8.self)
            guard let entry = try? ClassEntry(reading: report, file: "worker"),
                entry.receipt.exerciseHash == hash(for: student.name)
            else {
                current.stop()
                process = nil
                return without(
                    student,
                    ConfigurationError(
                        file: exercise.id,
                        message: "the worker's answer is no verdict of this exercise; did it change meanwhile?"),
                    status: .error)
            }
            return Result(status: entry.status, report: report)
        }
        process = nil
        guard answer != .interrupted else { return nil }
        return without(student, ConfigurationError(file: exercise.id, message: words(answer)), mayBeRetried: true)
    }

    private func words(_ answer: WorkerAnswer) -> String {
        switch answer {
        case .outOfTime:
            return "it was not done after \(Figures.time(limits.processorSeconds)) of processor time"
        case .ended(let signal, let status, let peak):
            // Allocation fails at the limit; how the program then ends differs.
            if peak > limits.memoryBytes / 2 {
                return "it needed more memory than the \(limits.memoryBytes >> 20) MiB that a hand-in may use"
            }
            return signal != 0
                ? "the process that tried it was ended by signal \(signal)"
                : "the process that tried it ended with status \(status)"
        case .answer, .interrupted: return ""
        }
    }

    private func without(
        _ student: ClassRoster.Student, _ fault: ConfigurationError, status: Verdict.Status = .ungradable,
        mayBeRetried: Bool = false
    ) -> Result {
        let submission =
            student.fault == nil ? Submission.read(student.folder, for: exercise).submission : Submission(files: [])
        let own = (try? exercise.forStudent(student.name)) ?? exercise
        let grader = Grader(exercise: own, secret: secret, student: student.name, attempt: attempt)
        let verdict = grader.withoutGrade(submission, [fault], status: status)
        return Result(status: status, report: ReportFormat.json.text(verdict), mayBeRetried: mayBeRetried)
    }

    private func store(_ result: Result, _ student: ClassRoster.Student) throws(ConfigurationError) {
        let name = "verdicts/" + student.fileName
        guard
            let text = ClassEntry.file(report: result.report, binary: binary, mayBeRetried: result.mayBeRetried)
        else { throw ConfigurationError(file: name, message: "a verdict could not be written as JSON") }
        do { try folder.write(text, name) } catch let error as ConfigurationError { throw error } catch {
            throw ConfigurationError(file: name, message: "\(error)")
        }
    }
}
