import OrderedCollections

/// What the API server tells of itself: the older lists, a document a group and version, and the aggregated form, one
/// document for all (`k8s.io/apiserver/pkg/endpoints/discovery`).
extension APIGroups {
    /// `/api`
    public var coreVersions: JSONValue {
        [
            "kind": "APIVersions", "versions": .array((group("")?.versions ?? []).map { .string($0) }),
            "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"]],
        ]
    }

    /// `/apis`
    public var groupList: JSONValue {
        [
            "kind": "APIGroupList", "apiVersion": "v1",
            "groups": .array(groups.filter { !$0.name.isEmpty }.map { .object(Self.members($0)) }),
        ]
    }

    /// `/apis/GROUP`; nil if there is none of that name.
    public func groupDocument(_ name: String) -> JSONValue? {
        guard !name.isEmpty, let group = group(name) else { return nil }
        var members: OrderedDictionary<String, JSONValue> = ["kind": "APIGroup", "apiVersion": "v1"]
        members.merge(Self.members(group)) { $1 }
        return .object(members)
    }

    private static func members(_ group: Group) -> OrderedDictionary<String, JSONValue> {
        func entry(_ version: String) -> JSONValue {
            ["groupVersion": .string("\(group.name)/\(version)"), "version": .string(version)]
        }
        return [
            "name": .string(group.name), "versions": .array(group.versions.map(entry)),
            "preferredVersion": group.versions.first.map(entry) ?? .null,
        ]
    }

    /// `/api/v1`, `/apis/GROUP/VERSION`; nil if there is no such version.
    public func resourceList(group: String, version: String) -> JSONValue? {
        let found = resources(group: group, version: version)
        guard !found.isEmpty else { return nil }
        var rows: [JSONValue] = []
        for discovered in found {
            let resource = discovered.resource
            var row: OrderedDictionary<String, JSONValue> = [
                "name": .string(resource.plural), "singularName": .string(Self.singular(resource)),
                "namespaced": .bool(resource.namespaced), "kind": .string(resource.kind),
                "verbs": .array(discovered.verbs.map { .string($0) }),
            ]
            if !resource.shortNames.isEmpty { row["shortNames"] = .array(resource.shortNames.map { .string($0) }) }
            if !resource.categories.isEmpty { row["categories"] = .array(resource.categories.map { .string($0) }) }
            rows.append(.object(row))
            for subresource in discovered.subresources {
                var row: OrderedDictionary<String, JSONValue> = [
                    "name": .string("\(resource.plural)/\(subresource.name)"), "singularName": "",
                    "namespaced": .bool(resource.namespaced),
                ]
                if subresource.apiVersion != resource.apiVersion {
                    let (group, version) = Self.split(subresource.apiVersion)
                    row["group"] = .string(group)
                    row["version"] = .string(version)
                }
                row["kind"] = .string(subresource.kind)
                row["verbs"] = .array(subresource.verbs.map { .string($0) })
                rows.append(.object(row))
            }
        }
        return [
            "kind": "APIResourceList", "apiVersion": "v1",
            "groupVersion": .string(group.isEmpty ? version : "\(group)/\(version)"), "resources": .array(rows),
        ]
    }

    /// `APIGroupDiscoveryList`: of the core group for `/api`, of all others for `/apis`.
    public func aggregated(core: Bool) -> JSONValue {
        let items = groups.filter { $0.name.isEmpty == core }.map { group -> JSONValue in
            let versions = group.versions.map { version -> JSONValue in
                let rows = resources(group: group.name, version: version).map(Self.aggregated)
                return ["version": .string(version), "resources": .array(rows), "freshness": "Current"]
            }
            return [
                "metadata": group.name.isEmpty
                    ? ["creationTimestamp": .null] : ["name": .string(group.name), "creationTimestamp": .null],
                "versions": .array(versions),
            ]
        }
        return [
            "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": [:],
            "items": .array(items),
        ]
    }

    private static func aggregated(_ discovered: DiscoveredResource) -> JSONValue {
        let resource = discovered.resource
        var row: OrderedDictionary<String, JSONValue> = [
            "resource": .string(resource.plural), "responseKind": kind(resource.apiVersion, resource.kind),
            "scope": resource.namespaced ? "Namespaced" : "Cluster",
            "singularResource": .string(singular(resource)),
            "verbs": .array(discovered.verbs.map { .string($0) }),
        ]
        if !resource.shortNames.isEmpty { row["shortNames"] = .array(resource.shortNames.map { .string($0) }) }
        if !resource.categories.isEmpty { row["categories"] = .array(resource.categories.map { .string($0) }) }
        if !discovered.subresources.isEmpty {
            row["subresources"] = .array(
                discovered.subresources.map {
                    [
                        "subresource": .string($0.name), "responseKind": kind($0.apiVersion, $0.kind),
                        "verbs": .array($0.verbs.map { .string($0) }),
                    ]
                })
        }
        return .object(row)
    }

    private static func kind(_ apiVersion: String, _ kind: String) -> JSONValue {
        let (group, version) = split(apiVersion)
        return ["group": .string(group), "version": .string(version), "kind": .string(kind)]
    }

    private static func split(_ apiVersion: String) -> (group: String, version: String) {
        let parts = apiVersion.split(separator: "/", maxSplits: 1).map(String.init)
        return parts.count == 2 ? (parts[0], parts[1]) : ("", apiVersion)
    }

    /// metrics-server has no singular names for its resources.
    private static func singular(_ resource: ResourceType) -> String {
        resource.group == "metrics.k8s.io" ? "" : resource.singular
    }
}
