import PromQL
import Simulation
import Testing

@testable import Monitoring

/// The life of alerts and the series that rules write, over time.
@Suite struct RuleGroupTests {
    /// A group of one alert over the gauge `x`, and what has happened to it.
    private struct Rig {
        var store = TimeSeriesStore()
        var group: RuleGroup
        var sent: [(time: Int64, alerts: [PostableAlert])] = []

        init(_ rules: String, interval: Int64 = 60_000) throws {
            let file = try RuleFile("groups:\n- name: g\n  rules:\n" + rules)
            group = RuleGroup(file.groups[0], file: "r.yml", interval: interval)
            group.begin(at: 0, spread: false)
        }

        /// One minute: the sample, if there is one, and then the evaluation.
        mutating func minute(_ number: Int64, _ values: [String: Double]) {
            for (instance, value) in values.sorted(by: { $0.key < $1.key }) {
                try? store.append(Labels(["__name__": "x", "instance": instance]), time: number * 60_000, value: value)
            }
            let alerts = group.evaluate(at: number * 60_000, in: &store, RuleGroup.Context(externalURL: "http://p"))
            if !alerts.isEmpty { sent.append((number, alerts)) }
        }

        func value(_ query: String, minute: Int64) throws -> Double? {
            let result = try QueryEngine().instant(query, in: store, at: minute * 60_000)
            guard case .vector(let elements) = result.value, case .float(let value)? = elements.first?.value else {
                return nil
            }
            return value
        }
    }

    private static let alert = """
          - alert: High
            expr: x > 5
            for: 2m
            labels: {severity: page}
            annotations: {summary: "{{ $labels.instance }} is at {{ $value }}"}
        """

    @Test func anAlertWaitsFiresAndIsResolved() throws {
        var rig = try Rig(Self.alert)
        rig.minute(0, ["a": 1])
        #expect(rig.group.rules[0].state == .inactive)
        rig.minute(1, ["a": 9])
        #expect(rig.group.rules[0].state == .pending)
        #expect(try rig.value("ALERTS{alertstate=\"pending\"}", minute: 1) == 1)
        #expect(try rig.value("ALERTS_FOR_STATE", minute: 1) == 60)
        rig.minute(2, ["a": 9])
        #expect(rig.group.rules[0].state == .pending && rig.sent.isEmpty)
        rig.minute(3, ["a": 8])
        #expect(rig.group.rules[0].state == .firing)
        // The series of the state before has ended.
        #expect(try rig.value("ALERTS{alertstate=\"pending\"}", minute: 3) == nil)
        #expect(try rig.value("ALERTS{alertstate=\"firing\"}", minute: 3) == 1)
        let first = try #require(rig.sent.first?.alerts.first)
        #expect(first.labels == Labels(["alertname": "High", "instance": "a", "severity": "page"]))
        #expect(first.annotations["summary"] == "a is at 8")
        #expect(first.startsAt == 180_000 && first.endsAt == 180_000 + 240_000)
        #expect(first.generatorURL == "http://p/graph?g0.expr=x+%3E+5&g0.tab=1")
        rig.minute(4, ["a": 1])
        #expect(rig.group.rules[0].state == .inactive)
        #expect(try rig.value("ALERTS", minute: 4) == nil)
        #expect(rig.sent.last?.time == 4 && rig.sent.last?.alerts.first?.endsAt == 240_000)
        // A resolved alert is handed on again and again for a quarter of an hour, then forgotten.
        for minute in 5...25 { rig.minute(Int64(minute), ["a": 1]) }
        #expect(rig.group.rules[0].alerts.isEmpty)
        #expect(rig.sent.last.map { (18...20).contains($0.time) } == true, "\(rig.sent.map(\.time))")
    }

    @Test func whoFiresIsSentAgainAfterTheDelay() throws {
        var rig = try Rig("  - {alert: Now, expr: x > 5}\n")
        for minute in 0...4 { rig.minute(Int64(minute), ["a": 9]) }
        // The delay must have passed, not only have been reached.
        #expect(rig.sent.map(\.time) == [0, 2, 4])
    }

    @Test func keepFiringBridgesGaps() throws {
        var rig = try Rig("  - {alert: Now, expr: x > 5, keep_firing_for: 3m}\n")
        rig.minute(0, ["a": 9])
        rig.minute(1, ["a": 1])
        rig.minute(2, ["a": 1])
        #expect(rig.group.rules[0].state == .firing)
        rig.minute(3, ["a": 9])
        for minute in 4...6 { rig.minute(Int64(minute), ["a": 1]) }
        #expect(rig.group.rules[0].state == .firing)
        rig.minute(7, ["a": 1])
        #expect(rig.group.rules[0].state == .inactive)
    }

    @Test func recordedSeriesEndWithTheirSource() throws {
        var rig = try Rig(
            "  - {record: \"i:x:double\", expr: x * 2, labels: {by: rule}}\n  - {alert: A, expr: \"i:x:double > 4\"}\n")
        rig.minute(0, ["a": 3, "b": 1])
        // A rule sees what those before it have written in the same evaluation.
        #expect(rig.group.rules[1].alerts.map { $0.labels["instance"] } == ["a"])
        #expect(try rig.value("i:x:double{instance=\"b\", by=\"rule\"}", minute: 0) == 2)
        try rig.store.append(
            Labels(["__name__": "x", "instance": "b"]), time: 30_000, value: StaleMarker.value)
        rig.minute(1, ["a": 3])
        #expect(try rig.value("i:x:double{instance=\"b\"}", minute: 1) == nil)
        #expect(try rig.value("i:x:double{instance=\"a\"}", minute: 1) == 6)
    }

    @Test func errorsAreKeptWithTheRule() throws {
        var rig = try Rig(
            "  - {record: r, expr: \"x * on (job) group_left x\"}\n  - {record: same, expr: \"x\", labels: {instance: z}}\n"
        )
        rig.minute(0, ["a": 1, "b": 2])
        #expect(rig.group.rules[0].health == .err && rig.group.rules[0].lastError.contains("many-to-many"))
        #expect(
            rig.group.rules[1].lastError
                == "vector contains metrics with the same labelset after applying rule labels")
    }

    @Test func aLimitStopsTheRule() throws {
        let file = try RuleFile("groups:\n- {name: g, limit: 1, rules: [{alert: A, expr: x > 0}]}\n")
        var store = TimeSeriesStore()
        for instance in ["a", "b"] {
            try store.append(Labels(["__name__": "x", "instance": instance]), time: 0, value: 1)
        }
        var group = RuleGroup(file.groups[0], file: "r", interval: 60_000)
        let sent = group.evaluate(slot: 0, in: &store, RuleGroup.Context())
        #expect(sent.isEmpty && group.rules[0].lastError == "exceeded limit of 1 with 2 alerts")
    }

    @Test func slotsThatWereMissedAreSkipped() throws {
        var rig = try Rig("  - {record: r, expr: x}\n")
        rig.minute(0, ["a": 1])
        rig.minute(5, ["a": 1])
        #expect(rig.group.lastEvaluation == 300_000 && rig.group.nextDue == 360_000)
    }

    @Test func aRestartGoesOnWaiting() throws {
        var rig = try Rig("  - {alert: Slow, expr: x > 5, for: 30m}\n")
        for minute in 0...20 { rig.minute(Int64(minute), ["a": 9]) }
        var group = RuleGroup(
            try RuleFile("groups:\n- {name: g, rules: [{alert: Slow, expr: x > 5, for: 30m}]}\n").groups[0],
            file: "r.yml",
            interval: 60_000)
        try rig.store.append(Labels(["__name__": "x", "instance": "a"]), time: 25 * 60_000, value: 9)
        group.restoreForState(from: rig.store, at: 25 * 60_000)
        _ = group.evaluate(slot: 25 * 60_000, in: &rig.store, RuleGroup.Context())
        group.restoreForState(from: rig.store, at: 25 * 60_000)
        // Twenty of thirty minutes had passed; ten are left, which is the grace as well.
        #expect(group.rules[0].alerts[0].activeAt == (25 + 10 - 30) * 60_000)
    }

    /// A group that was written down and read back does what it would have done.
    @Test func replayIsEqual() throws {
        var random = RandomStream(seed: 5, name: "rules")
        for _ in 0..<20 {
            let at = Int64(random.below(30))
            var rig = try Rig(Self.alert + "\n  - {record: \"i:x:double\", expr: x * 2}\n")
            var values: [Double] = []
            for _ in 0..<40 { values.append(Double(random.below(10))) }
            for minute in 0...at { rig.minute(minute, ["a": values[Int(minute)]]) }
            var copy = rig
            var writer = BinaryWriter()
            rig.group.write(to: &writer)
            var fresh = try Rig(Self.alert + "\n  - {record: \"i:x:double\", expr: x * 2}\n").group
            var reader = BinaryReader(writer.bytes)
            try fresh.restore(from: &reader)
            copy.group = fresh
            for minute in (at + 1)..<40 {
                rig.minute(minute, ["a": values[Int(minute)]])
                copy.minute(minute, ["a": values[Int(minute)]])
            }
            #expect(rig.sent.map(\.time) == copy.sent.map(\.time))
            #expect(rig.group.rules[0].alerts == copy.group.rules[0].alerts)
        }
    }
}
