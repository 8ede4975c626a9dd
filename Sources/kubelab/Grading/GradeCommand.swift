import ArgumentParser
import Foundation
import Grading
import Lab

/// `kubelab grade`: the grade of a hand-in, on hidden seeds.
struct GradeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grade", abstract: "Grade a hand-in on hidden seeds.",
        discussion: """
            Reads only the files that the exercise asks for, runs them with seeds that derive from the course's secret \
            (KUBELAB_COURSE_SECRET or KUBELAB_COURSE_SECRET_FILE; a built-in one for practice), and reports points and reasons.

            Exit codes: 0 graded, 1 below --fail-under, 2 the hand-in cannot be tried, 3 a fault of kubelab.
            """)

    @OptionGroup var target: ExerciseTarget

    @Option(
        help: ArgumentHelp(
            "Report: \(ReportFormat.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "format"))
    var format: ReportFormat = .terminal

    @Option(help: ArgumentHelp("Write the report to a file and a summary to the terminal.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("Exit with 1 below so many points; with % of the maximum.", valueName: "points"))
    var failUnder: Threshold?

    @Option(help: "Number of the attempt; the hidden seeds depend on it.")
    var attempt: Int = 1

    @Option(help: ArgumentHelp("Give up after so many seconds of wall time.", valueName: "seconds"))
    var timeout: Double?

    @Flag(help: "Tell causes and misconceptions behind failed criteria; before a pass that means to give up.")
    var explain = false

    func run() throws {
        let exercise = try target.read()
        let learner = LearnerProgress(target.progress)
        let grader = Grader(
            exercise: exercise, secret: try CourseSecret.find(), student: target.student, attempt: attempt,
            timeLimit: timeout, explains: learner.explains(exercise, asked: explain))
        let verdict = grader.grade(folder: target.handIn)
        try GradeOutput.write(verdict, format: format, to: output)
        learner.record(verdict, .grade)
        if format == .terminal, output == nil, verdict.isPassed {
            let number = exercise.id.prefix { $0 != "-" }
            Terminal.print("\nGo on with 'kubelab debrief \(number)' and 'kubelab next'.")
        }
        try GradeOutput.exit(verdict, failUnder: failUnder)
    }
}

/// `kubelab check`: faults that need no trial, then the visible seed.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Try a hand-in on the visible seed, as often as you like.")

    @OptionGroup var target: ExerciseTarget

    @Flag(help: "Only what can be seen without running anything.")
    var `static` = false

    @Flag(help: "Tell causes and misconceptions behind failed criteria; before a pass that means to give up.")
    var explain = false

    @Option(help: ArgumentHelp("Report: terminal or json.", valueName: "format"))
    var format: ReportFormat = .terminal

    func run() throws {
        let exercise = try target.read()
        let folder = target.handIn
        if `static` {
            let (submission, unread) = Submission.read(folder, for: exercise)
            let faults = unread + submission.faults(in: exercise) + submission.refusals(in: exercise)
            for fault in faults { Terminal.print("\(Mark.bad) \(fault)") }
            if !faults.isEmpty { throw ExitCode(2) }
            let judge = exercise.content.trial.inputs.isEmpty ? "it can be read" : "the API server takes it"
            Terminal.print("\(Mark.good) \(judge); nothing was run")
            return
        }
        let learner = LearnerProgress(target.progress)
        let verdict = Grader(exercise: exercise, explains: learner.explains(exercise, asked: explain))
            .grade(folder: folder, seeds: .visible)
        try GradeOutput.write(verdict, format: format, to: nil)
        learner.record(verdict, .check)
        try GradeOutput.exit(verdict, failUnder: nil)
    }
}

/// `kubelab verify-receipt`: grades again and compares.
struct VerifyReceiptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-receipt", abstract: "Repeat a grade and compare it with its receipt.")

    @Argument(help: "A receipt, or a JSON report that holds one.")
    var receipt: String

    @OptionGroup var target: ExerciseTarget

    func run() throws {
        guard let data = FileManager.default.contents(atPath: receipt) else {
            throw Failure("\(receipt): cannot be read")
        }
        let wanted = try Receipt(reading: String(decoding: data, as: UTF8.self), file: receipt)
        let exercise = try target.read(student: wanted.student)
        let grader = Grader(
            exercise: exercise, secret: try CourseSecret.find(), student: wanted.student, attempt: wanted.attempt)
        let found = grader.grade(folder: target.handIn).receipt
        let differences = wanted.differences(from: found)
        guard differences.isEmpty else {
            for difference in differences { Terminal.print("\(Style.bad("✗")) \(difference)") }
            throw ExitCode(1)
        }
        Terminal.print("\(Style.good("✓")) the same grade, \(wanted.digests.count) trials with the same digests")
    }
}
