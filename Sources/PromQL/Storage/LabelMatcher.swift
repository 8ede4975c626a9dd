/// One condition of a selector: `job="api"`, `code!="200"`, `path=~"/v1/.*"`, `mode!~"idle|iowait"`.
///
/// A label that is not there has the empty value. Regular expressions match the whole value (RE2's language, `.` matches
/// a newline too) in time proportional to it.
public struct LabelMatcher: Sendable, Equatable, CustomStringConvertible {
    public enum Kind: String, Sendable {
        case equal = "="
        case notEqual = "!="
        case matches = "=~"
        case matchesNot = "!~"
    }

    public let name: String
    public let kind: Kind
    public let value: String
    private let regex: AnchoredRegex?

    /// Throws `RegexError` with the text of Go's `regexp` if the pattern is none.
    public init(_ name: String, _ kind: Kind, _ value: String) throws(RegexError) {
        self.name = name
        self.kind = kind
        self.value = value
        switch kind {
        case .equal, .notEqual: regex = nil
        case .matches, .matchesNot: regex = try AnchoredRegex(value)
        }
    }

    /// The matcher of a metric's name.
    init(metric name: String) {
        self.name = Labels.metricName
        kind = .equal
        value = name
        regex = nil
    }

    public func matches(_ candidate: String) -> Bool {
        switch kind {
        case .equal: ByteOrder.same(candidate, value)
        case .notEqual: !ByteOrder.same(candidate, value)
        case .matches: regex?.matches(candidate) ?? false
        case .matchesNot: !(regex?.matches(candidate) ?? true)
        }
    }

    /// The values that alone can match, if the matcher lists them (`="x"`, `=~"x|y"`).
    var alternatives: [String]? {
        switch kind {
        case .equal: [value]
        case .matches: regex?.alternatives
        case .notEqual, .matchesNot: nil
        }
    }

    public static func == (a: LabelMatcher, b: LabelMatcher) -> Bool {
        a.kind == b.kind && ByteOrder.same(a.name, b.name) && ByteOrder.same(a.value, b.value)
    }

    /// As Prometheus prints it: `name=~"value"`, the name quoted if it is no classic one.
    public var description: String {
        (Labels.isLegacyLabelName(name) ? name : GoQuote.quote(name)) + kind.rawValue + GoQuote.quote(value)
    }
}
