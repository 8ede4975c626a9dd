import ContainerRuntime
import Simulation
import Testing

@testable import Workloads

@Suite struct ServiceTests {
    @Test func usedCPUIsTheWorkDone() {
        var rig = Rig(.simple(compute: .exponential(mean: 0.01), rate: 40))
        let id = rig.start("web", service: "default/web")
        rig.run(seconds: 2)
        rig.begin()
        let before = rig.usage(id)?.cpuNanoseconds ?? 0
        rig.run(seconds: 600)
        let used = Double((rig.usage(id)?.cpuNanoseconds ?? 0) - before) / 1e9
        #expect(abs(used / 600 - 0.4) < 0.02)
        let level = rig.workloads.traffic(named: "users")
        #expect((level?.total.outcomes[.ok] ?? 0) > 23_000)
        #expect(level?.total.outcomes.failed == 0)
        #expect(rig.workloads.audit().isEmpty)
    }

    /// M/M/1 at half load: mean time in system 1 / (μ - λ).
    @Test func queueingAgreesWithTheory() {
        var rig = Rig(.simple(compute: .exponential(mean: 0.01), rate: 50))
        rig.start("web", service: "default/web")
        rig.run(seconds: 2)
        rig.begin()
        rig.run(seconds: 2000)
        let mean = rig.workloads.traffic(named: "users")?.total.latency.mean.seconds ?? 0
        #expect(abs(mean - 0.02) < 0.001, "\(mean)")
    }

    @Test func anOpenLoopShowsSaturationAndAClosedOneHidesIt() {
        func goodput(rate: Double) -> (perSecond: Double, p50: Double) {
            var configuration = WorkloadsConfiguration.simple(compute: .exponential(mean: 0.01), rate: rate)
            configuration.traffic[0].timeout = .seconds(2)
            var rig = Rig(configuration)
            rig.start("web", service: "default/web")
            rig.run(seconds: 2)
            rig.begin()
            rig.run(seconds: 120)
            let total = rig.workloads.traffic(named: "users")?.total
            return (Double(total?.outcomes[.ok] ?? 0) / 120, total?.latency.quantile(0.5).seconds ?? 0)
        }
        let calm = goodput(rate: 60)
        let saturated = goodput(rate: 150)
        #expect(abs(calm.perSecond - 60) < 3)
        #expect(calm.p50 < 0.05)
        // Work is done for clients who have gone: goodput falls far below the capacity of 100 a second.
        #expect(saturated.perSecond < 40, "\(saturated)")

        var closed = WorkloadsConfiguration.simple(compute: .exponential(mean: 0.01))
        closed.traffic = [TrafficConfiguration(name: "users", service: "default/web")]
        closed.traffic[0].closed = .init(users: 150, thinking: .exponential(mean: 1))
        closed.traffic[0].timeout = .seconds(2)
        var rig = Rig(closed)
        rig.start("web", service: "default/web")
        rig.run(seconds: 2)
        rig.begin()
        rig.run(seconds: 120)
        let total = rig.workloads.traffic(named: "users")?.total
        #expect(Double(total?.outcomes[.ok] ?? 0) / 120 > 90)
    }

    @Test func nothingListensUntilImportingIsOver() {
        var rig = Rig(.simple(rate: 10, importing: 5))
        rig.start("web", service: "default/web")
        rig.begin()
        rig.run(seconds: 10)
        let total = rig.workloads.traffic(named: "users")?.total
        #expect((total?.outcomes[.refused] ?? 0) > 30)
        #expect((total?.outcomes[.ok] ?? 0) > 30)
        #expect(rig.workloads.audit().isEmpty)
    }

    @Test func aConcurrencyLimitShedsWith503AndSlotsQueue() {
        var configuration = WorkloadsConfiguration.simple()
        configuration.images["web"]?.program = .service(
            ServiceProgram(limitConcurrency: 5, routes: [Route(stages: [.wait(.constant(1))])]))
        configuration.traffic = [TrafficConfiguration(name: "users", service: "default/web", perSecond: 20)]
        var rig = Rig(configuration)
        rig.audits = true
        rig.start("web", service: "default/web")
        rig.run(seconds: 2)
        rig.begin()
        rig.run(seconds: 60)
        let shed = rig.workloads.traffic(named: "users")?.total
        #expect(abs((Double(shed?.outcomes[.ok] ?? 0) / 60) - 5) < 1)
        #expect((shed?.outcomes[.unavailable] ?? 0) > 600)
        #expect(rig.violations.isEmpty, "\(rig.violations)")

        configuration.images["web"]?.program = .service(
            ServiceProgram(slots: 5, routes: [Route(stages: [.wait(.constant(1))])]))
        configuration.traffic[0].timeout = .seconds(5)
        rig = Rig(configuration)
        rig.audits = true
        let id = rig.start("web", service: "default/web")
        rig.run(seconds: 2)
        rig.begin()
        rig.run(seconds: 60)
        #expect((rig.workloads.traffic(named: "users")?.total.outcomes[.timedOut] ?? 0) > 300)
        #expect((rig.workloads.gauges(of: id)?.waiting ?? 0) > 50)
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }

    @Test func callsTravelThroughServices() {
        var configuration = WorkloadsConfiguration.simple("orders", compute: .constant(0.002))
        configuration.images["gateway"] = Behaviour(
            program: .service(
                ServiceProgram(routes: [
                    Route(stages: [
                        .compute(.constant(0.001)), .call(ServiceCall(service: "default/orders")),
                        .compute(.constant(0.001)),
                    ])
                ])), startup: StartupProfile(importing: .constant(0.001)), port: 8000)
        configuration.traffic = [TrafficConfiguration(name: "users", service: "default/gateway", perSecond: 20)]
        var rig = Rig(configuration)
        rig.audits = true
        rig.start("gateway", service: "default/gateway")
        let orders = rig.start("orders", service: "default/orders")
        rig.run(seconds: 2)
        rig.begin()
        rig.run(seconds: 20)
        #expect(rig.violations.isEmpty, "\(rig.violations)")
        let total = rig.workloads.traffic(named: "users")?.total
        #expect(total?.outcomes.failed == 0)
        #expect(abs((total?.latency.quantile(0.5).seconds ?? 0) - 0.0045) < 0.0006)
        rig.perform(.kill(orders))
        rig.remove(orders, from: "default/orders")
        rig.run(seconds: 10)
        #expect((rig.workloads.traffic(named: "users")?.total.outcomes[.badGateway] ?? 0) > 150)
        #expect(rig.violations.isEmpty, "\(rig.violations)")
    }
}
