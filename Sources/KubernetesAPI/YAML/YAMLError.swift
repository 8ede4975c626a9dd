/// Why a text is no YAML that Kubernetes would take.
public struct YAMLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What go-yaml prints, such as `yaml: line 4: found character that cannot start any token`. Its line is counted
    /// within the document, and as go-yaml counts.
    public var message: String
    /// The line in the whole text, from 1, if it is known.
    public var line: Int?
    /// The column in code points, from 1, if it is known.
    public var column: Int?

    public init(_ message: String, line: Int?, column: Int?) {
        self.message = message
        self.line = line
        self.column = column
    }

    public var description: String { message }

    /// What kubectl prints behind `error parsing FILE: `.
    public var kubectlText: String {
        message.hasPrefix("json: offset") || message.hasPrefix("invalid Yaml")
            ? message : "error converting YAML to JSON: " + message
    }
}
