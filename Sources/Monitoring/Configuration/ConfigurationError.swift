/// Why a configuration is refused: Prometheus' own text, and where the fault is.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What Prometheus says, without the name of the file.
    public let message: String
    /// From 1; nil where YAML's reader does not know.
    public let line: Int?
    /// From 1, in code points.
    public let column: Int?
    /// The field at fault, such as `scrape_configs[0].scrape_timeout`; empty for the whole document.
    public let field: String

    public var description: String {
        guard let line else { return message }
        return "\(line):\(column ?? 1): \(message)"
    }
}
