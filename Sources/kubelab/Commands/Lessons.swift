import ArgumentParser
import Foundation
import Grading
import Lab

/// A lesson: a folder of exercises with a page.
struct Lesson {
    /// `4` of `4-autoscaling`.
    var number: String
    var folder: String
    var exercises: [CourseExercise]

    /// All lessons, by number.
    static func all(_ labs: Labs) throws -> [Lesson] {
        let root = try labs.root()
        let exercises = try CourseExercise.all(labs)
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted()
        return names.compactMap { name in
            let folder = "\(root)/\(name)"
            let here = exercises.filter { ($0.entry.path as NSString).deletingLastPathComponent == folder }
            guard Files.isFolder(folder), !here.isEmpty || Files.exists(folder + "/lesson.md") else { return nil }
            return Lesson(
                number: name.split(separator: "-").first.map(String.init) ?? name, folder: folder, exercises: here)
        }
    }

    static func find(_ text: String, _ labs: Labs) throws -> Lesson {
        let all = try all(labs)
        let wanted = text.lowercased()
        if let found = all.first(where: { lesson in
            let name = (lesson.folder as NSString).lastPathComponent
            return [lesson.number, name, name.split(separator: "-", maxSplits: 1).last.map(String.init) ?? ""].contains(
                wanted)
        }) {
            return found
        }
        throw Failure(
            "there is no lesson \"\(text)\"; there are \(all.map(\.number).joined(separator: ", ")) ('kubelab lessons' lists them)"
        )
    }

    /// The page; nil if the lesson has none.
    /// - Throws: `ConfigurationError` if it cannot be understood.
    func page() throws -> LessonPage? {
        let path = folder + "/lesson.md"
        guard Files.exists(path) else { return nil }
        return try LessonPage(String(decoding: try Files.bytes(path), as: UTF8.self), file: path)
    }
}

/// `kubelab lessons`: what there is to learn.
struct Lessons: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the lessons and their exercises, and how far you are.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var progress: ProgressOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let learner = LearnerProgress(progress)
        let lessons = try Lesson.all(global.labs).map { lesson in
            LessonRow(
                number: lesson.number, title: try lesson.page()?.title ?? (lesson.folder as NSString).lastPathComponent,
                exercises: lesson.exercises.map { exercise in
                    LessonRow.Exercise(
                        number: exercise.entry.number, name: exercise.entry.name, title: exercise.content.title,
                        minutes: exercise.content.minutes, core: exercise.content.core,
                        standing: learner.standing(of: exercise.entry.folderName).word)
                })
        }
        if output.isJSON { return Terminal.print(try JSONText.of(lessons)) }
        for (place, lesson) in lessons.enumerated() {
            if place > 0 { Terminal.print("") }
            Terminal.print(Style.strong(lesson.title))
            var table = Table(["", "NUMBER", "EXERCISE", "MINUTES", "STANDING"], numeric: [3])
            for one in lesson.exercises {
                let core = Terminal.isPlain ? (one.core ? "core" : "") : (one.core ? "▸" : "")
                table.add([core, one.number, one.name, "\(one.minutes)", one.standing])
            }
            for line in table.lines { Terminal.print(line) }
        }
        Terminal.note(
            "\n\(Terminal.isPlain ? "'core'" : "▸") marks the core path. 'kubelab lesson N' shows a lesson, 'kubelab next' says what comes next."
        )
    }
}

private struct LessonRow: Encodable {
    struct Exercise: Encodable {
        var number: String
        var name: String
        var title: String
        var minutes: Int
        var core: Bool
        var standing: String
    }

    var number: String
    var title: String
    var exercises: [Exercise]
}

/// `kubelab next`: what to do next.
struct Next: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say which exercise comes next.",
        discussion: "One that was begun, else the first of the core path that is not passed, else any other.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var progress: ProgressOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let learner = LearnerProgress(progress)
        let open = try CourseExercise.all(global.labs).map { ($0, learner.standing(of: $0.entry.folderName)) }
            .filter { !$0.1.passed }
        let chosen =
            open.first { $0.1.word == "begun" } ?? open.first { $0.0.content.core && !$0.1.gaveUp }
            ?? open.first { !$0.1.gaveUp } ?? open.first
        guard let (exercise, standing) = chosen else {
            if output.isJSON { return Terminal.print("null") }
            return Terminal.print("Every exercise here is passed. 'kubelab outcomes' shows what that means.")
        }
        if output.isJSON {
            return Terminal.print(
                try JSONText.of(
                    NextReport(
                        number: exercise.entry.number, name: exercise.entry.name, title: exercise.content.title,
                        minutes: exercise.content.minutes, standing: standing.word)))
        }
        Terminal.print(Style.strong("\(exercise.entry.number) \(exercise.entry.name): \(exercise.content.title)"))
        let best = standing.best.map { ", \(DemoComparison.points($0)) points so far" } ?? ""
        Terminal.print("about \(exercise.content.minutes) minutes, \(standing.word)\(best)")
        Terminal.print("")
        Terminal.print("  kubelab start \(exercise.entry.number) --dir \(exercise.entry.name)")
    }
}

private struct NextReport: Encodable {
    var number: String
    var name: String
    var title: String
    var minutes: Int
    var standing: String
}
