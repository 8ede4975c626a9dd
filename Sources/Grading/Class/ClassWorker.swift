import Foundation
import KubernetesAPI
import Lab

/// The other end of a ``WorkerProcess``: grades one folder after another, as told line by line.
public struct ClassWorker: Sendable {
    public var exercise: Exercise
    public var secret: CourseSecret
    public var attempt: Int
    public var explains: Bool

    public init(exercise: Exercise, secret: CourseSecret, attempt: Int = 1, explains: Bool = false) {
        self.exercise = exercise
        self.secret = secret
        self.attempt = attempt
        self.explains = explains
    }

    /// A question: which folder, whose.
    struct Question: Equatable {
        var student: String
        var folder: String

        var line: String {
            let value = JSONValue.object(["student": .string(student), "folder": .string(folder)])
            return String(decoding: value.compactBytes, as: UTF8.self)
        }

        init(student: String, folder: String) {
            self.student = student
            self.folder = folder
        }

        init?(line: String) {
            guard let value = try? JSONReader.read(Array(line.utf8)[...]), let student = value["student"]?.string,
                let folder = value["folder"]?.string
            else { return nil }
            self.init(student: student, folder: folder)
        }
    }

    /// Answers questions from standard input until it ends, or until whoever started this process is gone.
    public func serve() {
        let parent = getppid()
        while let line = readLine(strippingNewline: true) {
            guard let question = Question(line: line) else { return }
            var grader = Grader(
                exercise: (try? exercise.forStudent(question.student)) ?? exercise, secret: secret,
                student: question.student, attempt: attempt, width: 1,
                explains: explains)
            grader.isCancelled = { getppid() != parent }
            let verdict = grader.grade(folder: question.folder)
            if getppid() != parent { return }
            let bytes = Array(ReportFormat.json.text(verdict).utf8)
            let message = Array("\(bytes.count)\n".utf8) + bytes
            FileHandle.standardOutput.write(Data(message))
        }
    }
}
