import KubernetesAPI
import PromQL

/// A custom metric that there is.
public struct CustomMetric: Sendable, Hashable {
    public let resource: GroupResource
    /// Whether the objects that it describes lie in a namespace.
    public let isNamespaced: Bool
    public let name: String

    public init(resource: GroupResource, isNamespaced: Bool, name: String) {
        self.resource = resource
        self.isNamespaced = isNamespaced
        self.name = name
    }
}

/// What prometheus-adapter knows after it has looked through Prometheus' series: metrics by name, and how to ask.
///
///     let registry = AdapterRegistry(configuration, series: store.allSeries.map(store.labels))
///     let metric = CustomMetric(resource: .init(resource: "pods"), isNamespaced: true, name: "http_requests")
///     try registry.query(metric, namespace: "default", names: ["web-1", "web-2"])
///     // sum(rate(http_requests_total{namespace="default",pod=~"web-1|web-2"}[2m])) by (pod)
public struct AdapterRegistry: Sendable {
    struct Source: Sendable {
        let series: String
        /// Among the rules of its kind.
        let place: Int
        let rule: AdapterConfiguration.Rule

        /// The rule's query with matchers and grouping put in.
        func query(
            _ parts: [(label: String, sign: String, value: String)], groupBy: String
        ) throws(MetricsAPIError) -> String {
            var values: [String: String] = [:]
            for part in parts { values[part.label] = part.value }
            let text = rule.query.fill(
                .init(
                    fields: [
                        "Series": series, "GroupBy": groupBy,
                        "LabelMatchers": parts.map { $0.label + $0.sign + GoQuote.quote($0.value) }.joined(
                            separator: ","),
                    ], labelValues: values))
            if text.isEmpty { throw MetricsAPIError("empty query produced by metrics query template") }
            return text
        }
    }

    var custom: [CustomMetric: Source] = [:]
    var external: [String: Source] = [:]

    /// - Parameter series: what Prometheus' series API answers, over the time that the adapter looks back.
    public init(_ configuration: AdapterConfiguration, series: [Labels]) {
        for (place, rule) in configuration.rules.enumerated() {
            for labels in rule.selected(series) {
                guard let name = rule.metricName(labels.name) else { continue }
                let resources = rule.resources(of: labels)
                let isNamespaced = resources.contains(.namespaces)
                for resource in resources {
                    let metric = CustomMetric(
                        resource: resource, isNamespaced: isNamespaced && resource != .namespaces, name: name)
                    custom[metric] = Source(series: labels.name, place: place, rule: rule)
                }
            }
        }
        for (place, rule) in configuration.externalRules.enumerated() {
            for labels in rule.selected(series) {
                guard let name = rule.metricName(labels.name) else { continue }
                external[name] = Source(series: labels.name, place: place, rule: rule)
            }
        }
    }

    /// The custom metrics, as the API's discovery lists them (`pods/http_requests`).
    public var customMetrics: [CustomMetric] {
        custom.keys.sorted {
            let order = ByteOrder.compare($0.resource.text, $1.resource.text)
            if order != 0 { return order < 0 }
            return $0.name == $1.name ? !$0.isNamespaced && $1.isNamespaced : ByteOrder.less($0.name, $1.name)
        }
    }

    public var externalMetrics: [String] { external.keys.sorted(by: ByteOrder.less) }

    /// The query for a custom metric of some objects of a kind.
    public func query(
        _ metric: CustomMetric, namespace: String, names: [String], selector: LabelQuery = .everything,
        isList: Bool = false
    ) throws(MetricsAPIError) -> String {
        guard let source = custom[metric] else {
            throw MetricsAPIError(
                "the server could not find the metric \(metric.name) for \(metric.resource.text)"
                    + (names.count == 1 && !isList ? " \(names[0])" : ""))
        }
        var parts = try Self.parts(selector)
        if metric.isNamespaced, !namespace.isEmpty {
            parts.append((try source.rule.label(of: .namespaces), "=", namespace))
        }
        let label = try source.rule.label(of: metric.resource)
        parts.append((label, names.count > 1 ? "=~" : "=", names.joined(separator: "|")))
        return try source.query(parts, groupBy: label)
    }

    /// The query for an external metric.
    public func query(
        external name: String, namespace: String, selector: LabelQuery = .everything
    ) throws(MetricsAPIError) -> String {
        guard let source = external[name] else {
            // The adapter names a resource in the namespace `default` only.
            throw MetricsAPIError(
                "the server could not find the metric \(name) for \(namespace == "default" ? "namespaces" : "")")
        }
        var parts = try Self.parts(selector)
        if source.rule.isNamespaced, !namespace.isEmpty {
            parts.append((try source.rule.label(of: .namespaces), "=", namespace))
        }
        return try source.query(parts, groupBy: "")
    }

    /// The values of objects in the answer to a custom metric's query, by name, in milli precision.
    /// - Parameter isList: whether the objects were asked for by a selector; then none is missed.
    public func values(
        of metric: CustomMetric, names: [String], in answer: QueryValue, isList: Bool = false
    ) throws(MetricsAPIError) -> [(name: String, value: Quantity)] {
        guard let source = custom[metric] else {
            throw MetricsAPIError("the server could not find the metric \(metric.name) for \(metric.resource.text)")
        }
        guard case .vector(let elements) = answer else {
            throw MetricsAPIError("unable to fetch metrics: the query did not give a vector")
        }
        let label = try source.rule.label(of: metric.resource)
        var found: [String: Quantity] = [:]
        for element in elements {
            guard case .float(let value) = element.value else { continue }
            found[element.labels[label]] = Self.quantity(value)
        }
        let values = names.compactMap { name in found[name].map { (name, $0) } }
        if values.isEmpty, names.count == 1, !isList {
            throw MetricsAPIError(
                "the server could not find the metric \(metric.name) for \(metric.resource.text) \(names[0])")
        }
        return values
    }

    /// The values of an external metric with the labels of each.
    public static func externalValues(
        in answer: QueryValue
    ) throws(MetricsAPIError) -> [(labels: Labels, value: Quantity)] {
        switch answer {
        case .vector(let elements):
            return elements.compactMap { element in
                guard case .float(let value) = element.value else { return nil }
                return (element.labels.removing([Labels.metricName]), quantity(value))
            }
        case .scalar(let value): return [(.empty, quantity(value))]
        case .string, .matrix:
            throw MetricsAPIError("encountered unexpected value type while converting the answer of Prometheus")
        }
    }

    /// A number as the metrics APIs carry it: thousandths, cut; no number is 0.
    public static func quantity(_ value: Double) -> Quantity {
        if value.isNaN { return Quantity(0) }
        let milli = (value * 1000).rounded(.towardZero)
        return Quantity(milli: milli >= 9.2e18 ? .max : milli <= -9.2e18 ? .min : Int64(milli))
    }

    private typealias Part = (label: String, sign: String, value: String)

    /// A selector of the request as matchers.
    private static func parts(_ selector: LabelQuery) throws(MetricsAPIError) -> [Part] {
        var parts: [Part] = []
        for requirement in selector.requirements {
            let several = requirement.values.count > 1
            let value = requirement.values.joined(separator: "|")
            switch requirement.operator {
            case .in: parts.append((requirement.key, several ? "=~" : "=", value))
            case .notIn: parts.append((requirement.key, several ? "!~" : "!=", value))
            case .exists: parts.append((requirement.key, "!=", ""))
            case .doesNotExist: parts.append((requirement.key, "=", ""))
            case .greaterThan, .lessThan: throw MetricsAPIError("operator not supported by prometheus-adapter")
            }
        }
        return parts
    }
}

extension AdapterConfiguration.Rule {
    /// The series that the rule is about; each name once with each set of labels.
    func selected(_ series: [Labels]) -> [Labels] {
        series.filter { labels in
            matchers.allSatisfy { $0.matches(labels[$0.name]) }
                && filters.allSatisfy { $0.pattern.matches(labels.name) == $0.wanted }
        }
    }

    func metricName(_ series: String) -> String? { nameMatches.expand(nameAs, in: series) }

    /// The label that holds the names of a kind's objects.
    func label(of resource: GroupResource) throws(MetricsAPIError) -> String {
        let named = overrides.filter { $0.value == resource }.keys.sorted(by: ByteOrder.less)
        if let label = named.first { return label }
        guard let labelTemplate else {
            throw MetricsAPIError(
                "unable to convert resource \(resource.text) into label: no generic resource label form specified "
                    + "for this metric")
        }
        return labelTemplate.fill(
            .init(fields: [
                "Group": MetaLabels.sanitized(resource.group), "Resource": resource.singular,
            ]))
    }

    /// The kinds whose objects a series is about.
    func resources(of labels: Labels) -> [GroupResource] {
        labels.pairs.compactMap { overrides[$0.name] ?? templated($0.name) }
    }

    /// The kind that a label stands for by the template; nil if it does not fit or there is no such kind.
    private func templated(_ label: String) -> GroupResource? {
        guard let labelTemplate else { return nil }
        for row in KindRow.builtIn {
            let filled = labelTemplate.fill(
                .init(fields: [
                    "Group": MetaLabels.sanitized(row.resource.group), "Resource": row.resource.singular,
                ]))
            if filled == label { return GroupResource(group: row.resource.group, resource: row.resource.plural) }
        }
        return nil
    }
}
