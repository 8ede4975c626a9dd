import Foundation
import GRDB
import Simulation
import Testing

@testable import Lab

/// Snapshots of a lab with Prometheus share what is sealed: each chunk stands in the file once, and goes with the last
/// snapshot that has it.
@Suite struct SharedChunksTests {
    private let rig: StoreRig

    init() throws { rig = try StoreRig() }

    /// Hours of a monitored service with a user now and then.
    private static let scenario = StoreRig.scenario.replacing("rate: 2", with: "rate: 0.02").replacing(
        "manifests: [service.yaml]",
        with: """
            manifests: [service.yaml]
            monitoring:
              prometheus: |
                global: {scrape_interval: 1m}
                scrape_configs:
                - {job_name: cadvisor, scheme: https, metrics_path: /metrics/cadvisor, kubernetes_sd_configs: [{role: node}]}
            """)

    private func lab(hours: Int64, _ text: String = Self.scenario) throws -> LabSession {
        let scenario = ScenarioFile(
            scenario: try ScenarioFile.parse(text, file: "monitored.yaml"), text: text,
            manifests: [("service.yaml", StoreRig.service)])
        var session = try LabSession.create(rig.lab, scenario: scenario, seed: 3)
        _ = try session.advance(to: .zero + .hours(hours))
        return session
    }

    private func numbers(_ sql: String) throws -> [Int] {
        try DatabaseQueue(path: rig.lab).read { try Int.fetchAll($0, sql: sql) }
    }

    private func whatIsThereIsNeeded() throws {
        #expect(
            try numbers("SELECT count(*) FROM chunk WHERE hash NOT IN (SELECT hash FROM snapshotChunk)") == [0])
        #expect(
            try numbers("SELECT count(*) FROM snapshotChunk WHERE hash NOT IN (SELECT hash FROM chunk)") == [0])
        #expect(
            try numbers("SELECT count(*) FROM snapshotChunk WHERE inputs NOT IN (SELECT inputs FROM snapshot)") == [0])
    }

    @Test func eachChunkStandsInTheFileOnce() throws {
        let session = try lab(hours: 9)
        try whatIsThereIsNeeded()
        let references = try numbers("SELECT count(*) FROM snapshotChunk")[0]
        let chunks = try numbers("SELECT count(*) FROM chunk")[0]
        #expect(chunks > 2 && references > 8 * chunks, "\(chunks) for \(references)")
        // What a snapshot has in place is a part of what it has in all.
        let snapshot = session.world.snapshot()
        #expect(snapshot.bytes.count < session.world.encode().count)
        let again = try rig.open()
        #expect(again.world.encode() == session.world.encode())
    }

    /// Every snapshot of a day names the spans of the hours before it.
    @Test func spansLieBesideAsWell() throws {
        let text = Self.scenario.replacing("rate: 0.02", with: "rate: 0.3").replacing(
            "monitoring:\n", with: "monitoring:\n  traces: {retention: 24h, limit: 1000000}\n")
        var session = try lab(hours: 6, text)
        let spans = session.world.workloads.callSpans(now: session.world.now)
        #expect(spans.count > 6 * 1_024)
        try whatIsThereIsNeeded()
        var writer = BinaryWriter()
        for span in spans { writer.write(span) }
        // All of them once, and of each snapshot at most the group that was growing.
        let snapshots = try numbers("SELECT count(*) FROM snapshot")[0]
        let stored = try numbers("SELECT sum(length(bytes)) FROM chunk")[0]
        #expect(snapshots > 3 && stored < 2 * writer.bytes.count + snapshots * writer.bytes.count / 6)
        #expect(try rig.open().world.stateDigest == session.world.stateDigest)
        _ = try session.advance(to: .zero + .hours(7))
        let again = try rig.open().world
        #expect(again.encode() == session.world.encode())
        #expect(again.workloads.callSpans(now: again.now).count > spans.count)
    }

    @Test func goingBackTakesAwayWhatWasAfterIt() throws {
        var session = try lab(hours: 7)
        let before = try numbers("SELECT sum(length(bytes)) FROM chunk")[0]
        try session.rewind(to: .zero + .hours(3))
        try whatIsThereIsNeeded()
        #expect(try numbers("SELECT sum(length(bytes)) FROM chunk")[0] < before)
        #expect(try rig.open().world.stateDigest == session.world.stateDigest)
        try session.reset()
        try whatIsThereIsNeeded()
    }

    @Test func aDamagedChunkCostsTimeOnly() throws {
        let session = try lab(hours: 5)
        for sql in [
            "UPDATE chunk SET bytes = x'0102' WHERE hash = (SELECT max(hash) FROM chunk)",
            "DELETE FROM chunk WHERE hash = (SELECT min(hash) FROM chunk)", "DELETE FROM chunk",
        ] {
            try SQLiteShell.run(rig.lab, sql)
            #expect(try rig.open().world.stateDigest == session.world.stateDigest, "\(sql)")
        }
    }

    @Test func aFileOfBeforeGoesOn() throws {
        let digest: String
        let bytes: Data
        do {
            let session = try lab(hours: 4)
            digest = session.world.stateDigest
            // As kubelab wrote it: everything in the snapshot, and no tables beside.
            bytes = Data(session.world.encode())
        }
        try DatabaseQueue(path: rig.lab).write { database in
            try database.execute(
                sql: "UPDATE snapshot SET world = ? WHERE inputs = (SELECT max(inputs) FROM snapshot)",
                arguments: [bytes])
            try database.execute(
                sql: """
                    DELETE FROM snapshot WHERE inputs < (SELECT max(inputs) FROM snapshot);
                    DROP TABLE snapshotChunk; DROP TABLE chunk; UPDATE lab SET value = '1' WHERE key = 'schema'
                    """)
        }
        let old = try LabSession.open(rig.lab, for: .reading)
        #expect(old.world.stateDigest == digest)
        #expect(try numbers("SELECT count(*) FROM snapshot") == [1])
        var session = try LabSession.open(rig.lab, for: .writing)
        _ = try session.advance(to: .zero + .hours(5))
        try whatIsThereIsNeeded()
        #expect(try numbers("SELECT value FROM lab WHERE key = 'schema'") == [LabStore.schemaVersion])
        #expect(try rig.open().world.stateDigest == session.world.stateDigest)
    }
}
