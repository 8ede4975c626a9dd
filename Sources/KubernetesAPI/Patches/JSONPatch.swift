/// A JSON patch (RFC 6902), with the error texts of evanphx/json-patch, which the API server uses.
public struct JSONPatch: Sendable {
    public enum Kind: String, Sendable { case add, remove, replace, move, copy, test }

    public struct Operation: Sendable {
        public var kind: Kind
        public var path: String
        public var from: String
        public var value: JSONValue
    }

    /// The API server takes no more (`maxJSONPatchOperations`).
    public static let maximumOperations = 10_000
    /// Steps of a path; with the bound on a value's depth it bounds that of the result.
    static let maximumSteps = 200
    /// Values that all copies together may make: without a bound, thirty copies could make a thousand million.
    static let maximumCopiedValues = 1_000_000

    public let operations: [Operation]

    public init(_ value: JSONValue) throws(PatchError) {
        guard case .array(let rows) = value else {
            throw PatchError("json: cannot unmarshal \(value.goKind) into Go value of type jsonpatch.Patch")
        }
        guard rows.count <= Self.maximumOperations else {
            throw PatchError(
                "The allowed maximum operations in a JSON patch is \(Self.maximumOperations), got \(rows.count)")
        }
        var operations: [Operation] = []
        for row in rows {
            guard let members = row.object else {
                throw PatchError("json: cannot unmarshal \(row.goKind) into Go value of type jsonpatch.Operation")
            }
            guard let name = members["op"]?.string, let kind = Kind(rawValue: name) else {
                throw PatchError("Unexpected kind: \(members["op"]?.string ?? "unknown")")
            }
            guard let path = members["path"]?.string else {
                throw PatchError("\(kind) operation failed to decode path: missing value")
            }
            let from = members["from"]?.string
            guard from != nil || (kind != .move && kind != .copy) else {
                throw PatchError("\(kind) operation failed to decode from: missing value", at: path)
            }
            operations.append(Operation(kind: kind, path: path, from: from ?? "", value: members["value"] ?? .null))
        }
        self.operations = operations
    }

    /// The document with all operations applied, in their order; none is applied if one fails.
    public func applied(to document: JSONValue) throws(PatchError) -> JSONValue {
        var document = document
        var copied = 0
        for operation in operations { try Self.apply(operation, to: &document, &copied) }
        return document
    }

    private static func apply(_ operation: Operation, to document: inout JSONValue, _ copied: inout Int)
        throws(PatchError)
    {
        let path = operation.path
        switch operation.kind {
        case .add:
            let missing = "add operation does not apply: doc is missing path: \"\(path)\": missing value"
            try edit(&document, path, missing, .add(operation.value), "error in add for path: '\(path)'")
        case .remove:
            let missing = "remove operation does not apply: doc is missing path: \"\(path)\": missing value"
            try edit(&document, path, missing, .remove, "error in remove for path: '\(path)'")
        case .replace:
            let missing = "replace operation does not apply: doc is missing path: \(path): missing value"
            // A member that is not there is made, as by the library; an element is not.
            if case .array? = try find(in: document, steps(path).dropLast()),
                try find(in: document, steps(path)[...]) == nil
            {
                throw PatchError(
                    "replace operation does not apply: doc is missing key: \(path): missing value", at: path)
            }
            try edit(&document, path, missing, .replace(operation.value), "error in replace for path: '\(path)'")
        case .test:
            let found = try find(in: document, steps(path)[...])
            guard (found ?? .null).isEquivalent(to: operation.value) else {
                throw PatchError("testing value \(path) failed: test failed", at: path)
            }
        case .move, .copy:
            let name = operation.kind.rawValue
            guard let value = try find(in: document, steps(operation.from)[...]) else {
                if operation.kind == .move, let key = try steps(operation.from).last,
                    case .object? = try find(in: document, steps(operation.from).dropLast())
                {
                    let why = "Unable to remove nonexistent key: \(key): missing value"
                    throw PatchError("error in move for path: '\(key)': \(why)", at: operation.from)
                }
                throw PatchError(
                    "\(name) operation does not apply: doc is missing from path: \(operation.from): missing value",
                    at: operation.from)
            }
            if operation.kind == .move {
                guard !(path + "/").hasPrefix(operation.from + "/") || path == operation.from else {
                    throw PatchError(
                        "move operation does not apply: a value cannot move into itself: \(path)", at: path)
                }
                let missing =
                    "move operation does not apply: doc is missing from path: \(operation.from): missing value"
                try edit(&document, operation.from, missing, .remove, "error in move for path: '\(path)'")
            } else {
                copied += value.size(upTo: maximumCopiedValues)
                guard copied < maximumCopiedValues else {
                    throw PatchError(
                        "Unable to complete the copy, the accumulated size increase of copy is beyond the limit",
                        at: path)
                }
            }
            let missing = "\(name) operation does not apply: doc is missing destination path: \(path): missing value"
            try edit(&document, path, missing, .add(value), "error in \(name) for path: '\(path)'")
        }
    }

    // MARK: Pointers (RFC 6901)

    private static func steps(_ pointer: String) throws(PatchError) -> [String] {
        guard !pointer.isEmpty else { return [] }
        guard pointer.utf8.first == UInt8(ascii: "/") else {
            throw PatchError("invalid path \(pointer): it must begin with '/'", at: pointer)
        }
        let parts = pointer.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= maximumSteps else {
            throw PatchError("a path has more than \(maximumSteps) steps", at: "")
        }
        return parts.map { Substring($0).replacing("~1", with: "/").replacing("~0", with: "~") }.map { String($0) }
    }

    /// An index from a step; from the end if negative, as the library allows.
    private static func index(_ step: String, count: Int) -> Int? {
        guard let number = Int(step) else { return nil }
        let index = number < 0 ? count + number : number
        return (0..<count).contains(index) ? index : nil
    }

    private static func find(in document: JSONValue, _ steps: ArraySlice<String>) throws(PatchError) -> JSONValue? {
        var value = document
        for step in steps {
            switch value {
            case .object(let members):
                guard let member = members[step] else { return nil }
                value = member
            case .array(let elements):
                guard let index = index(step, count: elements.count) else { return nil }
                value = elements[index]
            default: return nil
            }
        }
        return value
    }

    private enum Edit {
        case add(JSONValue)
        case replace(JSONValue)
        case remove
    }

    private static func edit(
        _ document: inout JSONValue, _ pointer: String, _ missing: String, _ edit: Edit, _ context: String
    ) throws(PatchError) {
        try change(&document, try steps(pointer)[...], missing, edit, context, pointer)
    }

    private static func change(
        _ value: inout JSONValue, _ steps: ArraySlice<String>, _ missing: String, _ edit: Edit, _ context: String,
        _ pointer: String
    ) throws(PatchError) {
        guard let step = steps.first else {
            switch edit {
            case .add(let new), .replace(let new): value = new
            case .remove: throw PatchError("\(context): Unable to remove nonexistent key: : missing value", at: pointer)
            }
            return
        }
        let isLast = steps.count == 1
        switch value {
        case .object(var members):
            if isLast {
                switch edit {
                case .add(let new), .replace(let new): members[step] = new
                case .remove:
                    guard members.removeValue(forKey: step) != nil else {
                        throw PatchError(
                            "\(context): Unable to remove nonexistent key: \(step): missing value", at: pointer)
                    }
                }
            } else {
                guard var member = members[step] else { throw PatchError(missing, at: pointer) }
                try change(&member, steps.dropFirst(), missing, edit, context, pointer)
                members[step] = member
            }
            value = .object(members)
        case .array(var elements):
            if isLast, case .add(let new) = edit {
                let place = step == "-" ? elements.count : Int(step).map { $0 < 0 ? elements.count + 1 + $0 : $0 }
                guard let place, (0...elements.count).contains(place) else {
                    throw PatchError(
                        "\(context): Unable to access invalid index: \(step): invalid index referenced", at: pointer)
                }
                elements.insert(new, at: place)
            } else {
                guard let place = index(step, count: elements.count) else {
                    let bad = "\(context): Unable to access invalid index: \(step): invalid index referenced"
                    throw PatchError(isLast ? bad : missing, at: pointer)
                }
                switch edit {
                case .remove where isLast: elements.remove(at: place)
                case .replace(let new) where isLast: elements[place] = new
                default: try change(&elements[place], steps.dropFirst(), missing, edit, context, pointer)
                }
            }
            value = .array(elements)
        default: throw PatchError(missing, at: pointer)
        }
    }
}

extension JSONValue {
    /// How many values a document holds, itself included; the count stops at `limit`.
    func size(upTo limit: Int) -> Int {
        var count = 1
        switch self {
        case .array(let elements):
            for element in elements where count < limit { count += element.size(upTo: limit - count) }
        case .object(let members):
            for (_, member) in members where count < limit { count += member.size(upTo: limit - count) }
        default: break
        }
        return count
    }
}
