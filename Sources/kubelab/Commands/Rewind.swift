import ArgumentParser
import Foundation
import Grading
import Lab
import Simulation

/// `kubelab rewind`: goes back in time, in the lab or in a trial.
struct Rewind: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Go back to an earlier moment, of the lab or of a trial.",
        discussion: """
            What came after it is gone, as if it had never been; 'kubelab fork NAME'
            before keeps it in another file.

              kubelab rewind --to 12m
              kubelab rewind --to 09:12:30

            With --trial it goes to a moment of the trial that 'check' and 'grade' judge:
            your files are applied as the trial applies them, in a lab of its own,
            trial.kubelab, and your own lab stays where it is.

              kubelab rewind --trial 4.3 --to 8m10s
              kubelab why hpa/gateway --lab trial.kubelab
            """)

    @Option(help: ArgumentHelp("The moment: since the start (12m30s) or of the day (09:12:30).", valueName: "time"))
    var to: Instant

    @Flag(help: "Go to a moment of the trial with your files.")
    var trial = false

    @Option(help: ArgumentHelp("With --trial: its seed (default: the first visible one).", valueName: "number"))
    var seed: UInt64?

    @Flag(help: "With --trial: overwrite the file even if it is a lab of yours.")
    var force = false

    @OptionGroup var target: ExerciseTarget

    func validate() throws {
        if !trial, target.exercise != nil || seed != nil || force {
            throw ValidationError(
                "An exercise, --seed and --force belong to --trial: kubelab rewind --trial 4.3 --to 8m10s.")
        }
    }

    func run() throws {
        if trial { return try goToTrial() }
        var session = try target.options.open(for: .writing)
        let time = to.time(in: session.world)
        guard time <= session.now else {
            throw Failure(
                "\(session.world.clockText(at: time)) has not come yet: it is \(session.world.clockText). 'kubelab advance' goes forward."
            )
        }
        let lost = try session.inputs().filter { $0.time > time && $0.action != .advance }.count
        try session.rewind(to: time)
        Terminal.print(
            "It is now \(session.world.clockText).\(lost == 0 ? "" : " \(lost) \(lost == 1 ? "change" : "changes") of yours made later \(lost == 1 ? "is" : "are") undone.")"
        )
    }

    private func goToTrial() throws {
        let exercise = try target.read()
        if let runbook = exercise.content.trial.runbook {
            throw Failure(
                "the trials of \(exercise.id) are incidents that nobody sees but through the runbook: 'kubelab check' prints what each of its looks saw. Put looks into \(runbook.file)"
            )
        }
        let (submission, unread) = Submission.read(target.handIn, for: exercise)
        if let fault = (unread + submission.faults(in: exercise)).first { throw fault }
        let seed = seed ?? exercise.content.trial.visibleSeeds.first ?? 1
        let moment = to.time(in: try exercise.scenario.world(seed: seed))
        let end = SimulationTime.zero + exercise.content.trial.duration
        guard moment <= end else {
            throw Failure("the trial ends at \(end.clock); --to \(moment.clock) lies behind that")
        }
        let path = target.options.labFile ?? (target.directory.map { $0 + "/" } ?? "") + TrialLab.fileName
        try makeRoom(at: path)
        var progress = Progress()
        let made = try TrialLab.create(path, exercise, submission, seed: seed, until: moment, student: target.student) {
            progress.show("simulated \($0.clock) of \(moment.clock)")
        }
        Terminal.endProgress()
        Terminal.print("\(path) is the trial with your files, seed \(seed); it is \(made.session.world.clockText).")
        for input in made.coming {
            Terminal.print(
                "Still to come: at \((SimulationTime.zero + input.at).clock) kubelab apply -f \(input.apply) --lab \(path)"
            )
        }
    }

    /// A trial can be made again at any time; anything else is somebody's work.
    private func makeRoom(at path: String) throws {
        guard Files.exists(path) else { return }
        let isTrial = (try? TrialLab.isTrial(LabSession.open(path, for: .reading))) ?? false
        guard try Question.ask("\(path) is a lab of yours. Overwrite it?", yes: force || isTrial) else {
            throw Failure(
                "\(path) exists already and is not only a trial; it was left as it is. --force overwrites it, --lab FILE names another."
            )
        }
        try Files.remove(path)
    }
}
