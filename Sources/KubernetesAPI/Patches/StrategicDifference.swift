import OrderedCollections

/// Computes strategic merge patches (`diffMaps` and its kin).
struct StrategicDifference {
    typealias Members = OrderedDictionary<String, JSONValue>

    /// Whether what is new or changed goes into the patch.
    let additions: Bool
    /// Whether what is gone goes into the patch.
    let deletions: Bool

    func maps(
        _ original: Members, _ modified: Members, _ shape: PatchShape, _ path: String, retainsKeys: Bool = false
    ) throws(PatchError) -> Members {
        var patch: Members = [:]
        for (name, after) in modified {
            guard let before = original[name] else {
                if additions { patch[name] = after }
                continue
            }
            let place = path.isEmpty ? name : path + "." + name
            let rule = shape.rule(for: name)
            switch (before, after) {
            case (.object(let old), .object(let new)) where !rule.replacesMaps:
                let inner = try maps(old, new, rule.inner, place, retainsKeys: rule.retainsKeys)
                if !inner.isEmpty { patch[name] = .object(inner) }
            case (.array(let old), .array(let new)) where rule.mergesLists:
                try lists(old, new, rule, name, place, into: &patch)
            default:
                if additions, !before.isEquivalent(to: after) { patch[name] = after }
            }
        }
        let gone = original.filter { modified[$0.key] == nil }
        if deletions {
            for name in gone.keys { patch[name] = .null }
        }
        if retainsKeys, !modified.isEmpty, !patch.isEmpty || gone.contains(where: { $0.value != .null }) {
            let names = modified.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            patch[PatchDirective.retainKeys] = .array(names.map(JSONValue.string))
        }
        return patch
    }

    private func lists(
        _ original: [JSONValue], _ modified: [JSONValue], _ rule: PatchShape.Rule, _ name: String, _ path: String,
        into patch: inout Members
    ) throws(PatchError) {
        guard !original.isEmpty else {
            if additions, !modified.isEmpty { patch[name] = .array(modified) }
            return
        }
        let list = StrategicList(mergeKey: rule.mergeKey, path: path)
        guard try list.areMaps(original, modified) == true else {
            try scalars(original, modified, name, path, into: &patch)
            return
        }
        guard let mergeKey = rule.mergeKey else {
            throw PatchError("cannot merge lists without merge key for \(path)", at: path)
        }
        var (changed, deleted) = try elements(original, modified, rule, list, mergeKey)
        changed = try list.sorted(changed, by: modified) + deleted
        if !changed.isEmpty { patch[name] = .array(changed) }
        let (oldKeys, newKeys) = (try list.keys(original), try list.keys(modified))
        let sameOrder = oldKeys.count == newKeys.count && zip(oldKeys, newKeys).allSatisfy { $0.isEquivalent(to: $1) }
        if additions && (!changed.isEmpty || !sameOrder) || deletions && !changed.isEmpty {
            patch["\(PatchDirective.elementOrder)/\(name)"] = .array(newKeys.map { .object([mergeKey: $0]) })
        }
    }

    /// Changed and new elements, and directives for those that are gone; both lists are walked in the order of their
    /// keys' texts, so that elements with one key (two protocols on one port) pair up.
    private func elements(
        _ original: [JSONValue], _ modified: [JSONValue], _ rule: PatchShape.Rule, _ list: StrategicList,
        _ mergeKey: String
    ) throws(PatchError) -> (changed: [JSONValue], deleted: [JSONValue]) {
        var old = try keyed(original, list)[...]
        var new = try keyed(modified, list)[...]
        var changed: [JSONValue] = []
        var deleted: [JSONValue] = []
        while !old.isEmpty || !new.isEmpty {
            let (before, after) = (old.first, new.first)
            if let before, let after, before.text == after.text {
                var inner = try maps(
                    before.element.object ?? [:], after.element.object ?? [:], rule.inner,
                    list.path + "[\(after.text)]",
                    retainsKeys: rule.retainsKeys)
                if !inner.isEmpty {
                    inner[mergeKey] = after.key
                    changed.append(.object(inner))
                }
                old.removeFirst()
                new.removeFirst()
            } else if let after, before.map({ after.text.utf8.lexicographicallyPrecedes($0.text.utf8) }) ?? true {
                if additions { changed.append(after.element) }
                new.removeFirst()
            } else if let before {
                if deletions {
                    deleted.append(.object([PatchDirective.marker: .string("delete"), mergeKey: before.key]))
                }
                old.removeFirst()
            }
        }
        return (changed, deleted)
    }

    private typealias Keyed = (text: String, key: JSONValue, element: JSONValue)

    private func keyed(_ elements: [JSONValue], _ list: StrategicList) throws(PatchError) -> [Keyed] {
        var rows: [Keyed] = []
        for element in elements {
            let key = try list.key(element)
            rows.append((key.goText, key, element))
        }
        return Self.sorted(rows)
    }

    private static func sorted(_ rows: [Keyed]) -> [Keyed] {
        rows.enumerated().sorted { left, right in
            if left.element.text == right.element.text { return left.offset < right.offset }
            return left.element.text.utf8.lexicographicallyPrecedes(right.element.text.utf8)
        }.map(\.element)
    }

    /// Lists of texts: what is new goes into the patch, what is gone into a list beside it.
    private func scalars(
        _ original: [JSONValue], _ modified: [JSONValue], _ name: String, _ path: String, into patch: inout Members
    ) throws(PatchError) {
        let list = StrategicList(mergeKey: nil, path: path)
        var old = try keyed(original, list)[...]
        var new = try keyed(modified, list)[...]
        var added: [JSONValue] = []
        var deleted: [JSONValue] = []
        while !old.isEmpty || !new.isEmpty {
            if let before = old.first, let after = new.first, before.text == after.text {
                old.removeFirst()
                new.removeFirst()
            } else if let after = new.first,
                old.first.map({ after.text.utf8.lexicographicallyPrecedes($0.text.utf8) }) ?? true
            {
                if additions { added.append(after.element) }
                new.removeFirst()
            } else if let before = old.popFirst(), deletions, !deleted.contains(before.element) {
                deleted.append(before.element)
            }
        }
        if !added.isEmpty { patch[name] = .array(try list.sorted(added, by: modified)) }
        if !deleted.isEmpty { patch["\(PatchDirective.deleteFromList)/\(name)"] = .array(deleted) }
        let changed = !JSONValue.array(original).isEquivalent(to: .array(modified))
        if deletions && !deleted.isEmpty || additions && changed {
            patch["\(PatchDirective.elementOrder)/\(name)"] = .array(modified)
        }
    }
}
