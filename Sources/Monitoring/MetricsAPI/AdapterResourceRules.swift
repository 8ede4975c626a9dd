import KubernetesAPI
import PromQL

/// How prometheus-adapter answers `metrics.k8s.io` in the place of metrics-server (`resourceRules`).
public struct AdapterResourceRules: Sendable, Equatable {
    /// The queries for one resource.
    struct Rule: Sendable, Equatable {
        let containerQuery: AdapterTemplate
        let nodeQuery: AdapterTemplate
        let overrides: [String: GroupResource]
        let labelTemplate: AdapterTemplate?
        let containerLabel: String

        func label(of resource: GroupResource) throws(MetricsAPIError) -> String {
            if let label = overrides.filter({ $0.value == resource }).keys.sorted(by: ByteOrder.less).first {
                return label
            }
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
    }

    /// CPU's queries give cores, memory's bytes.
    public enum Resource: Sendable { case cpu, memory }

    let cpu: Rule
    let memory: Rule
    /// What the API says that the values were measured over, in milliseconds.
    public let window: Int64

    init?(_ root: StrictReader.Section, _ reader: inout StrictReader) throws(ConfigurationError) {
        guard
            let section = reader.section(
                root, "resourceRules", type: "config.ResourceRules", fields: ["cpu", "memory", "window"])
        else { return nil }
        let (cpu, memory) = (try Self.rule(section, "cpu", &reader), try Self.rule(section, "memory", &reader))
        window = try reader.duration(section, "window") ?? 60_000
        guard let cpu, let memory else {
            throw reader.failure("resource rules need the queries of both cpu and memory", at: section.path)
        }
        self.cpu = cpu
        self.memory = memory
    }

    private static func rule(
        _ parent: StrictReader.Section, _ field: String, _ reader: inout StrictReader
    ) throws(ConfigurationError) -> Rule? {
        guard
            let section = reader.section(
                parent, field, type: "config.ResourceRule",
                fields: ["containerQuery", "nodeQuery", "resources", "containerLabel"])
        else { return nil }
        func query(_ name: String, _ reader: inout StrictReader) throws(ConfigurationError) -> AdapterTemplate {
            try AdapterConfiguration.template(
                reader.string(section, name) ?? "", ["Series", "LabelMatchers", "GroupBy"], &reader,
                at: section.path(of: name))
        }
        var overrides: [String: GroupResource] = [:]
        var labelTemplate: AdapterTemplate?
        if let resources = reader.section(
            section, "resources", type: "config.ResourceMapping", fields: ["template", "overrides", "namespaced"])
        {
            if let text = reader.string(resources, "template"), !text.isEmpty {
                labelTemplate = try AdapterConfiguration.template(
                    text, ["Group", "Resource"], &reader, at: resources.path(of: "template"))
            }
            overrides = try AdapterConfiguration.overrides(resources, &reader)
        }
        return Rule(
            containerQuery: try query("containerQuery", &reader), nodeQuery: try query("nodeQuery", &reader),
            overrides: overrides, labelTemplate: labelTemplate,
            containerLabel: reader.string(section, "containerLabel") ?? "")
    }

    private func rule(_ resource: Resource) -> Rule {
        switch resource {
        case .cpu: cpu
        case .memory: memory
        }
    }

    /// The query for the containers of some pods of a namespace.
    public func query(_ resource: Resource, pods: [String], in namespace: String) throws(MetricsAPIError) -> String {
        let rule = rule(resource)
        let (space, pod) = (try rule.label(of: .namespaces), try rule.label(of: GroupResource(resource: "pods")))
        let matchers = [
            space + "=" + GoQuote.quote(namespace),
            pod + (pods.count > 1 ? "=~" : "=") + GoQuote.quote(pods.joined(separator: "|")),
        ]
        return rule.containerQuery.fill(
            .init(fields: [
                "Series": "", "LabelMatchers": matchers.joined(separator: ","),
                "GroupBy": rule.containerLabel + "," + pod,
            ]))
    }

    /// The query for nodes.
    public func query(_ resource: Resource, nodes: [String]) throws(MetricsAPIError) -> String {
        let rule = rule(resource)
        let node = try rule.label(of: GroupResource(resource: "nodes"))
        let matcher = node + (nodes.count > 1 ? "=~" : "=") + GoQuote.quote(nodes.joined(separator: "|"))
        return rule.nodeQuery.fill(.init(fields: ["Series": "", "LabelMatchers": matcher, "GroupBy": node]))
    }

    /// The values of an answer by pod and container.
    public func values(
        _ resource: Resource, in answer: QueryValue
    ) throws(MetricsAPIError) -> [(pod: String, container: String, value: Double)] {
        let rule = rule(resource)
        let pod = try rule.label(of: GroupResource(resource: "pods"))
        return Self.floats(answer).map { ($0.labels[pod], $0.labels[rule.containerLabel], $0.value) }
    }

    /// The values of an answer by node.
    public func nodeValues(
        _ resource: Resource, in answer: QueryValue
    ) throws(MetricsAPIError) -> [(node: String, value: Double)] {
        let node = try rule(resource).label(of: GroupResource(resource: "nodes"))
        return Self.floats(answer).map { ($0.labels[node], $0.value) }
    }

    private static func floats(_ answer: QueryValue) -> [(labels: Labels, value: Double)] {
        guard case .vector(let elements) = answer else { return [] }
        return elements.compactMap { element in
            guard case .float(let value) = element.value, value.isFinite else { return nil }
            return (element.labels, value)
        }
    }
}
