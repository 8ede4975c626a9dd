extension TimeSeriesStore {
    /// Takes in exposition text. Samples without a time get `defaultTime`; without that, they are an error.
    ///
    /// A sample that the store refuses (out of order, twice) is an error with its line.
    public mutating func load(
        _ bytes: [UInt8], format: ExpositionFormat = .openMetrics, defaultTime: Int64? = nil
    ) throws(ExpositionError) {
        var reader = ExpositionReader(bytes, format: format)
        var identifiers: [SeriesID] = []
        var store = self
        var lines = 0
        try reader.read { (number, sample) throws(ExpositionError) in
            lines += 1
            while identifiers.count <= number { identifiers.append(store.series(for: sample.labels)) }
            guard let time = sample.time ?? defaultTime else {
                throw ExpositionError(line: lines, message: "sample \(lines) (\(sample.labels)) has no timestamp")
            }
            do throws(AppendError) {
                try store.append(identifiers[number], time: time, value: sample.value)
            } catch {
                throw ExpositionError(line: lines, message: "sample \(lines) (\(sample.labels) at \(time)): \(error)")
            }
            if let exemplar = sample.exemplar {
                store.append(
                    Exemplar(
                        series: sample.labels, labels: exemplar.labels, value: exemplar.value,
                        time: exemplar.time ?? time))
            }
        }
        store.note(reader.metadata)
        self = store
    }

    /// All float samples as OpenMetrics text, series by series in the order of their labels, each with the newest exemplar
    /// that came with it or since the sample before. Stale markers and native histograms have no place in the format and
    /// are left out.
    public func openMetrics() -> String {
        var out = ""
        var family = ""
        let requests = Dictionary(grouping: exemplars, by: \.series)
        let ids = allSeries.sorted { Labels.compare(labels($0), labels($1)) < 0 }
        for id in ids {
            let labels = labels(id)
            let name = labels.name
            if name != family {
                family = name
                if let entry = metadata[name] { out += "# TYPE \(name) \(entry.type)\n" }
            }
            var series = Labels.isLegacyMetricName(name) ? name + "{" : "{" + GoQuote.quote(name) + ","
            for pair in labels.pairs where pair.name != Labels.metricName {
                series +=
                    (Labels.isLegacyLabelName(pair.name) ? pair.name : Self.quoted(pair.name)) + "="
                    + Self.quoted(pair.value) + ","
            }
            if series.hasSuffix(",") { series.removeLast() }
            series += "} "
            var waiting = (requests[labels] ?? [])[...]
            for sample in samples(id) where !StaleMarker.isStale(sample.value) {
                out += series + GoFloat.general(sample.value) + " " + TimestampText.seconds(sample.time)
                var newest: Exemplar?
                while (waiting.first?.time ?? .max) <= sample.time { newest = waiting.popFirst() }
                if let newest { out += Self.text(newest) }
                out += "\n"
            }
        }
        return out + "# EOF\n"
    }

    private static func text(_ exemplar: Exemplar) -> String {
        let labels = exemplar.labels.pairs.map { $0.name + "=" + quoted($0.value) }.joined(separator: ",")
        return " # {\(labels)} \(GoFloat.general(exemplar.value)) \(TimestampText.seconds(exemplar.time))"
    }

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

/// Milliseconds as seconds, exactly.
enum TimestampText {
    /// `1767230000` or `1767230000.500`: three decimals if any, as Prometheus' JSON has them.
    static func seconds(_ milliseconds: Int64) -> String {
        let magnitude = milliseconds.magnitude
        let fraction = magnitude % 1000
        return (milliseconds < 0 ? "-" : "") + String(magnitude / 1000)
            + (fraction == 0 ? "" : "." + String(1000 + fraction).dropFirst())
    }
}
