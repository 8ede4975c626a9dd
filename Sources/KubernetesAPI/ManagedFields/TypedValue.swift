import OrderedCollections

/// A value with its shape: its fields as a set, its differences from another, its union with another
/// (`sigs.k8s.io/structured-merge-diff/typed`).
public struct TypedValue: Sendable {
    public var value: JSONValue
    public var shape: MergeShape

    /// Levels of nesting that are looked at.
    private static let depthLimit = 200

    public init(_ value: JSONValue, _ shape: MergeShape) {
        self.value = value
        self.shape = shape
    }

    /// What a node has below it.
    private enum Parts {
        /// Something that is owned as a whole.
        case whole
        case members(OrderedDictionary<String, JSONValue>)
        case elements([(element: FieldPathElement, value: JSONValue)])
    }

    private static func parts(_ value: JSONValue, _ shape: MergeShape) throws(FieldError) -> Parts {
        switch (value, shape) {
        case (.object(let members), .structure), (.object(let members), .map), (.object(let members), .deduced):
            return .members(members)
        case (.array(let items), .set), (.array(let items), .list):
            var found: [(FieldPathElement, JSONValue)] = []
            var seen: Set<FieldPathElement> = []
            for item in items {
                let element = try shape.element(item)
                guard seen.insert(element).inserted else {
                    throw FieldError("duplicate entries for key [\(element.description.dropFirst().dropLast())]")
                }
                found.append((element, item))
            }
            return .elements(found)
        default: return .whole
        }
    }

    // MARK: Fields

    /// The paths that whoever applied the value names.
    /// - Throws: `FieldError` for a field that the type does not have, and for list elements that cannot be told apart.
    public func fields() throws(FieldError) -> FieldSet { try Self.fields(value, shape, "", 0) }

    private static func fields(_ value: JSONValue, _ shape: MergeShape, _ path: String, _ depth: Int)
        throws(FieldError) -> FieldSet
    {
        guard depth < depthLimit else { throw FieldError("\(path): nested too deeply") }
        var set = FieldSet()
        let parts: Parts
        do { parts = try self.parts(value, shape) } catch { throw FieldError("\(path): \(error.description)") }
        switch parts {
        case .whole: set.isMember = true
        case .members(let members):
            if members.isEmpty { set.isMember = true }
            let isStructure = if case .structure = shape { true } else { false }
            for (name, inner) in members {
                let here = "\(path).\(name)"
                guard let member = shape.member(name) else { throw FieldError("\(here): field not declared in schema") }
                var below = try fields(inner, member, here, depth + 1)
                // Keys of maps are owned beside what is below them, fields of messages are not.
                if !isStructure { below.isMember = true }
                set[.field(name)] = below
            }
        case .elements(let elements):
            if elements.isEmpty { set.isMember = true }
            for (element, inner) in elements {
                var below = try fields(inner, shape.elementShape, path + element.description, depth + 1)
                below.isMember = true
                set[element] = below
            }
        }
        return set
    }

    // MARK: Differences

    /// Which paths another value of the same shape has besides, in another way, and not any more.
    public func difference(to other: JSONValue) -> (added: FieldSet, modified: FieldSet, removed: FieldSet) {
        var result = (added: FieldSet(), modified: FieldSet(), removed: FieldSet())
        Self.compare(value, other, shape, 0, &result)
        return result
    }

    private static func compare(
        _ old: JSONValue?, _ new: JSONValue?, _ shape: MergeShape, _ depth: Int,
        _ result: inout (added: FieldSet, modified: FieldSet, removed: FieldSet)
    ) {
        let new = new == .null ? nil : new
        // A list or map that is there as null is there: what it gets is new, it itself is not.
        if old == .null {
            switch new {
            case .object?: return compare([:], new, shape, depth, &result)
            case .array?: return compare([], new, shape, depth, &result)
            default: break
            }
        }
        let old = old == .null ? nil : old
        guard old != nil || new != nil, depth < depthLimit else { return }
        let before = old.flatMap { try? parts($0, shape) }
        let after = new.flatMap { try? parts($0, shape) }
        if old == nil { result.added.isMember = true }
        if new == nil { result.removed.isMember = true }
        func descend(_ element: FieldPathElement, _ left: JSONValue?, _ right: JSONValue?, _ inner: MergeShape) {
            var below = (added: FieldSet(), modified: FieldSet(), removed: FieldSet())
            compare(left, right, inner, depth + 1, &below)
            result.added[element] = below.added
            result.modified[element] = below.modified
            result.removed[element] = below.removed
        }
        switch (before, after) {
        case (.members(let left)?, .members(let right)?) where !(left.isEmpty && right.isEmpty):
            members(left, right, shape, descend)
        case (nil, .members(let right)?): members([:], right, shape, descend)
        case (.members(let left)?, nil): members(left, [:], shape, descend)
        case (.elements(let left)?, .elements(let right)?) where !(left.isEmpty && right.isEmpty):
            elements(left, right, shape, descend)
        case (nil, .elements(let right)?): elements([], right, shape, descend)
        case (.elements(let left)?, nil): elements(left, [], shape, descend)
        default: if let old, let new, old != new { result.modified.isMember = true }
        }
    }

    private static func members(
        _ left: OrderedDictionary<String, JSONValue>, _ right: OrderedDictionary<String, JSONValue>,
        _ shape: MergeShape,
        _ descend: (FieldPathElement, JSONValue?, JSONValue?, MergeShape) -> Void
    ) {
        for (name, value) in left { descend(.field(name), value, right[name], shape.member(name) ?? .deduced) }
        for (name, value) in right where left[name] == nil {
            descend(.field(name), nil, value, shape.member(name) ?? .deduced)
        }
    }

    private static func elements(
        _ left: [(element: FieldPathElement, value: JSONValue)],
        _ right: [(element: FieldPathElement, value: JSONValue)],
        _ shape: MergeShape, _ descend: (FieldPathElement, JSONValue?, JSONValue?, MergeShape) -> Void
    ) {
        let old = Dictionary(left.map { ($0.element, $0.value) }) { first, _ in first }
        let new = Dictionary(right.map { ($0.element, $0.value) }) { first, _ in first }
        for (element, value) in left { descend(element, value, new[element], shape.elementShape) }
        for (element, value) in right where old[element] == nil { descend(element, nil, value, shape.elementShape) }
    }

    // MARK: Merging

    /// The value with everything that a configuration says in its place.
    public func merged(with configuration: JSONValue) throws(FieldError) -> JSONValue {
        try Self.merge(value, configuration, shape, 0)
    }

    private static func merge(_ live: JSONValue, _ wanted: JSONValue, _ shape: MergeShape, _ depth: Int)
        throws(FieldError) -> JSONValue
    {
        guard depth < depthLimit else { throw FieldError("nested too deeply") }
        switch (try parts(live, shape), try parts(wanted, shape)) {
        case (.members(var members), .members(let wanted)):
            for (name, value) in wanted {
                if let old = members[name], let inner = shape.member(name) {
                    members[name] = try merge(old, value, inner, depth + 1)
                } else {
                    members[name] = value
                }
            }
            return .object(members)
        case (.elements(let old), .elements(let new)):
            let wantedElements = Set(new.map(\.element))
            var merged: [JSONValue] = []
            var (left, right) = (old[...], new[...])
            // What is wanted keeps its order; what is there besides stays where it was among it.
            while true {
                if let first = left.first, wantedElements.contains(first.element) == false {
                    merged.append(first.value)
                    left.removeFirst()
                } else if let next = right.popFirst() {
                    let before = old.first { $0.element == next.element }?.value
                    merged.append(
                        try before.map { value throws(FieldError) in
                            try merge(value, next.value, shape.elementShape, depth + 1)
                        } ?? next.value)
                    if left.first?.element == next.element { left.removeFirst() }
                } else if !left.isEmpty {
                    left.removeFirst()
                } else {
                    return .array(merged)
                }
            }
        default: return wanted
        }
    }

    // MARK: Removing

    /// The value without some paths, unless something at or below them is kept.
    public func removing(_ paths: FieldSet, keeping kept: FieldSet) -> JSONValue {
        Self.remove(paths, kept, value, shape) ?? .null
    }

    /// - Returns: nil if the whole value goes.
    private static func remove(_ paths: FieldSet, _ kept: FieldSet, _ value: JSONValue, _ shape: MergeShape)
        -> JSONValue?
    {
        if paths.isMember, kept.isEmpty { return nil }
        switch try? parts(value, shape) {
        case .members(let members)?:
            var left: OrderedDictionary<String, JSONValue> = [:]
            for (name, inner) in members {
                let element = FieldPathElement.field(name)
                let below = paths[element]
                guard !below.isEmpty else {
                    left[name] = inner
                    continue
                }
                if let rest = remove(below, kept[element], inner, shape.member(name) ?? .deduced) { left[name] = rest }
            }
            return .object(left)
        case .elements(let elements)?:
            return .array(
                elements.compactMap { element, inner in
                    let below = paths[element]
                    return below.isEmpty ? inner : remove(below, kept[element], inner, shape.elementShape)
                })
        default: return value
        }
    }
}
