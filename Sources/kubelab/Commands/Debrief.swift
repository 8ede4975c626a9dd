import ArgumentParser
import Grading
import Lab

/// `kubelab debrief`: what an exercise was about, once it is passed or given up.
struct Debrief: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "After a pass: what it would have meant, why, and other good answers.",
        discussion: """
            Before a pass, --give-up tells the same, with the causes behind each criterion
            that your files fail. It is remembered; the exercise can still be passed.

              kubelab debrief 4.3
              kubelab debrief 4.3 --show thrifty
            """)

    @OptionGroup var target: ExerciseTarget

    @Flag(help: "Tell although the exercise is not passed.")
    var giveUp = false

    @Option(help: ArgumentHelp("Print another good answer.", valueName: "answer"))
    var show: String?

    func run() throws {
        let exercise = try target.read()
        let learner = LearnerProgress(target.progress)
        let standing = learner.standing(of: exercise.id)
        let (submission, unread) = Submission.read(target.handIn, for: exercise)
        var passed = standing.passed
        if !passed, !standing.gaveUp, !giveUp {
            // Without a record the files themselves say whether one has passed.
            let grader = Grader(exercise: exercise, secret: try CourseSecret.find(), student: target.student)
            passed = unread.isEmpty && grader.grade(submission).isPassed
            guard passed else {
                let best =
                    standing.best.map { "so far \(DemoComparison.points($0)) of \(exercise.maximumPoints) points" }
                    ?? "no grade so far"
                throw Failure(
                    "\(exercise.id) is not passed yet (\(best)). 'kubelab hint' helps; --give-up tells everything.")
            }
        }
        if !passed, giveUp { learner.record(.gaveUp, of: exercise.id) }
        if let show { return try print(show, of: exercise) }
        if unread.isEmpty { try tellOwn(exercise, submission, passed: passed) }
        if exercise.content.debrief.isEmpty {
            let reason = "This copy of the course has no debrief for \(exercise.id): it stays with the instructor."
            for line in ReportText.wrapped(reason, width: Terminal.width) { Terminal.print(line) }
        } else {
            Terminal.print(Style.strong("What it was about"))
            for line in Reflow.lines(exercise.content.debrief, width: Terminal.width) { Terminal.print(line) }
        }
        tellOthers(exercise)
        learner.record(.debrief, of: exercise.id)
    }

    /// The learner's own files: what fails and why, and what it would have cost.
    private func tellOwn(_ exercise: Grading.Exercise, _ submission: Submission, passed: Bool) throws {
        let grader = Grader(exercise: exercise, explains: true)
        if !passed {
            var verdict = grader.grade(submission, seeds: .visible)
            verdict.checks.removeAll { $0.status == .passed }
            verdict.debrief = ""
            try GradeOutput.write(verdict, format: .terminal, to: nil)
            Terminal.print("")
        }
        guard let damage = grader.damage(submission) else { return }
        for line in ReportText.wrapped("Your files: " + damage.text, width: Terminal.width) { Terminal.print(line) }
        Terminal.print("")
    }

    private func tellOthers(_ exercise: Grading.Exercise) {
        let answers = exercise.answers(in: "panel")
        guard !answers.isEmpty else { return }
        Terminal.print("")
        Terminal.print(Style.strong("Other good answers"))
        for name in answers {
            let why = exercise.content.panel.first { $0.name == name }?.why ?? ""
            let head = "  \(name)" + String(repeating: " ", count: max(2, 16 - name.count))
            let lines = ReportText.wrapped(why, width: max(30, Terminal.width - head.count))
            Terminal.print(head + lines.joined(separator: "\n" + String(repeating: " ", count: head.count)))
        }
        Terminal.print("'kubelab debrief \(exercise.id.prefix { $0 != "-" }) --show NAME' prints one.")
    }

    private func print(_ name: String, of exercise: Grading.Exercise) throws {
        let answers = exercise.answers(in: "panel")
        guard answers.contains(name) else {
            throw Failure(
                answers.isEmpty
                    ? "this copy of the course has no other answers to \(exercise.id)"
                    : "there is no answer \"\(name)\"\(Suggestion.text(for: name, among: answers)); there are \(answers.joined(separator: ", "))"
            )
        }
        let (submission, faults) = Submission.read("\(exercise.folder)/panel/\(name)", for: exercise)
        if let fault = faults.first { throw fault }
        for file in submission.files {
            Terminal.print(Style.strong("# \(file.name)"))
            Terminal.print(file.text.hasSuffix("\n") ? String(file.text.dropLast()) : file.text)
        }
    }
}
