import ArgumentParser
import Grading

/// `kubelab hint`: one hint more each time.
struct HintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hint", abstract: "Show a hint: one more each time; there are three, and they cost nothing.",
        discussion: "The first says where to look, the second gives a command, the third says what to read.")

    @OptionGroup var target: ExerciseTarget

    @Option(help: ArgumentHelp("Which one (default: the next).", valueName: "n"))
    var number: Int?

    @Flag(help: "All that were shown so far.")
    var shown = false

    func run() throws {
        let exercise = try target.read()
        let hints = exercise.content.hints
        let learner = LearnerProgress(target.progress)
        let seen = min(learner.standing(of: exercise.id).hints, hints.count)
        guard !hints.isEmpty else { throw Failure("\(exercise.id) has no hints") }
        if shown {
            for (place, hint) in hints.prefix(seen).enumerated() { show(hint, place + 1, of: hints.count) }
            if seen == 0 { Terminal.note("No hint was shown yet; 'kubelab hint' shows the first.") }
            return
        }
        let wanted = number ?? min(seen + 1, hints.count)
        guard hints.indices.contains(wanted - 1) else {
            throw Failure("\(exercise.id) has no hint \(wanted); there are \(hints.count)")
        }
        show(hints[wanted - 1], wanted, of: hints.count)
        if wanted > seen { learner.record(.hint, of: exercise.id, number: wanted) }
    }

    private func show(_ hint: String, _ number: Int, of count: Int) {
        let head = "Hint \(number) of \(count): "
        for line in ReportText.wrapped(head + hint, width: Terminal.width, indent: 2) { Terminal.print(line) }
    }
}
