extension QueryResult {
    /// The result as `promtool query` prints it: `up{job="api"} => 1 @[1767230000]`.
    public var text: String {
        switch value {
        case .scalar(let value): return "scalar: \(GoFloat.fixed(value)) @[\(QueryResult.seconds(time))]"
        case .string(let text): return text
        case .vector(let elements):
            return elements.map { element in
                QueryResult.metric(element.labels)
                    + " => \(QueryResult.text(element.value)) @[\(QueryResult.seconds(time))]"
            }.joined(separator: "\n")
        case .matrix(let series):
            return series.map { one in
                var points = one.floats.map { (time: $0.time, text: GoFloat.fixed($0.value)) }
                points += one.histograms.map { (time: $0.time, text: $0.histogram.description) }
                points.sort { $0.time < $1.time }
                return QueryResult.metric(one.labels) + " =>\n"
                    + points.map { "\($0.text) @[\(QueryResult.seconds($0.time))]" }.joined(separator: "\n")
            }.joined(separator: "\n")
        }
    }

    private static func seconds(_ time: Int64) -> String { GoFloat.fixed(Double(time) / 1000) }

    private static func text(_ value: PointValue) -> String {
        switch value {
        case .float(let value): GoFloat.fixed(value)
        case .histogram(let histogram): histogram.description
        }
    }

    /// The name before the braces, as in a query.
    private static func metric(_ labels: Labels) -> String {
        let name = labels.name
        guard Labels.isLegacyMetricName(name) else { return labels.description }
        let rest = labels.removing([Labels.metricName])
        return name + (rest.isEmpty ? "" : rest.description)
    }
}
