import Foundation
import KubernetesAPI
import NIOHTTP1
import PromQL
import Testing

@testable import Lab
@testable import LabServer

/// What a served lab hands to other collectors: federation, its own `/metrics`, and the Python client's requests.
@Suite struct CollectionServiceTests {
    private func lab() async throws -> ServedLab {
        let scenario = PrometheusServiceTests.scenario.replacing(
            "monitoring:\n",
            with: """
                monitoring:
                  prometheus: |
                    global: {scrape_interval: 15s, external_labels: {zone: "a\\"b", job: taken}}
                    scrape_configs:
                      - job_name: pods
                        kubernetes_sd_configs: [{role: pod}]
                        relabel_configs: [{source_labels: [__meta_kubernetes_pod_phase], regex: Pending, action: drop}]

                """)
        let lab = try await ServedLab.begin(scenario)
        try await lab.server.host.apply(PrometheusServiceTests.manifests)
        try await lab.pass(120)
        return lab
    }

    private func get(_ service: PrometheusService, _ target: String) async throws -> (status: Int, text: String) {
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: target)
        let answer = await service.answer(try #require(HTTPRequest(head, body: [])))
        guard case .bytes(let bytes) = answer.body else { return (Int(answer.status.code), "") }
        return (Int(answer.status.code), String(decoding: bytes, as: UTF8.self))
    }

    @Test func anotherPrometheusCanFederate() async throws {
        let lab = try await lab()
        let service = PrometheusService(host: lab.server.host)
        let found = try await get(service, "/federate?match[]=up&match[]=%7B__name__=~%22http_requests_.*%22%7D")
        #expect(found.status == 200)
        let lines = found.text.split(separator: "\n").map(String.init)
        #expect(
            lines.filter { $0.hasPrefix("# TYPE") } == [
                "# TYPE http_requests_in_flight untyped", "# TYPE http_requests_total untyped",
                "# TYPE http_requests_waiting untyped", "# TYPE up untyped",
            ])
        // A label of its own counts before an external one of that name.
        let up = try #require(lines.first { $0.hasPrefix("up{") })
        #expect(up.hasPrefix("up{instance=\"10.") && up.contains(",job=\"pods\",zone=\"a\\\"b\"} 1 17676"), "\(up)")
        // What is written is read back as the same samples.
        var store = TimeSeriesStore()
        try store.load(Array(found.text.utf8), format: .prometheus)
        #expect(store.seriesCount == lines.count - 4)
        #expect(try await get(service, "/federate") == (200, ""))
        #expect(try await get(service, "/federate?match[]=nothing") == (200, ""))
        let wrong = try await get(service, "/federate?match[]=up%7B")
        #expect(wrong.status == 400 && wrong.text.contains("parse error"), "\(wrong)")
        // After the series have ended there is nothing.
        let gone = await lab.server.host.respond(
            to: APIRequest(.delete, Deployment.resource, namespace: "shop", name: "web"))
        guard case .object = gone.response.body else { throw APIStatus.badRequest("Deployment") }
        try await lab.pass(120)
        #expect(try await get(service, "/federate?match[]=up") == (200, ""))
        try await lab.end()
    }

    @Test func theProgramShowsItsOwnMetrics() async throws {
        let lab = try await lab()
        let service = PrometheusService(host: lab.server.host)
        _ = try await get(service, "/api/v1/query?query=up")
        _ = try await get(service, "/api/v1/query?query=sum(")
        _ = try await get(service, "/api/v2/alerts")
        let found = try await get(service, "/metrics")
        var store = TimeSeriesStore()
        try store.load(Array(found.text.utf8), format: .prometheus, defaultTime: 0)
        func value(_ text: String) throws -> Double? {
            let ids = store.select(try PromQLParser.parseSelector(text))
            return ids.isEmpty ? nil : ids.reduce(0) { $0 + (store.samples($1).first?.value ?? 0) }
        }
        let world = await lab.server.host.session.world
        let stack = try #require(world.monitoring)
        #expect(try value("kubelab_simulated_seconds") == 120)
        #expect(try value("kubelab_simulated_clock_seconds") == Double(world.epochMilliseconds) / 1000)
        #expect(try value("kubelab_speed") == 0)
        #expect(try value("kubelab_events_total") == Double(world.counts.total + stack.events))
        #expect(try value("kubelab_http_requests_total{interface=\"prometheus\", code=\"200\"}") == 1)
        #expect(try value("kubelab_http_requests_total{interface=\"prometheus\", code=\"400\"}") == 1)
        #expect(try value("kubelab_http_requests_total{interface=\"alertmanager\"}") == 1)
        #expect(try value("prometheus_tsdb_head_series") == Double(stack.prometheus.store.seriesCount))
        #expect(
            try value("prometheus_tsdb_head_samples_appended_total") == Double(stack.prometheus.store.samplesAppended))
        #if os(Linux)
            #expect(try value("process_resident_memory_bytes") ?? 0 > 1_048_576)
            #expect(try value("process_start_time_seconds") ?? 0 > 1.6e9)
        #endif
        #expect(store.metadata["kubelab_events_total"]?.type == "counter")
        try await lab.end()
    }

    @Test(
        .enabled(
            if: RealClient.havePrometheusAPIClient, Comment(rawValue: RealClient.prometheusAPIClientAdvice)))
    func thePythonClientWorks() async throws {
        let lab = try await ServedLab.begin(PrometheusServiceTests.scenario)
        try await lab.server.host.apply(PrometheusServiceTests.manifests)
        try await lab.pass(360)
        let address = try #require(lab.server.prometheus)
        let now = try #require(await lab.server.host.prometheus).now / 1000
        let outcome = try await lab.run(
            RealClient.python, [Repository.path("fixtures/clients/prometheus_api.py"), address, "\(now)"],
            environment: ["PYTHONDONTWRITEBYTECODE": "1"])
        #expect(outcome.code == 0 && outcome.text.hasSuffix("all is well\n"), "\(outcome.text)")
        try await lab.end()
    }
}
