import Simulation
import Testing

@testable import Grading

@Suite struct CriterionEvaluationTests {
    /// Two pods ready, one of them gone from 4m to 4m30s.
    static let dip = recording(signals: ["pods.ready": [(0, 2), (240, 1), (270, 2)]])

    @Test func alwaysAndNeverAreBrokenByTheShortestMoment() throws {
        let outcome = try judged("always(pods.ready >= 2)", Self.dip)
        #expect(outcome.fraction == 0)
        #expect(outcome.moment == .zero + .seconds(240))
        #expect(outcome.seen == "pods.ready was 1 for 30s from 4m (5% of the window)")
        #expect(try judged("never(pods.ready < 2)", Self.dip).fraction == 0)
        #expect(try judged("always(pods.ready >= 2) after 5m", Self.dip).holds)
        #expect(try judged("never(pods.ready < 2) before 4m", Self.dip).holds)
    }

    @Test func theComparisonThatDecidesIsNamed() throws {
        let trial = recording(signals: ["pods.ready": [(0, 2)], "pods.total": [(0, 2), (60, 5)]])
        for text in [
            "never(pods.ready > 2 or pods.total > 2)", "never(pods.ready > 2 or pods.total > 9 or pods.total > 2)",
            "always(pods.ready >= 2 and pods.total <= 2)", "never(not (pods.ready == 2 and pods.total <= 2))",
        ] {
            let outcome = try judged(text, trial)
            #expect(outcome.fraction == 0 && outcome.seen.hasPrefix("pods.total was 5 for 9m from 1m"), "\(outcome)")
        }
        let three = try judged("never(pods.ready > 2 or pods.total > 9 or pods.total > 2)", trial)
        #expect(three.expected.hasPrefix("never (pods.ready > 2 or pods.total > 9 or pods.total > 2)"))
    }

    @Test func whatIsUnknownHoldsNothing() throws {
        let trial = recording(signals: ["hpa/web.ableToScale": [(0, nil), (60, 1)]])
        #expect(try judged("share of time(hpa/web.ableToScale == 1) >= 90%", trial).holds)
        #expect(try judged("always(hpa/web.ableToScale == 1)", trial).fraction == 0)
        #expect(try judged("min(hpa/web.ableToScale) == 1", trial).holds)
        let absent = try judged("share of time(hpa/none.ableToScale == 1) >= 90%", trial)
        #expect(absent.value == 0)
        let nothing = try judged("max(hpa/none.desired) >= 1", trial)
        #expect(nothing.fraction == 0 && nothing.seen.hasPrefix("nothing was measured"))
    }

    @Test func eventuallyCountsFromItsWindow() throws {
        #expect(try judged("eventually(pods.ready == 1) within 2m after 3m", Self.dip).holds)
        let late = try judged("eventually(pods.ready == 1) within 30s after 3m", Self.dip)
        #expect(!late.holds && late.seen == "after 1m")
        #expect(late.slack == -1)
        #expect(try judged("eventually(pods.ready == 7)", Self.dip).seen == "never")
    }

    @Test func summariesAreWeightedByTime() throws {
        let trial = recording(minutes: 60, signals: ["pods.ready": [(0, 4), (1_800, 2)]])
        for (text, value) in [
            ("mean(pods.ready) == 0", 3.0), ("min(pods.ready) == 0", 2), ("max(pods.ready) == 0", 4),
            ("integral(pods.ready) == 0", 3),
            ("mean(pods.ready * 2 - 1) == 0", 5), ("integral(pods.ready) between 0m and 15m == 0", 1),
            ("value(pods.ready) at 29m59s == 0", 4), ("value(pods.ready) at 30m == 0", 2),
            ("time of(pods.ready < 3) == 0m", 1_800),
        ] {
            #expect(try judged(text, trial).value == value, "\(text)")
        }
    }

    @Test func populationsArePartitions() throws {
        let trial = recording(requests: [
            (at: 0, latencies: [0.1, 0.2, 0.4, 2], failures: [.abandoned: 1, .tooManyRequests: 3, .timedOut: 2])
        ])
        for (population, count) in [
            ("all", 10.0), ("good", 4), ("failed", 6), ("abandoned", 1), ("tooManyRequests", 3),
            ("latency <= 500ms", 3),
            ("latency > 500ms", 1), ("good and not latency <= 500ms", 1), ("not latency <= 500ms", 7),
            ("failed and not abandoned", 5),
            ("abandoned or timedOut", 3), ("latency <= 3s and latency > 250ms", 2), ("not all", 0),
        ] {
            #expect(
                try judged("count of requests(traffic/users, \(population)) == 0", trial).value == count,
                "\(population)")
        }
        #expect(try judged("share of requests(traffic/users, good) among (not abandoned) == 0", trial).value == 4.0 / 9)
    }

    @Test func usersComeFirstWithTheirMoment() throws {
        let quick = Array(repeating: 0.1, count: 100)
        let trial = recording(
            minutes: 20,
            requests: [
                (at: 0, latencies: quick, failures: [:]), (at: 840, latencies: quick, failures: [.timedOut: 100]),
                (at: 850, latencies: quick + Array(repeating: 3, count: 100), failures: [.abandoned: 12]),
                (at: 860, latencies: quick, failures: [:]),
            ])
        let outcome = try judged("share of requests(traffic/users, latency <= 500ms) >= 99%, nothing at 50%", trial)
        #expect(outcome.harm == "212 users waited longer than 500ms or got no good answer, 09:14 to 09:14:20")
        #expect(outcome.moment == .zero + .seconds(840))
    }

    @Test func partialCreditIsLinearBetweenTwoBounds() throws {
        let trial = recording(requests: [
            (at: 0, latencies: Array(repeating: 0.1, count: 97), failures: [.serverError: 3])
        ])
        let outcome = try judged("share of requests(traffic/users, good) >= 99%, nothing at 95%", trial)
        #expect(abs(outcome.fraction - 0.5) < 1e-9)
        #expect(try judged("share of requests(traffic/users, good) >= 99%, nothing at 98%", trial).fraction == 0)
        #expect(
            abs(try judged("share of requests(traffic/users, failed) <= 1%, nothing at 5%", trial).fraction - 0.5)
                < 1e-9)
        #expect(try judged("share of requests(traffic/users, good) >= 97%, nothing at 95%", trial).fraction == 1)
        let strict = try judged("share of requests(traffic/users, good) > 97%, nothing at 95%", trial)
        #expect(!strict.holds && strict.fraction > 0.99, "a strict bound is not reached by its own value")
    }

    @Test func slackIsMeasuredByTheAllowance() throws {
        let trial = recording(requests: [
            (at: 0, latencies: Array(repeating: 0.1, count: 995), failures: [.serverError: 5])
        ])
        let slack = try #require(try judged("share of requests(traffic/users, good) >= 99%", trial).slack)
        #expect(abs(slack - 0.5) < 1e-9, "half of the allowed errors")
        let cost = recording(minutes: 60, signals: ["cost.total": [(0, 8)]])
        #expect(try judged("mean(cost.total) <= 10", cost).slack == 0.2)
        #expect(try judged("mean(cost.total) <= reference(best)", cost, references: ["best": 4]).slack == -1)
    }

    @Test func seedsArePooledByTheirKind() throws {
        let good = recording(
            signals: ["pods.ready": [(0, 2)]],
            requests: [(at: 0, latencies: Array(repeating: 0.1, count: 900), failures: [:])])
        let bad = recording(
            signals: ["pods.ready": [(0, 0), (60, 4)]],
            requests: [(at: 0, latencies: Array(repeating: 0.1, count: 80), failures: [.refused: 20])])
        // Rates over all requests, not means of rates.
        #expect(try judged("share of requests(traffic/users, good) >= 97%", good, bad).holds)
        #expect(try judged("count of requests(traffic/users, failed) == 10", good, bad).holds)
        #expect(try judged("mean(pods.ready) == 2.8", good, bad).holds)
        // What must never happen must not happen on any.
        let never = try judged("never(pods.ready == 0)", good, bad)
        #expect(!never.holds && never.trial == 1)
        #expect(try judged("min(pods.ready) == 0 and max(pods.ready) == 4", good, bad).holds)
        #expect(try !judged("eventually(pods.ready == 4) within 2m", good, bad).holds)
        #expect(try judged("quantile(100%, traffic/users) <= 105ms", good, bad).holds)
    }

    @Test func eventsAreCountedAndOrdered() throws {
        func event(_ seconds: Int64, _ reason: String, _ object: String, _ count: Int = 1) -> TrialRecording.Occurrence
        {
            TrialRecording.Occurrence(
                time: .zero + .seconds(seconds), reason: reason, object: object, message: "m", count: count)
        }
        let trial = recording(events: [
            event(10, "Scheduled", "pod/web-1"), event(30, "Killing", "pod/web-1"),
            event(40, "Killing", "pod/api-1", 3),
        ])
        #expect(try judged("count of events(Killing) == 4", trial).holds)
        #expect(try judged("count of events(Killing, pod/web-*) == 1", trial).holds)
        #expect(try judged("count of events(Killing) before 20s == 0", trial).holds)
        #expect(try judged("time of event(Scheduled) < time of event(Killing)", trial).holds)
        #expect(try !judged("time of event(Killing, pod/api-1) < time of event(Killing, pod/web-1)", trial).holds)
        #expect(try !judged("time of event(OOMKilling) < 1m", trial).holds)
    }

    @Test func logicCombinesClaims() throws {
        #expect(try judged("always(pods.ready >= 1) and not always(pods.ready >= 2)", Self.dip).holds)
        #expect(try judged("always(pods.ready >= 2) or max(pods.ready) == 2", Self.dip).holds)
        #expect(try !judged("always(pods.ready >= 2) and max(pods.ready) == 2", Self.dip).holds)
        #expect(try judged("(1 + 2) * 3 - 4 / 2 == 7", Self.dip).holds)
        #expect(try !judged("1 / 0 > 0", Self.dip).holds)
    }

    @Test func patternsOfNames() {
        for (name, pattern, fits) in [
            ("pod/web-1", "pod/web-*", true), ("pod/web-1", "*", true), ("pod/web-1", "pod/*-1", true),
            ("pod/web-1", "pod/api-*", false),
            ("", "*", true), ("a", "", false), ("aab", "*ab", true), ("abcab", "a*b*ab", true),
        ] {
            #expect(TrialRecording.matches(name, pattern) == fits, "\(name) \(pattern)")
        }
    }

    @Test func aSeriesKeepsOnlyChanges() {
        var series = StepSeries()
        for second in 0..<1_000 { series.note(second < 500 ? 1 : 2, at: .zero + .seconds(Int64(second))) }
        #expect(series.count == 2)
        #expect(series.value(at: .zero + .milliseconds(499_999)) == 1)
        #expect(series.value(at: .zero + .seconds(500)) == 2)
        series.note(3, at: .zero + .seconds(2_000))
        series.note(2, at: .zero + .seconds(2_000))
        #expect(series.count == 2, "two changes at one instant that cancel")
    }
}
