import Foundation
import GRDB
import Simulation

/// One lab on disk: a SQLite file with the seed, the scenario, every input in order, and snapshots.
///
/// Inputs and the snapshot after them are committed in one transaction before anything is answered, so that a kill at
/// any moment loses nothing that was acknowledged. SQLite's rollback journal, not its write-ahead log: a lab stays one
/// file, and can be read in a folder that cannot be written.
public struct LabStore: Sendable {
    /// The layout of the tables; a file of a newer one is refused. Version 2 keeps parts of snapshots beside them; a file of
    /// version 1 is read as it is and becomes one of version 2 with its next snapshot.
    static let schemaVersion = 2
    /// Changes whenever the same inputs may lead to another world. Files of another one are replayed on request only.
    public static let behaviourVersion = 4

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
        /// Whose variant of the exercise it is; empty for the standard one.
        public var student: String
        /// The cluster's wall clock at the beginning, RFC 3339, in place of the scenario's; empty for that.
        public var start: String
        public var behaviourVersion: Int

        public init(
            seed: UInt64, scenarioName: String, scenario: String, manifests: [(name: String, text: String)],
            exercise: String = "", student: String = "", start: String = "",
            behaviourVersion: Int = LabStore.behaviourVersion
        ) {
            self.seed = seed
            self.scenarioName = scenarioName
            self.scenario = scenario
            self.manifests = manifests
            self.exercise = exercise
            self.student = student
            self.start = start
            self.behaviourVersion = behaviourVersion
        }

        public static func == (left: Self, right: Self) -> Bool {
            left.seed == right.seed && left.scenario == right.scenario && left.exercise == right.exercise
                && left.manifests.elementsEqual(right.manifests, by: ==)
        }
    }

    /// Creates the file of a new lab, with its world at time zero.
    /// - Throws: `LabStoreError`, also if the file exists.
    public static func create(_ path: String, header: Header, world: WorldSnapshot) throws -> LabStore {
        guard !fileExists(path) else { throw LabStoreError.exists(path) }
        do {
            let store = try LabStore(path: path, readOnly: false)
            try store.write { database in try fill(database, header: header, world: world) }
            return store
        } catch {
            // Half a lab helps nobody; SQLite leaves an empty file when the transaction fails.
            removeLeftovers(of: path)
            throw error
        }
    }

    private static func fill(_ database: Database, header: Header, world: WorldSnapshot) throws {
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
            ("scenarioName", header.scenarioName), ("scenario", header.scenario), ("exercise", header.exercise),
            ("student", header.student), ("start", header.start), ("head", "0"),
        ]
        for (key, value) in values {
            try database.execute(sql: "INSERT INTO lab (key, value) VALUES (?, ?)", arguments: [key, value])
        }
        for (position, manifest) in header.manifests.enumerated() {
            try database.execute(
                sql: "INSERT INTO manifest (position, name, text) VALUES (?, ?, ?)",
                arguments: [position, manifest.name, manifest.text])
        }
        try insertSnapshot(database, inputs: 0, world: world, time: .zero)
    }

    /// Opens the file of a lab.
    /// - Throws: `LabStoreError` if it is missing, no lab, newer than this program, locked or damaged.
    public static func open(_ path: String, readOnly: Bool = false) throws -> LabStore {
        guard fileExists(path) else { throw LabStoreError.missing(path) }
        let store = try LabStore(path: path, readOnly: readOnly)
        let schema: String? = try store.read { database in
            guard try database.tableExists("lab") else { return nil }
            return try String.fetchOne(database, sql: "SELECT value FROM lab WHERE key = 'schema'")
        }
        guard let schema, let version = Int(schema) else { throw LabStoreError.notALab(path) }
        guard version <= schemaVersion else { throw LabStoreError.newer(path, found: version, known: schemaVersion) }
        return store
    }

    private init(path: String, readOnly: Bool) throws {
        self.path = path
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.label = "lab"
        // A reader that may write rolls back what a killed process left half written.
        let folder = (path as NSString).deletingLastPathComponent
        configuration.readonly =
            readOnly && (access(path, W_OK) != 0 || access(folder.isEmpty ? "." : folder, W_OK) != 0)
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        do {
            database = try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw LabStoreError(error, path: path)
        }
    }

    /// Runs in one exclusive transaction; SQLite's errors become words about the lab.
    private func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do {
            return try database.inTransactionReturning(body)
        } catch let error as DatabaseError {
            throw LabStoreError(error, path: path)
        }
    }

    /// Runs in one transaction that sees one state of the file and changes nothing.
    private func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do {
            return try database.read(body)
        } catch let error as DatabaseError {
            throw LabStoreError(error, path: path)
        }
    }

    // MARK: Reading

    public func header() throws -> Header {
        try read { database in
            func value(_ key: String) throws -> String {
                try String.fetchOne(database, sql: "SELECT value FROM lab WHERE key = ?", arguments: [key]) ?? ""
            }
            guard let seed = UInt64(try value("seed")) else { throw LabStoreError.damaged(path, "it has no seed") }
            let manifests = try Row.fetchAll(database, sql: "SELECT name, text FROM manifest ORDER BY position").map {
                row in
                guard let name: String = row["name"], let text: String = row["text"] else {
                    throw LabStoreError.damaged(path, "a manifest cannot be read")
                }
                return (name: name, text: text)
            }
            return Header(
                seed: seed, scenarioName: try value("scenarioName"), scenario: try value("scenario"),
                manifests: manifests, exercise: try value("exercise"), student: try value("student"),
                start: try value("start"),
                behaviourVersion: Int(try value("behaviour")) ?? 0)
        }
    }

    /// How many inputs the lab's present has seen.
    public func head() throws -> Int {
        try read { database in
            let head = try Self.head(database)
            guard try Int.fetchOne(database, sql: "SELECT count(*) FROM input") == head else {
                throw LabStoreError.damaged(path, "inputs are missing")
            }
            return head
        }
    }

    private static func head(_ database: Database) throws -> Int {
        Int(try String.fetchOne(database, sql: "SELECT value FROM lab WHERE key = 'head'") ?? "") ?? 0
    }

    /// Inputs from one number up to another, exclusive.
    public func inputs(from first: Int = 0, to end: Int = .max) throws -> [LabInput] {
        try read { database in try inputs(database, from: first, to: end) }
    }

    private func inputs(_ database: Database, from first: Int, to end: Int) throws -> [LabInput] {
        try Row.fetchAll(
            database, sql: "SELECT time, author, action FROM input WHERE number >= ? AND number < ? ORDER BY number",
            arguments: [first, end]
        ).map { row in
            guard let time: Int64 = row["time"], let author: String = row["author"], let data: Data = row["action"]
            else {
                throw LabStoreError.damaged(path, "an input cannot be read")
            }
            var reader = BinaryReader(Array(data))
            guard let action = try? reader.read(LabInput.Action.self) else {
                throw LabStoreError.damaged(path, "an input cannot be read")
            }
            return LabInput(time: SimulationTime(nanoseconds: time), action: action, author: author)
        }
    }

    /// The past, from the latest usable snapshot that has seen at most `inputs` inputs and is not later than an
    /// instant, with the inputs that follow. A snapshot that cannot be read is passed over: a lab is its inputs.
    /// - Parameter time: before zero for a replay from the very beginning, without any snapshot.
    func replay(scenario: ScenarioFile, seed: UInt64, inputs head: Int, notAfter time: SimulationTime = .never) throws
        -> Replay
    {
        try read { database in
            let numbers = try Int.fetchAll(
                database,
                sql:
                    "SELECT inputs FROM snapshot WHERE inputs <= ? AND time <= ? AND behaviour = ? ORDER BY inputs DESC",
                arguments: [head, time.nanoseconds, Self.behaviourVersion])
            for number in numbers {
                guard
                    let data = try Data.fetchOne(
                        database, sql: "SELECT world FROM snapshot WHERE inputs = ?", arguments: [number])
                else {
                    continue
                }
                let faults = try faults(database, before: number, scenario.scenario)
                guard
                    let world = try? World(
                        decoding: Array(data), attachments: try Self.attachments(database, of: number),
                        scenario: scenario.scenario, additionalFaults: faults)
                else { continue }
                return Replay(world: world, seen: number, coming: try inputs(database, from: number, to: head))
            }
            return Replay(
                world: try firstWorld(scenario, seed), seen: 0, coming: try inputs(database, from: 0, to: head))
        }
    }

    private func firstWorld(_ scenario: ScenarioFile, _ seed: UInt64) throws -> World {
        do { return try scenario.world(seed: seed) } catch {
            throw LabStoreError.damaged(path, "its scenario makes no world (\(error))")
        }
    }

    /// The faults that inputs added, in order. The first byte of such an action is 2.
    private func faults(_ database: Database, before number: Int, _ scenario: Scenario) throws -> [FaultDescription] {
        try Data.fetchAll(
            database, sql: "SELECT action FROM input WHERE number < ? AND substr(action, 1, 1) = x'02' ORDER BY number",
            arguments: [number]
        ).map { data in
            var reader = BinaryReader(Array(data))
            guard case .fault(let text)? = try? reader.read(LabInput.Action.self) else {
                throw LabStoreError.damaged(path, "a fault cannot be read")
            }
            return try FaultDescription.parse(text, file: "fault", namespace: scenario.namespace)
        }
    }

    // MARK: Writing

    /// Commits inputs that follow the present, and the world after them if it is given.
    /// - Throws: `LabStoreError.changedMeanwhile` if the file's present is not `head`.
    public func append(_ inputs: [LabInput], after head: Int, world: WorldSnapshot?, time: SimulationTime) throws {
        try write { database in
            guard try Self.head(database) == head else { throw LabStoreError.changedMeanwhile(path) }
            try Self.insert(database, inputs, at: head)
            if let world {
                try Self.insertSnapshot(database, inputs: head + inputs.count, world: world, time: time)
                try thin(database)
            }
        }
    }

    /// Moves the present back to a number of inputs and then to its exact instant; what came after is gone.
    func rewind(keeping count: Int, then inputs: [LabInput], world: WorldSnapshot, time: SimulationTime) throws {
        try write { database in
            for later in try Int.fetchAll(
                database, sql: "SELECT inputs FROM snapshot WHERE inputs > ?", arguments: [count])
            {
                try Self.deleteSnapshot(database, inputs: later)
            }
            try database.execute(sql: "DELETE FROM input WHERE number >= ?", arguments: [count])
            try Self.insert(database, inputs, at: count)
            try Self.insertSnapshot(database, inputs: count + inputs.count, world: world, time: time)
        }
    }

    /// Takes over a lab of another behaviour version, with the world that its inputs lead to now.
    func adopt(behaviour: Int, world: WorldSnapshot, head: Int, time: SimulationTime) throws {
        try write { database in
            for old in try Int.fetchAll(database, sql: "SELECT inputs FROM snapshot") {
                try Self.deleteSnapshot(database, inputs: old)
            }
            try database.execute(sql: "UPDATE lab SET value = ? WHERE key = 'behaviour'", arguments: ["\(behaviour)"])
            try Self.insertSnapshot(database, inputs: head, world: world, time: time)
        }
    }

    private static func insert(_ database: Database, _ inputs: [LabInput], at head: Int) throws {
        for (offset, input) in inputs.enumerated() {
            var writer = BinaryWriter()
            writer.write(input.action)
            try database.execute(
                sql: "INSERT INTO input (number, time, author, action) VALUES (?, ?, ?, ?)",
                arguments: [head + offset, input.time.nanoseconds, input.author, Data(writer.bytes)])
        }
        try database.execute(sql: "UPDATE lab SET value = ? WHERE key = 'head'", arguments: ["\(head + inputs.count)"])
    }

    /// Thins snapshots by their age in simulated time, so that a rewind replays little and the file stays small.
    private func thin(_ database: Database) throws {
        let rows = try Row.fetchAll(database, sql: "SELECT inputs, time FROM snapshot ORDER BY inputs DESC")
        let known = rows.compactMap { row -> (inputs: Int, time: SimulationTime)? in
            guard let inputs: Int = row["inputs"], let time: Int64 = row["time"] else { return nil }
            return (inputs, SimulationTime(nanoseconds: time))
        }
        let kept = SnapshotThinning.kept(known.map(\.time))
        for (place, snapshot) in known.enumerated() where !kept.contains(place) {
            try Self.deleteSnapshot(database, inputs: snapshot.inputs)
        }
    }

    /// Limits the file's growth, as a disk without room does.
    func limitPages(to count: Int) throws {
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = \(count)") }
    }

    /// Runs statements as they are; for tests that damage a lab.
    func execute(_ sql: String) throws { try database.writeWithoutTransaction { try $0.execute(sql: sql) } }

    /// Copies the lab into a new file; when that fails, nothing is left of it.
    public func copy(to path: String) throws {
        guard !fileExists(path) else { throw LabStoreError.exists(path) }
        do {
            let target = try DatabaseQueue(path: path)
            try database.backup(to: target)
            try target.close()
        } catch {
            Self.removeLeftovers(of: path)
            throw LabStoreError(error, path: path)
        }
    }

    private static func removeLeftovers(of path: String) {
        for leftover in [path, path + "-journal"] where fileExists(leftover) { unlink(leftover) }
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
