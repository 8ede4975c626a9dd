import PromQL
import Simulation
import Testing

@testable import Monitoring

/// A lab bench: an Alertmanager, and what was sent, written short as `seconds receiver firing/resolved names`.
struct AlertmanagerBench {
    var it: Alertmanager
    var sent: [String] = []
    var notifications: [AlertNotification] = []
    var delivered: [AlertNotification] = []
    /// What the receivers answer; nil keeps silent.
    var answer: NotificationOutcome? = .delivered

    init(_ yaml: String) throws {
        it = Alertmanager(try AlertmanagerConfiguration(yaml: yaml), externalURL: "http://a", at: 0)
    }

    static func alert(_ name: String, _ labels: [(String, String)] = [], from: Int64? = nil, to: Int64? = nil)
        -> PostableAlert
    {
        PostableAlert(
            labels: Labels([Label("alertname", name)] + labels.map { Label($0.0, $0.1) }),
            startsAt: from.map { $0 * 1000 }, endsAt: to.map { $0 * 1000 })
    }

    mutating func receive(_ alerts: PostableAlert..., at second: Int64) {
        go(to: second)
        let begun = alerts.map { alert in
            var alert = alert
            alert.startsAt = alert.startsAt ?? second * 1000
            return alert
        }
        it.receive(begun, at: second * 1000)
    }

    mutating func go(to second: Int64) {
        while let due = it.nextDue, due <= second * 1000 {
            for notification in it.advance(to: due) {
                notifications.append(notification)
                let names = notification.alerts.map {
                    ($0.endsAt == nil ? "" : "-") + $0.labels["alertname"] + $0.labels["instance"]
                }
                sent.append(
                    "\(notification.at / 1000) \(notification.receiver) \(names.joined(separator: ","))")
                if answer == .delivered { delivered.append(notification) }
                if let answer { it.report(notification.id, answer, at: due) }
            }
        }
    }
}

@Suite struct AlertmanagerTests {
    static let simple = """
        route: {receiver: a, group_by: [alertname], group_wait: 30s, group_interval: 5m, repeat_interval: 1h}
        receivers: [{name: a, webhook_configs: [{url: 'http://h/'}]}]
        """

    @Test func waitsThenTellsWhatIsNewThenWhatIsOver() throws {
        var bench = try AlertmanagerBench(Self.simple)
        bench.receive(AlertmanagerBench.alert("X", [("instance", "1")], to: 9000), at: 100)
        #expect(bench.it.nextDue == 130_000)
        bench.receive(AlertmanagerBench.alert("X", [("instance", "2")], to: 9000), at: 110)
        bench.receive(AlertmanagerBench.alert("Y", to: 9000), at: 120)
        bench.go(to: 200)
        #expect(bench.sent == ["130 a X1,X2", "150 a Y"])
        // A new alert of a known group waits for the interval, and the others of the group are told with it.
        bench.receive(AlertmanagerBench.alert("X", [("instance", "3")], to: 9000), at: 210)
        bench.receive(AlertmanagerBench.alert("X", [("instance", "1")], from: 100, to: 300), at: 300)
        bench.go(to: 800)
        #expect(Array(bench.sent.dropFirst(2)) == ["430 a -X1,X2,X3"])
        #expect(bench.it.groups[0].alerts.count == 2)
        bench.receive(
            AlertmanagerBench.alert("X", [("instance", "2")], to: 900),
            AlertmanagerBench.alert("X", [("instance", "3")], to: 900), at: 900)
        bench.go(to: 2000)
        #expect(Array(bench.sent.dropFirst(3)) == ["1030 a -X2,-X3"])
    }

    @Test func repeatsAfterTheInterval() throws {
        var bench = try AlertmanagerBench(Self.simple)
        bench.receive(AlertmanagerBench.alert("X", to: 20_000), at: 0)
        bench.go(to: 10_000)
        // The interval has to be over, so that a group that is looked at just then waits for the next look.
        #expect(bench.sent == ["30 a X", "3930 a X", "7830 a X"])
    }

    @Test func endsAlertsThatAreNotSentAgain() throws {
        var bench = try AlertmanagerBench(Self.simple)
        bench.receive(AlertmanagerBench.alert("X"), at: 0)
        bench.receive(AlertmanagerBench.alert("X"), at: 200)
        bench.go(to: 2000)
        #expect(bench.sent == ["30 a X", "630 a -X"])
        #expect(bench.notifications[1].alerts[0].endsAt == 500_000)
        #expect(bench.notifications[1].alerts[0].startsAt == 0)
        #expect(bench.it.nextDue == nil)
    }

    @Test func doesNotWaitForWhatHasFiredForLong() throws {
        var bench = try AlertmanagerBench(Self.simple)
        bench.receive(AlertmanagerBench.alert("X", from: 10, to: 9000), at: 100)
        bench.go(to: 100)
        #expect(bench.sent == ["100 a X"])
    }

    @Test func aShortAlertThatNobodyHeardOfHasNoEnd() throws {
        var bench = try AlertmanagerBench(Self.simple)
        bench.receive(AlertmanagerBench.alert("X", to: 500), at: 0)
        bench.receive(AlertmanagerBench.alert("X", from: 0, to: 10), at: 10)
        bench.go(to: 1000)
        #expect(bench.sent.isEmpty)
        #expect(bench.it.nextDue == nil)
        #expect(bench.it.advance(to: 1_000_000).isEmpty)
        #expect(bench.it.groups.isEmpty)
    }

    @Test func firesAgainInTheRhythmOfItsGroupUntilItIsCleanedAway() throws {
        var bench = try AlertmanagerBench(Self.simple)
        bench.receive(AlertmanagerBench.alert("X", to: 9000), at: 0)
        bench.receive(AlertmanagerBench.alert("X", from: 0, to: 60), at: 60)
        bench.go(to: 335)
        #expect(bench.sent == ["30 a X", "330 a -X"])
        // The empty group is there until the next half minute.
        bench.receive(AlertmanagerBench.alert("X", to: 9000), at: 340)
        bench.go(to: 700)
        #expect(Array(bench.sent.dropFirst(2)) == ["630 a X"])
        bench.receive(AlertmanagerBench.alert("X", from: 340, to: 700), at: 700)
        bench.go(to: 960)
        bench.receive(AlertmanagerBench.alert("X", to: 9000), at: 970)
        bench.go(to: 1100)
        #expect(Array(bench.sent.dropFirst(3)) == ["930 a -X", "1000 a X"])
    }

    @Test func keepsTheEndToItselfIfTheReceiverDoesNotWantIt() throws {
        var bench = try AlertmanagerBench(
            """
            route: {receiver: a, group_wait: 1s, group_interval: 1m}
            receivers: [{name: a, webhook_configs: [{url: 'http://h/', send_resolved: false}]}]
            """)
        bench.receive(AlertmanagerBench.alert("X", to: 9000), AlertmanagerBench.alert("Y", to: 9000), at: 0)
        bench.receive(AlertmanagerBench.alert("X", from: 0, to: 10), at: 10)
        bench.go(to: 100)
        #expect(bench.sent == ["1 a X,Y"])
        bench.receive(AlertmanagerBench.alert("Y", from: 0, to: 100), at: 100)
        bench.go(to: 150)
        #expect(bench.sent.count == 1)
        bench.receive(AlertmanagerBench.alert("Y", to: 9000), at: 160)
        bench.go(to: 200)
        #expect(bench.sent == ["1 a X,Y", "161 a Y"])
    }

    @Test func mutesWhatAnotherAlertExplains() throws {
        var bench = try AlertmanagerBench(
            Self.simple + """

                inhibit_rules:
                - source_matchers: [alertname="Down"]
                  target_matchers: [severity="page"]
                  equal: [cluster]
                """)
        let page = [("severity", "page")]
        bench.receive(
            AlertmanagerBench.alert("Down", page + [("cluster", "1")], to: 9000),
            AlertmanagerBench.alert("Slow", page + [("cluster", "1")], to: 9000),
            AlertmanagerBench.alert("Other", page + [("cluster", "2")], to: 9000), at: 0)
        bench.go(to: 100)
        #expect(bench.sent.sorted() == ["30 a Down", "30 a Other"])
        #expect(
            bench.it.inhibitors(of: AlertmanagerBench.alert("Slow", page + [("cluster", "1")]).labels, at: 100_000)
                .count == 1)
        // Once the cause is over, the other is told at the next look.
        bench.receive(AlertmanagerBench.alert("Down", page + [("cluster", "1")], from: 0, to: 200), at: 200)
        bench.go(to: 400)
        #expect(Set(bench.sent.dropFirst(2)) == ["330 a -Down", "330 a Slow"])
    }

    @Test func missingLabelsAreEqualAndAnAlertDoesNotMuteItself() throws {
        var bench = try AlertmanagerBench(
            Self.simple + """

                inhibit_rules:
                - source_matchers: [severity="page"]
                  target_matchers: [alertname=~"X|Y"]
                  equal: [zone]
                """)
        bench.receive(
            AlertmanagerBench.alert("X", [("severity", "page")], to: 9000), AlertmanagerBench.alert("Y", to: 9000),
            AlertmanagerBench.alert("Y", [("zone", "1"), ("instance", "1")], to: 9000), at: 0)
        bench.go(to: 100)
        #expect(bench.sent.sorted() == ["30 a X", "30 a Y1"])
    }

    @Test func keepsQuietAtNight() throws {
        var bench = try AlertmanagerBench(
            """
            route:
              receiver: a
              routes:
              - matchers: [severity="ticket"]
                mute_time_intervals: [early]
              - matchers: [severity="page"]
                active_time_intervals: [early]
            receivers: [{name: a, webhook_configs: [{url: 'http://h/'}]}]
            time_intervals:
            - name: early
              time_intervals: [{times: [{start_time: '00:00', end_time: '00:10'}]}]
            """)
        bench.receive(
            AlertmanagerBench.alert("T", [("severity", "ticket")], to: 90_000),
            AlertmanagerBench.alert("P", [("severity", "page")], to: 90_000), at: 0)
        bench.receive(AlertmanagerBench.alert("Q", [("severity", "page")], to: 90_000), at: 500)
        bench.go(to: 1300)
        #expect(bench.sent == ["30 a P", "330 a P", "630 a T"].filter { $0 != "330 a P" })
    }

    @Test func anIntegrationIsToldOnItsOwn() throws {
        var bench = try AlertmanagerBench(
            """
            route: {receiver: a, group_wait: 1s, group_interval: 1m}
            receivers: [{name: a, webhook_configs: [{url: 'http://h/'}, {url: 'http://i/'}]}]
            """)
        bench.answer = nil
        bench.receive(AlertmanagerBench.alert("X", to: 9000), at: 0)
        bench.go(to: 1)
        #expect(bench.notifications.map(\.integration.url) == ["http://h/", "http://i/"])
        bench.it.report(1, .delivered, at: 1000)
        bench.it.report(2, .failed(retriable: false), at: 1000)
        bench.answer = .delivered
        bench.go(to: 200)
        #expect(bench.notifications.map(\.integration.url) == ["http://h/", "http://i/", "http://i/"])
        #expect(bench.notifications[2].at == 61_000)
    }

    @Test func triesAgainWithGrowingPausesUntilTheGroupIsDueAgain() throws {
        var bench = try AlertmanagerBench(Self.simple)
        bench.answer = .failed(retriable: true)
        bench.receive(AlertmanagerBench.alert("X", to: 9000), at: 0)
        bench.go(to: 40)
        #expect(bench.notifications.map(\.at) == [30_000, 30_500, 31_250, 32_375, 34_062, 36_592])
        #expect(bench.notifications.map(\.attempt) == [1, 2, 3, 4, 5, 6])
        bench.go(to: 330)
        #expect(bench.notifications.last?.attempt == 1)
        #expect(bench.notifications.last?.at == 330_000)
        bench.answer = .delivered
        bench.go(to: 2000)
        // The attempt after half a second arrives, then all is told.
        #expect(bench.notifications.last?.at == 330_500)
        #expect(bench.it.groups[0].deliveries.isEmpty)
    }

    @Test func keepsAnEndThatDidNotArrive() throws {
        var bench = try AlertmanagerBench(Self.simple)
        bench.receive(AlertmanagerBench.alert("X", to: 9000), at: 0)
        bench.go(to: 100)
        bench.answer = .failed(retriable: false)
        bench.receive(AlertmanagerBench.alert("X", from: 0, to: 100), at: 100)
        bench.go(to: 400)
        bench.answer = .delivered
        bench.go(to: 700)
        #expect(bench.sent == ["30 a X", "330 a -X", "630 a -X"])
        #expect(bench.it.nextDue == nil)
    }

    @Test func ignoresAnswersThatNobodyWaitsFor() throws {
        var bench = try AlertmanagerBench(Self.simple)
        bench.answer = nil
        bench.receive(AlertmanagerBench.alert("X", to: 9000), at: 0)
        bench.go(to: 400)
        #expect(bench.sent == ["30 a X", "330 a X"])
        let before = bench.it
        bench.it.report(1, .delivered, at: 400_000)
        bench.it.report(77, .delivered, at: 400_000)
        #expect(bench.it == before)
    }

    @Test func aNewConfigurationForgetsNothingThatWasTold() throws {
        var bench = try AlertmanagerBench(Self.simple)
        bench.receive(AlertmanagerBench.alert("X", to: 9000), at: 0)
        bench.go(to: 100)
        bench.it.reload(try AlertmanagerConfiguration(yaml: Self.simple), at: 100_000)
        bench.receive(AlertmanagerBench.alert("X", from: 0, to: 110), at: 110)
        bench.go(to: 500)
        #expect(bench.sent == ["30 a X", "400 a -X"])
    }

    @Test func completesTimesAsTheAPIDoes() throws {
        var it = try AlertmanagerBench(Self.simple).it
        it.receive([AlertmanagerBench.alert("X", to: 50), AlertmanagerBench.alert("Y")], at: 10_000)
        let held = it.alerts.values.sorted(by: HeldAlert.precedes)
        // An alert that only has an end is a moment; one without an end lasts for the timeout.
        #expect(held.map(\.startsAt) == [50_000, 10_000])
        #expect(held.map(\.endsAt) == [50_000, 310_000])
        #expect(held.map(\.isTimeout) == [false, true])
    }

    @Test func refusesWhatIsNoAlertAndKeepsTheRest() throws {
        var it = try AlertmanagerBench(Self.simple).it
        let problems = it.receive(
            [
                AlertmanagerBench.alert("X", from: 20, to: 10), PostableAlert(labels: .empty),
                PostableAlert(labels: Labels(["a-b": "c"])), AlertmanagerBench.alert("Y"),
            ], at: 0)
        #expect(
            problems == [
                "start time must be before end time", "at least one label pair required",
                #"invalid label set: invalid name "a-b""#,
            ])
        #expect(it.alerts.count == 1)
    }
}
