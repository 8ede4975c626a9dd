/// A resource as discovery tells of it: what can be done with it, and what lies below its objects.
public struct DiscoveredResource: Sendable {
    /// A subresource, `pods/log`.
    public struct Subresource: Sendable, Equatable {
        public var name: String
        /// Kind of what is read or written there, with the version it is in if that is another.
        public var kind: String
        public var apiVersion: String
        public var verbs: [String]
    }

    public var resource: ResourceType
    public var verbs: [String]
    public var subresources: [Subresource]

    private static let allVerbs = [
        "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
    ]
    private static let changing = ["get", "patch", "update"]

    /// Kinds that stand for a part of another resource, not for one of their own.
    private static let parts: Set<String> = ["Scale", "Eviction", "TokenRequest"]

    /// The resources of the built-in kinds and of those that definitions add.
    public static func all(_ added: [CustomKind] = []) -> [DiscoveredResource] {
        builtIn + added.map(DiscoveredResource.init)
    }

    private static let builtIn: [DiscoveredResource] =
        KindRow.builtIn.map(\.resource).filter { !parts.contains($0.kind) }.map(DiscoveredResource.init)
        + [
            DiscoveredResource(
                ResourceType(
                    group: "events.k8s.io", version: "v1", kind: "Event", plural: "events", namespaced: true,
                    shortNames: ["ev"]))
        ]

    private init(_ resource: ResourceType) {
        self.resource = resource
        if resource.kind.hasSuffix("Review") {
            verbs = ["create"]
        } else if resource.group == "metrics.k8s.io" {
            verbs = ["get", "list"]
        } else if resource.kind == "Namespace" {
            verbs = Self.allVerbs.filter { $0 != "deletecollection" }
        } else {
            verbs = Self.allVerbs
        }
        let own = resource.apiVersion
        subresources = (Self.table[resource.qualifiedPlural] ?? []).map { row in
            Subresource(
                name: row.name, kind: row.kind.isEmpty ? resource.kind : row.kind,
                apiVersion: row.apiVersion.isEmpty ? own : row.apiVersion, verbs: row.verbs)
        }
    }

    private init(_ kind: CustomKind) {
        resource = kind.resource
        verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
        subresources = []
        let own = kind.resource.apiVersion
        if kind.hasStatus {
            subresources.append(
                Subresource(name: "status", kind: kind.resource.kind, apiVersion: own, verbs: Self.changing))
        }
        if kind.scale != nil {
            subresources.append(
                Subresource(name: "scale", kind: "Scale", apiVersion: "autoscaling/v1", verbs: Self.changing))
        }
    }

    private struct Row {
        var name: String
        var kind = ""
        var apiVersion = ""
        var verbs: [String] = DiscoveredResource.changing

        static let status = Row(name: "status")
        static let scale = Row(name: "scale", kind: "Scale", apiVersion: "autoscaling/v1")
    }

    /// By `plural.group`; names in the order in which discovery lists them.
    private static let table: [String: [Row]] = [
        "namespaces": [Row(name: "finalize", verbs: ["update"]), .status],
        "nodes": [.status],
        "persistentvolumeclaims": [.status],
        "pods": [
            Row(name: "attach", kind: "PodAttachOptions", verbs: ["create", "get"]),
            Row(name: "binding", kind: "Binding", verbs: ["create"]),
            Row(name: "ephemeralcontainers"),
            Row(name: "eviction", kind: "Eviction", apiVersion: "policy/v1", verbs: ["create"]),
            Row(name: "exec", kind: "PodExecOptions", verbs: ["create", "get"]),
            Row(name: "log", verbs: ["get"]),
            Row(name: "portforward", kind: "PodPortForwardOptions", verbs: ["create", "get"]),
            Row(name: "resize"),
            .status,
        ],
        "resourcequotas": [.status],
        "serviceaccounts": [
            Row(name: "token", kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", verbs: ["create"])
        ],
        "services": [.status],
        "daemonsets.apps": [.status],
        "deployments.apps": [.scale, .status],
        "replicasets.apps": [.scale, .status],
        "statefulsets.apps": [.scale, .status],
        "horizontalpodautoscalers.autoscaling": [.status],
        "cronjobs.batch": [.status],
        "jobs.batch": [.status],
        "ingresses.networking.k8s.io": [.status],
        "poddisruptionbudgets.policy": [.status],
    ]
}
