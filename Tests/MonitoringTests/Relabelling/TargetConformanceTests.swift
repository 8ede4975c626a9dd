import KubernetesAPI
import PromQL
import Testing

@testable import Monitoring

/// What Debian's Prometheus 2.42 made of a target by relabelling (`targets_2.42.json`).
@Suite struct TargetConformanceTests {
    /// What Prometheus 3 does otherwise.
    static let changedSince: Set<String> = [
        // `.` matches a line feed.
        "dot matches line feed",
        // Any UTF-8 is a label's name.
        "bad target from group",
    ]

    @Test func targetsAreThoseOfPrometheus() throws {
        let cases = try ScrapingFixtures.cases("targets_2.42.json")
        #expect(cases.count > 50)
        func labels(_ value: JSONValue?) -> Labels {
            Labels((value?.object ?? [:]).map { Label($0.key, $0.value.string ?? "") })
        }
        for row in cases {
            let name = row["name"]?.string ?? ""
            if Self.changedSince.contains(name) { continue }
            let job = try PrometheusConfiguration(row["config"]?.string ?? "").scrapeConfigurations[0]
            var pool = ScrapePool(job)
            pool.synchronize(job.discovery.groups(in: DiscoveredObjects()), now: 0)
            guard row["labels"] != nil else {
                #expect(pool.targets.isEmpty && pool.droppedTargets.count == 1, "\(name)")
                continue
            }
            #expect(pool.targets.first?.labels == labels(row["labels"]), "\(name)")
            // 2.42 shows what the steps made of the discovered labels, a fault that later versions do not have.
            if job.relabelling.isEmpty {
                #expect(pool.targets.first?.discoveredLabels == labels(row["discovered"]), "\(name)")
            }
            #expect(pool.targets.first?.url == row["url"]?.string, "\(name)")
            #expect(pool.targets.first?.allLabels["__scrape_interval__"] == row["interval"]?.string, "\(name)")
            #expect(pool.targets.first?.allLabels["__scrape_timeout__"] == row["timeout"]?.string, "\(name)")
        }
    }
}
