import ContainerRuntime
import Simulation
import Testing

@testable import Workloads

@Suite struct DeterminismTests {
    static func world(seed: UInt64) -> Rig {
        var configuration = WorkloadsConfiguration.simple(compute: .exponential(mean: 0.02), rate: 90)
        configuration.traffic[0].patience = .lognormal(mu: 0, sigma: 0.8)
        configuration.traffic[0].retries = RetryPolicy(maximum: 2, budget: 0.2)
        var rig = Rig(configuration, seed: seed, hardware: NodeHardware(cpuMilli: 1500, memoryBytes: 8 << 30))
        rig.start("web", limit: 700, service: "default/web")
        rig.start("web", limit: 700, service: "default/web")
        rig.start("web", cpu: 100, service: "default/web")
        rig.run(seconds: 2)
        rig.begin()
        return rig
    }

    @Test func equalSeedsGiveEqualBytes() {
        var first = Self.world(seed: 7)
        var second = Self.world(seed: 7)
        var other = Self.world(seed: 8)
        first.run(seconds: 60)
        second.run(seconds: 60)
        other.run(seconds: 60)
        #expect(first.bytes == second.bytes)
        #expect(first.bytes != other.bytes)
        #expect(first.workloads.audit().isEmpty)
    }

    @Test func aRestoredWorldGoesOnToTheSameBytes() throws {
        var whole = Self.world(seed: 3)
        whole.run(seconds: 20)
        var reader = BinaryReader(whole.bytes)
        var restored = whole
        restored.workloads = try Workloads(from: &reader)
        #expect(reader.isAtEnd)
        #expect(restored.bytes == whole.bytes)
        whole.run(seconds: 40)
        restored.run(seconds: 40)
        #expect(restored.bytes == whole.bytes)
    }

    @Test func damagedSnapshotsAreErrors() {
        var rig = Self.world(seed: 1)
        rig.run(seconds: 2)
        let bytes = rig.bytes
        for cut in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 60)) {
            var reader = BinaryReader(Array(bytes[..<cut]))
            #expect(throws: BinaryDecodingError.self) { _ = try Workloads(from: &reader) }
        }
    }
}
