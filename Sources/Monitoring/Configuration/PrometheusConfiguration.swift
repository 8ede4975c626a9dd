import KubernetesAPI
import PromQL

/// A whole prometheus.yml.
///
///     let configuration = try PrometheusConfiguration(text)
///     configuration.scrapeConfigurations.map(\.jobName)
///
/// Read as strictly as Prometheus 3 reads it, with its texts and, in addition, the place of the fault. What has no
/// counterpart in a lab (TLS, credentials, tracing, remote read) is known and not looked at.
public struct PrometheusConfiguration: Sendable, Equatable {
    public var global = GlobalConfiguration()
    public var alerting = AlertingConfiguration()
    /// Paths and patterns, as written.
    public var ruleFiles: [String] = []
    /// Patterns of files with further jobs, as written.
    public var scrapeConfigFiles: [String] = []
    /// Jobs with everything filled in from the global section.
    public var scrapeConfigurations: [ScrapeConfiguration] = []
    public var remoteWrite: [RemoteWriteConfiguration] = []
    public var storage = StorageConfiguration()

    /// An empty configuration: no jobs, Prometheus' defaults.
    public init() {}

    private static let fields: Set<String> = [
        "global", "runtime", "alerting", "rule_files", "scrape_config_files", "scrape_configs", "storage", "tracing",
        "remote_write", "remote_read", "otlp",
    ]

    public init(_ text: String) throws(ConfigurationError) {
        guard let document = try Self.document(text) else { return }
        var reader = StrictReader(document, text: text)
        guard let root = reader.section(document.value, at: "", type: "config.plain", fields: Self.fields) else {
            try reader.finish()
            return
        }
        var jobs: [StrictReader.OpenScrape] = []
        // In the order of the file, so that of several faults the first is told.
        for name in (document.value.object ?? [:]).keys {
            switch name {
            case "global": global = try reader.global(root)
            case "alerting": alerting = try reader.alerting(root)
            case "rule_files": ruleFiles = reader.strings(root, name) ?? []
            case "scrape_config_files": scrapeConfigFiles = reader.strings(root, name) ?? []
            case "scrape_configs": jobs = try Self.openJobs(root, &reader)
            case "storage": storage = try reader.storage(root)
            case "remote_write": remoteWrite = try reader.remoteWrite(root)
            default: break
            }
        }
        try reader.finish()
        try Self.checkPatterns(ruleFiles, "rule file", field: "rule_files", reader)
        try Self.checkPatterns(scrapeConfigFiles, "scrape config file", field: "scrape_config_files", reader)
        scrapeConfigurations = try Self.filled(jobs, from: global, reader)
    }

    /// The jobs of a file that `scrape_config_files` names.
    public static func scrapeConfigurations(
        _ text: String, global: GlobalConfiguration
    ) throws(ConfigurationError) -> [ScrapeConfiguration] {
        guard let document = try document(text) else { return [] }
        var reader = StrictReader(document, text: text)
        guard
            let root = reader.section(
                document.value, at: "", type: "config.ScrapeConfigs", fields: ["scrape_configs"])
        else {
            try reader.finish()
            return []
        }
        let jobs = try openJobs(root, &reader)
        try reader.finish()
        return try filled(jobs, from: global, reader)
    }

    private static func document(_ text: String) throws(ConfigurationError) -> YAMLDocument? {
        var yaml = YAMLReader()
        yaml.refusesDuplicateKeys = true
        do {
            // Only the first document of a file counts.
            return try yaml.documents(Array(text.utf8)).first
        } catch {
            var message = error.message
            yaml.refusesDuplicateKeys = false
            if message.contains(RepeatedFields.mark), let lenient = try? yaml.documents(Array(text.utf8)).first {
                message = RepeatedFields(lenient).named(message)
            }
            throw ConfigurationError(message: message, line: error.line, column: error.column, field: "")
        }
    }

    private static func openJobs(
        _ root: StrictReader.Section, _ reader: inout StrictReader
    ) throws(ConfigurationError) -> [StrictReader.OpenScrape] {
        var jobs: [StrictReader.OpenScrape] = []
        for (value, path) in reader.list(root, "scrape_configs", type: "[]*config.ScrapeConfig") {
            if let job = try reader.scrape(value, at: path) { jobs.append(job) }
        }
        return jobs
    }

    private static func filled(
        _ jobs: [StrictReader.OpenScrape], from global: GlobalConfiguration, _ reader: StrictReader
    ) throws(ConfigurationError) -> [ScrapeConfiguration] {
        var names: Set<String> = []
        var filled: [ScrapeConfiguration] = []
        for job in jobs {
            filled.append(try reader.filled(job, from: global))
            let name = job.configuration.jobName
            guard names.insert(name).inserted else {
                throw reader.failure(
                    "found multiple scrape configs with job name \(GoQuote.quote(name))", at: job.path + ".job_name")
            }
        }
        return filled
    }

    /// A pattern may hold one `*`, in the file's name.
    private static func checkPatterns(
        _ patterns: [String], _ what: String, field: String, _ reader: StrictReader
    ) throws(ConfigurationError) {
        for (index, pattern) in patterns.enumerated() {
            let stars = pattern.split(separator: "*", omittingEmptySubsequences: false)
            if stars.count > 2 || (stars.count == 2 && stars[1].contains("/")) {
                throw reader.failure("invalid \(what) path \(GoQuote.quote(pattern))", at: "\(field)[\(index)]")
            }
        }
    }
}
