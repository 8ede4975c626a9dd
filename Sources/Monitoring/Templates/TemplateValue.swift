import PromQL

/// A value of a template.
enum TemplateValue: Sendable {
    case null
    /// A key that `args` does not have: nothing, and no field of it can be asked for.
    case missing
    case boolean(Bool)
    case integer(Int64)
    case float(Double)
    case string(String)
    /// `map[string]string`: a key that is missing is the empty text.
    case labels(Labels)
    case sample(QuerySample)
    case samples([QuerySample])
    /// What `args` makes: `.arg0`, `.arg1`, …; with how deep such values lie in each other.
    case arguments([TemplateValue], depth: Int)
    case data(TemplateData)
    /// Milliseconds since 1970.
    case time(Int64)
    /// Nanoseconds.
    case duration(Int64)

    /// What Go calls the type.
    var typeName: String {
        switch self {
        case .null, .missing: "<nil>"
        case .boolean: "bool"
        case .integer: "int"
        case .float: "float64"
        case .string: "string"
        case .labels: "map[string]string"
        case .sample: "*template.sample"
        case .samples: "template.queryResult"
        case .arguments: "map[string]interface {}"
        case .data:
            "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value float64 }"
        case .time: "*time.Time"
        case .duration: "*time.Duration"
        }
    }

    /// What `if` and `and` take for true: everything but nothing, zero and the empty.
    var isTrue: Bool {
        switch self {
        case .null, .missing: false
        case .boolean(let value): value
        case .integer(let value): value != 0
        case .float(let value): value != 0
        case .string(let text): !text.isEmpty
        case .labels(let labels): !labels.isEmpty
        case .samples(let samples): !samples.isEmpty
        case .arguments(let values, _): !values.isEmpty
        case .sample, .data, .time, .duration: true
        }
    }

    /// What an action writes: `%v` of what a pointer points to.
    func printed(limit: Int) -> String {
        switch self {
        case .null, .missing: "<no value>"
        case .sample: String(text(limit: limit).dropFirst())
        default: text(limit: limit)
        }
    }

    /// `%v`, as long as `limit` bytes at most and a little more.
    func text(limit: Int = .max) -> String { GoVerbs.plain(self, limit: limit) }

    /// `arg0`, `arg1`, `arg10`, …, in the order of maps in Go's printing.
    static func sortedNames(_ count: Int) -> [(Int, String)] {
        (0..<count).map { ($0, "arg\($0)") }.sorted { $0.1.utf8.lexicographicallyPrecedes($1.1.utf8) }
    }
}
