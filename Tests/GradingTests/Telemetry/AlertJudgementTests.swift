import Lab
import Monitoring
import PromQL
import Simulation
import Testing
import Workloads

@testable import Grading

/// Alerts against truth, in a month that is written down by hand: ten requests a second, an hour in which a fifth of them
/// fail, a blip of two minutes, and a day in which one in a hundred fails. The objective allows one in two hundred.
@Suite struct AlertJudgementTests {
    private static let start: Int64 = 1_767_571_200_000
    private static let days: Int64 = 28

    private static func fault(_ name: String, at: String, for length: String) throws -> FaultDescription {
        let text = """
            name: x
            duration: 1h
            nodes: [{name: worker, cpu: "1", memory: 1Gi}]
            faults: [{name: \(name), at: \(at), for: \(length), workload: {deadlock: {pod: x}}}]
            """
        return try #require(try ScenarioFile.parse(text, file: "x").faults.first)
    }

    private static let spells: [(from: Int64, minutes: Int64, failing: Double)] = [
        (3 * 1_440, 60, 0.2), (6 * 1_440, 2, 0.2), (10 * 1_440, 1_440, 0.01),
    ]

    private static func failing(_ minute: Int64) -> Double {
        spells.first { minute >= $0.from && minute < $0.from + $0.minutes }?.failing ?? 0
    }

    private static func observation() throws -> TelemetryObservation {
        var (windows, store) = ([LevelWindow](), TimeSeriesStore())
        var (good, bad) = (0.0, 0.0)
        for minute in 0..<(days * 1_440) {
            let failed = 600 * failing(minute)
            good += 600 - failed
            bad += failed
            var window = LevelWindow(start: .zero + .minutes(minute))
            window.outcomes.count(.ok, Int64(600 - failed))
            window.outcomes.count(.badGateway, Int64(failed))
            window.latency.record(.milliseconds(200), count: UInt32(600 - failed))
            windows.append(window)
            for (code, value) in [("200", good), ("502", bad)] {
                let labels = Labels([Label("__name__", "http_requests_total"), Label("code", code)])
                try store.append(labels, time: start + (minute + 1) * 60_000, value: value)
            }
        }
        return TelemetryObservation(
            recording: TrialRecording(duration: .hours(24 * days)), store: store, interval: 60_000, start: start,
            end: start + days * 86_400_000,
            faults: [
                try fault("outage", at: "72h", for: "1h"), try fault("blip", at: "144h", for: "2m"),
                try fault("slow", at: "240h", for: "24h"),
            ], felt: ["users": FeltService(windows, good: .good, length: .minutes(1))])
    }

    private static func duty() throws -> AlertingDuty {
        let source = try ConfigurationSource(
            file: "exercise.yaml",
            text: """
                file: alerts.yaml
                traffic: users
                objective: 0.995
                classes:
                  - {name: fast, least: 14.4, severity: page}
                  - {name: slow, least: 1.2, most: 3, severity: ticket}
                """)
        return try source.decode(AlertingDuty.self)
    }

    private static func facts(_ rules: String) throws -> TrialRecording {
        let observation = try observation()
        var recording = observation.recording
        let text = "groups:\n  - name: g\n    rules:\n" + rules
        AlertJudgement(try duty(), observation).judge(
            Submission(files: [.init(name: "alerts.yaml", text: text)]), into: &recording)
        return recording
    }

    private static func ratio(_ window: String) -> String {
        "sum(rate(http_requests_total{code=\"502\"}[\(window)])) / sum(rate(http_requests_total[\(window)]))"
    }

    /// A fifth of the requests of an hour of 672 hours: forty times too fast, 5.95% of the budget.
    @Test func anEventIsWhatUsersFelt() throws {
        let events = AlertJudgement(try Self.duty(), try Self.observation()).events
        #expect(events.map(\.name) == ["outage", "blip", "slow"])
        #expect(abs(events[0].burn - 40) < 0.01 && abs(events[0].spent - 40.0 / 672) < 1e-6)
        #expect(events[0].place == 0)
        // Two minutes at the same rate have spent a fifth of a percent: nothing that must be told.
        #expect(events[1].place == nil && events[1].spent < 0.01)
        #expect(abs(events[2].burn - 2) < 0.01 && events[2].place == 1)
    }

    @Test func whoIsToldInTimeHasSpentLittle() throws {
        let recording = try Self.facts(
            """
                  - {alert: Fast, expr: '\(Self.ratio("1h")) > 0.072 and \(Self.ratio("5m")) > 0.072', labels: {severity: page}}
                  - {alert: Slow, expr: '\(Self.ratio("6h")) > 0.005', labels: {severity: ticket}}
            """)
        // 0.072 of an hour are 21.6 minutes of a fifth: told within 23 minutes, after 2.3% of the budget.
        let fast = try #require(recording.facts["fast-spent"])
        #expect(fast > 0.021 && fast < 0.0235, "\(fast)")
        // 0.005 of six hours are three hours of a hundredth.
        let slow = try #require(recording.facts["slow-spent"])
        #expect(slow > 0.0085 && slow < 0.0095, "\(slow)")
        #expect(recording.facts["false-pages"] == 0)
        #expect(recording.facts["fast-events"] == 1)
        #expect(recording.facts["failing-rules"] == 0)
        #expect(recording.factNotes["fast-spent"]?.text.contains("was told by Fast after 2") == true)
        #expect(recording.factNotes["fast-spent"]?.moment == .zero + .hours(73))
        #expect(recording.factNotes["fast-spent"]?.looks.first?.hasSuffix("errorRatio --from 71h") == true)
        let minutes = try #require(recording.facts["minutes-to-resolve"])
        #expect(minutes > 0 && minutes < 10)
    }

    @Test func whoIsToldOfABlipIsWokenForNothing() throws {
        let recording = try Self.facts(
            "      - {alert: Jumpy, expr: '\(Self.ratio("2m")) > 0.005', labels: {severity: page}}\n")
        // The blip, and the day that asks for a ticket.
        #expect(recording.facts["false-pages"] == 2)
        #expect(recording.factNotes["false-pages"]?.text.contains("day 7") == true)
        #expect(recording.facts["slow-spent"] == 1)
    }

    @Test func whoSaysNothingIsToldSo() throws {
        let recording = try Self.facts("      - {alert: Never, expr: 'vector(0) > 1', labels: {severity: page}}\n")
        #expect(recording.facts["fast-spent"] == 1)
        #expect(recording.factNotes["fast-spent"]?.text.contains("without any alert of severity page") == true)
    }

    /// An alert that fires all the time began for no event, and is never over.
    @Test func whoCriesAllTheTimeIsNotHeard() throws {
        let recording = try Self.facts("      - {alert: Always, expr: 'vector(1)', labels: {severity: page}}\n")
        #expect(recording.facts["fast-spent"] == 1)
        #expect(recording.facts["false-pages"] == 1)
        #expect(try #require(recording.facts["minutes-to-resolve"]) > 10_000)
    }

    @Test(arguments: [
        ("up offset -5m", "looks at a fixed time or ahead"), ("up @ 1767571200", "looks at a fixed time or ahead"),
        ("sum(", "could not parse expression"),
    ]) func rulesThatCannotBeUsedAreToldWithTheirLine(expr: String, message: String) {
        let text = "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: \(expr)\n"
        let faults = TelemetryDuty.faults(inRules: text, "alerts.yaml")
        #expect(faults.count == 1)
        #expect(faults.first?.message.contains(message) == true, "\(faults)")
        #expect((4...5).contains(faults.first?.line ?? 0))
    }

    @Test(arguments: ["", "groups: []", "groups: [{name: g, rules: [{record: a, expr: up}]}]"])
    func silenceIsNoAnswer(text: String) {
        let faults = TelemetryDuty.faults(inAlerts: text, "alerts.yaml")
        #expect(faults.map(\.message) == ["has no alerting rule ('alert:'): nobody would be told of anything"])
    }

    @Test func rulesAreBounded() {
        let many = (0...TelemetryDuty.maximumRules).map { "      - {alert: A\($0), expr: up}\n" }.joined()
        let faults = TelemetryDuty.faults(inRules: "groups:\n  - name: g\n    rules:\n" + many, "alerts.yaml")
        #expect(faults.first?.message.contains("101 rules") == true)
        let quick = TelemetryDuty.faults(
            inRules: "groups: [{name: g, interval: 1s, rules: [{alert: A, expr: up}]}]", "alerts.yaml")
        #expect(quick.first?.message.contains("interval below 15s") == true)
    }

    @Test func theGreatestFactOfAllSeedsCounts() throws {
        let trials = [0.01, 0.04, 0.02].map { value in
            var recording = TrialRecording(duration: .hours(1))
            recording.facts["fast-spent"] = value
            return recording
        }
        let greatest = try CriterionExpression(parsing: "max(fact(fast-spent)) <= 3%", namespace: "x")
        #expect(!greatest.evaluate(trials).holds)
        let mean = try CriterionExpression(parsing: "fact(fast-spent) <= 3%", namespace: "x")
        #expect(mean.evaluate(trials).holds)
        let least = try CriterionExpression(parsing: "min(fact(fast-spent)) >= 1%", namespace: "x")
        #expect(least.evaluate(trials).holds)
    }
}

/// Mutants of documents with queries.
@Suite struct QueryMutationTests {
    @Test func numbersAndDurationsAreScaledAndNamesAreNot() {
        let changes = QueryMutation.changes(ofQuery: #"rate(x2:y5{code="500"}[5m]) > 0.5 and rate(z[5m]) > 14"#)
        #expect(
            changes.map(\.words) == [
                "5m times 10", "5m divided by 10", "0.5 times 10", "0.5 divided by 10", "5m times 10, number 2",
                "5m divided by 10, number 2", "14 times 10", "14 divided by 10",
            ])
        #expect(changes[1].text == #"rate(x2:y5{code="500"}[30s]) > 0.5 and rate(z[5m]) > 14"#)
        #expect(changes[2].text.contains("> 5 and"))
    }

    @Test func rulesAreTakenAwayAndSeveritiesExchanged() {
        let names = QueryMutation.mutations(
            of: """
                groups:
                  - name: g
                    rules:
                      - {record: a, expr: up}
                      - {alert: B, expr: a > 1, for: 2m, labels: {severity: page}}
                """
        ).map(\.name)
        #expect(
            names == [
                "a removed", "B removed", "B expr: 1 times 10", "B expr: 1 divided by 10", "B for removed",
                "B for: 2m times 10", "B for: 2m divided by 10", "B severity exchanged",
            ])
        #expect(QueryMutation.mutations(of: "{").isEmpty)
    }
}
