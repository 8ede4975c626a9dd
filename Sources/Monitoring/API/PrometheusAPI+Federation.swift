import PromQL

/// `/federate`: the newest sample of chosen series in the text format, for another Prometheus to scrape.
extension PrometheusAPI {
    /// Answers with every series that one of the selectors in `match[]` matches and that has a sample within the look-back.
    ///
    /// External labels are added where a series has no such label, and an empty `instance` where it has none, so that the
    /// scraping server does not put its own there. Native histograms have no place in the format and are left out.
    func federation(_ request: Request) -> Answer {
        let sets: [[LabelMatcher]]
        do { sets = try matchers(request) } catch {
            let text = error.message.hasPrefix(Self.parameter) ? error.message.dropFirst(Self.parameter.count) : ""
            return Answer(text: text + "\n", status: error.status)
        }
        let external = externalLabels
        var found: [(labels: Labels, line: String)] = []
        for id in Set(sets.flatMap { server.store.select($0) }).sorted() {
            let labels = server.store.labels(id)
            guard let sample = newest(id), !labels.name.isEmpty else { continue }
            found.append((labels, Self.line(labels, external, sample)))
        }
        found.sort {
            let order = ByteOrder.compare($0.labels.name, $1.labels.name)
            return order == 0 ? Labels.compare($0.labels, $1.labels) < 0 : order < 0
        }
        var (text, family) = ("", "")
        for (labels, line) in found {
            if !ByteOrder.same(labels.name, family) {
                family = labels.name
                text += "# TYPE \(Self.name(family)) untyped\n"
            }
            text += line
        }
        return Answer(200, "text/plain; version=0.0.4; charset=utf-8", Array(text.utf8))
    }

    private static let parameter = "invalid parameter \"match[]\": "

    /// In the order of their names, `instance` among them.
    private var externalLabels: [Label] {
        let pairs = server.configuration.global.externalLabels.pairs
        let missing = pairs.contains { $0.name == "instance" } ? [] : [Label("instance", "")]
        return (pairs + missing).sorted { ByteOrder.less($0.name, $1.name) }
    }

    /// The newest sample at or before now, unless it is older than the look-back or says that the series has ended.
    private func newest(_ id: SeriesID) -> Sample? {
        let samples = server.store.samples(id, after: now - server.engine.options.lookback - 1, through: now)
        return samples.last.flatMap { StaleMarker.isStale($0.value) ? nil : $0 }
    }

    private static func line(_ labels: Labels, _ external: [Label], _ sample: Sample) -> String {
        let own = labels.pairs.filter { $0.name != Labels.metricName }
        let added = external.filter { label in !own.contains { ByteOrder.same($0.name, label.name) } }
        let pairs = (own + added).map { "\(name($0.name))=\(quoted($0.value))" }.joined(separator: ",")
        let series =
            Labels.isLegacyMetricName(labels.name)
            ? "\(labels.name){\(pairs)}" : "{\(name(labels.name))\(pairs.isEmpty ? "" : ",")\(pairs)}"
        return "\(series) \(GoFloat.general(sample.value)) \(sample.time)\n"
    }

    /// A name of a metric or a label, in quotes unless it is a classic one.
    private static func name(_ name: String) -> String { Labels.isLegacyMetricName(name) ? name : quoted(name) }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\"
            case "\"": out += "\\\""
            case "\n": out += "\\n"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
