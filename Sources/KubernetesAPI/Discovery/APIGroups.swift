/// The groups and versions of the API, in the order in which the API server tells them.
public struct APIGroups: Sendable {
    public struct Group: Sendable {
        /// Empty for the core group.
        public var name: String
        /// The preferred one first.
        public var versions: [String]
    }

    /// Order of the built-in groups (`pkg/controlplane/apiserver`); groups of definitions come before metrics, by name.
    private static let order = [
        "", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch",
        "networking.k8s.io", "policy", "rbac.authorization.k8s.io", "apiextensions.k8s.io", "scheduling.k8s.io",
        "coordination.k8s.io", "discovery.k8s.io",
    ]

    /// Groups that an adapter in front of a monitoring system serves; their resources are metrics.
    public static let adapters = [
        Group(name: "custom.metrics.k8s.io", versions: ["v1beta2", "v1beta1"]),
        Group(name: "external.metrics.k8s.io", versions: ["v1beta1"]),
    ]

    public let groups: [Group]
    public let resources: [DiscoveredResource]

    /// - Parameter added: the kinds that definitions add, the definitions' own among them.
    public init(_ added: [CustomKind]) {
        resources = DiscoveredResource.all(added)
        var groups: [Group] = []
        for discovered in resources {
            let (name, version) = (discovered.resource.group, discovered.resource.version)
            if let index = groups.firstIndex(where: { $0.name == name }) {
                if !groups[index].versions.contains(version) { groups[index].versions.append(version) }
            } else {
                groups.append(Group(name: name, versions: [version]))
            }
        }
        for index in groups.indices { groups[index].versions.sort(by: Self.isPreferred) }
        func rank(_ name: String) -> (Int, String) {
            if let place = Self.order.firstIndex(of: name) { return (place, "") }
            return name == "metrics.k8s.io" ? (Self.order.count + 1, "") : (Self.order.count, name)
        }
        self.groups = groups.sorted { rank($0.name) < rank($1.name) } + Self.adapters
    }

    public func group(_ name: String) -> Group? { groups.first { $0.name == name } }

    /// The resources of one group and version, by plural; none if there is no such version.
    public func resources(group: String, version: String) -> [DiscoveredResource] {
        resources.filter { $0.resource.group == group && $0.resource.version == version }.sorted {
            $0.resource.plural.utf8.lexicographicallyPrecedes($1.resource.plural.utf8)
        }
    }

    /// Stable before beta before alpha, newer before older (`k8s.io/apimachinery/pkg/version/helpers.go`).
    public static func isPreferred(_ left: String, to right: String) -> Bool {
        let (a, b) = (parts(left), parts(right))
        guard let a, let b else {
            return a != nil || (b == nil && left.utf8.lexicographicallyPrecedes(right.utf8))
        }
        return (a.stability, a.major, a.minor) > (b.stability, b.major, b.minor)
    }

    /// `v2beta3` is (1, 2, 3); stability is 2 for stable, 1 for beta, 0 for alpha.
    private static func parts(_ version: String) -> (stability: Int, major: Int, minor: Int)? {
        guard version.first == "v" else { return nil }
        let digits = version.dropFirst().prefix { $0.isASCII && $0.isNumber }
        guard let major = Int(digits) else { return nil }
        let rest = version.dropFirst(1 + digits.count)
        if rest.isEmpty { return (2, major, 0) }
        for (stability, word) in [(1, "beta"), (0, "alpha")] where rest.hasPrefix(word) {
            guard let minor = Int(rest.dropFirst(word.count)) else { return nil }
            return (stability, major, minor)
        }
        return nil
    }
}
