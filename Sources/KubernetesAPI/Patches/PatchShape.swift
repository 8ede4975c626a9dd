/// What a strategic merge patch needs to know of the place that it is at.
enum PatchShape {
    case message(MessageSchema)
    /// A map: its values are of this type, whatever their keys.
    case map(FieldType)
    /// Any JSON, or a field that the schema does not have: maps merge, lists are replaced.
    case unknown

    /// How a field merges.
    struct Rule {
        /// Lists merge element by element, instead of being replaced.
        var mergesLists = false
        /// Maps are replaced, instead of being merged.
        var replacesMaps = false
        /// A patch says which members of the map may stay, because they exclude each other (`strategy`, `volumes`).
        var retainsKeys = false
        /// The member by which elements of a merging list find each other; none for lists of texts.
        var mergeKey: String?
        /// What is inside: the map's members, or the members of the list's elements.
        var inner = PatchShape.unknown
    }

    func rule(for name: String) -> Rule {
        var rule = Rule()
        switch self {
        case .unknown: break
        case .map(let type): rule.inner = type.message.map(PatchShape.message) ?? .unknown
        case .message(let schema):
            guard let field = schema.member(name) else { break }
            for strategy in (field.patchStrategy ?? "").split(separator: ",") {
                switch strategy {
                case "merge": rule.mergesLists = field.cardinality == .list
                case "replace": rule.replacesMaps = true
                case "retainKeys": rule.retainsKeys = true
                default: break
                }
            }
            rule.mergeKey = field.mergeKey
            switch field.cardinality {
            case .map: rule.inner = .map(field.type)
            case .single, .list: rule.inner = field.type.message.map(PatchShape.message) ?? .unknown
            }
        }
        return rule
    }
}
