import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// Quotas, limit ranges and disruption budgets, in the API server's words.
@Suite struct QuotaAndDisruptionTests {
    private static func message(_ responses: [APIResponse]) -> String {
        for response in responses { if case .failure(let status) = response.body { return status.message } }
        return ""
    }

    private static func pod(_ name: String, _ resources: String = "") -> String {
        "apiVersion: v1\nkind: Pod\nmetadata: {name: \(name), labels: {app: web}}\nspec: {containers: [{name: c, image: web, resources: {\(resources)}}]}"
    }

    @Test func aQuotaRefusesWhatWouldExceedItAndGivesBackWhatIsGone() throws {
        var rig = ClusterRig()
        try rig.apply(
            "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {pods: 1, requests.cpu: 1}}")
        #expect(
            Self.message(try rig.create(Self.pod("p0")))
                == #"pods "p0" is forbidden: failed quota: q: must specify requests.cpu for: c"#)
        try rig.apply(Self.pod("p1", "requests: {cpu: 300m}"))
        #expect(
            Self.message(try rig.create(Self.pod("p2", "requests: {cpu: 800m}")))
                == #"pods "p2" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=800m, used: pods=1,requests.cpu=300m, limited: pods=1,requests.cpu=1"#
        )
        rig.run(for: .seconds(20))
        var quota = try rig.get("q", ResourceQuota.self)
        #expect(quota.status.used["requests.cpu"] == Quantity(milli: 300))
        rig.delete(Pod.resource, "p1")
        rig.run(for: .seconds(60))
        quota = try rig.get("q", ResourceQuota.self)
        #expect(quota.status.used["pods"] == Quantity(0))
        try rig.apply(Self.pod("p2", "requests: {cpu: 800m}"))
    }

    @Test func aDeploymentAboveItsQuotaSaysWhy() throws {
        var rig = ClusterRig()
        try rig.apply("apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {pods: 2}}")
        rig.run(for: .seconds(1))
        try rig.apply(Manifests.deployment("web", replicas: 4))
        rig.run(for: .seconds(30))
        #expect(rig.pods.count == 2)
        let deployment = try rig.get("web", Deployment.self)
        let failure = try #require(deployment.status.conditions.first { $0.type == "ReplicaFailure" })
        #expect(failure.reason == "FailedCreate")
        #expect(
            failure.message.contains(
                "is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2"))
        try rig.patch(ResourceQuota.resource, "q", "spec: {hard: {pods: 10}}")
        rig.run(for: .seconds(60))
        #expect(rig.pods.count == 4)
        #expect(try rig.get("web", Deployment.self).status.conditions.allSatisfy { $0.type != "ReplicaFailure" })
    }

    @Test func limitRangesFillInAndBound() throws {
        var rig = ClusterRig()
        try rig.apply(
            """
            apiVersion: v1
            kind: LimitRange
            metadata: {name: lr}
            spec: {limits: [{type: Container, default: {cpu: 500m}, defaultRequest: {cpu: 200m}, min: {memory: 32Mi}, max: {memory: 1Gi}, maxLimitRequestRatio: {cpu: 4}}]}
            """)
        try rig.apply(Self.pod("plain", "limits: {memory: 64Mi}"))
        let plain = try rig.get("plain", Pod.self)
        #expect(plain.spec.containers[0].resources?.requests["cpu"] == Quantity(milli: 200))
        #expect(plain.spec.containers[0].resources?.limits["cpu"] == Quantity(milli: 500))
        #expect(
            plain.metadata.annotations["kubernetes.io/limit-ranger"]
                == "LimitRanger plugin set: cpu request for container c; cpu limit for container c")
        #expect(
            Self.message(try rig.create(Self.pod("small", "requests: {memory: 16Mi}, limits: {memory: 64Mi}")))
                == #"pods "small" is forbidden: minimum memory usage per Container is 32Mi, but request is 16Mi"#)
        #expect(
            Self.message(
                try rig.create(
                    Self.pod("steep", "requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 500m, memory: 64Mi}")))
                == #"pods "steep" is forbidden: cpu max limit to request ratio per Container is 4, but provided ratio is 5.000000"#
        )
    }

    @Test func aBudgetLetsOnePodGoAtATime() throws {
        var rig = ClusterRig()
        try rig.apply(
            Manifests.deployment("web", replicas: 3)
                + "\n---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: pdb}\nspec: {minAvailable: 2, selector: {matchLabels: {app: web}}}"
        )
        rig.run(for: .seconds(30))
        var budget = try rig.get("pdb", PodDisruptionBudget.self)
        #expect(budget.status.disruptionsAllowed == 1)
        #expect(budget.status.conditions.first?.reason == "SufficientPods")
        let names = rig.pods.map(\.metadata.name)
        func evict(_ name: String) -> APIResponse {
            rig.respond(
                APIRequest(
                    .create, Pod.resource, namespace: "default", name: name, subresource: "eviction", body: .object([:])
                ))
        }
        #expect(evict(names[0]).code == 201)
        guard case .failure(let refusal) = evict(names[1]).body else { throw RigError("evicted") }
        #expect(refusal.code == 429)
        #expect(refusal.message == "Cannot evict pod as it would violate the pod's disruption budget.")
        rig.run(for: .milliseconds(100))
        guard case .failure(let second) = evict(names[1]).body else { throw RigError("evicted") }
        #expect(second.causes.first?.message == "The disruption budget pdb needs 2 healthy pods and has 2 currently")
        rig.run(for: .seconds(60))
        budget = try rig.get("pdb", PodDisruptionBudget.self)
        #expect(budget.status.disruptionsAllowed == 1)
        #expect(budget.status.disruptedPods.isEmpty)
        #expect(evict(names[1]).code == 201)
    }

    @Test func aBudgetInPercentAsksTheControllersHowManyThereShouldBe() throws {
        var rig = ClusterRig()
        try rig.apply(
            Manifests.deployment("web", replicas: 5)
                + "\n---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: pdb}\nspec: {maxUnavailable: 25%, selector: {matchLabels: {app: web}}}"
        )
        rig.run(for: .seconds(30))
        #expect(try rig.get("pdb", PodDisruptionBudget.self).status.disruptionsAllowed == 2)
        try rig.patch(Deployment.resource, "web", "spec: {replicas: 8}")
        rig.run(for: .milliseconds(50))
        #expect(try rig.get("pdb", PodDisruptionBudget.self).status.expectedPods == 8)
    }

    @Test func aTerminatingNamespaceTakesNothingNew() throws {
        var rig = ClusterRig()
        try rig.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}")
        rig.run(for: .seconds(1))
        try rig.apply(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: {containers: [{name: c, image: web}]}"
        )
        #expect(rig.cluster.context.store.configMaps.named("shop/kube-root-ca.crt") != nil)
        rig.run(for: .seconds(10))
        rig.delete(Namespace.resource, "shop")
        rig.run(for: .milliseconds(1))
        let refused = try rig.create("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late, namespace: shop}")
        #expect(
            Self.message(refused)
                == #"configmaps "late" is forbidden: unable to create new content in namespace shop because it is being terminated"#
        )
        rig.run(for: .seconds(60))
        #expect(!rig.exists("shop", Namespace.self))
        #expect(rig.pods.isEmpty)
    }

    @Test func podsOfANodeThatIsGoneAreCollected() throws {
        var rig = ClusterRig(nodes: 2)
        try rig.apply(Manifests.deployment("web", replicas: 4))
        rig.run(for: .seconds(30))
        rig.delete(Node.resource, "node-1")
        rig.run(for: .seconds(30))
        #expect(rig.pods.contains { $0.spec.nodeName == "node-1" })
        rig.run(for: .seconds(60))
        #expect(rig.pods.count == 4)
        #expect(rig.pods.allSatisfy { $0.spec.nodeName == "node-2" && $0.isReady })
    }
}
