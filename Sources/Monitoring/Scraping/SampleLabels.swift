import PromQL

/// Makes the stored label set of an exposed one: the target's labels, metric relabelling, the limits.
struct SampleLabels: Sendable, Equatable {
    /// The target's labels without those that begin with two underscores.
    let target: Labels
    let honorLabels: Bool
    let relabelling: Relabelling
    let limits: ScrapeLimits

    private static let exportedPrefix = "exported_"

    /// The labels to store; nil if metric relabelling drops the series. Throws what makes the whole scrape fail.
    func stored(_ exposed: Labels) throws(ScrapeError) -> Labels? {
        var builder = LabelSetBuilder(exposed)
        if honorLabels {
            for label in target.pairs where builder[label.name].isEmpty { builder.set(label.name, label.value) }
        } else {
            var conflicts: [Label] = []
            for label in target.pairs {
                let existing = builder[label.name]
                if !existing.isEmpty { conflicts.append(Label(label.name, existing)) }
                builder.set(label.name, label.value)
            }
            // Short names first, so that the name of one is not taken by another that was moved.
            for conflict in conflicts.sorted(by: { $0.name.utf8.count < $1.name.utf8.count }) {
                var name = Self.exportedPrefix + conflict.name
                while !builder[name].isEmpty { name = Self.exportedPrefix + name }
                builder.set(name, conflict.value)
            }
        }
        guard relabelling.apply(&builder), !builder.pairs.isEmpty else { return nil }
        let name = builder[Labels.metricName]
        if name.isEmpty { throw ScrapeError("missing metric name (__name__ label)") }
        try check(builder.pairs, name)
        return builder.labels
    }

    /// A series that a scrape makes itself, such as `up`.
    func reported(_ name: String) -> Labels { target.setting(Labels.metricName, to: name) }

    private func check(_ pairs: [Label], _ metric: String) throws(ScrapeError) {
        let metric = metric.prefix(50)
        if limits.labels > 0, pairs.count > limits.labels {
            throw ScrapeError(
                "label_limit exceeded (metric: \(metric), number of labels: \(pairs.count), limit: \(limits.labels))")
        }
        guard limits.labelNameLength > 0 || limits.labelValueLength > 0 else { return }
        for label in pairs {
            let nameLength = label.name.utf8.count
            if limits.labelNameLength > 0, nameLength > limits.labelNameLength {
                throw ScrapeError(
                    "label_name_length_limit exceeded (metric: \(metric), label name: \(label.name.prefix(50)), "
                        + "length: \(nameLength), limit: \(limits.labelNameLength))")
            }
            let valueLength = label.value.utf8.count
            if limits.labelValueLength > 0, valueLength > limits.labelValueLength {
                throw ScrapeError(
                    "label_value_length_limit exceeded (metric: \(metric), label name: \(label.name.prefix(50)), "
                        + "value: \(GoQuote.quote(String(label.value.prefix(50)))), length: \(valueLength), "
                        + "limit: \(limits.labelValueLength))")
            }
        }
    }

    /// `le="1"` of a histogram and `quantile="0.50"` of a summary as OpenMetrics writes numbers.
    static func normalised(_ labels: Labels, type: String) -> Labels {
        let name: String
        switch type {
        case "histogram", "gaugehistogram": name = "le"
        case "summary": name = "quantile"
        default: return labels
        }
        let text = labels[name]
        guard !text.isEmpty, let number = GoFloat.parse(text) else { return labels }
        let normal = Exposition.formatFloat(number)
        return ByteOrder.same(normal, text) ? labels : labels.setting(name, to: normal)
    }
}
