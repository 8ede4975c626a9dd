import ArgumentParser
import Grading

/// `kubelab outcomes`: how far the learner is with what the course teaches.
struct Outcomes: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say how far you are with each of the course's learning outcomes.",
        discussion: "An outcome is reached when every exercise for it in this program is passed with 'kubelab grade'.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var progress: ProgressOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let outcomes = try LearningOutcome.read(labs: try global.labs.root())
        let standings = try LearnerProgress(progress).standings()
        let exercises = try CourseExercise.all(global.labs)
        let rows = outcomes.map { outcome in
            let here = exercises.filter { $0.content.outcomes.contains(outcome.number) }
            return OutcomeRow(outcome, here, standings)
        }
        if output.isJSON { return Terminal.print(try JSONText.of(rows)) }
        for row in rows {
            let head =
                (row.number < 10 ? " " : "") + "\(row.number)  "
                + row.standing + String(repeating: " ", count: max(1, 11 - row.standing.count))
            let lines = ReportText.wrapped(row.text, width: Terminal.width - head.count)
            let color: Style = row.standing == "reached" ? .good : row.standing == "partly" ? .warning : .faint
            Terminal.print(
                color(head) + lines.joined(separator: "\n" + String(repeating: " ", count: head.count)))
            guard !row.exercises.isEmpty else { continue }
            let words = row.exercises.map(\.words).joined(separator: ", ")
            for line in ReportText.wrapped(words, width: Terminal.width - head.count) {
                Terminal.print(Style.faint(String(repeating: " ", count: head.count) + line))
            }
        }
    }
}

private struct OutcomeRow: Encodable {
    struct Exercise: Encodable {
        var number: String
        var name: String
        var standing: String
        var best: Double?
        var maximumPoints: Int

        var words: String {
            let points = best.map { ", \(DemoComparison.points($0)) of \(maximumPoints)" } ?? ""
            return "\(number) \(name) (\(standing)\(standing == "passed" ? "" : points))"
        }
    }

    var number: Int
    var text: String
    var standing: String
    var passed: Int
    var exercises: [Exercise]

    init(_ outcome: LearningOutcome, _ here: [CourseExercise], _ standings: [String: ProgressStore.Standing]) {
        number = outcome.number
        text = outcome.text
        let all = here.map { standings[$0.entry.folderName] ?? ProgressStore.Standing() }
        let whole = OutcomeStanding(all)
        standing = whole.word.rawValue
        passed = whole.passed
        exercises = zip(here, all).map { exercise, standing in
            Exercise(
                number: exercise.entry.number, name: exercise.entry.name, standing: standing.word, best: standing.best,
                maximumPoints: exercise.content.criteria.reduce(0) { $0 + $1.points })
        }
    }
}

/// An exercise of the course with what its author says about it.
struct CourseExercise {
    var entry: Labs.Exercise
    var content: ExerciseContent

    /// All that can be read, by number.
    static func all(_ labs: Labs) throws -> [CourseExercise] {
        try labs.exercises().compactMap { entry in
            guard Files.exists(entry.path + "/exercise.yaml") else { return nil }
            return CourseExercise(entry: entry, content: try Grading.Exercise.read(entry.path).content)
        }
    }
}
