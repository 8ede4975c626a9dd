import KubernetesAPI
import PromQL

/// A Kubernetes resource as metrics name it.
public struct GroupResource: Sendable, Hashable, Comparable {
    public var group: String
    /// Plural, such as `pods`.
    public var resource: String

    public init(group: String = "", resource: String) {
        self.group = group
        self.resource = resource
    }

    static let namespaces = GroupResource(resource: "namespaces")

    /// `pods`, `deployments.apps`.
    public var text: String { group.isEmpty ? resource : resource + "." + group }

    public static func < (left: GroupResource, right: GroupResource) -> Bool {
        ByteOrder.less(left.text, right.text)
    }

    /// The resource that a singular or plural name and a group stand for; nil if the lab has none.
    static func known(group: String, name: String) -> GroupResource? {
        for row in KindRow.builtIn where row.resource.group == group {
            if row.resource.plural == name || row.resource.singular == name {
                return GroupResource(group: group, resource: row.resource.plural)
            }
        }
        return nil
    }

    var singular: String {
        KindRow.builtIn.first { $0.resource.group == group && $0.resource.plural == resource }?.resource.singular
            ?? (resource.hasSuffix("s") ? String(resource.dropLast()) : resource)
    }
}

/// The configuration of prometheus-adapter: which series are custom and external metrics, and how they are asked for.
public struct AdapterConfiguration: Sendable, Equatable {
    /// One entry of `rules` or `externalRules`.
    public struct Rule: Sendable, Equatable {
        /// Which series the rule is about.
        public var seriesQuery: String
        let matchers: [LabelMatcher]
        /// Names that must match, or must not.
        let filters: [(pattern: SearchedRegex, wanted: Bool)]
        let overrides: [String: GroupResource]
        let labelTemplate: AdapterTemplate?
        /// Whether an external metric belongs to a namespace.
        public var isNamespaced: Bool
        let nameMatches: SearchedRegex
        let nameAs: String
        let query: AdapterTemplate

        public static func == (a: Rule, b: Rule) -> Bool {
            a.seriesQuery == b.seriesQuery && a.overrides == b.overrides && a.labelTemplate == b.labelTemplate
                && a.isNamespaced == b.isNamespaced && a.nameAs == b.nameAs && a.query == b.query
                && a.nameMatches.pattern == b.nameMatches.pattern
                && a.filters.map(\.pattern.pattern) == b.filters.map(\.pattern.pattern)
                && a.filters.map(\.wanted) == b.filters.map(\.wanted)
        }
    }

    public var rules: [Rule] = []
    public var externalRules: [Rule] = []
    /// What CPU and memory are asked by; nil for an adapter that leaves `metrics.k8s.io` to metrics-server.
    public var resourceRules: AdapterResourceRules?

    /// Reads the adapter's YAML. Faults have their place in front.
    public init(_ text: String) throws(ConfigurationError) {
        let documents: [YAMLDocument]
        do {
            documents = try YAMLReader.documents(text)
        } catch {
            throw ConfigurationError(message: error.message, line: error.line, column: error.column, field: "")
        }
        guard let document = documents.first else { return }
        var reader = StrictReader(document, text: text)
        if let root = reader.section(
            document.value, at: "", type: "config.MetricsDiscoveryConfig",
            fields: ["rules", "resourceRules", "externalRules"])
        {
            rules = try Self.rules(root, "rules", &reader)
            externalRules = try Self.rules(root, "externalRules", &reader)
            resourceRules = try AdapterResourceRules(root, &reader)
        }
        try reader.finish()
    }

    private static func rules(
        _ root: StrictReader.Section, _ field: String, _ reader: inout StrictReader
    ) throws(ConfigurationError) -> [Rule] {
        var rules: [Rule] = []
        for (value, path) in reader.list(root, field, type: "[]config.DiscoveryRule") {
            let before = reader.typeErrors.count
            guard
                let section = reader.section(
                    value, at: path, type: "config.DiscoveryRule",
                    fields: [
                        "seriesQuery", "seriesFilters", "resources", "name", "metricsQuery", "labelValueReplacements",
                    ])
            else { continue }
            // A rule with unknown fields is not looked into.
            if reader.typeErrors.count == before { rules.append(try rule(section, &reader)) }
        }
        return rules
    }

    private static func rule(
        _ section: StrictReader.Section, _ reader: inout StrictReader
    ) throws(ConfigurationError) -> Rule {
        let seriesQuery = reader.string(section, "seriesQuery") ?? ""
        let matchers: [LabelMatcher]
        do {
            matchers = try PromQLParser.parseSelector(seriesQuery)
        } catch {
            throw reader.failure("unable to parse seriesQuery: \(error)", at: section.path(of: "seriesQuery"))
        }
        var filters: [(pattern: SearchedRegex, wanted: Bool)] = []
        for (value, path) in reader.list(section, "seriesFilters", type: "[]config.RegexFilter") {
            guard let filter = reader.section(value, at: path, type: "config.RegexFilter", fields: ["is", "isNot"])
            else { continue }
            for (field, wanted) in [("is", true), ("isNot", false)] where filter.has(field) {
                filters.append(
                    (try regex(reader.string(filter, field) ?? "", &reader, at: filter.path(of: field)), wanted))
            }
        }
        var overrides: [String: GroupResource] = [:]
        var labelTemplate: AdapterTemplate?
        var isNamespaced = true
        if let resources = reader.section(
            section, "resources", type: "config.ResourceMapping", fields: ["template", "overrides", "namespaced"])
        {
            isNamespaced = reader.bool(resources, "namespaced") ?? true
            if let text = reader.string(resources, "template"), !text.isEmpty {
                labelTemplate = try template(
                    text, ["Group", "Resource"], &reader, at: resources.path(of: "template"))
            }
            overrides = try Self.overrides(resources, &reader)
        }
        var matches = ""
        var alias = ""
        if let name = reader.section(section, "name", type: "config.NameMapping", fields: ["matches", "as"]) {
            matches = reader.string(name, "matches") ?? ""
            alias = reader.string(name, "as") ?? ""
        }
        let nameMatches = try regex(matches.isEmpty ? ".*" : matches, &reader, at: section.path(of: "name.matches"))
        if alias.isEmpty {
            switch nameMatches.groupCount {
            case 0: alias = "$0"
            case 1: alias = "$1"
            default:
                throw reader.failure(
                    "must specify an 'as' value for name matcher \(GoQuote.quote(matches))",
                    at: section.path(of: "name"))
            }
        }
        let query = reader.string(section, "metricsQuery") ?? ""
        return Rule(
            seriesQuery: seriesQuery, matchers: matchers, filters: filters, overrides: overrides,
            labelTemplate: labelTemplate, isNamespaced: isNamespaced, nameMatches: nameMatches, nameAs: alias,
            query: try template(
                query, ["Series", "LabelMatchers", "GroupBy"], &reader, at: section.path(of: "metricsQuery")))
    }

    static func overrides(
        _ resources: StrictReader.Section, _ reader: inout StrictReader
    ) throws(ConfigurationError) -> [String: GroupResource] {
        var overrides: [String: GroupResource] = [:]
        let names = Array((resources.value["overrides"]?.object ?? [:]).keys)
        guard
            let section = reader.section(
                resources, "overrides", type: "map[string]config.GroupResource", fields: Set(names))
        else { return [:] }
        for name in names {
            guard
                let entry = reader.section(
                    section, name, type: "config.GroupResource", fields: ["group", "resource"])
            else { continue }
            let group = reader.string(entry, "group") ?? ""
            let resource = reader.string(entry, "resource") ?? ""
            guard let known = GroupResource.known(group: group, name: resource) else {
                throw reader.failure(
                    "unable to normalize group-resource \(GroupResource(group: group, resource: resource).text): "
                        + "no such resource", at: section.path(of: name))
            }
            overrides[name] = known
        }
        return overrides
    }

    private static func regex(
        _ pattern: String, _ reader: inout StrictReader, at path: String
    ) throws(ConfigurationError) -> SearchedRegex {
        do throws(MetricsAPIError) {
            return try SearchedRegex(pattern)
        } catch {
            throw reader.failure("unable to compile \(GoQuote.quote(pattern)): \(error)", at: path)
        }
    }

    static func template(
        _ text: String, _ fields: Set<String>, _ reader: inout StrictReader, at path: String
    ) throws(ConfigurationError) -> AdapterTemplate {
        do throws(MetricsAPIError) {
            return try AdapterTemplate(text, fields: fields)
        } catch {
            throw reader.failure(error.description, at: path)
        }
    }
}
