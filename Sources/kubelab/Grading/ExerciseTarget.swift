import ArgumentParser
import Foundation
import Grading
import Lab

extension ReportFormat: ExpressibleByArgument {}

/// Which exercise, and where the hand-in lies.
struct ExerciseTarget: ParsableArguments {
    @Argument(help: "Number or name of an exercise (4.3, scale-on-cpu), or its folder (default: that of the lab).")
    var exercise: String?

    @Option(
        name: .customLong("dir"),
        help: ArgumentHelp("Folder of the hand-in (default: the current one).", valueName: "folder"),
        completion: .directory)
    var directory: String?

    @Option(
        name: .customLong("student"),
        help: ArgumentHelp(
            "Who hands in (default: $KUBELAB_STUDENT, else that of the lab); the variant and the hidden seeds depend on it.",
            valueName: "id"))
    var givenStudent: String?

    @OptionGroup var progress: ProgressOptions
    @OptionGroup var options: GlobalOptions

    func read() throws -> Exercise { try Exercise.read(try path(), student: student) }

    /// The exercise as a certain student got it.
    func read(student: String) throws -> Exercise { try Exercise.read(try path(), student: student) }

    /// Who hands in; empty for nobody in particular.
    var student: String {
        if let givenStudent { return givenStudent }
        if let named = ProcessInfo.processInfo.environment["KUBELAB_STUDENT"] { return named }
        return (try? LabSession.open(labPath, for: .reading))?.header.student ?? ""
    }

    /// Where the hand-in lies.
    var handIn: String { directory ?? FileManager.default.currentDirectoryPath }

    var labPath: String {
        guard let directory, options.labFile == nil else { return options.labPath }
        return directory + "/lab.kubelab"
    }

    private func path() throws -> String {
        if let exercise { return try options.labs.exerciseFolder(exercise) }
        // The lab that 'kubelab start' made knows its exercise.
        if let session = try? LabSession.open(labPath, for: .reading), !session.header.exercise.isEmpty {
            return try options.labs.exercise(session.header.exercise).path
        }
        throw Failure(
            "which exercise is this? Name it, such as 'kubelab grade 4.3', or begin it with 'kubelab start'")
    }
}

extension Labs {
    /// The folder of an exercise: a path to one, or a number or name.
    func exerciseFolder(_ text: String) throws -> String {
        FileManager.default.fileExists(atPath: text + "/exercise.yaml") ? text : try exercise(text).path
    }
}

/// Where a verdict goes, and how the process ends.
enum GradeOutput {
    static func write(_ verdict: Verdict, format: ReportFormat, to path: String?) throws {
        var style = ReportStyle(width: Terminal.width, plain: Terminal.isPlain)
        style.colour = Terminal.showsColor && path == nil && format == .terminal
        style.wallTime = format == .terminal
        let text = format.text(verdict, style: style)
        guard let path else { return Terminal.write(text) }
        do { try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw Failure("\(path): cannot be written: \(error.localizedDescription)", exitCode: Exit.fault)
        }
        guard format != .terminal else { return }
        Terminal.write(
            ReportFormat.terminal.text(
                verdict,
                style: ReportStyle(
                    colour: Terminal.showsColor, wallTime: true, width: Terminal.width, plain: Terminal.isPlain)))
    }

    /// Ends with 2 where there is no grade, 3 where that is our fault, 1 below the bound.
    static func exit(_ verdict: Verdict, failUnder: Threshold?) throws {
        switch verdict.status {
        case .ungradable: throw ExitCode(Exit.unusable)
        case .error: throw ExitCode(Exit.fault)
        case .graded: break
        }
        if let failUnder, verdict.points < failUnder.points(of: verdict.maximumPoints) { throw ExitCode(Exit.below) }
    }
}

/// A number of points, or a share of all: `80` or `80%`.
struct Threshold: ExpressibleByArgument {
    private var number: Double
    private var isShare: Bool

    init?(argument: String) {
        isShare = argument.hasSuffix("%")
        guard let number = Double(isShare ? String(argument.dropLast()) : argument), number.isFinite, number >= 0 else {
            return nil
        }
        self.number = number
    }

    func points(of maximum: Int) -> Double { isShare ? number / 100 * Double(maximum) : number }
}
