import Foundation
import Lab
import Simulation
import Testing
import Workloads

@testable import Grading

/// Logs and queries against truth, in six minutes of an agent that now and then fails.
@Suite struct LoggingJudgementTests {
    private static let scenario = """
        name: talkative
        namespace: shop
        duration: 6m
        nodes: [{name: worker, count: 2, cpu: "4", memory: 8Gi}]
        monitoring: {traces: {retention: 1h, limit: 100000}}
        workloads:
          images:
            agent:
              service:
                stages:
                  - call: {service: shop/orders, path: /orders, timeout: 1s}
                  - agent:
                      provider: model
                      steps: 2
                      toolsPerStep: 1
                      tools: [{external: {name: payments, timeout: 1s}}]
                      outputTokens: 30
                      modelTimeout: 5s
                      retries: {maximum: 1, base: 500ms}
              startup: {importing: 1}
              port: 8000
            orders:
              service: {stages: [{tool: {name: orders-db, timeout: 5s}}]}
              startup: {importing: 1}
              port: 8000
          tools:
            orders-db: {latency: {lognormal: {median: 0.3, p95: 1.1}}, errorRate: 0.08}
            payments: {latency: {lognormal: {median: 0.3, p95: 1.1}}, errorRate: 0.03}
          providers:
            model: {firstToken: 300ms, decodeRate: 100, errorRate: 0.15}
          traffic: [{name: users, service: shop/agent, path: /chat, rate: [{at: 10s, rate: 4}], timeout: 30s}]
        """

    private static func manifest(_ name: String) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: \(name)}
        spec: {selector: {app: \(name)}, ports: [{port: 80, targetPort: 8000}]}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: \(name)}
        spec:
          replicas: 2
          selector: {matchLabels: {app: \(name)}}
          template:
            metadata: {labels: {app: \(name)}}
            spec: {containers: [{name: \(name), image: "\(name):1", ports: [{containerPort: 8000}]}]}
        """
    }

    private static let world: World = {
        do {
            let file = ScenarioFile(
                scenario: try ScenarioFile.parse(scenario, file: "talkative"), text: scenario,
                manifests: ["agent", "orders"].map { ($0 + ".yaml", manifest($0)) })
            var world = try file.world(seed: 4)
            try world.advance(to: .zero + .minutes(6))
            return world
        } catch {
            fatalError("\(error)")
        }
    }()

    private static let events = world.programEvents()

    private func facts(_ logging: String, _ queries: String) throws -> TrialRecording {
        let source = try ConfigurationSource(
            file: "exercise.yaml",
            text: "{schema: logging.yaml, queries: queries.yaml, service: shop/agent, window: 4m}")
        let end = Self.world.epochMilliseconds
        var recording = TrialRecording(duration: .minutes(6))
        let observation = TelemetryObservation(
            recording: recording, store: .init(), interval: 60_000, start: end - 360_000, end: end, faults: [],
            felt: [:], work: Self.events)
        let submission = Submission(files: [
            .init(name: "logging.yaml", text: logging), .init(name: "queries.yaml", text: queries),
        ])
        LoggingJudgement(try source.decode(LoggingDuty.self), observation).judge(submission, into: &recording)
        return recording
    }

    private static let logging = """
        format: json
        events:
          - {event: request, fields: [trace_id, status, duration_ms, cause]}
          - {event: model_call, levels: {ok: debug, failed: warn}, fields: [trace_id, model, cause]}
          - {event: tool_call, levels: {ok: debug}, fields: [trace_id, tool, cause]}
        """
    private static let queries = """
        failures: {query: 'sum by (cause) (count_over_time({app="agent"} | json | event="request" | level="error" [4m]))'}
        trace: {query: '{namespace="shop"} |= "$trace_id"'}
        tools: {query: 'sum by (tool) (count_over_time({app="agent"} | json | event="tool_call" [4m]))'}
        slow: {query: 'quantile_over_time(0.95, {app="agent"} | json | event="request" | level="info" | unwrap duration_ms [4m]) by ()'}
        """

    @Test func whatProgramsDidIsAllThere() throws {
        let spans = Self.world.workloads.callSpans(now: Self.world.now)
        let served = spans.count { $0.operation == .serve && $0.end <= Self.world.now }
        #expect(Self.events.count { $0.kind == .request } == served)
        let chats = spans.count { $0.operation == .chat && $0.end <= Self.world.now }
        #expect(Self.events.count { $0.kind == .modelCall } == chats)
        let failing = Self.events.filter { $0.kind == .request && $0.program == "agent" && !$0.cause.isEmpty }
        #expect(failing.count > 20)
        #expect(Set(failing.map(\.cause)).isSuperset(of: ["model_error", "tool_error", "tool_timeout"]))
        // Each failure of the agent is that of a call of the same request, which failed before it answered.
        for request in failing where request.cause != "cancelled" {
            let culprit = try #require(Self.events.first { $0.number == request.culprit })
            #expect(culprit.trace == request.trace && culprit.cause == request.cause && culprit.end <= request.end)
        }
        // A call that failed and was tried again with success makes no request fail.
        let models = Set(Self.events.filter { $0.kind == .modelCall && !$0.cause.isEmpty }.map(\.trace))
        #expect(models.count > failing.count { $0.cause == "model_error" })
    }

    @Test func theLinesOfASchemaCanBeLookedAt() throws {
        let store = Self.world.logStore(as: try LoggingSchema(parsing: Self.logging, file: "logging.yaml"))
        // Good calls of models are below the level; all else is written, at the time at which it ended.
        let written = Self.events.filter { $0.kind == .request || !$0.cause.isEmpty }
        let end = Self.world.epochMilliseconds * 1_000_000
        #expect(store.accepted == written.count)
        let entries = store.allStreams.flatMap { $0.entries(from: end - 360_000_000_000, to: end + 1) }
        #expect(entries.count == written.count)
    }

    @Test func rightQueriesAreRight() throws {
        let recording = try facts(Self.logging, Self.queries)
        for name in ["failures-off", "tools-off", "slow-off", "secret-lines"] {
            #expect((recording.facts[name] ?? 1) < 1e-12, "\(name): \(recording.facts[name] ?? -1)")
        }
        #expect(recording.facts["traces-found"] == 1)
        let other = try facts(
            Self.logging.replacing("json", with: "logfmt"), Self.queries.replacing("| json", with: "| logfmt"))
        #expect(
            other.facts.filter { $0.key != "bytes-per-request" }
                == recording.facts.filter { $0.key != "bytes-per-request" })
        let (json, logfmt) = (recording.facts["bytes-per-request"] ?? 0, other.facts["bytes-per-request"] ?? 0)
        #expect(logfmt < json && logfmt > json / 2)
    }

    @Test func wrongQueriesAreWrong() throws {
        func fact(_ name: String, _ logging: String = Self.logging, _ change: (String) -> String = { $0 }) throws
            -> Double
        {
            try #require(try facts(logging, change(Self.queries)).facts[name])
        }
        // Attempts are no failures; another window has other failures; lines that were not written are not counted.
        #expect(
            try fact("failures-off") {
                $0.replacing(
                    "event=\"request\" | level=\"error\"", with: "event!=\"tool_call\" | level=~\"warn|error\"")
            } > 0.2)
        #expect(try fact("failures-off") { $0.replacing("[4m]", with: "[2m]") } > 0.2)
        #expect(try fact("failures-off", Self.logging.replacing("duration_ms, cause", with: "duration_ms")) == 1)
        #expect(
            try fact(
                "failures-off",
                Self.logging.replacing("event: request,", with: "event: request, levels: {tool_error: info},")) == 1)
        #expect(try fact("tools-off", Self.logging.replacing("tool, cause", with: "cause")) == 1)
        #expect(try fact("slow-off") { $0.replacing("0.95", with: "0.5") } > 0.2)
        #expect(try fact("slow-off") { $0.replacing(" by ()", with: "") } == 1)
        // The program that was called writes no trace; a query that finds everything finds nothing.
        let silent = Self.logging + "\n  - {event: request, program: orders, fields: [status]}\n"
        #expect(try fact("traces-found", silent) < 0.9)
        #expect(try fact("traces-found") { $0.replacing("|= \"$trace_id\"", with: "!= \"x$trace_id\"") } == 0)
        let telling = Self.logging.replacing("[trace_id, status,", with: "[user_email, status,")
        #expect(try fact("secret-lines", telling) > 500)
    }

    @Test(arguments: [
        ("format: xml\nevents: [{event: request}]", "1: format: has no 'xml'; there are json, logfmt, text"),
        (
            "events:\n  - event: request\n    fields: [tool]",
            "3: events[0].fields: 'tool' is nothing that a request has; it has trace_id"
        ),
        (
            "events:\n  - event: request\n    levels: {bad: warn}",
            "3: events[0].levels: has no 'bad'; there are ok, failed"
        ),
        ("events: [{event: request}, {event: request}]", "1: events: say twice what is logged of a request"),
        ("format: text\nevents: [{event: request}]", "2: events: of format text need a 'message'"),
        (
            "events:\n  - event: request\n    message: \"{secret}\"",
            "3: events[0].message: {secret} is nothing that a request has"
        ),
        ("events: []", "1: events: must be 1 to 40"),
    ])
    func unusableLoggingIsRefused(_ text: String, _ words: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try LoggingSchema(parsing: text, file: "logging.yaml") }
        let said = "\(error.map { "\($0)" } ?? "")"
        #expect(said.contains("logging.yaml:" + words), "\(said)")
    }

    @Test(arguments: [
        ("tools", "{app=\"a\"}", "must give numbers, not lines"),
        ("trace", "rate({app=\"a\"}[1m])", "must give lines, not numbers"),
        ("trace", "{app=\"a\"}", "must say $trace_id"),
        ("slow", "sum(", "parse error"),
        ("failures", String(repeating: "x", count: 3_000), "must be at most 2000 bytes long"),
    ])
    func unusableQueriesAreRefused(_ name: String, _ query: String, _ words: String) throws {
        var lines = Self.queries.split(separator: "\n").map(String.init)
        lines = lines.map { $0.hasPrefix(name + ":") ? "\(name): {query: '\(query)'}" : $0 }
        let error = #expect(throws: ConfigurationError.self) {
            try LogQueries(parsing: lines.joined(separator: "\n"), file: "queries.yaml")
        }
        let said = "\(error.map { "\($0)" } ?? "")"
        #expect(said.contains(name) && said.contains(words), "\(said)")
    }

    /// The same work, the same scheme: the same lines.
    @Test func linesAreAFunctionOfTheWork() throws {
        let schema = try LoggingSchema(parsing: Self.logging, file: "logging.yaml")
        let logs = WrittenLogs(Self.events, schema, namespace: "shop", epoch: 0, remembering: [])
        let written = Self.events.filter { event in
            event.kind == .request || !event.cause.isEmpty
        }
        #expect(logs.lines == written.count && logs.store.accepted == logs.lines)
        #expect(logs.bytes == logs.store.bytes)
        let again = WrittenLogs(Self.world.programEvents(), schema, namespace: "shop", epoch: 0, remembering: [])
        #expect(again.store.allStreams.map(\.head) == logs.store.allStreams.map(\.head))
    }
}
