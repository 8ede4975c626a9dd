import PromQL

/// The sections `storage` and `remote_write` of prometheus.yml, as far as a lab acts on them. Durations are milliseconds.
public struct StorageConfiguration: Sendable, Equatable {
    /// How much older than the newest sample of its series a sample may be; 0 refuses.
    public var outOfOrderTimeWindow: Int64 = 0
    /// `storage.tsdb.retention.time`; nil where the server's flag decides.
    public var retention: Int64?
    /// `storage.tsdb.retention.size` in bytes.
    public var retentionBytes: Int?
    /// Exemplars kept, the newest.
    public var maxExemplars = 100_000

    public init() {}

    /// The store's settings, with the retention of 15 days that Prometheus has by default.
    public var store: TimeSeriesStore.Configuration {
        var store = TimeSeriesStore.Configuration()
        store.outOfOrderWindow = outOfOrderTimeWindow
        store.retention = retention ?? 15 * 86_400_000
        store.retentionBytes = retentionBytes
        store.maxExemplars = maxExemplars
        return store
    }
}

/// One entry of `remote_write`.
public struct RemoteWriteConfiguration: Sendable, Equatable {
    public var url: String
    public var name = ""
    public var relabelling = Relabelling()

    public init(url: String) { self.url = url }
}

extension StrictReader {
    mutating func storage(_ parent: Section) throws(ConfigurationError) -> StorageConfiguration {
        var storage = StorageConfiguration()
        guard let section = section(parent, "storage", type: "config.plain", fields: ["tsdb", "exemplars"]) else {
            return storage
        }
        if let tsdb = self.section(
            section, "tsdb", type: "config.plain",
            fields: ["out_of_order_time_window", "retention", "stale_series_compaction_threshold"])
        {
            storage.outOfOrderTimeWindow = try duration(tsdb, "out_of_order_time_window") ?? 0
            if let retention = self.section(
                tsdb, "retention", type: "config.TSDBRetentionConfig", fields: ["time", "size", "percentage"])
            {
                storage.retention = try duration(retention, "time")
                storage.retentionBytes = try size(retention, "size")
            }
        }
        if let exemplars = self.section(
            section, "exemplars", type: "config.ExemplarsConfig", fields: ["max_exemplars"])
        {
            storage.maxExemplars = integer(exemplars, "max_exemplars", type: "int64") ?? storage.maxExemplars
        }
        // A negative number switches the storage of exemplars off.
        storage.maxExemplars = max(0, storage.maxExemplars)
        return storage
    }

    mutating func remoteWrite(_ parent: Section) throws(ConfigurationError) -> [RemoteWriteConfiguration] {
        let fields = Self.httpClientFields.union([
            "url", "remote_timeout", "headers", "write_relabel_configs", "name", "send_exemplars",
            "send_native_histograms", "round_robin_dns", "protobuf_message", "queue_config", "metadata_config",
            "sigv4", "azuread", "google_iam",
        ])
        var found: [RemoteWriteConfiguration] = []
        for (value, path) in list(parent, "remote_write", type: "[]*config.RemoteWriteConfig") {
            if value == .null { throw failure("empty or null remote write config section", at: path) }
            let before = typeErrors.count
            guard let section = section(value, at: path, type: "config.plain", fields: fields) else { continue }
            var entry = RemoteWriteConfiguration(url: string(section, "url") ?? "")
            entry.name = string(section, "name") ?? ""
            entry.relabelling = try relabelling(
                section, "write_relabel_configs", empty: "empty or null relabeling rule in remote write config")
            guard typeErrors.count == before else { continue }
            if entry.url.isEmpty { throw failure("url for remote_write is empty", at: path) }
            if !entry.name.isEmpty, found.contains(where: { $0.name == entry.name }) {
                throw failure(
                    "found multiple remote write configs with job name \(GoQuote.quote(entry.name))",
                    at: section.path(of: "name"))
            }
            found.append(entry)
        }
        return found
    }
}
