import KubernetesAPI
import PromQL

/// The body of a webhook, version 4, as Alertmanager posts it.
public enum WebhookMessage {
    /// The header of the body.
    public static let contentType = "application/json"
    public static let userAgent = "Alertmanager/0.25.0"

    /// The bytes of the body, with the line break that Go's encoder puts at the end.
    /// - Parameter externalURL: the address of the Alertmanager, without a slash at the end.
    public static func body(_ notification: AlertNotification, externalURL: String) -> [UInt8] {
        let limit = notification.integration.maximumAlerts
        let alerts = limit > 0 ? Array(notification.alerts.prefix(limit)) : notification.alerts
        let isFiring = alerts.contains { $0.endsAt == nil }
        let value = JSONValue.members([
            ("receiver", .string(notification.receiver)), ("status", .string(isFiring ? "firing" : "resolved")),
            ("alerts", .array(alerts.map(alert))), ("groupLabels", .labels(notification.groupLabels)),
            ("commonLabels", .labels(common(alerts.map(\.labels)))),
            ("commonAnnotations", .labels(common(alerts.map(\.annotations)))), ("externalURL", .string(externalURL)),
            ("version", "4"), ("groupKey", .string(notification.groupKey)),
            ("truncatedAlerts", .integer(Int64(notification.alerts.count - alerts.count))),
        ])
        return value.compactBytes + [10]
    }

    private static func alert(_ alert: NotifiedAlert) -> JSONValue {
        .members([
            ("status", .string(alert.endsAt == nil ? "firing" : "resolved")), ("labels", .labels(alert.labels)),
            ("annotations", .labels(alert.annotations)), ("startsAt", .string(CivilDate.nanoText(alert.startsAt))),
            // Go's zero time stands for an end that is not known.
            ("endsAt", .string(alert.endsAt.map(CivilDate.nanoText) ?? "0001-01-01T00:00:00Z")),
            ("generatorURL", .string(alert.generatorURL)), ("fingerprint", .string(alert.fingerprint.description)),
        ])
    }

    /// The pairs that all of the sets have.
    static func common(_ sets: [Labels]) -> Labels {
        guard let first = sets.first else { return .empty }
        return Labels(first.pairs.filter { pair in sets.allSatisfy { Label(pair.name, $0[pair.name]) == pair } })
    }
}

extension JSONValue {
    /// An object of members in their order, of which no name comes twice.
    static func members(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(.init(members, uniquingKeysWith: { _, last in last }))
    }

    static func labels(_ labels: Labels) -> JSONValue {
        .members(labels.pairs.map { ($0.name, .string($0.value)) })
    }
}
