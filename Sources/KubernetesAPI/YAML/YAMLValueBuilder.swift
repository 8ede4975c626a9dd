import OrderedCollections

/// Turns the nodes of a document into the value that Kubernetes sees: types told, aliases followed, maps merged, keys
/// made texts (go-yaml's `decode.go`, then `convertToJSONableObject` of `sigs.k8s.io/yaml`).
struct YAMLValueBuilder {
    let tree: YAMLTree
    let maximumDepth: Int
    let refusesDuplicateKeys: Bool

    private var visited = 0
    private var visitedThroughAlias = 0
    private var aliasDepth = 0
    private var duplicates: [String] = []
    private var duplicateLine: Int?

    init(tree: YAMLTree, maximumDepth: Int, refusesDuplicateKeys: Bool) {
        self.tree = tree
        self.maximumDepth = maximumDepth
        self.refusesDuplicateKeys = refusesDuplicateKeys
    }

    mutating func document() throws(YAMLError) -> JSONValue {
        guard tree.root >= 0 else { return .null }
        let value = try value(tree.root, depth: 0)
        if !duplicates.isEmpty {
            let lines = duplicates.map { "  " + $0 }.joined(separator: "\n")
            throw YAMLError("yaml: unmarshal errors:\n" + lines, line: duplicateLine, column: nil)
        }
        return value
    }

    private func error(_ message: String, _ node: Int32) -> YAMLError {
        YAMLError(message, line: Int(tree[node].line), column: Int(tree[node].column))
    }

    private mutating func value(_ index: Int32, depth: Int) throws(YAMLError) -> JSONValue {
        try count(index)
        guard depth <= maximumDepth else { throw error("yaml: exceeded max depth of \(maximumDepth)", index) }
        switch tree[index].kind {
        case .alias:
            aliasDepth += 1
            defer { aliasDepth -= 1 }
            return try value(tree[index].target, depth: depth + 1)
        case .scalar: return try scalar(index)
        case .list:
            var elements: [JSONValue] = []
            elements.reserveCapacity(tree[index].children.count)
            for child in tree[index].children { elements.append(try value(child, depth: depth + 1)) }
            return .array(elements)
        case .map:
            var members: OrderedDictionary<String, JSONValue> = [:]
            try fill(&members, from: index, depth: depth)
            return .object(members)
        }
    }

    /// go-yaml's guard against documents that unfold without end (`decoder.unmarshal`, `allowedAliasRatio`).
    private mutating func count(_ index: Int32) throws(YAMLError) {
        visited += 1
        if aliasDepth > 0 { visitedThroughAlias += 1 }
        guard visitedThroughAlias > 100, visited > 1000 else { return }
        let allowed: Double
        switch visited {
        case ...400_000: allowed = 0.99
        case 4_000_000...: allowed = 0.10
        default: allowed = 0.99 - 0.89 * (Double(visited - 400_000) / 3_600_000)
        }
        if Double(visitedThroughAlias) / Double(visited) > allowed {
            throw error("yaml: document contains excessive aliasing", index)
        }
    }

    /// Puts the pairs of a map into `members` in their order; `<<` takes effect where it stands, over what is there.
    private mutating func fill(
        _ members: inout OrderedDictionary<String, JSONValue>, from map: Int32, depth: Int
    ) throws(YAMLError) {
        let children = tree[map].children
        var own: Set<String> = []
        for pair in stride(from: 0, to: children.count - 1, by: 2) {
            let (key, item) = (children[pair], children[pair + 1])
            if tree.isMerge(key) {
                try merge(&members, item, depth: depth)
                continue
            }
            let name = try keyText(key, value: item, depth: depth)
            if refusesDuplicateKeys, !own.insert(name).inserted {
                duplicates.append("line \(tree[item].line): key \(Self.quoted(name)) already set in map")
                if duplicateLine == nil { duplicateLine = Int(tree[item].line) }
            }
            members[name] = try value(item, depth: depth + 1)
        }
    }

    private mutating func merge(
        _ members: inout OrderedDictionary<String, JSONValue>, _ source: Int32, depth: Int
    ) throws(YAMLError) {
        guard depth < maximumDepth else { throw error("yaml: exceeded max depth of \(maximumDepth)", source) }
        let target = tree.resolved(source)
        // Earlier maps of a list win, so the last goes first.
        let direct = tree[source].kind == .list
        let sources = direct ? tree[target].children.reversed() : [source]
        for item in sources {
            let map = tree.resolved(item)
            guard tree[map].kind == .map else {
                throw error("yaml: map merge requires map or sequence of maps as the value", item)
            }
            let aliased = tree[item].kind == .alias
            if aliased { aliasDepth += 1 }
            defer { if aliased { aliasDepth -= 1 } }
            try count(map)
            try fill(&members, from: map, depth: depth + 1)
        }
    }

    private mutating func keyText(_ index: Int32, value item: Int32, depth: Int) throws(YAMLError) -> String {
        let key = tree.resolved(index)
        guard tree[key].kind == .scalar else {
            throw error("yaml: invalid map key: \(Self.goSyntax(try value(key, depth: depth + 1)))", index)
        }
        switch try typed(key) {
        case .string(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        case .integer(let number): return "\(number)"
        case .number(let number): return Self.keyText(number)
        case .null:
            let shown = Self.goSyntax(try value(item, depth: depth + 1))
            throw error("unsupported map key of type: %!s(<nil>), key: <nil>, value: \(shown)", index)
        }
    }

    private func typed(_ index: Int32) throws(YAMLError) -> YAMLScalar {
        let node = tree[index]
        guard let tag = node.tag else { return node.isImplicit ? YAMLScalar(plain: node.text) : .string(node.text) }
        if tag == YAMLScalar.longTag("binary") {
            guard case .success(let bytes) = Base64.decode(node.text) else {
                throw error("yaml: !!binary value contains invalid base64 data", index)
            }
            return .string(String(decoding: bytes, as: UTF8.self))
        }
        guard let scalar = YAMLScalar(node.text, tag: tag) else {
            let found = YAMLScalar(plain: node.text).shortTag
            let short = tag.replacing("tag:yaml.org,2002:", with: "!!", maxReplacements: 1)
            throw error("yaml: cannot decode \(found) `\(node.text)` as a \(short)", index)
        }
        return scalar
    }

    private func scalar(_ index: Int32) throws(YAMLError) -> JSONValue {
        switch try typed(index) {
        case .null: return .null
        case .bool(let flag): return .bool(flag)
        case .integer(let number): return .integer(number)
        case .string(let text): return .string(text)
        case .number(let number):
            guard number.isFinite else {
                throw error("json: unsupported value: \(number.isNaN ? "NaN" : number < 0 ? "-Inf" : "+Inf")", index)
            }
            // On its way through JSON a number without a fraction becomes an integer again.
            return Int64(exactly: number).map(JSONValue.integer) ?? .number(number)
        }
    }

    /// A fractional key as `strconv.FormatFloat(key, 'g', -1, 32)` prints it: single precision, for whatever reason.
    private static func keyText(_ number: Double) -> String {
        if number.isNaN { return ".nan" }
        if number.isInfinite { return number < 0 ? "-.inf" : ".inf" }
        return GoNumber.shortest(number, single: true)
    }

    /// A text in Go's double quotes, as `%#v` has it.
    static func quoted(_ text: String) -> String { JSONValue.string(text).json(indented: false) }

    /// `%#v` of the plain values that appear in these errors.
    private static func goSyntax(_ value: JSONValue) -> String {
        switch value {
        case .null: "interface {}(nil)"
        case .bool(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .string(let text): quoted(text)
        case .array(let elements): "[]interface {}{" + elements.map(goSyntax).joined(separator: ", ") + "}"
        case .object(let members):
            "map[interface {}]interface {}{"
                + members.map { "\(quoted($0.key)):\(goSyntax($0.value))" }.joined(separator: ", ") + "}"
        }
    }
}
