import KubernetesAPI
import PromQL
import Simulation
import Testing

@testable import Monitoring

/// What a reload keeps and what it ends.
@Suite struct PrometheusReloadTests {
    private static func configuration(_ jobs: [String], interval: String = "10s") throws -> PrometheusConfiguration {
        let list = jobs.map {
            "\n- {job_name: \($0), scrape_interval: \(interval), scrape_timeout: 5s, static_configs: [{targets: ['\($0):80']}]}"
        }
        return try PrometheusConfiguration(
            "global: {evaluation_interval: 10s}\nscrape_configs:" + (list.isEmpty ? " []" : list.joined()))
    }

    private static func rules(_ names: [String], wait: String = "25s", labels: String = "{}") throws -> RuleFile {
        let list = names.map { "\n  - {alert: \($0), expr: 'up == 1', for: \(wait), labels: \(labels)}" }
        return try RuleFile("groups:\n- name: all\n  rules:" + (list.isEmpty ? " []" : list.joined()))
    }

    /// Lets everything that is due happen, every second.
    private static func run(_ server: inout PrometheusServer, from: Int64, to: Int64) {
        for second in from..<to {
            for scrape in server.begin(at: second * 1000) {
                let text = Array("answered \(second)\n".utf8)
                server.finish(scrape, .text(text, contentType: "text/plain"), duration: 0.01)
            }
            server.evaluate(at: second * 1000)
        }
    }

    private static func begun(_ jobs: [String], _ file: RuleFile) throws -> PrometheusServer {
        var server = PrometheusServer(try configuration(jobs), ruleFiles: [("rules.yml", file)], spread: false)
        server.synchronize(DiscoveredObjects(), now: 0)
        server.beginRules(at: 0)
        return server
    }

    private static func count(_ query: String, _ server: PrometheusServer, at second: Int64) throws -> Int {
        guard case .vector(let found) = try server.engine.instant(query, in: server.store, at: second * 1000).value
        else { return -1 }
        return found.count
    }

    @Test func jobsThatStayGoOnAndOthersEnd() throws {
        var server = try Self.begun(["a", "b"], try Self.rules([]))
        Self.run(&server, from: 0, to: 35)
        let before = server.pools[0].targets[0]
        let moved = server.reload(
            try Self.configuration(["c", "a"]), ruleFiles: [], objects: DiscoveredObjects(), seed: 0, now: 35_000)
        #expect(moved == [0: 1])
        #expect(server.pools.map(\.name) == ["c", "a", "b"])
        #expect(server.pools[1].targets[0].id == before.id)
        #expect(server.pools[1].targets[0].nextScrape == before.nextScrape)
        #expect(server.groups.isEmpty)
        Self.run(&server, from: 35, to: 45)
        // What is gone might have come back, up to its second next scrape.
        #expect(try Self.count("up{job=\"b\"}", server, at: 44) == 1)
        Self.run(&server, from: 45, to: 60)
        #expect(try Self.count("up{job=\"b\"}", server, at: 59) == 0)
        #expect(try Self.count("up", server, at: 59) == 2)
        #expect(try Self.count("count_over_time(up{job=\"a\"}[50s]) == 5", server, at: 59) == 1)
        server.synchronize(DiscoveredObjects(), now: 60_000)
        #expect(server.pools.map(\.name) == ["c", "a"])
    }

    @Test func aJobWithAnotherIntervalKeepsItsSeries() throws {
        var server = try Self.begun(["a"], try Self.rules([]))
        Self.run(&server, from: 0, to: 32)
        _ = server.reload(
            try Self.configuration(["a"], interval: "5s"), ruleFiles: [], objects: DiscoveredObjects(), seed: 0,
            now: 32_000)
        Self.run(&server, from: 32, to: 62)
        #expect(try Self.count("up", server, at: 61) == 1)
        #expect(try Self.count("count_over_time(up[30s]) >= 5", server, at: 61) == 1)
        #expect(server.pools.count == 1)
    }

    @Test func alertsOfRulesThatStayKeepTheirWait() throws {
        var server = try Self.begun(["a"], try Self.rules(["First", "Second"]))
        Self.run(&server, from: 0, to: 42)
        let known = try #require(server.groups[0].rules[1].alerts.first)
        #expect(known.state == .firing)
        // Another rule, another order, another wait: the alert is the same as long as name and labels are.
        let file = try Self.rules(["Third", "Second"], wait: "20s")
        _ = server.reload(
            try Self.configuration(["a"]), ruleFiles: [("rules.yml", file)], objects: DiscoveredObjects(), seed: 0,
            now: 42_000)
        #expect(server.groups[0].rules.map(\.description.name) == ["Third", "Second"])
        #expect(server.groups[0].rules[0].alerts.isEmpty)
        #expect(server.groups[0].rules[1].alerts.first?.activeAt == known.activeAt)
        #expect(server.groups[0].rules[1].alerts.first?.state == .firing)
        #expect(try Self.count("ALERTS{alertname=\"First\"}", server, at: 42) == 0)
        #expect(try Self.count("ALERTS{alertname=\"Second\"}", server, at: 42) == 1)
        let other = try Self.rules(["Second"], labels: "{severity: page}")
        _ = server.reload(
            try Self.configuration(["a"]), ruleFiles: [("rules.yml", other)], objects: DiscoveredObjects(), seed: 0,
            now: 43_000)
        #expect(server.groups[0].rules[0].alerts.isEmpty)
    }

    @Test func definitionsAreWhole() {
        for definition in OperatorDefinitions.objects + ScaledObjectDefinition.objects {
            let kinds = CustomKind.kinds(of: definition)
            #expect(kinds.count == 1 && kinds[0].hasStatus)
            #expect(kinds[0].schema.json["properties"]?["spec"]?["type"] == "object")
        }
        #expect(OperatorDefinitions.objects.count == 3 && ScaledObjectDefinition.objects.count == 1)
    }

    @Test func anAdmissionNamesEachFault() {
        func rule(_ rules: JSONValue) -> JSONValue {
            ["metadata": ["name": "r"], "spec": ["groups": [["name": "g", "rules": rules]]]]
        }
        #expect(PrometheusRuleAdmission.refusal(of: rule([["record": "a:b", "expr": 1]])) == nil)
        let wrong = PrometheusRuleAdmission.refusal(
            of: rule([["record": "a:b", "expr": "up"], ["alert": "A", "expr": "sum("], ["expr": "up"]]))
        #expect(wrong?.causes.count == 2, "\(String(describing: wrong?.causes))")
        #expect(wrong?.name == "prometheusrules" && wrong?.reason == "Invalid")
        let large = String(repeating: "x", count: 600_000)
        let refused = PrometheusRuleAdmission.refusal(of: rule([["alert": "A", "expr": .string("up or " + large)]]))
        #expect(refused?.causes.first?.message.contains("exceeds the maximum size (524288 bytes)") == true)
        // What is no rule at all is no crash.
        #expect(PrometheusRuleAdmission.refusal(of: ["spec": ["groups": 5]]) == nil)
        #expect(PrometheusRuleAdmission.refusal(of: .null) == nil)
    }
}
