import PromQL

/// `promtool check metrics` as a pure function: the remarks of Prometheus' linter on exposition text.
public enum MetricsCheck {
    /// One remark.
    public struct Problem: Sendable, Equatable {
        public var metric: String
        public var text: String
    }

    /// What the command prints, and its exit code: 0, 1 if the text cannot be read, 3 if there are remarks.
    public static func run(_ exposition: String) -> ConfigurationCheck.Output {
        do throws(ExpositionError) {
            let problems = try problems(exposition)
            if let last = exposition.utf8.last, last != 10 {
                let line = exposition.utf8.count { $0 == 10 } + 1
                return ConfigurationCheck.Output(
                    text: "error while linting: text format parsing error in line \(line): "
                        + "unexpected end of input stream\n", exitCode: 1)
            }
            return ConfigurationCheck.Output(
                text: problems.map { "\($0.metric) \($0.text)\n" }.joined(), exitCode: problems.isEmpty ? 0 : 3)
        } catch {
            return ConfigurationCheck.Output(
                text: "error while linting: text format parsing error in \(error)\n", exitCode: 1)
        }
    }

    /// The remarks, by metric and text.
    public static func problems(_ exposition: String) throws(ExpositionError) -> [Problem] {
        var families = MetricFamilies()
        try families.read(exposition)
        return families.all.flatMap { family in
            family.remarks.map { Problem(metric: family.name, text: $0) }
        }.sorted {
            let order = ByteOrder.compare($0.metric, $1.metric)
            return order == 0 ? ByteOrder.less($0.text, $1.text) : order < 0
        }
    }
}

/// The metrics of a text by the name that their TYPE line gives.
private struct MetricFamilies {
    private(set) var all: [MetricFamily] = []
    private var places: [String: Int] = [:]

    mutating func read(_ text: String) throws(ExpositionError) {
        var reader = ExpositionReader(text, format: .prometheus)
        var samples: [Labels] = []
        try reader.read { (_, sample) throws(ExpositionError) in samples.append(sample.labels) }
        for labels in samples {
            let name = Self.family(of: labels.name, reader.metadata)
            if places[name] == nil {
                places[name] = all.count
                let known = reader.metadata[name] ?? reader.metadata[labels.name]
                all.append(MetricFamily(name: name, type: known?.type ?? "unknown", help: known?.help ?? ""))
            }
            if let place = places[name] { all[place].add(labels) }
        }
    }

    /// `x_bucket` belongs to the histogram `x`, `x_sum` and `x_count` to it or to the summary.
    private static func family(of name: String, _ metadata: [String: MetricMetadata]) -> String {
        for (suffix, types) in [
            ("_bucket", ["histogram"]), ("_sum", ["histogram", "summary"]), ("_count", ["histogram", "summary"]),
        ] where name.hasSuffix(suffix) {
            let base = String(name.dropLast(suffix.count))
            if let type = metadata[base]?.type, types.contains(type) { return base }
        }
        return name
    }
}

private struct MetricFamily {
    let name: String
    let type: String
    let help: String
    /// Label sets without what a histogram or summary adds to them, each once a metric.
    private var metrics: [Labels] = []
    private var repeated = 0
    private var seen: Set<Labels> = []

    init(name: String, type: String, help: String) {
        self.name = name
        self.type = type
        self.help = help
    }

    mutating func add(_ labels: Labels) {
        let isComposed = type == "histogram" || type == "summary"
        let own = labels.removing([Labels.metricName] + (isComposed ? ["le", "quantile"] : []))
        if seen.insert(own).inserted { metrics.append(own) } else if !isComposed { repeated += 1 }
    }

    /// A unit and the one that it should be given in.
    private static let units = [
        "amperes": "amperes", "bytes": "bytes", "celsius": "celsius", "grams": "grams", "joules": "joules",
        "kelvin": "kelvin", "meters": "meters", "metres": "metres", "seconds": "seconds", "volts": "volts",
        "minutes": "seconds", "hours": "seconds", "days": "seconds", "weeks": "seconds", "kelvins": "kelvin",
        "fahrenheit": "celsius", "rankine": "celsius", "inches": "meters", "yards": "meters", "miles": "meters",
        "bits": "bytes", "calories": "joules", "pounds": "grams", "ounces": "grams",
    ]
    private static let prefixes = [
        "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega", "mibi", "giga",
        "gibi", "tera", "tebi", "peta", "pebi",
    ]
    private static let abbreviations = [
        "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d",
    ]
    private static let types = ["counter", "gauge", "summary", "histogram", "gauge_histogram"]

    var remarks: [String] {
        var remarks: [String] = []
        if help.isEmpty { remarks.append("no help text") }
        if let (unit, base) = unit, unit != base {
            remarks.append("use base unit \"\(base)\" instead of \"\(unit)\"")
        }
        remarks += suffixRemarks
        let lower = "_" + name.lowercased() + "_"
        for type in Self.types where lower.dropFirst().contains("_\(type)_") {
            remarks.append("metric name should not include type '\(type)'")
        }
        if name.contains(":") { remarks.append("metric names should not contain ':'") }
        if Self.isCamelCase(name) {
            remarks.append("metric names should be written in 'snake_case' not 'camelCase'")
        }
        for label in metrics.flatMap(\.pairs) where Self.isCamelCase(label.name) {
            remarks.append("label names should be written in 'snake_case' not 'camelCase'")
        }
        for unit in Self.abbreviations where lower.dropFirst().contains("_\(unit)_") {
            remarks.append("metric names should not contain abbreviated units")
        }
        return remarks + Array(repeating: "metric not unique", count: repeated)
    }

    /// What the ends of a name and some labels are reserved for.
    private var suffixRemarks: [String] {
        guard type != "unknown" else { return [] }
        var remarks: [String] = []
        let isHistogram = type == "histogram"
        let isSummary = type == "summary"
        if type == "counter", !name.hasSuffix("_total") {
            remarks.append("counter metrics should have \"_total\" suffix")
        } else if type != "counter", name.hasSuffix("_total") {
            remarks.append("non-counter metrics should not have \"_total\" suffix")
        }
        if type != "gauge", name.hasSuffix("_timestamp_seconds") {
            remarks.append("non-gauge metrics should not have \"_timestamp_seconds\" suffix")
        }
        if !isHistogram, name.hasSuffix("_bucket") {
            remarks.append("non-histogram metrics should not have \"_bucket\" suffix")
        }
        for suffix in ["_count", "_sum"] where !isHistogram && !isSummary && name.hasSuffix(suffix) {
            remarks.append("non-histogram and non-summary metrics should not have \"\(suffix)\" suffix")
        }
        for label in metrics.flatMap(\.pairs) {
            if !isHistogram, label.name == "le" {
                remarks.append("non-histogram metrics should not have \"le\" label")
            }
            if !isSummary, label.name == "quantile" {
                remarks.append("non-summary metrics should not have \"quantile\" label")
            }
        }
        return remarks
    }

    private var unit: (unit: String, base: String)? {
        for word in name.split(separator: "_").map(String.init) {
            if let base = Self.units[word] { return (word, base) }
            for prefix in Self.prefixes where word.hasPrefix(prefix) {
                if let base = Self.units[String(word.dropFirst(prefix.count))] { return (word, base) }
            }
        }
        return nil
    }

    private static func isCamelCase(_ name: String) -> Bool {
        zip(name.utf8, name.utf8.dropFirst()).contains { (97...122).contains($0) && (65...90).contains($1) }
    }
}
