import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// A pod on its node, from the pull of its image to its end.
@Suite struct KubeletTests {
    private static func pod(_ name: String = "p", spec: String) -> String {
        "apiVersion: v1\nkind: Pod\nmetadata: {name: \(name)}\nspec: {\(spec)}"
    }

    private static func status(_ rig: ClusterRig, _ pod: String = "p", _ container: String = "app") throws
        -> ContainerStatus
    {
        let status = try rig.get(pod, Pod.self).status
        return try #require((status.containerStatuses + status.initContainerStatuses).first { $0.name == container })
    }

    @Test func aPodStartsWithTheEventsOfTheRealOne() throws {
        var rig = ClusterRig()
        try rig.apply(Self.pod(spec: "containers: [{name: app, image: \"web:1\"}]"))
        rig.run(for: .seconds(20))
        let events = rig.events(.pod, "p")
        #expect(events.first?.hasPrefix("Normal Scheduled Successfully assigned default/p to node-") == true)
        #expect(events[1] == "Normal Pulling Pulling image \"web:1\"")
        #expect(events[2].hasPrefix("Normal Pulled Successfully pulled image \"web:1\" in 1.9s ("))
        #expect(events[2].hasSuffix("including waiting). Image size: 157286400 bytes."))
        #expect(events.suffix(2) == ["Normal Created Container created", "Normal Started Container started"])
        let conditions = try rig.get("p", Pod.self).status.conditions
        #expect(
            conditions.map(\.type) == [
                "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled",
            ])
        #expect(conditions.allSatisfy { $0.status == "True" })
    }

    @Test func aCrashingContainerWaitsLongerEachTime() throws {
        var rig = ClusterRig()
        rig.runtime.programs["crash:1"] = FakeProgram(exitsAfter: .seconds(1), exitCode: 1)
        try rig.apply(Self.pod(spec: "containers: [{name: app, image: \"crash:1\"}]"))
        rig.run(for: .seconds(9))
        let pod = try rig.get("p", Pod.self)
        let container = try Self.status(rig)
        #expect(pod.status.phase == "Running")
        #expect(container.restartCount == 1)
        #expect(container.state?.waiting?.reason == "CrashLoopBackOff")
        #expect(
            container.state?.waiting?.message
                == "back-off 10s restarting failed container=app pod=p_default(\(pod.metadata.uid))")
        #expect(container.lastState?.terminated?.exitCode == 1)
        #expect(container.lastState?.terminated?.reason == "Error")
        rig.run(for: .minutes(2))
        #expect(try Self.status(rig).restartCount >= 3)
        #expect(
            rig.events(.pod, "p").contains(
                "Warning BackOff Back-off restarting failed container app in pod p_default(\(pod.metadata.uid))"))
    }

    /// World 183 of the invariants: the back-off went on after the machine had failed and come back, and started a second
    /// container beside the one that the boot had started.
    @Test(arguments: [14, 25, 40, 64, 95, 130, 162, 176, 200, 230] as [Int64])
    func aBackOffEndsWithItsMachine(failing second: Int64) throws {
        var rig = ClusterRig()
        rig.runtime.programs["crash:1"] = FakeProgram(exitsAfter: .seconds(1), exitCode: 1)
        try rig.apply(Self.pod(spec: "containers: [{name: app, image: \"crash:1\"}]"))
        rig.run(for: .seconds(second))
        let node = try rig.get("p", Pod.self).spec.nodeName
        rig.setHealth(of: node, .failed)
        rig.run(for: .milliseconds(100))
        rig.runtime.programs["crash:1"] = FakeProgram()
        rig.setHealth(of: node, .healthy)
        rig.run(for: .seconds(30))
        #expect(try Self.status(rig).state?.running != nil)
        #expect(rig.runtime.runs.count == 1)
        rig.run(for: .minutes(10))
        #expect(rig.runtime.runs.count == 1)
        #expect(rig.events(.pod, "p").last { $0.contains("Started") } != nil)
    }

    @Test func anOutOfMemoryKillSaysSo() throws {
        var rig = ClusterRig()
        rig.runtime.programs["hog:1"] = FakeProgram(exitsAfter: .seconds(2), exitCode: 137, exitReason: "OOMKilled")
        try rig.apply(Self.pod(spec: "restartPolicy: Never, containers: [{name: app, image: \"hog:1\"}]"))
        rig.run(for: .seconds(20))
        let ended = try #require(try Self.status(rig).state?.terminated)
        #expect(ended.exitCode == 137)
        #expect(ended.reason == "OOMKilled")
        #expect(try rig.get("p", Pod.self).status.phase == "Failed")
    }

    @Test func sidecarsComeFirstAndGoLast() throws {
        var rig = ClusterRig()
        rig.runtime.programs["init:1"] = FakeProgram(exitsAfter: .seconds(2))
        rig.runtime.programs["side:1"] = FakeProgram(healthyAfter: .seconds(3))
        rig.runtime.programs["work:1"] = FakeProgram(exitsAfter: .seconds(10))
        try rig.apply(
            Self.pod(
                spec:
                    "restartPolicy: Never, initContainers: [{name: init, image: \"init:1\"}, {name: side, image: \"side:1\", restartPolicy: Always, startupProbe: {tcpSocket: {port: 1}, periodSeconds: 1, failureThreshold: 30}}], containers: [{name: app, image: \"work:1\"}]"
            ))
        rig.run(for: .seconds(8))
        #expect(rig.runtime.asked == ["start p/init", "start p/side"])
        #expect(try rig.get("p", Pod.self).status.phase == "Pending")
        rig.run(for: .seconds(30))
        #expect(rig.runtime.asked == ["start p/init", "start p/side", "start p/app", "terminate p/side"])
        #expect(try rig.get("p", Pod.self).status.phase == "Succeeded")
    }

    @Test func theGraceIncludesThePreStopHook() throws {
        var rig = ClusterRig()
        rig.runtime.programs["deaf:1"] = FakeProgram(stopsAfter: nil, hookTakes: .seconds(60))
        try rig.apply(
            Self.pod(
                spec:
                    "terminationGracePeriodSeconds: 10, containers: [{name: app, image: \"deaf:1\", lifecycle: {preStop: {exec: {command: [drain]}}}}]"
            ))
        rig.run(for: .seconds(20))
        rig.delete(Pod.resource, "p")
        rig.run(for: .milliseconds(9_900))
        #expect(rig.runtime.asked.suffix(1) == ["hook p/app"])
        rig.run(for: .seconds(1))
        #expect(rig.runtime.asked.suffix(1) == ["terminate p/app"])
        rig.run(for: .seconds(2))
        #expect(rig.runtime.asked.suffix(1) == ["kill p/app"])
        rig.run(for: .seconds(2))
        #expect(!rig.exists("p", Pod.self))
    }

    @Test func aFailingLivenessProbeRestartsAndAStartupProbeHoldsItBack() throws {
        var rig = ClusterRig()
        rig.runtime.programs["sick:1"] = FakeProgram(healthyAfter: nil)
        rig.runtime.programs["slow:1"] = FakeProgram(healthyAfter: .seconds(25))
        try rig.apply(
            Self.pod(
                "sick",
                spec:
                    "containers: [{name: app, image: \"sick:1\", livenessProbe: {httpGet: {path: /live, port: 80}, periodSeconds: 2}}]"
            ))
        try rig.apply(
            Self.pod(
                "slow",
                spec:
                    "containers: [{name: app, image: \"slow:1\", livenessProbe: {httpGet: {path: /live, port: 80}, periodSeconds: 2}, startupProbe: {httpGet: {path: /live, port: 80}, periodSeconds: 5, failureThreshold: 10}}]"
            ))
        rig.run(for: .seconds(30))
        let events = rig.events(.pod, "sick")
        #expect(events.contains("Warning Unhealthy Liveness probe failed: HTTP probe failed with statuscode: 503"))
        #expect(events.contains("Normal Killing Container app failed liveness probe, will be restarted"))
        #expect(try Self.status(rig, "sick").restartCount >= 1)
        #expect(try Self.status(rig, "slow").restartCount == 0)
        #expect(try Self.status(rig, "slow").started == false)
        rig.run(for: .seconds(20))
        #expect(try Self.status(rig, "slow").started == true)
        #expect(try Self.status(rig, "slow").ready)
    }

    @Test func aMissingImageIsTriedLessAndLessOften() throws {
        var kubelet = KubeletConfiguration()
        kubelet.missingImages = ["nowhere:1"]
        var rig = ClusterRig(kubelet: kubelet)
        try rig.apply(Self.pod(spec: "containers: [{name: app, image: \"nowhere:1\"}]"))
        rig.run(for: .seconds(4))
        #expect(["ErrImagePull", "ImagePullBackOff"].contains(try Self.status(rig).state?.waiting?.reason))
        rig.run(for: .minutes(1))
        let events = rig.events(.pod, "p")
        let wanted = [
            "Normal Pulling Pulling image \"nowhere:1\"", "Warning Failed Error: ErrImagePull",
            "Normal BackOff Back-off pulling image \"nowhere:1\"", "Warning Failed Error: ImagePullBackOff",
        ]
        for text in wanted { #expect(events.contains(text), "\(text)") }
        #expect(try rig.get("p", Pod.self).status.phase == "Pending")
    }

    @Test func aMissingConfigMapHoldsTheContainerUntilItIsThere() throws {
        var rig = ClusterRig()
        try rig.apply(
            Self.pod(spec: "containers: [{name: app, image: \"web:1\", envFrom: [{configMapRef: {name: settings}}]}]"))
        rig.run(for: .seconds(10))
        #expect(try Self.status(rig).state?.waiting?.reason == "CreateContainerConfigError")
        #expect(rig.events(.pod, "p").contains("Warning Failed Error: configmap \"settings\" not found"))
        try rig.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {COLOR: red}")
        rig.run(for: .seconds(30))
        #expect(try Self.status(rig).ready)
        #expect(rig.runtime.runs.values.first?.configuration.environment.contains { $0 == ("COLOR", "red") } == true)
    }

    @Test func aFailingPostStartHookKillsTheContainer() throws {
        var rig = ClusterRig()
        rig.runtime.programs["hooked:1"] = FakeProgram(hookSucceeds: false)
        try rig.apply(
            Self.pod(
                spec:
                    "containers: [{name: app, image: \"hooked:1\", lifecycle: {postStart: {exec: {command: [register]}}}}]"
            ))
        rig.run(for: .seconds(15))
        #expect(rig.events(.pod, "p").contains("Warning FailedPostStartHook PostStartHook failed"))
        #expect(try Self.status(rig).restartCount >= 1)
    }

    @Test func resourcesChangeInPlaceWhereTheyFit() throws {
        var rig = ClusterRig(nodes: 1, cpu: "2", memory: "4Gi")
        try rig.apply(
            Self.pod(
                spec:
                    "containers: [{name: app, image: \"web:1\", resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {cpu: \"1\", memory: 1Gi}}}]"
            ))
        try rig.apply(
            Self.pod("other", spec: "containers: [{name: app, image: \"web:1\", resources: {requests: {cpu: \"1\"}}}]"))
        rig.run(for: .seconds(20))
        func resize(_ cpu: String) throws -> APIResponse {
            try rig.patch(
                Pod.resource, "p",
                "spec: {containers: [{name: app, resources: {requests: {cpu: \(cpu)}, limits: {cpu: \"3\"}}}]}",
                subresource: "resize")
        }
        #expect(try resize("800m").code == 200)
        rig.run(for: .seconds(2))
        #expect(rig.runtime.resized.values.first?.cpuRequestMilli == 800)
        #expect(try Self.status(rig).resources?.requests["cpu"] == Quantity(milli: 800))
        #expect(try Self.status(rig).restartCount == 0)
        #expect(
            rig.events(.pod, "p").suffix(2) == [
                "Normal ResizeStarted Pod resize started", "Normal ResizeCompleted Pod resize completed",
            ])

        _ = try resize("1500m")
        rig.run(for: .seconds(2))
        var pending = try #require(try rig.get("p", Pod.self).condition("PodResizePending"))
        #expect(pending.reason == "Deferred")
        #expect(pending.message == "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000")
        #expect(try Self.status(rig).resources?.requests["cpu"] == Quantity(milli: 800))
        _ = try resize("2500m")
        rig.run(for: .seconds(2))
        pending = try #require(try rig.get("p", Pod.self).condition("PodResizePending"))
        #expect(pending.reason == "Infeasible")
        _ = try resize("1500m")
        rig.delete(Pod.resource, "other", grace: 1)
        rig.run(for: .seconds(30))
        #expect(try rig.get("p", Pod.self).condition("PodResizePending") == nil)
        #expect(try Self.status(rig).resources?.requests["cpu"] == Quantity(milli: 1500))

        let refused = try rig.patch(
            Pod.resource, "p",
            "spec: {containers: [{name: app, resources: {requests: {memory: null}, limits: {memory: null}}}]}",
            subresource: "resize")
        guard case .failure(let status) = refused.body else { throw RigError("accepted") }
        #expect(
            status.message.contains("spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed")
        )
    }

    @Test func aPolicyMayAskForARestart() throws {
        var rig = ClusterRig(nodes: 1)
        try rig.apply(
            Self.pod(
                spec:
                    "containers: [{name: app, image: \"web:1\", resizePolicy: [{resourceName: memory, restartPolicy: RestartContainer}], resources: {requests: {memory: 1Gi}, limits: {memory: 2Gi}}}]"
            ))
        rig.run(for: .seconds(20))
        try rig.patch(
            Pod.resource, "p", "spec: {containers: [{name: app, resources: {requests: {memory: 2Gi}}}]}",
            subresource: "resize")
        rig.run(for: .milliseconds(100))
        #expect(try rig.get("p", Pod.self).condition("PodResizeInProgress")?.status == "True")
        rig.run(for: .seconds(10))
        #expect(try Self.status(rig).restartCount == 1)
        #expect(try rig.get("p", Pod.self).condition("PodResizeInProgress") == nil)
        #expect(try Self.status(rig).resources?.requests["memory"] == Quantity(2 << 30))
    }

    @Test func anotherImageRestartsTheContainerInItsPod() throws {
        var rig = ClusterRig()
        try rig.apply(Self.pod(spec: "containers: [{name: app, image: \"web:1\"}]"))
        rig.run(for: .seconds(20))
        try rig.patch(Pod.resource, "p", "spec: {containers: [{name: app, image: \"web:2\"}]}")
        rig.run(for: .seconds(20))
        #expect(rig.events(.pod, "p").contains("Normal Killing Container app definition changed, will be restarted"))
        #expect(try Self.status(rig).restartCount == 1)
        #expect(rig.runtime.runs.values.first?.configuration.image == "web:2")
    }

    @Test func aNodeShortOfMemoryEvictsTheGreediest() throws {
        var rig = ClusterRig(nodes: 1, memory: "2Gi")
        rig.runtime.programs["fat:1"] = FakeProgram(memoryBytes: 1_500 << 20)
        rig.runtime.programs["lean:1"] = FakeProgram(memoryBytes: 500 << 20)
        try rig.apply(Self.pod("fat", spec: "containers: [{name: app, image: \"fat:1\"}]"))
        try rig.apply(
            Self.pod(
                "lean", spec: "containers: [{name: app, image: \"lean:1\", resources: {requests: {memory: 600Mi}}}]"))
        rig.run(for: .seconds(40))
        let fat = try rig.get("fat", Pod.self)
        #expect(fat.status.phase == "Failed")
        #expect(fat.status.reason == "Evicted")
        #expect(
            fat.status.message.hasPrefix("The node was low on resource: memory. Threshold quantity: 100Mi, available: ")
        )
        #expect(fat.condition("DisruptionTarget")?.reason == "TerminationByKubelet")
        #expect(try rig.get("lean", Pod.self).status.phase == "Running")
        let node = try rig.get("node-1", Node.self)
        #expect(node.status.conditions.first { $0.type == "MemoryPressure" }?.status == "True")
    }
}
