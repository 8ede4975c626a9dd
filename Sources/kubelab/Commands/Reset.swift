import ArgumentParser
import Foundation
import Grading
import Lab

/// `kubelab reset`: begins an exercise anew, as far as one wants.
struct Reset: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Begin anew: the lab, and if you like the files and what is remembered of the exercise.",
        discussion: """
            The lab goes back to time zero with nothing applied. Your files stay as they
            are; with --files they become the starter files again, after a question for
            each that you changed. With --progress the exercise is as if never begun.
            """)

    @Argument(help: "With --progress alone: an exercise's name or number (default: that of the lab).")
    var exercise: String?

    @Flag(help: "Put the starter files back, too.")
    var files = false

    @Flag(help: "Forget checks, grades and hints of the exercise.")
    var progress = false

    @Flag(help: "Do not ask.")
    var force = false

    @OptionGroup var progressOptions: ProgressOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        if let exercise {
            let found = try global.labs.exercise(exercise)
            let ofLab = (try? global.open(for: .reading))?.header.exercise
            if ofLab != found.folderName {
                guard progress, !files else {
                    throw Failure(
                        "\(global.labPath) is no lab of \(found.folderName). Name its lab with --lab FILE; 'kubelab reset \(found.number) --progress' forgets what is remembered of it."
                    )
                }
                return forget(found.folderName)
            }
        }
        var session = try global.open(for: .writing)
        let changes = try session.inputs().filter { $0.action != .advance }.count
        if changes > 0 || session.now > .zero {
            let what = "\(session.world.clockText) and \(changes) \(changes == 1 ? "change" : "changes") of yours"
            guard try Question.ask("Lose \(what)?", yes: force) else {
                throw Failure(
                    "the lab was left as it is, at \(what). --force begins anew; 'kubelab fork NAME' keeps a copy.")
            }
        }
        try session.reset()
        Terminal.print("\(session.path) begins anew at \(session.world.clockText).")
        if files { try putFilesBack(session) }
        if progress { forget(session.header.exercise) }
    }

    private func forget(_ exercise: String) {
        LearnerProgress(progressOptions).forget(exercise)
        Terminal.print("Nothing is remembered of \(exercise).")
    }

    private func putFilesBack(_ session: LabSession) throws {
        guard !session.header.exercise.isEmpty else {
            throw Failure("this lab belongs to no exercise, so it has no starter files")
        }
        let folder = (session.path as NSString).deletingLastPathComponent
        let exercise = try global.labs.exercise(session.header.exercise)
        let judged = try? Grading.Exercise.read(exercise.path, student: session.header.student)
        let starter = StarterFiles(
            exercise: exercise, into: folder.isEmpty ? "." : folder, variant: judged?.variant ?? Variant())
        let changed = try starter.changed()
        let overwrites =
            try changed.isEmpty
            || Question.ask("Overwrite what you wrote in \(changed.joined(separator: ", "))?", yes: force)
        let outcome = try starter.copy(force: overwrites)
        if !outcome.written.isEmpty { Terminal.print("Written: \(outcome.written.joined(separator: ", "))") }
        if !outcome.kept.isEmpty {
            Terminal.print("Yours, left as they are: \(outcome.kept.joined(separator: ", ")) (--force overwrites)")
        }
    }
}
