import KubernetesAPI
import PromQL
import Testing

@testable import Monitoring

/// From prometheus.yml and a cluster to the answer of a query.
@Suite struct CollectionStoryTests {
    static let configuration = """
        global: {scrape_interval: 15s}
        scrape_configs:
        - job_name: pods
          kubernetes_sd_configs: [{role: pod}]
          relabel_configs:
          - {source_labels: [__meta_kubernetes_pod_container_port_name], regex: http, action: keep}
          - {source_labels: [__meta_kubernetes_pod_phase], regex: Running, action: keep}
          - {source_labels: [__meta_kubernetes_namespace], target_label: namespace}
          - {source_labels: [__meta_kubernetes_pod_name], target_label: pod}
        """

    @Test func aPodThatDiesIsSeenInTheQueries() throws {
        let job = try PrometheusConfiguration(Self.configuration).scrapeConfigurations[0]
        var pool = ScrapePool(job)
        var store = TimeSeriesStore()
        var objects = try SmallCluster.objects()
        pool.synchronize(job.discovery.groups(in: objects), now: 0)
        #expect(pool.targets.map { $0.labels["pod"] } == ["web-1", "web-2"])
        #expect(pool.droppedCount == 3)
        var steps = 0
        while let now = pool.nextDue, now <= 600_000 {
            if now > 300_000, objects.pods.count == 3 {
                // The second pod is gone; Prometheus hears of it.
                objects.pods.removeAll { $0.metadata.name == "web-2" }
                pool.synchronize(job.discovery.groups(in: objects), now: now)
            }
            for id in pool.due(at: now) {
                guard let request = pool.start(id, at: now) else { continue }
                let rate = request.address.hasPrefix("10.") ? 2 : 4
                let text = "# TYPE requests counter\nrequests_total \(Int(now) / 1000 * rate)\n"
                pool.finish(id, .text(text, contentType: "text/plain"), duration: 0.01, into: &store)
            }
            pool.endStaleSeries(at: now, in: &store)
            steps += 1
        }
        #expect(steps > 60)
        func answer(_ query: String, at time: Int64) throws -> [String] {
            guard case .vector(let elements) = try QueryEngine().instant(query, in: store, at: time).value else {
                return []
            }
            return elements.map { element in
                guard case .float(let value) = element.value else { return "" }
                return element.labels["pod"] + "=" + GoFloat.fixed(value, decimals: 1)
            }.sorted()
        }
        #expect(try answer("rate(requests_total[1m])", at: 300_000) == ["web-1=2.0", "web-2=4.0"])
        #expect(try answer("up", at: 300_000) == ["web-1=1.0", "web-2=1.0"])
        // Two intervals later the markers are there, long before the look-back of five minutes ends.
        #expect(try answer("up", at: 360_000) == ["web-1=1.0"])
        #expect(try answer("requests_total", at: 360_000).count == 1)
    }
}
