/// Why a TraceQL query cannot be answered, in Tempo's words where Tempo has them.
public enum TraceQLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The text is no query. Line and column count from 1, the column in bytes.
    case parse(message: String, line: Int, column: Int)
    /// A part of the real language that the lab leaves out, by its real name.
    case unsupported(name: String, line: Int, column: Int)
    /// The text is a query, but its types do not fit together.
    case type(String)
    /// The query, or the work to answer it, would pass a limit.
    case limit(String)

    public var description: String {
        switch self {
        case .parse(let message, let line, let column): "parse error at line \(line), col \(column): \(message)"
        case .unsupported(let name, let line, let column):
            "parse error at line \(line), col \(column): \(name) is not supported by this lab"
        case .type(let text), .limit(let text): text
        }
    }
}
