import Foundation
import GRDB

/// What a learner has done so far: one SQLite file of the learner's own, apart from the labs and from every grade.
///
/// No grade is read from it and none depends on it: it may be lost, locked or forged, and the grade is the same.
/// Several processes may write at once; each change is one transaction.
public struct ProgressStore: Sendable {
    /// The layout of the tables; a file of a newer one is refused.
    static let schemaVersion = 1

    private let database: DatabaseQueue
    public let path: String

    /// One try of an exercise.
    public struct Attempt: Sendable, Equatable {
        public enum Kind: String, Sendable {
            /// On the visible seeds, for practice.
            case check
            /// On hidden seeds.
            case grade
        }

        public var exercise: String
        public var kind: Kind
        public var points: Double
        public var maximumPoints: Int
        public var passed: Bool
        /// Hash of the files that were handed in.
        public var submission: String

        public init(
            exercise: String, kind: Kind, points: Double, maximumPoints: Int, passed: Bool, submission: String
        ) {
            self.exercise = exercise
            self.kind = kind
            self.points = points
            self.maximumPoints = maximumPoints
            self.passed = passed
            self.submission = submission
        }
    }

    /// Something else that a learner did with an exercise.
    public enum Step: String, Sendable {
        case started
        case hint
        /// Asked for causes and solutions before the pass.
        case gaveUp
        case debrief
    }

    /// How a learner stands with one exercise.
    public struct Standing: Sendable, Equatable {
        public var started = false
        public var checks = 0
        public var grades = 0
        /// Hints that were shown, 1 to 3.
        public var hints = 0
        public var gaveUp = false
        public var passed = false
        /// Most points of a grade; nil before the first.
        public var best: Double?
        public var maximumPoints = 0

        /// `passed`, `given up`, `begun` or `not begun`.
        public var word: String {
            if passed { return "passed" }
            if gaveUp { return "given up" }
            return started || checks > 0 || grades > 0 ? "begun" : "not begun"
        }

        public init() {}
    }

    /// Where a learner's file lies: in `KUBELAB_HOME`, else where XDG wants data; nil if there is no home.
    public static func path(environment: [String: String] = ProcessInfo.processInfo.environment) -> String? {
        if let home = environment["KUBELAB_HOME"], !home.isEmpty { return home + "/progress.sqlite" }
        // Relative paths are invalid by the specification and are passed over.
        if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return data + "/kubelab/progress.sqlite" }
        return environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 + "/.local/share/kubelab/progress.sqlite" : nil }
    }

    /// Opens the file, which is made if it is not there.
    /// - Throws: ``ProgressError``.
    public init(_ path: String) throws {
        self.path = path
        var configuration = Configuration()
        configuration.busyMode = .timeout(2)
        configuration.label = "progress"
        do {
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            database = try DatabaseQueue(path: path, configuration: configuration)
            let version = try database.inImmediateTransaction(Self.prepare)
            guard version <= Self.schemaVersion else {
                throw ProgressError(path: path, reason: "a newer kubelab wrote it")
            }
        } catch {
            throw ProgressError(error, path: path)
        }
    }

    /// Makes the tables of a new file.
    /// - Returns: the layout's version.
    private static func prepare(_ database: Database) throws -> Int {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard version == 0 else { return version }
        try database.execute(
            sql: """
                CREATE TABLE attempt (
                    id INTEGER PRIMARY KEY, exercise TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL,
                    points REAL NOT NULL, maximum INTEGER NOT NULL, passed INTEGER NOT NULL, submission TEXT NOT NULL);
                CREATE TABLE step (
                    id INTEGER PRIMARY KEY, exercise TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL,
                    number INTEGER NOT NULL);
                CREATE INDEX attempt_exercise ON attempt (exercise);
                CREATE INDEX step_exercise ON step (exercise);
                PRAGMA user_version = \(schemaVersion);
                """)
        return schemaVersion
    }

    // MARK: Writing

    public func record(_ attempt: Attempt) throws {
        try write { database in
            try database.execute(
                sql: """
                    INSERT INTO attempt (exercise, kind, at, points, maximum, passed, submission)
                    VALUES (?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?, ?, ?, ?)
                    """,
                arguments: [
                    attempt.exercise, attempt.kind.rawValue, attempt.points, attempt.maximumPoints, attempt.passed,
                    attempt.submission,
                ])
        }
    }

    /// - Parameter number: of the hint, from 1; 0 for other steps.
    public func record(_ step: Step, of exercise: String, number: Int = 0) throws {
        try write { database in
            try database.execute(
                sql: """
                    INSERT INTO step (exercise, kind, at, number)
                    VALUES (?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?)
                    """,
                arguments: [exercise, step.rawValue, number])
        }
    }

    /// Forgets everything about one exercise.
    public func forget(_ exercise: String) throws {
        try write { database in
            for table in ["attempt", "step"] {
                try database.execute(sql: "DELETE FROM \(table) WHERE exercise = ?", arguments: [exercise])
            }
        }
    }

    // MARK: Reading

    public func standing(of exercise: String) throws -> Standing { try standings()[exercise] ?? Standing() }

    /// Every exercise that the learner has touched, by its id.
    public func standings() throws -> [String: Standing] {
        try read { database in
            var standings: [String: Standing] = [:]
            let attempts = try Row.fetchAll(
                database,
                sql: """
                    SELECT exercise, sum(kind = 'check') AS checks, sum(kind = 'grade') AS grades,
                        max(kind = 'grade' AND passed) AS passed, max(maximum) AS maximum,
                        max(CASE kind WHEN 'grade' THEN points END) AS best
                    FROM attempt GROUP BY exercise
                    """)
            for row in attempts {
                guard let exercise: String = row["exercise"] else { continue }
                var standing = Standing()
                standing.checks = row["checks"] ?? 0
                standing.grades = row["grades"] ?? 0
                standing.passed = row["passed"] ?? false
                standing.maximumPoints = row["maximum"] ?? 0
                standing.best = row["best"]
                standings[exercise] = standing
            }
            let steps = try Row.fetchAll(
                database, sql: "SELECT exercise, kind, max(number) AS number FROM step GROUP BY exercise, kind")
            for row in steps {
                guard let exercise: String = row["exercise"], let kind: String = row["kind"] else { continue }
                switch Step(rawValue: kind) {
                case .started: standings[exercise, default: Standing()].started = true
                case .hint: standings[exercise, default: Standing()].hints = row["number"] ?? 0
                case .gaveUp: standings[exercise, default: Standing()].gaveUp = true
                case .debrief, nil: break
                }
            }
            return standings
        }
    }

    private func write(_ body: (Database) throws -> Void) throws {
        do { try database.inImmediateTransaction(body) } catch { throw ProgressError(error, path: path) }
    }

    private func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do { return try database.read(body) } catch { throw ProgressError(error, path: path) }
    }

    /// Limits the file's growth, as a disk without room does; for tests.
    func limitPages(to count: Int) throws {
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = \(count)") }
    }
}

/// Why progress cannot be kept or read, in words; never a reason not to grade.
public struct ProgressError: Error, Sendable, Equatable, CustomStringConvertible {
    public var path: String
    public var reason: String

    init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    init(_ error: any Error, path: String) {
        self.path = path
        switch error {
        case let error as ProgressError: reason = error.reason
        case let error as DatabaseError:
            switch error.resultCode {
            case .SQLITE_BUSY, .SQLITE_LOCKED: reason = "another kubelab is writing it"
            case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM: reason = "it cannot be written"
            case .SQLITE_FULL, .SQLITE_IOERR: reason = "the disk is full or failing"
            case .SQLITE_NOTADB, .SQLITE_CORRUPT: reason = "it is damaged; remove it to begin anew"
            default: reason = error.message ?? "SQLite error \(error.resultCode.rawValue)"
            }
        default: reason = "the folder cannot be made"
        }
    }

    public var description: String { "\(path): \(reason)" }
}

extension DatabaseQueue {
    /// One transaction that holds the right to write from its beginning, so that what it read is still so.
    fileprivate func inImmediateTransaction<Value>(_ body: (Database) throws -> Value) throws -> Value {
        var result: Value?
        try inDatabase { database in
            try database.inTransaction(.immediate) {
                result = try body(database)
                return .commit
            }
        }
        guard let result else { throw DatabaseError(message: "the transaction was not carried out") }
        return result
    }
}
