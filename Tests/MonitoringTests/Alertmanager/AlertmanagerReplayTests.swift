import PromQL
import Simulation
import Testing

@testable import Monitoring

/// Random histories: the same whenever they are looked at, and no alert without a message.
@Suite struct AlertmanagerReplayTests {
    struct Dice {
        var state: UInt64

        mutating func roll(_ sides: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % sides
        }
    }

    static let configuration = """
        route:
          receiver: a
          group_by: [alertname]
          group_wait: 10s
          group_interval: 1m
          repeat_interval: 10m
          routes:
          - matchers: [instance=~"1|2"]
            receiver: b
            group_by: ['...']
            continue: true
          - matchers: [instance="2"]
            group_interval: 5s
            mute_time_intervals: [early]
        receivers:
        - name: a
          webhook_configs: [{url: 'http://h/'}, {url: 'http://i/', send_resolved: false}]
        - name: b
          webhook_configs: [{url: 'http://j/'}]
        inhibit_rules:
        - source_matchers: [alertname="A"]
          target_matchers: [alertname="B"]
          equal: [instance]
        time_intervals:
        - name: early
          time_intervals: [{times: [{start_time: '00:00', end_time: '00:20'}]}]
        """

    /// Runs a history; `looks` decides how often time is moved and the state goes through its bytes in between.
    static func history(_ seed: UInt64, looks: UInt64) throws -> (sent: [AlertNotification], bytes: [UInt8]) {
        var dice = Dice(state: seed)
        var looking = Dice(state: looks)
        var it = Alertmanager(try AlertmanagerConfiguration(yaml: configuration), externalURL: "http://a", at: 0)
        var sent: [AlertNotification] = []
        var reports: [(at: Int64, id: UInt64, outcome: NotificationOutcome)] = []
        var now: Int64 = 0
        /// Moves to a time; answers come between 0 and 20 seconds after a message, as its contents decide.
        func go(to time: Int64) throws {
            while true {
                let answer = reports.map(\.at).min() ?? .max
                var next = min(time, answer)
                if let due = it.nextDue { next = min(next, due) }
                if looks > 0, looking.roll(3) == 0, next > now + 1 {
                    let between = now + 1 + Int64(looking.roll(Int(next - now - 1)))
                    sent += take(it.advance(to: between))
                    var writer = BinaryWriter()
                    writer.write(it)
                    var reader = BinaryReader(writer.bytes)
                    let copy: Alertmanager = try reader.read()
                    #expect(copy == it)
                    it = copy
                }
                sent += take(it.advance(to: next))
                now = next
                let ready = reports.filter { $0.at <= next }
                reports.removeAll { $0.at <= next }
                for report in ready { it.report(report.id, report.outcome, at: next) }
                if next >= time, ready.isEmpty { return }
            }
        }
        func take(_ notifications: [AlertNotification]) -> [AlertNotification] {
            for one in notifications {
                let kind = Int(one.id * 2_654_435_761 >> 8) % 7
                let outcome: NotificationOutcome =
                    kind == 0 ? .failed(retriable: true) : kind == 1 ? .failed(retriable: false) : .delivered
                if kind != 2 { reports.append((one.at + Int64(one.id * 7919 % 20_000), one.id, outcome)) }
            }
            return notifications
        }
        for _ in 0..<120 {
            try go(to: now + Int64(dice.roll(60_000)))
            switch dice.roll(10) {
            case 0:
                let id = try it.setSilence(
                    matchers: [try MatcherText.parse("instance=\(dice.roll(4))")], startsAt: now,
                    endsAt: now + 1 + Int64(dice.roll(300_000)), createdBy: "", comment: "", at: now)
                if dice.roll(2) == 0 { try it.expireSilence(id, at: now) }
            case 1: it.reload(try AlertmanagerConfiguration(yaml: configuration), at: now)
            default:
                it.receive(
                    (0..<(1 + dice.roll(3))).map { _ in
                        PostableAlert(
                            labels: Labels([
                                Label("alertname", ["A", "B", "C"][dice.roll(3)]),
                                Label("instance", String(dice.roll(4))),
                            ]), startsAt: now - Int64(dice.roll(50_000)),
                            endsAt: dice.roll(3) == 0 ? now : now + Int64(dice.roll(600_000)))
                    }, at: now)
            }
        }
        try go(to: now + 3_600_000)
        var writer = BinaryWriter()
        writer.write(it)
        return (sent, writer.bytes)
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func isTheSameHoweverOftenItIsLookedAt(_ seed: UInt64) throws {
        let plain = try Self.history(seed, looks: 0)
        #expect(plain.sent.count > 20)
        for looks in [1, 2] as [UInt64] {
            let other = try Self.history(seed, looks: looks)
            #expect(other.sent == plain.sent)
            #expect(other.bytes == plain.bytes)
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func losesNoAlert(_ seed: UInt64) throws {
        var dice = Dice(state: seed)
        var bench = try AlertmanagerBench(AlertmanagerTests.simple)
        // Since when each alert fires.
        var firing: [String: Int64] = [:]
        var now: Int64 = 0
        for step in 0..<100 {
            now += Int64(dice.roll(100))
            bench.go(to: now)
            bench.answer = step % 10 < 3 ? .failed(retriable: dice.roll(2) == 0) : .delivered
            let name = "N\(dice.roll(5))"
            let instance = String(dice.roll(4))
            if dice.roll(3) == 0, firing[name + instance] != nil {
                bench.receive(AlertmanagerBench.alert(name, [("instance", instance)], from: now, to: now), at: now)
                firing[name + instance] = nil
            } else {
                bench.receive(AlertmanagerBench.alert(name, [("instance", instance)], to: 1_000_000), at: now)
                firing[name + instance] = now
            }
        }
        bench.answer = .delivered
        let calm = now
        bench.go(to: calm + 1000)
        // What receivers believe after the calm: the last word about each alert.
        var known: [String: Bool] = [:]
        for notification in bench.delivered {
            for alert in notification.alerts {
                known[alert.labels["alertname"] + alert.labels["instance"]] = alert.endsAt == nil
            }
        }
        for name in firing.keys.sorted() { #expect(known[name] == true, "\(name) fires and nobody knows") }
        for (name, fires) in known where fires { #expect(firing[name] != nil, "\(name) is over and nobody knows") }
    }

    @Test func garbageIsRefusedOrUsable() throws {
        let bytes = try Self.history(3, looks: 0).bytes
        var dice = Dice(state: 5)
        for _ in 0..<300 {
            var mutated = bytes
            // Behind the text of the configuration, which has its own test.
            let start = 1300 + dice.roll(max(1, mutated.count - 1300))
            mutated[min(start, mutated.count - 1)] = UInt8(dice.roll(256))
            if dice.roll(4) == 0 { mutated.removeLast(dice.roll(mutated.count)) }
            var reader = BinaryReader(mutated)
            guard var it = try? reader.read(Alertmanager.self) else { continue }
            it.receive(
                [AlertmanagerBench.alert("A"), AlertmanagerBench.alert("B", from: .min / 2000, to: .max / 2000)],
                at: 5_000_000)
            for notification in it.advance(to: 5_100_000) {
                _ = WebhookMessage.body(notification, externalURL: "")
                it.report(notification.id, .failed(retriable: true), at: 5_100_000)
            }
        }
    }
}
