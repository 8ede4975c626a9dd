import KubernetesAPI
import PromQL
import Testing

@testable import Monitoring

/// What Debian's Prometheus 2.42 made of the same answers of a target, step by step (`scrapes_2.42.json`).
@Suite struct ScrapeConformanceTests {
    /// What Prometheus 3 or our reader does otherwise.
    static let others: Set<String> = [
        // 3.x forgets series beyond the sample limit, which 2.42 ends one scrape later.
        "sample limit", "sample limit at once",
        // Our reader takes a space before a name, and names may be any UTF-8.
        "spaces",
        // Our reader takes negative times, which the format allows and Prometheus' lexer does not.
        "negative time",
        // Our reader sees it when it reads the line, Prometheus when it stores the sample, which then counts.
        "duplicate label",
    ]

    @Test func scrapesLeaveTheSamplesOfPrometheus() throws {
        let cases = try ScrapingFixtures.cases("scrapes_2.42.json")
        #expect(cases.count > 40)
        for row in cases {
            let name = row["name"]?.string ?? ""
            if Self.others.contains(name) { continue }
            var bench = try ScrapeBench("extra_scrape_metrics: true\n" + (row["configuration"]?.string ?? ""))
            var errors: [String] = []
            for answer in row["answers"]?.array ?? [] {
                let outcome: ScrapeOutcome
                if let status = answer["status"]?.wholeNumber {
                    outcome = .status(status)
                } else {
                    outcome = .text(answer["text"]?.string ?? "", contentType: answer["type"]?.string ?? "")
                }
                errors.append(bench.scrape(outcome).error)
            }
            #expect(Self.samples(bench) == Self.samples(row), "\(name)")
            // Faults of the text are told in our reader's words, all others in Prometheus'.
            for (own, real) in zip(errors, row["errors"]?.texts ?? []) {
                #expect(own.isEmpty == real.isEmpty, "\(name): \(own)")
                if !own.hasPrefix("line ") { #expect(own == real, "\(name)") }
            }
        }
    }

    private static func samples(_ bench: ScrapeBench) -> [String] {
        bench.store.allSeries.compactMap { id -> String? in
            let labels = bench.store.labels(id)
            if ["scrape_duration_seconds", "scrape_timeout_seconds"].contains(labels.name) { return nil }
            let named = Labels(
                labels.pairs.map { pair in
                    switch pair.value {
                    case "api": Label(pair.name, "J")
                    case "api:80": Label(pair.name, "I")
                    default: pair
                    }
                })
            let samples = bench.store.samples(id).map {
                "\($0.time / 15_000 - 1):" + (StaleMarker.isStale($0.value) ? "NaN" : GoFloat.general($0.value))
            }
            return "\(named) \(samples.joined(separator: " "))"
        }.sorted()
    }

    private static func samples(_ row: JSONValue) -> [String] {
        (row["series"]?.object ?? [:]).map { labels, samples in
            let texts = (samples.array ?? []).map { sample in
                "\(sample.array?.first?.wholeNumber ?? -1):\(sample.array?.last?.string ?? "")"
            }
            return "\(labels) \(texts.joined(separator: " "))"
        }.sorted()
    }
}
