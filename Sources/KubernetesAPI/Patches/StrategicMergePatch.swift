import OrderedCollections

/// Strategic merge patches: JSON merge patches that know which lists merge, by which key
/// (`k8s.io/apimachinery/pkg/util/strategicpatch`).
public enum StrategicMergePatch {
    /// The document with the patch applied. Without a schema maps merge and lists are replaced.
    public static func apply(
        _ patch: JSONValue, to document: JSONValue, schema: MessageSchema?
    ) throws(PatchError) -> JSONValue {
        guard case .object(let changes) = patch, case .object(let members) = document else {
            throw PatchError("Invalid JSON document")
        }
        let merger = StrategicMerger(resolvesDirectives: true)
        return .object(try merger.merge(members, changes, schema.map(PatchShape.message) ?? .unknown, ""))
    }

    /// The patch that kubectl apply sends: what differs between the live object and the new one, and deletions of what
    /// only the last applied object had (`CreateThreeWayMergePatch`). An empty object if nothing is to be done.
    public static func threeWay(
        original: JSONValue?, modified: JSONValue, current: JSONValue, schema: MessageSchema?
    ) throws(PatchError) -> JSONValue {
        let shape = schema.map(PatchShape.message) ?? .unknown
        let target = modified.object ?? [:]
        let changes = try StrategicDifference(additions: true, deletions: false)
            .maps(current.object ?? [:], target, shape, "")
        let deletions = try StrategicDifference(additions: false, deletions: true)
            .maps(original?.object ?? [:], target, shape, "")
        let merger = StrategicMerger(resolvesDirectives: false)
        return .object(try merger.merge(deletions, changes, shape, ""))
    }

    /// The patch that turns one document into another, as `kubectl edit` sends it.
    public static func difference(
        from old: JSONValue, to new: JSONValue, schema: MessageSchema?
    ) throws(PatchError) -> JSONValue {
        let shape = schema.map(PatchShape.message) ?? .unknown
        return .object(
            try StrategicDifference(additions: true, deletions: true).maps(
                old.object ?? [:], new.object ?? [:], shape, ""))
    }
}

/// The members of a patch that say how to merge, rather than what.
enum PatchDirective {
    /// In a map or an element of a list: `replace`, `delete`.
    static let marker = "$patch"
    static let retainKeys = "$retainKeys"
    /// Followed by the name of a list of texts.
    static let deleteFromList = "$deleteFromPrimitiveList"
    /// Followed by the name of a merging list.
    static let elementOrder = "$setElementOrder"

    /// The list that a directive is about.
    static func listName(_ key: String, _ prefix: String, at path: String) throws(PatchError) -> String {
        let rest = key.dropFirst(prefix.count)
        guard rest.first == "/" else {
            let what = prefix == elementOrder ? "setElementOrder list" : "primitive list"
            throw PatchError("invalid patch format of \(what)", at: path)
        }
        return String(rest.dropFirst())
    }

    static func isDelete(_ value: JSONValue) -> Bool { value[marker]?.string == "delete" }
}
