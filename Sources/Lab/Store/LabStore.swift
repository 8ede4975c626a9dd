import Foundation
import GRDB
import Simulation

/// One lab on disk: a SQLite file with the seed, the scenario, every input in order, and snapshots.
///
/// An input and the snapshot after it are committed in one transaction before anything is answered, so that a kill at
/// any moment loses nothing that was acknowledged. A command takes the file's write lock while it works: a second one
/// waits its turn for a few seconds and is then told so.
public struct LabStore {
    /// The layout of the tables; a file of a newer one is refused.
    static let schemaVersion = 1
    /// Changes whenever the same inputs may lead to another world. Files of another one are replayed on request only.
    public static let behaviourVersion = 1
    /// Snapshots kept beside the newest.
    static let keptSnapshots = 24

    private let database: DatabaseQueue
    public let path: String

    /// What never changes in a lab.
    public struct Header: Sendable, Equatable {
        public var seed: UInt64
        public var scenarioName: String
        /// The scenario as it was read, so that a lab does not depend on the folder that it came from.
        public var scenario: String
        /// Manifests that the scenario applied, by file name.
        public var manifests: [(name: String, text: String)]
        /// The exercise's folder, empty for a lab without one.
        public var exercise: String
        public var behaviourVersion: Int

        public init(
            seed: UInt64, scenarioName: String, scenario: String, manifests: [(name: String, text: String)], exercise: String = "",
            behaviourVersion: Int = LabStore.behaviourVersion
        ) {
            self.seed = seed
            self.scenarioName = scenarioName
            self.scenario = scenario
            self.manifests = manifests
            self.exercise = exercise
            self.behaviourVersion = behaviourVersion
        }

        public static func == (left: Self, right: Self) -> Bool {
            left.seed == right.seed && left.scenario == right.scenario && left.exercise == right.exercise
                && left.manifests.elementsEqual(right.manifests, by: ==)
        }
    }

    /// A world at one point of a lab.
    public struct Snapshot: Sendable {
        /// How many inputs the world has seen.
        public var inputs: Int
        public var time: SimulationTime
        public var bytes: [UInt8]
        public var behaviourVersion: Int
    }

    /// Creates the file of a new lab.
    /// - Throws: `LabStoreError`, also if the file exists.
    public static func create(_ path: String, header: Header) throws -> LabStore {
        guard !fileExists(path) else { throw LabStoreError.exists(path) }
        let store = try LabStore(path: path, creating: true)
        try store.perform { database in
            try database.execute(
                sql: """
                    CREATE TABLE lab (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;
                    CREATE TABLE manifest (position INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL);
                    CREATE TABLE input (
                        number INTEGER PRIMARY KEY NOT NULL, time INTEGER NOT NULL, author TEXT NOT NULL, action BLOB NOT NULL);
                    CREATE TABLE snapshot (
                        inputs INTEGER PRIMARY KEY NOT NULL, time INTEGER NOT NULL, behaviour INTEGER NOT NULL, world BLOB NOT NULL);
                    """)
            let values = [
                ("schema", "\(schemaVersion)"), ("behaviour", "\(header.behaviourVersion)"), ("seed", "\(header.seed)"),
                ("scenarioName", header.scenarioName), ("scenario", header.scenario), ("exercise", header.exercise), ("head", "0"),
            ]
            for (key, value) in values {
                try database.execute(sql: "INSERT INTO lab (key, value) VALUES (?, ?)", arguments: [key, value])
            }
            for (position, manifest) in header.manifests.enumerated() {
                try database.execute(
                    sql: "INSERT INTO manifest (position, name, text) VALUES (?, ?, ?)",
                    arguments: [position, manifest.name, manifest.text])
            }
        }
        return store
    }

    /// Opens the file of a lab.
    /// - Throws: `LabStoreError` if it is missing, no lab, newer than this program, locked or damaged.
    public static func open(_ path: String) throws -> LabStore {
        guard fileExists(path) else { throw LabStoreError.missing(path) }
        let store = try LabStore(path: path, creating: false)
        let schema: String? = try store.perform { database in
            guard try database.tableExists("lab") else { return nil }
            return try String.fetchOne(database, sql: "SELECT value FROM lab WHERE key = 'schema'")
        }
        guard let schema, let version = Int(schema) else { throw LabStoreError.notALab(path) }
        guard version <= schemaVersion else { throw LabStoreError.newer(path, found: version, known: schemaVersion) }
        return store
    }

    private init(path: String, creating: Bool) throws {
        self.path = path
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.label = "lab"
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
        }
        do {
            database = try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw LabStoreError(error, path: path)
        }
    }

    /// Runs in one exclusive transaction; SQLite's errors become words about the lab.
    private func perform<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do {
            return try database.inTransactionReturning(body)
        } catch let error as DatabaseError {
            throw LabStoreError(error, path: path)
        }
    }

    // MARK: Reading

    public func header() throws -> Header {
        try perform { database in
            func value(_ key: String) throws -> String {
                try String.fetchOne(database, sql: "SELECT value FROM lab WHERE key = ?", arguments: [key]) ?? ""
            }
            guard let seed = UInt64(try value("seed")) else { throw LabStoreError.damaged(path, "it has no seed") }
            let rows = try Row.fetchAll(database, sql: "SELECT name, text FROM manifest ORDER BY position")
            return Header(
                seed: seed, scenarioName: try value("scenarioName"), scenario: try value("scenario"),
                manifests: rows.map { ($0["name"], $0["text"]) }, exercise: try value("exercise"),
                behaviourVersion: Int(try value("behaviour")) ?? 0)
        }
    }

    /// How many inputs the lab's present has seen; smaller than the number of inputs after a rewind.
    public func head() throws -> Int {
        try perform { database in
            Int(try String.fetchOne(database, sql: "SELECT value FROM lab WHERE key = 'head'") ?? "") ?? 0
        }
    }

    /// Inputs from one number up to another, exclusive.
    public func inputs(from first: Int = 0, to end: Int = .max) throws -> [LabInput] {
        try perform { database in
            try Row.fetchAll(
                database, sql: "SELECT time, author, action FROM input WHERE number >= ? AND number < ? ORDER BY number",
                arguments: [first, end]
            ).map { row in
                let bytes: [UInt8] = Array(row["action"] as Data)
                var reader = BinaryReader(bytes)
                guard let action = try? reader.read(LabInput.Action.self) else {
                    throw LabStoreError.damaged(path, "an input cannot be read")
                }
                return LabInput(time: SimulationTime(nanoseconds: row["time"]), action: action, author: row["author"])
            }
        }
    }

    /// The latest snapshot that has seen at most `inputs` inputs and is not later than `time`.
    public func snapshot(atMost inputs: Int, notAfter time: SimulationTime = .never) throws -> Snapshot? {
        try perform { database in
            try Row.fetchOne(
                database,
                sql: """
                    SELECT inputs, time, behaviour, world FROM snapshot WHERE inputs <= ? AND time <= ?
                    ORDER BY inputs DESC LIMIT 1
                    """, arguments: [inputs, time.nanoseconds]
            ).map { row in
                Snapshot(
                    inputs: row["inputs"], time: SimulationTime(nanoseconds: row["time"]), bytes: Array(row["world"] as Data),
                    behaviourVersion: row["behaviour"])
            }
        }
    }

    // MARK: Writing

    /// Commits inputs that follow the present, and the world after them. Inputs that a rewind left behind are gone.
    public func append(_ inputs: [LabInput], after head: Int, world bytes: [UInt8], time: SimulationTime) throws {
        try perform { database in
            let present = Int(try String.fetchOne(database, sql: "SELECT value FROM lab WHERE key = 'head'") ?? "") ?? 0
            guard present == head else { throw LabStoreError.changedMeanwhile(path) }
            try database.execute(sql: "DELETE FROM input WHERE number >= ?", arguments: [head])
            try database.execute(sql: "DELETE FROM snapshot WHERE inputs > ?", arguments: [head])
            for (offset, input) in inputs.enumerated() {
                var writer = BinaryWriter()
                writer.write(input.action)
                try database.execute(
                    sql: "INSERT INTO input (number, time, author, action) VALUES (?, ?, ?, ?)",
                    arguments: [head + offset, input.time.nanoseconds, input.author, Data(writer.bytes)])
            }
            try moveHead(database, to: head + inputs.count)
            try database.execute(
                sql: "INSERT OR REPLACE INTO snapshot (inputs, time, behaviour, world) VALUES (?, ?, ?, ?)",
                arguments: [head + inputs.count, time.nanoseconds, LabStore.behaviourVersion, Data(bytes)])
            try thin(database)
        }
    }

    /// Moves the present to another number of inputs, with its world. Inputs after it stay until something is appended.
    public func rewind(to inputs: [LabInput], keeping count: Int, world bytes: [UInt8], time: SimulationTime) throws {
        try perform { database in
            try database.execute(sql: "DELETE FROM snapshot WHERE inputs >= ?", arguments: [count])
            if let cut = inputs.first {
                var writer = BinaryWriter()
                writer.write(cut.action)
                try database.execute(sql: "DELETE FROM input WHERE number >= ?", arguments: [count])
                try database.execute(
                    sql: "INSERT INTO input (number, time, author, action) VALUES (?, ?, ?, ?)",
                    arguments: [count, cut.time.nanoseconds, cut.author, Data(writer.bytes)])
            }
            let head = count + (inputs.isEmpty ? 0 : 1)
            try moveHead(database, to: head)
            try database.execute(
                sql: "INSERT OR REPLACE INTO snapshot (inputs, time, behaviour, world) VALUES (?, ?, ?, ?)",
                arguments: [head, time.nanoseconds, LabStore.behaviourVersion, Data(bytes)])
        }
    }

    private func moveHead(_ database: Database, to head: Int) throws {
        try database.execute(sql: "UPDATE lab SET value = ? WHERE key = 'head'", arguments: ["\(head)"])
    }

    /// Keeps the newest snapshots and, of the older ones, every second again and again, so that a rewind far back
    /// replays little and the file stays small.
    private func thin(_ database: Database) throws {
        let numbers = try Int.fetchAll(database, sql: "SELECT inputs FROM snapshot ORDER BY inputs DESC")
        guard numbers.count > Self.keptSnapshots else { return }
        for (place, number) in numbers.enumerated() where place >= Self.keptSnapshots / 2 && place % 2 == 1 {
            try database.execute(sql: "DELETE FROM snapshot WHERE inputs = ?", arguments: [number])
        }
    }

    /// Copies the lab into a new file.
    public func copy(to path: String) throws {
        guard !fileExists(path) else { throw LabStoreError.exists(path) }
        do {
            let target = try DatabaseQueue(path: path)
            try database.backup(to: target)
        } catch let error as DatabaseError {
            throw LabStoreError(error, path: path)
        }
    }
}

extension DatabaseQueue {
    fileprivate func inTransactionReturning<Value>(_ body: (Database) throws -> Value) throws -> Value {
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
