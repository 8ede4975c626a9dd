import KubernetesAPI

/// A receiver of notifications: a name and its integrations, in Alertmanager's order.
public struct NotificationReceiver: Sendable, Equatable {
    public let name: String
    public let integrations: [NotificationIntegration]
}

/// One way out of a receiver. Webhooks are read whole; of other kinds their name is known, so that a caller can show
/// what would be sent.
public struct NotificationIntegration: Sendable, Equatable {
    /// `webhook`, `slack`, `email` and so on.
    public let kind: String
    /// Its place among those of its kind.
    public let index: Int
    /// Whether the end of alerts is told too.
    public let sendsResolved: Bool
    /// The address of a webhook; empty for other kinds and if a file holds it.
    public let url: String
    /// At most so many alerts in one message of a webhook; 0 is all.
    public let maximumAlerts: Int
    /// Milliseconds that a webhook may take; 0 for no limit of its own.
    public let timeout: Int64
}

extension AlertmanagerConfigurationNode {
    /// Kinds in the order in which Alertmanager builds them, and whether they tell of resolved alerts by default.
    private static let kinds: [(name: String, sendsResolved: Bool)] = [
        ("webhook", true), ("email", false), ("pagerduty", true), ("opsgenie", true), ("wechat", false),
        ("slack", false), ("victorops", true), ("pushover", true), ("sns", true), ("telegram", true),
        ("discord", true), ("webex", true), ("msteams", true), ("msteamsv2", true), ("jira", true),
        ("rocketchat", false), ("mattermost", true), ("incidentio", true),
    ]

    func receiver() throws(Failure) -> NotificationReceiver {
        let fields = try members(["name"] + Self.kinds.map { $0.name + "_configs" })
        guard let name = try fields.text("name"), !name.isEmpty else { throw failure("missing name in receiver") }
        var integrations: [NotificationIntegration] = []
        for (kind, sendsResolved) in Self.kinds {
            for (index, node) in try fields.elements(kind + "_configs", "config.\(kind)").enumerated() {
                integrations.append(
                    kind == "webhook"
                        ? try node.webhook(index) : try node.integration(kind, index, sendsResolved))
            }
        }
        return NotificationReceiver(name: name, integrations: integrations)
    }

    private func webhook(_ index: Int) throws(Failure) -> NotificationIntegration {
        let fields = try members(["send_resolved", "http_config", "url", "url_file", "max_alerts", "timeout"])
        let url = try fields.text("url") ?? ""
        let file = try fields.text("url_file") ?? ""
        if url.isEmpty, file.isEmpty { throw failure("one of url or url_file must be configured") }
        if !url.isEmpty, !file.isEmpty { throw failure("at most one of url & url_file must be configured") }
        if !url.isEmpty, let node = fields["url"] { try node.checkURL(url) }
        let maximum = try fields["max_alerts"]?.integer() ?? 0
        if maximum < 0, let node = fields["max_alerts"] { throw node.failure("cannot unmarshal !!int into uint64") }
        return NotificationIntegration(
            kind: "webhook", index: index, sendsResolved: try fields.flag("send_resolved") ?? true, url: url,
            maximumAlerts: maximum, timeout: try fields.duration("timeout") ?? 0)
    }

    private func checkURL(_ url: String) throws(Failure) {
        guard let scheme = ["http://", "https://"].first(where: { url.lowercased().hasPrefix($0) }) else {
            throw failure("unsupported scheme \(GoText.quoted(String(url.prefix { $0 != ":" }))) for URL")
        }
        let host = url.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if host.isEmpty { throw failure("missing host for URL") }
    }

    /// The settings of other kinds are their services' own; only what the pipeline itself needs is read.
    private func integration(_ kind: String, _ index: Int, _ sendsResolved: Bool) throws(Failure)
        -> NotificationIntegration
    {
        let flag = try entries("config.plain").last { $0.name == "send_resolved" }?.node.flag()
        return NotificationIntegration(
            kind: kind, index: index, sendsResolved: flag ?? sendsResolved, url: "", maximumAlerts: 0, timeout: 0)
    }
}
