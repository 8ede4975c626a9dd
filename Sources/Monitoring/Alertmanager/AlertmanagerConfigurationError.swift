/// Why an `alertmanager.yml` was refused: Alertmanager's text, and where in the file.
public struct AlertmanagerConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, in Alertmanager's words where it has some.
    public let message: String
    /// From 1; nil if the text as a whole cannot be read.
    public let line: Int?
    public let column: Int?
    /// The field, such as `route.routes[0].receiver`; empty for the whole document.
    public let field: String

    /// `alertmanager.yml`-style place and text: `12:7: undefined receiver "x" used in route (route.receiver)`.
    public var description: String {
        guard let line else { return message }
        return "\(line):\(column ?? 1): \(message)" + (field.isEmpty ? "" : " (\(field))")
    }
}
