import Simulation
import Testing

@testable import Lab

/// A drain in a scenario: pods go as their budget allows, and the node takes pods again afterwards.
@Suite struct DrainTests {
    private func world(budget: String) throws -> World {
        let scenario = try ScenarioFile.parse(
            """
            name: maintenance
            duration: 10m
            nodes: [{name: worker, count: 2}]
            faults: [{name: maintenance, at: 2m, for: 3m, drain: worker-1}]
            """, file: "scenario.yaml")
        return try World(
            scenario: scenario, seed: 1,
            manifests: [
                (
                    "web.yaml",
                    """
                    apiVersion: apps/v1
                    kind: Deployment
                    metadata: {name: web}
                    spec:
                      replicas: 4
                      selector: {matchLabels: {app: web}}
                      template:
                        metadata: {labels: {app: web}}
                        spec: {containers: [{name: web, image: web}]}
                    ---
                    apiVersion: policy/v1
                    kind: PodDisruptionBudget
                    metadata: {name: web}
                    spec:
                      selector: {matchLabels: {app: web}}
                      \(budget)
                    """
                )
            ])
    }

    private func value(_ text: String, _ world: World) throws -> Double? {
        try Measurement(parsing: text, namespace: "default").value(in: world)
    }

    @Test func podsGoOneAfterTheOther() throws {
        var world = try world(budget: "maxUnavailable: 1")
        try world.advance(to: .zero + .seconds(115))
        #expect(try value("node/worker-1.pods", world) == 2)
        try world.advance(to: .zero + .minutes(4))
        #expect(try value("node/worker-1.pods", world) == 0)
        #expect(try value("deployment/web.ready", world) == 4)
        #expect(world.incidents.timeline.map(\.text).contains("node worker-1 is drained"))
        try world.advance(to: .zero + .minutes(6))
        #expect(world.cluster.context.store.nodes.named("worker-1")?.spec.unschedulable != true)
    }

    @Test func aBudgetThatForbidsItHoldsTheDrainUp() throws {
        var world = try world(budget: "maxUnavailable: 0")
        try world.advance(to: .zero + .minutes(10))
        #expect(try value("node/worker-1.pods", world) == 2)
    }

    @Test func aWorldInADrainIsTheSameAfterASnapshot() throws {
        var world = try world(budget: "maxUnavailable: 0")
        try world.advance(to: .zero + .minutes(3))
        var copy = try World(decoding: world.encode(), scenario: world.scenario)
        try world.advance(to: .zero + .minutes(8))
        try copy.advance(to: .zero + .minutes(8))
        #expect(world.stateDigest == copy.stateDigest)
    }
}
