import Foundation
import KubernetesAPI
import Lab

/// `class.json`: what a folder of verdicts is about, and which part of the class.
public struct ClassManifest: Sendable, Equatable {
    public struct Criterion: Sendable, Equatable {
        public var id: String
        public var title: String
        public var points: Int
        /// What those may believe who fail in it.
        public var misconceptions: [String]
    }

    public var exercise: String
    public var lesson: String
    public var title: String
    public var exerciseHash: String
    public var version: String
    public var attempt: Int
    public var criteria: [Criterion]
    /// Which parts of how many these are.
    public var parts: [Int]
    public var partCount: Int
    /// Names of students in this part, in order, with their files.
    public var students: [(name: String, file: String)]

    public static func == (left: Self, right: Self) -> Bool { left.json == right.json }

    init(exercise: Exercise, attempt: Int, shard: Shard, students: [ClassRoster.Student]) {
        self.exercise = exercise.id
        lesson = exercise.lesson
        title = exercise.title
        exerciseHash = exercise.hash
        version = GradingVersion.current
        self.attempt = attempt
        criteria = exercise.content.criteria.map { criterion in
            Criterion(
                id: criterion.id, title: criterion.title, points: criterion.points,
                misconceptions: exercise.content.wrong.filter { $0.criterion == criterion.id }.map(\.misconception))
        }
        parts = [shard.number]
        partCount = shard.count
        self.students = students.map { ($0.name, $0.fileName) }
    }

    static let fileName = "class.json"

    var json: JSONValue {
        .object([
            "exercise": .string(exercise), "lesson": .string(lesson), "title": .string(title),
            "exerciseHash": .string(exerciseHash), "version": .string(version), "attempt": .integer(Int64(attempt)),
            "criteria": .array(
                criteria.map { criterion in
                    .object([
                        "id": .string(criterion.id), "title": .string(criterion.title),
                        "points": .integer(Int64(criterion.points)),
                        "misconceptions": .array(criterion.misconceptions.map(JSONValue.string)),
                    ])
                }),
            "parts": .array(parts.map { .integer(Int64($0)) }), "partCount": .integer(Int64(partCount)),
            "students": .array(
                students.map { .object(["name": .string($0.name), "file": .string($0.file)]) }),
        ])
    }

    /// Reads `class.json`.
    /// - Throws: `ConfigurationError`.
    init(reading text: String, file: String) throws {
        func missing(_ name: String) -> ConfigurationError {
            ConfigurationError(
                file: file, path: name,
                message: "is missing or of another kind; is this a folder that 'grade-all' made?")
        }
        let value: JSONValue
        do { value = try JSONReader.read(Array(text.utf8)[...]) } catch {
            throw ConfigurationError(file: file, message: "is no JSON: \(error)")
        }
        func string(_ name: String) throws -> String {
            guard let text = value[name]?.string else { throw missing(name) }
            return text
        }
        func whole(_ value: JSONValue?, _ name: String) throws -> Int {
            guard let number = value?.double.flatMap(Int.init(exactly:)) else { throw missing(name) }
            return number
        }
        exercise = try string("exercise")
        lesson = try string("lesson")
        title = try string("title")
        exerciseHash = try string("exerciseHash")
        version = try string("version")
        attempt = try whole(value["attempt"], "attempt")
        criteria = try (value["criteria"]?.array ?? []).map { item in
            guard let id = item["id"]?.string, let title = item["title"]?.string else { throw missing("criteria") }
            return Criterion(
                id: id, title: title, points: try whole(item["points"], "criteria"),
                misconceptions: (item["misconceptions"]?.array ?? []).compactMap(\.string))
        }
        parts = try (value["parts"]?.array ?? []).map { try whole($0, "parts") }
        partCount = try whole(value["partCount"], "partCount")
        students = try (value["students"]?.array ?? []).map { item in
            // A name of a file, never a path: this text may come from anywhere.
            guard let name = item["name"]?.string, let file = item["file"]?.string, !file.contains("/"),
                file != "..", file.hasSuffix(".json")
            else { throw missing("students") }
            return (name, file)
        }
    }
}
