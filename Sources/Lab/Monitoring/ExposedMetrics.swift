import Monitoring
import PromQL
import Simulation
import Workloads

/// What one target exposes: samples in the order in which they are added, and what is known of their metrics.
struct ExposedMetrics {
    private(set) var samples: [ScrapedSample] = []
    private(set) var metadata: [String: MetricMetadata] = [:]

    var outcome: ScrapeOutcome { .samples(samples, metadata: metadata) }

    /// Says what a metric is; its samples follow.
    mutating func describe(_ name: String, _ type: String, _ help: String, unit: String = "") {
        var entry = MetricMetadata()
        (entry.type, entry.help, entry.unit) = (type, help, unit)
        metadata[name] = entry
    }

    mutating func add(_ name: String, _ labels: KeyValuePairs<String, String> = [:], _ value: Double) {
        add(name, Array(labels.map { Label($0.key, $0.value) }), value)
    }

    /// Labels with empty values are as good as none.
    mutating func add(
        _ name: String, _ labels: [Label], _ value: Double, family: String? = nil, exemplar: ScrapedExemplar? = nil
    ) {
        let all = [Label(Labels.metricName, name)] + labels.filter { !$0.value.isEmpty }
        samples.append(
            ScrapedSample(Labels(all), value, type: metadata[family ?? name]?.type ?? "unknown", exemplar: exemplar))
    }

    /// A classic histogram over upper bounds in seconds, ascending, without +Inf. A bucket has the newest exemplar whose
    /// value falls into it and into none before.
    mutating func addHistogram(
        _ name: String, _ labels: [Label], _ histogram: LatencyHistogram, bounds: [Double],
        exemplars: [ScrapedExemplar] = []
    ) {
        func exemplar(above lower: Double, atMost upper: Double) -> ScrapedExemplar? {
            exemplars.filter { $0.value > lower && $0.value <= upper }.max { ($0.time ?? 0) < ($1.time ?? 0) }
        }
        var lower = -Double.infinity
        for bound in bounds {
            let count = histogram.count(atMost: Duration(seconds: bound)).rounded(.down)
            add(
                name + "_bucket", labels + [Label("le", Exposition.formatFloat(bound))],
                min(count, Double(histogram.count)), family: name, exemplar: exemplar(above: lower, atMost: bound))
            lower = bound
        }
        add(
            name + "_bucket", labels + [Label("le", "+Inf")], Double(histogram.count), family: name,
            exemplar: exemplar(above: lower, atMost: .infinity))
        add(name + "_sum", labels, histogram.sum.seconds, family: name)
        add(name + "_count", labels, Double(histogram.count), family: name)
    }
}
