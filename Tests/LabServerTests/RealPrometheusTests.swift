import Foundation
import Testing

@testable import Lab
@testable import LabServer

/// What the lab's Prometheus has stored, given to Debian's real one: the same questions get the same answers, those of the
/// lab's rules among them.
@Suite(.serialized, .enabled(if: RealClient.havePrometheus, Comment(rawValue: RealClient.promtoolAdvice)))
struct RealPrometheusTests {
    private static let queries = [
        "up", "sum by (job) (up)", "sum(rate(http_requests_total[1m]))", "shop:requests:rate1m",
        "sum by (code) (increase(http_requests_total[3m]))",
        "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[2m])))",
        "sum(rate(http_request_duration_seconds_sum[2m])) / sum(rate(http_request_duration_seconds_count[2m]))",
        "max by (pod) (container_memory_working_set_bytes)",
        "sum by (node) (rate(container_cpu_usage_seconds_total[2m]))", "ALERTS", "ALERTS_FOR_STATE",
        "kube_deployment_status_replicas_ready{deployment=\"web\"}", "count by (__name__) ({job=\"kubelet\"})",
        "scrape_samples_scraped - scrape_samples_post_metric_relabeling", "absent(nothing)",
        "topk(1, http_requests_total)", "changes(kube_deployment_spec_replicas[5m])",
        "deriv(process_cpu_seconds_total[3m])",
    ]

    @Test func theRealServerAgrees() async throws {
        let lab = try await ServedLab.begin(PrometheusServiceTests.scenario)
        try await lab.server.host.apply(PrometheusServiceTests.manifests)
        try await lab.pass(600)
        let state = try #require(await lab.server.host.prometheus)
        try lab.write("data.om", state.server.store.openMetrics())
        try lab.write("empty.yml", "{}")
        let blocks = try await lab.run(
            RealClient.promtool, ["tsdb", "create-blocks-from", "openmetrics", "-q", "data.om", "data"])
        #expect(blocks.code == 0, "\(blocks.text)")
        let real = try await RealPrometheus(
            folder: lab.folder, configuration: lab.folder + "/empty.yml", data: "data")
        defer { real.end() }
        let ours = try #require(lab.server.prometheus)
        var answered = 0
        for query in Self.queries {
            for second in [state.now / 1000, state.now / 1000 - 97] {
                func ask(_ server: String) async throws -> [String] {
                    let outcome = try await lab.run(
                        RealClient.promtool, ["query", "instant", "--time=\(second)", server, query])
                    #expect(outcome.code == 0, "\(query): \(outcome.text)")
                    return outcome.text.split(separator: "\n").map(String.init).sorted()
                }
                let (mine, theirs) = (try await ask(ours), try await ask(real.address))
                answered += mine.isEmpty ? 0 : 1
                #expect(Self.agree(mine, theirs), "\(query) at \(second): \(mine) and \(theirs)")
            }
        }
        // Hardly any question has nothing for an answer.
        #expect(answered >= 2 * Self.queries.count - 2, "\(answered)")
        try await lab.end()
    }

    /// Equal lines; numbers may differ in the last of their digits, as 2.42 adds up in another order.
    private static func agree(_ left: [String], _ right: [String]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).allSatisfy { a, b in
            if a == b { return true }
            let (first, second) = (a.components(separatedBy: " => "), b.components(separatedBy: " => "))
            guard first.count == 2, second.count == 2, first[0] == second[0],
                let x = first[1].split(separator: " ").first.flatMap({ Double($0) }),
                let y = second[1].split(separator: " ").first.flatMap({ Double($0) })
            else { return false }
            return abs(x - y) <= 1e-12 * max(abs(x), abs(y))
        }
    }
}
