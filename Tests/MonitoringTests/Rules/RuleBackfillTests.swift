import Foundation
import PromQL
import Testing

@testable import Monitoring

/// A rule as one range query gives what an evaluation at every slot gives.
@Suite struct RuleBackfillTests {
    private static let start: Int64 = 1_767_571_200_000

    /// Two counters, with a reset, a gap and an hour of errors.
    private static func store(errorsFrom: Int64 = 60, errorsFor: Int64 = 90) -> TimeSeriesStore {
        var store = TimeSeriesStore()
        for (pod, shift) in [("a", 0), ("b", 7)] {
            var (good, bad) = (0.0, 0.0)
            for minute in 0..<Int64(360) {
                if pod == "b", (200..<220).contains(minute) { continue }
                if pod == "b", minute == 220 { (good, bad) = (0, 0) }
                let isBad = minute >= errorsFrom && minute < errorsFrom + errorsFor
                good += 100 + Double((minute * 13 + Int64(shift)) % 11)
                bad += isBad ? 20 : minute % 30 == 0 ? 1 : 0
                for (code, value) in [("200", good), ("500", bad)] where code == "200" || minute > 5 {
                    let labels = Labels([
                        Label("__name__", "http_requests_total"), Label("code", code), Label("pod", pod),
                    ])
                    try? store.append(labels, time: start + minute * 60_000, value: value)
                }
            }
        }
        return store
    }

    private static let rules = """
        groups:
          - name: ratios
            rules:
              - {record: "job:errors:ratio5m", expr: 'sum(rate(http_requests_total{code="500"}[5m])) / sum(rate(http_requests_total[5m]))'}
              - {record: "job:errors:ratio1h", expr: 'sum(rate(http_requests_total{code="500"}[1h])) / sum(rate(http_requests_total[1h]))', labels: {team: desk}}
              - {record: "pod:up", expr: 'count by (pod) (http_requests_total)'}
          - name: alerts
            interval: 2m
            rules:
              - alert: Burning
                expr: job:errors:ratio5m > 0.05 and on() job:errors:ratio1h > 0.01
                for: 4m
                labels: {severity: page}
              - alert: Kept
                expr: job:errors:ratio5m > 0.05
                keep_firing_for: 15m
              - {alert: Either, expr: 'job:errors:ratio5m > 0.08 or job:errors:ratio1h > 0.04'}
              - {alert: Gone, expr: 'absent(http_requests_total{pod="b"})'}
          - name: watchers
            rules:
              - {record: "alerts:firing", expr: 'count(ALERTS{alertstate="firing"})'}
        """

    private static func both(_ text: String) throws -> (RuleBackfill.Outcome, RuleBackfill.Outcome) {
        let file = try RuleFile(text)
        // A recording that reads what comes after it makes the whole take the long way.
        let unordered = try RuleFile(
            text + "\n  - name: loop\n    rules: [{record: loop, expr: 'loop or vector(1)'}]\n")
        func run(_ file: RuleFile) -> RuleBackfill.Outcome {
            RuleBackfill([(name: "rules.yml", file: file)], interval: 60_000).run(
                over: store(), from: start, through: start + 359 * 60_000)
        }
        #expect(RuleBackfill([(name: "rules.yml", file: file)], interval: 60_000).isOrdered)
        #expect(!RuleBackfill([(name: "rules.yml", file: unordered)], interval: 60_000).isOrdered)
        return (run(file), run(unordered))
    }

    @Test func aRangeGivesWhatEverySlotGives() throws {
        let (ranges, slots) = try Self.both(Self.rules)
        #expect(slots.failures.isEmpty)
        #expect(ranges.alerts == slots.alerts)
        #expect(Set(ranges.alerts.map(\.rule)) == ["Burning", "Kept", "Either", "Gone"])
        let names = [
            "job:errors:ratio5m", "job:errors:ratio1h", "pod:up", "ALERTS", "ALERTS_FOR_STATE", "alerts:firing",
        ]
        for name in names {
            let matcher = [try LabelMatcher(Labels.metricName, .equal, name)]
            func content(_ outcome: RuleBackfill.Outcome) -> [String] {
                outcome.store.select(matcher).map { id in
                    "\(outcome.store.labels(id)) "
                        + outcome.store.samples(id).map { "\($0.time)=\($0.value.bitPattern)" }.joined(separator: ",")
                }.sorted()
            }
            let found = content(ranges)
            #expect(!found.isEmpty)
            #expect(found == content(slots), "\(name)")
        }
    }

    /// What a month of rules costs hangs on it.
    @Test func orderedRulesAreEvaluatedAsRanges() throws {
        let backfill = RuleBackfill([(name: "rules.yml", file: try RuleFile(Self.rules))], interval: 60_000)
        #expect(backfill.isOrdered)
        #expect(backfill.asRanges(Self.store(), Self.start, Self.start + 359 * 60_000) != nil)
        let annotated = try RuleFile(
            """
            groups:
              - name: g
                rules:
                  - {record: "errors:ratio5m", expr: 'sum(rate(http_requests_total{code="500"}[5m])) / sum(rate(http_requests_total[5m]))'}
                  - alert: Fast
                    expr: |
                      (errors:ratio5m > 14.4 * 0.005 and errors:ratio5m > 0.01 or errors:ratio5m > 0.2)
                      and sum(rate(http_requests_total[1h])) > 1
                    labels: {severity: page}
                    annotations: {summary: "{{ $value | humanizePercentage }} are errors"}
                  - {alert: Gone, expr: 'absent(up{app="gateway"} == 1)', for: 2m, labels: {severity: page}}
            """)
        let other = RuleBackfill([(name: "rules.yml", file: annotated)], interval: 60_000)
        #expect(other.isOrdered)
        #expect(
            other.asRanges(Self.store(), Self.start, Self.start + 359 * 60_000)?.alerts.map(\.rule) == ["Fast", "Gone"])
        let itself = try RuleFile(
            "groups: [{name: g, rules: [{alert: Many, expr: 'count(ALERTS) > 1'}]}]")
        #expect(!RuleBackfill([(name: "rules.yml", file: itself)], interval: 60_000).isOrdered)
    }

    @Test func theRulesOfTheLessonAreOrdered() throws {
        let text = try String(
            contentsOfFile: "labs/1-observability/1.4-burn-rate/solution/alerts.yaml", encoding: .utf8)
        let backfill = RuleBackfill([(name: "alerts.yaml", file: try RuleFile(text))], interval: 60_000)
        #expect(backfill.isOrdered)
        #expect(backfill.asRanges(Self.store(), Self.start, Self.start + 40_000 * 60_000) != nil)
    }

    @Test func theLifeOfAnAlertIsToldInTimes() throws {
        let (outcome, _) = try Self.both(Self.rules)
        let burning = try #require(outcome.alerts.first { $0.rule == "Burning" })
        #expect(burning.labels["severity"] == "page")
        #expect(burning.firedAt == burning.activeAt + 4 * 60_000)
        let kept = try #require(outcome.alerts.first { $0.rule == "Kept" })
        #expect(kept.firedAt == kept.activeAt)
        // Errors end at minute 150; the last five minutes of them are seen until 155, and 15 minutes are kept.
        let ended = try #require(kept.endedAt)
        #expect((ended - Self.start) / 60_000 >= 168 && (ended - Self.start) / 60_000 <= 172)
    }

    @Test func whatFailsIsToldAndTheRestGoesOn() throws {
        let file = try RuleFile(
            """
            groups:
              - name: g
                rules:
                  - {record: bad, expr: 'http_requests_total * on() group_left() http_requests_total'}
                  - {alert: Fine, expr: 'sum(rate(http_requests_total{code="500"}[5m])) > 0.3'}
            """)
        let outcome = RuleBackfill([(name: "r", file: file)], interval: 60_000).run(
            over: Self.store(), from: Self.start, through: Self.start + 3_600_000 * 3)
        #expect(outcome.failures.map(\.rule) == ["bad"])
        #expect(outcome.failures.first?.text.contains("many-to-many") == true)
        #expect(outcome.alerts.map(\.rule) == ["Fine"])
    }

    @Test(arguments: [
        "up offset -5m", "up @ 1767571200", "rate(up[5m] @ end())", "max_over_time(up[1h:1m] offset -1h)",
        "sum(up) + (up offset -1m)", "histogram_quantile(0.9, rate(x_bucket[5m] offset -1m))", "-(up @ start())",
    ]) func whatLooksIntoTheFutureIsKnown(query: String) throws {
        #expect(try PromQLParser.parse(query).mayLookAhead)
        #expect(try !PromQLParser.parse("sum(rate(up[5m] offset 5m)) / 2").mayLookAhead)
    }
}
