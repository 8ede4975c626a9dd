import Foundation
import KubernetesAPI
import Testing

@testable import Monitoring

/// Where the recorded cases of the room lie.
enum ScrapingFixtures {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("fixtures/conformance/scraping")

    static func cases(_ name: String) throws -> [JSONValue] {
        let data = try Data(contentsOf: folder.appendingPathComponent(name))
        return try JSONReader.read(ArraySlice([UInt8](data))).array ?? []
    }
}

/// The output of Debian's promtool 2.42 on the same files (`fixtures/conformance/scraping`; recorded by its README).
@Suite struct PromtoolConformanceTests {
    /// What Prometheus 3 does otherwise than 2.42.
    static let changedSince: Set<String> = [
        // Names of labels may be any UTF-8.
        "bad external label", "static bad label",
        // Version 1 of Alertmanager's API is gone.
        "alertmanager api v1",
        // Patterns let `.` match a line feed, and print so.
        "bad regex",
        // The linter looks for these now.
        "duplicate", "timestamp",
    ]

    @Test func configurationsAreCheckedAsByPromtool() throws {
        let cases = try ScrapingFixtures.cases("check_config_2.42.json")
        #expect(cases.count > 60)
        for row in cases {
            let name = row["name"]?.string ?? ""
            if Self.changedSince.contains(name) { continue }
            let files = [
                "prometheus.yml": row["config"]?.string ?? "",
                "rules.yml": "groups:\n- name: g\n  rules:\n  - record: a\n    expr: b\n",
            ]
            let output = ConfigurationCheck.run("prometheus.yml", files: files) { file, _ in
                .init(text: "Checking \(file)\n  SUCCESS: 1 rules found\n\n", exitCode: 0)
            }
            // The line with the place is ours.
            let text = output.text.split(separator: "\n", omittingEmptySubsequences: false)
                .filter { !$0.hasPrefix("    at ") }.joined(separator: "\n")
            #expect(text == row["output"]?.string, "\(name)")
            #expect(output.exitCode == row["exit"]?.wholeNumber, "\(name)")
        }
    }

    @Test func metricsAreLintedAsByPromtool() throws {
        let cases = try ScrapingFixtures.cases("check_metrics_2.42.json")
        #expect(cases.count >= 20)
        for row in cases {
            let name = row["name"]?.string ?? ""
            if Self.changedSince.contains(name) { continue }
            let output = MetricsCheck.run(row["text"]?.string ?? "")
            #expect(output.exitCode == row["exit"]?.wholeNumber, "\(name)")
            // What is wrong with a line is said in our reader's words.
            if name != "broken" { #expect(output.text == row["output"]?.string, "\(name)") }
        }
    }
}
