import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// Important pods make room for themselves, and what they freed stays theirs.
@Suite struct PreemptionTests {
    static let classes = """
        apiVersion: scheduling.k8s.io/v1
        kind: PriorityClass
        metadata: {name: high}
        value: 1000
        """

    static func deployment(_ name: String, replicas: Int, cpu: String, priority: String = "") -> String {
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: \(name)}
        spec:
          replicas: \(replicas)
          selector: {matchLabels: {app: \(name)}}
          template:
            metadata: {labels: {app: \(name)}}
            spec:
              terminationGracePeriodSeconds: 1
              \(priority.isEmpty ? "" : "priorityClassName: \(priority)")
              containers: [{name: main, image: "app:1", resources: {requests: {cpu: \(cpu)}}}]
        """
    }

    private func names(_ rig: ClusterRig, _ prefix: String) -> [String] {
        rig.pods.filter { $0.metadata.name.hasPrefix(prefix) && $0.isActive }.map(\.metadata.name)
    }

    /// The victim's Deployment makes another pod at once, long before the preemptor is tried again: it must wait.
    @Test func nobodyLessImportantTakesTheRoomThatVictimsLeft() throws {
        var rig = ClusterRig(nodes: 1, cpu: "1")
        try rig.apply(Self.classes)
        try rig.apply(Self.deployment("batch", replicas: 1, cpu: "600m"))
        rig.run(for: .seconds(10))
        let first = names(rig, "batch-")
        try rig.apply(Self.deployment("urgent", replicas: 1, cpu: "600m", priority: "high"))
        rig.run(for: .seconds(60))
        let urgent = try #require(rig.pods.first { $0.metadata.name.hasPrefix("urgent-") })
        #expect(urgent.status.phase == "Running")
        let second = names(rig, "batch-")
        #expect(first.count == 1 && second.count == 1 && first != second)
        #expect(rig.pods.first { $0.metadata.name == second[0] }?.status.phase == "Pending")
        let preempted = rig.cluster.context.events.records.filter { $0.reason == "Preempted" }
        #expect(preempted.map(\.name) == first, "one victim is enough")
        #expect(rig.cluster.scheduler.nominated.isEmpty)
    }

    /// A pod at least as important is not held back by a nomination that is less important than itself.
    @Test func aNominationGivesWayToWhoIsMoreImportant() throws {
        var rig = ClusterRig(nodes: 1, cpu: "1")
        try rig.apply(
            Self.classes + "\n---\n" + Self.classes.replacing("high", with: "highest").replacing("1000", with: "2000"))
        try rig.apply(Self.deployment("batch", replicas: 1, cpu: "600m"))
        rig.run(for: .seconds(10))
        try rig.apply(Self.deployment("urgent", replicas: 1, cpu: "600m", priority: "high"))
        rig.run(for: .milliseconds(100))
        #expect(rig.cluster.scheduler.nominated.count == 1)
        try rig.apply(Self.deployment("vital", replicas: 1, cpu: "600m", priority: "highest"))
        rig.run(for: .seconds(90))
        let running = rig.pods.filter { $0.status.phase == "Running" }.map { $0.metadata.labels["app"] ?? "" }
        #expect(running == ["vital"])
    }

    /// Among nodes that could serve, the one whose victims no budget protects is taken.
    @Test func victimsThatABudgetProtectsAreSpared() throws {
        var rig = ClusterRig(nodes: 2, cpu: "1")
        try rig.apply(Self.classes)
        try rig.apply(Self.deployment("guarded", replicas: 1, cpu: "600m"))
        try rig.apply(
            """
            apiVersion: policy/v1
            kind: PodDisruptionBudget
            metadata: {name: guard}
            spec: {minAvailable: 1, selector: {matchLabels: {app: guarded}}}
            """)
        rig.run(for: .seconds(10))
        try rig.apply(Self.deployment("batch", replicas: 1, cpu: "600m"))
        rig.run(for: .seconds(10))
        try rig.apply(Self.deployment("urgent", replicas: 1, cpu: "600m", priority: "high"))
        rig.run(for: .seconds(60))
        let victims = rig.cluster.context.events.records.filter { $0.reason == "Preempted" }.map(\.name)
        #expect(victims.count == 1 && victims.allSatisfy { $0.hasPrefix("batch-") })
    }
}
