import Foundation
import KubernetesAPI
import Simulation
import Testing

@testable import Lab

extension World {
    /// A world of a scenario in the repository, with further manifests applied at the beginning.
    static func load(_ scenario: String, applying manifests: [String] = [], seed: UInt64) throws -> World {
        var world = try ScenarioFile.read(Repository.path(scenario)).world(seed: seed)
        for manifest in manifests {
            let outcome = world.apply(try Repository.text(manifest), file: manifest, author: "learner")
            if let failure = outcome.failures.first { throw failure }
        }
        return world
    }

    /// A world of a scenario written here.
    static func make(_ scenario: String, manifests: String = "", seed: UInt64 = 1) throws -> World {
        let scenario = try ScenarioFile.parse(scenario, file: "scenario.yaml")
        return try World(
            scenario: scenario, seed: seed, manifests: manifests.isEmpty ? [] : [("manifest.yaml", manifests)])
    }

    /// Through a snapshot and back.
    func restored() throws -> World {
        try World(decoding: encode(), scenario: scenario, additionalFaults: additionalFaults)
    }

    /// Faults that inputs added to the scenario's.
    private var additionalFaults: [FaultDescription] { Array(incidents.faults.dropFirst(scenario.faults.count)) }
}
