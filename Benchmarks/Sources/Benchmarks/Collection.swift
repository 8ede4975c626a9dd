import Foundation
import Lab
import PromQL
import Simulation

/// Samples on their way in, beside Debian's Prometheus in the same run, and worlds that are scraped.
func collection() throws -> [Figure] {
    try appended() + imported() + [try monitoredDesk(), try month()]
}

/// The series of the query benchmark, 2,880 times, as `promtool tsdb bench write` appends them.
private func appended() throws -> [Figure] {
    let data = MetricData()
    let scrapes = 2_880
    var store = TimeSeriesStore()
    let identifiers = data.series.map { store.series(for: $0) }
    // The peer adds 1,000 to each value from scrape to scrape, so the same is done here.
    let own = try median(of: 3) {
        store = TimeSeriesStore()
        for labels in data.series { _ = store.series(for: labels) }
        return try seconds {
            for scrape in 0..<scrapes {
                let time = data.time(0) + Int64(scrape) * 30_000
                for id in identifiers { try store.append(id, time: time, value: Double(123_456_789 + 1000 * scrape)) }
            }
        }
    }
    let rate = Double(identifiers.count * scrapes) / own
    var figures = [
        Figure(
            "Collection: samples appended a second and core", rate, "samples/s",
            note: "\(identifiers.count) series, \(scrapes) samples each, median of 3")
    ]
    let folder = NSTemporaryDirectory() + "kubelab-bench-write"
    guard Shell.sh("command -v promtool && rm -rf '\(folder)' && mkdir -p '\(folder)'").status == 0 else {
        return figures
    }
    defer { _ = Shell.sh("rm -rf '\(folder)'") }
    let lines = data.series.map { labels in
        "{" + labels.pairs.map { "\"\($0.name)\":\"\($0.value)\"" }.joined(separator: ",") + "}"
    }
    try (lines.joined(separator: "\n") + "\n").write(
        toFile: folder + "/series.json", atomically: true, encoding: .utf8)
    var total = 0.0
    let peer = median(of: 3) {
        let before = childrenSeconds()
        let run = Shell.sh(
            "cd '\(folder)' && rm -rf out && promtool tsdb bench write --out=out --metrics=\(lines.count) --scrapes=\(scrapes) series.json 2>&1"
        )
        // What it counts as appended; it starts a new scrape of ten steps only while the number allows.
        let word = run.text.split(separator: "\n").first { $0.contains("total samples") }?.split(separator: " ").last
        total = word.flatMap { Double($0) } ?? .nan
        return childrenSeconds() - before
    }
    guard total > 0 else { return figures }
    figures.append(
        Figure(
            "Collection: samples appended a second and core, ratio to Prometheus", rate / (total / peer), "times",
            .atLeast, 1,
            note:
                "promtool tsdb bench write: \(Figure.format(total / peer)) samples/s of processor time, its write-ahead log and start included"
        ))
    return figures
}

/// OpenMetrics text becomes series: two hours of the query benchmark's data.
private func imported() throws -> [Figure] {
    let data = MetricData(steps: 480)
    let folder = NSTemporaryDirectory() + "kubelab-import"
    guard Shell.sh("rm -rf '\(folder)' && mkdir -p '\(folder)'").status == 0 else { return [] }
    defer { _ = Shell.sh("rm -rf '\(folder)'") }
    try data.write(to: folder + "/data.om")
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/data.om")))
    let own = try median(of: 3) {
        var store = TimeSeriesStore()
        return try seconds { try store.load(bytes) }
    }
    let name = "Collection: OpenMetrics text read into series"
    let note = "\(data.count) samples, \(bytes.count / 1_000_000) MB"
    guard Shell.sh("command -v promtool").status == 0 else {
        return [Figure(name, Double(data.count) / own, "samples/s", note: note + "; no promtool here")]
    }
    let peer = median(of: 3) {
        let before = childrenSeconds()
        _ = Shell.sh("cd '\(folder)' && rm -rf out && promtool tsdb create-blocks-from openmetrics -q data.om out")
        return childrenSeconds() - before
    }
    return [
        Figure(
            name + ", ratio to promtool", peer / own, "times", .atLeast, 1,
            note:
                "\(note): \(Figure.format(own)) s; promtool tsdb create-blocks-from: \(Figure.format(peer)) s of processor time, its files included"
        )
    ]
}

/// The whole support desk, every program, node and object of it scraped each 15 s.
private func monitoredDesk() throws -> Figure {
    let folder = fixtures + "/support-desk"
    let text =
        try String(contentsOfFile: folder + "/scenario.yaml", encoding: .utf8).replacingOccurrences(
            of: "manifests: [manifests.yaml]", with: "") + "monitoring: {}\n"
    let manifests = try String(contentsOfFile: folder + "/manifests.yaml", encoding: .utf8).replacingOccurrences(
        of: #"    metadata: \{labels: \{app: ([a-z-]+)\}\}"#,
        with: #"    metadata: {labels: {app: $1}, annotations: {prometheus.io/scrape: "true"}}"#,
        options: .regularExpression)
    var file = ScenarioFile(scenario: try ScenarioFile.parse(text, file: "desk"), text: text, manifests: [])
    file.scenario.workloads = .supportDesk()
    var world = try file.world(seed: 1)
    if let failure = world.apply(manifests, file: "manifests.yaml", author: "scenario").failures.first { throw failure }
    try world.advance(to: .zero + .minutes(10))
    let begun = world
    let wall = try median(of: 3) {
        world = begun
        return try seconds { try world.advance(to: .zero + .minutes(70)) }
    }
    let store = world.monitoring?.prometheus.store
    let count = store?.allSeries.count ?? 0
    return Figure(
        "Collection: support desk, all exporters scraped", 3_600 / wall, "× real time", .atLeast, 600,
        note: "\(count) series each 15 s, \(store?.samplesAppended ?? 0) samples in 70 minutes, median of 3")
}

/// The four weeks of exercise 1.4.
private func month() throws -> Figure {
    let file = try ScenarioFile.read(repository + "/labs/1-observability/1.4-burn-rate")
    let wall = try seconds {
        var world = try file.world(seed: 1)
        try world.advance(to: .zero + .hours(672))
    }
    return Figure("Collection: 28 days of exercise 1.4", wall, "s", .atMost, 10, note: "one seed, without judging")
}

/// Seconds of processor time that processes which have ended had.
private func childrenSeconds() -> Double {
    var usage = rusage()
    getrusage(RUSAGE_CHILDREN.rawValue, &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}
