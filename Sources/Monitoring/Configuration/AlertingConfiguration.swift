import KubernetesAPI
import PromQL

/// One entry of `alerting.alertmanagers`. Durations are milliseconds.
public struct AlertmanagerDiscovery: Sendable, Equatable {
    public var scheme = "http"
    public var pathPrefix = "/"
    public var timeout: Int64 = 10_000
    public var discovery = DiscoveryConfiguration()
    public var relabelling = Relabelling()
    /// Applied to alerts for these Alertmanagers only.
    public var alertRelabelling = Relabelling()

    public init() {}
}

/// The section `alerting` of prometheus.yml.
public struct AlertingConfiguration: Sendable, Equatable {
    /// Applied to every alert that is sent.
    public var alertRelabelling = Relabelling()
    public var alertmanagers: [AlertmanagerDiscovery] = []

    public init() {}
}

extension StrictReader {
    mutating func alerting(_ parent: Section) throws(ConfigurationError) -> AlertingConfiguration {
        var alerting = AlertingConfiguration()
        guard
            let section = section(
                parent, "alerting", type: "config.plain", fields: ["alert_relabel_configs", "alertmanagers"])
        else { return alerting }
        alerting.alertRelabelling = try relabelling(
            section, "alert_relabel_configs", empty: "empty or null alert relabeling rule")
        let fields = Self.httpClientFields.union(DiscoveryConfiguration.fields).union([
            "scheme", "path_prefix", "timeout", "api_version", "relabel_configs", "alert_relabel_configs", "sigv4",
        ])
        for (value, path) in list(section, "alertmanagers", type: "config.AlertmanagerConfigs") {
            let before = typeErrors.count
            guard let entry = self.section(value, at: path, type: "config.AlertmanagerConfig", fields: fields) else {
                continue
            }
            var alertmanager = AlertmanagerDiscovery()
            alertmanager.scheme = string(entry, "scheme") ?? alertmanager.scheme
            alertmanager.pathPrefix = string(entry, "path_prefix") ?? alertmanager.pathPrefix
            alertmanager.timeout = try duration(entry, "timeout") ?? alertmanager.timeout
            if let version = string(entry, "api_version"), version != "v2" {
                throw failure(
                    version == "v1"
                        ? "expected Alertmanager api version to be one of [v2] but got v1"
                        : "expected Alertmanager api version to be one of [v2] but got \(version)",
                    at: entry.path(of: "api_version"))
            }
            alertmanager.discovery = try discovery(entry)
            alertmanager.relabelling = try relabelling(
                entry, "relabel_configs", empty: "empty or null Alertmanager target relabeling rule")
            alertmanager.alertRelabelling = try relabelling(
                entry, "alert_relabel_configs", empty: "empty or null Alertmanager alert relabeling rule")
            if typeErrors.count == before { alerting.alertmanagers.append(alertmanager) }
        }
        return alerting
    }
}
