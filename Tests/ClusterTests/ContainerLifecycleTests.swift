import ContainerRuntime
import KubernetesAPI
import Simulation
import Testing

@testable import Cluster

/// Hooks, last words and containers for debugging.
@Suite struct ContainerLifecycleTests {
    private static func pod(_ spec: String) -> String {
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {\(spec)}"
    }

    private static let hook = "lifecycle: {postStart: {exec: {command: [prepare, it]}}}"

    private static func container(_ rig: ClusterRig, _ name: String) throws -> ContainerStatus {
        let status = try rig.get("p", Pod.self).status
        let all = status.initContainerStatuses + status.containerStatuses + status.ephemeralContainerStatuses
        return try #require(all.first { $0.name == name })
    }

    // MARK: postStart

    @Test func aPostStartHookHoldsUpTheNextContainerAndReadiness() throws {
        var rig = ClusterRig()
        rig.runtime.programs["slow:1"] = FakeProgram(hookTakes: .seconds(20))
        try rig.apply(
            Self.pod(
                "containers: [{name: a, image: \"slow:1\", \(Self.hook), livenessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}}, {name: b, image: \"web:1\"}]"
            ))
        rig.run(for: .seconds(15))
        #expect(rig.runtime.asked == ["start p/a", "hook p/a"])
        #expect(try Self.container(rig, "a").state?.waiting?.reason == "ContainerCreating")
        #expect(try Self.container(rig, "a").ready == false && rig.get("p", Pod.self).status.phase == "Pending")
        try rig.restore()
        rig.run(for: .seconds(15))
        #expect(rig.runtime.asked == ["start p/a", "hook p/a", "start p/b"])
        #expect(try Self.container(rig, "a").state?.running != nil && rig.get("p", Pod.self).isReady)
        #expect(rig.cluster.audit(at: rig.clock.now).isEmpty)
    }

    @Test func aFailedPostStartHookKillsTheContainerAndLetsTheNextStart() throws {
        var rig = ClusterRig()
        rig.runtime.programs["bad:1"] = FakeProgram(hookTakes: .seconds(3), hookSucceeds: false)
        try rig.apply(
            Self.pod("containers: [{name: a, image: \"bad:1\", \(Self.hook)}, {name: b, image: \"web:1\"}]"))
        rig.run(for: .seconds(8))
        let events = rig.events(.pod, "p")
        #expect(events.contains("Warning FailedPostStartHook PostStartHook failed"))
        #expect(events.contains("Normal Killing FailedPostStartHook"))
        #expect(try Self.container(rig, "b").state?.running != nil)
        let waiting = try #require(try Self.container(rig, "a").state?.waiting)
        #expect(waiting.reason == "PostStartHookError")
        #expect(waiting.message.contains("command 'prepare it' exited with 1"))
        rig.run(for: .minutes(1))
        #expect(try Self.container(rig, "a").restartCount >= 2 && !rig.get("p", Pod.self).isReady)
        #expect(rig.events(.pod, "p").contains { $0.hasPrefix("Warning BackOff") })
        // The next time it works.
        rig.runtime.programs["bad:1"] = FakeProgram()
        rig.run(for: .minutes(2))
        #expect(try rig.get("p", Pod.self).isReady)
    }

    @Test func aSidecarsHookHoldsUpTheContainersThatNeedIt() throws {
        var rig = ClusterRig()
        rig.runtime.programs["proxy:1"] = FakeProgram(hookTakes: .seconds(10))
        try rig.apply(
            Self.pod(
                "initContainers: [{name: proxy, image: \"proxy:1\", restartPolicy: Always, \(Self.hook)}], containers: [{name: app, image: \"web:1\"}]"
            ))
        rig.run(for: .seconds(10))
        #expect(try Self.container(rig, "app").state?.waiting?.reason == "PodInitializing")
        rig.run(for: .seconds(15))
        #expect(try rig.get("p", Pod.self).isReady)
    }

    /// A container that ends takes its hook with it.
    @Test func anExitDuringTheHookIsAFailureOfTheHook() throws {
        var rig = ClusterRig()
        rig.runtime.programs["short:1"] = FakeProgram(exitsAfter: .seconds(1), hookTakes: .seconds(20))
        try rig.apply(
            Self.pod(
                "restartPolicy: Never, containers: [{name: a, image: \"short:1\", \(Self.hook)}, {name: b, image: \"web:1\"}]"
            ))
        rig.run(for: .seconds(10))
        #expect(rig.events(.pod, "p").contains("Warning FailedPostStartHook PostStartHook failed"))
        #expect(try Self.container(rig, "b").state?.running != nil)
    }

    @Test func aPodThatIsDeletedDuringTheHookDoesNotWaitForIt() throws {
        var rig = ClusterRig()
        rig.runtime.programs["slow:1"] = FakeProgram(hookTakes: .minutes(5))
        try rig.apply(Self.pod("containers: [{name: a, image: \"slow:1\", \(Self.hook)}]"))
        rig.run(for: .seconds(10))
        rig.delete(Pod.resource, "p")
        rig.run(for: .seconds(5))
        #expect(!rig.exists("p", Pod.self))
    }

    @Test(arguments: [true, false]) func aHookThatEndsDuringAPartitionIsToldLater(succeeds: Bool) throws {
        var rig = ClusterRig(nodes: 1)
        rig.runtime.programs["slow:1"] = FakeProgram(hookTakes: .seconds(20), hookSucceeds: succeeds)
        try rig.apply(Self.pod("containers: [{name: a, image: \"slow:1\", \(Self.hook)}, {name: b, image: \"web:1\"}]"))
        rig.run(for: .seconds(10))
        rig.setHealth(of: "node-1", .partitioned)
        rig.run(for: .seconds(20))
        rig.setHealth(of: "node-1", .healthy)
        rig.run(for: .seconds(5))
        #expect(try Self.container(rig, "b").state?.running != nil)
        #expect(rig.events(.pod, "p").contains("Warning FailedPostStartHook PostStartHook failed") == !succeeds)
        #expect(try rig.get("p", Pod.self).isReady == succeeds)
        #expect(rig.cluster.audit(at: rig.clock.now).isEmpty)
    }

    // MARK: Termination messages

    @Test(arguments: [("FallbackToLogsOnError", 1, true), ("FallbackToLogsOnError", 0, false), ("File", 1, false)])
    func theLogIsTheLastWordOfAFailureThatAsksForIt(policy: String, code: Int, isLog: Bool) throws {
        var rig = ClusterRig()
        rig.runtime.programs["task:1"] = FakeProgram(exitsAfter: .seconds(1), exitCode: code)
        try rig.apply(
            Self.pod(
                "restartPolicy: Never, containers: [{name: a, image: \"task:1\", terminationMessagePolicy: \(policy)}]")
        )
        rig.run(for: .seconds(10))
        let ended = try #require(try Self.container(rig, "a").state?.terminated)
        #expect(ended.message.hasSuffix(" line 5\n") == isLog && ended.message.isEmpty == !isLog)
    }

    @Test func theTailOfALogHasAtMostEightyLinesAndTwoKibibytes() {
        func lines(_ count: Int, _ text: String) -> [LogLine] {
            (0..<count).map { LogLine(time: .zero, text: "\($0) \(text)") }
        }
        #expect(TerminationMessage.tail(of: []).isEmpty)
        let many = TerminationMessage.tail(of: lines(100, "x"))
        #expect(many.hasPrefix("20 x\n") && many.hasSuffix("99 x\n"))
        let long = TerminationMessage.tail(of: lines(10, String(repeating: "y", count: 400)))
        #expect(long.utf8.count == 2_048 && long.hasSuffix("y\n"))
    }

    // MARK: Ephemeral containers

    private static func debug(_ rig: inout ClusterRig, _ containers: String) throws -> APIResponse {
        try rig.patch(
            Pod.resource, "p", "spec: {ephemeralContainers: [\(containers)]}", subresource: "ephemeralcontainers")
    }

    @Test func aContainerForDebuggingRunsOnceBesideTheOthers() throws {
        var rig = ClusterRig()
        rig.runtime.programs["shell:1"] = FakeProgram(exitsAfter: .seconds(30), exitCode: 1)
        try rig.apply(Self.pod("containers: [{name: app, image: \"web:1\"}]"))
        rig.run(for: .seconds(10))
        let response = try Self.debug(&rig, "{name: debugger, image: \"shell:1\", targetContainerName: app}")
        #expect(response.code == 200)
        rig.run(for: .seconds(10))
        let running = try Self.container(rig, "debugger")
        #expect(running.state?.running != nil && running.started == nil && !running.ready)
        let fieldPaths = rig.cluster.context.events.records.map(\.fieldPath)
        #expect(fieldPaths.contains("spec.ephemeralContainers{debugger}"))
        try rig.restore()
        rig.run(for: .minutes(3))
        let pod = try rig.get("p", Pod.self)
        #expect(try Self.container(rig, "debugger").state?.terminated?.exitCode == 1)
        #expect(try Self.container(rig, "debugger").restartCount == 0)
        #expect(pod.status.phase == "Running" && pod.isReady && pod.status.containerStatuses.map(\.restartCount) == [0])
        #expect(rig.cluster.audit(at: rig.clock.now).isEmpty)
        // A second one, and the end of the pod takes what runs.
        // What is there may not change.
        let list = try YAMLReader.documents("spec: {ephemeralContainers: [{name: debugger, image: \"web:1\"}]}").first
        let refused = rig.respond(
            APIRequest(
                .patch, Pod.resource, namespace: "default", name: "p", subresource: "ephemeralcontainers",
                body: list?.value, patchType: .merge))
        #expect(refused.code == 422)
        #expect(
            try Self.debug(
                &rig, "{name: debugger, image: \"shell:1\", targetContainerName: app}, {name: again, image: \"web:1\"}"
            ).code == 200)
        rig.run(for: .seconds(10))
        #expect(try Self.container(rig, "again").state?.running != nil)
        rig.delete(Pod.resource, "p")
        rig.run(for: .seconds(5))
        #expect(!rig.exists("p", Pod.self) && rig.runtime.runs.isEmpty)
    }

    @Test func nothingElseChangesWithTheDebugger() throws {
        var rig = ClusterRig()
        try rig.apply(Self.pod("containers: [{name: app, image: \"web:1\"}]"))
        rig.run(for: .seconds(10))
        let before = try rig.get("p", Pod.self)
        let response = try rig.patch(
            Pod.resource, "p",
            "metadata: {labels: {x: z}}\nspec: {containers: [{name: app, image: \"web:2\"}], ephemeralContainers: [{name: d, image: \"shell:1\"}]}",
            subresource: "ephemeralcontainers")
        #expect(response.code == 200, "\(response)")
        let after = try rig.get("p", Pod.self)
        #expect(after.spec.containers == before.spec.containers && after.metadata.labels == before.metadata.labels)
        #expect(after.metadata.generation == before.metadata.generation + 1)
        let direct = try rig.patch(Pod.resource, "p", "spec: {ephemeralContainers: [{name: e, image: \"shell:1\"}]}")
        #expect(direct.code == 422)
    }

    /// Debuggers start even where init containers do not end, and before the pod has a node.
    @Test func aDebuggerStartsWhileThePodInitializes() throws {
        var rig = ClusterRig()
        try rig.apply(
            Self.pod(
                "initContainers: [{name: prepare, image: \"web:1\"}], containers: [{name: app, image: \"web:1\"}]"))
        _ = try Self.debug(&rig, "{name: d, image: \"shell:1\"}")
        rig.run(for: .seconds(10))
        #expect(try Self.container(rig, "d").state?.running != nil)
        #expect(try Self.container(rig, "app").state?.waiting?.reason == "PodInitializing")
        rig.setHealth(of: try rig.get("p", Pod.self).spec.nodeName, .failed)
        rig.run(for: .seconds(20))
        rig.setHealth(of: try rig.get("p", Pod.self).spec.nodeName, .healthy)
        rig.run(for: .seconds(30))
        #expect(try Self.container(rig, "d").state?.terminated?.exitCode == 255)
    }
}
