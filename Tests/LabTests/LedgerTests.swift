import KubernetesAPI
import Simulation
import Testing

@testable import Lab

/// The books: who used what, and what it cost.
@Suite struct LedgerTests {
    static let manifests = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              terminationGracePeriodSeconds: 1
              containers: [{name: main, image: "idle:1", resources: {requests: {cpu: "1", memory: 1Gi}}}]
        """

    static func world(_ nodes: String) throws -> World {
        try World.make("name: books\nnamespace: shop\nnodes: \(nodes)\n", manifests: manifests)
    }

    @Test func podsPayForTheirShareAndTheRestIsIdle() throws {
        // 3.6 an hour is a thousandth a second. Each pod holds a quarter of the CPU and an eighth of the memory.
        var world = try Self.world("[{name: worker, cpu: \"4\", memory: 8Gi, price: 3.6}]")
        try world.advance(to: .zero + .seconds(1_000))
        let ledger = world.ledger
        let web = try #require(ledger.workloads.first { $0.name == "shop/deployment/web" })
        #expect(ledger.machines.cost == 1_000_000_000)
        #expect(ledger.machines.nodeSeconds == 1_000)
        #expect(web.pods == 2)
        // Two pods times (1/4 + 1/8) / 2 of a machine that costs 1, less the moment before they were bound.
        #expect(abs(Double(web.cost) / 1e9 - 0.375) < 0.001)
        #expect(abs(web.podSeconds - 2_000) < 1)
        #expect(abs(web.cpuSeconds - 2_000) < 1)
        #expect(abs(web.memoryGibibyteHours - 2.0 * 1_000 / 3_600) < 0.001)
        #expect(ledger.machines.idleCost == ledger.machines.cost - web.cost)
        #expect(ledger.violations == [])
    }

    @Test func aDeadMachineStillCostsAndADeletedOneDoesNot() throws {
        var world = try Self.world(
            "[{name: a, cpu: \"4\", memory: 8Gi, price: 3.6}, {name: b, cpu: \"4\", memory: 8Gi, price: 3.6}]")
        try world.advance(to: .zero + .seconds(100))
        world.cluster.setHealth(ofNode: "a", .failed, clock: &world.clock)
        world.carry()
        try world.advance(to: .zero + .seconds(200))
        #expect(world.ledger.machines.cost == 400_000_000)
        _ = world.respond(to: APIRequest(.delete, Node.resource, name: "a"))
        try world.advance(to: .zero + .seconds(1_000))
        #expect(world.ledger.machines.cost == 1_200_000_000)
        #expect(world.ledger.machines.count == 1)
        #expect(world.ledger.violations == [])
        #expect(world.audit() == [])
    }

    @Test func theBooksOfABusyWorldBalanceAndAddUp() throws {
        var world = try World.load("fixtures/determinism/support-desk", seed: 3)
        try world.advance(to: .zero + .seconds(150))
        let ledger = world.ledger
        #expect(ledger.violations == [])
        #expect(ledger.traffic.map(\.name) == ["browsing", "questions", "reports"])
        #expect(ledger.traffic.allSatisfy { $0.arrived > 0 })
        #expect(ledger.modelCost == world.tokenCost)
        #expect(ledger.totalCost == ledger.machines.cost + ledger.modelCost)
        #expect(ledger.providers.first.map { $0.inputTokens > 0 && $0.outputTokens > 0 && $0.cost > 0 } == true)
    }
}
