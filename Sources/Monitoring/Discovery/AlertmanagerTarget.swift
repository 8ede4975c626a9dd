import KubernetesAPI
import PromQL

/// An Alertmanager that alerts are sent to, or that relabelling dropped.
public struct AlertmanagerTarget: Sendable, Equatable {
    /// Where alerts are posted, such as `http://alertmanager:9093/api/v2/alerts`.
    public let url: String
    /// `host:port`.
    public let address: String
}

extension AlertmanagerDiscovery {
    /// The Alertmanagers among what was found, each once, and those that relabelling dropped.
    public func targets(_ groups: [TargetGroup]) -> (active: [AlertmanagerTarget], dropped: [AlertmanagerTarget]) {
        var active: [AlertmanagerTarget] = []
        var dropped: [AlertmanagerTarget] = []
        for labels in groups.flatMap(\.discovered) {
            var builder = LabelSetBuilder(labels)
            builder.set("__scheme__", scheme)
            builder.set("__alerts_path__", alertsPath)
            let before = Self.target(builder)
            guard relabelling.apply(&builder) else {
                dropped.append(before)
                continue
            }
            let target = Self.target(builder)
            if !target.address.isEmpty, !target.address.contains("/"), !active.contains(target) {
                active.append(target)
            }
        }
        return (active, dropped)
    }

    private var alertsPath: String {
        let prefix = pathPrefix.split(separator: "/").joined(separator: "/")
        return (prefix.isEmpty ? "" : "/" + prefix) + "/api/v2/alerts"
    }

    private static func target(_ builder: LabelSetBuilder) -> AlertmanagerTarget {
        let address = builder["__address__"]
        return AlertmanagerTarget(
            url: builder["__scheme__"] + "://" + address + builder["__alerts_path__"], address: address)
    }
}

extension AlertingConfiguration {
    /// The data of `/api/v1/alertmanagers`.
    public func alertmanagersAnswer(in objects: DiscoveredObjects, ownNamespace: String = "") -> JSONValue {
        let found = alertmanagers.map { $0.targets($0.discovery.groups(in: objects, ownNamespace: ownNamespace)) }
        func list(_ targets: [AlertmanagerTarget]) -> JSONValue { .array(targets.map { ["url": .string($0.url)] }) }
        return [
            "activeAlertmanagers": list(found.flatMap(\.active)),
            "droppedAlertmanagers": list(found.flatMap(\.dropped)),
        ]
    }
}
