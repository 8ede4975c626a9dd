import Kubectl
import KubernetesAPI
import Monitoring
import Simulation
import Testing

@testable import Lab

/// KEDA in a world: triggers, autoscalers, the way to no replicas and back.
@Suite struct ScaledObjectWorldTests {
    static let address = "http://prometheus.monitoring.svc:9090"

    static func prometheus(_ query: String = "sum(rate(http_requests_total[1m]))", _ more: String = "") -> String {
        "{type: prometheus, metadata: {serverAddress: '\(address)', query: '\(query)', threshold: '4'\(more)}}"
    }

    static func object(_ triggers: String, _ fields: String = "minReplicaCount: 1", name: String = "web") -> String {
        """
        apiVersion: keda.sh/v1alpha1
        kind: ScaledObject
        metadata: {name: \(name)}
        spec:
          scaleTargetRef: {name: web}
          maxReplicaCount: 8
          \(fields)
          triggers: [\(triggers)]
        """
    }

    private static func world(_ text: String = "") throws -> World {
        var world = try OperatorTests.world("{keda: true}")
        if !text.isEmpty {
            #expect(world.apply(text, file: "so.yaml", author: "learner").failures.isEmpty)
        }
        return world
    }

    private static func replicas(_ world: World) -> Int32? {
        world.cluster.context.store.deployments.sorted.first?.object.spec.replicas
    }

    private static func kubectl(_ line: String, _ files: [String: String] = [:], on world: inout World) -> String {
        OperatorTests.kubectl(line, files, on: &world)
    }

    @Test func itMakesAndOwnsAnAutoscalerThatScales() throws {
        var world = try Self.world(Self.object(Self.prometheus()))
        try world.advance(to: .zero + .minutes(8))
        #expect(Self.replicas(world) == 5)
        let hpa = try #require(world.cluster.context.store.horizontalPodAutoscalers.sorted.first?.object)
        #expect(hpa.metadata.name == "keda-hpa-web")
        #expect(hpa.metadata.ownerReferences.first?.name == "web")
        #expect(hpa.spec.metrics.first?.external?.metric.name == "s0-prometheus")
        let columns = Self.kubectl("get so", on: &world)
        #expect(
            columns.contains("apps/v1.Deployment   web               1     8     True    True     False      Unknown"),
            "\(columns)")
        let events = Self.kubectl("get events", on: &world)
        #expect(events.contains("KEDAScalersStarted") && events.contains("ScaledObjectReady"), "\(events)")
        // The object goes, and its autoscaler with it.
        _ = Self.kubectl("delete so web", on: &world)
        try world.advance(to: .zero + .minutes(9))
        #expect(world.cluster.context.store.horizontalPodAutoscalers.count == 0)
        #expect(world.monitoring?.scaling?.records.isEmpty == true)
    }

    @Test func aTargetSleepsAfterTheCooldownAndWakesAboveActivation() throws {
        // Traffic of the source that stops after a while would do; the query says the same as a step of time.
        let query = "vector(time() - 1767603600 > bool 600)"
        #expect(CivilTime.parse("2026-01-05T09:00:00Z")?.seconds == 1_767_603_600)
        var world = try Self.world(
            Self.object(
                Self.prometheus(query, ", activationThreshold: '0.5'"),
                "minReplicaCount: 0\n  cooldownPeriod: 60\n  initialCooldownPeriod: 120\n  pollingInterval: 10"))
        try world.advance(to: .zero + .seconds(118))
        #expect(Self.replicas(world) == 2)
        // Never active: the object's own age counts, then it sleeps.
        try world.advance(to: .zero + .seconds(135))
        #expect(Self.replicas(world) == 0)
        #expect(Self.kubectl("get events", on: &world).contains("Deactivated apps/v1.Deployment shop/web from 2 to 0"))
        try world.advance(to: .zero + .seconds(600))
        #expect(Self.replicas(world) == 0)
        try world.advance(to: .zero + .seconds(615))
        #expect(Self.replicas(world) == 1)
        let events = Self.kubectl("get events", on: &world)
        #expect(
            events.contains("Scaled apps/v1.Deployment shop/web from 0 to 1, triggered by s0-prometheus"), "\(events)")
        #expect(
            Self.kubectl("get so web -o jsonpath={.status.lastActiveTime}", on: &world).hasPrefix("2026-01-05T09:10"))
    }

    @Test func aScheduleHoldsReplicas() throws {
        let cron =
            "{type: cron, metadata: {timezone: UTC, start: \"5 9 * * *\", end: \"12 9 * * *\", desiredReplicas: \"6\"}}"
        var world = try Self.world(Self.object(cron, "minReplicaCount: 2"))
        try world.advance(to: .zero + .minutes(4))
        #expect(Self.replicas(world) == 2)
        try world.advance(to: .zero + .minutes(7))
        #expect(Self.replicas(world) == 6)
        try world.advance(to: .zero + .minutes(19))
        #expect(Self.replicas(world) == 2)
    }

    @Test func fallbackTakesOverAfterSoManyFailures() throws {
        let lost = Self.prometheus("nothing_of_this_name", ", ignoreNullValues: 'false'")
        var world = try Self.world(
            Self.object(lost, "minReplicaCount: 1\n  fallback: {failureThreshold: 3, replicas: 7}"))
        try world.advance(to: .zero + .seconds(40))
        #expect(Self.replicas(world) == 2)
        try world.advance(to: .zero + .minutes(3))
        #expect(Self.replicas(world) == 7)
        let columns = Self.kubectl("get so", on: &world)
        #expect(columns.contains("True    Unknown   True"), "\(columns)")
        #expect(
            Self.kubectl("get so web -o jsonpath={.status.health.s0-prometheus.status}", on: &world) == "Failing")
        // Without one the autoscaler says that it knows nothing, and nothing moves.
        var other = try Self.world(Self.object(lost))
        try other.advance(to: .zero + .minutes(3))
        #expect(Self.replicas(other) == 2)
        let hpa = Self.kubectl("describe hpa keda-hpa-web", on: &other)
        #expect(hpa.contains("no matching metrics found for s0-prometheus"), "\(hpa)")
    }

    @Test(arguments: [
        (
            object(prometheus(), name: "second"),
            "the workload 'web' of type 'apps/v1.Deployment' is already managed by the ScaledObject 'web'"
        ),
        (
            object("{type: cpu, metricType: Utilization, metadata: {value: '60'}}"),
            "the scaledobject has a cpu trigger but the container web doesn't have the cpu request defined"
        ),
        (object(prometheus(), "minReplicaCount: 9"), "MinReplicaCount=9 must be less than MaxReplicaCount=8"),
        (
            object(prometheus(), "minReplicaCount: 2\n  idleReplicaCount: 2"),
            "IdleReplicaCount=2 must be less than MinReplicaCount=2"
        ),
        (object(""), "no triggers defined in the ScaledObject/ScaledJob"),
    ])
    func theWebhookRefuses(_ text: String, _ message: String) throws {
        var world = try Self.world(Self.object(Self.prometheus()))
        let refused = Self.kubectl("apply -f so.yaml", ["so.yaml": text], on: &world)
        #expect(
            refused.contains("admission webhook \"vscaledobject.kb.io\" denied the request: \(message)"), "\(refused)")
    }

    @Test func aWorkloadWithAnAutoscalerOfItsOwnIsNotTakenOver() throws {
        var world = try Self.world(
            MetricsAdapterTests.autoscaler(
                "{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}"))
        let refused = Self.kubectl("apply -f so.yaml", ["so.yaml": Self.object(Self.prometheus())], on: &world)
        #expect(
            refused.contains(
                "the workload 'web' of type 'apps/v1.Deployment' is already managed by the hpa 'web'"), "\(refused)")
    }

    @Test func anObjectWithoutATargetIsNotReady() throws {
        var world = try Self.world()
        let text = Self.object(Self.prometheus()).replacing(
            "{name: web}\n  maxReplica", with: "{name: nobody}\n  maxReplica")
        _ = Self.kubectl("apply -f so.yaml", ["so.yaml": text], on: &world)
        try world.advance(to: .zero + .seconds(5))
        let message = Self.kubectl("get so web -o jsonpath={.status.conditions[0].message}", on: &world)
        #expect(message.contains("scaleTargetRef"), "\(message)")
        let trigger = Self.object("{type: prometheus, metadata: {serverAddress: x}}", name: "bad")
        _ = Self.kubectl("apply -f so.yaml", ["so.yaml": trigger], on: &world)
        try world.advance(to: .zero + .seconds(9))
        #expect(Self.kubectl("get events", on: &world).contains("missing required parameter"))
    }

    @Test func aPausedObjectHoldsItsTarget() throws {
        var world = try Self.world(Self.object(Self.prometheus()))
        try world.advance(to: .zero + .minutes(5))
        #expect(Self.replicas(world) == 5)
        _ = Self.kubectl("annotate so web autoscaling.keda.sh/paused-replicas=3", on: &world)
        try world.advance(to: .zero + .minutes(8))
        #expect(Self.replicas(world) == 3)
        #expect(world.cluster.context.store.horizontalPodAutoscalers.count == 0)
        _ = Self.kubectl("annotate so web autoscaling.keda.sh/paused-replicas-", on: &world)
        try world.advance(to: .zero + .minutes(14))
        #expect(Self.replicas(world) == 5)
    }

    @Test func aSnapshotGoesOnAsTheWorldDoes() throws {
        let text = Self.object(
            Self.prometheus() + ", " + Self.prometheus("nothing", ", ignoreNullValues: 'false'"),
            "minReplicaCount: 0\n  fallback: {failureThreshold: 2, replicas: 3}")
        for second: Int64 in [0, 17, 62, 131] {
            var world = try Self.world(text)
            try world.advance(to: .zero + .seconds(second))
            var copy = try World(decoding: world.encode(), scenario: world.scenario)
            #expect(copy.stateDigest == world.stateDigest)
            try world.advance(to: .zero + .minutes(5))
            try copy.advance(to: .zero + .minutes(5))
            #expect(copy.stateDigest == world.stateDigest, "from second \(second)")
        }
    }
}
