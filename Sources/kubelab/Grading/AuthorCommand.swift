import ArgumentParser
import Foundation
import Grading
import Lab

/// `kubelab author`: for those who write exercises.
struct AuthorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "author", abstract: "Write exercises and prove that they judge fairly.",
        subcommands: [
            AuthorNew.self, AuthorLint.self, AuthorExplain.self, AuthorCalibrate.self, AuthorVerify.self,
            AuthorPack.self,
        ])
}

/// Progress of many trials on one passing line; called from any thread.
private func showTrials(_ done: Int, _ total: Int) {
    if done % 5 == 0 || done == total { Terminal.progress("\(done) of \(total) trials") }
}

/// `kubelab author verify`: proves that right answers pass and wrong ones fail for their reason.
struct AuthorVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove that the starter fails, orthodox answers pass and wrong ones fail for their reason.",
        discussion: """
            Right answers are judged as a grade would: on the visible seeds, on those of a grade, and on as many further \
            grades as --seeds makes; all must hold with 10% to spare. Wrong answers must fail by 10% in the criterion that \
            names their misconception, on the visible and hidden seeds, and on the further ones if it is by less than 30%; \
            --thorough tries them on all. Mutants of the solution are rejected (one seed is enough), or accepted by name in \
            exercise.yaml. What was found out is remembered by content, so that a second run is instant.
            """)

    @OptionGroup var target: ExerciseTarget

    @Option(help: "Seeds beside the visible and hidden ones.")
    var seeds = 50

    @Flag(help: "Leave out the mutants of the solution.")
    var noMutants = false

    @Option(help: "Only answers whose name holds this text.")
    var only: String?

    @Flag(help: "Try wrong answers on all seeds, too.")
    var thorough = false

    @Flag(help: "Find out everything anew.")
    var fresh = false

    @Flag(help: "Print the counts of false passes and fails as a row in Markdown, and only that.")
    var markdown = false
    @Flag(help: "Prove every variant that students may get, and report how their difficulty spreads.")
    var variants = false

    func run() throws {
        let exercise = try target.read()
        var verifier = Verifier(
            exercise: exercise, secret: try CourseSecret.find(), extraSeeds: seeds, includesMutants: !noMutants)
        verifier.only = only
        verifier.isThorough = thorough
        if !fresh, let cache = Files.cacheFolder {
            verifier.memory = VerificationMemory(folder: cache + "/verify", binary: BinaryFingerprint.own)
        }
        if variants { return try verifyVariants(verifier) }
        let result = verifier.verify(progress: showTrials)
        Terminal.endProgress()
        for line in markdown ? Verification.markdownHeader + [result.markdownRow] : result.table {
            Terminal.print(line)
        }
        guard result.isProved else { throw ExitCode(Exit.below) }
    }

    private func verifyVariants(_ verifier: Verifier) throws {
        let result = try verifier.verifyVariants { Terminal.progress("\($0) of \($1) variants") }
        Terminal.endProgress()
        for line in result.table { Terminal.print(line) }
        guard result.isProved else { throw ExitCode(Exit.below) }
    }
}

/// `kubelab author new`: a skeleton.
struct AuthorNew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Begin an exercise: a small one that is whole and clean, to be changed step by step.")

    @Argument(help: "Folder of the exercise, such as labs/4-autoscaling/4.9-night-batch.")
    var folder: String

    func run() throws {
        var path = folder
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        try ExerciseSkeleton.write(name: (path as NSString).lastPathComponent, to: path)
        Terminal.print("\(path): written")
        Terminal.print("  kubelab author lint \(path)")
        Terminal.print("  kubelab author verify \(path)")
    }
}

/// `kubelab author pack`: the students' copy.
struct AuthorPack: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack", abstract: "Copy exercises for students, without what gives the answers away.",
        discussion: """
            Leaves out solution/, wrong/ and panel/, and of exercise.yaml the misconceptions, the debrief, the search and the \
            accepted mutants. Hidden seeds are in no copy: they derive from the course's secret, which the grader reads from \
            KUBELAB_COURSE_SECRET or from the file that KUBELAB_COURSE_SECRET_FILE names. Students use the copy with --labs.
            """)

    @Argument(help: "A folder of exercises (LESSON/EXERCISE/…), or one exercise.", completion: .directory)
    var source: String

    @Option(help: ArgumentHelp("The copy's folder.", valueName: "folder"), completion: .directory)
    var out: String

    func run() throws {
        let written = try StudentsCopy.write(source, to: out)
        let exercises = written.filter { $0 == "exercise.yaml" || $0.hasSuffix("/exercise.yaml") }.count
        Terminal.print("\(out): \(exercises) \(exercises == 1 ? "exercise" : "exercises"), \(written.count) files")
    }
}

/// `kubelab author lint`: what can be seen without a trial.
struct AuthorLint: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Find what is wrong with an exercise without running it.")

    @OptionGroup var target: ExerciseTarget

    func run() throws {
        let exercise = try target.read()
        let findings = exercise.lint()
        for finding in findings { Terminal.print("\(Style.warning("!")) \(finding)") }
        guard findings.isEmpty else { throw ExitCode(Exit.below) }
        Terminal.print(
            "\(Style.good("✓")) \(exercise.id): \(exercise.content.criteria.count) criteria, \(exercise.maximumPoints) points"
        )
    }
}

/// `kubelab author calibrate`: searches the cheapest submission that holds.
struct AuthorCalibrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate", abstract: "Search the cheapest submission that holds, and store it as the reference.")

    @OptionGroup var target: ExerciseTarget

    @Option(help: "Seeds on which the cheapest must hold.")
    var seeds = 20

    @Flag(help: "Search in every variant that students may get, and store what each of them is compared with.")
    var variants = false

    @Flag(help: "Print the reference without storing it.")
    var dryRun = false

    func run() throws {
        let exercise = try target.read()
        let calibrator = Calibrator(exercise: exercise, secret: try CourseSecret.find(), seedCount: seeds)
        let result =
            variants
            ? try calibrator.calibrateVariants { variant, done, total in
                guard done % 5 == 0 || done == total else { return }
                Terminal.progress("\(variant.isEmpty ? "" : variant + ": ")\(done) of \(total) settings")
            } : try calibrator.calibrate(progress: showTrials)
        Terminal.endProgress()
        Terminal.write(result.file)
        guard result.cheapest != nil else {
            throw Failure("no setting holds on all \(result.seeds) seeds; nothing was stored")
        }
        guard !dryRun else { return }
        let path = exercise.folder + "/references.yaml"
        do { try Data(result.file.utf8).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw Failure("\(path): cannot be written: \(error.localizedDescription)", exitCode: Exit.fault)
        }
        Terminal.note("stored in \(path)")
    }
}

/// `kubelab author explain`: a criterion's value on a trial, over time.
struct AuthorExplain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Show what a criterion sees on a trial, over time.")

    @Argument(help: "The criterion's id, or an expression of your own.")
    var criterion: String

    @OptionGroup var target: ExerciseTarget

    @Option(help: "The seed of the trial (default: the first visible one).")
    var seed: UInt64?

    @Option(help: ArgumentHelp("Time between two lines.", valueName: "duration"))
    var step = Span(.minutes(2))

    func run() throws {
        let exercise = try target.read()
        let (submission, unread) = Submission.read(target.handIn, for: exercise)
        if let fault = (unread + submission.faults(in: exercise)).first { throw fault }
        let explanation = try exercise.explain(criterion, submission, seed: seed, step: step.duration)
        for line in explanation { Terminal.print(line) }
    }
}
