import OrderedCollections

/// Documents written in Swift: `["spec": ["replicas": 3, "paused": true]]`.
extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    public init(stringLiteral text: String) { self = .string(text) }
    public init(integerLiteral number: Int64) { self = .integer(number) }
    public init(booleanLiteral flag: Bool) { self = .bool(flag) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    /// The last of several members of one name counts.
    public init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(OrderedDictionary(members) { _, last in last })
    }
}
