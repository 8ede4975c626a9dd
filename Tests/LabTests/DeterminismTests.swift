import Foundation
import KubernetesAPI
import Simulation
import Testing

@testable import Lab

/// Equal seeds and inputs give equal worlds, to the byte, however the time between is cut up.
@Suite struct DeterminismTests {
    /// One way to make a world and how long it runs.
    struct Sample: Sendable, CustomTestStringConvertible {
        var name: String
        var scenario: String
        var manifests: [String]
        var seed: UInt64
        var end: Duration

        var testDescription: String { name }

        func world() throws -> World { try World.load(scenario, applying: manifests, seed: seed) }

        var finish: SimulationTime { .zero + end }
    }

    static let samples = [
        Sample(
            name: "scale-on-cpu", scenario: "labs/4-autoscaling/4.3-scale-on-cpu",
            manifests: ["labs/4-autoscaling/4.3-scale-on-cpu/solution/gateway.yaml"], seed: 43, end: .seconds(100)),
        Sample(
            name: "support-desk", scenario: "fixtures/determinism/support-desk", manifests: [], seed: 7,
            end: .minutes(11)),
    ]

    /// What one run from beginning to end came to, for the tests that come there in other ways.
    static let straight: [String: Result<World, any Error>] = Dictionary(
        uniqueKeysWithValues: samples.map { sample in
            (
                sample.name,
                Result {
                    var world = try sample.world()
                    try world.advance(to: sample.finish)
                    return world
                }
            )
        })

    static func straight(_ sample: Sample) throws -> World { try #require(straight[sample.name]).get() }

    @Test(arguments: samples) func twoRunsAreEqual(sample: Sample) throws {
        let first = try Self.straight(sample)
        var second = try sample.world()
        try second.advance(to: sample.finish)
        #expect(first.stateDigest == second.stateDigest)
        #expect(first.counts.total > 1_000, "a world in which little happens proves little")
        #expect(first.audit() == [])
    }

    @Test(arguments: samples) func anotherSeedMakesAnotherWorld(sample: Sample) throws {
        var (one, other) = (
            try sample.world(), try World.load(sample.scenario, applying: sample.manifests, seed: sample.seed + 1)
        )
        try one.advance(to: .zero + .seconds(20))
        try other.advance(to: .zero + .seconds(20))
        #expect(one.stateDigest != other.stateDigest)
    }

    @Test(arguments: samples) func itDoesNotMatterHowTimeIsCutUp(sample: Sample) throws {
        var cut = try sample.world()
        var random = RandomStream(seed: sample.seed, name: "cuts")
        while cut.now < sample.finish {
            try cut.advance(to: min(sample.finish, cut.now + .milliseconds(Int64(random.below(3_000)))))
        }
        #expect(cut.stateDigest == (try Self.straight(sample)).stateDigest)
    }

    @Test(arguments: samples) func aRestoredWorldGoesOnAsIfNothingHadBeen(sample: Sample) throws {
        var restored = try sample.world()
        var random = RandomStream(seed: sample.seed, name: "snapshots")
        while restored.now < sample.finish {
            // Stops between two events, also of one instant.
            var left = 1 + Int(random.below(2_500))
            let end = min(sample.finish, restored.now + .seconds(Int64(1 + random.below(40))))
            try restored.advance(to: end) { _ in
                left -= 1
                return left == 0
            }
            let copy = try restored.restored()
            #expect(copy.encode() == restored.encode(), "at \(restored.now.seconds) s")
            restored = copy
        }
        #expect(restored.stateDigest == (try Self.straight(sample)).stateDigest)
    }

    @Test(arguments: samples) func aForkAndItsOriginalAgree(sample: Sample) throws {
        var original = try sample.world()
        try original.advance(to: SimulationTime(nanoseconds: sample.finish.nanoseconds / 2))
        var fork = original
        // The fork runs first: nothing of it may leak into what it was copied from.
        try fork.advance(to: sample.finish)
        try original.advance(to: sample.finish)
        let straight = try Self.straight(sample).stateDigest
        #expect(fork.stateDigest == straight)
        #expect(original.stateDigest == straight)
    }
}
