import KubernetesAPI
import NIOHTTP1
import Testing

@testable import LabServer

/// Loki's and Tempo's HTTP APIs of a served lab, as Grafana asks them.
@Suite struct TelemetryServiceTests {
    private static func scenario(_ monitoring: String) -> String {
        """
        name: traced
        namespace: shop
        nodes: [{name: worker, count: 1, cpu: "4", memory: 8Gi}]
        monitoring: \(monitoring)
        workloads:
          images:
            web:
              service: {stages: [{compute: 0.02}, {fail: 0.1}]}
              startup: {importing: 1}
              port: 8000
          traffic: [{name: users, service: shop/web, path: /buy, rate: [{at: 10s, rate: 0}, {at: 11s, rate: 5}]}]
        """
    }

    /// How many traces a search has looked at.
    private static func inspected(_ answer: JSONValue) -> Int64 {
        guard case .integer(let count)? = answer["metrics"]?["inspectedTraces"] else { return 0 }
        return count
    }

    private func lab(_ monitoring: String) async throws -> ServedLab {
        let lab = try await ServedLab.begin(Self.scenario(monitoring))
        try await lab.server.host.apply(PrometheusServiceTests.manifests)
        try await lab.pass(60)
        return lab
    }

    private func ask(
        _ lab: ServedLab, _ target: String, loki: Bool, form: String? = nil, accept: String = ""
    ) async throws -> (status: Int, bytes: [UInt8], value: JSONValue) {
        var head = HTTPRequestHead(version: .http1_1, method: form == nil ? .GET : .POST, uri: target)
        if form != nil { head.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded") }
        if !accept.isEmpty { head.headers.add(name: "Accept", value: accept) }
        let request = try #require(HTTPRequest(head, body: Array((form ?? "").utf8)))
        let service = TelemetryService(host: lab.server.host)
        let answer = loki ? await service.answerLoki(request) : await service.answerTempo(request)
        guard case .bytes(let bytes) = answer.body else { return (Int(answer.status.code), [], .null) }
        return (Int(answer.status.code), bytes, (try? JSONValue(parsingJSON: bytes[...])) ?? .null)
    }

    @Test func aLineLeadsToItsTrace() async throws {
        let lab = try await lab("{traces: {}}")
        #expect(lab.server.loki != nil && lab.server.tempo != nil)
        let lines = try await ask(
            lab, "/loki/api/v1/query_range", loki: true,
            form: "query=%7Bapp%3D%22web%22%7D%20%7C%20logfmt%20%7C%20status%20%3D%20500&limit=1")
        let stream = try #require(lines.value["data"]?["result"]?.array?.first?["stream"])
        let id = try #require(stream["trace_id"]?.string)
        let trace = try await ask(lab, "/api/traces/\(id)", loki: false)
        #expect(trace.status == 200 && trace.value["batches"]?.array?.isEmpty == false)
        let bytes = try await ask(lab, "/api/v2/traces/\(id)", loki: false, accept: "application/protobuf")
        #expect(bytes.bytes.first == 0x0a)
        let found = try await ask(
            lab, "/api/search?q=%7Bstatus%3Derror%20%26%26%20kind%3Dserver%7D&limit=100", loki: false)
        #expect(found.value["traces"]?.array?.contains { id.hasSuffix($0["traceID"]?.string ?? "?") } == true)
        // Time goes on, and so does what is answered.
        try await lab.pass(30)
        let later = try await ask(lab, "/api/search?q=%7B%7D&limit=10000", loki: false)
        #expect(Self.inspected(later.value) > Self.inspected(found.value) + 50)
        try await lab.end()
    }

    @Test func aLabWithoutTracesHasNoTempo() async throws {
        let lab = try await lab("{}")
        #expect(lab.server.loki != nil && lab.server.tempo == nil)
        let lines = try await ask(lab, "/loki/api/v1/label/app/values", loki: true)
        #expect(lines.value["data"] == ["web"])
        try await lab.end()
    }
}
