import ContainerRuntime
import Simulation
import Testing

@testable import Workloads

extension WorkloadsConfiguration {
    /// An agent behind a service, a provider and a tool.
    static func agents(
        _ change: (inout AgentPlan) -> Void = { _ in }, provider: (inout ProviderConfiguration) -> Void = { _ in },
        rate: Double = 1
    ) -> WorkloadsConfiguration {
        var plan = AgentPlan(provider: "hosted")
        plan.steps = .constant(4)
        plan.growthTokens = .constant(300)
        plan.outputTokens = .constant(100)
        plan.toolsPerStep = 1
        plan.tools = [ToolUse(target: .external(ToolCall(name: "search")))]
        change(&plan)
        var hosted = ProviderConfiguration()
        hosted.errorRate = 0
        hosted.requestsPerMinute = nil
        hosted.inputTokensPerMinute = nil
        hosted.outputTokensPerMinute = nil
        provider(&hosted)
        var traffic = TrafficConfiguration(name: "users", service: "default/agent", perSecond: rate)
        traffic.timeout = nil
        return WorkloadsConfiguration(
            images: [
                "agent": Behaviour(
                    program: .service(ServiceProgram(routes: [Route(stages: [.agent(plan)])])),
                    startup: StartupProfile(importing: .constant(0.001)), port: 8000)
            ],
            providers: ["hosted": hosted], tools: ["search": ToolConfiguration(latency: .constant(0.5), errorRate: 0)],
            traffic: [traffic])
    }
}

@Suite struct AgentTests {
    static func run(_ configuration: WorkloadsConfiguration, seconds: Int64 = 600, replicas: Int = 2, seed: UInt64 = 1)
        -> Rig
    {
        var rig = Rig(configuration, seed: seed, hardware: NodeHardware(cpuMilli: 16000, memoryBytes: 64 << 30))
        for _ in 0..<replicas { rig.start("agent", service: "default/agent") }
        rig.run(seconds: 1)
        rig.begin()
        rig.run(seconds: seconds)
        return rig
    }

    @Test func stepsTokensAndMoneyAddUp() {
        var rig = Self.run(.agents())
        // Let everything end.
        rig.workloads.apply(.traffic("users", multiplier: 0), clock: &rig.clock, reports: &rig.reports)
        rig.run(seconds: 120)
        let total = rig.workloads.traffic(named: "users")?.total
        let requests = total?.arrived ?? 0
        #expect(requests > 500)
        #expect(total?.outcomes[.ok] == requests)
        let bill = total?.bill
        #expect(bill?.calls == requests * 4)
        #expect(bill?.output == requests * 400)
        // Context 2200, then +400 a step: 2200 + 2600 + 3000 + 3400.
        let input = (bill?.uncachedInput ?? 0) + (bill?.cachedInput ?? 0) + (bill?.cacheWrites ?? 0)
        #expect(input == requests * 11_200)
        #expect(rig.workloads.audit().isEmpty, "\(rig.workloads.audit())")
        // 4 x (0.35 s + prompt + 99 / 120 s x 1.15) + 3 x 0.5 s, noise of mean 1.1 on the first token.
        let mean = total?.latency.mean.seconds ?? 0
        #expect(mean > 6 && mean < 8, "\(mean)")
    }

    @Test func waitingCostsNoCPU() {
        let rig = Self.run(.agents(rate: 4))
        let used = rig.workloads.runningContainers.compactMap { rig.usage($0)?.cpuNanoseconds }.reduce(0, +)
        let inFlight = rig.workloads.inFlight(ofTraffic: "users")
        // 4 requests a second, 3.5 + 4 x 5.7 ms each less the first step's: about a tenth of a core for thirty in flight.
        #expect(inFlight > 15)
        #expect(Double(used) / 601e9 < 0.15)
    }

    @Test func theCacheCoversAlmostEverythingUntilThePromptChanges() {
        func hitRate(_ rig: Rig) -> Double {
            let bill = rig.workloads.traffic(named: "users")?.total.bill ?? TokenBill()
            return Double(bill.cachedInput) / Double(bill.cachedInput + bill.cacheWrites + bill.uncachedInput)
        }
        let long = Self.run(
            .agents { plan in
                plan.steps = .constant(40)
                plan.stepCap = 100
                plan.systemTokens = 20_000
                plan.growthTokens = .lognormal(mu: 6.75, sigma: 1.2)
                plan.tools = []
            }, seconds: 3600)
        #expect(hitRate(long) > 0.93, "\(hitRate(long))")
        let broken = Self.run(.agents { $0.changesPrefix = true })
        #expect(hitRate(broken) == 0)
    }

    /// Reference section 9: SDK retries against a provider that rejects a share of all attempts.
    @Test(arguments: [(0.1, 1.11, 0.001), (0.6, 1.96, 0.216)])
    func retriesAmplify(share: Double, attempts: Double, failures: Double) {
        var configuration = WorkloadsConfiguration.agents(
            { plan in
                plan.steps = .constant(1)
            }, rate: 10)
        configuration.providers["hosted"]?.firstToken = .milliseconds(10)
        var rig = Rig(configuration, hardware: NodeHardware(cpuMilli: 16000, memoryBytes: 64 << 30))
        rig.start("agent", service: "default/agent")
        rig.start("agent", service: "default/agent")
        rig.run(seconds: 1)
        rig.workloads.apply(
            .provider("hosted", ProviderCondition(overloadRate: share)), clock: &rig.clock, reports: &rig.reports)
        rig.begin()
        rig.run(seconds: 1000)
        let reading = rig.workloads.providerLevels(now: rig.clock.now)[0].reading
        let total = rig.workloads.traffic(named: "users")?.total
        let requests = Double(total?.arrived ?? 1)
        #expect(abs(Double(reading.attempts) / requests - attempts) < 0.04)
        #expect(abs(Double(total?.outcomes.failed ?? 0) / requests - failures) < 0.02)
        #expect(rig.workloads.audit().isEmpty)
    }

    @Test func aTaskOfEightCallsAlmostAlwaysFailsWhenSixInTenAttemptsDo() {
        var configuration = WorkloadsConfiguration.agents({ $0.steps = .constant(8) }, rate: 5)
        configuration.tools = ["search": ToolConfiguration(latency: .constant(0.01), errorRate: 0)]
        var rig = Rig(configuration, hardware: NodeHardware(cpuMilli: 16000, memoryBytes: 64 << 30))
        rig.start("agent", service: "default/agent")
        rig.run(seconds: 1)
        rig.workloads.apply(
            .provider("hosted", ProviderCondition(overloadRate: 0.6)), clock: &rig.clock, reports: &rig.reports)
        rig.begin()
        rig.run(seconds: 1000)
        let total = rig.workloads.traffic(named: "users")?.total
        let failed = Double(total?.outcomes.failed ?? 0) / Double(total?.outcomes.total ?? 1)
        #expect(abs(failed - 0.86) < 0.03, "\(failed)")
    }

    @Test func limitsAMinuteRejectWithRetryAfterAndBoundGoodput() {
        var configuration = WorkloadsConfiguration.agents(
            { $0.steps = .constant(1) }, provider: { $0.requestsPerMinute = 60 }, rate: 3)
        configuration.traffic[0].timeout = .seconds(60)
        let rig = Self.run(configuration, seconds: 1200)
        let reading = rig.workloads.providerLevels(now: rig.clock.now)[0].reading
        let total = rig.workloads.traffic(named: "users")?.total
        #expect(reading.limited > 1000)
        #expect(abs(Double(reading.answered) / 1200 - 1) < 0.1)
        #expect((total?.outcomes[.tooManyRequests] ?? 0) > 1000)
        #expect(rig.workloads.audit().isEmpty)
    }

    @Test func aBrownOutRaisesConcurrencyAndMemoryWhileCPUFalls() {
        var configuration = WorkloadsConfiguration.agents(rate: 3)
        configuration.traffic[0].timeout = .seconds(20)
        var rig = Self.run(configuration, seconds: 300, replicas: 1)
        let id = rig.workloads.runningContainers[0]
        let calm = rig.workloads.gauges(of: id)
        let before = rig.usage(id)?.cpuNanoseconds ?? 0
        rig.workloads.apply(
            .provider("hosted", ProviderCondition(firstTokenFactor: 20, decodeFactor: 4)), clock: &rig.clock,
            reports: &rig.reports)
        rig.run(seconds: 300)
        let during = rig.workloads.gauges(of: id)
        let after = rig.usage(id)?.cpuNanoseconds ?? 0
        #expect((during?.inFlight ?? 0) > 3 * (calm?.inFlight ?? 0))
        #expect((during?.residentBytes ?? 0) > (calm?.residentBytes ?? 0))
        #expect(after - before < before)
        #expect(rig.workloads.audit().isEmpty)
    }

    @Test func nestedRetriesMultiply() {
        var plan = AgentPlan(provider: "hosted")
        plan.steps = .constant(1)
        plan.firstStepWork = .constant(0.0001)
        var configuration = WorkloadsConfiguration.agents()
        configuration.images["gateway"] = Behaviour(
            program: .service(
                ServiceProgram(routes: [
                    Route(stages: [
                        .call(ServiceCall(service: "default/agent", timeout: nil, retries: RetryPolicy(maximum: 2)))
                    ])
                ])), startup: StartupProfile(importing: .constant(0.001)), port: 8000)
        configuration.images["agent"]?.program = .service(ServiceProgram(routes: [Route(stages: [.agent(plan)])]))
        configuration.traffic[0] = TrafficConfiguration(name: "users", service: "default/gateway", perSecond: 0.5)
        configuration.traffic[0].timeout = nil
        configuration.traffic[0].retries = RetryPolicy(maximum: 2)
        var rig = Rig(configuration)
        rig.start("gateway", service: "default/gateway")
        rig.start("agent", service: "default/agent")
        rig.run(seconds: 1)
        rig.workloads.apply(
            .provider("hosted", ProviderCondition(errorRate: 1)), clock: &rig.clock, reports: &rig.reports)
        rig.begin()
        rig.run(seconds: 300)
        rig.workloads.apply(.traffic("users", multiplier: 0), clock: &rig.clock, reports: &rig.reports)
        rig.run(seconds: 300)
        let reading = rig.workloads.providerLevels(now: rig.clock.now)[0].reading
        let arrived = rig.workloads.traffic(named: "users")?.total.arrived ?? 1
        #expect(reading.attempts == arrived * 27)
        #expect(rig.workloads.audit().isEmpty)
    }

    @Test func loopsAreStoppedByTheCap() {
        var rig = Self.run(.agents { $0.loopProbability = 0.2 })
        rig.workloads.apply(.traffic("users", multiplier: 0), clock: &rig.clock, reports: &rig.reports)
        rig.run(seconds: 200)
        let total = rig.workloads.traffic(named: "users")?.total
        let share = Double(total?.outcomes[.serverError] ?? 0) / Double(total?.arrived ?? 1)
        #expect(abs(share - 0.2) < 0.05)
    }

    /// Reference section 9: open-ended agent, tools of the mixed distribution: p50 about 40 s, p90 about 6 min.
    @Test func theOpenEndedAgentTakesAsLongAsMeasured() {
        var configuration = WorkloadsConfiguration.agents(
            { plan in
                plan = AgentPlan(provider: "hosted")
                plan.stepCap = 1000
                plan.systemTokens = 20_000
                plan.tools = [ToolUse(target: .external(ToolCall(name: "search", timeout: nil)))]
            },
            provider: {
                $0.firstToken = .milliseconds(1200)
                $0.perUncachedToken = .microseconds(40)
                $0.perCachedToken = .microseconds(8)
                $0.decodeRate = 55
            }, rate: 0.3)
        configuration.tools = ["search": ToolConfiguration()]
        let rig = Self.run(configuration, seconds: 12_000)
        let latency = rig.workloads.traffic(named: "users")?.total.latency
        let p50 = latency?.quantile(0.5).seconds ?? 0
        let p90 = latency?.quantile(0.9).seconds ?? 0
        #expect(p50 > 20 && p50 < 60, "\(p50)")
        #expect(p90 > 240 && p90 < 800, "\(p90)")
    }

    @Test func aStreamKeepsTheEventLoopBusyALittleAllAlong() {
        var configuration = WorkloadsConfiguration.agents(
            { plan in
                plan.steps = .constant(1)
                plan.outputTokens = .constant(1000)
                plan.streamWork = 0.00028
            }, rate: 0.5)
        configuration.traffic[0].timeout = .seconds(60)
        let rig = Self.run(configuration, seconds: 1000, replicas: 1)
        let used = Double(rig.usage(rig.workloads.runningContainers[0])?.cpuNanoseconds ?? 0) / 1e9
        // 0.5 requests a second of 280 ms.
        #expect(abs(used / 1000 - 0.142) < 0.015, "\(used)")
        #expect(rig.workloads.audit().isEmpty)
    }
}
