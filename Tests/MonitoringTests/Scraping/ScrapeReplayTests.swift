import Foundation
import KubernetesAPI
import PromQL
import Simulation
import Testing

@testable import Monitoring

/// How many hostile inputs are tried: `KUBELAB_FUZZ`, 50,000 by default.
enum ScrapingFuzz {
    static let count = ProcessInfo.processInfo.environment["KUBELAB_FUZZ"].flatMap(Int.init) ?? 50_000
}

@Suite struct ScrapeReplayTests {
    /// Text of a target whose series come and go by the number of the scrape.
    static func text(_ scrape: Int) -> String {
        var text = "# TYPE requests counter\n# HELP requests Requests\n"
        for series in 0..<12 where (series * 7 + scrape) % 5 != 0 || series < 3 {
            text += "requests_total{path=\"/\(series)\",code=\"200\"} \(scrape * series).\(series)\n"
        }
        return text + "temperature{room=\"a \\\"b\\\"\"} \(scrape % 3 == 0 ? "NaN" : "-1.25e-3")\n"
    }

    static func outcome(_ scrape: Int) -> ScrapeOutcome {
        switch scrape % 7 {
        case 5: .timeout
        case 6: .text("broken\n", contentType: ScrapeBench.text)
        default: .text(text(scrape), contentType: ScrapeBench.text)
        }
    }

    /// A pool that was written and read back goes on to the same samples as one that was not.
    @Test func aRestoredPoolGoesOnAsIfNothingHadHappened() throws {
        let yaml = "sample_limit: 100\nrelabel_configs: [{target_label: zone, replacement: z}]"
        var straight = try ScrapeBench(yaml)
        var restored = try ScrapeBench(yaml)
        for scrape in 0..<40 {
            straight.scrape(Self.outcome(scrape))
            restored.scrape(Self.outcome(scrape))
            if scrape % 3 == 0 {
                var writer = BinaryWriter()
                writer.write(restored.pool)
                var reader = BinaryReader(writer.bytes)
                restored.pool = try reader.read()
                #expect(reader.isAtEnd)
                var again = BinaryWriter()
                again.write(restored.pool)
                #expect(again.bytes == writer.bytes)
            }
            if scrape == 20 {
                straight.synchronize([])
                restored.synchronize([])
                straight.synchronize()
                restored.synchronize()
            }
        }
        #expect(straight.store.openMetrics() == restored.store.openMetrics())
        #expect(straight.store.samplesAppended == restored.store.samplesAppended)
    }

    @Test func aDamagedSnapshotIsRefusedAndNeverTraps() throws {
        var bench = try ScrapeBench()
        for scrape in 0..<4 { bench.scrape(Self.outcome(scrape)) }
        var writer = BinaryWriter()
        writer.write(bench.pool)
        for count in stride(from: 0, to: writer.bytes.count, by: 3) {
            var reader = BinaryReader(Array(writer.bytes.prefix(count)))
            #expect(throws: (any Error).self) { try reader.read(ScrapePool.self) }
        }
        var state: UInt64 = 7
        for _ in 0..<3000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            var bytes = writer.bytes
            bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
            var reader = BinaryReader(bytes)
            guard var pool = try? reader.read(ScrapePool.self) else { continue }
            var store = bench.store
            for id in pool.due(at: 75_000) where pool.start(id, at: 75_000) != nil {
                pool.finish(id, Self.outcome(4), duration: 1, into: &store)
            }
        }
    }

    /// Whatever the order of lines and whatever comes in between, the cache gives what a fresh reading gives.
    @Test func theCacheNeverChangesWhatIsRead() throws {
        var state: UInt64 = 3
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        var cached = try ScrapeBench()
        for scrape in 0..<60 {
            var lines: [String] = []
            for series in 0..<20 where next(4) > 0 {
                let values = ["1", "0.1", "-3e2", "+Inf", "1234567890123456789", "3.141592653589793", "NaN", "1e-300"]
                lines.append("m\(series % 3){s=\"\(series)\"}\(next(5) == 0 ? "  " : " ")\(values[next(values.count)])")
                if next(6) == 0 { lines.append("# HELP m\(series % 3) text \(next(3))") }
                if next(9) == 0 { lines.append("") }
            }
            if next(3) == 0 { lines.swapAt(0, lines.count - 1) }
            let text = lines.joined(separator: "\n") + "\n"
            cached.scrape(text)
            var plain = TimeSeriesStore()
            try plain.load(Array(text.utf8), format: .prometheus, defaultTime: cached.now)
            for id in plain.allSeries {
                let labels = plain.labels(id).setting("job", to: "api").setting("instance", to: "api:80")
                let stored = cached.store.identifier(of: labels).map { cached.store.samples($0).last }
                #expect(stored == plain.samples(id).last, "scrape \(scrape): \(labels)")
            }
        }
    }

    @Test func mutilatedTextIsAnsweredAndNeverTraps() throws {
        var state: UInt64 = 11
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        var bench = try ScrapeBench()
        let original = Array(
            "# TYPE x counter\nx_total{a=\"b\",c=\"d\\n\"} 5 1.5 # {trace_id=\"x\"} 0.5 1.25\nx NaN 1\ny{le=\"1\"} 1e3\n# EOF\n"
                .utf8)
        var read = 0
        for round in 0..<(ScrapingFuzz.count / 5) {
            var bytes = original
            for _ in 0...next(3) {
                let place = next(bytes.count)
                switch next(3) {
                case 0: bytes[place] = UInt8(next(256))
                case 1: bytes.remove(at: place)
                default: bytes.insert(Array("{}\"\\,=# \n01e.-".utf8)[next(14)], at: place)
                }
            }
            let type = round % 2 == 0 ? "application/openmetrics-text" : ScrapeBench.text
            if bench.scrape(.text(bytes, contentType: type)).isUp { read += 1 }
        }
        #expect(read > ScrapingFuzz.count / 400)
    }

    @Test func theTargetsAnswerHasPrometheusForm() throws {
        var bench = try ScrapeBench(
            "relabel_configs: [{source_labels: [__address__], regex: \"drop.*\", action: drop}]")
        bench.now = 1_767_225_600_000
        bench.synchronize([])
        bench.synchronize([
            TargetGroup(
                source: "0", labels: Labels(["team": "lab"]),
                targets: [Labels(["__address__": "127.0.0.1:80"]), Labels(["__address__": "drop:80"])])
        ])
        bench.scrape("# HELP a Text.\n# TYPE a gauge\na 1\n")
        let answer = TargetsAnswer([bench.pool], externalHost: "vm")
        #expect(
            answer.targets().json(indented: false)
                == #"{"activeTargets":[{"discoveredLabels":{"__address__":"127.0.0.1:80","__metrics_path__":"/metrics","__scheme__":"http","__scrape_interval__":"15s","__scrape_timeout__":"10s","job":"api","team":"lab"},"globalUrl":"http://vm:80/metrics","health":"up","labels":{"instance":"127.0.0.1:80","job":"api","team":"lab"},"lastError":"","lastScrape":"2026-01-01T00:00:15Z","lastScrapeDuration":0.25,"scrapeInterval":"15s","scrapePool":"api","scrapeTimeout":"10s","scrapeUrl":"http://127.0.0.1:80/metrics"}],"droppedTargetCounts":{"api":1},"droppedTargets":[{"discoveredLabels":{"__address__":"drop:80","__metrics_path__":"/metrics","__scheme__":"http","__scrape_interval__":"15s","__scrape_timeout__":"10s","job":"api","team":"lab"},"scrapePool":"api"}]}"#
        )
        #expect(answer.scrapePools == ["scrapePools": ["api"]])
        #expect(
            answer.metadata(limit: 1).array?.first?["help"] == "Text.")
        #expect(InstantText.rfc3339(1_767_225_600_450) == "2026-01-01T00:00:00.45Z")
    }
}
