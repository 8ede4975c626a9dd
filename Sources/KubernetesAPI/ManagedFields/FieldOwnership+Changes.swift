import OrderedCollections

extension FieldOwnership {
    /// What somebody changed of an object's intent: everything but what the server itself sets, the status, and what tools
    /// and controllers note in annotations.
    /// - Returns: fields with another value or none before, and fields that are gone.
    public static func changes(from old: JSONValue, to new: JSONValue, shape: MergeShape) -> (
        changed: FieldSet, removed: FieldSet
    ) {
        let difference = TypedValue(cleaned(old), shape).difference(to: cleaned(new))
        let changed = owned(difference.added.union(difference.modified), subresource: "")
        return (changed, owned(difference.removed, subresource: ""))
    }

    private static let notes = [
        "kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision",
        "deprecated.daemonset.template.generation",
    ]

    private static func cleaned(_ object: JSONValue) -> JSONValue {
        guard case .object(var members) = object, case .object(var metadata)? = members["metadata"] else {
            return object
        }
        if case .object(var annotations)? = metadata["annotations"] {
            for note in notes { annotations[note] = nil }
            metadata["annotations"] = annotations.isEmpty ? nil : .object(annotations)
        }
        metadata["finalizers"] = nil
        members["metadata"] = .object(metadata)
        return .object(members)
    }
}

extension FieldSet {
    /// The paths as texts, `.spec.replicas`; of a path and what lies below it the longer ones.
    public var texts: [String] {
        let all = paths
        return all.filter { path in !all.contains { $0.count > path.count && Array($0.prefix(path.count)) == path } }
            .map { $0.map(\.description).joined() }
    }

    /// Without the number of pods that an autoscaler sets.
    public var withoutReplicas: FieldSet {
        var spec = self[.field("spec")]
        spec = spec.without(.field("replicas"))
        var result = self
        result[.field("spec")] = spec
        return result
    }
}

extension TypedValue {
    /// The value with some fields as another value has them, and without others.
    public func changed(to other: JSONValue, in fields: FieldSet, removing removed: FieldSet) -> JSONValue {
        let part = Self.part(of: other, fields, shape)
        let merged = (try? merged(with: part ?? .object([:]))) ?? value
        return TypedValue(merged, shape).removing(removed, keeping: FieldSet())
    }

    /// What a value has at some paths, with the keys of list elements on the way; nil for nothing.
    private static func part(of value: JSONValue, _ fields: FieldSet, _ shape: MergeShape) -> JSONValue? {
        guard !fields.isEmpty else { return nil }
        switch value {
        case .object(let members) where !fields.children.isEmpty:
            var found: OrderedDictionary<String, JSONValue> = [:]
            for (name, inner) in members {
                found[name] = part(of: inner, fields[.field(name)], shape.member(name) ?? .deduced)
            }
            return .object(found)
        case .array(let items) where !fields.children.isEmpty:
            return .array(
                items.compactMap { item in
                    guard let element = try? shape.element(item),
                        var found = part(of: item, fields[element], shape.elementShape)
                    else { return nil }
                    if case .list(let keys, _) = shape, case .object(var members) = found {
                        for (name, _) in keys { members[name] = item[name] ?? members[name] }
                        found = .object(members)
                    }
                    return found
                })
        default: return value
        }
    }
}
