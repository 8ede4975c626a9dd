import OrderedCollections

/// JSON merge patches (RFC 7386): null deletes, objects merge, anything else replaces.
public enum MergePatch {
    public static func apply(_ patch: JSONValue, to document: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members = document.object ?? [:]
        for (name, change) in changes {
            if case .null = change {
                members.removeValue(forKey: name)
            } else {
                members[name] = apply(change, to: members[name] ?? .null)
            }
        }
        return .object(members)
    }

    /// The patch that turns one document into another; an empty object if they are equivalent.
    public static func difference(from old: JSONValue, to new: JSONValue) -> JSONValue {
        .object(difference(old.object ?? [:], new.object ?? [:], additions: true, deletions: true))
    }

    /// What kubectl apply sends for kinds whose schema it does not know (`jsonmergepatch`): from the live object to the
    /// new one, deletions only of what the last applied object had.
    public static func threeWay(original: JSONValue?, modified: JSONValue, current: JSONValue) -> JSONValue {
        let target = modified.object ?? [:]
        let deletions = difference(original?.object ?? [:], target, additions: false, deletions: true)
        let changes = difference(current.object ?? [:], target, additions: true, deletions: false)
        return combined(.object(deletions), .object(changes))
    }

    private static func difference(
        _ old: OrderedDictionary<String, JSONValue>, _ new: OrderedDictionary<String, JSONValue>, additions: Bool,
        deletions: Bool
    ) -> OrderedDictionary<String, JSONValue> {
        var patch: OrderedDictionary<String, JSONValue> = [:]
        for (name, value) in new {
            switch (old[name], value) {
            case (.object(let before)?, .object(let after)):
                let inner = difference(before, after, additions: additions, deletions: deletions)
                if !inner.isEmpty { patch[name] = .object(inner) }
            case (let before?, _):
                if additions, !before.isEquivalent(to: value) { patch[name] = value }
            case (nil, _):
                if additions { patch[name] = value }
            }
        }
        if deletions {
            for name in old.keys where new[name] == nil { patch[name] = .null }
        }
        return patch
    }

    /// Two patches as one, the second over the first; nulls stay.
    private static func combined(_ first: JSONValue, _ second: JSONValue) -> JSONValue {
        guard case .object(var members) = first, case .object(let changes) = second else { return second }
        for (name, change) in changes { members[name] = members[name].map { combined($0, change) } ?? change }
        return .object(members)
    }
}
