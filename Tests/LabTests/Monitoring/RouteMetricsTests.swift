import KubernetesAPI
import Monitoring
import PromQL
import Simulation
import Testing

@testable import Lab

/// What programs count by path and status, where a scenario says `routes: true`.
@Suite struct RouteMetricsTests {
    private static func scenario(_ monitoring: String = "{routes: true, buckets: [0.1, 0.5, 1]}", resolution: String)
        -> String
    {
        """
        name: routed
        namespace: shop
        nodes: [{name: worker, count: 2, cpu: "4", memory: 8Gi}]
        monitoring: \(monitoring)
        workloads:
          accounting: {flowInterval: 10s}
          images:
            web:
              service:
                routes:
                  - {path: /quick, stages: [{compute: 0.005}]}
                  - {path: /slow, stages: [{compute: 0.005}, {wait: 0.7}]}
                  - {path: /broken, stages: [{fail: 1}]}
              startup: {importing: 1}
              port: 8000
              health: [{path: /readyz, check: ready}]
          traffic:
            - {name: quick, service: shop/web, path: /quick, rate: 10, resolution: \(resolution)}
            - {name: slow, service: shop/web, path: /slow, rate: 5, resolution: \(resolution)}
            - {name: broken, service: shop/web, path: /broken, rate: 2, resolution: \(resolution)}
        """
    }

    private static let manifests = MonitoringTests.manifests.replacing(
        "ports: [{containerPort: 8000}]}",
        with:
            "ports: [{containerPort: 8000}], readinessProbe: {httpGet: {path: /readyz, port: 8000}, periodSeconds: 5}}")

    private static func world(_ text: String, minutes: Int64 = 10) throws -> World {
        var world = try World.make(text, seed: 3)
        #expect(world.apply(manifests, file: "web.yaml", author: "learner").failures.isEmpty)
        try world.advance(to: .zero + .minutes(minutes))
        return world
    }

    @Test(arguments: ["requests", "aggregated"])
    func pathsAndStatusesAreCountedApart(resolution: String) throws {
        let world = try Self.world(Self.scenario(resolution: resolution))
        func number(_ query: String) throws -> Double {
            try #require(try MonitoringTests.number(query, world), "\(query)")
        }
        for (source, code, rate) in [("quick", "200", 10.0), ("slow", "200", 5), ("broken", "500", 2)] {
            let truth = try #require(world.workloads.traffic(named: source)).total.outcomes
            let counted = try number("sum(http_requests_total{handler=\"/\(source)\", code=\"\(code)\"})")
            let answered = Double(code == "200" ? truth[.ok] : truth[.serverError])
            // The last scrape lies up to a quarter of a minute back.
            #expect(counted <= answered && counted >= answered - 26 * rate, "\(source): \(counted) of \(answered)")
            #expect(try number("count(count by (code) (http_requests_total{handler=\"/\(source)\"}))") == 1)
            let total = try number("sum(http_request_duration_seconds_count{handler=\"/\(source)\"})")
            #expect(total == counted)
        }
        #expect(try number("sum(http_request_duration_seconds_bucket{handler=\"/slow\", le=\"0.5\"})") == 0)
        let late = try number("sum(http_request_duration_seconds_bucket{handler=\"/slow\", le=\"1.0\"})")
        #expect(late == (try number("sum(http_requests_total{handler=\"/slow\"})")))
        // Errors come quickest of all.
        let quick = try number(
            "sum(http_request_duration_seconds_bucket{handler=\"/broken\", code=\"500\", le=\"0.1\"})")
        #expect(quick == (try number("sum(http_requests_total{handler=\"/broken\"})")))
        // Kubelets ask each of two pods every five seconds.
        let probes = try number("sum(increase(http_requests_total{handler=\"/readyz\", code=\"200\"}[5m]))")
        #expect(probes > 100 && probes < 140, "\(probes)")
        #expect(try MonitoringTests.query("http_requests_in_flight", world).count == 2)
    }

    /// A server that notices that its client has gone counts nginx's status; a client that nobody notices is answered.
    @Test(arguments: [(true, "499"), (false, "200")])
    func clientsThatHaveGoneAreCounted(notices: Bool, code: String) throws {
        let text = Self.scenario(resolution: "requests")
            .replacing("path: /slow, rate: 5", with: "path: /slow, rate: 5, timeout: 300ms")
            .replacing("service:\n", with: "service:\n        cancelsOnDisconnect: \(notices)\n")
        let world = try Self.world(text, minutes: 5)
        let truth = try #require(world.workloads.traffic(named: "slow")).total.outcomes
        #expect(truth[.ok] == 0 && truth[.timedOut] > 1_000)
        let codes = try MonitoringTests.query("sum by (code) (http_requests_total{handler=\"/slow\"})", world)
        #expect(codes.keys.sorted() == ["{code=\"\(code)\"}"], "\(codes)")
        #expect(codes.values.first ?? 0 > 1_000)
    }

    @Test func snapshotsKeepTheCounts() throws {
        var world = try Self.world(Self.scenario(resolution: "requests"), minutes: 3)
        var copy = try World(decoding: world.encode(), scenario: world.scenario)
        try world.advance(to: .zero + .minutes(6))
        try copy.advance(to: .zero + .minutes(6))
        #expect(copy.stateDigest == world.stateDigest)
        #expect(
            try MonitoringTests.number("sum(http_requests_total{handler=\"/quick\"})", copy)
                == MonitoringTests.number("sum(http_requests_total{handler=\"/quick\"})", world))
    }

    @Test func withoutItNothingIsSaidOfPaths() throws {
        let world = try Self.world(Self.scenario("{}", resolution: "requests"), minutes: 3)
        #expect(try MonitoringTests.query("http_requests_total{handler!=\"\"}", world).isEmpty)
        #expect(try MonitoringTests.number("sum(http_requests_total{code=\"200\"})", world) ?? 0 > 0)
    }
}
