import KubernetesAPI
import Simulation
import Testing

@testable import Lab

/// Nodes that somebody drains, and pods that hold GPUs.
@Suite struct MaintenanceTests {
    static let scenario = """
        name: maintenance
        namespace: shop
        nodes:
          - {name: a, cpu: "4", memory: 8Gi}
          - {name: b, cpu: "4", memory: 8Gi}
        faults:
          - {name: maintenance, at: 2m, for: 5m, drain: a}
        """

    static func deployment(_ budget: String = "") -> String {
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 4
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              terminationGracePeriodSeconds: 5
              containers: [{name: main, image: "idle:1", resources: {requests: {cpu: 500m}}}]
        \(budget)
        """
    }

    @Test func aDrainMovesThePodsAndEndsWithUncordoning() throws {
        var world = try World.make(Self.scenario, manifests: Self.deployment())
        try world.advance(to: .zero + .seconds(110))
        #expect(world.cluster.context.store.pods(on: "a").count == 2)
        try world.advance(to: .zero + .minutes(4))
        #expect(world.cluster.context.store.pods(on: "a").isEmpty)
        #expect(world.cluster.context.store.pods(on: "b").count == 4)
        #expect(world.cluster.context.store.nodes.named("a")?.spec.unschedulable == true)
        #expect(world.incidents.timeline.contains { $0.text == "node a is drained" })
        try world.advance(to: .zero + .minutes(8))
        #expect(world.cluster.context.store.nodes.named("a")?.spec.unschedulable != true)
        #expect(world.audit() == [])
    }

    @Test func aBudgetThatAllowsNothingHoldsTheDrainUp() throws {
        let budget = """
            ---
            apiVersion: policy/v1
            kind: PodDisruptionBudget
            metadata: {name: web}
            spec: {maxUnavailable: 0, selector: {matchLabels: {app: web}}}
            """
        var world = try World.make(Self.scenario, manifests: Self.deployment(budget))
        try world.advance(to: .zero + .minutes(6))
        #expect(world.cluster.context.store.pods(on: "a").count == 2)
        #expect(!world.incidents.timeline.contains { $0.text == "node a is drained" })
        try world.advance(to: .zero + .minutes(10))
        #expect(world.cluster.context.store.nodes.named("a")?.spec.unschedulable != true)
    }

    @Test func aDrainUnderWaySurvivesASnapshot() throws {
        var world = try World.make(Self.scenario, manifests: Self.deployment())
        try world.advance(to: .zero + .minutes(2) + .milliseconds(300))
        var restored = try world.restored()
        try world.advance(to: .zero + .minutes(8))
        try restored.advance(to: .zero + .minutes(8))
        #expect(world.stateDigest == restored.stateDigest)
    }

    static let graphics = """
        name: graphics
        namespace: shop
        nodes:
          - {name: gpu, cpu: "16", memory: 64Gi, gpus: 2, price: 3.6}
        """

    @Test func gpusAreWholeAndNeverSharedAndOnTheBill() throws {
        let manifests = Self.deployment().replacing("requests: {cpu: 500m}", with: "limits: {nvidia.com/gpu: 1}")
            .replacing("replicas: 4", with: "replicas: 3")
        var world = try World.make(Self.graphics, manifests: manifests)
        try world.advance(to: .zero + .seconds(1_000))
        let pods = world.cluster.context.store.pods.sorted.map(\.object)
        #expect(pods.count { $0.status.phase == "Running" } == 2)
        let pending = try #require(pods.first { $0.status.phase == "Pending" })
        let message = pending.status.conditions.first { $0.type == "PodScheduled" }?.message ?? ""
        #expect(message.contains("1 Insufficient nvidia.com/gpu"), "\(message)")
        let ledger = world.ledger
        let web = try #require(ledger.workloads.first { $0.name == "shop/deployment/web" })
        #expect(abs(web.gpuHours - 2 * 1_000.0 / 3_600) < 0.001)
        // Nine tenths of a machine that costs 1 go with its GPUs.
        #expect(abs(Double(web.cost) / 1e9 - 0.9) < 0.001)
        #expect(ledger.violations == [])
        #expect(world.audit() == [])
        let measured = try Measurement(parsing: "deployment/web.gpus", namespace: "shop")
        #expect(measured.value(in: world) == 2)
        var other = try World.make(Self.graphics, manifests: "")
        let half = other.apply(
            manifests.replacing("nvidia.com/gpu: 1", with: "nvidia.com/gpu: 500m"), file: "half.yaml", author: "t")
        #expect(half.failures.contains { $0.message.contains("must be an integer") }, "\(half.failures)")
    }
}
