/// One requirement of a label selector (`labels.Requirement`, `nodeaffinity.nodeSelectorRequirementsAsSelector`).
public struct LabelRequirement: Sendable, Hashable {
    public var key: String
    public var `operator`: SelectorOperator
    public var values: [String]

    public init(_ key: String, _ operator: SelectorOperator, _ values: [String] = []) {
        self.key = key
        self.operator = `operator`
        self.values = values
    }

    /// From the texts of a manifest; nil for an operator that there is not.
    public init?(key: String, operator name: String, values: [String]) {
        guard let known = SelectorOperator(rawValue: name) else { return nil }
        self.init(key, known, values)
    }

    public func matches(_ labels: [String: String]) -> Bool { matches(labels[key]) }

    /// Whether a label's value, nil if there is no such label, fulfils the requirement.
    public func matches(_ value: String?) -> Bool {
        switch `operator` {
        case .exists: return value != nil
        case .doesNotExist: return value == nil
        case .in:
            guard let value else { return false }
            return values.contains(value)
        case .notIn:
            guard let value else { return true }
            return !values.contains(value)
        case .greaterThan, .lessThan:
            guard let value, values.count == 1, let left = Int64(value), let right = Int64(values[0]) else {
                return false
            }
            return `operator` == .greaterThan ? left > right : left < right
        }
    }
}
