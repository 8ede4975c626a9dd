import KubernetesAPI

/// A part of a list, as objects: an API server's answer before it is written down.
public struct Listing: Sendable {
    public var objects: [any KubernetesObject]
    /// Objects behind the last of them.
    public var remaining: Int
    /// The revision of the store that it shows.
    public var revision: Int64
}

extension Cluster {
    /// Answers a list of stored objects in parts.
    /// - Parameters:
    ///   - key: `namespace/name` behind which the part begins; empty for the beginning. Names of objects without a
    ///     namespace have nothing before the slash.
    ///   - limit: most objects; 0 for all.
    /// - Returns: nil for kinds that are made when somebody reads them, and for those of definitions.
    /// - Throws: what the API server answers instead.
    public func listing(_ request: APIRequest, after key: String, limit: Int) throws(APIStatus) -> Listing? {
        guard request.verb == .list, let kind = ObjectKind(request.resource), !Self.computedKinds.contains(kind),
            kind.type.resource == request.resource, request.resource.group != Role.resource.group
        else { return nil }
        try authorize(request)
        let selection = try ObjectSelection(request)
        func list<Object: StoredObject>(_ type: Object.Type) -> Listing {
            let after = Object.resource.namespaced ? key : String(key.drop { $0 == "/" })
            var found: [any KubernetesObject] = []
            var remaining = 0
            let table = context.store[keyPath: Object.table]
            for (key, id) in table.sortedKeys where after.isEmpty || after.utf8.lexicographicallyPrecedes(key.utf8) {
                // Behind a full page objects are looked at only to be counted.
                guard let object = table[id], selection.matches(object) else { continue }
                if limit == 0 || found.count < limit { found.append(object) } else { remaining += 1 }
            }
            return Listing(objects: found, remaining: remaining, revision: context.store.revision)
        }
        return list(kind.type)
    }

    private static let computedKinds: Set<ObjectKind> = [.endpoints, .lease]
}
