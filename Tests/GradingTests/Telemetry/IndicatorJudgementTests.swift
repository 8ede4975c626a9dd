import Lab
import Monitoring
import PromQL
import Simulation
import Testing
import Workloads

@testable import Grading

/// Indicators against truth, in two days that are written down by hand: 300 questions a minute by day, 60 by night. One in
/// a hundred is late; for two hours at noon of the second day one in ten fails, at once.
@Suite struct IndicatorJudgementTests {
    private static let start: Int64 = 1_767_571_200_000

    private static func observation() throws -> TelemetryObservation {
        var (windows, store) = ([LevelWindow](), TimeSeriesStore())
        var counts: [String: Double] = [:]
        func labels(_ code: String, _ bound: String?) -> Labels {
            let name = "http_request_duration_seconds_" + (bound == nil ? "count" : "bucket")
            return Labels(
                [Label("__name__", name), Label("code", code)] + (bound.map { [Label("le", $0)] } ?? []))
        }
        for minute in 0..<Int64(2 * 1_440) {
            let hour = minute / 60 % 24
            let all = hour >= 8 && hour < 20 ? 300.0 : 60
            let failed = minute >= 2_160 && minute < 2_280 ? all / 10 : 0
            let late = (all - failed) / 100
            var window = LevelWindow(start: .zero + .minutes(minute))
            // A hundred times as many, so that shares of a request count.
            window.outcomes.count(.ok, Int64(((all - failed) * 100).rounded()))
            window.outcomes.count(.badGateway, Int64((failed * 100).rounded()))
            window.latency.record(.milliseconds(100), count: UInt32(((all - failed - late) * 100).rounded()))
            window.latency.record(.milliseconds(900), count: UInt32((late * 100).rounded()))
            windows.append(window)
            for (key, more) in [
                ("200 0.25", all - failed - late), ("200 0.5", all - failed - late), ("200 1.0", all - failed),
                ("200 +Inf", all - failed), ("200", all - failed), ("502 0.25", failed), ("502 0.5", failed),
                ("502 1.0", failed), ("502 +Inf", failed), ("502", failed),
            ] {
                counts[key, default: 0] += more
                let parts = key.split(separator: " ").map(String.init)
                try store.append(
                    labels(parts[0], parts.dropFirst().first), time: start + (minute + 1) * 60_000,
                    value: counts[key] ?? 0)
            }
        }
        return TelemetryObservation(
            recording: TrialRecording(duration: .hours(48)), store: store, interval: 60_000, start: start,
            end: start + 2 * 86_400_000, faults: [],
            felt: [
                "indicator/fast": FeltService(
                    windows, good: try Population(parsing: "good and latency <= 500ms"), length: .minutes(1))
            ])
    }

    private static func duty() throws -> IndicatorDuty {
        let source = try ConfigurationSource(
            file: "exercise.yaml",
            text: """
                file: slo.yaml
                buckets: buckets.yaml
                grid: [0.25, 0.5, 1]
                objectives: [{name: fast, traffic: questions, good: "good and latency <= 500ms", objective: 0.98}]
                windows: [{name: first, from: 0s, to: 24h}, {name: second, from: 24h, to: 48h}]
                """)
        return try source.decode(IndicatorDuty.self)
    }

    private static func submission(_ text: String, buckets: String) -> Submission {
        Submission(files: [
            .init(name: "slo.yaml", text: text), .init(name: "buckets.yaml", text: "buckets: [\(buckets)]"),
        ])
    }

    private static func judged(_ text: String, buckets: String = "0.5") throws -> TrialRecording {
        let (duty, observation) = (try duty(), try observation())
        #expect(duty.faults(in: text, "slo.yaml").isEmpty)
        var recording = observation.recording
        IndicatorJudgement(duty: duty, observation: observation).judge(
            submission(text, buckets: buckets), into: &recording)
        return recording
    }

    private static func document(bad: String, total: String, objective: Double = 98) -> String {
        """
        version: prometheus/v1
        service: desk
        slos:
          - name: fast
            objective: \(objective)
            sli: {events: {error_query: '\(bad)', total_query: '\(total)'}}
        """
    }

    private static let total = "sum(rate(http_request_duration_seconds_count[{{.window}}]))"
    private static func good(_ bound: String, _ code: String = "code=\"200\", ") -> String {
        "sum(rate(http_request_duration_seconds_bucket{\(code)le=\"\(bound)\"}[{{.window}}]))"
    }
    private static func raw(_ query: String) -> String {
        "{version: prometheus/v1, service: desk, slos: [{name: fast, objective: 98, sli: {raw: {error_ratio_query: '\(query)'}}}]}"
    }

    @Test func aRightIndicatorSaysWhatUsersFelt() throws {
        let recording = try Self.judged(
            Self.document(bad: "\(Self.total) - \(Self.good("0.5"))", total: Self.total))
        // By day 12 hours of 300 a minute, by night 60: 259,200 a day. 3,600 failed on the second.
        let felt = (2 * 259_200.0 - 3_600) / 100 + 3_600
        #expect(abs((recording.facts["fast-felt"] ?? 0) - felt / 518_400) < 1e-6)
        for name in ["fast-first", "fast-second", "fast-error"] {
            #expect(try #require(recording.facts[name]) < 0.004, "\(name)")
        }
        #expect(try #require(recording.facts["fast-left"]) < 0.004)
        #expect(recording.factNotes["fast-second"]?.text.contains("the users' requests were bad") == true)
    }

    @Test func misconceptionsAreFarOff() throws {
        // Fast failures counted as good: only the second day is wrong.
        let failures = try Self.judged(
            Self.document(bad: "\(Self.total) - \(Self.good("0.5", ""))", total: Self.total))
        #expect(try #require(failures.facts["fast-first"]) < 0.01)
        #expect(try #require(failures.facts["fast-second"]) > 0.5)
        // The mean of shares: a bad hour at noon counts as an hour of the night does.
        let share = "1 - \(Self.good("0.5")) / \(Self.total)".replacing("{{.window}}", with: "5m")
        let means = try Self.judged(Self.raw("avg_over_time((\(share))[{{.window}}:5m])"))
        #expect(try #require(means.facts["fast-first"]) < 0.01)
        #expect(try #require(means.facts["fast-second"]) > 0.15)
        // Another objective leaves another budget.
        let budget = try Self.judged(
            Self.document(bad: "\(Self.total) - \(Self.good("0.5"))", total: Self.total, objective: 99))
        #expect(try #require(budget.facts["fast-error"]) < 0.004)
        #expect(try #require(budget.facts["fast-left"]) > 0.5)
    }

    /// Who asks for a bound that his histograms do not have gets nothing, though the world knew it.
    @Test func boundsThatWereNotHandedInAreNotThere() throws {
        let text = Self.document(bad: "\(Self.total) - \(Self.good("0.5"))", total: Self.total)
        let without = try Self.judged(text, buckets: "0.25, 1")
        #expect(without.facts["fast-error"] == 1 && without.facts["fast-left"] == 1)
        #expect(without.factNotes["fast-error"]?.text.contains("gave no number") == true)
        let duty = try Self.duty()
        #expect(duty.lived(Self.submission(text, buckets: "0.5")) == [0.25, 0.5, 1])
        #expect(duty.lived(Self.submission(text, buckets: "0.4, 0.5")) == [0.25, 0.4, 0.5, 1])
        #expect(duty.lived(Submission(files: [])) == nil)
    }

    @Test func rulesAreJudgedByWhatSlothWouldRecord() throws {
        let share = { (window: String) in
            "1 - \(Self.good("0.5")) / \(Self.total)".replacing("{{.window}}", with: window)
        }
        func file(_ extra: String, _ expression: (String) -> String) -> String {
            """
            groups:
              - name: g
                rules:
            \(extra)
                  - {record: slo:sli_error:ratio_rate1d, labels: {sloth_slo: fast}, expr: '\(expression("1d"))'}
                  - {record: slo:sli_error:ratio_rate2d, labels: {sloth_slo: fast}, expr: '\(expression("2d"))'}
                  - {record: slo:error_budget:ratio, labels: {sloth_slo: fast}, expr: vector(1-0.98)}
            """
        }
        let plain = try Self.judged(file("", share))
        #expect(try #require(plain.facts["fast-error"]) < 0.004 && #require(plain.facts["fast-left"]) < 0.004)
        // What rules read of each other was recorded all along.
        let chained = try Self.judged(
            file(
                """
                      - {record: all:rate5m, expr: 'sum(rate(http_request_duration_seconds_count[5m]))'}
                      - {record: good:rate5m, expr: '\(Self.good("0.5").replacing("{{.window}}", with: "5m"))'}
                """
            ) { "1 - avg_over_time(good:rate5m[\($0)]) / avg_over_time(all:rate5m[\($0)])" })
        #expect(try #require(chained.facts["fast-error"]) < 0.01, "\(chained.facts)")
        let twice = try Self.judged(file("", { share($0).replacing("sum(", with: "sum by (code) (") }))
        #expect(twice.facts["fast-error"] != 0)
        // Whatever is missing is named.
        let faults = try Self.duty().faults(
            in:
                "groups: [{name: g, rules: [{record: slo:sli_error:ratio_rate1d, expr: '1', labels: {sloth_slo: fast}}]}]",
            "slo.yaml")
        #expect(faults.map(\.message) == ["no rule records slo:error_budget:ratio{sloth_slo=\"fast\"}"])
    }

    @Test func badFilesAreNamed() throws {
        let duty = try Self.duty()
        #expect(duty.faults(in: "buckets: [2, 1]", "buckets.yaml").first?.message.contains("ascending") == true)
        #expect(duty.faults(in: "[", "slo.yaml").count == 1)
        #expect(duty.faults(in: "version: prometheus/v1\nservice: x\nslos: []\n", "slo.yaml").count == 1)
        let other = Self.document(bad: Self.total, total: Self.total).replacing("name: fast", with: "name: other")
        #expect(
            duty.faults(in: other, "slo.yaml").map(\.message) == [
                "has no objective with the name fast; it has other"
            ])
        let groups = "groups: [{name: g, rules: [{record: x, expr: 'y @ 5'}]}]"
        #expect(duty.faults(in: groups, "slo.yaml").first?.message.contains("looks at a fixed time") == true)
    }

    @Test func mutantsTakeAwayWhatDecides() throws {
        let text = Self.document(bad: "\(Self.total) - \(Self.good("0.5"))", total: Self.total)
        let mutations = IndicatorMutation.mutations(of: text)
        let names = mutations.map(\.name)
        #expect(names.contains("fast error_query: code=\"200\" removed"), "\(names)")
        #expect(
            names.contains("fast error_query:  le=\"0.5\" removed")
                || names.contains("fast error_query: le=\"0.5\" removed"))
        #expect(names.contains("fast total_query: avg in place of sum"))
        #expect(names.contains("fast objective: a nine more") && names.contains("fast objective: a nine less"))
        for mutation in mutations {
            #expect(mutation.text != text)
            #expect(throws: Never.self) { try ServiceLevelDocument.objectives(mutation.text) }
        }
        let two = IndicatorMutation.mutations(of: text + "\n---\n" + text.replacing("name: fast", with: "name: other"))
        #expect(two.count == 2 * mutations.count + 2)
        for mutation in two {
            #expect(throws: Never.self) { try ServiceLevelDocument.objectives(mutation.text) }
        }
        let bounds = IndicatorMutation.mutations(of: "buckets: [0.5, 8]\n")
        #expect(bounds.map(\.name) == ["buckets 0.5 removed", "buckets 8.0 removed"])
        #expect(IndicatorDuty.bounds(bounds[0].text) == [8])
        #expect(IndicatorMutation.mutations(of: "[").isEmpty)
        #expect(
            IndicatorMutation.changes(ofQuery: "sum(x{a=\"1,}\", b!=\"2\"})").map(\.text)
                == ["avg(x{a=\"1,}\", b!=\"2\"})", "sum(x{ b!=\"2\"})", "sum(x{a=\"1,}\"})"])
    }
}
