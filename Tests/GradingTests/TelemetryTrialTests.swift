import Foundation
import Lab
import PromQL
import Simulation
import Testing

@testable import Grading

/// A trial as a lab has what a hand-in about telemetry adds to the world, also when the lab is opened again.
@Suite struct TelemetryTrialTests {
    private func opened(_ name: String, changing change: (inout Submission) -> Void = { _ in }) throws -> World {
        let folder = Repository.path("labs/1-observability/\(name)")
        let exercise = try Exercise.read(folder)
        var (submission, faults) = Submission.read(folder + "/solution", for: exercise)
        #expect(faults.isEmpty)
        change(&submission)
        let path = NSTemporaryDirectory() + "trial-\(UUID().uuidString).kubelab"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let made = try TrialLab.create(path, exercise, submission, seed: 1, until: .zero + .minutes(6))
        let again = try LabSession.open(path, for: .reading)
        #expect(again.world.stateDigest == made.session.world.stateDigest)
        return again.world
    }

    @Test func histogramsHaveTheBoundsOfTheHandIn() throws {
        let world = try opened("1.3-slo") { submission in
            for index in submission.files.indices where submission.files[index].name == "buckets.yaml" {
                submission.files[index].text = "buckets: [0.3, 0.5, 8]\n"
            }
        }
        let store = try #require(world.monitoring?.prometheus.store)
        #expect(store.labelValues("le") == ["+Inf", "0.3", "0.5", "8.0"])
    }

    @Test func rulesAreEvaluated() throws {
        let world = try opened("1.4-burn-rate")
        let groups = try #require(world.monitoring?.prometheus.groups)
        #expect(groups.flatMap(\.rules).contains { $0.description.isAlert })
    }
}
