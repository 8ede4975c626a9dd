import ContainerRuntime
import Simulation
import Testing

@testable import Workloads

/// A model server on a GPU: batch, queue, KV cache, first token.
@Suite struct EngineTests {
    static func server(
        prompt: Distribution = .constant(1000), output: Distribution = .constant(200), sequences: Int = 16,
        cache: Int = 100_000, rate: Double = 0, start: Double = 180
    ) -> WorkloadsConfiguration {
        var engine = EngineConfiguration()
        engine.maximumSequences = sequences
        engine.cacheTokens = cache
        var behaviour = Behaviour(
            program: .service(
                ServiceProgram(
                    cancelsOnDisconnect: true,
                    routes: [
                        Route(
                            path: "/v1/chat/completions",
                            stages: [.generate(Generation(promptTokens: prompt, outputTokens: output))]),
                        Route(
                            path: "/v1/batch",
                            stages: [.generate(Generation(promptTokens: prompt, outputTokens: output, priority: 10))]),
                    ], engine: engine)),
            startup: StartupProfile(
                importing: .constant(1), loading: .constant(start), listensWhileWarming: false), port: 8000)
        behaviour.gpus = 1
        var configuration = WorkloadsConfiguration(images: ["vllm": behaviour])
        if rate > 0 {
            configuration.traffic = [TrafficConfiguration(name: "users", service: "default/vllm", perSecond: rate)]
            configuration.traffic[0].path = "/v1/chat/completions"
            configuration.traffic[0].streams = true
            configuration.traffic[0].timeout = .seconds(120)
        }
        return configuration
    }

    static let hardware = NodeHardware(cpuMilli: 16_000, memoryBytes: 128 << 30, gpus: 8)

    static func rig(_ configuration: WorkloadsConfiguration, servers: Int = 1, seed: UInt64 = 1) -> (Rig, [ContainerID]) {
        var rig = Rig(configuration, seed: seed, hardware: hardware)
        rig.audits = true
        let ids = (0..<servers).map { _ in rig.start("vllm", service: "default/vllm", gpus: 1) }
        return (rig, ids)
    }

    @Test func itAnswersNobodyUntilTheWeightsAreLoaded() {
        var (rig, ids) = Self.rig(Self.server())
        rig.run(seconds: 170)
        #expect(rig.workloads.gauges(of: ids[0])?.isListening == false)
        rig.run(seconds: 20)
        #expect(rig.workloads.gauges(of: ids[0])?.isListening == true)
    }

    @Test func itExitsWithoutAGPU() {
        var rig = Rig(Self.server(), hardware: Self.hardware)
        let id = rig.start("vllm", service: "default/vllm")
        rig.run(seconds: 10)
        #expect(rig.exit(id)?.status.code == 1)
    }

    @Test func oneRequestTakesItsPromptAndThenOneStepAToken() throws {
        var configuration = Self.server(rate: 0.001)
        configuration.traffic[0].closed = TrafficConfiguration.ClosedLoop(users: 1, thinking: .constant(30))
        configuration.traffic[0].streams = false
        var (rig, _) = Self.rig(configuration)
        rig.run(seconds: 190)
        rig.begin()
        rig.run(seconds: 600)
        let level = try #require(rig.workloads.traffic(named: "users")?.total)
        // Reference section 3: a step of one sequence with about 1,100 tokens of context is 7.7 ms; 1,000 prompt tokens
        // take 36 ms more, in the step that makes the first of 200 tokens.
        #expect(abs(level.latency.mean.seconds - (0.044 + 199 * 0.00773)) < 0.03, "\(level.latency.mean)")
        configuration.traffic[0].streams = true
        (rig, _) = Self.rig(configuration)
        rig.run(seconds: 190)
        rig.begin()
        rig.run(seconds: 600)
        let streamed = try #require(rig.workloads.traffic(named: "users")?.total)
        #expect(abs(streamed.latency.mean.seconds - 0.044) < 0.005, "\(streamed.latency.mean)")
        #expect(rig.violations == [])
    }

    /// Reference section 3: an 8B model with 2,000 tokens of context makes a step in 7.8 / 10.2 / 17.7 ms at a batch of
    /// 1 / 16 / 64.
    @Test(arguments: [(1, 7.8), (16, 10.2), (64, 17.7)])
    func aStepGrowsWithTheBatch(batch: Int, milliseconds: Double) {
        var engine = EngineConfiguration()
        engine.maximumSequences = batch
        var model = ModelEngine(configuration: engine, now: .zero)
        for call in 0..<batch {
            let isTaken = model.add(call: UInt32(call), prompt: 1_950, output: 101, priority: 0, now: .zero)
            #expect(isTaken)
        }
        var now = SimulationTime.zero
        var first: SimulationTime?
        var last = SimulationTime.zero
        var finished = 0
        while true {
            let outcome = model.settle(now: now)
            if model.running.allSatisfy(\.decodes), first == nil { first = now }
            finished += outcome.finished.count
            if !outcome.finished.isEmpty { last = now }
            #expect(model.audit() == [])
            guard let next = model.next else { break }
            now = now + next
        }
        #expect(finished == batch)
        let step = (last - (first ?? .zero)).seconds * 10
        #expect(abs(step - milliseconds) < 0.06 * milliseconds || batch > 1, "\(step)")
        // The earlier ones of a larger batch have a head start while the later prompts are read.
        #expect(step < milliseconds * 1.06, "\(step)")
        #expect(step > milliseconds * 0.5, "\(step)")
    }

    @Test func timeToFirstTokenComesFromTheQueue() throws {
        // Sixteen places, 400 tokens each at 10 ms: four requests a second at most.
        func wait(_ rate: Double) throws -> Double {
            var (rig, _) = Self.rig(Self.server(output: .constant(400), rate: rate))
            rig.audits = false
            rig.run(seconds: 190)
            rig.begin()
            rig.run(seconds: 600)
            #expect(rig.workloads.audit() == [])
            return try #require(rig.workloads.traffic(named: "users")?.total).latency.quantile(0.95).seconds
        }
        let (calm, full) = (try wait(1), try wait(6))
        #expect(calm < 0.3, "\(calm)")
        #expect(full > 5, "\(full)")
    }

    @Test func aFullCacheTakesTheNewestOutOfTheBatch() throws {
        var (rig, ids) = Self.rig(Self.server(output: .constant(900), cache: 6_000, rate: 3))
        rig.run(seconds: 190)
        rig.begin()
        rig.run(seconds: 300)
        let gauges = try #require(rig.workloads.engine(of: ids[0], now: rig.clock.now))
        #expect(gauges.counters.preemptions > 10)
        #expect(gauges.running <= 6)
        #expect(gauges.cacheUsage > 0.5 && gauges.cacheUsage <= 1)
        #expect(gauges.counters.finished > 50)
        #expect(rig.violations == [])
    }

    @Test func whatNeverFitsIsRefused() throws {
        var (rig, _) = Self.rig(Self.server(prompt: .constant(7_000), cache: 6_000, rate: 1))
        rig.run(seconds: 190)
        rig.begin()
        rig.run(seconds: 30)
        let total = try #require(rig.workloads.traffic(named: "users")?.total)
        #expect(total.outcomes[.clientError] == total.outcomes.total)
        #expect(rig.violations == [])
    }

    @Test func prioritiesLetInteractiveRequestsPass() throws {
        func quantile(_ policy: EngineConfiguration.SchedulingPolicy) throws -> Double {
            var configuration = Self.server(output: .constant(400), rate: 1)
            configuration.traffic.append(configuration.traffic[0])
            configuration.traffic[1].name = "batch"
            configuration.traffic[1].path = "/v1/batch"
            configuration.traffic[1].rate = [TrafficConfiguration.Point(at: .zero, rate: 6)]
            guard case .service(var service)? = configuration.images["vllm"]?.program else { return 0 }
            service.engine?.schedulingPolicy = policy
            configuration.images["vllm"]?.program = .service(service)
            var (rig, _) = Self.rig(configuration)
            rig.run(seconds: 190)
            rig.begin()
            rig.run(seconds: 120)
            #expect(rig.violations == [])
            return try #require(rig.workloads.traffic(named: "users")?.total).latency.quantile(0.9).seconds
        }
        let (first, urgent) = (try quantile(.fcfs), try quantile(.priority))
        #expect(first > 5, "\(first)")
        #expect(urgent < 2.5, "\(urgent)")
    }

    @Test func clientsThatLeaveFreeTheirPlaces() throws {
        var configuration = Self.server(output: .constant(2_000), rate: 4)
        configuration.traffic[0].timeout = .seconds(5)
        var (rig, ids) = Self.rig(configuration)
        rig.run(seconds: 190)
        rig.begin()
        rig.run(seconds: 120)
        let gauges = try #require(rig.workloads.engine(of: ids[0], now: rig.clock.now))
        #expect(gauges.counters.aborted > 100)
        #expect(gauges.counters.lostTokens > 1_000)
        #expect(rig.violations == [])
    }

    @Test func faultsReachTheEngine() throws {
        var (rig, ids) = Self.rig(Self.server(rate: 2))
        rig.run(seconds: 190)
        rig.begin()
        rig.run(seconds: 60)
        let fault = rig.put(.deadlock(FaultTarget(image: "vllm")))
        let before = try #require(rig.workloads.engine(of: ids[0], now: rig.clock.now)).counters.finished
        rig.run(seconds: 30)
        #expect(rig.workloads.engine(of: ids[0], now: rig.clock.now)?.counters.finished == before)
        rig.workloads.revert(fault, clock: &rig.clock, reports: &rig.reports)
        rig.run(seconds: 60)
        #expect((rig.workloads.engine(of: ids[0], now: rig.clock.now)?.counters.finished ?? 0) > before + 50)
        #expect(rig.violations == [])
    }

    @Test func killingTheServerEndsItsRequests() throws {
        var (rig, ids) = Self.rig(Self.server(output: .constant(2_000), rate: 4))
        rig.run(seconds: 190)
        rig.begin()
        rig.run(seconds: 20)
        rig.perform(.kill(ids[0]))
        rig.run(seconds: 5)
        let total = try #require(rig.workloads.traffic(named: "users")?.total)
        #expect(total.outcomes[.reset] > 20)
        #expect(rig.violations == [])
    }

    @Test func aRestoredWorldGoesOnToTheSameBytes() throws {
        var (whole, _) = Self.rig(
            Self.server(output: .lognormal(mu: 5.5, sigma: 1), cache: 12_000, rate: 8), servers: 2, seed: 5)
        whole.run(seconds: 190)
        whole.begin()
        whole.run(seconds: 47)
        var reader = BinaryReader(whole.bytes)
        var restored = whole
        restored.workloads = try Workloads(from: &reader)
        #expect(reader.isAtEnd)
        #expect(restored.bytes == whole.bytes)
        whole.run(seconds: 60)
        restored.run(seconds: 60)
        #expect(restored.bytes == whole.bytes)
        #expect(whole.violations == [])
        for cut in stride(from: 0, to: reader.offset, by: max(1, reader.offset / 40)) {
            var damaged = BinaryReader(Array(whole.bytes.prefix(cut)))
            #expect(throws: BinaryDecodingError.self) { _ = try Workloads(from: &damaged) }
        }
    }

    @Test func optionsOfTheCommandLineAreVLLMs() throws {
        var rig = Rig(Self.server(rate: 20), hardware: Self.hardware)
        let id = rig.start(
            "vllm", service: "default/vllm", command: ["vllm", "serve", "m", "--max-num-seqs=3"], gpus: 1)
        rig.run(seconds: 190)
        rig.begin()
        rig.run(seconds: 20)
        #expect(rig.workloads.engine(of: id, now: rig.clock.now)?.running == 3)
    }
}

/// What an autoscaler may ask for.
@Suite struct CustomMetricTests {
    @Test func programsExportGaugesRatesAndCounters() throws {
        var rig = Rig(.simple(compute: .constant(0.05), rate: 10))
        let id = rig.start("web", service: "default/web")
        let sandbox = SandboxID(slot: id.slot, generation: 1)
        rig.run(seconds: 2)
        rig.begin()
        rig.run(seconds: 300)
        func pod(_ name: String) -> Double? {
            rig.workloads.podMetric(name, of: sandbox, now: rig.clock.now).map { Double($0) / 1_000 }
        }
        #expect(abs((pod("http_requests_per_second") ?? 0) - 10) < 2)
        #expect((pod("http_requests_total") ?? 0) > 2_700)
        let seconds = pod("http_request_duration_seconds") ?? 0
        #expect(seconds > 0.05 && seconds < 0.2, "\(seconds)")
        #expect(pod("http_requests_in_flight") != nil)
        #expect(pod("vllm:num_requests_waiting") == nil)
        #expect(pod("no_such_metric") == nil)
        let service = [("kind", "Service"), ("namespace", "default"), ("name", "web")].map { (name: $0.0, value: $0.1) }
        let rate = rig.workloads.externalMetric("http_requests_per_second", labels: service, now: rig.clock.now)
        #expect(abs(Double(rate?.first ?? 0) / 1_000 - 10) < 2)
        #expect(rig.workloads.externalMetric("nothing", labels: service, now: rig.clock.now) == nil)
        let named = [(name: "service", value: "web")]
        #expect(
            rig.workloads.externalMetric("service_requests_in_flight", labels: named, now: rig.clock.now)?.count == 1)
        let other = [(name: "service", value: "nobody")]
        #expect(
            rig.workloads.externalMetric("service_requests_in_flight", labels: other, now: rig.clock.now) == [])
        #expect(rig.workloads.externalMetric("service_requests_total", labels: named, now: rig.clock.now) == nil)
        // A minute without requests: no rate, and no quotient of rates.
        rig.put(.traffic("users", multiplier: 0))
        rig.run(seconds: 180)
        #expect(pod("http_requests_per_second") == 0)
        #expect(pod("http_request_duration_seconds") == nil)
    }

    @Test func modelServersExportWhatVLLMAndDCGMDo() throws {
        var (rig, ids) = EngineTests.rig(EngineTests.server(output: .constant(400), rate: 8))
        let sandbox = SandboxID(slot: ids[0].slot, generation: 1)
        rig.run(seconds: 190)
        rig.begin()
        rig.run(seconds: 120)
        func pod(_ name: String) -> Double? {
            rig.workloads.podMetric(name, of: sandbox, now: rig.clock.now).map { Double($0) / 1_000 }
        }
        #expect(pod("vllm:num_requests_running") == 16)
        #expect((pod("vllm:num_requests_waiting") ?? 0) > 20)
        let usage = pod("vllm:kv_cache_usage_perc") ?? 0
        #expect(usage > 0.1 && usage < 0.3, "\(usage)")
        #expect(pod("DCGM_FI_DEV_GPU_UTIL") == 100)
        #expect((pod("vllm:generation_tokens_total") ?? 0) > 10_000)
    }

    @Test func aCacheThatNeverShrinksKeepsItsMemory() throws {
        var configuration = WorkloadsConfiguration.simple("retriever", compute: .constant(0.005), rate: 20)
        configuration.images["retriever"]?.memory.cachePerRequest = 1 << 20
        configuration.images["retriever"]?.memory.cacheMaximum = 1 << 30
        var rig = Rig(configuration)
        let id = rig.start("retriever", service: "default/retriever")
        rig.run(seconds: 2)
        rig.begin()
        rig.run(seconds: 120)
        let full = rig.usage(id)?.workingSetBytes ?? 0
        #expect(full > 1 << 30)
        rig.put(.traffic("users", multiplier: 0))
        rig.run(seconds: 600)
        #expect(rig.usage(id)?.workingSetBytes == full)
    }
}
