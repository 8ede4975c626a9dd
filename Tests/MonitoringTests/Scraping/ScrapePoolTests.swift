import PromQL
import Simulation
import Testing

@testable import Monitoring

/// One job with one target and a store, scraped every 15 s.
struct ScrapeBench {
    var pool: ScrapePool
    var store = TimeSeriesStore()
    var now: Int64 = 0
    static let text = "text/plain; version=0.0.4"

    init(_ yaml: String = "", store configuration: TimeSeriesStore.Configuration = .init()) throws {
        let text = """
            global: {scrape_interval: 15s}
            scrape_configs:
            - job_name: api
              static_configs: [{targets: ["api:80"]}]
            \(yaml.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
            """
        pool = ScrapePool(try PrometheusConfiguration(text).scrapeConfigurations[0], spreadsScrapes: false)
        store = TimeSeriesStore(configuration: configuration)
        synchronize()
    }

    mutating func synchronize(_ groups: [TargetGroup]? = nil) {
        pool.synchronize(groups ?? pool.configuration.discovery.groups(in: DiscoveredObjects()), now: now)
    }

    /// Goes to the next scrape of all targets and gives them an outcome.
    @discardableResult
    mutating func scrape(_ outcome: ScrapeOutcome) -> ScrapeReport {
        var report = ScrapeReport()
        now = pool.nextDue ?? now
        for id in pool.due(at: now) where pool.start(id, at: now) != nil {
            report = pool.finish(id, outcome, duration: 0.25, into: &store) ?? report
        }
        pool.endStaleSeries(at: now, in: &store)
        return report
    }

    @discardableResult
    mutating func scrape(_ text: String, type: String = ScrapeBench.text) -> ScrapeReport {
        scrape(.text(text, contentType: type))
    }

    /// The samples of a series as `time in seconds:value`, stale markers as `stale`.
    func samples(_ selector: KeyValuePairs<String, String>) -> String {
        guard let id = store.identifier(of: Labels(selector)) else { return "none" }
        return store.samples(id).map {
            "\($0.time / 1000):" + (StaleMarker.isStale($0.value) ? "stale" : GoFloat.general($0.value))
        }.joined(separator: " ")
    }

    /// A series of the target by name.
    func series(_ name: String) -> String {
        samples(["__name__": name, "job": "api", "instance": "api:80"])
    }

    var seriesOfScrapes: [String] {
        store.allSeries.map { store.labels($0).description }.filter {
            !$0.contains("scrape_") && !$0.contains("\"up\"")
        }
    }
}

@Suite struct ScrapePoolTests {
    @Test func anAnswerBecomesSamplesAndAReport() throws {
        var bench = try ScrapeBench()
        #expect(bench.pool.nextDue == 15_000)
        let report = bench.scrape("# TYPE x counter\nx_total{a=\"b\"} 1\ny 2.5\n")
        #expect(report.isUp && report.scraped == 2 && report.postRelabelling == 2 && report.seriesAdded == 2)
        bench.scrape("# TYPE x counter\nx_total{a=\"b\"} 2\ny 2.5e3\n")
        #expect(bench.samples(["__name__": "x_total", "a": "b", "job": "api", "instance": "api:80"]) == "15:1 30:2")
        #expect(bench.series("y") == "15:2.5 30:2500")
        #expect(bench.series("up") == "15:1 30:1")
        #expect(bench.series("scrape_duration_seconds") == "15:0.25 30:0.25")
        #expect(bench.series("scrape_samples_scraped") == "15:2 30:2")
        #expect(bench.series("scrape_samples_post_metric_relabeling") == "15:2 30:2")
        #expect(bench.series("scrape_series_added") == "15:2 30:0")
        #expect(bench.series("scrape_timeout_seconds") == "none")
        #expect(bench.store.metadata["x"]?.type == "counter")
        #expect(bench.pool.targets[0].health == .up && bench.pool.targets[0].lastScrape == 30_000)
    }

    @Test func aSeriesThatIsGoneIsMarkedAndComesBack() throws {
        var bench = try ScrapeBench()
        bench.scrape("a 1\nb 1\nc 1\n")
        bench.scrape("a 1\nc 1\n")
        bench.scrape("c 2\na 2\nb 2\n")
        #expect(bench.series("b") == "15:1 30:stale 45:2")
        #expect(bench.series("a") == "15:1 30:1 45:2")
        #expect(bench.series("c") == "15:1 30:1 45:2")
        #expect(bench.series("scrape_series_added") == "15:3 30:0 45:1")
    }

    @Test(arguments: [
        (ScrapeOutcome.timeout, "Get \"http://api:80/metrics\": context deadline exceeded"),
        (.connectionRefused, "Get \"http://api:80/metrics\": dial tcp api:80: connect: connection refused"),
        (.noSuchHost, "Get \"http://api:80/metrics\": dial tcp: lookup api: no such host"),
        (.status(503), "server returned HTTP status 503 Service Unavailable"),
        (
            .text("a 1\n", contentType: ""),
            "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target"
        ),
        (
            .text("a 1\n", contentType: "application/json"),
            "received unsupported Content-Type \"application/json\" and no fallback_scrape_protocol specified for target"
        ),
    ])
    func aFailedScrapeEndsAllSeriesAtOnce(_ outcome: ScrapeOutcome, _ error: String) throws {
        var bench = try ScrapeBench()
        bench.scrape("a 1\nb 1\n")
        #expect(bench.scrape(outcome).error == error)
        #expect(bench.pool.targets[0].health == .down && bench.pool.targets[0].lastError == error)
        #expect(bench.series("a") == "15:1 30:stale")
        #expect(bench.series("b") == "15:1 30:stale")
        #expect(bench.series("up") == "15:1 30:0")
        // Once more is no second end, and what was known is still known.
        bench.scrape(outcome)
        bench.scrape("a 1\nb 1\n")
        #expect(bench.series("a") == "15:1 30:stale 60:1")
        #expect(bench.series("scrape_series_added").hasSuffix("60:0"))
    }

    /// What was read before the fault counts as seen, as in Prometheus (`scrapes_2.42.json`): it gets no end.
    @Test func anAnswerThatBreaksOffStoresNothingAndEndsWhatItDidNotComeTo() throws {
        var bench = try ScrapeBench()
        bench.scrape("a 1\nb 1\n")
        #expect(bench.scrape("a 2\nb\n").error == "line 2: expected a space and a value after the series")
        #expect(bench.series("a") == "15:1" && bench.series("b") == "15:1 30:stale")
        #expect(bench.series("up") == "15:1 30:0")
        bench.scrape("b 3\n")
        #expect(bench.series("a") == "15:1 45:stale" && bench.series("b") == "15:1 30:stale 45:3")
        #expect(
            bench.scrape("b 4\n", type: "application/openmetrics-text; version=1.0.0").error
                == "data does not end with # EOF")
    }

    @Test func anEmptyAnswerIsUp() throws {
        var bench = try ScrapeBench()
        bench.scrape("a 1\n")
        #expect(bench.scrape("", type: "").isUp)
        #expect(bench.series("a") == "15:1 30:stale" && bench.series("up") == "15:1 30:1")
    }

    @Test func theTargetsLabelsWinUnlessTheScrapedAreHonoured() throws {
        let text = "a{job=\"x\",exported_job=\"y\",instance=\"\"} 1\n"
        var bench = try ScrapeBench()
        bench.scrape(text)
        #expect(
            bench.seriesOfScrapes
                == [
                    "{__name__=\"a\", exported_exported_job=\"x\", exported_job=\"y\", instance=\"api:80\", job=\"api\"}"
                ])
        bench = try ScrapeBench("honor_labels: true")
        bench.scrape(text)
        #expect(
            bench.seriesOfScrapes
                == ["{__name__=\"a\", exported_job=\"y\", instance=\"api:80\", job=\"x\"}"])
        // What a scrape says of itself is not touched.
        #expect(bench.series("up") == "15:1")
    }

    @Test func metricRelabellingDropsAndRenames() throws {
        var bench = try ScrapeBench(
            """
            metric_relabel_configs:
            - {source_labels: [__name__], regex: go_.*, action: drop}
            - {source_labels: [__name__], regex: "old_(.*)", target_label: __name__, replacement: "new_$1"}
            - {regex: secret, action: labeldrop}
            """)
        for _ in 0..<2 { bench.scrape("go_threads 1\nold_x{secret=\"y\"} 1\nup_x 2\n") }
        #expect(
            bench.seriesOfScrapes.sorted()
                == [
                    "{__name__=\"new_x\", instance=\"api:80\", job=\"api\"}",
                    "{__name__=\"up_x\", instance=\"api:80\", job=\"api\"}",
                ])
        #expect(bench.series("scrape_samples_scraped") == "15:3 30:3")
        #expect(bench.series("scrape_samples_post_metric_relabeling") == "15:2 30:2")
    }

    @Test func limitsRefuseTheWholeAnswer() throws {
        var bench = try ScrapeBench("sample_limit: 2")
        bench.scrape("a 1\nb 1\n")
        let report = bench.scrape("a 2\nb 2\nc 2\n")
        #expect(report.error == "sample limit exceeded" && report.scraped == 3 && report.postRelabelling == 3)
        #expect(bench.series("a") == "15:1" && bench.series("c") == "none")
        #expect(bench.series("up") == "15:1 30:0")

        bench = try ScrapeBench("label_limit: 4")
        #expect(
            bench.scrape("a{x=\"1\",y=\"2\"} 1\n").error
                == "label_limit exceeded (metric: a, number of labels: 5, limit: 4)")
        bench = try ScrapeBench("label_name_length_limit: 8")
        #expect(
            bench.scrape("a{toolongname=\"1\"} 1\n").error
                == "label_name_length_limit exceeded (metric: a, label name: instance, length: 8, limit: 8)"
                || bench.pool.targets[0].lastError.contains("label name: toolongname, length: 11, limit: 8"))
        bench = try ScrapeBench("label_value_length_limit: 7")
        #expect(
            bench.scrape("a{x=\"12345678\"} 1\n").error
                == "label_value_length_limit exceeded (metric: a, label name: x, value: \"12345678\", length: 8, limit: 7)"
        )
        bench = try ScrapeBench("body_size_limit: 5B\nextra_scrape_metrics: true")
        #expect(bench.scrape("abcdef 1\n").error == "body size limit exceeded")
        #expect(bench.series("scrape_body_size_bytes") == "15:-1" && bench.series("scrape_timeout_seconds") == "15:10")
        bench = try ScrapeBench("target_limit: 1")
        bench.synchronize([
            TargetGroup(
                source: "0", labels: .empty, targets: [Labels(["__address__": "a:1"]), Labels(["__address__": "b:1"])])
        ])
        #expect(bench.scrape("a 1\n").error == "target_limit exceeded (number of targets: 2, limit: 1)")
    }

    @Test func timesInTheTextCountUnlessTheyAreNotHonoured() throws {
        var bench = try ScrapeBench()
        bench.scrape("a 1 14000\nb 1\n")
        bench.scrape("b 1\n")
        // A series with its own times gets no end.
        #expect(bench.series("a") == "14:1")
        bench = try ScrapeBench("track_timestamps_staleness: true")
        bench.scrape("a 1 14000\n")
        bench.scrape("b 1\n")
        #expect(bench.series("a") == "14:1 30:stale")
        bench = try ScrapeBench("honor_timestamps: false")
        bench.scrape("a 1 14000\n")
        #expect(bench.series("a") == "15:1")
        bench = try ScrapeBench()
        bench.scrape("a 1 14\na 2 14.5\n# EOF\n", type: "application/openmetrics-text; version=1.0.0")
        #expect(
            bench.store.samples(
                bench.store.identifier(of: Labels(["__name__": "a", "job": "api", "instance": "api:80"])) ?? 0
            ).map(\.time) == [14_000, 14_500])
    }

    @Test func aTimeFarAheadIsRefused() throws {
        var bench = try ScrapeBench()
        let report = bench.scrape("a 1 615000\nb 1 615001\n")
        #expect(report.isUp && report.refused == 1 && report.postRelabelling == 2)
        #expect(bench.series("a") == "615:1" && bench.series("b") == "none")
    }

    @Test func refusedSamplesDoNotFailTheScrape() throws {
        var bench = try ScrapeBench()
        bench.scrape("a 1 14000\n")
        let report = bench.scrape("a 1 13000\nb 1\nb 2\n")
        #expect(report.isUp && report.refused == 2 && report.postRelabelling == 3)
        #expect(bench.series("b") == "30:1")
    }

    @Test func boundsAreNormalisedByType() throws {
        var bench = try ScrapeBench()
        bench.scrape(
            """
            # TYPE h histogram
            h_bucket{le="1"} 1
            h_bucket{le="+Inf"} 1
            # TYPE s summary
            s{quantile="0.50"} 1
            # TYPE g gauge
            g{le="1"} 1

            """)
        let all = bench.seriesOfScrapes.joined()
        #expect(all.contains("le=\"1.0\"") && all.contains("le=\"+Inf\"") && all.contains("quantile=\"0.5\""))
        #expect(all.contains("__name__=\"g\", instance=\"api:80\", job=\"api\", le=\"1\""))
    }

    @Test func exemplarsAndMetadataAreKept() throws {
        var configuration = TimeSeriesStore.Configuration()
        configuration.maxExemplars = 10
        var bench = try ScrapeBench(store: configuration)
        func text(_ value: String) -> String {
            "# TYPE x counter\n# HELP x Requests.\nx_total 1 # {trace_id=\"t\"} \(value) 14.5\n# EOF\n"
        }
        for value in ["0.5", "0.5", "0.7"] { bench.scrape(text(value), type: "application/openmetrics-text") }
        #expect(bench.store.exemplars.map(\.value) == [0.5, 0.7])
        #expect(bench.store.exemplars[0].series["job"] == "api" && bench.store.exemplars[0].time == 14_500)
        #expect(bench.pool.targets[0].metadata["x"]?.help == "Requests.")
        #expect(bench.pool.targets[0].metadata["x"]?.type == "counter")
    }

    @Test func samplesOfASimulatedExporterTakeTheSameWay() throws {
        var bench = try ScrapeBench()
        let names = ["a", "b", "c"].map { Labels(["__name__": $0]) }
        var metadata = MetricMetadata()
        metadata.type = "gauge"
        func samples(_ chosen: [Int]) -> ScrapeOutcome {
            .samples(chosen.map { ScrapedSample(names[$0], Double($0), type: "gauge") }, metadata: ["a": metadata])
        }
        bench.scrape(samples([0, 1, 2]))
        bench.scrape(samples([2, 0]))
        bench.scrape(samples([0, 1, 2]))
        #expect(bench.series("b") == "15:1 30:stale 45:1" && bench.series("a") == "15:0 30:0 45:0")
        #expect(bench.series("scrape_series_added") == "15:3 30:0 45:1")
        bench.scrape(
            .samples([ScrapedSample(Labels(["__name__": "h_bucket", "le": "5"]), 1, type: "histogram")], metadata: [:]))
        #expect(bench.seriesOfScrapes.joined().contains("le=\"5.0\""))
        #expect(bench.store.metadata["a"]?.type == "gauge")
    }

    @Test func aTargetThatIsGoneIsEndedAfterTwoIntervals() throws {
        var bench = try ScrapeBench()
        bench.scrape("a 1\n")
        bench.synchronize([])
        #expect(bench.pool.nextDue == 46_500)
        bench.pool.endStaleSeries(at: 46_499, in: &bench.store)
        #expect(bench.series("up") == "15:1")
        bench.pool.endStaleSeries(at: 46_500, in: &bench.store)
        #expect(bench.series("a") == "15:1 30:stale" && bench.series("up") == "15:1 30:stale")
        #expect(bench.pool.nextDue == nil)
    }

    @Test func aTargetThatComesBackInTimeHasNoEnd() throws {
        var configuration = TimeSeriesStore.Configuration()
        configuration.outOfOrderWindow = 600_000
        var bench = try ScrapeBench(store: configuration)
        bench.scrape("a 1\n")
        bench.synchronize([])
        bench.now = 20_000
        bench.synchronize()
        for _ in 0..<4 { bench.scrape("a 2\n") }
        #expect(bench.series("a") == "15:1 30:2 45:2 60:2")
        #expect(bench.series("up") == "15:1 30:1 45:1 60:1")
    }

    @Test func aScrapeOnItsWayMissesTheNext() throws {
        var bench = try ScrapeBench()
        let id = bench.pool.targets[0].id
        #expect(bench.pool.start(id, at: 15_000)?.url == "http://api:80/metrics")
        #expect(bench.pool.due(at: 30_000) == [id])
        #expect(bench.pool.start(id, at: 30_000) == nil)
        #expect(bench.pool.nextDue == 45_000)
        // The sample's time is that of the request.
        bench.pool.finish(id, .text("a 1\n", contentType: ScrapeBench.text), duration: 20, into: &bench.store)
        #expect(bench.series("a") == "15:1")
        #expect(bench.pool.finish(id, .timeout, duration: 1, into: &bench.store) == nil)
    }

    @Test func relabellingDecidesWhatIsScrapedAndHow() throws {
        var bench = try ScrapeBench(
            """
            params: {module: [http]}
            keep_dropped_targets: 1
            relabel_configs:
            - {source_labels: [__address__], regex: "drop.*", action: drop}
            - {source_labels: [path], target_label: __metrics_path__}
            - {source_labels: [__address__], target_label: __param_target}
            - {source_labels: [slow], regex: "yes", target_label: __scrape_interval__, replacement: 1m}
            """)
        let target = Labels(["__address__": "a b:1", "path": "/x y", "__meta_z": "1"])
        bench.synchronize([
            TargetGroup(
                source: "g", labels: Labels(["slow": "yes"]),
                targets: [
                    Labels(["__address__": "drop1:1"]), Labels(["__address__": "drop2:1"]), target,
                    Labels(["__address__": "bad/1"]), Labels(["nothing": "1"]),
                ])
        ])
        #expect(bench.pool.targets.map(\.url) == ["http://a b:1/x%20y?module=http&target=a+b%3A1"])
        #expect(bench.pool.targets[0].interval == 60_000 && bench.pool.targets[0].labels["instance"] == "a b:1")
        #expect(bench.pool.targets[0].discoveredLabels["__meta_z"] == "1")
        #expect(bench.pool.targets[0].allLabels["__meta_z"].isEmpty)
        #expect(bench.pool.droppedCount == 2 && bench.pool.droppedTargets.count == 1)
        #expect(
            bench.pool.failures == [
                "instance 3 in group g: \"bad/1\" is not a valid hostname", "instance 4 in group g: no address",
            ])
    }

    /// Of two groups that come to the same target one may go; the target stays while the other is there.
    @Test func aTargetOfTwoGroupsGoesWithTheLast() throws {
        var bench = try ScrapeBench("relabel_configs: [{regex: zone, action: labeldrop}]")
        func group(_ source: String, _ zone: String) -> TargetGroup {
            TargetGroup(
                source: source, labels: Labels(["zone": zone]), targets: [Labels(["__address__": "api:80"])])
        }
        bench.synchronize([group("a", "1"), group("b", "2")])
        let id = bench.pool.targets.map(\.id)
        #expect(id.count == 1)
        for groups in [["a", "b"], ["b"], ["b"], ["a", "b"], ["a"]] {
            bench.synchronize(groups.map { group($0, $0) })
            #expect(bench.pool.targets.map(\.id) == id, "\(groups)")
        }
        bench.synchronize([group("a", "1"), group("a", "1")])
        #expect(bench.pool.targets.map(\.id) == id)
        bench.synchronize([])
        #expect(bench.pool.targets.isEmpty)
    }

    @Test func scrapesAreSpreadByHash() throws {
        let job = try ScrapeBench().pool.configuration
        var pool = ScrapePool(job)
        let groups = [
            TargetGroup(
                source: "0", labels: .empty, targets: (0..<200).map { Labels(["__address__": "host\($0):80"]) })
        ]
        pool.synchronize(groups, now: 100_000)
        let offsets = pool.targets.map { $0.nextScrape - 100_000 }
        #expect(offsets.allSatisfy { $0 > 0 && $0 <= 15_000 })
        // Each fifth of the interval has its share.
        for fifth in 0..<5 { #expect(offsets.count { $0 / 3001 == Int64(fifth) } > 20) }
        var again = ScrapePool(job)
        again.synchronize(groups, now: 107_000)
        for (one, other) in zip(pool.targets, again.targets) {
            #expect((one.nextScrape - other.nextScrape) % 15_000 == 0)
        }
        #expect(ScrapePool.next(after: 30_000, interval: 15_000, offset: 0) == 45_000)
        #expect(ScrapePool.next(after: 29_999, interval: 15_000, offset: 0) == 30_000)
    }

    @Test func aReloadKeepsWhatIsKnown() throws {
        var bench = try ScrapeBench()
        bench.scrape("a 1\nb 1\n")
        var changed = bench.pool.configuration
        changed.metricRelabelling = Relabelling([
            try RelabelConfiguration(sourceLabels: ["__name__"], regex: "b", action: .drop)
        ])
        bench.pool.reload(changed, groups: changed.discovery.groups(in: DiscoveredObjects()), now: bench.now)
        bench.scrape("a 2\nb 2\n")
        #expect(bench.series("a") == "15:1 30:2" && bench.series("b") == "15:1 30:stale")
        #expect(bench.series("up") == "15:1 30:1")
    }
}
