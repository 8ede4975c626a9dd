import KubernetesAPI
import Monitoring
import PromQL
import Simulation
import Testing

@testable import Lab

/// Prometheus in a world: what it scraped is what happened, no more and no less.
@Suite struct MonitoringTests {
    static func scenario(_ monitoring: String = "{}", retries: Int = 0) -> String {
        """
        name: monitored
        namespace: shop
        nodes: [{name: worker, count: 2, cpu: "4", memory: 8Gi}]
        monitoring: \(monitoring)
        workloads:
          images:
            web:
              service: {stages: [{compute: {lognormal: {median: 0.02, p95: 0.05}}}]}
              startup: {importing: 1}
              port: 8000
          traffic: [{name: users, service: shop/web, rate: [{at: 10s, rate: 0}, {at: 11s, rate: 20}], timeout: 5s}]
        """
    }

    static let manifests = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8000}]}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}, annotations: {prometheus.io/scrape: "true"}}
            spec: {containers: [{name: web, image: "web:1", ports: [{containerPort: 8000}]}]}
        """

    static func world(minutes: Int64, _ monitoring: String = "{}", seed: UInt64 = 1) throws -> World {
        var world = try World.make(scenario(monitoring), seed: seed)
        #expect(world.apply(manifests, file: "web.yaml", author: "learner").failures.isEmpty)
        try world.advance(to: .zero + .minutes(minutes))
        return world
    }

    /// The values of a query's series, by their labels as text.
    static func query(_ text: String, _ world: World) throws -> [String: Double] {
        let prometheus = try #require(world.monitoring?.prometheus)
        let result = try prometheus.engine.instant(text, in: prometheus.store, at: world.epochMilliseconds)
        switch result.value {
        case .vector(let elements):
            return Dictionary(
                elements.compactMap { element in
                    guard case .float(let value) = element.value else { return nil }
                    return (element.labels.description, value)
                }, uniquingKeysWith: { first, _ in first })
        case .scalar(let value): return ["": value]
        case .string, .matrix: return [:]
        }
    }

    static func number(_ text: String, _ world: World) throws -> Double? { try query(text, world).values.first }

    @Test func whatIsCountedIsWhatHappened() throws {
        let world = try Self.world(minutes: 10)
        let truth = try #require(world.workloads.traffic(named: "users")).total
        // The last scrape of a pod lies at most 15 s back; no request is counted twice or by somebody else.
        let counted = try #require(try Self.number("sum(http_requests_total)", world))
        #expect(counted <= Double(truth.outcomes.total))
        #expect(counted >= Double(truth.outcomes.total) - 16 * 20 * 2, "\(counted) of \(truth.outcomes.total)")
        let up = try Self.query("up", world)
        #expect(up.count == 2 + 2 + 2 + 2 + 1, "\(up.keys.sorted())")
        #expect(try Self.number("sum(up{job=\"kubernetes-pods\"})", world) == 2)
        let rate = try #require(try Self.number("sum(rate(http_requests_total[5m]))", world))
        #expect(abs(rate - 20) < 2, "\(rate)")
        let count = try Self.number("sum(http_request_duration_seconds_count)", world)
        #expect(count == counted)
        let cpu = try #require(
            try Self.number("sum(rate(container_cpu_usage_seconds_total{container=\"web\"}[5m]))", world))
        #expect(cpu > 0.3 && cpu < 1.2, "\(cpu)")
    }

    /// What kube-state-metrics says is what the API server has.
    @Test func objectsAreExposed() throws {
        let world = try Self.world(minutes: 3)
        #expect(try Self.number("kube_deployment_status_replicas_ready{deployment=\"web\"}", world) == 2)
        #expect(try Self.number("sum(kube_pod_status_phase{namespace=\"shop\"})", world) == 2)
        #expect(try Self.number("sum(kube_pod_status_ready{namespace=\"shop\", condition=\"true\"})", world) == 2)
        #expect(try Self.number("sum(kube_node_status_allocatable{resource=\"cpu\", unit=\"core\"})", world) == 8)
        // Every pod has exactly one phase, every sample a metric that is described.
        let phases = try Self.query("sum by (pod) (kube_pod_status_phase)", world)
        #expect(phases.values.allSatisfy { $0 == 1 }, "\(phases)")
        let exposed = world.exposeObjects()
        #expect(exposed.samples.allSatisfy { exposed.metadata[$0.labels.name] != nil })
    }

    /// The share of requests within a bound, as the buckets have it and as users felt it.
    @Test func latencyIsThatOfTheRequests() throws {
        let world = try Self.world(minutes: 12, "{buckets: [0.025, 0.05, 0.1, 1]}")
        let share = try #require(
            try Self.number(
                "sum(http_request_duration_seconds_bucket{le=\"0.05\"}) / sum(http_request_duration_seconds_count)",
                world))
        let truth = try #require(world.workloads.traffic(named: "users")).total.latency
        let felt = truth.count(atMost: .milliseconds(50)) / Double(truth.count)
        #expect(abs(share - felt) < 0.03, "\(share) and \(felt)")
    }

    @Test func aPodThatIsGoneGoesStale() throws {
        var world = try Self.world(minutes: 5)
        let request = APIRequest(
            .patch, Deployment.resource, namespace: "shop", name: "web", body: ["spec": ["replicas": 1]],
            patchType: .strategicMerge)
        guard case .object = world.respond(to: request).body else {
            Issue.record("not scaled")
            return
        }
        try world.advance(to: .zero + .minutes(7))
        #expect(try Self.number("count(up{job=\"kubernetes-pods\"})", world) == 1)
        #expect(try Self.number("count(http_request_duration_seconds_count)", world) == 1)
        // What it counted is still there for who asks about the past.
        #expect(try Self.number("count(count_over_time(up{job=\"kubernetes-pods\"}[5m]))", world) == 2)
    }

    @Test func aProgramThatStandsStillIsDown() throws {
        var world = try Self.world(minutes: 4)
        world.inject(
            try FaultDescription.parse(
                "name: still\nat: 0s\nworkload: {deadlock: {pod: web, count: 1}}", file: "fault", namespace: "shop"))
        try world.advance(to: .zero + .minutes(5))
        #expect(try Self.number("sum(up{job=\"kubernetes-pods\"})", world) == 1)
        let slow = try Self.number("max(scrape_duration_seconds{job=\"kubernetes-pods\"})", world)
        #expect(slow == 10)
    }

    @Test func aSnapshotGoesOnAsTheWorldDoes() throws {
        for second in [3, 64, 127, 301] {
            var world = try Self.world(minutes: 0)
            try world.advance(to: .zero + .seconds(Int64(second)))
            var copy = try World(decoding: world.encode(), scenario: world.scenario)
            #expect(copy.stateDigest == world.stateDigest)
            try world.advance(to: .zero + .minutes(8))
            try copy.advance(to: .zero + .minutes(8))
            #expect(copy.stateDigest == world.stateDigest, "from second \(second)")
            let text = "sum by (code) (rate(http_requests_total[2m]))"
            #expect(try Self.query(text, copy) == Self.query(text, world))
        }
    }

    @Test func brokenSnapshotsAreRefused() throws {
        let world = try Self.world(minutes: 2)
        let bytes = world.encode()
        var random = RandomStream(seed: 7, name: "broken")
        for _ in 0..<200 {
            var broken = bytes
            let place = Int(random.below(UInt64(bytes.count)))
            broken[place] = UInt8(truncatingIfNeeded: random.next())
            if random.chance(0.3) { broken.removeLast(Int(random.below(UInt64(bytes.count / 2)))) }
            if var read = try? World(decoding: broken, scenario: world.scenario) {
                try? read.advance(to: read.now + .seconds(1), budget: 2_000)
            }
        }
    }

    @Test func aWorldWithoutMonitoringIsAsItWas() throws {
        let plain = Self.scenario().replacing("monitoring: {}\n", with: "")
        var (first, second) = (try World.make(plain), try World.make(Self.scenario()))
        for index in 0..<2 {
            var world = index == 0 ? first : second
            #expect(world.apply(Self.manifests, file: "web.yaml", author: "learner").failures.isEmpty)
            try world.advance(to: .zero + .minutes(5))
            if index == 0 { first = world } else { second = world }
        }
        // Scraping changes nothing for users.
        #expect(first.workloads.traffic(named: "users")?.total == second.workloads.traffic(named: "users")?.total)
        #expect(first.monitoring == nil)
    }

    @Test func aWrongConfigurationIsAnErrorAtItsPlace() throws {
        #expect {
            try World.make(Self.scenario(#"{prometheus: "global: {scrape_intervall: 5s}"}"#))
        } throws: { "\($0)".contains("scrape_intervall") && "\($0)".contains("monitoring") }
        #expect {
            try World.make(Self.scenario("{buckets: [1, 1]}"))
        } throws: { "\($0)".contains("ascending") }
    }

    /// Rules page somebody when an expression holds, once, and say when it is over.
    @Test func anAlertReachesItsReceiver() throws {
        let monitoring = """
            {rules: 'groups: [{name: g, rules: [{alert: TooMany, expr: "kube_deployment_spec_replicas > 50", for: 1m, labels: {severity: page}}]}]', alertmanager: 'route: {receiver: oncall, group_by: [alertname], group_wait: 10s}\n\nreceivers: [{name: oncall, webhook_configs: [{url: "http://pager"}]}]'}
            """
        var world = try Self.world(minutes: 4, monitoring)
        #expect(world.monitoring?.notifications.isEmpty == true)
        let request = APIRequest(
            .patch, Deployment.resource, namespace: "shop", name: "web", body: ["spec": ["replicas": 100]],
            patchType: .strategicMerge)
        _ = world.respond(to: request)
        try world.advance(to: .zero + .minutes(9))
        let sent = world.monitoring?.notifications ?? []
        #expect(sent.count == 1 && sent.first?.receiver == "oncall" && sent.first?.isFiring == true, "\(sent)")
        #expect(sent.first?.alerts.first?.labels["deployment"] == "web")
        let back = APIRequest(
            .patch, Deployment.resource, namespace: "shop", name: "web", body: ["spec": ["replicas": 2]],
            patchType: .strategicMerge)
        _ = world.respond(to: back)
        try world.advance(to: .zero + .minutes(20))
        #expect(world.monitoring?.notifications.map(\.isFiring) == [true, false])
        // The same from a snapshot in the middle.
        var copy = try World(decoding: world.encode(), scenario: world.scenario)
        try copy.advance(to: .zero + .minutes(30))
        try world.advance(to: .zero + .minutes(30))
        #expect(copy.stateDigest == world.stateDigest)
    }

    /// Every request that a program answered has its line, and a query counts them as the program does.
    @Test func logsAreThoseOfTheRequests() throws {
        let world = try Self.world(minutes: 5)
        let store = world.logStore()
        let engine = LogQLEngine()
        let now = world.epochMilliseconds * 1_000_000
        func number(_ query: String) throws -> Double {
            guard case .vector(let samples) = try engine.run(.instant(query, at: now), in: store) else { return -1 }
            return samples.reduce(0) { $0 + $1.value }
        }
        let answered = world.workloads.runningContainers.reduce(Int64(0)) {
            $0 + (world.workloads.gauges(of: $1)?.meter.answered[.ok] ?? 0)
        }
        #expect(answered > 1_000)
        #expect(try number("sum(count_over_time({app=\"web\"} |= \"status=200\" [1h]))") == Double(answered))
        #expect(
            try number("count(count_over_time({namespace=\"shop\"} | logfmt | duration_ms > 0 [1h])) by (pod)") >= 1)
        #expect(throws: LogQLError.self) { try engine.run(.instant("sum(", at: now), in: store) }
    }
}
