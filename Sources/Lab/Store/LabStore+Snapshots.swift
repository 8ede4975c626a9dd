import Foundation
import GRDB
import Simulation

/// Snapshots in a lab's file, and beside them the parts that they share, each once under its hash.
extension LabStore {
    /// Writes the snapshot after so many inputs, in place of one that is there.
    static func insertSnapshot(
        _ database: Database, inputs: Int, world: WorldSnapshot, time: SimulationTime
    ) throws {
        try addChunkTables(database)
        try deleteSnapshot(database, inputs: inputs)
        try database.execute(
            sql: "INSERT INTO snapshot (inputs, time, behaviour, world) VALUES (?, ?, ?, ?)",
            arguments: [inputs, time.nanoseconds, behaviourVersion, Data(world.bytes)])
        for name in world.attachments.names {
            let hash = name.data
            let isThere =
                try Bool.fetchOne(database, sql: "SELECT 1 FROM chunk WHERE hash = ?", arguments: [hash]) ?? false
            if !isThere, let bytes = world.attachments[name] {
                try database.execute(
                    sql: "INSERT INTO chunk (hash, bytes) VALUES (?, ?)", arguments: [hash, Data(bytes)])
            }
            try database.execute(
                sql: "INSERT INTO snapshotChunk (inputs, hash) VALUES (?, ?)", arguments: [inputs, hash])
        }
    }

    /// Removes a snapshot and the parts that no other one has.
    static func deleteSnapshot(_ database: Database, inputs: Int) throws {
        if try database.tableExists("chunk") {
            try database.execute(
                sql: """
                    DELETE FROM chunk WHERE hash IN (SELECT hash FROM snapshotChunk WHERE inputs = ?)
                        AND NOT EXISTS (
                            SELECT 1 FROM snapshotChunk WHERE snapshotChunk.hash = chunk.hash AND inputs <> ?)
                    """, arguments: [inputs, inputs])
            try database.execute(sql: "DELETE FROM snapshotChunk WHERE inputs = ?", arguments: [inputs])
        }
        try database.execute(sql: "DELETE FROM snapshot WHERE inputs = ?", arguments: [inputs])
    }

    /// What lies beside a snapshot. Damaged parts are missing in it.
    static func attachments(_ database: Database, of inputs: Int) throws -> Attachments {
        var attachments = Attachments()
        guard try database.tableExists("chunk") else { return attachments }
        let rows = try Row.fetchCursor(
            database,
            sql: "SELECT hash, bytes FROM snapshotChunk JOIN chunk USING (hash) WHERE inputs = ?", arguments: [inputs])
        while let row = try rows.next() {
            guard let hash: Data = row["hash"], let bytes: Data = row["bytes"], let name = Attachments.Name(hash)
            else { continue }
            attachments.insert(Array(bytes), as: name)
        }
        return attachments
    }

    /// What a file of version 1 lacks.
    private static func addChunkTables(_ database: Database) throws {
        guard try !database.tableExists("chunk") else { return }
        try database.execute(
            sql: """
                CREATE TABLE chunk (hash BLOB PRIMARY KEY NOT NULL, bytes BLOB NOT NULL);
                CREATE TABLE snapshotChunk (
                    inputs INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (inputs, hash)) WITHOUT ROWID;
                CREATE INDEX snapshotOfChunk ON snapshotChunk (hash);
                UPDATE lab SET value = '\(schemaVersion)' WHERE key = 'schema';
                """)
    }
}

extension Attachments.Name {
    fileprivate var data: Data {
        var writer = BinaryWriter()
        writer.write(self)
        return Data(writer.bytes)
    }

    fileprivate init?(_ data: Data) {
        var reader = BinaryReader(Array(data))
        guard let name = try? reader.read(Attachments.Name.self), reader.isAtEnd else { return nil }
        self = name
    }
}
