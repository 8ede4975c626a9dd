import Kubectl
import KubernetesAPI
import Monitoring
import Simulation
import Testing

@testable import Lab

/// Monitors and rules that are stored lead to what Prometheus scrapes and evaluates.
@Suite struct OperatorTests {
    static let description = """
        {operator: true, prometheus: "global: {scrape_interval: 15s, evaluation_interval: 15s}"}
        """

    static let monitor = """
        apiVersion: monitoring.coreos.com/v1
        kind: ServiceMonitor
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          endpoints: [{targetPort: 8000, interval: 10s}]
        """

    static func rule(_ expression: String, alert: String = "Busy", name: String = "shop") -> String {
        """
        apiVersion: monitoring.coreos.com/v1
        kind: PrometheusRule
        metadata: {name: \(name)}
        spec:
          groups:
          - name: \(name)
            rules:
            - alert: \(alert)
              expr: \(expression)
              for: 1m
        """
    }

    static func kubectl(_ line: String, _ files: [String: String] = [:], on world: inout World) -> String {
        let environment = RecordedEnvironment(
            defaultNamespace: "shop", files: files.mapValues { Array($0.utf8) })
        _ = KubectlCommand.run(
            line.split(separator: " ").map(String.init), on: &world, environment: environment)
        return environment.transcript
    }

    static func world(_ description: String = description, labelled: Bool = true) throws -> World {
        var world = try World.make(MonitoringTests.scenario(description), seed: 1)
        let manifests =
            labelled
            ? MonitoringTests.manifests.replacing(
                "metadata: {name: web}\nspec: {selector",
                with: "metadata: {name: web, labels: {app: web}}\nspec: {selector")
            : MonitoringTests.manifests
        #expect(world.apply(manifests, file: "web.yaml", author: "learner").failures.isEmpty)
        return world
    }

    private static func run(_ world: inout World, to seconds: Int64) throws {
        try world.advance(to: .zero + .seconds(seconds))
    }

    @Test func aServiceMonitorIsScrapedAReloadLater() throws {
        var world = try Self.world()
        try Self.run(&world, to: 60)
        #expect(try MonitoringTests.query("up", world).isEmpty)
        let made = Self.kubectl("apply -f m.yaml", ["m.yaml": Self.monitor], on: &world)
        #expect(made == "servicemonitor.monitoring.coreos.com/web created\n")
        #expect(Self.kubectl("get smon", on: &world).contains("web"))
        try Self.run(&world, to: 88)
        #expect(try MonitoringTests.query("up", world).isEmpty)
        try Self.run(&world, to: 110)
        let up = try MonitoringTests.query("up", world)
        #expect(up.count == 2 && up.values.allSatisfy { $0 == 1 }, "\(up)")
        #expect(
            up.keys.allSatisfy {
                $0.contains(#"job="web""#) && $0.contains(#"namespace="shop""#) && $0.contains(#"service="web""#)
            })
        // What is deleted ends as any target does.
        _ = Self.kubectl("delete servicemonitor web", on: &world)
        try Self.run(&world, to: 175)
        #expect(try MonitoringTests.query("up", world).isEmpty)
        #expect(world.monitoring?.prometheus.nextDue == nil)
    }

    /// What stays as it was goes on as it did: series have no gap, alerts keep their wait.
    @Test func aReloadLeavesAloneWhatItDoesNotConcern() throws {
        var world = try Self.world()
        _ = Self.kubectl("apply -f m.yaml", ["m.yaml": Self.monitor], on: &world)
        _ = Self.kubectl("apply -f r.yaml", ["r.yaml": Self.rule("up > 0")], on: &world)
        try Self.run(&world, to: 90)
        let began = world.monitoring?.prometheus.groups.first?.rules.first?.alerts.first?.activeAt
        #expect(began != nil)
        let other = Self.kubectl(
            "apply -f r.yaml", ["r.yaml": Self.rule("absent(nothing)", alert: "Other", name: "other")], on: &world)
        #expect(other == "prometheusrule.monitoring.coreos.com/other created\n")
        try Self.run(&world, to: 200)
        let groups = try #require(world.monitoring?.prometheus.groups)
        #expect(groups.map(\.name) == ["other", "shop"])
        #expect(groups[1].rules[0].alerts.first?.activeAt == began)
        #expect(groups[1].rules[0].alerts.allSatisfy { $0.state == .firing })
        let samples = try MonitoringTests.query("count_over_time(up[1m])", world)
        #expect(samples.values.allSatisfy { $0 == 6 }, "\(samples)")
        #expect(
            try MonitoringTests.query("resets(http_request_duration_seconds_count[3m])", world).values.allSatisfy {
                $0 == 0
            })
        // A rule that is gone takes its series along, at once.
        _ = Self.kubectl("delete promrule shop", on: &world)
        try Self.run(&world, to: 240)
        #expect(try MonitoringTests.query("ALERTS", world).keys.allSatisfy { $0.contains("Other") })
    }

    @Test func theWebhookRefusesRulesThatPrometheusCannotRead() throws {
        var world = try Self.world()
        let refused = Self.kubectl("apply -f r.yaml", ["r.yaml": Self.rule("sum(up")], on: &world)
        #expect(refused.contains("is invalid"), "\(refused)")
        #expect(refused.contains("group \"shop\", rule 1, \"Busy\": could not parse expression"), "\(refused)")
        #expect(Self.kubectl("get promrule", on: &world) == "No resources found in shop namespace.\n")
        let request = APIRequest(
            .create, OperatorDefinitions.prometheusRule, namespace: "shop",
            body: try #require(try YAMLReader.documents(Self.rule("rate(up)")).first?.value))
        guard case .failure(let status) = world.respond(to: request).body else {
            Issue.record("not refused")
            return
        }
        #expect(status.code == 422)
        #expect(
            status.message
                == "admission webhook \"prometheusrulemutate.monitoring.coreos.com\" denied the request: Rules are not valid"
        )
        // An edit that breaks a good rule is refused as well, and the rule stays.
        _ = Self.kubectl("apply -f r.yaml", ["r.yaml": Self.rule("up")], on: &world)
        let edit = Self.kubectl("apply -f r.yaml", ["r.yaml": Self.rule("up +")], on: &world)
        #expect(edit.contains("could not parse expression"), "\(edit)")
        #expect(
            Self.kubectl("get promrule shop -o jsonpath={.spec.groups[0].rules[0].expr}", on: &world).hasPrefix("up"))
    }

    @Test func schemasRefuseWhatTheyDoNotKnow() throws {
        var world = try Self.world()
        let wrong = Self.monitor.replacing("interval: 10s", with: "interval: ten")
        #expect(Self.kubectl("apply -f m.yaml", ["m.yaml": wrong], on: &world).contains("should match"))
        let misspelt = Self.monitor.replacing("interval: 10s", with: "intervall: 10s")
        let text = Self.kubectl("apply -f m.yaml", ["m.yaml": misspelt], on: &world)
        #expect(text.contains("unknown field \"spec.endpoints[0].intervall\""), "\(text)")
    }

    @Test func aMonitorThatCannotBeUsedIsLeftOutWithAnEvent() throws {
        var world = try Self.world()
        let wrong = Self.monitor.replacing(
            "interval: 10s", with: "relabelings: [{action: replace, regex: \"(\", targetLabel: x}]")
        #expect(Self.kubectl("apply -f m.yaml", ["m.yaml": wrong], on: &world).contains("created"))
        try Self.run(&world, to: 90)
        #expect(world.rejectedMonitors.map(\.object) == ["ServiceMonitor shop/web"])
        let events = Self.kubectl("get events", on: &world)
        #expect(events.contains("InvalidConfiguration") && events.contains("servicemonitor/web"), "\(events)")
        #expect(events.contains("ServiceMonitor shop/web was rejected due to invalid configuration: endpoint[0]"))
        #expect(try MonitoringTests.query("up", world).isEmpty)
        _ = Self.kubectl("apply -f m.yaml", ["m.yaml": Self.monitor], on: &world)
        try Self.run(&world, to: 150)
        #expect(world.rejectedMonitors.isEmpty)
        #expect(try MonitoringTests.query("up", world).count == 2)
    }

    @Test func aPodMonitorKeepsItsLabels() throws {
        var world = try Self.world(labelled: false)
        let monitor = """
            apiVersion: monitoring.coreos.com/v1
            kind: PodMonitor
            metadata: {name: pods}
            spec:
              selector: {matchLabels: {app: web}}
              podMetricsEndpoints: [{portNumber: 8000}]
            """
        _ = Self.kubectl("apply -f m.yaml", ["m.yaml": monitor], on: &world)
        try Self.run(&world, to: 90)
        let up = try MonitoringTests.query("up{job=\"shop/pods\"}", world)
        #expect(up.count == 2, "\(up)")
    }

    /// Snapshots at any instant go on as the world does, whatever is under way.
    @Test func aSnapshotGoesOnAsTheWorldDoes() throws {
        func play(_ world: inout World, from start: Int64, to end: Int64) throws {
            let inputs: [(Int64, String)] = [
                (20, Self.monitor), (70, Self.rule("up > 0")), (75, Self.rule("up > 1", name: "other")),
                (130, Self.monitor.replacing("interval: 10s", with: "interval: 5s, path: /nowhere")),
            ]
            for (second, text) in inputs where second > start && second <= end {
                try Self.run(&world, to: second)
                _ = world.apply(text, file: "x.yaml", author: "learner")
            }
            try Self.run(&world, to: end)
        }
        for second: Int64 in [21, 53, 77, 104, 131, 168] {
            var world = try Self.world()
            try play(&world, from: 0, to: second)
            var copy = try World(decoding: world.encode(), scenario: world.scenario)
            #expect(copy.stateDigest == world.stateDigest, "at second \(second)")
            try play(&world, from: second, to: 240)
            try play(&copy, from: second, to: 240)
            #expect(copy.stateDigest == world.stateDigest, "from second \(second)")
        }
    }

    @Test func whatAScenarioBringsAlongIsThereFromTheStart() throws {
        var world = try World.make(
            MonitoringTests.scenario(Self.description),
            manifests: MonitoringTests.manifests + "\n---\n" + Self.rule("up"))
        #expect(world.monitoring?.prometheus.groups.first?.name == "shop")
        try Self.run(&world, to: 20)
        #expect(world.monitoring?.prometheus.groups[0].lastEvaluation != nil)
    }

    /// Objects that mean harm, or that somebody typed with a cat on the keyboard.
    @Test(arguments: [
        monitor.replacing("interval: 10s", with: "interval: 290y"),
        monitor.replacing("interval: 10s", with: "interval: 292y1000w"),
        monitor.replacing("targetPort: 8000", with: "targetPort: 99999999999999999"),
        monitor.replacing("interval: 10s", with: "params: {a: [\"\\0\"]}, path: \"no slash\""),
        monitor.replacing("{matchLabels: {app: web}}", with: "{matchExpressions: [{key: app, operator: Nope}]}"),
        rule("up").replacing("for: 1m", with: "for: 290y"),
        rule("up").replacing("rules:", with: "interval: 0s\n    rules:"),
        ScaledObjectWorldTests.object(
            ScaledObjectWorldTests.prometheus(),
            "pollingInterval: 9223372036854775807\n  cooldownPeriod: 9223372036854775807\n  minReplicaCount: -9223372036854775808"
        ),
        ScaledObjectWorldTests.object("{type: kafka, metadata: {}}"),
        ScaledObjectWorldTests.object(
            "{type: cron, metadata: {timezone: Mars, start: x, end: y, desiredReplicas: \"99999999999999999999\"}}"),
        ScaledObjectWorldTests.object(
            ScaledObjectWorldTests.prometheus("rate(", ", activationThreshold: 'NaN'"),
            "fallback: {failureThreshold: 0, replicas: 9223372036854775807}"),
    ])
    func oddObjectsDoNoHarm(_ text: String) throws {
        var world = try Self.world("{operator: true, keda: true}")
        _ = world.apply(text, file: "odd.yaml", author: "learner")
        try Self.run(&world, to: 150)
        var copy = try world.restored()
        #expect(copy.stateDigest == world.stateDigest)
        try Self.run(&copy, to: 180)
        try Self.run(&world, to: 180)
        #expect(copy.stateDigest == world.stateDigest)
        #expect(try MonitoringTests.query("up{job=\"kubelet\"} == 1", world).count == 2)
    }
}
