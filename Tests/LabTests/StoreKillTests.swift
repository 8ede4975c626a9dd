import Foundation
import KubernetesAPI
import Simulation
import Testing

@testable import Lab

/// `kill -9` at random moments of commands that change a lab: nothing that was acknowledged is lost, and what is there
/// is whole. 200 kills; `KUBELAB_KILLS` says otherwise.
///
/// Needs the program: `KUBELAB_BINARY`, else the debug build beside this test, else the suite is skipped.
@Suite(.enabled(if: Program.path != nil, "no kubelab binary was built")) struct StoreKillTests {
    private let rig: StoreRig

    init() throws { rig = try StoreRig() }

    private static let kills = ProcessInfo.processInfo.environment["KUBELAB_KILLS"].flatMap(Int.init) ?? 200

    @Test func nothingAcknowledgedIsEverLost() throws {
        let program = try #require(Program.path)
        try rig.createUsed()
        try StoreRig.deployment(replicas: 2).write(toFile: rig.path("web.yaml"), atomically: true, encoding: .utf8)
        var longest = try timed { _ = try Program.run(program, ["advance", "20s", "--lab", rig.lab]) }
        var random = RandomStream(seed: 11, name: "kills")
        var acknowledged = try rig.open().inputs()
        var interrupted = 0
        for kill in 0..<Self.kills {
            let arguments = try command(number: kill, &random)
            // From before the file is opened until after the command has ended.
            let delay = longest * 1.5 * random.unit()
            let ended = try Program.run(program, arguments + ["--lab", rig.lab], killAfter: delay)
            if ended == nil { interrupted += 1 }
            // The machine's speed changes: come earlier after a kill that came too late, later after one in time.
            longest *= ended == nil ? 1.1 : 0.8
            let session = try rig.open()
            let inputs = try session.inputs()
            #expect(
                Array(inputs.prefix(acknowledged.count)) == acknowledged,
                "acknowledged inputs are there, in order (kill \(kill))")
            if ended == 0 {
                #expect(inputs.count > acknowledged.count, "an acknowledged command is there (kill \(kill))")
            }
            acknowledged = inputs
            if kill % 5 == 4 || ended == nil {
                #expect(
                    session.world.stateDigest == (try session.replayedDigest()),
                    "the present follows from the inputs (kill \(kill))")
            }
            // Time would make each replay longer than the one before.
            if session.now > .zero + .minutes(4) {
                try FileManager.default.removeItem(atPath: rig.lab)
                try rig.createUsed()
                acknowledged = try rig.open().inputs()
            }
        }
        #expect(interrupted > Self.kills / 10, "kills that come too late prove nothing")
    }

    private func command(number: Int, _ random: inout RandomStream) throws -> [String] {
        guard number % 3 == 0, Program.knowsApply else { return ["advance", "20s"] }
        let manifest = StoreRig.deployment(replicas: 1 + Int(random.below(4))).replacingOccurrences(
            of: "metadata: {name: web}", with: "metadata: {name: web, annotations: {kill: \"\(number)\"}}")
        try manifest.write(toFile: rig.path("web.yaml"), atomically: true, encoding: .utf8)
        return ["apply", "-f", rig.path("web.yaml")]
    }

    private func timed(_ body: () throws -> Void) rethrows -> Double {
        let begin = Date()
        try body()
        return Date().timeIntervalSince(begin)
    }
}
