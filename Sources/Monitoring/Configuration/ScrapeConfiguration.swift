import PromQL

/// One job of `scrape_configs`. Durations are milliseconds.
public struct ScrapeConfiguration: Sendable, Equatable {
    /// One of the parameters of the request, with its values.
    public struct Parameter: Sendable, Equatable {
        public var name: String
        public var values: [String]

        public init(_ name: String, _ values: [String]) {
            self.name = name
            self.values = values
        }
    }

    public var jobName: String
    public var scrapeInterval: Int64 = 60_000
    public var scrapeTimeout: Int64 = 10_000
    public var metricsPath = "/metrics"
    public var scheme = "http"
    /// In the order of their names.
    public var parameters: [Parameter] = []
    /// Whether a label of a sample wins over the target's label of the same name.
    public var honorLabels = false
    /// Whether a time in the text is the sample's time.
    public var honorTimestamps = true
    /// Whether series whose samples carry times get stale markers.
    public var trackTimestampsStaleness = false
    /// How an answer without a usable content type is read.
    public var fallbackProtocol: ScrapeProtocol?
    public var limits = ScrapeLimits()
    /// Whether `scrape_timeout_seconds` and its like are written.
    public var extraScrapeMetrics = false
    public var discovery = DiscoveryConfiguration()
    public var relabelling = Relabelling()
    public var metricRelabelling = Relabelling()

    public init(jobName: String) { self.jobName = jobName }
}
