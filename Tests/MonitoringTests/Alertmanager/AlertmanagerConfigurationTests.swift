import PromQL
import Simulation
import Testing

@testable import Monitoring

@Suite struct AlertmanagerConfigurationTests {
    static let whole = """
        global:
          resolve_timeout: 10m
          smtp_from: 'x@y'
        route:
          receiver: default
          group_by: [alertname, cluster]
          routes:
            - matchers: [ team="db", severity=~"page|ticket" ]
              receiver: db
              group_wait: 10s
              group_interval: 1m
              repeat_interval: 1h
              continue: true
              mute_time_intervals: [nights]
              routes:
                - match_re: {shard: a|b}
                  group_by: ['...']
            - match: {severity: none}
              receiver: nobody
            - matchers: [ '{service=~"x.*",zone!="b"}' ]
              active_time_intervals: [work]
        inhibit_rules:
          - source_matchers: [severity="page"]
            target_matchers: [severity="ticket"]
            equal: [cluster]
          - source_match: {alertname: Down}
            target_match_re: {alertname: Slow.*}
        receivers:
          - name: default
            webhook_configs:
              - url: http://hook:9000/x
                max_alerts: 5
                send_resolved: false
          - name: db
            slack_configs:
              - channel: '#db'
                send_resolved: true
            pagerduty_configs: [{routing_key: k}]
          - name: nobody
        time_intervals:
          - name: nights
            time_intervals:
              - times: [{start_time: '22:00', end_time: '24:00'}, {start_time: 00:00, end_time: 06:00}]
          - name: work
            time_intervals:
              - weekdays: ['monday:friday']
                times: [{start_time: '09:00', end_time: '17:00'}]
                location: Etc/GMT-2
        """

    @Test func readsAWholeFile() throws {
        let it = try AlertmanagerConfiguration(yaml: Self.whole)
        #expect(it.resolveTimeout == 600_000)
        #expect(it.routes.map(\.receiver) == ["default", "db", "db", "nobody", "default"])
        #expect(it.routes[0].groupWait == 30_000)
        #expect(it.routes[0].groupInterval == 300_000)
        #expect(it.routes[0].repeatInterval == 14_400_000)
        #expect(it.routes[2].groupWait == 10_000)
        #expect(it.routes[2].groupsByAll)
        #expect(!it.routes[1].groupsByAll)
        #expect(it.routes[1].groupBy == ["alertname", "cluster"])
        #expect(it.routes[1].muteTimeIntervals == ["nights"])
        #expect(it.routes[2].muteTimeIntervals.isEmpty, "times are not inherited")
        #expect(it.routes[2].key == #"{}/{severity=~"page|ticket",team="db"}/{shard=~"^(?:a|b)$"}"#)
        let hook = try #require(it.receiver("default")?.integrations.first)
        #expect(hook.url == "http://hook:9000/x")
        #expect(hook.maximumAlerts == 5)
        #expect(!hook.sendsResolved)
        #expect(it.receiver("db")?.integrations.map(\.kind) == ["pagerduty", "slack"])
        #expect(it.receiver("db")?.integrations.map(\.sendsResolved) == [true, true])
        #expect(it.inhibitRules.count == 2)
    }

    @Test func takesTheDeepestRoutesAndThoseBehindContinue() throws {
        let it = try AlertmanagerConfiguration(yaml: Self.whole)
        #expect(it.routes(for: Labels(["alertname": "A"])) == [0])
        #expect(it.routes(for: Labels(["team": "db", "severity": "page"])) == [1])
        #expect(it.routes(for: Labels(["team": "db", "severity": "page", "shard": "a"])) == [2])
        #expect(it.routes(for: Labels(["team": "db", "severity": "page", "service": "xy"])) == [1, 4])
        #expect(it.routes(for: Labels(["severity": "none", "service": "xy"])) == [3])
        #expect(it.routes(for: Labels(["service": "xy", "zone": "b"])) == [0])
    }

    static func minimal(_ route: String, _ rest: String = "receivers:\n- name: a") -> String {
        "route:\n" + route + "\n" + rest
    }

    @Test(arguments: [
        ("receivers: []", "1:1: no route provided in config"),
        (minimal("  group_by: [a]"), "1:1: root route must specify a default receiver (route)"),
        (minimal("  receiver: b"), #"2:3: undefined receiver "b" used in route (route.receiver)"#),
        (
            minimal("  receiver: a\n  matchers: [x=y]"),
            "3:3: root route must not have any matchers (route.matchers)"
        ),
        (
            minimal("  receiver: a\n  routes:\n  - receiver: zz"),
            #"4:5: undefined receiver "zz" used in route (route.routes[0].receiver)"#
        ),
        (
            minimal("  receiver: a", "receivers:\n- name: a\n- name: a"),
            #"5:3: notification config name "a" is not unique (receivers[1])"#
        ),
        (minimal("  receiver: a\n  foo: 1"), "3:3: field foo not found in type config.plain (route.foo)"),
        (
            minimal("  receiver: a\n  group_by: ['...', b]"),
            "3:3: cannot have wildcard group_by (`...`) and other other labels at the same time (route.group_by)"
        ),
        (minimal("  receiver: a\n  group_by: [b, b]"), #"3:17: duplicated label "b" in group_by (route.group_by[1])"#),
        (
            minimal("  receiver: a\n  group_wait: 5"),
            #"3:3: not a valid duration string: "5" (route.group_wait)"#
        ),
        (minimal("  receiver: a\n  group_interval: 0s"), "3:3: group_interval cannot be zero (route.group_interval)"),
        (
            minimal("  receiver: a\n  routes:\n  - mute_time_intervals: [x]"),
            #"4:27: undefined time interval "x" used in route (route.routes[0].mute_time_intervals[0])"#
        ),
        (
            minimal("  receiver: a\n  routes:\n  - matchers: [foo]"),
            "4:16: bad matcher format: foo (route.routes[0].matchers[0])"
        ),
        (
            minimal("  receiver: a", "receivers:\n- name: a\n  webhook_configs:\n  - send_resolved: true"),
            "6:5: one of url or url_file must be configured (receivers[0].webhook_configs[0])"
        ),
        (minimal("  receiver: a", "receivers:\n- webhook_configs: []"), "4:3: missing name in receiver (receivers[0])"),
    ])
    func refuses(_ text: String, _ message: String) {
        do {
            _ = try AlertmanagerConfiguration(yaml: text)
            Issue.record("accepted: \(text)")
        } catch {
            #expect(error.description == message)
        }
    }

    @Test func knowsItsTimes() throws {
        let it = try AlertmanagerConfiguration(yaml: Self.whole)
        func contains(_ name: String, _ time: String) throws -> Bool {
            let interval = try #require(it.timeIntervals.first { $0.name == name })
            return interval.contains(try #require(CivilDate.parse(time)))
        }
        #expect(try contains("nights", "2026-11-23T22:00:00Z"))
        #expect(try contains("nights", "2026-11-23T05:59:59.999Z"))
        #expect(try !contains("nights", "2026-11-23T06:00:00Z"))
        // 23 November 2026 is a Monday; the zone lies two hours east.
        #expect(try contains("work", "2026-11-23T07:00:00Z"))
        #expect(try !contains("work", "2026-11-23T15:00:00Z"))
        #expect(try !contains("work", "2026-11-22T10:00:00Z"))
    }

    @Test(arguments: [
        ("days_of_month: ['-1']", "2024-02-29T00:00:00Z", true),
        ("days_of_month: ['-1']", "2024-02-28T00:00:00Z", false),
        ("days_of_month: ['30:31']", "2023-02-28T00:00:00Z", false),
        ("months: ['may:7']", "2023-07-01T00:00:00Z", true),
        ("years: ['2020:2022']", "2023-01-01T00:00:00Z", false), ("weekdays: [saturday]", "2026-11-21T00:00:00Z", true),
    ])
    func readsTimeIntervals(_ entry: String, _ time: String, _ inside: Bool) throws {
        let it = try AlertmanagerConfiguration(
            yaml: Self.minimal("  receiver: a") + "\ntime_intervals:\n- name: t\n  time_intervals:\n  - " + entry)
        #expect(it.timeIntervals[0].contains(try #require(CivilDate.parse(time))) == inside)
    }

    @Test func datesGoThereAndBack() throws {
        for time in stride(from: Int64(-3_000_000_000_000), to: 5_000_000_000_000, by: 86_412_345_678) {
            #expect(CivilDate.parse(CivilDate.nanoText(time)) == time)
            #expect(CivilDate.parse(CivilDate.milliText(time)) == time)
        }
        #expect(CivilDate.parse("2026-11-23T09:13:42.859313875Z") == CivilDate.parse("2026-11-23T11:13:42.859+02:00"))
        #expect(CivilDate.parse("2026-02-29T00:00:00Z") == nil)
        #expect(CivilDate.parse("2026-02-2") == nil)
        #expect(CivilDate.nanoText(-62_135_596_800_000) == "0001-01-01T00:00:00Z")
    }

    @Test func snapshotsHoldIt() throws {
        let it = try AlertmanagerConfiguration(yaml: Self.whole)
        var writer = BinaryWriter()
        writer.write(it)
        var reader = BinaryReader(writer.bytes)
        #expect(try reader.read(AlertmanagerConfiguration.self) == it)
        var garbage = BinaryReader([3, 97, 58, 32])
        #expect(throws: BinaryDecodingError.self) { try garbage.read(AlertmanagerConfiguration.self) }
    }

    @Test func mutatedTextNeverTraps() {
        var state: UInt64 = 11
        let seed = Array(Self.whole.utf8)
        for _ in 0..<400 {
            var bytes = seed
            for _ in 0..<3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let place = Int(state >> 33) % bytes.count
                switch state >> 20 & 3 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: state >> 40)
                case 1: bytes.insert(contentsOf: "[{: -99999999999".utf8.prefix(Int(state >> 45 & 15)), at: place)
                default: bytes.removeSubrange(place..<min(bytes.count, place + 12))
                }
            }
            _ = try? AlertmanagerConfiguration(yaml: String(decoding: bytes, as: UTF8.self))
        }
    }
}
