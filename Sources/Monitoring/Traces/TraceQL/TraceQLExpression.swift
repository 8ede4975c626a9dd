import OpenTelemetry
import PromQL

/// A value of a span, or a literal of a query.
public enum TraceQLValue: Sendable, Equatable {
    case `nil`
    case bool(Bool)
    case int(Int64)
    case float(Double)
    case string(String)
    /// Nanoseconds.
    case duration(Int64)
    case status(SpanStatus.Code)
    case kind(SpanKind)

    /// The number of an integer, a float, or of a duration in nanoseconds.
    public var number: Double? {
        switch self {
        case .int(let value), .duration(let value): Double(value)
        case .float(let value): value
        case .nil, .bool, .string, .status, .kind: nil
        }
    }

    /// The value as a query writes it; texts in backticks, as Tempo prints them.
    public var text: String {
        switch self {
        case .nil: "nil"
        case .bool(let flag): flag ? "true" : "false"
        case .int(let value): String(value)
        case .float(let value): GoFloat.general(value)
        case .string(let text): "`" + text + "`"
        case .duration(let nanoseconds): TraceQLDuration.text(nanoseconds)
        case .status(let code): "\(code)"
        case .kind(let kind): "\(kind)"
        }
    }

    var type: TraceQLType {
        switch self {
        case .nil: .nil
        case .bool: .bool
        case .int, .float, .duration: .number
        case .string: .string
        case .status: .status
        case .kind: .kind
        }
    }
}

/// Nanoseconds as Go prints a duration.
enum TraceQLDuration {
    static func text(_ nanoseconds: Int64) -> String {
        let sign = nanoseconds < 0 ? "-" : ""
        let size = nanoseconds.magnitude
        func decimal(_ unit: UInt64) -> String { GoFloat.fixed(Double(size) / Double(unit)) }
        if size == 0 { return "0s" }
        if size < 1000 { return "\(sign)\(size)ns" }
        if size < 1_000_000 { return sign + decimal(1000) + "µs" }
        if size < 1_000_000_000 { return sign + decimal(1_000_000) + "ms" }
        let seconds = GoFloat.fixed(Double(size % 60_000_000_000) / 1e9) + "s"
        let minutes = size / 60_000_000_000
        if minutes == 0 { return sign + seconds }
        return sign + (minutes >= 60 ? "\(minutes / 60)h" : "") + "\(minutes % 60)m" + seconds
    }
}

/// What an expression is known to be before a span is seen; an attribute may be anything.
enum TraceQLType { case any, `nil`, bool, number, string, status, kind }

/// A property of a span that is no attribute.
enum TraceQLIntrinsic: String, Sendable {
    case duration, childCount, name, status, statusMessage, kind, rootName, rootServiceName, traceDuration, parent
    case traceID = "trace:id"
    case spanID = "span:id"
    case parentID = "span:parentID"
    case scopeName = "instrumentation:name"
    case scopeVersion = "instrumentation:version"

    init?(word: String) {
        let scoped: [String: TraceQLIntrinsic] = [
            "span:duration": .duration, "span:name": .name, "span:status": .status, "span:kind": .kind,
            "span:statusMessage": .statusMessage, "span:childCount": .childCount, "trace:duration": .traceDuration,
            "trace:rootName": .rootName, "trace:rootService": .rootServiceName,
            "trace:rootServiceName": .rootServiceName,
        ]
        guard let found = scoped[word] ?? TraceQLIntrinsic(rawValue: word) else { return nil }
        self = found
    }

    var type: TraceQLType {
        switch self {
        case .duration, .traceDuration, .childCount: .number
        case .status: .status
        case .kind: .kind
        case .parent: .nil
        case .name, .statusMessage, .rootName, .rootServiceName, .traceID, .spanID, .parentID, .scopeName,
            .scopeVersion:
            .string
        }
    }
}

/// An expression over one span.
indirect enum TraceQLField: Sendable {
    case literal(TraceQLValue)
    case attribute(scope: String, name: String)
    case intrinsic(TraceQLIntrinsic)
    case unary(String, TraceQLField)
    case binary(String, TraceQLField, TraceQLField)
    case regex(negated: Bool, TraceQLField, pattern: String, AnchoredRegex)

    /// The expression as Tempo prints it in its errors and as the name of a group.
    var text: String {
        switch self {
        case .literal(let value): value.text
        case .attribute(let scope, let name): scope + name
        case .intrinsic(let intrinsic): intrinsic.rawValue
        case .unary(let sign, let field): sign + field.operand
        case .binary(let sign, let left, let right): left.operand + " " + sign + " " + right.operand
        case .regex(let negated, let field, let pattern, _):
            field.operand + (negated ? " !~ `" : " =~ `") + pattern + "`"
        }
    }

    private var operand: String {
        switch self {
        case .literal, .attribute, .intrinsic: text
        case .unary, .binary, .regex: "(" + text + ")"
        }
    }

    /// The attributes and intrinsics that the expression reads.
    var sources: [TraceQLField] {
        switch self {
        case .literal: []
        case .attribute, .intrinsic: [self]
        case .unary(_, let field), .regex(_, let field, _, _): field.sources
        case .binary(_, let left, let right): left.sources + right.sources
        }
    }
}

/// A number over the spans of a spanset.
indirect enum TraceQLScalar: Sendable {
    case literal(TraceQLValue)
    case count
    /// `avg`, `min`, `max` or `sum`.
    case aggregate(String, TraceQLField)
    case binary(String, TraceQLScalar, TraceQLScalar)

    var text: String {
        switch self {
        case .literal(let value): value.text
        case .count: "count()"
        case .aggregate(let name, let field): "\(name)(\(field.text))"
        case .binary(let sign, let left, let right): "(\(left.text)) \(sign) (\(right.text))"
        }
    }
}

/// A step of a pipeline.
indirect enum TraceQLStage: Sendable {
    /// `{ … }`; nil for `{ }`, which every span fits.
    case filter(TraceQLField?)
    /// `&&`, `||` or a structural operator between two spansets.
    case operation(String, TraceQLStage, TraceQLStage)
    case pipeline([TraceQLStage])
    case scalarFilter(String, TraceQLScalar, TraceQLScalar)
    case group(TraceQLField)
    case coalesce
    case select([TraceQLField])

    var sources: [TraceQLField] {
        switch self {
        case .filter(let field): field?.sources ?? []
        case .operation(_, let left, let right): left.sources + right.sources
        case .pipeline(let stages): stages.flatMap(\.sources)
        case .group(let field): field.sources
        case .select(let fields): fields
        case .scalarFilter, .coalesce: []
        }
    }
}
