/// Order and identity of the elements of merging lists.
struct StrategicList {
    /// The member by which elements find each other; nil for lists of scalars.
    let mergeKey: String?
    let path: String

    /// What identifies an element.
    func key(_ element: JSONValue) throws(PatchError) -> JSONValue {
        guard let mergeKey else { return element }
        guard case .object(let members) = element else {
            throw PatchError("expected a map[string]interface {}, but received a \(element.goKind)", at: path)
        }
        guard let key = members[mergeKey] else {
            throw PatchError("map: \(element.goText) does not contain declared merge key: \(mergeKey)", at: path)
        }
        return key
    }

    func keys(_ elements: [JSONValue]) throws(PatchError) -> [JSONValue] {
        var keys: [JSONValue] = []
        keys.reserveCapacity(elements.count)
        for element in elements { keys.append(try key(element)) }
        return keys
    }

    /// Elements of both lists must be of one kind, and no lists. Whether they are maps; nil if there are none.
    func areMaps(_ lists: [JSONValue]...) throws(PatchError) -> Bool? {
        var kind: String?
        for element in lists.joined() {
            if case .array = element { throw PatchError("lists of lists are not supported", at: path) }
            if let kind, kind != element.goKind {
                throw PatchError(
                    "list element types are not identical: \(lists.map { JSONValue.array($0).goText })", at: path)
            }
            kind = element.goKind
        }
        return kind.map { $0 == "object" }
    }

    /// Elements in the order of another list; elements that are to be deleted, and unknown ones, stay behind.
    func sorted(_ elements: [JSONValue], by order: [JSONValue]) throws(PatchError) -> [JSONValue] {
        let order = try keys(order)
        var ranked: [(rank: Int, element: JSONValue)] = []
        var deletions: [JSONValue] = []
        for element in elements {
            if PatchDirective.isDelete(element) {
                deletions.append(element)
            } else {
                let key = try key(element)
                ranked.append((order.firstIndex { $0.isEquivalent(to: key) } ?? order.count, element))
            }
        }
        let indexed = ranked.enumerated().sorted { left, right in
            (left.element.rank, left.offset) < (right.element.rank, right.offset)
        }
        return indexed.map(\.element.element) + deletions
    }

    /// A merged list in its final order (`normalizeElementOrder`): elements named in `wanted` in that order, the others
    /// in the live order, both woven together so that each stands before the live elements that it stood before.
    func arranged(_ merged: [JSONValue], wanted: [JSONValue], live: [JSONValue]) throws(PatchError) -> [JSONValue] {
        let wantedKeys = try keys(wanted)
        var named: [JSONValue] = []
        var others: [JSONValue] = []
        for element in merged {
            let key = try key(element)
            if wantedKeys.contains(where: { $0.isEquivalent(to: key) }) {
                named.append(element)
            } else {
                others.append(element)
            }
        }
        named = try sorted(named, by: wanted)
        others = try sorted(others, by: live)
        let liveKeys = try keys(live)
        func place(_ element: JSONValue) throws(PatchError) -> Int? {
            let key = try key(element)
            return liveKeys.firstIndex { $0.isEquivalent(to: key) }
        }
        var woven: [JSONValue] = []
        woven.reserveCapacity(merged.count)
        var (left, right) = (others[...], named[...])
        while let other = left.first, let next = right.first {
            if let a = try place(other), let b = try place(next), a < b {
                woven.append(other)
                left.removeFirst()
            } else {
                woven.append(next)
                right.removeFirst()
            }
        }
        return woven + left + right
    }
}
