import ArgumentParser
import Foundation
import Lab

/// `kubelab reset`: begins the lab anew.
struct Reset: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Begin the lab anew: time zero, nothing applied.",
        discussion: "Your files stay as they are; with --files they become the starter files again.")

    @Flag(help: "Put the starter files back, too.")
    var files = false

    @Flag(help: "Do not ask.")
    var force = false

    @OptionGroup var global: GlobalOptions

    func run() throws {
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
        if files { try putFilesBack(session) }
        Terminal.print("\(session.path) begins anew at \(session.world.clockText).")
    }

    private func putFilesBack(_ session: LabSession) throws {
        guard !session.header.exercise.isEmpty else {
            throw Failure("this lab belongs to no exercise, so it has no starter files")
        }
        let folder = (session.path as NSString).deletingLastPathComponent
        let exercise = try global.labs.exercise(session.header.exercise)
        let outcome = try StarterFiles(exercise: exercise, into: folder.isEmpty ? "." : folder).copy(force: true)
        Terminal.print("Written: \(outcome.written.joined(separator: ", "))")
    }
}
