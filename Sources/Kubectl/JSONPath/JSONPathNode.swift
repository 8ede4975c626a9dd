import KubernetesAPI

/// What a JSONPath template is made of.
indirect enum JSONPathNode: Sendable, Equatable {
    /// Text outside the braces, or in quotes.
    case text(String)
    case integer(Int64)
    case number(Double)
    case bool(Bool)
    /// `.name`, `['name']`
    case field(String)
    /// `*`
    case wildcard
    /// `..`
    case recursive
    /// `[1]`, `[0:3]`, `[-1]`, `[*]`
    case slice(start: Int?, end: Int?, step: Int?, isIndex: Bool)
    /// `[?(@.a == "b")]`; no comparison tests that the left side is there.
    case filter(left: [JSONPathNode], comparison: String?, right: [JSONPathNode])
    /// `['a','b']`
    case union([[JSONPathNode]])
    /// The steps between two braces, each applied to what the one before found.
    case path([JSONPathNode])
    /// `{range …}…{end}`
    case range(over: [JSONPathNode], body: [JSONPathNode])
}

/// What is wrong with a template, or with the document for it.
struct JSONPathError: Error, Equatable {
    var message: String
    init(_ message: String) { self.message = message }
}
