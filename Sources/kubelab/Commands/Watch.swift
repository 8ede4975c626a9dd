import ArgumentParser
import Foundation
import Grading
import Lab
import Simulation

/// `kubelab watch`: checks again whenever a file is saved.
struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check your files again whenever you save one, until Ctrl-C.",
        discussion: """
            What the API server would refuse is said at once; then the visible seed is
            tried. A save in the middle of a trial begins anew.
            """)

    @OptionGroup var target: ExerciseTarget

    @Flag(help: "Only what can be seen without running anything.")
    var `static` = false

    @Option(help: ArgumentHelp("End after so many checks.", valueName: "count"))
    var times: Int?

    /// Milliseconds between two looks at the files: short beside what a person notices, idle beside what a machine does.
    private static let interval: UInt32 = 15

    func run() throws {
        let exercise = try target.read()
        let learner = LearnerProgress(target.progress)
        let watcher = FileWatcher(folder: target.handIn, names: exercise.watchedFiles)
        Interruption.listen()
        Terminal.note("Watching \(watcher.names.joined(separator: ", ")); Ctrl-C ends.")
        var left = times ?? .max
        while left > 0, !Interruption.isWanted {
            let seen = watcher.state()
            check(exercise, learner, since: seen, watcher)
            left -= 1
            while left > 0, !Interruption.isWanted, watcher.state() == seen { usleep(Self.interval * 1_000) }
        }
        Terminal.endProgress()
        if Interruption.isWanted { Terminal.note("Ended.") }
    }

    private func check(
        _ exercise: Grading.Exercise, _ learner: LearnerProgress, since seen: [FileWatcher.Stamp?],
        _ watcher: FileWatcher
    ) {
        let begin = DispatchTime.now().uptimeNanoseconds
        func milliseconds() -> Int64 { Int64((DispatchTime.now().uptimeNanoseconds &- begin) / 1_000_000) }
        let (submission, unread) = Submission.read(target.handIn, for: exercise)
        let faults = unread + submission.faults(in: exercise)
        let refused = faults.isEmpty ? submission.refusals(in: exercise) : faults
        Terminal.print("")
        guard refused.isEmpty else {
            for fault in refused { Terminal.print("\(Mark.bad) \(fault)") }
            return Terminal.print(Style.faint("not tried (\(milliseconds()) ms)"))
        }
        Terminal.print("\(Mark.good) the API server takes it \(Style.faint("(\(milliseconds()) ms)"))")
        guard !`static` else { return }
        Terminal.progress("trying it on the visible seed")
        let trying = Grader(exercise: exercise, explains: learner.explains(exercise, asked: false))
        guard let verdict = trying.grade(submission, unless: { Interruption.isWanted || watcher.state() != seen })
        else {
            Terminal.endProgress()
            return
        }
        Terminal.endProgress()
        Terminal.write(
            ReportFormat.terminal.text(
                verdict,
                style: ReportStyle(
                    colour: Terminal.showsColor, wallTime: true, width: Terminal.width, plain: Terminal.isPlain)))
        learner.record(verdict, .check)
    }
}

/// Looks whether files changed, by their place, size and time of modification.
struct FileWatcher {
    struct Stamp: Equatable {
        var inode: UInt64
        var size: Int64
        var seconds: Int
        var nanoseconds: Int
    }

    var folder: String
    var names: [String]

    /// One stamp a file; nil for a file that is not there.
    func state() -> [Stamp?] {
        names.map { name in
            var status = stat()
            guard stat(folder + "/" + name, &status) == 0 else { return nil }
            return Stamp(
                inode: UInt64(status.st_ino), size: Int64(status.st_size), seconds: status.st_mtim.tv_sec,
                nanoseconds: status.st_mtim.tv_nsec)
        }
    }
}
