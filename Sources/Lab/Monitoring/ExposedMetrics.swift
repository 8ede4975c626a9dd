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
    mutating func add(_ name: String, _ labels: [Label], _ value: Double, family: String? = nil) {
        let all = [Label(Labels.metricName, name)] + labels.filter { !$0.value.isEmpty }
        samples.append(ScrapedSample(Labels(all), value, type: metadata[family ?? name]?.type ?? "unknown"))
    }

    /// A classic histogram over upper bounds in seconds, ascending, without +Inf.
    mutating func addHistogram(_ name: String, _ labels: [Label], _ histogram: LatencyHistogram, bounds: [Double]) {
        for bound in bounds {
            let count = histogram.count(atMost: Duration(seconds: bound)).rounded(.down)
            add(
                name + "_bucket", labels + [Label("le", Exposition.formatFloat(bound))],
                min(count, Double(histogram.count)),
                family: name)
        }
        add(name + "_bucket", labels + [Label("le", "+Inf")], Double(histogram.count), family: name)
        add(name + "_sum", labels, histogram.sum.seconds, family: name)
        add(name + "_count", labels, Double(histogram.count), family: name)
    }
}
