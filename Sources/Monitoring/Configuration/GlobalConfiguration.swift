import PromQL

/// Limits on what one scrape or one job may bring; 0 is no limit.
public struct ScrapeLimits: Sendable, Equatable {
    /// Bytes of an uncompressed answer.
    public var bodySize = 0
    /// Samples after metric relabelling.
    public var samples = 0
    /// Targets of a job after relabelling.
    public var targets = 0
    /// Labels of a series.
    public var labels = 0
    /// Bytes of a label's name.
    public var labelNameLength = 0
    /// Bytes of a label's value.
    public var labelValueLength = 0
    /// Dropped targets of a job that are kept for the API.
    public var keptDroppedTargets = 0

    public init() {}

    /// What is not set, from another.
    func filled(from other: ScrapeLimits) -> ScrapeLimits {
        var filled = self
        if bodySize == 0 { filled.bodySize = other.bodySize }
        if samples == 0 { filled.samples = other.samples }
        if targets == 0 { filled.targets = other.targets }
        if labels == 0 { filled.labels = other.labels }
        if labelNameLength == 0 { filled.labelNameLength = other.labelNameLength }
        if labelValueLength == 0 { filled.labelValueLength = other.labelValueLength }
        if keptDroppedTargets == 0 { filled.keptDroppedTargets = other.keptDroppedTargets }
        return filled
    }
}

/// The section `global` of prometheus.yml. Durations are milliseconds.
public struct GlobalConfiguration: Sendable, Equatable {
    public var scrapeInterval: Int64 = 60_000
    public var scrapeTimeout: Int64 = 10_000
    public var evaluationInterval: Int64 = 60_000
    /// How far in the past rules look.
    public var ruleQueryOffset: Int64 = 0
    /// What is added to alerts and to what leaves this server.
    public var externalLabels = Labels.empty
    public var limits = ScrapeLimits()
    public var extraScrapeMetrics = false

    public init() {}
}

extension StrictReader {
    static let limitFields: Set<String> = [
        "body_size_limit", "sample_limit", "target_limit", "label_limit", "label_name_length_limit",
        "label_value_length_limit", "keep_dropped_targets",
    ]

    mutating func limits(_ section: Section) throws(ConfigurationError) -> ScrapeLimits {
        var limits = ScrapeLimits()
        limits.bodySize = try size(section, "body_size_limit") ?? 0
        limits.samples = integer(section, "sample_limit") ?? 0
        limits.targets = integer(section, "target_limit") ?? 0
        limits.labels = integer(section, "label_limit") ?? 0
        limits.labelNameLength = integer(section, "label_name_length_limit") ?? 0
        limits.labelValueLength = integer(section, "label_value_length_limit") ?? 0
        limits.keptDroppedTargets = integer(section, "keep_dropped_targets") ?? 0
        return limits
    }

    mutating func global(_ parent: Section) throws(ConfigurationError) -> GlobalConfiguration {
        var global = GlobalConfiguration()
        let fields = Self.limitFields.union([
            "scrape_interval", "scrape_timeout", "scrape_protocols", "evaluation_interval", "rule_query_offset",
            "query_log_file", "scrape_failure_log_file", "external_labels", "metric_name_validation_scheme",
            "metric_name_escaping_scheme", "scrape_native_histograms", "convert_classic_histograms_to_nhcb",
            "always_scrape_classic_histograms", "extra_scrape_metrics",
        ])
        let before = typeErrors.count
        guard let section = section(parent, "global", type: "config.plain", fields: fields) else { return global }
        let interval = try duration(section, "scrape_interval") ?? 0
        let timeout = try duration(section, "scrape_timeout") ?? 0
        let evaluation = try duration(section, "evaluation_interval") ?? 0
        global.ruleQueryOffset = try duration(section, "rule_query_offset") ?? 0
        global.externalLabels = try labels(section, "external_labels", type: "map[string]string")
        global.limits = try limits(section)
        global.extraScrapeMetrics = bool(section, "extra_scrape_metrics") ?? false
        let protocols = try scrapeProtocols(section)
        guard typeErrors.count == before else { return global }
        if interval > 0 { global.scrapeInterval = interval }
        if timeout > global.scrapeInterval {
            throw failure(
                "global scrape timeout greater than scrape interval", at: section.path(of: "scrape_timeout"))
        }
        global.scrapeTimeout = timeout > 0 ? timeout : min(global.scrapeTimeout, global.scrapeInterval)
        if evaluation > 0 { global.evaluationInterval = evaluation }
        if let problem = protocols {
            throw failure("\(problem) for global config", at: section.path(of: "scrape_protocols"))
        }
        return global
    }

    /// What is wrong with `scrape_protocols`; nil if nothing is.
    mutating func scrapeProtocols(_ section: Section) throws(ConfigurationError) -> String? {
        guard let names = strings(section, "scrape_protocols", type: "[]config.ScrapeProtocol") else { return nil }
        if names.isEmpty { return "scrape_protocols cannot be empty" }
        var seen: Set<String> = []
        for name in names {
            guard seen.insert(name.lowercased()).inserted else {
                return "duplicated protocol in scrape_protocols, got [\(names.joined(separator: " "))]"
            }
            if let problem = ScrapeProtocol.problem(name) { return "scrape_protocols: \(problem)" }
        }
        return nil
    }
}
