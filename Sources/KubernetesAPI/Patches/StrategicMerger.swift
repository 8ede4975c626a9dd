import OrderedCollections

/// Merges a strategic patch into a document, or into another patch.
struct StrategicMerger {
    typealias Members = OrderedDictionary<String, JSONValue>

    /// Directives take effect. Otherwise the first document is itself a patch: they are kept, as nulls are.
    let resolvesDirectives: Bool

    func merge(_ original: Members, _ patch: Members, _ shape: PatchShape, _ path: String) throws(PatchError) -> Members
    {
        if let directive = patch[PatchDirective.marker] { return try directed(patch, directive, path) }
        var (original, patch) = (original, patch)
        try retainKeys(&original, &patch, path)
        try orderLists(&original, &patch, shape, path)
        for (key, change) in patch {
            var name = key
            let deletes = key.hasPrefix(PatchDirective.deleteFromList)
            if deletes {
                guard resolvesDirectives else {
                    original[key] = change
                    continue
                }
                name = try PatchDirective.listName(key, PatchDirective.deleteFromList, at: path)
            }
            if case .null = change {
                original.removeValue(forKey: name)
                if !resolvesDirectives { original[name] = .null }
                continue
            }
            let place = path.isEmpty ? name : path + "." + name
            let rule = shape.rule(for: name)
            switch (original[name], change) {
            case (.object(let before)?, .object(let after)):
                original[name] = .object(
                    rule.replacesMaps ? settled(after) : try merge(before, after, rule.inner, place))
            case (.array(let before)?, .array(let after)):
                if rule.mergesLists || deletes {
                    original[name] = .array(try lists(before, after, rule, deletes: deletes, place))
                } else {
                    original[name] = .array(settled(after))
                }
            default:
                if deletes { continue }
                if let value = settled(change) { original[name] = value } else { original.removeValue(forKey: name) }
            }
        }
        return original
    }

    private func directed(_ patch: Members, _ directive: JSONValue, _ path: String) throws(PatchError) -> Members {
        switch directive.string {
        case "replace":
            var patch = patch
            patch.removeValue(forKey: PatchDirective.marker)
            return settled(patch)
        case "delete": return [:]
        default:
            throw PatchError(
                "unknown patch type: \(directive.goText) in map: \(JSONValue.object(patch).goText)", at: path)
        }
    }

    /// `$retainKeys` clears the members that it does not list.
    private func retainKeys(_ original: inout Members, _ patch: inout Members, _ path: String) throws(PatchError) {
        guard let retained = patch.removeValue(forKey: PatchDirective.retainKeys) else { return }
        guard resolvesDirectives else {
            if let present = original[PatchDirective.retainKeys], !present.isEquivalent(to: retained) {
                throw PatchError(
                    "\(present.goText) and \(retained.goText) are not deep equal: this may happen when calculating the 3-way diff patch",
                    at: path)
            }
            original[PatchDirective.retainKeys] = retained
            return
        }
        guard case .array(let listed) = retained else {
            throw PatchError("invalid patch format of retainKeys", at: path)
        }
        let names = Set(listed.compactMap(\.string))
        for (key, value) in patch where value != .null && !names.contains(key) {
            if key.hasPrefix(PatchDirective.deleteFromList) || key.hasPrefix(PatchDirective.elementOrder) { continue }
            throw PatchError("invalid patch format of retainKeys", at: path)
        }
        original = original.filter { names.contains($0.key) }
    }

    /// `$setElementOrder/LIST` and its list go together.
    private func orderLists(
        _ original: inout Members, _ patch: inout Members, _ shape: PatchShape, _ path: String
    ) throws(PatchError) {
        for key in Array(patch.keys) where key.hasPrefix(PatchDirective.elementOrder) {
            guard let directive = patch.removeValue(forKey: key) else { continue }
            let name = try PatchDirective.listName(key, PatchDirective.elementOrder, at: path)
            let place = path.isEmpty ? name : path + "." + name
            guard case .array(let order) = directive else {
                throw PatchError("expected a []interface {}, but received a \(directive.goKind)", at: place)
            }
            if !resolvesDirectives {
                if let present = original[key], !present.isEquivalent(to: directive) {
                    throw PatchError("invalid patch format of setElementOrder list", at: place)
                }
                original[key] = directive
            }
            let rule = shape.rule(for: name)
            let list = StrategicList(mergeKey: rule.mergeKey, path: place)
            let before = try listMember(original, name, place)
            let after = try listMember(patch, name, place)
            patch.removeValue(forKey: name)
            if let after { try check(after, follows: order, list) }
            let merged: [JSONValue]
            switch (before, after) {
            case (let before?, nil): merged = before
            case (nil, let after?): merged = settled(after)
            case (let before?, let after?):
                merged = rule.mergesLists ? try lists(before, after, rule, deletes: false, place) : settled(after)
            case (nil, nil): continue
            }
            original[name] = .array(try list.arranged(merged, wanted: order, live: before ?? []))
        }
    }

    private func listMember(_ members: Members, _ name: String, _ place: String) throws(PatchError) -> [JSONValue]? {
        guard let member = members[name] else { return nil }
        guard case .array(let elements) = member else {
            throw PatchError("expected a []interface {}, but received a \(member.goKind)", at: place)
        }
        return elements
    }

    /// The elements of a patch stand in the order that it asks for.
    private func check(_ elements: [JSONValue], follows order: [JSONValue], _ list: StrategicList) throws(PatchError) {
        guard !order.isEmpty else { return }
        var rest = try list.keys(order)[...]
        for element in elements where element[PatchDirective.marker] == nil {
            let key = try list.key(element)
            guard let place = rest.firstIndex(where: { $0.isEquivalent(to: key) }) else {
                throw PatchError(
                    "The order in patch list:\n\(JSONValue.array(elements).goText)\n doesn't match "
                        + "\(PatchDirective.elementOrder) list:\n\(JSONValue.array(order).goText)\n", at: list.path)
            }
            rest = rest[(place + 1)...]
        }
    }

    // MARK: Lists

    private func lists(
        _ original: [JSONValue], _ patch: [JSONValue], _ rule: PatchShape.Rule, deletes: Bool, _ path: String
    ) throws(PatchError) -> [JSONValue] {
        let probe = StrategicList(mergeKey: rule.mergeKey, path: path)
        guard let areMaps = try probe.areMaps(original, patch) else { return original }
        guard areMaps else {
            let scalars = StrategicList(mergeKey: nil, path: path)
            if deletes { return original.filter { item in !patch.contains { $0.isEquivalent(to: item) } } }
            var merged: [JSONValue] = []
            for item in original + patch where !merged.contains(where: { $0.isEquivalent(to: item) }) {
                merged.append(item)
            }
            return try scalars.arranged(merged, wanted: patch, live: original)
        }
        guard rule.mergeKey != nil else {
            throw PatchError("cannot merge lists without merge key for \(path)", at: path)
        }
        let (base, changes) = try directedElements(original, patch, probe)
        var merged = base
        var keys = try base.isEmpty ? [] : probe.keys(base)
        for element in changes {
            let key = try probe.key(element)
            if let place = keys.firstIndex(where: { $0.isEquivalent(to: key) }) {
                merged[place] = .object(
                    try merge(merged[place].object ?? [:], element.object ?? [:], rule.inner, "\(path)[\(place)]"))
            } else if let element = settled(element) {
                merged.append(element)
                keys.append(key)
            }
        }
        return try probe.arranged(merged, wanted: changes, live: base)
    }

    /// Carries out `$patch: delete` and `$patch: replace` among the elements of a list.
    private func directedElements(
        _ original: [JSONValue], _ patch: [JSONValue], _ list: StrategicList
    ) throws(PatchError) -> (base: [JSONValue], changes: [JSONValue]) {
        var base = original
        var changes: [JSONValue] = []
        var replaces = false
        for element in patch {
            guard let directive = element[PatchDirective.marker] else {
                changes.append(element)
                continue
            }
            switch directive.string {
            case "delete":
                let key = try list.key(element)
                base.removeAll { candidate in
                    guard let mergeKey = list.mergeKey, let other = candidate[mergeKey] else { return false }
                    return other.isEquivalent(to: key)
                }
            case "replace": replaces = true
            case "merge": throw PatchError("merging lists cannot yet be specified in the patch", at: list.path)
            default:
                throw PatchError("unknown patch type: \(directive.goText) in map: \(element.goText)", at: list.path)
            }
        }
        return replaces ? (changes.compactMap { settled($0) }, []) : (base, changes)
    }

    // MARK: Values that are new

    /// A value that a patch adds, without the nulls and directives in it; nil for one that says only to delete.
    private func settled(_ value: JSONValue) -> JSONValue? {
        guard resolvesDirectives else { return value }
        switch value {
        case .object(let members): return PatchDirective.isDelete(value) ? nil : .object(settled(members))
        case .array(let elements): return .array(settled(elements))
        default: return value
        }
    }

    private func settled(_ members: Members) -> Members {
        guard resolvesDirectives else { return members }
        var kept: Members = [:]
        for (name, member) in members where member != .null {
            let isDirective =
                name == PatchDirective.marker || name == PatchDirective.retainKeys
                || name.hasPrefix(PatchDirective.deleteFromList) || name.hasPrefix(PatchDirective.elementOrder)
            if !isDirective, let value = settled(member) { kept[name] = value }
        }
        return kept
    }

    private func settled(_ elements: [JSONValue]) -> [JSONValue] {
        resolvesDirectives ? elements.compactMap { settled($0) } : elements
    }
}
