/// A label selector ready to match: every requirement must hold.
public struct LabelQuery: Sendable, Hashable, CustomStringConvertible {
    /// In the order of their keys' bytes.
    public private(set) var requirements: [LabelRequirement]
    /// Set for a selector that was not given: it selects no object, whereas an empty one selects all.
    private var matchesNothing = false
    /// The text in a selector's own words: `=` and `==` match alike, and print as they were written.
    private let text: String?

    /// Selects every object.
    public static let everything = LabelQuery([])

    /// Selects no object.
    public static let nothing: LabelQuery = {
        var query = LabelQuery([])
        query.matchesNothing = true
        return query
    }()

    public init(_ requirements: [LabelRequirement]) { self.init(requirements, text: nil) }

    init(_ requirements: [LabelRequirement], text: String?) {
        self.requirements = Self.sorted(requirements)
        self.text = text
    }

    /// From labels that must be there with these values (a service's selector, `matchLabels`).
    public init(matchLabels: [String: String]) {
        self.init(matchLabels.map { LabelRequirement($0.key, .in, [$0.value]) })
    }

    /// From a manifest's selector; nil selects nothing. An operator that there is not, which validation refuses, selects
    /// nothing as well.
    public init(_ selector: LabelSelector?) {
        guard let selector else {
            self = .nothing
            return
        }
        var requirements = selector.matchLabels.map { LabelRequirement($0.key, .in, [$0.value]) }
        for row in selector.matchExpressions {
            guard let requirement = LabelRequirement(key: row.key, operator: row.operator, values: row.values) else {
                self = .nothing
                return
            }
            requirements.append(requirement)
        }
        self.init(requirements)
    }

    /// Whether every object matches.
    public var isEmpty: Bool { requirements.isEmpty && !matchesNothing }

    public func matches(_ labels: [String: String]) -> Bool {
        if matchesNothing { return false }
        for requirement in requirements where !requirement.matches(labels[requirement.key]) { return false }
        return true
    }

    /// The value that a label must have, if there is but one: an index over that label can answer the query.
    public func requiredValue(of key: String) -> String? {
        for requirement in requirements where requirement.key == key {
            return requirement.operator == .in && requirement.values.count == 1 ? requirement.values[0] : nil
        }
        return nil
    }

    /// The query as kubectl's `-l` takes it (`app=web,tier in (a,b),!old`).
    public var description: String { text ?? requirements.map(Self.text).joined(separator: ",") }

    private static func text(_ requirement: LabelRequirement) -> String {
        let key = requirement.key
        let values = requirement.values.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: ",")
        switch requirement.operator {
        case .exists: return key
        case .doesNotExist: return "!" + key
        case .in: return requirement.values.count == 1 ? "\(key)=\(values)" : "\(key) in (\(values))"
        case .notIn: return requirement.values.count == 1 ? "\(key)!=\(values)" : "\(key) notin (\(values))"
        case .greaterThan: return "\(key)>\(values)"
        case .lessThan: return "\(key)<\(values)"
        }
    }

    /// By the bytes of the keys, requirements of one key in their order: dictionaries give their pairs in no order.
    private static func sorted(_ requirements: [LabelRequirement]) -> [LabelRequirement] {
        guard requirements.count > 1 else { return requirements }
        return requirements.enumerated().sorted { left, right in
            if left.element.key == right.element.key { return left.offset < right.offset }
            return left.element.key.utf8.lexicographicallyPrecedes(right.element.key.utf8)
        }.map(\.element)
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.requirements == right.requirements && left.matchesNothing == right.matchesNothing
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(requirements)
        hasher.combine(matchesNothing)
    }
}
