import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// Owners and what they leave behind; nodes that fall silent; controllers that start anew.
@Suite struct GarbageCollectorTests {
    private static func map(_ name: String, owners: [(name: String, uid: String)] = [], blocks: Bool = true)
        -> ConfigMap
    {
        var map = ConfigMap()
        map.metadata.name = name
        map.metadata.namespace = "default"
        map.metadata.ownerReferences = owners.map { owner in
            var reference = OwnerReference()
            reference.apiVersion = "v1"
            reference.kind = "ConfigMap"
            reference.name = owner.name
            reference.uid = owner.uid
            reference.blockOwnerDeletion = blocks
            return reference
        }
        return map
    }

    private static func insert(_ map: ConfigMap, _ rig: inout ClusterRig) -> String {
        rig.cluster.lend(&rig.clock) { cluster in
            guard let id = try? cluster.context.create(map) else { return "" }
            return cluster.context.store[id]?.metadata.uid ?? ""
        }
    }

    @Test func foregroundWaitsBackgroundDoesNotAndOrphansStay() throws {
        for (policy, ownerStays, childStays) in [
            ("Foreground", true, false), ("Background", false, false), ("Orphan", false, true),
        ] {
            var rig = ClusterRig()
            try rig.apply(Manifests.deployment("web", replicas: 2))
            rig.run(for: .seconds(20))
            rig.delete(Deployment.resource, "web", policy: policy)
            rig.run(for: .milliseconds(20))
            #expect(rig.exists("web", Deployment.self) == ownerStays, "\(policy)")
            rig.run(for: .minutes(2))
            #expect(!rig.exists("web", Deployment.self), "\(policy)")
            #expect((rig.cluster.context.store.replicaSets.count > 0) == childStays, "\(policy)")
            #expect(rig.pods.isEmpty != childStays, "\(policy)")
        }
    }

    @Test func ownersInACircleDoNotWaitForEachOther() throws {
        var rig = ClusterRig()
        let first = Self.insert(Self.map("a"), &rig)
        let second = Self.insert(Self.map("b", owners: [("a", first)]), &rig)
        rig.cluster.lend(&rig.clock) { cluster in
            guard let id = cluster.context.store.configMaps.id("default/a") else { return }
            cluster.context.update(id) {
                $0.metadata.ownerReferences = Self.map("x", owners: [("b", second)]).metadata.ownerReferences
            }
        }
        rig.delete(ConfigMap.resource, "a", policy: "Foreground")
        rig.run(for: .seconds(5))
        #expect(!rig.exists("a", ConfigMap.self))
        #expect(!rig.exists("b", ConfigMap.self))
    }

    @Test func oneOfTwoOwnersIsEnoughAndNoneIsNot() throws {
        var rig = ClusterRig()
        let first = Self.insert(Self.map("a"), &rig)
        let second = Self.insert(Self.map("b"), &rig)
        _ = Self.insert(Self.map("child", owners: [("a", first), ("b", second)]), &rig)
        rig.delete(ConfigMap.resource, "a")
        rig.run(for: .seconds(1))
        #expect(try rig.get("child", ConfigMap.self).metadata.ownerReferences.map(\.name) == ["b"])
        rig.delete(ConfigMap.resource, "b")
        rig.run(for: .seconds(1))
        #expect(!rig.exists("child", ConfigMap.self))
        _ = Self.insert(Self.map("stray", owners: [("nobody", "no-such-uid")]), &rig)
        rig.run(for: .seconds(1))
        #expect(!rig.exists("stray", ConfigMap.self))
    }

    @Test func aFinalizerKeepsAnObjectUntilItIsTaken() throws {
        var rig = ClusterRig()
        try rig.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, finalizers: [example.com/hold]}")
        rig.delete(ConfigMap.resource, "kept")
        rig.run(for: .seconds(5))
        #expect(try rig.get("kept", ConfigMap.self).metadata.deletionTimestamp != nil)
        try rig.respond(
            APIRequest(
                .patch, ConfigMap.resource, namespace: "default", name: "kept",
                body: #require(try YAMLReader.documents("metadata: {finalizers: null}").first?.value), patchType: .merge
            ))
        #expect(!rig.exists("kept", ConfigMap.self))
    }

    @Test func silentNodesLoseTheirPodsOneAfterTheOther() throws {
        var rig = ClusterRig(nodes: 8)
        try rig.apply(Manifests.deployment("web", replicas: 8))
        rig.run(for: .seconds(30))
        for name in ["node-1", "node-4"] { rig.setHealth(of: name, .failed) }
        func tainted(_ effect: String) -> [String] {
            rig.cluster.context.store.nodes.sorted.map(\.object).filter {
                $0.spec.taints.contains { $0.effect == effect }
            }.map(\.metadata.name)
        }
        rig.run(for: .seconds(56))
        #expect(tainted("NoSchedule") == ["node-1", "node-4"])
        #expect(tainted("NoExecute").count == 1)
        rig.run(for: .seconds(15))
        #expect(tainted("NoExecute") == ["node-1", "node-4"])
        // All machines silent: it is the control plane that is cut off.
        for index in 1...8 { rig.setHealth(of: "node-\(index)", .partitioned) }
        rig.run(for: .seconds(70))
        #expect(tainted("NoExecute").isEmpty)
        #expect(rig.pods.allSatisfy { $0.metadata.deletionTimestamp == nil })
    }

    @Test func controllersThatRestartInTheMiddleFinishTheWork() throws {
        var settings = ClusterSettings()
        settings.updateConflictRate = 0.3
        settings.informerLagSpread = .milliseconds(200)
        var rig = ClusterRig(settings: settings)
        try rig.apply(Manifests.deployment("web", replicas: 4))
        try rig.apply(
            """
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: {name: web}
            spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 4, maxReplicas: 6, metrics: [{type: Resource, resource: {name: cpu, target: {type: AverageValue, averageValue: 100m}}}]}
            """)
        for (step, controller) in ControllerName.allCases.enumerated() {
            rig.run(for: .seconds(7))
            rig.restart(controller)
            if step % 4 == 3 { try rig.restore() }
            if step == 5 {
                try rig.patch(
                    Deployment.resource, "web",
                    "spec: {template: {spec: {containers: [{name: app, image: \"web:2\"}]}}}")
            }
        }
        rig.run(for: .minutes(3))
        let deployment = try rig.get("web", Deployment.self)
        #expect(deployment.status.updatedReplicas == 4)
        #expect(deployment.status.availableReplicas == 4)
        #expect(rig.pods.count == 4)
        // One pass a period, however often the controller restarted.
        let records = rig.cluster.autoscalerRecords(namespace: "default", name: "web")
        let times = records.suffix(8).map(\.time)
        #expect(times.count == 8)
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= .seconds(15) })
    }
}
