import Foundation
import PromQL

/// PromQL over 2,008 series × 24 h × 15 s: ingestion and queries, beside a real `prometheus` on the same samples if one
/// is installed (Debian's 2.42: `apt-get install prometheus`).
func queries() throws -> [Figure] {
    let data = MetricData()
    var store = TimeSeriesStore()
    let identifiers = data.series.map { store.series(for: $0) }
    let ingestion = try seconds {
        for step in 0..<MetricData.steps {
            let time = data.time(step)
            for (place, id) in identifiers.enumerated() {
                try store.append(id, time: time, value: data.values[step][place])
            }
        }
    }
    var figures = [
        Figure(
            "PromQL: samples ingested a second", Double(data.count) / ingestion, "samples/s",
            note: "\(data.series.count) series × 24 h × 15 s, appended by identifier, one thread"),
        Figure(
            "PromQL: bytes a sample", Double(store.sampleBytes) / Double(data.count), "bytes",
            note: "chunks with their headers"),
    ]
    let peer = PrometheusPeer(data)
    if let peer {
        figures.append(
            Figure(
                "PromQL: bytes a sample, ratio to Prometheus' chunks",
                Double(store.sampleBytes) / Double(data.count) / peer.bytesPerSample, "times", .atMost, 1.5,
                note: "its chunk files: \(Figure.format(peer.bytesPerSample)) bytes"))
    }
    defer { peer?.stop() }
    let engine = QueryEngine()
    let end = data.time(MetricData.steps - 1)
    let start = end - 86_340_000
    for (query, target) in [
        ("sum by (job) (rate(x[5m]))", 2.0), ("rate(x[5m])", 1), ("sum by (job) (rate(x[1h]))", 1), ("sum(x)", 1),
        ("histogram_quantile(0.95, rate(d_seconds_bucket[5m]))", 1),
        ("histogram_quantile(0.95, sum by (job, le) (rate(d_seconds_bucket[5m])))", 1),
    ] {
        let own = median(of: 5) {
            wallSeconds {
                _ = APIResponse.queryRange(query, engine: engine, store: store, start: start, end: end, step: 60_000)
            }
        }
        figures.append(compared("\(query), 24 h at 60 s", own, peer?.range(query, start, end), target))
    }
    for query in [
        "histogram_quantile(0.95, rate(d_seconds_bucket[5m]))", "sum by (job) (rate(x[5m]))", "x",
        "max(max_over_time(x[24h]))", "max_over_time(sum(rate(x[5m]))[24h:1m])",
    ] {
        let own = median(of: 5) {
            wallSeconds { _ = APIResponse.query(query, engine: engine, store: store, time: end) }
        }
        figures.append(compared("\(query), at once", own, peer?.instant(query, end), 1))
    }
    return figures
}

private func compared(_ name: String, _ own: Double, _ peer: Double?, _ target: Double) -> Figure {
    guard let peer else {
        return Figure("PromQL: \(name)", own * 1000, "ms", .atMost, note: "with its JSON; no prometheus here")
    }
    return Figure(
        "PromQL: \(name), ratio to Prometheus", peer / own, "times", .atLeast, target,
        note: "\(Figure.format(own * 1000)) ms with its JSON; over HTTP \(Figure.format(peer * 1000)) ms")
}

/// 1,000 counters and 84 histograms of 12 buckets.
struct MetricData {
    static let steps = 5760
    let steps: Int
    let series: [Labels]
    /// Values by step.
    let values: [[Double]]

    var count: Int { series.count * steps }

    func time(_ step: Int) -> Int64 { 1_767_225_600_000 + Int64(step) * 15_000 }

    init(steps: Int = MetricData.steps) {
        self.steps = steps
        var series: [Labels] = []
        for number in 0..<1000 {
            series.append(
                Labels([
                    "__name__": "x", "job": "job-\(number % 10)",
                    "instance": "10.0.\(number / 250).\(number % 250):9100",
                    "code": "\(200 + number % 5)",
                ]))
        }
        let bounds = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "+Inf"]
        for number in 0..<84 {
            for bound in bounds {
                series.append(
                    Labels([
                        "__name__": "d_seconds_bucket", "job": "job-\(number % 10)",
                        "instance": "10.1.0.\(number):9100", "le": bound,
                    ]))
            }
        }
        var state: UInt64 = 1
        func roll(_ below: UInt64) -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double((state >> 33) % below)
        }
        var current = [Double](repeating: 0, count: series.count)
        var values: [[Double]] = []
        for _ in 0..<steps {
            for place in 0..<1000 { current[place] += roll(100) }
            for histogram in 0..<84 {
                var added = 0.0
                for bucket in 0..<12 {
                    added += roll(4)
                    current[1000 + histogram * 12 + bucket] += added
                }
            }
            values.append(current)
        }
        self.series = series
        self.values = values
    }

    func write(to path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else {
            throw CocoaError(.fileWriteUnknown)
        }
        for (place, labels) in series.enumerated() {
            let pairs = labels.pairs.filter { $0.name != "__name__" }.map { "\($0.name)=\"\($0.value)\"" }
            let prefix = labels.name + "{" + pairs.joined(separator: ",") + "} "
            var text = ""
            for step in 0..<steps { text += prefix + "\(Int(values[step][place])) \(time(step) / 1000)\n" }
            file.write(Data(text.utf8))
        }
        file.write(Data("# EOF\n".utf8))
        try file.close()
    }
}

/// A real server on the same samples.
struct PrometheusPeer {
    private let process = Process()
    private let folder: String
    let bytesPerSample: Double
    private static let address = "127.0.0.1:19190"

    /// Nil if there is no `prometheus` and `promtool`, or they do not start.
    init?(_ data: MetricData) {
        guard Shell.sh("command -v prometheus && command -v promtool && command -v curl").status == 0 else {
            return nil
        }
        folder = NSTemporaryDirectory() + "kubelab-promql-peer"
        guard Shell.sh("rm -rf '\(folder)' && mkdir -p '\(folder)'").status == 0 else { return nil }
        do { try data.write(to: folder + "/data.om") } catch { return nil }
        let made = Shell.sh(
            "cd '\(folder)' && promtool tsdb create-blocks-from openmetrics -q data.om data && rm data.om")
        guard made.status == 0 else { return nil }
        let size = Shell.sh("cat '\(folder)'/data/*/chunks/* | wc -c").text.trimmingCharacters(
            in: .whitespacesAndNewlines)
        bytesPerSample = (Double(size) ?? .nan) / Double(data.count)
        guard (try? "global: {}\n".write(toFile: folder + "/prometheus.yml", atomically: true, encoding: .utf8)) != nil
        else { return nil }
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "prometheus", "--config.file=\(folder)/prometheus.yml", "--storage.tsdb.path=\(folder)/data",
            "--storage.tsdb.retention.time=100y", "--web.listen-address=\(PrometheusPeer.address)", "--log.level=error",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        for _ in 0..<300 {
            if Shell.sh("curl -sf http://\(PrometheusPeer.address)/-/ready").status == 0 { return }
            Thread.sleep(forTimeInterval: 0.2)
        }
        process.terminate()
        return nil
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
        _ = Shell.sh("rm -rf '\(folder)'")
    }

    private func ask(_ path: String, _ parameters: [String]) -> Double {
        let words = parameters.map { "--data-urlencode '\($0)'" }.joined(separator: " ")
        return median(of: 5) {
            let answer = Shell.sh(
                "curl -s -o /dev/null -w '%{time_total}' http://\(PrometheusPeer.address)/api/v1/\(path) \(words)")
            return Double(answer.text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? .nan
        }
    }

    func range(_ query: String, _ start: Int64, _ end: Int64) -> Double {
        ask("query_range", ["query=\(query)", "start=\(start / 1000)", "end=\(end / 1000)", "step=60"])
    }

    func instant(_ query: String, _ time: Int64) -> Double { ask("query", ["query=\(query)", "time=\(time / 1000)"]) }
}
