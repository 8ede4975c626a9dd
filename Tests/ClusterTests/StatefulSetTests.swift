import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// Numbered pods and their revisions.
@Suite struct StatefulSetTests {
    private static func set(_ spec: String = "", image: String = "db:1") -> String {
        """
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: db}
        spec:
          serviceName: db
          replicas: 3
        \(spec)
          selector: {matchLabels: {app: db}}
          template:
            metadata: {labels: {app: db}}
            spec:
              terminationGracePeriodSeconds: 1
              containers: [{name: db, image: "\(image)", readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}}]
          volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
        """
    }

    @Test func oneAfterTheOtherUpAndDown() throws {
        var rig = ClusterRig()
        try rig.apply(Self.set())
        rig.run(for: .seconds(2))
        #expect(rig.pods.map(\.metadata.name) == ["db-0"])
        rig.run(for: .seconds(60))
        #expect(rig.pods.map(\.metadata.name) == ["db-0", "db-1", "db-2"])
        let created = rig.events(.statefulSet, "db").filter { $0.contains("create Pod") }
        #expect(created == (0..<3).map { "Normal SuccessfulCreate create Pod db-\($0) in StatefulSet db successful" })
        #expect(rig.exists("data-db-2", PersistentVolumeClaim.self))
        try rig.patch(StatefulSet.resource, "db", "spec: {replicas: 1}")
        rig.run(for: .milliseconds(500))
        #expect(rig.pods.filter { $0.metadata.deletionTimestamp != nil }.map(\.metadata.name) == ["db-2"])
        rig.run(for: .seconds(30))
        #expect(rig.pods.map(\.metadata.name) == ["db-0"])
        #expect(rig.exists("data-db-2", PersistentVolumeClaim.self))
    }

    @Test func anUpdateGoesFromTheTopToThePartitionAndKeepsRevisions() throws {
        var rig = ClusterRig()
        try rig.apply(Self.set("  updateStrategy: {rollingUpdate: {partition: 1}}"))
        rig.run(for: .seconds(60))
        let first = try rig.get("db", StatefulSet.self).status.currentRevision
        try rig.patch(
            StatefulSet.resource, "db", "spec: {template: {spec: {containers: [{name: db, image: \"db:2\"}]}}}")
        rig.run(for: .seconds(90))
        #expect(rig.pods.map { $0.spec.containers[0].image } == ["db:1", "db:2", "db:2"])
        var status = try rig.get("db", StatefulSet.self).status
        #expect(status.currentRevision == first)
        #expect(status.updateRevision != first)
        #expect(status.updatedReplicas == 2)
        #expect(status.currentReplicas == 1)
        // Below the partition a pod that has to be made again gets the former template.
        rig.delete(Pod.resource, "db-0")
        rig.run(for: .seconds(30))
        #expect(try rig.get("db-0", Pod.self).spec.containers[0].image == "db:1")
        try rig.patch(StatefulSet.resource, "db", "spec: {updateStrategy: {rollingUpdate: {partition: 0}}}")
        rig.run(for: .seconds(60))
        status = try rig.get("db", StatefulSet.self).status
        #expect(status.currentRevision == status.updateRevision)
        #expect(rig.cluster.context.store.controllerRevisions.sorted.map(\.object.revision).sorted() == [1, 2])
        // Back to the first template: the same revision, numbered as the newest.
        try rig.patch(
            StatefulSet.resource, "db", "spec: {template: {spec: {containers: [{name: db, image: \"db:1\"}]}}}")
        rig.run(for: .seconds(90))
        #expect(try rig.get("db", StatefulSet.self).status.currentRevision == first)
        #expect(rig.cluster.context.store.controllerRevisions.sorted.map(\.object.revision).sorted() == [2, 3])
    }

    @Test func inParallelAllComeAtOnceAndSeveralMayBeReplacedTogether() throws {
        var rig = ClusterRig()
        try rig.apply(
            Self.set("  podManagementPolicy: Parallel\n  updateStrategy: {rollingUpdate: {maxUnavailable: 2}}"))
        rig.run(for: .seconds(2))
        #expect(rig.pods.count == 3)
        rig.run(for: .seconds(30))
        try rig.patch(
            StatefulSet.resource, "db", "spec: {template: {spec: {containers: [{name: db, image: \"db:2\"}]}}}")
        rig.run(for: .milliseconds(500))
        #expect(rig.pods.filter { $0.metadata.deletionTimestamp != nil }.map(\.metadata.name) == ["db-1", "db-2"])
        rig.run(for: .seconds(60))
        #expect(rig.pods.allSatisfy { $0.spec.containers[0].image == "db:2" && $0.isReady })
    }

    @Test func claimsCanGoWithTheirPods() throws {
        var rig = ClusterRig()
        try rig.apply(Self.set("  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete, whenDeleted: Delete}"))
        rig.run(for: .seconds(60))
        try rig.patch(StatefulSet.resource, "db", "spec: {replicas: 2}")
        rig.run(for: .seconds(30))
        #expect(!rig.exists("data-db-2", PersistentVolumeClaim.self))
        #expect(rig.exists("data-db-1", PersistentVolumeClaim.self))
        rig.delete(StatefulSet.resource, "db")
        rig.run(for: .seconds(30))
        #expect(rig.cluster.context.store.persistentVolumeClaims.count == 0)
        #expect(rig.pods.isEmpty)
    }
}

/// One pod a node.
@Suite struct DaemonSetTests {
    private static func set(_ update: String = "maxUnavailable: 1", image: String = "agent:1", spec: String = "")
        -> String
    {
        """
        apiVersion: apps/v1
        kind: DaemonSet
        metadata: {name: agent}
        spec:
          updateStrategy: {rollingUpdate: {\(update)}}
          selector: {matchLabels: {app: agent}}
          template:
            metadata: {labels: {app: agent}}
            spec:
              terminationGracePeriodSeconds: 1
              \(spec)
              containers: [{name: agent, image: "\(image)", readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}}]
        """
    }

    @Test func anUpdateLeavesAtMostOneNodeWithoutAPod() throws {
        var rig = ClusterRig(nodes: 4)
        try rig.apply(Self.set())
        rig.run(for: .seconds(30))
        #expect(try rig.get("agent", DaemonSet.self).status.numberAvailable == 4)
        try rig.patch(
            DaemonSet.resource, "agent", "spec: {template: {spec: {containers: [{name: agent, image: \"agent:2\"}]}}}")
        var least: Int32 = 4
        for _ in 0..<1_200 {
            rig.run(for: .milliseconds(100))
            least = min(least, Int32(rig.pods.filter { $0.isReady && $0.metadata.deletionTimestamp == nil }.count))
        }
        #expect(least == 3)
        let status = try rig.get("agent", DaemonSet.self).status
        #expect(status.updatedNumberScheduled == 4)
        #expect(status.numberUnavailable == 0)
        #expect(rig.cluster.context.store.controllerRevisions.count == 2)
    }

    @Test func withSurgeTheNewPodComesFirst() throws {
        var rig = ClusterRig(nodes: 3)
        try rig.apply(Self.set("maxSurge: 1, maxUnavailable: 0"))
        rig.run(for: .seconds(30))
        try rig.patch(
            DaemonSet.resource, "agent", "spec: {template: {spec: {containers: [{name: agent, image: \"agent:2\"}]}}}")
        var least = 3
        var most = 3
        for _ in 0..<1_200 {
            rig.run(for: .milliseconds(100))
            let living = rig.pods.filter { $0.metadata.deletionTimestamp == nil }
            least = min(least, Set(living.filter(\.isReady).map(\.spec.nodeName)).count)
            most = max(most, living.count)
        }
        #expect(least == 3)
        #expect(most == 4)
        #expect(rig.pods.allSatisfy { $0.spec.containers[0].image == "agent:2" })
    }

    @Test func onlyNodesThatTheTemplateMeansGetOne() throws {
        var rig = ClusterRig(nodes: 3)
        try rig.apply(
            Self.set(
                spec:
                    "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: topology.kubernetes.io/zone, operator: NotIn, values: [zone-1]}]}]}}}"
            ))
        rig.run(for: .seconds(30))
        #expect(Set(rig.pods.map(\.spec.nodeName)) == ["node-1", "node-3"])
        // A cordoned node keeps its daemon pod, and gets one.
        try rig.patch(Node.resource, "node-1", "spec: {unschedulable: true}")
        rig.delete(Pod.resource, try #require(rig.pods.first { $0.spec.nodeName == "node-1" }).metadata.name)
        rig.run(for: .seconds(30))
        #expect(rig.pods.filter(\.isReady).count == 2)
    }
}
