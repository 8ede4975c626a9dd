import ContainerRuntime
import Simulation
import Testing

@testable import Workloads

/// Random small worlds, audited after every event.
@Suite struct FuzzTests {
    struct Dice {
        var random: RandomStream
        mutating func below(_ bound: Int) -> Int { Int(random.below(UInt64(bound))) }
        mutating func chance(_ probability: Double) -> Bool { random.chance(probability) }
        mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }
    }

    static func stages(_ dice: inout Dice, depth: Int) -> [Stage] {
        (0..<dice.below(4)).map { _ in
            switch dice.below(10) {
            case 0, 1: .compute(.exponential(mean: 0.01))
            case 2: .wait(.exponential(mean: 0.5))
            case 3: .block(.exponential(mean: 0.05))
            case 4, 5:
                .call(
                    ServiceCall(
                        service: "default/" + dice.pick(["a", "b", "agent", "none"]),
                        timeout: dice.pick([nil, .seconds(1)]),
                        retries: RetryPolicy(maximum: dice.below(3), budget: dice.pick([nil, 0.2])),
                        isOptional: dice.chance(0.5)))
            case 6:
                .tool(
                    ToolCall(name: "tool", timeout: dice.pick([nil, .milliseconds(300)]), isOptional: dice.chance(0.5)))
            case 7: .cached(0.3)
            case 8: depth == 0 ? .publish("jobs") : .wait(.constant(0.1))
            default: .fail(0.1)
            }
        }
    }

    static func configuration(_ dice: inout Dice) -> WorkloadsConfiguration {
        var configuration = WorkloadsConfiguration()
        var plan = AgentPlan(provider: "hosted")
        plan.modelTimeout = dice.pick([.seconds(2), .seconds(600)])
        plan.streamWork = dice.pick([0, 0.00028])
        plan.tools = [
            ToolUse(target: .external(ToolCall(name: "tool"))),
            ToolUse(
                target: .service(
                    ServiceCall(service: "default/a", timeout: .seconds(2), retries: RetryPolicy(maximum: 1)))),
        ]
        plan.deadline = dice.pick([nil, .seconds(10)])
        plan.tokenBudget = dice.pick([nil, 20_000])
        plan.failsAtCap = dice.chance(0.5)
        var hosted = ProviderConfiguration()
        hosted.requestsPerMinute = dice.pick([nil, 60, 600])
        hosted.inputTokensPerMinute = dice.pick([nil, 100_000])
        configuration.providers["hosted"] = hosted
        configuration.tools["tool"] = ToolConfiguration(latency: .exponential(mean: 0.2), errorRate: 0.1)
        configuration.topics["jobs"] = TopicConfiguration(
            maximumDeliveries: dice.pick([nil, 2]), redeliveryDelay: .seconds(1),
            acknowledgementDeadline: dice.pick([nil, .seconds(2)]), poisonProbability: dice.pick([0, 0.1]))
        for name in ["a", "b"] {
            configuration.images[name] = Behaviour(
                program: .service(
                    ServiceProgram(
                        workers: 1 + dice.below(3), slots: dice.pick([nil, 2, 5]),
                        limitConcurrency: dice.pick([nil, 4]),
                        backlog: dice.pick([3, 2048]), cancelsOnDisconnect: dice.chance(0.5),
                        routes: [Route(stages: stages(&dice, depth: 0))])),
                startup: StartupProfile(importing: .constant(0.1), warmUp: .constant(1)),
                memory: MemoryProfile(leakPerRequest: dice.pick([0, 1 << 20])),
                shutdown: ShutdownProfile(
                    ignoresSignal: dice.chance(0.2), gracefulTimeout: dice.pick([nil, .seconds(1)]),
                    dropsRequests: dice.chance(0.2)),
                port: 8000,
                crash: CrashProfile(after: dice.pick([nil, .exponential(mean: 20)]), perRequest: dice.pick([0, 0.01])))
        }
        configuration.images["agent"] = Behaviour(
            program: .service(
                ServiceProgram(
                    cancelsOnDisconnect: dice.chance(0.5),
                    routes: [Route(stages: [.agent(plan), .compute(.constant(0.001))])])),
            startup: StartupProfile(importing: .constant(0.1)), port: 8000)
        configuration.images["worker"] = Behaviour(
            program: .consumer(ConsumerProgram(topic: "jobs", concurrency: 2, stages: stages(&dice, depth: 1))),
            startup: StartupProfile(importing: .constant(0.1)))
        for name in ["a", "agent"] {
            var traffic = TrafficConfiguration(
                name: name, service: "default/" + name, perSecond: Double(1 + dice.below(10)))
            traffic.timeout = dice.pick([nil, .milliseconds(700)])
            traffic.patience = dice.pick([nil, .exponential(mean: 2)])
            traffic.retries = RetryPolicy(maximum: dice.below(3), budget: dice.pick([nil, 0.2]))
            traffic.variation = dice.pick([0, 1, 3])
            traffic.sessions = dice.pick([nil, .init(requests: .constant(3), thinking: .constant(1))])
            if dice.chance(0.2) { traffic.keepAlive = .init(connections: 3, lifetime: dice.pick([nil, .seconds(2)])) }
            if dice.chance(0.2) { traffic.resolution = .aggregated }
            if dice.chance(0.2) { traffic.closed = .init(users: 5, thinking: .exponential(mean: 0.5)) }
            configuration.traffic.append(traffic)
        }
        var jobs = TrafficConfiguration(name: "jobs", service: "", perSecond: 1)
        jobs.topic = "jobs"
        jobs.timeout = dice.pick([nil, .seconds(3)])
        jobs.retries = RetryPolicy(maximum: dice.below(2))
        configuration.traffic.append(jobs)
        return configuration
    }

    static func disturb(_ rig: inout Rig, _ dice: inout Dice) {
        let running = rig.workloads.runningContainers
        guard !running.isEmpty else { return }
        let victim = dice.pick(running)
        switch dice.below(12) {
        case 0: rig.perform(.kill(victim))
        case 1: rig.perform(.terminate(victim))
        case 2, 3: rig.probe(victim, path: dice.pick(["/healthz", "/readyz", "/none"]))
        case 4:
            rig.perform(
                .probe(ProbeToken(rawValue: 1), victim, .exec(command: ["curl", "x/healthz"]), timeout: .seconds(1)))
        case 5:
            rig.perform(
                .resize(victim, ContainerResources(cpuRequestMilli: 200, cpuLimitMilli: dice.pick([nil, 300]))))
        case 6:
            rig.workloads.apply(.deadlock(FaultTarget(image: "a", count: 1)), clock: &rig.clock, reports: &rig.reports)
        case 7:
            rig.workloads.apply(
                .provider("hosted", ProviderCondition(errorRate: 0.5, stallRate: 0.2, hangs: dice.chance(0.3))),
                clock: &rig.clock, reports: &rig.reports)
        case 8:
            if let fault = rig.workloads.activeFaults.first {
                rig.workloads.revert(fault.id, clock: &rig.clock, reports: &rig.reports)
            }
        case 9: rig.workloads.apply(.block(FaultTarget(), .seconds(1)), clock: &rig.clock, reports: &rig.reports)
        case 10: rig.perform(.runHook(victim, .sleep(.seconds(1))))
        default:
            rig.start(
                dice.pick(["a", "b", "agent", "worker"]), node: UInt32(dice.below(2)),
                limit: dice.pick([nil, 100, 1500]),
                memory: dice.pick([nil, 100 << 20]),
                service: dice.pick([nil, "default/a", "default/agent", "default/b"]))
        }
    }

    @Test(arguments: 0..<24)
    func theBooksBalanceAfterEveryEvent(seed: Int) throws {
        var dice = Dice(random: RandomStream(seed: UInt64(seed), name: "fuzz"))
        let configuration = Self.configuration(&dice)
        var rig = Rig(
            configuration, seed: UInt64(seed), nodes: 2,
            hardware: NodeHardware(
                cpuMilli: dice.pick([500, 2000, 8000]), memoryBytes: 2 << 30, coreSpeed: dice.pick([0.5, 1])))
        rig.audits = true
        for _ in 0..<2 {
            rig.start("a", limit: dice.pick([nil, 250]), service: "default/a")
            rig.start("b", node: 1, service: "default/b")
            rig.start("agent", service: "default/agent")
            rig.start("worker", node: 1)
        }
        rig.workloads.recordRequests(dice.chance(0.5))
        // Spans are no part of these bytes, so that what is restored has none: it has to go on in the same way.
        if dice.chance(0.5) { rig.workloads.recordTraces(TraceSettings()) }
        rig.begin()
        for _ in 0..<25 where rig.violations.isEmpty {
            rig.run(until: rig.clock.now + .milliseconds(Int64(dice.below(1500))))
            Self.disturb(&rig, &dice)
        }
        #expect(rig.violations.isEmpty, "seed \(seed), \(rig.clock.now.seconds) s: \(rig.violations)")
        var reader = BinaryReader(rig.bytes)
        var restored = rig
        restored.workloads = try Workloads(from: &reader)
        #expect(reader.isAtEnd)
        rig.run(seconds: 5)
        restored.run(seconds: 5)
        #expect(rig.bytes == restored.bytes)
    }
}
