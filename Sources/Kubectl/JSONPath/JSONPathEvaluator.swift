import KubernetesAPI

/// Finds what a template names in a document (`k8s.io/client-go/util/jsonpath/jsonpath.go`).
struct JSONPathEvaluator {
    /// Whether a member that is not there is an error, or just nothing.
    var allowsMissingKeys: Bool

    /// The results of each text or action, in order; ranges repeat theirs.
    func results(_ nodes: [JSONPathNode], _ document: JSONValue) throws(JSONPathError) -> [[JSONValue]] {
        var all: [[JSONValue]] = []
        for node in nodes {
            if case .range(let over, let body) = node {
                for element in try steps(over, [document]) { all += try results(body, element) }
            } else {
                all.append(try step(node, [document]))
            }
        }
        return all
    }

    private func steps(_ nodes: [JSONPathNode], _ input: [JSONValue]) throws(JSONPathError) -> [JSONValue] {
        var values = input
        for node in nodes { values = try step(node, values) }
        return values
    }

    private func step(_ node: JSONPathNode, _ input: [JSONValue]) throws(JSONPathError) -> [JSONValue] {
        switch node {
        case .text(let text): return [.string(text)]
        case .integer(let number): return [.integer(number)]
        case .number(let number): return [.number(number)]
        case .bool(let flag): return [.bool(flag)]
        case .path(let nodes): return try steps(nodes, input)
        case .range: return []
        case .field(let name):
            guard !input.isEmpty else { return [] }
            let found = input.compactMap { $0[name] }
            if found.isEmpty, !allowsMissingKeys { throw JSONPathError("\(name) is not found") }
            return found
        case .wildcard: return input.flatMap(Self.children)
        case .recursive: return Self.descendants(input)
        case .union(let branches):
            var found: [JSONValue] = []
            for branch in branches { found += try steps(branch, input) }
            return found
        case .slice(let start, let end, let step, let isIndex):
            var found: [JSONValue] = []
            for value in input { found += try Self.slice(value, start, end, step, isIndex) }
            return found
        case .filter(let left, let comparison, let right):
            var found: [JSONValue] = []
            for value in input { found += try filter(value, left, comparison, right) }
            return found
        }
    }

    private static func children(_ value: JSONValue) -> [JSONValue] {
        switch value {
        case .array(let elements): elements
        case .object(let members): members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value)
        default: []
        }
    }

    /// Each value that has children, then theirs, depth after depth.
    private static func descendants(_ input: [JSONValue]) -> [JSONValue] {
        var found: [JSONValue] = []
        for value in input {
            let inner = children(value)
            guard !inner.isEmpty else { continue }
            found.append(value)
            found += descendants(inner)
        }
        return found
    }

    private static func slice(
        _ value: JSONValue, _ first: Int?, _ last: Int?, _ step: Int?, _ isIndex: Bool
    ) throws(JSONPathError) -> [JSONValue] {
        if case .null = value { return [] }
        guard case .array(let elements) = value else { throw JSONPathError("\(goText(value)) is not array or slice") }
        let count = elements.count
        var start = first ?? 0
        if start < 0 { start += count }
        if isIndex {
            guard elements.indices.contains(start) else {
                throw JSONPathError("array index out of bounds: index \(start), length \(count)")
            }
            return [elements[start]]
        }
        var end = last ?? count
        if end < 0 { end += count }
        guard start != end else { return [] }
        guard elements.indices.contains(start) else {
            throw JSONPathError("array index out of bounds: index \(start), length \(count)")
        }
        guard end >= 0, end <= count else {
            throw JSONPathError("array index out of bounds: index \(end - 1), length \(count)")
        }
        guard start <= end else { throw JSONPathError("starting index \(start) is greater than ending index \(end)") }
        let stride = step ?? 1
        guard stride > 0 else { throw JSONPathError("step must be > 0") }
        return Swift.stride(from: start, to: end, by: stride).map { elements[$0] }
    }

    private func filter(
        _ value: JSONValue, _ left: [JSONPathNode], _ comparison: String?, _ right: [JSONPathNode]
    ) throws(JSONPathError) -> [JSONValue] {
        if case .null = value { return [] }
        guard case .array(let elements) = value else {
            throw JSONPathError("\(Self.goText(value)) is not array or slice and cannot be filtered")
        }
        var found: [JSONValue] = []
        for element in elements {
            let lefts: [JSONValue]
            do { lefts = try steps(left, [element]) } catch {
                if comparison == nil { continue }
                throw error
            }
            guard let comparison else {
                if !lefts.isEmpty { found.append(element) }
                continue
            }
            guard lefts.count <= 1 else { throw JSONPathError("can only compare one element at a time") }
            guard let one = lefts.first else { continue }
            let rights = try steps(right, [element])
            guard rights.count <= 1 else { throw JSONPathError("can only compare one element at a time") }
            guard let other = rights.first else { continue }
            if try Self.holds(one, comparison, other) { found.append(element) }
        }
        return found
    }

    private static func holds(_ left: JSONValue, _ comparison: String, _ right: JSONValue) throws(JSONPathError) -> Bool
    {
        let order: (isEqual: Bool, isLess: Bool)
        switch (left, right) {
        case (.string(let a), .string(let b)): order = (a == b, a.utf8.lexicographicallyPrecedes(b.utf8))
        case (.integer(let a), .integer(let b)): order = (a == b, a < b)
        case (.number(let a), .number(let b)): order = (a == b, a < b)
        case (.bool(let a), .bool(let b)):
            guard comparison == "==" || comparison == "!=" else { throw JSONPathError("invalid type for comparison") }
            order = (a == b, false)
        default: throw JSONPathError("incompatible types for comparison")
        }
        switch comparison {
        case "==": return order.isEqual
        case "!=": return !order.isEqual
        case "<": return order.isLess
        case "<=": return order.isLess || order.isEqual
        case ">": return !order.isLess && !order.isEqual
        default: return !order.isLess
        }
    }

    /// A value as Go's `%v` prints it.
    static func goText(_ value: JSONValue) -> String {
        switch value {
        case .null: "<nil>"
        case .bool(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .number: value.json(indented: false)
        case .string(let text): text
        case .array(let elements): "[" + elements.map(goText).joined(separator: " ") + "]"
        case .object(let members):
            "map["
                + members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                .map { "\($0.key):\(goText($0.value))" }.joined(separator: " ") + "]"
        }
    }
}
