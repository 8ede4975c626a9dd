import KubernetesAPI
import PromQL

extension StrictReader {
    private static let scrapeFields: Set<String> = limitFields.union(httpClientFields).union(
        DiscoveryConfiguration.fields
    ).union([
        "job_name", "honor_labels", "honor_timestamps", "track_timestamps_staleness", "params", "scrape_interval",
        "scrape_timeout", "scrape_protocols", "fallback_scrape_protocol", "scrape_native_histograms",
        "always_scrape_classic_histograms", "convert_classic_histograms_to_nhcb", "scrape_failure_log_file",
        "metrics_path", "scheme", "enable_compression", "native_histogram_bucket_limit",
        "native_histogram_min_bucket_factor", "metric_name_validation_scheme", "metric_name_escaping_scheme",
        "extra_scrape_metrics", "relabel_configs", "metric_relabel_configs",
    ])

    /// A job as it stands, with the place of its section; what it leaves open is still 0.
    struct OpenScrape {
        var configuration: ScrapeConfiguration
        var path: String
        /// What is wrong with its protocols, which is said after all jobs are read.
        var protocolProblem: (text: String, field: String)?
        var extraScrapeMetrics: Bool?
    }

    mutating func scrape(_ value: JSONValue, at path: String) throws(ConfigurationError) -> OpenScrape? {
        if value == .null { throw failure("empty or null scrape config section", at: path) }
        let before = typeErrors.count
        guard let section = section(value, at: path, type: "config.ScrapeConfig", fields: Self.scrapeFields) else {
            return nil
        }
        var job = ScrapeConfiguration(jobName: string(section, "job_name") ?? "")
        job.scrapeInterval = try duration(section, "scrape_interval") ?? 0
        job.scrapeTimeout = try duration(section, "scrape_timeout") ?? 0
        job.metricsPath = string(section, "metrics_path") ?? job.metricsPath
        job.scheme = string(section, "scheme") ?? job.scheme
        job.parameters = parameters(section)
        job.honorLabels = bool(section, "honor_labels") ?? false
        job.honorTimestamps = bool(section, "honor_timestamps") ?? true
        job.trackTimestampsStaleness = bool(section, "track_timestamps_staleness") ?? false
        job.limits = try limits(section)
        job.discovery = try discovery(section)
        job.relabelling = try relabelling(
            section, "relabel_configs", empty: "empty or null target relabeling rule in scrape config")
        job.metricRelabelling = try relabelling(
            section, "metric_relabel_configs", empty: "empty or null metric relabeling rule in scrape config")
        var open = OpenScrape(configuration: job, path: path)
        open.extraScrapeMetrics = bool(section, "extra_scrape_metrics")
        if let problem = try scrapeProtocols(section) {
            open.protocolProblem = (
                "\(problem) for scrape config with job name \(GoQuote.quote(job.jobName))", "scrape_protocols"
            )
        }
        if let name = string(section, "fallback_scrape_protocol"), !name.isEmpty {
            open.configuration.fallbackProtocol = ScrapeProtocol(rawValue: name)
            if let problem = ScrapeProtocol.problem(name), open.protocolProblem == nil {
                open.protocolProblem = (
                    "invalid fallback_scrape_protocol for scrape config with job name "
                        + "\(GoQuote.quote(job.jobName)): \(problem)", "fallback_scrape_protocol"
                )
            }
        }
        guard typeErrors.count == before else { return nil }
        if job.jobName.isEmpty { throw failure("job_name is empty", at: path) }
        try checkCredentials(section)
        if job.relabelling.isEmpty { try checkStaticTargets(job.discovery, in: section) }
        return open
    }

    private mutating func parameters(_ section: Section) -> [ScrapeConfiguration.Parameter] {
        guard let params = self.section(section, "params", type: "url.Values", fields: Set(names(section, "params")))
        else { return [] }
        return names(section, "params").sorted(by: ByteOrder.less).map { name in
            ScrapeConfiguration.Parameter(name, strings(params, name) ?? [])
        }
    }

    private func names(_ section: Section, _ field: String) -> [String] {
        Array((section.value[field]?.object ?? [:]).keys)
    }

    /// An address holds no path: a URL among the targets is a frequent slip.
    private func checkStaticTargets(
        _ discovery: DiscoveryConfiguration, in section: Section
    ) throws(ConfigurationError) {
        for (group, configuration) in discovery.statics.enumerated() {
            for (place, target) in configuration.targets.enumerated() where target.contains("/") {
                throw failure(
                    "\(GoQuote.quote(target)) is not a valid hostname",
                    at: section.path(of: "static_configs[\(group)].targets[\(place)]"))
            }
        }
    }

    /// Fills what a job leaves open from the global section and checks the whole.
    func filled(_ open: OpenScrape, from global: GlobalConfiguration) throws(ConfigurationError) -> ScrapeConfiguration
    {
        var job = open.configuration
        if job.scrapeInterval == 0 { job.scrapeInterval = global.scrapeInterval }
        if job.scrapeTimeout > job.scrapeInterval {
            throw failure(
                "scrape timeout greater than scrape interval for scrape config with job name "
                    + GoQuote.quote(job.jobName), at: open.path + ".scrape_timeout")
        }
        if job.scrapeTimeout == 0 { job.scrapeTimeout = min(global.scrapeTimeout, job.scrapeInterval) }
        job.limits = job.limits.filled(from: global.limits)
        job.extraScrapeMetrics = open.extraScrapeMetrics ?? global.extraScrapeMetrics
        if let problem = open.protocolProblem {
            throw failure(problem.text, at: open.path + "." + problem.field)
        }
        return job
    }
}
