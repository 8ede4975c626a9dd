import ContainerRuntime
import Simulation
import Testing

@testable import Workloads

@Suite struct CPUTests {
    /// Reference section 4: one thread, c ms of CPU, a limit; wall time over all phases of the period.
    @Test(arguments: [(500, 60, 70.0, 110.0), (250, 60, 170, 210), (100, 40, 270, 310)])
    func aBurstUnderALimitTakesWholePeriods(limit: Int64, work: Double, p50: Double, p95: Double) {
        var walls: [Double] = []
        for phase in 0..<200 {
            let quota = CPUQuota(limitMilli: limit, start: SimulationTime(nanoseconds: Int64(phase) * 500_000))
            let wall = quota.time(toConsume: work * 1e6, from: 1_000_000_000, rate: 1)
            walls.append(Double(wall) / 1e6)
        }
        walls.sort()
        // The reference's rows are its own simulation, good to half a period.
        #expect(abs(walls[100] - p50) <= 15)
        #expect(abs(walls[190] - p95) <= 10)
    }

    @Test func consumptionAgreesWithTheTimeItTakes() {
        for limit in [100, 250, 500, 900, 1500] as [Int64] {
            for rate in [0.3, 1, 2] {
                for work in [1e6, 20e6, 60e6, 99e6, 730e6] {
                    var quota = CPUQuota(limitMilli: limit, start: SimulationTime(nanoseconds: 37_000_000))
                    let time = quota.time(toConsume: work, from: 1_000_000_000, rate: rate)
                    let used = quota.consume(from: 1_000_000_000, to: 1_000_000_000 + time, rate: rate)
                    #expect(abs(used - work) < 3, "limit \(limit) rate \(rate) work \(work): used \(used)")
                }
            }
        }
    }

    @Test func stepwiseAndWholeConsumptionAreTheSame() {
        var whole = CPUQuota(limitMilli: 300, start: .zero)
        var steps = whole
        let total = whole.consume(from: 50_000_000, to: 1_050_000_000, rate: 1)
        var sum = 0.0
        for step in 0..<100 {
            let start = 50_000_000 + Int64(step) * 10_000_000
            sum += steps.consume(from: start, to: start + 10_000_000, rate: 1)
        }
        #expect(abs(total - sum) < 1)
        #expect(whole.periods == steps.periods)
        #expect(whole.throttledPeriods == steps.throttledPeriods)
    }

    @Test func coresAreDividedByWeightAndNothingIsLeftIdle() {
        typealias Claim = FairShare.Claim
        var claims = [Claim(weight: 1024, demand: 1), Claim(weight: 512, demand: 1), Claim(weight: 512, demand: 0.1)]
        FairShare.divide(1, among: &claims)
        #expect(abs(claims[0].share - 0.6) < 1e-9)
        #expect(abs(claims[1].share - 0.3) < 1e-9)
        #expect(claims[2].share == 0.1)
        claims = [Claim(weight: 2, demand: 1), Claim(weight: 2048, demand: 4)]
        FairShare.divide(8, among: &claims)
        #expect(claims.map(\.share) == [1, 4])
    }

    @Test func twoBusyNeighboursShareACoreByTheirRequests() {
        var configuration = WorkloadsConfiguration.simple(importing: 100)
        configuration.images["web"]?.startup.importing = .constant(100)
        var rig = Rig(configuration, hardware: NodeHardware(cpuMilli: 1000, memoryBytes: 8 << 30))
        rig.audits = true
        let heavy = rig.start("web", cpu: 600)
        let light = rig.start("web", cpu: 200)
        rig.run(seconds: 10)
        #expect(rig.violations.isEmpty)
        #expect(rig.usage(heavy)?.cpuNanoseconds == 7_500_000_000)
        #expect(rig.usage(light)?.cpuNanoseconds == 2_500_000_000)
    }

    @Test func aLimitStretchesTheStart() {
        var rig = Rig(.simple(importing: 2.4))
        let id = rig.start("web", limit: 200)
        rig.run(until: .seconds(11.8))
        #expect(rig.workloads.gauges(of: id)?.isListening == false)
        rig.run(until: .seconds(12.1))
        #expect(rig.workloads.gauges(of: id)?.isListening == true)
        let usage = rig.usage(id)
        #expect(usage?.cpuNanoseconds == 2_400_000_000)
        #expect((usage?.cfsThrottledPeriods ?? 0) >= 118)
    }

    @Test func throttlingHoldsOnACrowdedMachineToo() {
        var rig = Rig(.simple(importing: 100), hardware: NodeHardware(cpuMilli: 1000, memoryBytes: 8 << 30))
        rig.audits = true
        let limited = rig.start("web", cpu: 900, limit: 300)
        let free = rig.start("web", cpu: 100)
        rig.run(seconds: 10)
        #expect(rig.violations.isEmpty)
        let used = Double(rig.usage(limited)?.cpuNanoseconds ?? 0) / 1e9
        let rest = Double(rig.usage(free)?.cpuNanoseconds ?? 0) / 1e9
        #expect(abs(used - 3) < 0.05)
        #expect(abs(rest - 7) < 0.05)
    }
}
