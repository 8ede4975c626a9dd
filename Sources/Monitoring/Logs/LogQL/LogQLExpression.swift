import PromQL

/// A query: lines, or numbers over lines.
enum LogQLExpression: Sendable {
    case logs(LogSelection)
    case metric(LogMetric)
}

/// Streams and what happens to their lines.
struct LogSelection: Sendable {
    var matchers: [LabelMatcher]
    var stages: [LogStage]
}

/// One step of a pipeline.
enum LogStage: Sendable {
    case line(LineFilter)
    case parser(LogParser)
    case filter(LabelFilter)
    case lineFormat(LogTemplate)
    case labelFormat([LabelFormat])
    case drop([NamedLabelMatcher])
    case keep([NamedLabelMatcher])

    /// It looks at labels and not only at the line.
    var needsLabels: Bool {
        switch self {
        case .line, .parser: false
        case .filter, .lineFormat, .labelFormat, .drop, .keep: true
        }
    }
}

/// `|= "a" or "b"`: the line has (or has not) one of the texts or matches one of the expressions.
struct LineFilter: Sendable {
    enum Match: Sendable {
        case contains(String)
        case matches(LineRegex)
        case pattern(LinePattern)
    }
    /// One is enough; for a negated filter none may be there.
    var alternatives: [Match]
    var negated: Bool

    func admits(_ line: String) -> Bool {
        alternatives.contains { match in
            switch match {
            case .contains(let text): line.containsBytes(of: text)
            case .matches(let regex): regex.matches(line)
            case .pattern(let pattern): pattern.occurs(in: line)
            }
        } != negated
    }
}

/// What makes labels of a line.
enum LogParser: Sendable {
    case json([LabelExtraction])
    case logfmt([LabelExtraction], strict: Bool, keepEmpty: Bool)
    case regexp(LineRegex)
    case pattern(LinePattern)
}

/// `name="expression"` behind `json` or `logfmt`.
struct LabelExtraction: Sendable {
    var name: String
    var path: [JSONPathStep]
    /// The key for logfmt.
    var key: String
}

/// A step into a JSON document.
enum JSONPathStep: Sendable, Equatable {
    case member(String)
    case element(Int)
}

/// `a=b` renames, `a="{{.b}}"` makes.
struct LabelFormat: Sendable {
    enum Source: Sendable {
        case rename(String)
        case template(LogTemplate)
    }
    var name: String
    var source: Source
}

/// A label of `drop` and `keep`: by name, or only with a value.
struct NamedLabelMatcher: Sendable {
    var name: String
    var matcher: LabelMatcher?
}

/// A condition on labels.
indirect enum LabelFilter: Sendable {
    enum Comparison: String, Sendable {
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="

        func holds(_ a: Double, _ b: Double) -> Bool {
            switch self {
            case .equal: a == b
            case .notEqual: a != b
            case .less: a < b
            case .lessOrEqual: a <= b
            case .greater: a > b
            case .greaterOrEqual: a >= b
            }
        }
    }

    case string(LabelMatcher)
    case number(String, Comparison, Double)
    /// Nanoseconds.
    case duration(String, Comparison, Int64)
    case bytes(String, Comparison, Int64)
    case and(LabelFilter, LabelFilter)
    case or(LabelFilter, LabelFilter)
}

/// A function over a range of lines, or an operation on such.
indirect enum LogMetric: Sendable {
    case range(LogRangeFunction)
    case aggregation(LogAggregation)
    case binary(LogBinaryOperation)
    case number(Double)
    /// `vector(1)`.
    case vector(Double)
    case labelReplace(LogMetric, destination: String, replacement: String, source: String, regex: AnchoredRegex)
}

/// `rate({…}[5m])` and its kin.
struct LogRangeFunction: Sendable {
    var function: LogQLTokenKind
    var parameter: Double?
    var selection: LogSelection
    /// Nanoseconds.
    var range: Int64
    var offset: Int64 = 0
    var unwrap: LogUnwrap?
    var grouping: LogGrouping?
}

/// `unwrap duration(latency) | __error__=""`.
struct LogUnwrap: Sendable {
    enum Conversion: Sendable { case number, bytes, seconds }
    var label: String
    var conversion: Conversion
    var filters: [LabelFilter] = []
}

struct LogGrouping: Sendable {
    var labels: [String]
    var without: Bool
}

/// `sum by (app) (…)`.
struct LogAggregation: Sendable {
    var operation: LogQLTokenKind
    var parameter: Int?
    var operand: LogMetric
    var grouping: LogGrouping?
}

/// Two operands and how their series meet.
struct LogBinaryOperation: Sendable {
    enum Cardinality: Sendable { case oneToOne, manyToOne, oneToMany }
    var operation: LogQLTokenKind
    var left: LogMetric
    var right: LogMetric
    var returnsBool = false
    /// nil: all labels meet.
    var on: [String]?
    var ignoring: [String] = []
    var cardinality = Cardinality.oneToOne
    var included: [String] = []
}

extension String {
    /// The bytes of a text stand in this one; the empty text always does.
    func containsBytes(of text: String) -> Bool {
        var needle = text
        var hay = self
        return needle.withUTF8 { wanted in
            hay.withUTF8 { bytes in
                guard let first = wanted.first else { return true }
                guard bytes.count >= wanted.count else { return false }
                var start = 0
                while start <= bytes.count - wanted.count {
                    if bytes[start] == first {
                        var place = 1
                        while place < wanted.count, bytes[start + place] == wanted[place] { place += 1 }
                        if place == wanted.count { return true }
                    }
                    start += 1
                }
                return false
            }
        }
    }
}
