import ContainerRuntime
import Simulation
import Testing

@testable import Workloads

@Suite struct FaultTests {
    static func web(rate: Double = 20) -> Rig {
        var configuration = WorkloadsConfiguration.simple(rate: rate)
        configuration.traffic[0].timeout = .seconds(3)
        var rig = Rig(configuration)
        rig.audits = true
        rig.start("web", service: "default/web")
        rig.start("web", service: "default/web")
        rig.run(seconds: 1)
        rig.begin()
        rig.run(seconds: 10)
        return rig
    }

    @Test func aDeadlockAcceptsAndNeverAnswers() {
        var rig = Self.web()
        let id = rig.workloads.runningContainers[0]
        let fault = rig.workloads.apply(
            .deadlock(FaultTarget(pod: "web-0")), clock: &rig.clock, reports: &rig.reports)
        let http = rig.probe(id)
        rig.perform(.probe(ProbeToken(rawValue: 900), id, .tcpSocket(port: 8000), timeout: .seconds(1)))
        rig.perform(.terminate(id))
        rig.run(seconds: 30)
        #expect(rig.result(http)?.result == .timedOut)
        #expect(rig.result(ProbeToken(rawValue: 900))?.result == .success(status: 0))
        #expect(rig.exit(id) == nil)
        let timedOut = rig.workloads.traffic(named: "users")?.total.outcomes[.timedOut] ?? 0
        #expect(timedOut > 200)
        rig.workloads.revert(fault, clock: &rig.clock, reports: &rig.reports)
        rig.run(seconds: 10)
        let healed = rig.workloads.traffic(named: "users")?.total.outcomes[.timedOut] ?? 0
        rig.run(seconds: 30)
        #expect(rig.workloads.traffic(named: "users")?.total.outcomes[.timedOut] == healed)
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }

    @Test func trafficIsMultipliedAndComesBack() {
        var rig = Self.web()
        func arrivals(_ rig: inout Rig) -> Int64 {
            let before = rig.workloads.traffic(named: "users")?.total.arrived ?? 0
            rig.run(seconds: 100)
            return (rig.workloads.traffic(named: "users")?.total.arrived ?? 0) - before
        }
        rig.audits = false
        let calm = arrivals(&rig)
        let fault = rig.workloads.apply(.traffic("users", multiplier: 3), clock: &rig.clock, reports: &rig.reports)
        let burst = arrivals(&rig)
        rig.workloads.revert(fault, clock: &rig.clock, reports: &rig.reports)
        let after = arrivals(&rig)
        #expect(abs(Double(calm) - 2000) < 200)
        #expect(abs(Double(burst) - 6000) < 350)
        #expect(abs(Double(after) - 2000) < 200)
    }

    @Test func aBadVersionHurtsOnlyItsOwnContainers() {
        var rig = Self.web()
        rig.workloads.apply(
            .image("web:2", ImageCondition(slowness: 10, errorRate: 0.5)), clock: &rig.clock, reports: &rig.reports)
        rig.run(seconds: 30)
        #expect(rig.workloads.traffic(named: "users")?.total.outcomes.failed == 0)
        rig.start("web:2", service: "default/web")
        rig.run(seconds: 30)
        let failed = rig.workloads.traffic(named: "users")?.total.outcomes[.serverError] ?? 0
        #expect(failed > 60 && failed < 140, "\(failed)")
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }

    @Test func aHungStartNeverListensAndAnOutageFailsDeepProbesOnly() {
        var configuration = WorkloadsConfiguration.agents()
        configuration.images["agent"]?.health.append(
            HealthPath(path: "/deep", check: .dependencies, dependencies: ["hosted"]))
        var rig = Rig(configuration)
        let id = rig.start("agent", service: "default/agent")
        rig.run(seconds: 1)
        let before = rig.probe(id, path: "/deep", timeout: .seconds(2))
        rig.run(seconds: 3)
        rig.workloads.apply(
            .provider("hosted", ProviderCondition(hangs: true)), clock: &rig.clock, reports: &rig.reports)
        let deep = rig.probe(id, path: "/deep", timeout: .seconds(2))
        let shallow = rig.probe(id)
        rig.run(seconds: 15)
        #expect(rig.result(before)?.result == .success(status: 200))
        #expect(rig.result(deep)?.result == .timedOut)
        #expect(rig.result(shallow)?.result == .success(status: 200))
        rig.workloads.apply(
            .image("agent", ImageCondition(hangsAtStart: true)), clock: &rig.clock, reports: &rig.reports)
        let hung = rig.start("agent")
        rig.run(seconds: 600)
        #expect(rig.workloads.gauges(of: hung)?.isListening == false)
        rig.perform(.terminate(hung))
        rig.run(seconds: 1)
        #expect(rig.exit(hung) != nil)
    }

    @Test func outagesOfToolsReachTheUserAsBadGateway() {
        var configuration = WorkloadsConfiguration.simple(rate: 10)
        configuration.images["web"]?.program = .service(
            ServiceProgram(routes: [Route(stages: [.tool(ToolCall(name: "database", timeout: .seconds(2)))])]))
        configuration.tools = ["database": ToolConfiguration(latency: .constant(0.02), errorRate: 0)]
        var rig = Rig(configuration)
        rig.audits = true
        rig.start("web", service: "default/web")
        rig.run(seconds: 1)
        rig.begin()
        rig.run(seconds: 10)
        #expect(rig.workloads.traffic(named: "users")?.total.outcomes.failed == 0)
        let outage = rig.workloads.apply(
            .tool("database", ToolCondition(errorRate: 1)), clock: &rig.clock, reports: &rig.reports)
        rig.run(seconds: 10)
        #expect((rig.workloads.traffic(named: "users")?.total.outcomes[.badGateway] ?? 0) > 70)
        rig.workloads.revert(outage, clock: &rig.clock, reports: &rig.reports)
        rig.workloads.apply(.tool("database", ToolCondition(hangs: true)), clock: &rig.clock, reports: &rig.reports)
        rig.run(seconds: 10)
        #expect((rig.workloads.traffic(named: "users")?.total.outcomes[.badGateway] ?? 0) > 130)
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }

    @Test func memoryThatIsTakenOverTimeEndsWithItsContainer() {
        var rig = Self.web()
        let ids = rig.workloads.runningContainers
        let before = rig.usage(ids[0])?.workingSetBytes ?? 0
        rig.workloads.apply(
            .memory(FaultTarget(image: "web", count: 1), bytes: 100 << 20, over: .seconds(10)), clock: &rig.clock,
            reports: &rig.reports)
        rig.run(seconds: 5)
        let half = (rig.usage(ids[0])?.workingSetBytes ?? 0) - before
        #expect((50 << 20...62 << 20).contains(half), "\(half)")
        rig.run(seconds: 60)
        #expect((rig.usage(ids[0])?.workingSetBytes ?? 0) - before >= 100 << 20)
        rig.workloads.apply(
            .memory(FaultTarget(image: "web", count: 1), bytes: 100 << 20, over: .seconds(100)), clock: &rig.clock,
            reports: &rig.reports)
        rig.perform(.kill(ids[0]))
        rig.run(seconds: 200)
        #expect(rig.usage(ids[0]) == nil)
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }

    @Test func crashesMemoryAndBlocksStrikeOnce() {
        var rig = Self.web()
        let ids = rig.workloads.runningContainers
        rig.workloads.apply(
            .block(FaultTarget(image: "web", count: 1), .seconds(5)), clock: &rig.clock, reports: &rig.reports)
        let blocked = rig.probe(ids[0])
        let free = rig.probe(ids[1])
        rig.run(seconds: 2)
        #expect(rig.result(blocked)?.result == .timedOut)
        #expect(rig.result(free)?.result == .success(status: 200))
        rig.workloads.apply(
            .memory(FaultTarget(pod: "web-1"), bytes: 1 << 30), clock: &rig.clock, reports: &rig.reports)
        #expect((rig.usage(ids[1])?.workingSetBytes ?? 0) > 1 << 30)
        rig.workloads.apply(
            .crash(FaultTarget(image: "web"), exitCode: 42), clock: &rig.clock, reports: &rig.reports)
        rig.run(seconds: 1)
        #expect(rig.exit(ids[0])?.status == ExitStatus(code: 42))
        #expect(rig.exit(ids[1])?.status == ExitStatus(code: 42))
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }
}
