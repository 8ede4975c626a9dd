import ArgumentParser
import Foundation
import Grading
import Lab
import Synchronization

extension Shard: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

/// `kubelab grade-all`: a whole class.
struct GradeAllCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grade-all", abstract: "Grade a whole class: each subfolder of a folder is one student.",
        discussion: """
            Each hand-in is graded in a process of its own with limits of time and memory, so that one bad one harms no \
            other; one that cannot be graded is reported so, not with zero. Writes into --out one JSON verdict a student, \
            grades.csv, overview.md and overview.html, which put equal mistakes together. A run that was killed goes on \
            where it was: verdicts stay that fit files, exercise, secret and program.

            --shard 2/5 grades the second of five parts, for the matrix of a CI; in an Indexed Job of Kubernetes \
            JOB_COMPLETION_INDEX and JOB_COMPLETIONS say it. 'kubelab merge' joins the parts.

            Exit codes: 0 everybody has a verdict, 2 unusable input, 3 a fault of kubelab, 130 interrupted.
            """)

    @Argument(help: "The folder of hand-ins.", completion: .directory)
    var submissions: String

    @Argument(help: "Number or name of the exercise, or its folder.")
    var exercise: String

    @Option(help: ArgumentHelp("Folder for the verdicts.", valueName: "folder"), completion: .directory)
    var out = "grades"

    @Option(help: ArgumentHelp("Workers at once (default: one a processor).", valueName: "n"))
    var jobs: Int?

    @Option(help: ArgumentHelp("Which part of the class, such as 2/5.", valueName: "i/n"))
    var shard: Shard?

    @Option(help: ArgumentHelp("Processor time that a hand-in may use.", valueName: "seconds"))
    var timeout: Double = 60

    @Option(help: ArgumentHelp("Memory that a hand-in may use.", valueName: "MiB"))
    var memory: Int = 1_024

    @Option(help: "Number of the attempt; the hidden seeds depend on it.")
    var attempt: Int = 1

    @Flag(help: "Grade everybody again, whatever is there.")
    var again = false

    @Flag(help: "Tell students which misconceptions may stand behind failed criteria.")
    var explain = false

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs is between 1 and 256") }
        guard timeout > 0, timeout <= 86_400 else { throw ValidationError("--timeout is between 0 and 86400 seconds") }
        guard (64...1 << 20).contains(memory) else { throw ValidationError("--memory is between 64 and 1048576 MiB") }
    }

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        let path = try options.labs.exerciseFolder(exercise)
        let grading = ClassGrading(
            exercise: try Exercise.read(path), secret: try CourseSecret.find(), attempt: attempt,
            roster: try ClassRoster.read(submissions),
            shard: try shard ?? Shard.ofIndexedJob(environment: environment) ?? .whole,
            folder: ClassFolder(out),
            worker: WorkerCommand(
                executable: "/proc/self/exe",
                arguments: ["grade-worker", path, "--attempt", "\(attempt)", "--memory", "\(memory)"]
                    + (explain ? ["--explain"] : []),
                environment: Self.environment(environment)),
            limits: WorkerLimits(processorSeconds: timeout, memoryBytes: memory << 20),
            jobs: jobs ?? ProcessInfo.processInfo.activeProcessorCount, binary: BinaryFingerprint.own, keeps: !again)
        if grading.secret.isPractice {
            Terminal.note(
                "the built-in secret is used, which everybody knows: set KUBELAB_COURSE_SECRET_FILE for real grades")
        }
        for name in grading.roster.passedOver {
            Terminal.note("\(Sanitised.text(name, limit: 100)) is no folder and is passed over")
        }
        Interruption.listen()
        let view = ClassProgress()
        let finished: ClassOverview?
        do { finished = try grading.run(progress: view.show, isInterrupted: { Interruption.isWanted }) } catch let error
            as ConfigurationError
        {
            // Nothing of the input is read here any more: what fails is a file that is written.
            throw Failure("\(error); what was graded stays, the same command goes on there", exitCode: Exit.fault)
        }
        guard let overview = finished else {
            Terminal.endProgress()
            Terminal.note("interrupted; the same command goes on where it was")
            throw ExitCode(Exit.interrupted)
        }
        Terminal.endProgress()
        Self.report(overview, out)
        if overview.entries.contains(where: { $0.status == .error }) { throw ExitCode(Exit.fault) }
    }

    /// What workers need of the environment, and nothing else.
    private static func environment(_ all: [String: String]) -> [String: String] {
        var kept = all.filter { ["KUBELAB_COURSE_SECRET", "KUBELAB_COURSE_SECRET_FILE"].contains($0.key) }
        // A crash is told in one line; a backtrace of a large binary takes minutes.
        kept["SWIFT_BACKTRACE"] = "enable=no"
        return kept
    }

    static func report(_ overview: ClassOverview, _ out: String) {
        for group in overview.groups.prefix(10) {
            let title = (group.reasons + (group.distinction.isEmpty ? [] : ["(\(group.distinction))"]))
                .joined(separator: "; ")
            Terminal.print(
                "\(group.students.count) × \(group.status == .graded ? "" : "no grade: ")\(Sanitised.text(title, limit: 200))"
            )
            let names = group.students.prefix(5).map { Sanitised.text($0, limit: 40) }.joined(separator: ", ")
            Terminal.print("    \(names)\(group.students.count > 5 ? ", …" : "")")
        }
        if overview.groups.count > 10 { Terminal.print("\(overview.groups.count - 10) more groups") }
        if !overview.groups.isEmpty { Terminal.print("") }
        Terminal.print(overview.summary)
        Terminal.print("\(out)/grades.csv, overview.html, overview.md, verdicts/")
    }
}

/// How far a class is: one passing line on a terminal, a line now and then in a log.
private final class ClassProgress: Sendable {
    private let began = DispatchTime.now().uptimeNanoseconds
    private let lastTenth = Mutex(-1)

    func show(_ standing: ClassGrading.Standing) {
        let open = standing.total - standing.kept
        var text = "\(standing.kept + standing.done) of \(standing.total) graded"
        if standing.kept > 0 { text += ", \(standing.kept) of them earlier" }
        if standing.ungradable > 0 { text += ", \(standing.ungradable) without a grade" }
        if standing.errors > 0 { text += ", \(standing.errors) faults of kubelab" }
        let seconds = Double(DispatchTime.now().uptimeNanoseconds &- began) / 1e9
        if standing.done > 1, standing.done < open {
            let left = Int(seconds / Double(standing.done) * Double(open - standing.done))
            text += left >= 60 ? ", \(left / 60)m\(left % 60)s left" : ", \(left)s left"
        }
        if Terminal.showsProgress { return Terminal.progress(text) }
        let tenth = open == 0 ? 10 : standing.done * 10 / open
        let isNew = lastTenth.withLock { last -> Bool in
            defer { last = max(last, tenth) }
            return tenth > last
        }
        if isNew { Terminal.note(text) }
    }
}

/// `kubelab grade-worker`: the process that 'grade-all' starts.
struct GradeWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grade-worker", abstract: "Grade folders as 'grade-all' names them.", shouldDisplay: false)

    @Argument var exercise: String
    @Option var attempt: Int = 1
    @Option var memory: Int = 1_024
    @Flag var explain = false

    func run() throws {
        let worker = ClassWorker(
            exercise: try Exercise.read(exercise), secret: try CourseSecret.find(), attempt: attempt, explains: explain)
        WorkerLimits(memoryBytes: min(max(64, memory), 1 << 20) << 20).bindThisProcess()
        worker.serve()
    }
}

/// `kubelab merge`: joins parts of a class.
struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "Join the verdicts of a class that was graded in parts.",
        discussion: """
            Exit codes: 0 joined, 1 joined, but something is missing, 2 the parts do not belong together.
            """)

    @Argument(help: "Folders that 'grade-all --shard' made.", completion: .directory)
    var parts: [String]

    @Option(help: ArgumentHelp("Folder for the whole.", valueName: "folder"), completion: .directory)
    var out = "grades"

    func run() throws {
        let (overview, remarks) = try ClassFolder(out).merge(parts.map(ClassFolder.init))
        GradeAllCommand.report(overview, out)
        for remark in remarks { Terminal.note("\(Style.warning.onError("!")) \(remark)") }
        if !remarks.isEmpty { throw ExitCode(Exit.below) }
    }
}
