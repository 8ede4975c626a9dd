import ContainerRuntime
import Simulation
import Testing

@testable import Workloads

/// Spans are the truth: each request, attempt, call, model call and tool call has one, below the one that caused it.
@Suite struct TracingTests {
    /// A gateway that retries, an agent with tools of both kinds and impatient clients, orders with two slots, and
    /// programs that crash now and then.
    static func configuration(_ resolution: TrafficConfiguration.Resolution = .requests) -> WorkloadsConfiguration {
        var plan = AgentPlan(provider: "hosted")
        plan.steps = .clamped(.lognormal(mu: 1, sigma: 0.6), 1, 8)
        plan.outputTokens = .constant(60)
        plan.toolsPerStep = 1.3
        plan.tools = [
            ToolUse(
                target: .service(
                    ServiceCall(
                        service: "default/orders", timeout: .milliseconds(400),
                        retries: RetryPolicy(maximum: 2, base: .milliseconds(100))))),
            ToolUse(target: .external(ToolCall(name: "search", timeout: .seconds(2)))),
        ]
        plan.modelTimeout = .seconds(4)
        plan.deadline = .seconds(20)
        var hosted = ProviderConfiguration()
        hosted.errorRate = 0.05
        hosted.requestsPerMinute = 330
        var gateway = Behaviour(
            program: .service(
                ServiceProgram(routes: [
                    Route(
                        path: "/ask",
                        stages: [
                            .compute(.constant(0.002)),
                            .call(ServiceCall(service: "default/agent", path: "/run", timeout: .seconds(8))),
                        ])
                ])), startup: StartupProfile(importing: .constant(0.001)), port: 8000)
        gateway.crash.perRequest = 0.0005
        var agent = Behaviour(
            program: .service(
                ServiceProgram(
                    cancelsOnDisconnect: true, routes: [Route(path: "/run", stages: [.agent(plan)])])),
            startup: StartupProfile(importing: .constant(0.001)), port: 8000)
        agent.crash.perRequest = 0.001
        let orders = Behaviour(
            program: .service(
                ServiceProgram(
                    slots: 2,
                    routes: [
                        Route(stages: [
                            .compute(.constant(0.01)), .tool(ToolCall(name: "database", timeout: .seconds(1))),
                            .publish("mails"),
                        ])
                    ])), startup: StartupProfile(importing: .constant(0.001)), port: 8000)
        let mailer = Behaviour(
            program: .consumer(ConsumerProgram(topic: "mails", concurrency: 2, stages: [.wait(.constant(0.2))])),
            startup: StartupProfile(importing: .constant(0.001)))
        var users = TrafficConfiguration(name: "users", service: "default/gateway", perSecond: 3)
        users.path = "/ask"
        users.timeout = .seconds(10)
        users.patience = .lognormal(mu: 2.5, sigma: 0.5)
        users.retries = RetryPolicy(maximum: 1)
        users.resolution = resolution
        return WorkloadsConfiguration(
            images: ["gateway": gateway, "agent": agent, "orders": orders, "mailer": mailer],
            providers: ["hosted": hosted],
            tools: [
                "search": ToolConfiguration(latency: .lognormal(mu: -0.5, sigma: 1), errorRate: 0.1),
                "database": ToolConfiguration(latency: .lognormal(mu: -2.5, sigma: 1.2), errorRate: 0.02),
            ], topics: ["mails": TopicConfiguration()], traffic: [users])
    }

    static func rig(
        _ settings: TraceSettings? = TraceSettings(limit: 1_000_000, retention: .hours(9)), seed: UInt64 = 1,
        _ resolution: TrafficConfiguration.Resolution = .requests
    ) -> Rig {
        var rig = Rig(configuration(resolution), seed: seed, nodes: 2)
        rig.workloads.recordLogs(true)
        if let settings { rig.workloads.recordTraces(settings) }
        for (image, count) in [("gateway", 6), ("agent", 8), ("orders", 1), ("mailer", 2)] {
            for copy in 0..<count {
                let id = rig.start(image, node: UInt32(copy % 2), service: image == "mailer" ? nil : "default/" + image)
                rig.workloads.nameTracePlace(id, [("service.name", image)])
            }
        }
        rig.run(seconds: 1)
        rig.workloads.recordRequests(true)
        rig.begin()
        return rig
    }

    /// Lets nobody come any more, and everything end.
    static func drain(_ rig: inout Rig) {
        rig.put(.traffic("users", multiplier: 0))
        rig.run(seconds: 300)
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func everyCallHasOneSpanBelowItsCause(seed: UInt64) throws {
        var rig = Self.rig(seed: seed)
        rig.run(seconds: 400)
        Self.drain(&rig)
        let spans = rig.workloads.callSpans(now: rig.clock.now)
        #expect(Set(spans.map(\.number)).count == spans.count)
        func count(_ operation: CallSpan.Operation) -> Int64 { Int64(spans.count { $0.operation == operation }) }
        // Every operation occurs, and so does every way of ending that matters.
        for operation in CallSpan.Operation.allCases { #expect(count(operation) > 0, "\(operation)") }
        for outcome in [Outcome.ok, .tooManyRequests, .serverError, .timedOut, .abandoned, .reset] {
            #expect(spans.contains { $0.outcome == outcome }, "\(outcome)")
        }

        let records = rig.workloads.requestRecords
        let roots = spans.filter { $0.operation == .request }
        #expect(roots.map(\.trace) == records.map(\.id))
        #expect(roots.map(\.outcome) == records.map(\.outcome))
        #expect(zip(roots, records).allSatisfy { $0.begin == $1.arrival && $0.end == $1.finish })
        #expect(count(.attempt) == rig.workloads.traffic(named: "users")?.total.attempts)
        #expect(roots.reduce(0) { $0 + Int64($1.ordinal) + 1 } == count(.attempt))
        for level in rig.workloads.serviceLevels {
            let attempts = spans.count {
                ($0.operation == .attempt || $0.operation == .call) && rig.workloads.subject(of: $0) == level.name
            }
            #expect(Int64(attempts) == level.total.attempts, "\(level.name)")
        }
        let reading = try #require(rig.workloads.providerLevels(now: rig.clock.now).first).reading
        #expect(count(.chat) == reading.attempts)
        let chats = spans.filter { $0.operation == .chat }
        #expect(chats.reduce(0) { $0 + $1.output } == reading.billed.output)
        #expect(chats.reduce(0) { $0 + $1.cachedInput } == reading.billed.cachedInput)
        #expect(Int64(chats.count { $0.outcome == .ok }) == reading.answered)
        #expect(count(.publish) == rig.workloads.topicLevels.first?.level.total.arrived)

        let byNumber = Dictionary(uniqueKeysWithValues: spans.map { ($0.number, $0) })
        for span in spans {
            #expect(span.begin <= span.end)
            guard span.parent != 0 else {
                #expect(span.operation == .request || span.operation == .process)
                continue
            }
            let parent = try #require(byNumber[span.parent], "\(span)")
            #expect(parent.trace == span.trace)
            let expected: [CallSpan.Operation] =
                switch span.operation {
                case .request, .process: []
                case .attempt: [.request]
                case .serve: [.attempt, .call]
                case .call: [.serve, .tool]
                case .publish, .external, .agent: [.serve]
                case .step: [.agent]
                case .chat, .tool: [.step]
                }
            #expect(expected.contains(parent.operation), "\(span.operation) below \(parent.operation)")
            #expect(span.begin >= parent.begin)
            // Only a server's work outlives its caller, who has given up or died.
            if span.end > parent.end {
                #expect(span.operation == .serve)
                #expect([.timedOut, .abandoned, .reset].contains(parent.outcome), "\(parent.outcome)")
            }
        }
        for job in spans where job.operation == .process {
            let sender = try #require(byNumber[job.linkedSpan])
            #expect(sender.operation == .publish && sender.trace == job.linkedTrace && sender.end <= job.begin)
        }
    }

    @Test func whoWaitsForASlotIsSeenToWait() {
        var rig = Self.rig()
        rig.run(seconds: 400)
        let spans = rig.workloads.callSpans(now: rig.clock.now)
        let waited = spans.filter { $0.waited > .zero }
        #expect(!waited.isEmpty)
        for span in waited {
            #expect(span.waited <= span.end - span.begin)
            if span.dequeued != .never { #expect(span.begin < span.dequeued && span.dequeued <= span.end) }
        }
        #expect(waited.contains { rig.workloads.subject(of: $0) == "default/orders" && $0.dequeued != .never })
    }

    @Test func recordingChangesNothing() {
        var plain = Self.rig(nil)
        var traced = Self.rig()
        plain.run(seconds: 300)
        traced.run(seconds: 300)
        #expect(plain.events == traced.events)
        #expect(plain.workloads.requestRecords == traced.workloads.requestRecords)
        // The lines about failed calls are all that differs.
        let errors = traced.workloads.logRecords.filter { $0.event == .toolFailed || $0.event == .modelFailed }
        #expect(!errors.isEmpty)
        #expect(plain.workloads.logRecords == traced.workloads.logRecords.filter { !errors.contains($0) })
    }

    /// Whoever begins in the middle has whole traces of what begins afterwards, and nothing of what was under way.
    @Test func recordingMayBeginInTheMiddle() throws {
        let settings = TraceSettings(limit: 1_000_000, retention: .hours(9))
        func lived(_ first: TraceSettings?, _ then: TraceSettings?) -> Rig {
            var rig = Self.rig(first)
            rig.run(seconds: 199)
            if let then { rig.workloads.recordTraces(then) }
            rig.run(seconds: 100)
            Self.drain(&rig)
            return rig
        }
        /// All but numbers, which count what is recorded.
        func story(_ spans: some Sequence<CallSpan>) -> [String] {
            spans.filter { $0.operation != .process }.map {
                "\($0.trace) \($0.operation) \($0.begin) \($0.end) \($0.outcome) \($0.subject) \($0.ordinal) \($0.waited)"
            }
        }
        let (whole, late) = (lived(settings, nil), lived(nil, settings))
        let spans = whole.workloads.callSpans(now: whole.clock.now)
        let begun = Set(spans.filter { $0.operation == .request && $0.begin > .seconds(200) }.map(\.trace))
        let recorded = late.workloads.callSpans(now: late.clock.now)
        #expect(begun.count > 100)
        #expect(story(recorded) == story(spans.filter { begun.contains($0.trace) }))
        #expect(spans.contains { $0.begin < .seconds(200) && $0.end > .seconds(200) }, "some were under way")
        #expect(late.events == whole.events)
        #expect(late.workloads.requestRecords == whole.workloads.requestRecords)

        // One request alone, whether or not others were recorded before.
        let one = try #require(spans.first { $0.operation == .tool && begun.contains($0.trace) }).trace
        let alone = TraceSettings(limit: 1_000_000, retention: .hours(9), sample: 0, only: one)
        let only = lived(nil, alone).workloads.callSpans(now: .seconds(600))
        #expect(story(only) == story(spans.filter { $0.trace == one }) && only.count > 5)
        let changed = lived(settings, alone).workloads.callSpans(now: .seconds(600))
        let before = spans.filter { $0.trace == one || !begun.contains($0.trace) }
        #expect(story(changed) == story(before))
        #expect(Set(changed.map(\.number)).count == changed.count)
    }

    @Test func aSnapshotGoesOnAsTheWorldDoes() throws {
        let settings = TraceSettings(limit: 3000, retention: .seconds(90))
        var rig = Self.rig(settings)
        rig.run(seconds: 130)
        var writer = BinaryWriter()
        writer.write(rig.workloads)
        rig.workloads.writeTraces(to: &writer)
        var reader = BinaryReader(writer.bytes)
        var restored = rig
        restored.workloads = try reader.read()
        try restored.workloads.readTraces(settings, from: &reader)
        #expect(reader.remaining == 0)
        rig.run(seconds: 200)
        restored.run(seconds: 200)
        #expect(rig.workloads.callSpans(now: rig.clock.now) == restored.workloads.callSpans(now: rig.clock.now))
        #expect(rig.workloads.tracePlaces == restored.workloads.tracePlaces)
        func bytes(_ rig: Rig) -> [UInt8] {
            var writer = BinaryWriter()
            rig.workloads.writeTraces(to: &writer)
            return writer.bytes
        }
        #expect(bytes(rig) == bytes(restored))
        // No prefix and no changed byte traps.
        for cut in stride(from: 0, to: writer.bytes.count, by: 997) {
            var bytes = writer.bytes
            bytes[cut] ^= 0x5a
            var reader = BinaryReader(bytes)
            if var workloads = try? reader.read(Workloads.self) { try? workloads.readTraces(settings, from: &reader) }
        }
    }

    /// What was written before spans were counted (versions 1 and 2) is read; the count begins with what is there.
    @Test func logsOfBeforeTheCountAreRead() throws {
        var rig = Self.rig()
        rig.run(seconds: 60)
        let spans = rig.workloads.callSpans(now: rig.clock.now)
        var writer = BinaryWriter()
        writer.section("spans", version: 1)
        writer.write(ChunkedArray(spans))
        writer.write([TracePlace]())
        for number in [UInt64(spans.count), 0] { writer.write(number) }
        for count in [Int64(2), 5] { writer.write(count) }
        writer.write(UInt64(0))
        writer.write(SimulationTime.zero)
        var reader = BinaryReader(writer.bytes)
        let log = try TraceLog(TraceSettings(), from: &reader)
        #expect(reader.remaining == 0)
        #expect(!spans.isEmpty && Array(log.spans) == spans)
        #expect(log.received(now: rig.clock.now) == Int64(spans.count) + 5)
        var again = BinaryWriter()
        log.write(to: &again)
        reader = BinaryReader(again.bytes)
        #expect(try TraceLog(TraceSettings(), from: &reader).received(now: rig.clock.now) == Int64(spans.count) + 5)
    }

    @Test func theOldestTracesGiveWayWhole() {
        var all = Self.rig()
        var few = Self.rig(TraceSettings(limit: 2000, retention: .hours(9)))
        all.run(seconds: 400)
        few.run(seconds: 400)
        Self.drain(&all)
        Self.drain(&few)
        let kept = few.workloads.callSpans(now: few.clock.now)
        let truth = all.workloads.callSpans(now: all.clock.now)
        #expect(kept.count <= 2000 && kept.count > 1800)
        #expect(few.workloads.evictedTraces > 100)
        let traces = Set(kept.map(\.trace))
        // What is kept is whole, and it is the newest.
        #expect(kept == truth.filter { traces.contains($0.trace) })
        let oldest = traces.min() ?? 0
        #expect(Set(truth.map(\.trace).filter { $0 >= oldest }) == traces)
    }

    @Test func tracesAreForgottenAfterTheirRetention() {
        var rig = Self.rig(TraceSettings(limit: 1_000_000, retention: .seconds(60)))
        rig.run(seconds: 200)
        var ends: [UInt64: SimulationTime] = [:]
        for span in rig.workloads.callSpans(now: rig.clock.now) {
            ends[span.trace] = max(ends[span.trace] ?? .zero, span.end)
        }
        #expect(!ends.isEmpty && ends.values.allSatisfy { $0 >= rig.clock.now - .seconds(60) })
        Self.drain(&rig)
        #expect(rig.workloads.callSpans(now: rig.clock.now).isEmpty)
        #expect(rig.workloads.evictedTraces == 0)
    }

    @Test func theSamplerKeepsItsShareOfWholeTraces() {
        var all = Self.rig()
        var some = Self.rig(TraceSettings(limit: 1_000_000, retention: .hours(9), sample: 0.25))
        all.run(seconds: 400)
        some.run(seconds: 400)
        let truth = all.workloads.callSpans(now: all.clock.now).filter { $0.operation == .request }
        let kept = some.workloads.callSpans(now: some.clock.now).filter { $0.operation == .request }
        let share = Double(kept.count) / Double(truth.count)
        #expect(abs(share - 0.25) < 0.06, "\(share)")
        for span in truth {
            let low = TraceIdentity.trace(of: span.trace, seed: 1).low
            #expect(kept.contains { $0.trace == span.trace } == (low < UInt64(0.25 * 0x1p64)))
        }
        var none = Self.rig(TraceSettings(sample: 0))
        none.run(seconds: 60)
        #expect(none.workloads.callSpans(now: none.clock.now).isEmpty)
    }

    @Test func aggregatedTrafficHasTracesOfThoseItFollows() throws {
        var rig = Self.rig(seed: 1, .aggregated)
        rig.run(seconds: 300)
        Self.drain(&rig)
        let spans = rig.workloads.callSpans(now: rig.clock.now).filter { $0.operation != .process }
        let byNumber = Dictionary(uniqueKeysWithValues: spans.map { ($0.number, $0) })
        let roots = spans.filter { $0.operation == .request }
        let arrived = rig.workloads.traffic(named: "users")?.total.arrived ?? 0
        #expect(!roots.isEmpty && Int64(roots.count) <= arrived)
        for operation in [CallSpan.Operation.attempt, .serve, .call, .agent, .step, .chat, .tool, .external] {
            #expect(spans.contains { $0.operation == operation }, "\(operation)")
        }
        let epsilon = Duration.microseconds(1)
        for span in spans where span.parent != 0 {
            let parent = try #require(byNumber[span.parent])
            #expect(parent.trace == span.trace && span.begin + epsilon >= parent.begin)
            if span.end > parent.end + epsilon {
                #expect(span.operation == .serve)
                #expect([.timedOut, .abandoned].contains(parent.outcome), "\(span) in \(parent)")
            }
        }
        // Recording them changes nothing here either.
        var plain = Self.rig(nil, seed: 1, .aggregated)
        plain.run(seconds: 300)
        Self.drain(&plain)
        #expect(plain.bytes == rig.bytes)
    }

    @Test func linesNameTheTraceAndTheCause() throws {
        var rig = Self.rig()
        rig.run(seconds: 200)
        let containers = rig.workloads.runningContainers
        let lines = containers.flatMap { rig.workloads.logLines(of: $0).map(\.text) }
        let spans = rig.workloads.callSpans(now: rig.clock.now)
        let limited = try #require(spans.first { $0.operation == .chat && $0.outcome == .tooManyRequests })
        let id = TraceIdentity.text(of: limited.trace, seed: 1)
        #expect(id.utf8.count == 32)
        #expect(lines.contains { $0.contains("error_type=429") && $0.hasSuffix("model=hosted trace_id=\(id)") })
        #expect(lines.contains { $0.contains("error_type=timeout") && $0.contains(" tool=orders trace_id=") })
        #expect(lines.contains { $0.contains("error_type=500") && $0.contains(" tool=search trace_id=") })
        #expect(lines.filter { $0.contains("status=") }.allSatisfy { $0.contains(" trace_id=") })
        var plain = Self.rig(nil)
        plain.run(seconds: 200)
        let others = containers.flatMap { plain.workloads.logLines(of: $0).map(\.text) }
        #expect(others.contains { $0.contains("status=") } && !others.contains { $0.contains("trace_id") })
    }
}
