import OrderedCollections

extension MessageSchema {
    /// Parts of objects that are structs in the API's Go types and no pointers: they are there, if empty, in an object of
    /// which nothing has been said.
    private static let structs: Set<String> = [
        "metadata", "spec", "template", "jobTemplate", "strategy", "updateStrategy", "resources", "scaleTargetRef",
    ]

    /// The object of which nothing has been said, as Go writes it: what is compared with a new object to know what its
    /// creator has set.
    public var blank: JSONValue { blank(depth: 0) }

    private func blank(depth: Int) -> JSONValue {
        var members: OrderedDictionary<String, JSONValue> = [:]
        for field in fields where depth < 6 {
            switch (field.cardinality, field.type.message) {
            case (.single, let schema?) where Self.structs.contains(field.name):
                members[field.name] = schema.blank(depth: depth + 1)
            case (.list, _) where field.required || field.name == "containers": members[field.name] = .null
            default: continue
            }
        }
        return .object(members)
    }
}
