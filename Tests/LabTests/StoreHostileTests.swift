import Foundation
import Simulation
import Testing

@testable import Lab

/// Files that are no labs, labs that are damaged, disks that are full: an error in words, and nothing lost.
@Suite struct StoreHostileTests {
    private let rig: StoreRig

    init() throws { rig = try StoreRig() }

    private func failure(_ body: () throws -> Void) -> LabStoreError? {
        do {
            try body()
            return nil
        } catch {
            return error as? LabStoreError
        }
    }

    @Test func aMissingFileSaysHowToBegin() {
        let error = failure { _ = try rig.open() }
        #expect(error == .missing(rig.lab))
        #expect(error?.description.contains("kubelab start") == true)
    }

    @Test func anExistingFileIsNeverOverwritten() throws {
        try Data("mine".utf8).write(to: URL(fileURLWithPath: rig.lab))
        #expect(failure { try rig.create() } == .exists(rig.lab))
        #expect(try String(contentsOfFile: rig.lab, encoding: .utf8) == "mine")
    }

    @Test(arguments: ["", "hello", String(repeating: "SQLite format 3\u{0}", count: 100)])
    func aFileThatIsNoDatabaseIsNoLab(content: String) throws {
        try Data(content.utf8).write(to: URL(fileURLWithPath: rig.lab))
        let error = try #require(failure { _ = try rig.open() })
        switch error {
        case .notALab, .damaged: break
        default: #expect(Bool(false), "\(error)")
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: rig.lab)) == Data(content.utf8), "it was left as it was")
    }

    @Test func aFolderIsNoLab() throws {
        try FileManager.default.createDirectory(atPath: rig.lab, withIntermediateDirectories: true)
        #expect(failure { _ = try rig.open() } != nil)
    }

    @Test func aTruncatedFileIsDamagedOrStillRight() throws {
        try rig.createUsed()
        let whole = try Data(contentsOf: URL(fileURLWithPath: rig.lab))
        let digest = try rig.open().world.stateDigest
        var refused = 0
        for length in stride(from: 0, to: whole.count, by: max(1, whole.count / 40)) {
            try whole.prefix(length).write(to: URL(fileURLWithPath: rig.lab))
            do {
                let session = try rig.open()
                // A snapshot may be lost; the inputs then lead to the same world, or the lab is refused.
                #expect(session.world.stateDigest == digest)
            } catch is LabStoreError {
                refused += 1
            }
        }
        #expect(refused > 30)
    }

    @Test func flippedBytesNeverTrap() throws {
        try rig.createUsed()
        let whole = try Data(contentsOf: URL(fileURLWithPath: rig.lab))
        var random = RandomStream(seed: 5, name: "flips")
        for _ in 0..<60 {
            var damaged = whole
            for _ in 0..<(1 + Int(random.below(30))) {
                damaged[Int(random.below(UInt64(damaged.count)))] = UInt8(truncatingIfNeeded: random.next())
            }
            try damaged.write(to: URL(fileURLWithPath: rig.lab))
            do { _ = try rig.open().inputs() } catch is LabStoreError {} catch is RunError {}
        }
    }

    @Test func aNewerFormatIsRefused() throws {
        try rig.createUsed()
        try SQLiteShell.run(rig.lab, "UPDATE lab SET value = '99' WHERE key = 'schema'")
        let error = failure { _ = try rig.open() }
        #expect(error == .newer(rig.lab, found: 99, known: LabStore.schemaVersion))
        #expect(error?.description.contains("newer kubelab") == true)
    }

    @Test func anotherBehaviourIsRefusedOrReplayedOnRequest() throws {
        try rig.createUsed()
        let digest = try rig.open().world.stateDigest
        try SQLiteShell.run(
            rig.lab, "UPDATE lab SET value = '0' WHERE key = 'behaviour'; UPDATE snapshot SET behaviour = 0")
        let error = failure { _ = try rig.open() }
        #expect(error == .otherBehaviour(rig.lab, found: 0, known: LabStore.behaviourVersion))
        #expect(error?.description.contains("--replay") == true)
        #expect(try LabSession.open(rig.lab, for: .writing, replayed: true).world.stateDigest == digest)
        #expect(try rig.open().world.stateDigest == digest, "from then on it is a lab of this version")
    }

    @Test func tablesThatAreMissingOrHoldNonsenseAreDamage() throws {
        for sql in [
            "DROP TABLE input", "DROP TABLE snapshot", "DROP TABLE lab", "DELETE FROM lab WHERE key = 'seed'",
            "UPDATE lab SET value = 'x' WHERE key = 'scenario'", "UPDATE input SET action = x'ff'",
            "UPDATE lab SET value = '-5' WHERE key = 'head'", "UPDATE input SET action = x'01'; DELETE FROM snapshot",
        ] {
            try? FileManager.default.removeItem(atPath: rig.lab)
            try rig.createUsed()
            try SQLiteShell.run(rig.lab, sql)
            do {
                var session = try rig.open(.writing)
                _ = try session.advance(to: .zero + .seconds(31))
                #expect(sql == "UPDATE input SET action = x'ff'", "only damage to the past may pass unseen: \(sql)")
            } catch {
                #expect(error is LabStoreError, "\(sql): \(error)")
            }
        }
    }

    @Test func aFullDiskLosesNothing() throws {
        try rig.createUsed()
        let digest = try rig.open().world.stateDigest
        var session = try rig.open(.writing)
        try session.store.limitPages(to: 1)
        session.apply(StoreRig.deployment(replicas: 9))
        let error = failure { _ = try session.advance(to: .zero + .minutes(20)) }
        #expect(error == .full(rig.lab))
        #expect(error?.description.contains("disk is full") == true)
        #expect(try rig.open().world.stateDigest == digest)
    }

    @Test func aFolderThatCannotBeWrittenSaysSo() throws {
        let path = "/proc/lab.kubelab"
        let error = failure { _ = try LabSession.create(path, scenario: try StoreRig.file(), seed: 1) }
        #expect(error == .readOnly(path))
    }

    @Test func twoWritersTakeTurns() throws {
        try rig.createUsed()
        var first: LabSession? = try rig.open(.writing)
        #expect(first != nil)
        let path = rig.lab
        #expect(throws: LabStoreError.busy(path)) { _ = try LabLock(path, patience: 0.05) }
        // Readers need not wait.
        #expect(try rig.open(.reading).now == .zero + .seconds(30))
        first = nil
        _ = try LabLock(path, patience: 0.05)
    }

    @Test func aSessionForReadingCannotWrite() throws {
        try rig.createUsed()
        var session = try rig.open(.reading)
        session.apply(StoreRig.deployment(replicas: 9))
        #expect(failure { try session.commit() } != nil)
        #expect(try rig.open().world.cluster.context.store.deployments.named("shop/web")?.spec.replicas == 2)
    }
}
