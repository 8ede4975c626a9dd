/// Why a query cannot be answered, in Loki's words.
public enum LogQLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The text is no query. Line and column count from 1; both are 0 where Loki knows no place (and the line alone where
    /// its scanner has lost it).
    case parse(message: String, line: Int, column: Int)
    /// A part of the real language that the lab leaves out, by its real name.
    case unsupported(name: String, line: Int, column: Int)
    /// The query is one, but its answer would pass a limit.
    case limit(String)
    /// The query is one, but cannot be evaluated over these lines.
    case pipeline(String)
    /// A parameter beside the query is wrong.
    case parameter(String)

    public var description: String {
        switch self {
        case .parse(let message, let line, let column): Self.located(message, line, column)
        case .unsupported(let name, let line, let column):
            Self.located("\(name) is not supported by this lab", line, column)
        case .limit(let text), .pipeline(let text), .parameter(let text): text
        }
    }

    private static func located(_ message: String, _ line: Int, _ column: Int) -> String {
        line == 0 && column == 0
            ? "parse error : \(message)" : "parse error at line \(line), col \(column): \(message)"
    }

    /// The status with which Loki answers.
    public var httpStatus: Int {
        switch self {
        case .parse, .unsupported, .limit, .pipeline, .parameter: 400
        }
    }
}
