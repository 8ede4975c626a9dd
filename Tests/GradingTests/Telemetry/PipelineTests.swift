import Lab
import Monitoring
import OpenTelemetry
import PromQL
import Simulation
import Testing

@testable import Grading

/// What a policy keeps of telemetry, and what it costs.
@Suite struct PipelineTests {
    private static let start: Int64 = 1_767_571_200_000

    private static func policy(_ spec: String) throws -> TelemetryPolicy {
        try TelemetryPolicy(
            parsing: "apiVersion: kubelab.dev/v1\nkind: TelemetryPolicy\nspec: \(spec)\n", file: "telemetry.yaml")
    }

    /// One request a second, for an hour unless told otherwise; every tenth fails.
    private static func work(_ count: Int = 3_600, restartAt: Int = .max) -> [ProgramEvent] {
        (0..<count).map { number in
            var event = ProgramEvent(
                kind: .request, end: .zero + .seconds(Int64(number)),
                duration: .milliseconds(number % 10 == 0 ? 3_000 : 300),
                trace: UInt64(number + 1), number: UInt64(number + 1), traceID: "\(number)", spanID: "\(number)",
                program: "shop", pod: number % 2 == 0 ? "shop-a" : "shop-b",
                cause: number % 10 == 0 ? "model_error" : "",
                status: number % 10 == 0 ? 502 : 200, subject: "/buy", attempt: 0, tokensIn: 0, tokensOut: 0, culprit: 0
            )
            if number >= restartAt { event.instance = 1 }
            return event
        }
    }

    private static func trace(_ number: UInt64, begin: Double, length: Double, error: Bool = false) -> [StoredSpan] {
        func span(_ id: UInt64, _ from: Double, _ to: Double, _ attributes: [Attribute], _ failed: Bool) -> StoredSpan {
            StoredSpan(
                Span(
                    traceID: TraceID(high: number &* 0x9e37_79b9_7f4a_7c15, low: number &* 0xd1b5_4a32_d192_ed03 | 1),
                    spanID: SpanID(id),
                    parentSpanID: SpanID(id - 1), name: "POST /buy", kind: .server,
                    startTimeUnixNano: UInt64((Double(start) / 1000 + from) * 1e9),
                    endTimeUnixNano: UInt64((Double(start) / 1000 + to) * 1e9), attributes: attributes,
                    status: failed ? .error("no") : .unset),
                resource: Resource([Attribute("service.name", .string("shop"))]))
        }
        return [
            span(1, begin, begin + length, [Attribute("http.route", .string("/buy"))], false),
            span(2, begin, begin + 0.1, [Attribute("tokens", .int(500)), Attribute("cached", .bool(true))], error),
        ]
    }

    private static func told(_ work: [ProgramEvent], _ spans: [StoredSpan] = [], hours: Int64 = 1) -> ToldTelemetry {
        var traces = TraceStore()
        for span in spans { traces.add(span) }
        return ToldTelemetry(
            work: work, traces: traces, namespace: "default", start: start, end: start + hours * 3_600_000)
    }

    private static func value(_ query: String, _ store: TimeSeriesStore, at time: Int64) throws -> Double? {
        guard case .vector(let elements) = try QueryEngine().instant(query, in: store, at: time).value,
            elements.count == 1, case .float(let number) = elements[0].value
        else { return nil }
        return number
    }

    // MARK: Metrics

    @Test func countersAndHistogramsCountEachRequestOnce() throws {
        let policy = try Self.policy(
            """
            {metrics: {interval: 60s, instruments: [
              {name: http_requests_total, labels: [code, cause]},
              {name: http_request_duration_seconds, buckets: [0.5, 5]}]}}
            """)
        let kept = KeptTelemetry(policy, of: Self.told(Self.work()))
        let end = Self.start + 3_600_000
        #expect(try Self.value("sum(http_requests_total)", kept.metrics, at: end) == 3_600)
        #expect(try Self.value(#"sum(http_requests_total{cause="model_error"})"#, kept.metrics, at: end) == 360)
        #expect(try Self.value(#"sum(http_requests_total{code="200", cause=""})"#, kept.metrics, at: end) == 3_240)
        let bucket = #"sum(http_request_duration_seconds_bucket{le="0.5"})"#
        #expect(try Self.value(bucket, kept.metrics, at: end) == 3_240)
        #expect(try Self.value("sum(http_request_duration_seconds_count)", kept.metrics, at: end) == 3_600)
        #expect(
            try Self.value("sum(http_request_duration_seconds_sum)", kept.metrics, at: end).map {
                ($0 - 2_052).magnitude < 1e-6
            }
                == true)
        // Requests that fail are the even ones, which are all one pod's.
        #expect(kept.volume.series == 2 + 1 + 2 * 5)
        #expect(kept.volume.samples == kept.metrics.samplesAppended)
        #expect(kept.logs.streams(matching: []).isEmpty && kept.traces.count == 0)
    }

    @Test func aProcessThatBeginsAnewCountsFromNothing() throws {
        let policy = try Self.policy("{metrics: {interval: 15s, instruments: [{name: http_requests_total}]}}")
        let kept = KeptTelemetry(policy, of: Self.told(Self.work(restartAt: 1_800)))
        let end = Self.start + 3_600_000
        #expect(try Self.value("sum(http_requests_total)", kept.metrics, at: end) == 1_800)
        let increase = try Self.value("sum(increase(http_requests_total[30m]))", kept.metrics, at: end) ?? 0
        #expect((increase - 1_800).magnitude < 20)
        #expect(try Self.value("sum(resets(http_requests_total[1h]))", kept.metrics, at: end) == 2)
    }

    /// A series for every request passes what a scrape may bring; then there is nothing at all.
    @Test func aLabelWithoutBoundsBreaksTheScrape() throws {
        let policy = try Self.policy(
            "{metrics: {interval: 60s, instruments: [{name: http_request_duration_seconds, labels: [trace_id]}]}}")
        let kept = KeptTelemetry(policy, of: Self.told(Self.work()))
        #expect(kept.volume.refusedScrapes > 60)
        #expect(kept.volume.series == 3_600 * 14)
        #expect(
            try Self.value("sum(http_request_duration_seconds_count)", kept.metrics, at: Self.start + 3_600_000) == nil)
    }

    @Test func retentionTakesTheOldFirst() throws {
        let policy = try Self.policy(
            """
            {retention: {metrics: 1h, logs: 1h, traces: 1h},
             metrics: {interval: 60s, instruments: [{name: http_requests_total}]},
             logs: {events: [{event: request, fields: [trace_id]}]}, traces: {}}
            """)
        let spans = Self.trace(1, begin: 60, length: 1) + Self.trace(2, begin: 9_000, length: 1)
        let kept = KeptTelemetry(policy, of: Self.told(Self.work(3 * 3_600), spans, hours: 3))
        let before = Self.start + 3_600_000
        #expect(try Self.value("sum(http_requests_total)", kept.metrics, at: before) == nil)
        #expect(try Self.value("sum(http_requests_total)", kept.metrics, at: Self.start + 10_800_000) == 10_800)
        #expect(kept.volume.lines == 10_800 && kept.volume.traces == 2)
        #expect(kept.traces.count == 1)
        let lines = try LogQLEngine().run(
            .instant(#"sum(count_over_time({app="shop"}[3h]))"#, at: (Self.start + 10_800_000) * 1_000_000),
            in: kept.logs)
        guard case .vector(let samples) = lines else {
            Issue.record("\(lines)")
            return
        }
        #expect(samples.map(\.value) == [3_600])
    }

    // MARK: Traces

    @Test(arguments: [
        ("{name: a, type: always_sample}", [1, 2, 3, 4]),
        ("{name: a, type: status_code, status_code: {status_codes: [ERROR]}}", [3]),
        ("{name: a, type: status_code, status_code: {status_codes: [OK]}}", []),
        ("{name: a, type: latency, latency: {threshold_ms: 5000}}", [2]),
        ("{name: a, type: latency, latency: {threshold_ms: 6000}}", [2]),
        ("{name: a, type: latency, latency: {threshold_ms: 6001}}", []),
        ("{name: a, type: latency, latency: {threshold_ms: 500, upper_threshold_ms: 1000}}", [1, 3]),
        ("{name: a, type: string_attribute, string_attribute: {key: http.route, values: [/buy]}}", [1, 2, 3, 4]),
        ("{name: a, type: string_attribute, string_attribute: {key: service.name, values: [/buy]}}", []),
        (
            "{name: a, type: string_attribute, string_attribute: {key: http.route, values: [/buy], invert_match: true}}",
            []
        ),
        ("{name: a, type: numeric_attribute, numeric_attribute: {key: tokens, min_value: 500}}", [1, 2, 3, 4]),
        ("{name: a, type: numeric_attribute, numeric_attribute: {key: tokens, min_value: 501}}", []),
        ("{name: a, type: boolean_attribute, boolean_attribute: {key: cached, value: true}}", [1, 2, 3, 4]),
        ("{name: a, type: span_count, span_count: {min_spans: 3}}", []),
        (
            """
            {name: a, type: and, and: {and_sub_policy: [
              {name: b, type: status_code, status_code: {status_codes: [ERROR]}},
              {name: c, type: latency, latency: {threshold_ms: 5000}}]}}
            """, []
        ),
        (
            """
            {name: a, type: status_code, status_code: {status_codes: [ERROR]}},
            {name: b, type: latency, latency: {threshold_ms: 5000}}
            """, [2, 3]
        ),
    ])
    func policiesKeepWhatTheCollectorKeeps(_ policies: String, _ kept: [Int]) throws {
        let policy = try Self.policy("{traces: {policies: [\(policies)]}}")
        let all =
            [
                Self.trace(1, begin: 10, length: 1), Self.trace(2, begin: 20, length: 6),
                Self.trace(3, begin: 30, length: 1, error: true), Self.trace(4, begin: 40, length: 0.2),
            ]
        let result = KeptTelemetry(policy, of: Self.told([], all.flatMap { $0 }))
        let numbers = all.indices.filter { result.traces[all[$0][0].span.traceID] != nil }.map { $0 + 1 }
        #expect(numbers == kept)
        #expect(result.volume.traces == kept.count && result.volume.spans == 2 * kept.count)
    }

    /// The Collector decides on what has arrived; a span arrives when it ends.
    @Test func aDecisionBeforeTheEndDoesNotSeeHowLongItTook() throws {
        let trace = Self.trace(2, begin: 20, length: 6)
        func count(_ wait: String) throws -> Int {
            let policy = try Self.policy(
                "{traces: {decision_wait: \(wait), policies: [{name: a, type: latency, latency: {threshold_ms: 5000}}]}}"
            )
            return KeptTelemetry(policy, of: Self.told([], trace)).traces.count
        }
        #expect(try count("10s") == 1)
        #expect(try count("5s") == 0)
    }

    /// Shares hold, and what a smaller share keeps a larger one keeps as well.
    @Test(arguments: [
        "sampler: {trace_id_ratio_based: {ratio: RATIO}}",
        "policies: [{name: a, type: probabilistic, probabilistic: {sampling_percentage: PERCENT}}]",
    ])
    func shares(_ setting: String) throws {
        let spans = (1...4_000).flatMap { Self.trace(UInt64($0), begin: Double($0) / 2, length: 0.2) }
        let told = Self.told([], spans)
        var before: Set<TraceID> = []
        for share in [0, 0.01, 0.1, 0.5, 1] {
            let text = setting.replacing("RATIO", with: "\(share)").replacing("PERCENT", with: "\(share * 100)")
            let kept = KeptTelemetry(try Self.policy("{traces: {\(text)}}"), of: told)
            let now = Set(kept.traces.traces.map(\.id))
            #expect(now.isSuperset(of: before))
            // Five standard deviations.
            let room = 5 * (4_000 * share * (1 - share)).squareRoot()
            #expect((Double(now.count) - 4_000 * share).magnitude <= room, "\(share): \(now.count)")
            before = now
        }
        #expect(before.count == 4_000)
    }

    // MARK: The bill

    @Test func aMonthIsBilledByWhatCameInAndHowLongItIsKept() throws {
        let file = try ScenarioFile.parse(
            """
            name: small
            nodes: [{name: worker, count: 2, cpu: "2", memory: 4Gi, price: 0.05}]
            prices:
              telemetry:
                metrics: {million: 0.5, millionDays: 0.01}
                logs: {million: 1, millionDays: 0.1, gigabyte: 2}
                traces: {million: 3, gigabyte: 1}
            """, file: "small")
        let prices = try #require(file.prices.telemetry)
        let policy = try Self.policy("{retention: {metrics: 10d, logs: 5d, traces: 2d}, traces: {}}")
        var volume = TelemetryVolume()
        (volume.samples, volume.lines, volume.lineBytes) = (1_000_000, 2_000_000, 500_000_000)
        (volume.spans, volume.spanBytes) = (100_000, 50_000_000)
        // Ten days, of which a month has three.
        let bill = TelemetryBill(volume, over: .hours(240), policy, prices, nodes: file.nodes)
        #expect(bill.metrics == 3 * (0.5 + 0.1))
        #expect(bill.logs == 6 * (1 + 0.5) + 1.5 * 2)
        #expect((bill.traces - (0.9 + 0.15)).magnitude < 1e-12)
        #expect(bill.machines == 72)
        #expect((bill.share - bill.telemetry / (bill.telemetry + 72)).magnitude < 1e-12)
        #expect(throws: (any Error).self) {
            try ScenarioFile.parse(
                "name: a\nnodes: [{name: w, count: 1, cpu: '1', memory: 1Gi}]\nprices: {telemetry: {metrics: {million: -1}}}\n",
                file: "a")
        }
    }

    // MARK: Wrong input

    @Test(arguments: [
        ("{}", "this keeps nothing"),
        ("{traces: {policies: [{name: a, type: luck}]}}", "has no 'luck'; there are always_sample"),
        ("{traces: {policies: [{name: a, type: latency}]}}", "has its settings there"),
        ("{traces: {policies: [{name: a, type: latency, status_code: {}}]}}", "does not belong"),
        ("{traces: {policies: [{name: a, type: latency, latency: {threshold: 5}}]}}", "did you mean"),
        (
            "{traces: {policies: [{name: a, type: probabilistic, probabilistic: {sampling_percentage: 101}}]}}",
            "0 to 100"
        ),
        (
            "{traces: {policies: [{name: a, type: status_code, status_code: {status_codes: [BAD]}}]}}",
            "OK, ERROR and UNSET"
        ),
        ("{traces: {policies: []}}", "1 to 20"),
        ("{traces: {policies: [{name: a, type: always_sample}, {name: a, type: always_sample}]}}", "name of its own"),
        ("{traces: {sampler: {always_on: {}, trace_id_ratio_based: {ratio: 1}}}}", "one of always_on"),
        ("{traces: {sampler: {trace_id_ratio_based: {ratio: 2}}}}", "between 0 and 1"),
        ("{retention: {traces: 1s}, traces: {}}", "between 1h and 400d"),
        ("{metrics: {instruments: [{name: lunches_total}]}}", "programs can expose http_requests_total"),
        (
            "{metrics: {instruments: [{name: http_requests_total, labels: [tool]}]}}",
            "nothing that http_requests_total can have"
        ),
        ("{metrics: {instruments: [{name: http_requests_total, buckets: [1]}]}}", "belong to histograms"),
        ("{metrics: {instruments: [{name: http_request_duration_seconds, buckets: [2, 1]}]}}", "ascend"),
        ("{metrics: {interval: 1s, instruments: []}}", "between 10s and 1h"),
        ("{metrics: {instruments: [{name: http_requests_total}, {name: http_requests_total}]}}", "each be there once"),
        ("{logs: {events: [{event: request, fields: [tool]}]}}", "nothing that a request has"),
    ])
    func whatCannotBeReadIsTold(_ spec: String, _ words: String) throws {
        let error = #expect(throws: Lab.ConfigurationError.self) { try Self.policy(spec) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(words) && text.contains("telemetry.yaml:"), "\(text)")
    }

    @Test func mutantsForgetAndOverdo() throws {
        let text = """
            apiVersion: kubelab.dev/v1
            kind: TelemetryPolicy
            spec:
              retention: {traces: 3d}
              metrics: {instruments: [{name: http_requests_total, labels: [cause]}, {name: agent_tool_call_duration_seconds, buckets: [1, 5]}]}
              logs: {level: warn, events: [{event: request, levels: {failed: error}, fields: [trace_id, cause]}]}
              traces: {policies: [{name: slow, type: latency, latency: {threshold_ms: 5000}}, {name: all, type: always_sample}]}
            """
        let mutants = PolicyMutation.mutations(of: text)
        let names = mutants.map(\.name)
        for wanted in [
            "traces removed", "retention traces: 3d divided by 10",
            "metrics instruments http_requests_total labels and user_id",
            "metrics instruments agent_tool_call_duration_seconds removed",
            "metrics instruments agent_tool_call_duration_seconds buckets times 10",
            "logs level debug", "logs events request fields cause removed", "logs events request levels failed debug",
            "traces policies slow removed", "traces policies slow latency threshold_ms times 10",
        ] { #expect(names.contains(wanted), "\(wanted)") }
        #expect(Set(names).count == names.count)
        for mutant in mutants { _ = try TelemetryPolicy(parsing: mutant.text, file: "telemetry.yaml") }
    }
}
