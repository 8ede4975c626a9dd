import ArgumentParser
import Grading

/// `kubelab lesson`: a lesson's page in the terminal.
struct LessonCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lesson",
        abstract: "Show a lesson, whole or one of its parts.",
        discussion: """
            A lesson has five parts: the concept, the AIDD workflow, practical examples,
            validation, common production concerns. Each is a thing to run.

              kubelab lesson 4
              kubelab lesson 4 3
              kubelab lesson 4 validation
            """)

    @Argument(help: "Its number or name, as 'kubelab lessons' lists them.")
    var lesson: String

    @Argument(help: "Number or a word of the title of a part.")
    var part: String?

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let found = try Lesson.find(lesson, global.labs)
        guard let page = try found.page() else {
            throw Failure(
                "lesson \(found.number) has no page yet; its exercises: \(found.exercises.map(\.entry.number).joined(separator: ", "))"
            )
        }
        let view = LessonView(width: Terminal.width)
        if let part {
            guard let one = page.part(part) else {
                let titles = page.parts.map(\.title).filter { !$0.isEmpty }
                throw Failure(
                    "lesson \(found.number) has no part \"\(part)\"; it has \(titles.enumerated().map { "\($0 + 1) \($1)" }.joined(separator: ", "))"
                )
            }
            for line in view.lines(one) { Terminal.print(line) }
            return
        }
        Terminal.print(Style.strong(page.title))
        for part in page.parts {
            Terminal.print("")
            for line in view.lines(part) { Terminal.print(line) }
        }
        guard !found.exercises.isEmpty else { return }
        Terminal.print("")
        Terminal.print(Style.strong("Exercises"))
        for exercise in found.exercises {
            Terminal.print(
                "  kubelab start \(exercise.entry.number)  \(exercise.content.title), \(exercise.content.minutes) minutes"
            )
        }
    }
}

/// A page's parts as lines of a terminal.
struct LessonView {
    var width: Int

    func lines(_ part: LessonPage.Part) -> [String] {
        var lines = part.title.isEmpty ? [] : [Style.strong(part.title)]
        for (place, block) in part.blocks.enumerated() {
            if place > 0 || !part.title.isEmpty { lines.append("") }
            switch block {
            case .prose(let text): lines += Reflow.lines(Self.withoutMarks(text), width: width).drop { $0.isEmpty }
            case .listing(let rows): lines += rows.map { $0.isEmpty ? "" : "    " + $0 }
            case .console(let commands):
                for command in commands {
                    lines.append("  " + Style.strong("$ " + command.line))
                    let isChart = command.output.contains { $0.contains("┤") }
                    // Blocks say nothing to a screen reader; the command itself can give the numbers.
                    lines +=
                        isChart && Terminal.isPlain
                        ? ["  (a chart; with --plain the command prints a table)"]
                        : command.output.map { $0.isEmpty ? "" : "  " + $0 }
                }
            }
        }
        return lines
    }

    /// Markdown's marks mean nothing in a terminal: code in quotes, emphasis as it is.
    private static func withoutMarks(_ text: String) -> String {
        text.split(separator: "`", omittingEmptySubsequences: false).joined(separator: "'")
            .split(separator: "**", omittingEmptySubsequences: false).joined()
    }
}
