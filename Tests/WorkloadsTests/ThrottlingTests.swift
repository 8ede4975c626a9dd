import ContainerRuntime
import Simulation
import Testing

@testable import Workloads

@Suite struct ThrottlingTests {
    /// Reference section 4: Poisson 18/s of Exp(12 ms) on one event loop under a CPU limit.
    @Test(
        arguments: [
            (1000, 11.0, 70.0), (500, 12.0, 146.0), (300, 40.0, 506.0), (250, 161.0, 1171.0),
        ] as [(Int64, Double, Double)])
    func aLimitStretchesTheTail(limit: Int64, p50: Double, p99: Double) {
        var configuration = WorkloadsConfiguration.simple(compute: .exponential(mean: 0.012), rate: 18)
        configuration.traffic[0].timeout = nil
        var rig = Rig(configuration)
        let id = rig.start("web", limit: limit, service: "default/web")
        rig.run(seconds: 2)
        rig.begin()
        rig.run(seconds: 2000)
        let latency = rig.workloads.traffic(named: "users")?.total.latency
        let usage = rig.usage(id)
        let share = Double(usage?.cfsThrottledPeriods ?? 0) / Double(max(1, usage?.cfsPeriods ?? 1))
        let found = (
            p50: (latency?.quantile(0.5).seconds ?? 0) * 1000, p99: (latency?.quantile(0.99).seconds ?? 0) * 1000
        )
        #expect((share > 0) == (limit < 1000))
        #expect(found.p99 > p99 * 0.7 && found.p99 < p99 * 1.35, "\(found)")
        #expect(found.p50 < p50 * 1.4 + 3, "\(found)")
    }
}
