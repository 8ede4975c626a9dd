import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// Rollouts as a user lives through them.
@Suite struct DeploymentTests {
    private static func condition(_ rig: ClusterRig, _ type: String) throws -> DeploymentCondition? {
        try rig.get("web", Deployment.self).status.conditions.first { $0.type == type }
    }

    private static func setImage(_ image: String, _ rig: inout ClusterRig) throws {
        try rig.patch(
            Deployment.resource, "web", "spec: {template: {spec: {containers: [{name: app, image: \"\(image)\"}]}}}")
    }

    @Test func aRollingUpdateStaysWithinItsBounds() throws {
        var rig = ClusterRig(nodes: 4)
        try rig.apply(Manifests.deployment("web", replicas: 8))
        rig.run(for: .seconds(40))
        try Self.setImage("web:2", &rig)
        for _ in 0..<900 {
            rig.run(for: .milliseconds(100))
            let living = rig.pods.filter { $0.metadata.deletionTimestamp == nil }
            #expect(living.count <= 10)
            #expect(rig.pods.filter { $0.isReady && $0.metadata.deletionTimestamp == nil }.count >= 6)
        }
        let status = try rig.get("web", Deployment.self).status
        #expect(status.updatedReplicas == 8)
        #expect(status.availableReplicas == 8)
        #expect(try Self.condition(rig, "Progressing")?.reason == "NewReplicaSetAvailable")
        #expect(
            rig.events(.deployment, "web").first?.hasPrefix("Normal ScalingReplicaSet Scaled up replica set web-")
                == true)
    }

    @Test func aPausedDeploymentDoesNotRollAndAResumedOneDoes() throws {
        var rig = ClusterRig()
        try rig.apply(Manifests.deployment("web", replicas: 2))
        rig.run(for: .seconds(30))
        try rig.patch(Deployment.resource, "web", "spec: {paused: true}")
        try Self.setImage("web:2", &rig)
        rig.run(for: .seconds(30))
        #expect(rig.cluster.context.store.replicaSets.count == 1)
        #expect(try Self.condition(rig, "Progressing")?.reason == "DeploymentPaused")
        try rig.patch(Deployment.resource, "web", "spec: {replicas: 4}")
        rig.run(for: .seconds(30))
        #expect(rig.pods.count == 4)
        try rig.patch(Deployment.resource, "web", "spec: {paused: false}")
        rig.run(for: .seconds(60))
        #expect(rig.pods.allSatisfy { $0.spec.containers[0].image == "web:2" })
    }

    @Test func aRolloutThatDoesNotProgressSaysSoAndCanBeTakenBack() throws {
        var kubelet = KubeletConfiguration()
        kubelet.missingImages = ["web:typo"]
        var rig = ClusterRig(kubelet: kubelet)
        try rig.apply(Manifests.deployment("web", replicas: 3, extra: "  progressDeadlineSeconds: 60"))
        rig.run(for: .seconds(30))
        try Self.setImage("web:typo", &rig)
        rig.run(for: .seconds(90))
        let progressing = try #require(try Self.condition(rig, "Progressing"))
        #expect(progressing.status == "False")
        #expect(progressing.reason == "ProgressDeadlineExceeded")
        #expect(progressing.message.hasSuffix("has timed out progressing."))
        #expect(rig.pods.filter(\.isReady).count == 3)
        // Back to the first template: the old set is used again, under a new number.
        try Self.setImage("web:1", &rig)
        rig.run(for: .seconds(30))
        #expect(rig.pods.count == 3)
        let revisions = rig.cluster.context.store.replicaSets.sorted.map {
            $0.object.metadata.annotations["deployment.kubernetes.io/revision"] ?? ""
        }
        #expect(revisions.sorted() == ["2", "3"])
        #expect(try rig.get("web", Deployment.self).metadata.annotations["deployment.kubernetes.io/revision"] == "3")
    }

    @Test func recreateHasNoMomentWithBoth() throws {
        var rig = ClusterRig()
        try rig.apply(Manifests.deployment("web", replicas: 3, extra: "  strategy: {type: Recreate}"))
        rig.run(for: .seconds(30))
        try Self.setImage("web:2", &rig)
        for _ in 0..<600 {
            rig.run(for: .milliseconds(100))
            let running = rig.pods.filter { $0.status.phase != "Failed" && $0.status.phase != "Succeeded" }
            #expect(Set(running.map { $0.spec.containers[0].image }).count <= 1)
        }
        #expect(rig.pods.filter { $0.isReady && $0.spec.containers[0].image == "web:2" }.count == 3)
    }

    @Test func historyIsKeptToItsLimit() throws {
        var rig = ClusterRig()
        try rig.apply(Manifests.deployment("web", replicas: 1, extra: "  revisionHistoryLimit: 2"))
        for version in 2...6 {
            rig.run(for: .seconds(40))
            try Self.setImage("web:\(version)", &rig)
        }
        rig.run(for: .seconds(60))
        #expect(rig.cluster.context.store.replicaSets.count == 3)
    }

    @Test func endpointsFollowReadinessAfterTheirDelay() throws {
        var rig = ClusterRig()
        rig.runtime.programs["web:1"] = FakeProgram(healthyAfter: .seconds(5))
        try rig.apply(
            Manifests.deployment("web", replicas: 2)
                + "\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}"
        )
        rig.run(for: .seconds(4))
        let index = try #require(
            rig.cluster.endpoints.existingIndex(of: "default/web:80")
                ?? rig.cluster.endpoints.existingIndex(of: "default/web"))
        #expect(rig.cluster.endpoints.services[index].endpoints.isEmpty)
        rig.run(for: .seconds(20))
        #expect(rig.cluster.endpoints.services[index].endpoints.count == 2)
        #expect(rig.cluster.endpoints.services[index].endpoints.allSatisfy { $0.port == 8_080 })
    }
}

/// Machines that come for pods without a place, and go when nobody needs them.
@Suite struct ClusterAutoscalerTests {
    @Test func aPendingPodBringsAMachineAndQuietTakesItAway() throws {
        var autoscaler = ClusterAutoscalerConfiguration()
        let shape = NodeShape(name: "pool", cpu: Quantity(2), memory: Quantity(4 << 30, format: .binarySI))
        autoscaler.groups = [
            NodeGroup(name: "pool", template: shape.node, minimum: 1, maximum: 3, startup: .seconds(60))
        ]
        var rig = ClusterRig(nodes: 0, autoscaler: autoscaler)
        rig.run(for: .seconds(90))
        #expect(rig.cluster.context.store.nodes.count == 1)
        try rig.apply(
            """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              replicas: 3
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec: {containers: [{name: app, image: web, resources: {requests: {cpu: 1500m}}}]}
            """)
        rig.run(for: .seconds(5))
        #expect(rig.pods.filter { $0.spec.nodeName.isEmpty }.count == 2)
        rig.run(for: .seconds(120))
        #expect(rig.cluster.context.store.nodes.count == 3)
        #expect(rig.pods.allSatisfy { !$0.spec.nodeName.isEmpty })
        let waiting = rig.pods.flatMap { rig.events(.pod, $0.metadata.name) }
        #expect(waiting.contains { $0.hasPrefix("Normal TriggeredScaleUp pod triggered scale-up") })
        try rig.patch(Deployment.resource, "web", "spec: {replicas: 1}")
        rig.run(for: .minutes(25))
        #expect(rig.cluster.context.store.nodes.count == 1)
        #expect(rig.pods.filter(\.isReady).count == 1)
    }
}

/// Events are counted, gathered and held back as the real recorder does it.
@Suite struct EventLogTests {
    private static func record(_ message: String, uid: String = "u") -> EventLog.Record {
        EventLog.Record(
            kind: .pod, namespace: "default", name: "p", uid: uid, fieldPath: "", type: .warning, reason: "Odd",
            message: message,
            source: .kubelet, host: "node-1", count: 1, first: .zero, last: .zero, number: 0)
    }

    @Test func equalEventsCountUpAndSimilarOnesAreGathered() {
        var log = EventLog()
        for index in 0..<3 { log.record(Self.record("same"), now: .zero + .seconds(Int64(index)), ttl: .hours(1)) }
        #expect(log.records.count == 1)
        #expect(log.records[0].count == 3)
        for index in 0..<15 {
            log.record(Self.record("text \(index)"), now: .zero + .seconds(Int64(10 + index)), ttl: .hours(1))
        }
        let gathered = log.records.filter { $0.message.hasPrefix("(combined from similar events): ") }
        #expect(gathered.count == 1)
        #expect(log.records.count == 11)
    }

    @Test func aSourceMayNotSpam() {
        var log = EventLog()
        for index in 0..<40 {
            log.record(Self.record("same"), now: .zero + .milliseconds(Int64(index)), ttl: .hours(1))
        }
        #expect(log.records[0].count == 25)
        log.record(Self.record("same"), now: .zero + .minutes(6), ttl: .hours(1))
        #expect(log.records[0].count == 26)
        log.record(Self.record("other", uid: "v"), now: .zero + .hours(2), ttl: .hours(1))
        #expect(log.records.map(\.message) == ["other"])
    }
}
