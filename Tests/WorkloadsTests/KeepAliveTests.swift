import ContainerRuntime
import Simulation
import Testing

@testable import Workloads

@Suite struct KeepAliveTests {
    static func world(lifetime: Duration? = nil, keeps: Bool = false) -> Rig {
        var configuration = WorkloadsConfiguration.simple(rate: 50)
        configuration.traffic[0].keepAlive = .init(connections: 10, lifetime: lifetime)
        configuration.images["web"]?.shutdown.keepsConnections = keeps
        var rig = Rig(configuration)
        rig.audits = true
        rig.start("web", service: "default/web")
        rig.run(seconds: 1)
        rig.begin()
        rig.run(seconds: 10)
        return rig
    }

    static func served(_ rig: Rig, _ id: ContainerID) -> Int64 {
        rig.workloads.gauges(of: id)?.meter.answered[.ok] ?? 0
    }

    @Test func aNewPodGetsNothingUntilConnectionsAreMadeAnew() {
        var kept = Self.world()
        let late = kept.start("web", service: "default/web")
        kept.run(seconds: 60)
        #expect(Self.served(kept, late) == 0)
        var renewed = Self.world(lifetime: .seconds(10))
        let used = renewed.start("web", service: "default/web")
        renewed.run(seconds: 60)
        #expect(Self.served(renewed, used) > 800)
        #expect(renewed.violations.isEmpty, "\(renewed.violations)")
    }

    @Test func aPodThatLeftItsServiceKeepsItsTraffic() {
        var rig = Self.world()
        let first = rig.workloads.runningContainers[0]
        rig.start("web", service: "default/web")
        rig.run(seconds: 1)
        rig.remove(first, from: "default/web")
        let before = Self.served(rig, first)
        rig.run(seconds: 10)
        #expect(Self.served(rig, first) - before > 400)
        rig.perform(.terminate(first))
        rig.run(seconds: 10)
        #expect(rig.exit(first)?.status.code == 0)
        #expect(rig.workloads.traffic(named: "users")?.total.outcomes.failed == 0)
    }

    @Test(arguments: [
        HookAction.exec(command: ["sh", "-c", "curl -s localhost:8000/drain; sleep 5"]),
        .httpGet(path: "/drain", port: 8000),
    ])
    func aServerThatIsToldToDrainLetsItsConnectionsGo(hook: HookAction) {
        var configuration = WorkloadsConfiguration.simple(rate: 50)
        configuration.traffic[0].keepAlive = .init(connections: 10)
        configuration.images["web"]?.shutdown.keepsConnections = true
        configuration.images["web"]?.shutdown.drainPath = "/drain"
        var rig = Rig(configuration)
        rig.audits = true
        rig.start("web", service: "default/web")
        rig.run(seconds: 1)
        rig.begin()
        rig.run(seconds: 10)
        let first = rig.workloads.runningContainers[0]
        rig.start("web", service: "default/web")
        rig.run(seconds: 1)
        rig.remove(first, from: "default/web")
        rig.perform(.runHook(first, hook))
        rig.run(seconds: 10)
        rig.perform(.terminate(first))
        rig.run(seconds: 2)
        #expect(rig.exit(first)?.status.code == 0)
        #expect(rig.workloads.traffic(named: "users")?.total.outcomes.failed == 0)
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }

    @Test func aServerThatAnswersOnOldConnectionsNeverBecomesIdle() {
        var rig = Self.world(keeps: true)
        let first = rig.workloads.runningContainers[0]
        rig.start("web", service: "default/web")
        rig.run(seconds: 1)
        rig.remove(first, from: "default/web")
        rig.perform(.terminate(first))
        rig.run(seconds: 30)
        #expect(rig.exit(first) == nil)
        rig.perform(.kill(first))
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }
}
