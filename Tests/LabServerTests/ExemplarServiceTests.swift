import KubernetesAPI
import NIOHTTP1
import Testing

@testable import Lab
@testable import LabServer

/// The requests behind a lab's latencies, as Grafana asks for them.
@Suite struct ExemplarServiceTests {
    private func ask(_ lab: ServedLab, _ target: String) async throws -> (status: Int, value: JSONValue) {
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: target)
        let answer = await PrometheusService(host: lab.server.host).answer(
            try #require(HTTPRequest(head, body: [])))
        guard case .bytes(let bytes) = answer.body else { return (Int(answer.status.code), .null) }
        return (Int(answer.status.code), (try? JSONValue(parsingJSON: bytes[...])) ?? .null)
    }

    @Test func latenciesLeadToTraces() async throws {
        let lab = try await ServedLab.begin(PrometheusServiceTests.scenario)
        try await lab.server.host.apply(PrometheusServiceTests.manifests)
        try await lab.pass(240)
        let query = "query=histogram_quantile(0.9,sum%20by(le)(rate(http_request_duration_seconds_bucket[1m])))"
        let found = try await ask(lab, "/api/v1/query_exemplars?\(query)")
        let series = try #require(found.value["data"]?.array)
        #expect(series.count >= 4 && found.value["status"] == "success", "\(found)")
        // Every one is a request that the log has too, answered before it was scraped, and no slower than its bucket.
        let world = await lab.server.host.session.world
        let traces = Set(world.workloads.logRecords.map { world.traceID(of: $0.trace).description })
        var seen = 0
        for one in series {
            let bound = one["seriesLabels"]?["le"]?.string.flatMap { $0 == "+Inf" ? .infinity : Double($0) } ?? 0
            #expect(one["seriesLabels"]?["__name__"] == "http_request_duration_seconds_bucket")
            for exemplar in one["exemplars"]?.array ?? [] {
                seen += 1
                #expect(traces.contains(exemplar["labels"]?["trace_id"]?.string ?? ""))
                #expect(Double(exemplar["value"]?.string ?? "") ?? .infinity <= bound)
            }
        }
        #expect(seen > 10, "\(seen)")
        // Where nothing is selected there is nothing; what cannot be read is told.
        #expect(try await ask(lab, "/api/v1/query_exemplars?query=up").value["data"] == [])
        #expect(try await ask(lab, "/api/v1/query_exemplars?query=1").value["data"] == .null)
        #expect(try await ask(lab, "/api/v1/query_exemplars?query=up&start=9&end=8").status == 400)
        #expect(try await ask(lab, "/api/v1/query_exemplars?query=sum(").status == 400)
        try await lab.end()
    }
}
