import Foundation
import Testing

@testable import Lab

extension DeterminismTests {
    /// Digests that a machine wrote down: they tell when the world's behaviour changes, and that another processor and
    /// another build agree.
    ///
    /// A change of behaviour is welcome; then `KUBELAB_UPDATE_GOLDEN=1 swift test --filter goldenDigests` writes the
    /// new ones, and the commit says why they changed.
    @Test func goldenDigests() throws {
        let file = Repository.root.appendingPathComponent("fixtures/determinism/digests.json")
        var digests: [String: String] = [:]
        for sample in Self.samples {
            digests[sample.name] = try Self.straight(sample).stateDigest
        }
        if ProcessInfo.processInfo.environment["KUBELAB_UPDATE_GOLDEN"] != nil {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try (encoder.encode(digests) + Data("\n".utf8)).write(to: file)
        }
        let golden = try JSONDecoder().decode([String: String].self, from: try Data(contentsOf: file))
        #expect(
            digests == golden,
            "behaviour has changed; if that is meant: KUBELAB_UPDATE_GOLDEN=1 swift test --filter goldenDigests, and say why in the commit"
        )
    }
}
