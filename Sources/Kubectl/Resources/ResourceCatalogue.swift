import KubernetesAPI

/// Finds a kind by the words that kubectl accepts for it: plural, singular, short name, with or without version and
/// group (`deploy`, `deployments.apps`, `deployments.v1.apps`).
enum ResourceCatalogue {
    /// The order in which the API server lists its groups; `all` and `api-resources` follow it.
    private static let groups = [
        "", "events.k8s.io", "apps", "autoscaling", "batch", "networking.k8s.io", "policy", "rbac.authorization.k8s.io",
        "storage.k8s.io",
        "scheduling.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "metrics.k8s.io",
    ]

    /// Kinds that can be asked for, most preferred first: by group, the newest version first, then by plural.
    static var kinds: [KindRow] {
        AddedKinds.current.isEmpty ? builtIn : builtIn + AddedKinds.current.map { KindRow($0) }
    }

    private static let builtIn: [KindRow] = KindRow.builtIn
        .filter { !["Scale", "Eviction", "TokenRequest"].contains($0.resource.kind) && !$0.resource.kind.hasSuffix("Review") }
        .sorted { left, right in
            let (a, b) = (rank(left.resource), rank(right.resource))
            if a != b { return a < b }
            if left.resource.plural != right.resource.plural {
                return left.resource.plural.utf8.lexicographicallyPrecedes(right.resource.plural.utf8)
            }
            return left.resource.version.utf8.lexicographicallyPrecedes(right.resource.version.utf8) == false
        }

    private static func rank(_ resource: ResourceType) -> Int { groups.firstIndex(of: resource.group) ?? groups.count }

    /// The kind that a word stands for.
    static func kind(_ word: String) -> KindRow? {
        let word = word.lowercased()
        let parts = word.split(separator: ".", maxSplits: 1).map(String.init)
        guard let name = parts.first else { return nil }
        let scope = parts.count > 1 ? parts[1] : nil
        return kinds.first { row in
            let resource = row.resource
            guard resource.plural == name || resource.singular == name || resource.shortNames.contains(name) else {
                return false
            }
            guard let scope else { return true }
            if scope == resource.group || scope == resource.version { return true }
            return scope == resource.version + "." + resource.group
        }
    }

    /// The kind of an object.
    static func kind(apiVersion: String, kind: String) -> KindRow? {
        KindRow.known.first {
            $0.resource.kind == kind && $0.resource.apiVersion == apiVersion && $0.resource.group != "metrics.k8s.io"
        }
    }

    /// The kinds of a category such as `all`; the newest version of each.
    static func category(_ name: String) -> [KindRow] {
        var found: [KindRow] = []
        for row in kinds where row.resource.categories.contains(name) {
            if !found.contains(where: {
                $0.resource.plural == row.resource.plural && $0.resource.group == row.resource.group
            }) {
                found.append(row)
            }
        }
        return found
    }
}

extension ResourceType {
    /// `deployment.apps`, as kubectl names one object of the kind.
    var qualifiedSingular: String { group.isEmpty ? singular : singular + "." + group }

    /// `deployment.apps/web`
    func label(_ name: String) -> String { "\(qualifiedSingular)/\(name)" }
}
