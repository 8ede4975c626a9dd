/// Why there is no metric, or why a configuration of metrics is refused.
public struct MetricsAPIError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
