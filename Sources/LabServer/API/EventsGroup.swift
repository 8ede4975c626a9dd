import KubernetesAPI
import OrderedCollections

/// Events as `events.k8s.io/v1` shows them: the same objects under other names (`pkg/apis/core/v1/conversion.go`).
enum EventsGroup {
    static let name = "events.k8s.io"
    static let resource = ResourceType(
        group: name, version: "v1", kind: "Event", plural: "events", namespaced: true, shortNames: ["ev"])

    static func isMeant(_ resource: ResourceType) -> Bool { resource.group == name }

    /// Core names and their twins in this group.
    private static let names: [(core: String, twin: String)] = [
        ("involvedObject", "regarding"), ("message", "note"), ("reportingComponent", "reportingController"),
        ("count", "deprecatedCount"), ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("source", "deprecatedSource"),
    ]

    /// A core Event as this group has it.
    static func object(_ event: JSONValue) -> JSONValue { renamed(event, "events.k8s.io/v1") { ($0.core, $0.twin) } }

    /// An Event of this group as the core group has it.
    static func core(_ event: JSONValue) -> JSONValue { renamed(event, "v1") { ($0.twin, $0.core) } }

    private static func renamed(
        _ event: JSONValue, _ apiVersion: String, _ order: ((core: String, twin: String)) -> (String, String)
    ) -> JSONValue {
        guard case .object(let members) = event else { return event }
        let pairs = OrderedDictionary(uniqueKeysWithValues: names.map(order))
        var result: OrderedDictionary<String, JSONValue> = [:]
        for (name, value) in members { result[pairs[name] ?? name] = value }
        result["apiVersion"] = .string(apiVersion)
        return .object(result)
    }
}
