import OrderedCollections

/// One step of a path into an object (`sigs.k8s.io/structured-merge-diff/fieldpath`).
public enum FieldPathElement: Sendable, Hashable, Comparable {
    /// A field of a message, or a key of a map.
    case field(String)
    /// An element of a list, by the fields that are its key: canonical JSON such as `{"containerPort":80,"protocol":"TCP"}`.
    case key(String)
    /// An element of a set, by its value as JSON.
    case value(String)
    case index(Int)

    /// As FieldsV1 writes it.
    var text: String {
        switch self {
        case .field(let name): "f:" + name
        case .key(let json): "k:" + json
        case .value(let json): "v:" + json
        case .index(let place): "i:\(place)"
        }
    }

    /// Reads `f:name`, `k:{…}`, `v:…` or `i:0`; nil for anything else.
    init?(_ text: String) {
        guard text.utf8.count >= 2, text.utf8.dropFirst().first == UInt8(ascii: ":") else { return nil }
        let rest = String(text.dropFirst(2))
        switch text.utf8.first {
        case UInt8(ascii: "f"): self = .field(rest)
        case UInt8(ascii: "k"):
            guard let value = try? JSONValue(parsingJSON: Array(rest.utf8)[...]), case .object(let members) = value
            else {
                return nil
            }
            self = .key(Self.canonical(members))
        case UInt8(ascii: "v"):
            guard let value = try? JSONValue(parsingJSON: Array(rest.utf8)[...]) else { return nil }
            self = .value(value.json(indented: false))
        case UInt8(ascii: "i"):
            guard let place = Int(rest) else { return nil }
            self = .index(place)
        default: return nil
        }
    }

    static func canonical(_ members: OrderedDictionary<String, JSONValue>) -> String {
        JSONValue.object(members).json(indented: false)
    }

    /// As error texts print it: `.name`, `[name="web"]`.
    var description: String {
        switch self {
        case .field(let name): return "." + name
        case .value(let json): return "[=\(json)]"
        case .index(let place): return "[\(place)]"
        case .key(let json):
            let members = (try? JSONValue(parsingJSON: Array(json.utf8)[...]))?.object ?? [:]
            return "[" + members.map { "\($0.key)=\($0.value.json(indented: false))" }.joined(separator: ",") + "]"
        }
    }

    private var rank: Int {
        switch self {
        case .field: 0
        case .key: 1
        case .value: 2
        case .index: 3
        }
    }

    public static func < (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.field(let a), .field(let b)), (.key(let a), .key(let b)), (.value(let a), .value(let b)):
            a.utf8.lexicographicallyPrecedes(b.utf8)
        case (.index(let a), .index(let b)): a < b
        default: left.rank < right.rank
        }
    }
}

/// A set of paths into an object, such as somebody owns (`fieldpath.Set`).
public struct FieldSet: Sendable, Equatable {
    /// Whether the path that leads here is in the set.
    var isMember = false
    /// Never visible in its own order: whoever walks it sorts.
    private(set) var children: [FieldPathElement: FieldSet] = [:]

    /// Levels of nesting that are read; deeper ones are refused.
    static let depthLimit = 200

    public init() {}

    public var isEmpty: Bool { !isMember && children.isEmpty }

    subscript(_ element: FieldPathElement) -> FieldSet {
        get { children[element] ?? FieldSet() }
        set { children[element] = newValue.isEmpty ? nil : newValue }
    }

    var sorted: [(element: FieldPathElement, set: FieldSet)] {
        children.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    // MARK: FieldsV1

    /// The set as `fieldsV1` has it.
    public var json: JSONValue {
        var members: OrderedDictionary<String, JSONValue> = [:]
        if isMember, !children.isEmpty { members["."] = [:] }
        for (element, set) in sorted { members[element.text] = set.json }
        return .object(members)
    }

    /// - Throws: `FieldError` for what is no FieldsV1.
    public init(json value: JSONValue) throws(FieldError) { try self.init(value, depth: 0, isRoot: true) }

    private init(_ value: JSONValue, depth: Int, isRoot: Bool) throws(FieldError) {
        guard depth <= Self.depthLimit else { throw FieldError("fieldsV1 is nested too deeply") }
        guard case .object(let members) = value else { throw FieldError("fieldsV1 has a value that is no object") }
        // A leaf is a member; what has children is one only if it says so.
        isMember = members.isEmpty && !isRoot
        for (name, inner) in members {
            if name == "." {
                isMember = true
                continue
            }
            guard let element = FieldPathElement(name) else {
                throw FieldError("unknown path element \(GoText.quoted(name))")
            }
            children[element] = try FieldSet(inner, depth: depth + 1, isRoot: false)
        }
    }

    // MARK: Sets

    public func union(_ other: FieldSet) -> FieldSet {
        var result = self
        result.isMember = isMember || other.isMember
        for (element, set) in other.children { result.children[element] = (children[element] ?? FieldSet()).union(set) }
        return result
    }

    public func subtracting(_ other: FieldSet) -> FieldSet {
        var result = self
        result.isMember = isMember && !other.isMember
        for (element, set) in other.children {
            guard let own = children[element] else { continue }
            result[element] = own.subtracting(set)
        }
        return result
    }

    public func intersection(_ other: FieldSet) -> FieldSet {
        var result = FieldSet()
        result.isMember = isMember && other.isMember
        for (element, set) in children {
            if let theirs = other.children[element] { result[element] = set.intersection(theirs) }
        }
        return result
    }

    /// Without a path and all below it.
    func without(_ path: FieldPathElement...) -> FieldSet { removing(path[...]) }

    private func removing(_ path: ArraySlice<FieldPathElement>) -> FieldSet {
        guard let first = path.first else { return FieldSet() }
        var result = self
        if let inner = children[first] { result[first] = inner.removing(path.dropFirst()) }
        return result
    }

    /// All paths in the set, in their order.
    var paths: [[FieldPathElement]] {
        (isMember ? [[]] : []) + sorted.flatMap { element, set in set.paths.map { [element] + $0 } }
    }
}
