/// How a requirement relates a key to its values.
public enum SelectorOperator: String, Sendable, Hashable, CaseIterable {
    case `in` = "In"
    case notIn = "NotIn"
    case exists = "Exists"
    case doesNotExist = "DoesNotExist"
    /// Integers; node selectors have it, label selectors of objects do not.
    case greaterThan = "Gt"
    /// Integers; node selectors have it, label selectors of objects do not.
    case lessThan = "Lt"
}

/// Why a text is no selector; the texts are those of `k8s.io/apimachinery/pkg/labels` and `…/fields`.
public struct SelectorError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) { self.description = description }
}
