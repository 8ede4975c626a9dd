import OrderedCollections

extension JSONValue {
    /// Whether two documents say the same: the order of members does not count, nor whether an integer was written
    /// with a fraction of zero. (`==` compares the order of members too.)
    public func isEquivalent(to other: JSONValue) -> Bool {
        switch (self, other) {
        case (.object(let left), .object(let right)):
            guard left.count == right.count else { return false }
            for (name, member) in left {
                guard let twin = right[name], member.isEquivalent(to: twin) else { return false }
            }
            return true
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.isEquivalent(to: $1) }
        case (.integer(let whole), .number(let number)), (.number(let number), .integer(let whole)):
            return Int64(exactly: number) == whole
        default: return self == other
        }
    }

    /// The elements of an array.
    public var array: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

    /// The members of an object.
    public var object: OrderedDictionary<String, JSONValue>? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The value as Go's `%v` prints it: members sorted, texts without quotes.
    public var goText: String {
        switch self {
        case .null: "<nil>"
        case .bool(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .number(let number): GoNumber.shortest(number)
        case .string(let text): text
        case .array(let elements): "[" + elements.map(\.goText).joined(separator: " ") + "]"
        case .object(let members):
            "map["
                + members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                .map { "\($0.key):\($0.value.goText)" }.joined(separator: " ") + "]"
        }
    }
}
