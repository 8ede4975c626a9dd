import KubernetesAPI
import NIOHTTP1
import Testing

@testable import LabServer

/// Prometheus' HTTP API of a served lab, as Grafana, promtool and the Python client ask it.
@Suite struct PrometheusServiceTests {
    static let scenario = """
        name: monitored
        namespace: shop
        nodes: [{name: worker, count: 2, cpu: "4", memory: 8Gi}]
        monitoring:
          rules: |
            groups:
              - name: shop
                rules:
                  - record: shop:requests:rate1m
                    expr: sum(rate(http_requests_total[1m]))
                  - alert: Busy
                    expr: shop:requests:rate1m > 15
                    for: 1m
                    annotations: {summary: "{{ $value | humanize }} a second"}
          alertmanager: |
            route: {receiver: oncall, group_wait: 30s}
            receivers: [{name: oncall, webhook_configs: [{url: "http://pager"}]}]
        workloads:
          images:
            web:
              service: {stages: [{compute: {lognormal: {median: 0.02, p95: 0.05}}}]}
              startup: {importing: 1}
              port: 8000
          traffic: [{name: users, service: shop/web, rate: [{at: 10s, rate: 0}, {at: 11s, rate: 20}], timeout: 5s}]
        """

    static let manifests = """
        apiVersion: v1
        kind: Namespace
        metadata: {name: shop}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: shop}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8000}]}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, namespace: shop}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}, annotations: {prometheus.io/scrape: "true"}}
            spec: {containers: [{name: web, image: "web:1", ports: [{containerPort: 8000}]}]}
        """

    private func lab() async throws -> ServedLab {
        let lab = try await ServedLab.begin(Self.scenario)
        try await lab.server.host.apply(Self.manifests)
        try await lab.pass(360)
        return lab
    }

    private func ask(
        _ lab: ServedLab, _ target: String, form: String? = nil, method: HTTPMethod = .GET
    ) async throws -> (status: Int, value: JSONValue) {
        var head = HTTPRequestHead(version: .http1_1, method: form == nil ? method : .POST, uri: target)
        if form != nil { head.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded") }
        let request = try #require(HTTPRequest(head, body: Array((form ?? "").utf8)))
        let answer = await PrometheusService(host: lab.server.host).answer(request)
        guard case .bytes(let bytes) = answer.body else { return (Int(answer.status.code), .null) }
        return (Int(answer.status.code), (try? JSONValue(parsingJSON: bytes[...])) ?? .null)
    }

    @Test func grafanasRequestsAreAnswered() async throws {
        let lab = try await lab()
        // Save and test: a query far in the past, then what server this is.
        let one = try await ask(lab, "/api/v1/query", form: "query=1%2B1&time=4")
        #expect(one.value["data"]?["result"] == [4, "2"])
        let build = try await ask(lab, "/api/v1/status/buildinfo")
        #expect(
            build.value["data"]?["version"]?.string?.hasPrefix("3.") == true && build.value["data"]?["features"] == nil)
        // A panel.
        let panel = try await ask(
            lab, "/api/v1/query_range", form: "query=shop%3Arequests%3Arate1m&start=1767603720&end=1767603960&step=60")
        #expect(panel.value["data"]?["resultType"] == "matrix")
        #expect(panel.value["data"]?["result"]?.array?.first?["values"]?.array?.count == 5)
        // The builder: names, values, series, what metrics are; with spans of time and limits.
        let labels = try await ask(lab, "/api/v1/labels", form: "start=1767603720&end=1767603960&limit=40000")
        #expect(labels.value["data"]?.array?.contains("pod") == true)
        let jobs = try await ask(lab, "/api/v1/label/job/values?match%5B%5D=up&limit=2")
        #expect(jobs.value["data"] == ["cadvisor", "kube-state-metrics"])
        #expect(jobs.value["warnings"] == ["results truncated due to limit"])
        let series = try await ask(lab, "/api/v1/series?match[]=up&match[]=shop:requests:rate1m")
        #expect(series.value["data"]?.array?.count == 10)
        let metadata = try await ask(lab, "/api/v1/metadata?metric=http_requests_total")
        #expect(metadata.value["data"]?["http_requests_total"]?.array?.first?["type"] == "counter")
        let rules = try await ask(lab, "/api/v1/rules?type=alert")
        let rule = rules.value["data"]?["groups"]?.array?.first?["rules"]?.array?.first
        #expect(rule?["state"] == "firing" && rule?["alerts"]?.array?.first?["activeAt"] != nil)
        #expect(try await ask(lab, "/api/v1/alerts").value["data"]?["alerts"]?.array?.count == 1)
        let targets = try await ask(lab, "/api/v1/targets?state=active")
        #expect(targets.value["data"]?["activeTargets"]?.array?.allSatisfy { $0["health"] == "up" } == true)
        #expect(try await ask(lab, "/-/ready").status == 200)
        #expect(try await ask(lab, "/").status == 200)
        try await lab.end()
    }

    @Test(arguments: [
        ("/api/v1/query?query=sum(", 400, "invalid parameter \"query\": 1:5: parse error: unclosed left parenthesis"),
        (
            "/api/v1/query?query=up&time=noon", 400,
            "invalid parameter \"time\": cannot parse \"noon\" to a valid timestamp"
        ),
        (
            "/api/v1/query_range?query=up&start=1&end=0&step=1", 400,
            "invalid parameter \"end\": end timestamp must not be before start time"
        ),
        (
            "/api/v1/query_range?query=up&start=0&end=100000&step=1", 400,
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"
        ),
        (
            "/api/v1/query_range?query=up&start=0&end=1&step=x", 400,
            "invalid parameter \"step\": cannot parse \"x\" to a valid duration"
        ),
        ("/api/v1/series", 400, "no match[] parameter provided"),
        ("/api/v1/query?query=up%20%2B%20on(job)%20up", 422, "found duplicate series"),
    ])
    func wrongRequestsAreToldWhy(target: String, status: Int, message: String) async throws {
        let lab = try await lab()
        let found = try await ask(lab, target)
        #expect(found.status == status && found.value["status"] == "error", "\(found)")
        #expect(found.value["error"]?.string?.hasPrefix(message) == true, "\(found.value)")
        try await lab.end()
    }

    @Test func noPathIsNoCrash() async throws {
        let lab = try await lab()
        for target in [
            "/api/v1/nothing", "/x/y", "/api/v1/label/U__zz_/values", "/api/v1/label//values", "/api/v2/alerts",
        ] {
            _ = try await ask(lab, target)
        }
        #expect(try await ask(lab, "/api/v1/query", method: .DELETE).status == 405)
        #expect(try await ask(lab, "/api/v1/query", method: .OPTIONS).status == 204)
        try await lab.end()
    }

    /// Asking is no input: the lab's file and its world stay as they are.
    @Test func theRealToolIsAnswered() async throws {
        let lab = try await lab()
        let address = try #require(lab.server.prometheus)
        guard RealClient.havePromtool else { return try await lab.end() }
        let now = "1767603960"
        let instant = try await lab.run(
            RealClient.promtool, ["query", "instant", "--time=\(now)", address, "sum by (code) (http_requests_total)"])
        #expect(instant.code == 0 && instant.text.hasPrefix("{code=\"200\"} => "), "\(instant.text)")
        let range = try await lab.run(
            RealClient.promtool,
            ["query", "range", "--start=1767603900", "--end=\(now)", "--step=30s", address, "shop:requests:rate1m"])
        #expect(range.code == 0 && range.text.split(separator: "\n").count == 4, "\(range.text)")
        let series = try await lab.run(
            RealClient.promtool, ["query", "series", "--match=up", "--start=1767603600", "--end=\(now)", address])
        #expect(series.text.split(separator: "\n").count == 9, "\(series.text)")
        let labels = try await lab.run(RealClient.promtool, ["query", "labels", address, "job"])
        #expect(labels.text.contains("kubernetes-pods"), "\(labels.text)")
        let wrong = try await lab.run(RealClient.promtool, ["query", "instant", address, "sum("])
        #expect(wrong.code == 1 && wrong.text.contains("unclosed left parenthesis"), "\(wrong.text)")
        try await lab.end()
    }

    @Test func aLabWithoutPrometheusHasNoAddress() async throws {
        let lab = try await ServedLab.begin(RecordedSession.scenario)
        #expect(lab.server.prometheus == nil)
        #expect(try await ask(lab, "/api/v1/query?query=up").status == 404)
        try await lab.end()
    }

    /// A silence is an input: the lab is lived through again with it (`end` holds that).
    @Test func aSilenceIsKept() async throws {
        let lab = try await lab()
        let alerts = try await ask(lab, "/api/v2/alerts")
        #expect(alerts.value.array?.first?["labels"]?["alertname"] == "Busy")
        let silence = """
            {"matchers":[{"name":"alertname","value":"Busy","isRegex":false}],"startsAt":"2026-01-05T09:06:00Z",\
            "endsAt":"2026-01-05T12:00:00Z","createdBy":"jane","comment":"known"}
            """
        var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/api/v2/silences")
        head.headers.add(name: "Content-Type", value: "application/json")
        let request = try #require(HTTPRequest(head, body: Array(silence.utf8)))
        let answer = await PrometheusService(host: lab.server.host).answer(request)
        #expect(answer.status == .ok)
        try await lab.pass(60)
        let silenced = try await ask(lab, "/api/v2/alerts?silenced=false")
        #expect(silenced.value.array?.isEmpty == true, "\(silenced)")
        #expect(try await ask(lab, "/api/v2/silences").value.array?.first?["createdBy"] == "jane")
        #expect(try await ask(lab, "/api/v2/nothing").status == 404)
        try await lab.end()
    }
}
