import Foundation
import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// Random small clusters with every kind of workload, and everything that can go wrong with them. What must always hold
/// is looked at every simulated second; a failure names its seed. `KUBELAB_CLUSTER_WORLDS=500` tries more.
@Suite struct ClusterInvariantsTests {
    static let worlds = ProcessInfo.processInfo.environment["KUBELAB_CLUSTER_WORLDS"].flatMap { UInt64($0) } ?? 6

    static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["KUBELAB_CLUSTER_SEED"].flatMap { UInt64($0) }.map { [$0] }
        ?? Array(1...worlds)

    @Test(arguments: Self.seeds) func whatMustAlwaysHold(seed: UInt64) throws {
        var random = RandomStream(seed: seed, name: "test/worlds")
        var settings = ClusterSettings()
        settings.informerLagSpread = .milliseconds(Int64(random.below(500)))
        settings.updateConflictRate = Double(random.below(4)) / 10
        var rig = ClusterRig(nodes: 3 + Int(random.below(3)), settings: settings, seed: seed)
        rig.runtime.programs["work:1"] = FakeProgram(
            exitsAfter: .seconds(5 + Int64(random.below(20))), exitCode: Int(random.below(2)))
        rig.runtime.programs["deaf:1"] = FakeProgram(stopsAfter: nil)
        rig.runtime.programs["flaky:1"] = FakeProgram(exitsAfter: .seconds(40), exitCode: 1, healthyAfter: .seconds(3))
        try rig.apply(Self.manifests(&random))
        for second in 0..<240 {
            rig.run(for: .seconds(1))
            if random.below(8) == 0 { try Self.disturb(&rig, &random) }
            Self.check(rig, "seed \(seed) at \(second) s")
            if second == 120 { try rig.restore() }
        }
        // Left alone and healed, it comes to rest.
        for (_, node) in rig.cluster.context.store.nodes.sorted { rig.setHealth(of: node.metadata.name, .healthy) }
        rig.run(for: .minutes(15))
        Self.checkRest(rig, "seed \(seed)")
        #expect(rig.handled < 400_000, "seed \(seed): \(rig.handled) events")
    }

    private static func manifests(_ random: inout RandomStream) -> String {
        func image() -> String { ["web:1", "deaf:1", "flaky:1"][Int(random.below(3))] }
        var parts = [
            Manifests.deployment("web", replicas: 1 + Int(random.below(6)), image: image()),
            Manifests.deployment(
                "back", replicas: Int(random.below(4)), image: image(), extra: "  strategy: {type: Recreate}"),
        ]
        parts.append(
            """
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: db}
            spec:
              serviceName: db
              replicas: \(random.below(4))
              podManagementPolicy: \(random.below(2) == 0 ? "Parallel" : "OrderedReady")
              selector: {matchLabels: {app: db}}
              template:
                metadata: {labels: {app: db}}
                spec: {containers: [{name: db, image: "\(image())", resources: {requests: {cpu: 300m, memory: 256Mi}}}]}
            """)
        parts.append(
            """
            apiVersion: apps/v1
            kind: DaemonSet
            metadata: {name: agent}
            spec:
              selector: {matchLabels: {app: agent}}
              template:
                metadata: {labels: {app: agent}}
                spec: {containers: [{name: agent, image: "\(image())"}]}
            """)
        parts.append(
            """
            apiVersion: batch/v1
            kind: Job
            metadata: {name: batch}
            spec:
              completions: \(1 + random.below(6))
              parallelism: \(1 + random.below(3))
              backoffLimit: \(random.below(3))
              template: {spec: {restartPolicy: Never, containers: [{name: main, image: "work:1"}]}}
            ---
            apiVersion: batch/v1
            kind: CronJob
            metadata: {name: tick}
            spec:
              schedule: "* * * * *"
              concurrencyPolicy: \(["Allow", "Forbid", "Replace"][Int(random.below(3))])
              jobTemplate: {spec: {backoffLimit: 0, ttlSecondsAfterFinished: 30, template: {spec: {restartPolicy: Never, containers: [{name: main, image: "work:1"}]}}}}
            ---
            apiVersion: policy/v1
            kind: PodDisruptionBudget
            metadata: {name: web}
            spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {selector: {app: web}, ports: [{port: 80}]}
            """)
        if random.below(2) == 0 {
            parts.append(
                "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: quota}\nspec: {hard: {pods: \(12 + random.below(20))}}"
            )
        }
        return parts.joined(separator: "\n---\n")
    }

    private static func disturb(_ rig: inout ClusterRig, _ random: inout RandomStream) throws {
        func pick<Element>(_ list: [Element]) -> Element? {
            list.isEmpty ? nil : list[Int(random.below(UInt64(list.count)))]
        }
        switch random.below(9) {
        case 0:
            if let name = pick(rig.pods)?.metadata.name {
                rig.delete(Pod.resource, name, grace: random.below(2) == 0 ? 0 : nil)
            }
        case 1:
            let image = ["web:1", "web:2", "flaky:1"][Int(random.below(3))]
            try rig.patch(
                Deployment.resource, "web", "spec: {template: {spec: {containers: [{name: app, image: \"\(image)\"}]}}}"
            )
        case 2: try rig.patch(Deployment.resource, "web", "spec: {replicas: \(random.below(8))}")
        case 3:
            try rig.patch(
                StatefulSet.resource, "db",
                "spec: {replicas: \(random.below(4)), template: {spec: {containers: [{name: db, image: \"web:\(random.below(3))\"}]}}}"
            )
        case 4: if let controller = pick(ControllerName.allCases) { rig.restart(controller) }
        case 5:
            let nodes = rig.cluster.context.store.nodes.sorted.map(\.object.metadata.name)
            if let node = pick(nodes) {
                rig.setHealth(of: node, [.failed, .partitioned, .healthy][Int(random.below(3))])
            }
        case 6:
            if let name = pick(rig.pods)?.metadata.name {
                rig.respond(
                    APIRequest(
                        .create, Pod.resource, namespace: "default", name: name, subresource: "eviction",
                        body: .object([:])))
            }
        case 7:
            let nodes = rig.cluster.context.store.nodes.sorted.map(\.object.metadata.name)
            if let node = pick(nodes) {
                try rig.patch(Node.resource, node, "spec: {unschedulable: \(random.below(2) == 0)}")
            }
        default: try rig.patch(Job.resource, "batch", "spec: {suspend: \(random.below(2) == 0)}")
        }
    }

    private static func check(_ rig: ClusterRig, _ place: String) {
        let store = rig.cluster.context.store
        for (_, node) in store.nodes.sorted {
            let requested = store.pods(on: node.metadata.name).compactMap { store[$0] }.filter {
                $0.status.phase != "Succeeded" && $0.status.phase != "Failed"
            }.reduce(Quantity()) { $0 + (PodResources.requests(of: $1)["cpu"] ?? Quantity()) }
            #expect(requested <= node.status.allocatable["cpu"] ?? Quantity(), "\(place): \(node.metadata.name)")
        }
        for (_, job) in store.jobs.sorted {
            #expect(job.status.succeeded <= job.spec.completions ?? .max, "\(place): \(job.metadata.name)")
            #expect(job.status.active <= job.spec.parallelism ?? 1, "\(place): \(job.metadata.name)")
            #expect(
                !(job.status.conditions.contains { $0.type == "Complete" }
                    && job.status.conditions.contains { $0.type == "Failed" }), "\(place)")
        }
        for (_, budget) in store.podDisruptionBudgets.sorted {
            #expect(budget.status.disruptionsAllowed >= 0, "\(place)")
        }
        for (_, quota) in store.resourceQuotas.sorted {
            for (name, used) in quota.status.used { #expect(!used.isNegative, "\(place): \(name)") }
        }
        let names = rig.pods.compactMap { $0.controller?.kind == "StatefulSet" ? $0.metadata.name : nil }
        #expect(Set(names).count == names.count, "\(place)")
    }

    /// Nothing is left half done: every object's owner lives, finished pods were counted, counts agree with pods.
    private static func checkRest(_ rig: ClusterRig, _ place: String) {
        let store = rig.cluster.context.store
        for pod in rig.pods {
            for owner in pod.metadata.ownerReferences {
                #expect(
                    GarbageCollector.find(owner, "default", rig.cluster.context) != nil,
                    "\(place): \(pod.metadata.name)")
            }
            #expect(
                pod.metadata.deletionTimestamp == nil || pod.controller?.kind == "Job",
                "\(place): \(pod.metadata.name) on \(pod.spec.nodeName) is still going: \(pod.status.phase) grace \(pod.metadata.deletionGracePeriodSeconds ?? -1), \(rig.events(.pod, pod.metadata.name).suffix(4))"
            )
        }
        for (_, set) in store.replicaSets.sorted {
            let active = store.dependents(of: set.metadata.uid, Pod.self).compactMap { store[$0] }.filter(\.isActive)
            #expect(Int(set.status.replicas) == active.count, "\(place): \(set.metadata.name)")
            if store.resourceQuotas.count == 0 {
                #expect(active.count == Int(set.spec.replicas ?? 1), "\(place): \(set.metadata.name)")
            }
        }
        for (_, job) in store.jobs.sorted where job.isFinished {
            #expect(job.status.uncountedTerminatedPods == nil, "\(place): \(job.metadata.name)")
            #expect(job.status.active == 0, "\(place): \(job.metadata.name)")
        }
        for (_, quota) in store.resourceQuotas.sorted {
            let living = rig.pods.filter { $0.status.phase != "Succeeded" && $0.status.phase != "Failed" }
            #expect(quota.status.used["pods"] == Quantity(Int64(living.count)), "\(place)")
        }
        let ready = rig.pods.filter {
            $0.isReady && $0.metadata.labels["app"] == "web" && $0.metadata.deletionTimestamp == nil
        }.count
        let endpoints = store.endpointSlices.sorted.flatMap(\.object.endpoints).filter { $0.conditions?.ready == true }
            .count
        #expect(ready == endpoints, "\(place): \(ready) ready, \(endpoints) endpoints")
    }
}
