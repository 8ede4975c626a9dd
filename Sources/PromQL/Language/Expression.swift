/// Where in a query something stands, in bytes. It is no part of what an expression means: two expressions are equal
/// wherever they were written.
public struct SourceRange: Sendable, Equatable {
    public var start: Int
    public var end: Int

    public init(_ start: Int, _ end: Int) {
        self.start = start
        self.end = end
    }

    public static func == (a: SourceRange, b: SourceRange) -> Bool { true }

    /// `line:column` of the start, from 1, the column in bytes.
    public func position(in query: String) -> String {
        var line = 1
        var column = start + 1
        for (index, byte) in query.utf8.enumerated() where byte == 10 && index < start {
            line += 1
            column = start - index
        }
        return "\(line):\(column)"
    }
}

/// A place in the text, in bytes; as `SourceRange`, no part of what an expression means.
@propertyWrapper public struct SourcePlace: Sendable, Equatable {
    public var wrappedValue: Int

    public init(wrappedValue: Int) { self.wrappedValue = wrappedValue }

    public static func == (a: SourcePlace, b: SourcePlace) -> Bool { true }
}

/// The types of PromQL.
public enum ValueType: String, Sendable {
    case scalar
    case vector = "instant vector"
    case matrix = "range vector"
    case string
    case none
}

/// A parsed PromQL expression.
public indirect enum Expression: Sendable, Equatable {
    case number(NumberLiteral)
    case string(StringLiteral)
    case vector(VectorSelector)
    case matrix(MatrixSelector)
    case subquery(Subquery)
    case paren(Expression, SourceRange)
    case unary(UnaryExpression)
    case binary(BinaryExpression)
    case aggregation(Aggregation)
    case call(Call)
    /// Made by the engine: the same value at every step.
    case stepInvariant(Expression)

    public var type: ValueType {
        switch self {
        case .number: .scalar
        case .string: .string
        case .vector: .vector
        case .matrix, .subquery: .matrix
        case .paren(let inner, _), .stepInvariant(let inner): inner.type
        case .unary(let unary): unary.operand.type
        case .binary(let binary): binary.left.type == .scalar && binary.right.type == .scalar ? .scalar : .vector
        case .aggregation: .vector
        case .call(let call): call.function.returns
        }
    }

    public var range: SourceRange {
        switch self {
        case .number(let node): node.range
        case .string(let node): node.range
        case .vector(let node): node.range
        case .matrix(let node): SourceRange(node.selector.range.start, node.end)
        case .subquery(let node): SourceRange(node.expression.range.start, node.end)
        case .paren(_, let range): range
        case .unary(let node): SourceRange(node.start, node.operand.range.end)
        case .binary(let node): SourceRange(node.left.range.start, node.right.range.end)
        case .aggregation(let node): node.range
        case .call(let node): node.range
        case .stepInvariant(let inner): inner.range
        }
    }

    /// Without the parentheses around it.
    var unwrapped: Expression { if case .paren(let inner, _) = self { inner.unwrapped } else { self } }
}

/// `42`, `0x1F`, `5m` (a duration, in seconds).
public struct NumberLiteral: Sendable, Equatable {
    public var value: Double
    /// Whether it was written as a duration, and is printed as one.
    public var isDuration = false
    public var range: SourceRange

    public static func == (a: NumberLiteral, b: NumberLiteral) -> Bool {
        (a.value == b.value || (a.value.isNaN && b.value.isNaN)) && a.isDuration == b.isDuration
    }
}

public struct StringLiteral: Sendable, Equatable {
    public var value: String
    /// How it was written, if its bytes are no UTF-8; `value` has replacement characters then.
    public var invalid: String?
    public var range: SourceRange

    /// In Go's quotes.
    var quoted: String { invalid ?? GoQuote.quote(value) }
}

/// What `@` fixes a selector to.
public enum AtModifier: Sendable, Equatable {
    /// Milliseconds since the Unix epoch.
    case time(Int64)
    case start
    case end
}

/// A duration that is computed when the query runs: `5m * 2`, `step()`, `max_of(1m, step())`.
public indirect enum DurationExpression: Sendable, Equatable {
    case number(NumberLiteral)
    case step, range
    case minimum(DurationExpression, DurationExpression)
    case maximum(DurationExpression, DurationExpression)
    case negative(DurationExpression)
    case paren(DurationExpression)
    case binary(DurationExpression, BinaryOperator, DurationExpression)
}

/// `name{label="value"} @ time offset duration`.
public struct VectorSelector: Sendable, Equatable {
    /// Empty if the name is not written before the braces.
    public var name = ""
    public var matchers: [LabelMatcher] = []
    /// Milliseconds.
    public var offset: Int64 = 0
    public var offsetExpression: DurationExpression?
    public var at: AtModifier?
    /// Count the sample before the range as if it stood at the range's start (`anchored`).
    public var anchored = false
    /// Interpolate at the range's ends (`smoothed`).
    public var smoothed = false
    /// Made by the engine: only counts and sums of native histograms matter, so that samples tell where their counter
    /// began anew.
    public var tellsResets = false
    /// The argument of `info` may select nothing but labels that can be empty.
    public var mayMatchEverything = false
    public var range: SourceRange

    /// The order of matchers does not matter.
    public static func == (a: VectorSelector, b: VectorSelector) -> Bool {
        a.name == b.name && a.offset == b.offset && a.offsetExpression == b.offsetExpression && a.at == b.at
            && a.anchored == b.anchored && a.smoothed == b.smoothed
            && a.matchers.map(\.description).sorted() == b.matchers.map(\.description).sorted()
    }
}

/// `selector[duration]`.
public struct MatrixSelector: Sendable, Equatable {
    public var selector: VectorSelector
    /// Milliseconds.
    public var duration: Int64
    public var durationExpression: DurationExpression?
    @SourcePlace public var end: Int
}

/// `expression[duration:step]`.
public struct Subquery: Sendable, Equatable {
    public var expression: Expression
    /// Milliseconds.
    public var duration: Int64
    public var durationExpression: DurationExpression?
    /// Milliseconds; 0 for the engine's default.
    public var step: Int64
    public var stepExpression: DurationExpression?
    public var offset: Int64 = 0
    public var offsetExpression: DurationExpression?
    public var at: AtModifier?
    @SourcePlace public var end: Int
}

public struct UnaryExpression: Sendable, Equatable {
    public var negative: Bool
    public var operand: Expression
    @SourcePlace public var start: Int
}

public enum BinaryOperator: String, Sendable, CaseIterable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case modulo = "%"
    case power = "^"
    case atan2
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case and, or, unless
    /// Native histograms without the observations above, or below, a value.
    case trimUpper = "</"
    case trimLower = ">/"

    var isTrim: Bool { self == .trimUpper || self == .trimLower }

    public var isComparison: Bool {
        switch self {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: true
        default: false
        }
    }

    public var isSet: Bool { self == .and || self == .or || self == .unless }

    /// Whether the result is another quantity, so that the metric's name goes.
    var changesMetric: Bool { !isComparison && !isSet && !isTrim }

    /// From 1 (`or`) to 6 (`^`).
    var precedence: Int {
        switch self {
        case .or: 1
        case .and, .unless: 2
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .trimUpper, .trimLower: 3
        case .add, .subtract: 4
        case .multiply, .divide, .modulo, .atan2: 5
        case .power: 6
        }
    }
}

public struct BinaryExpression: Sendable, Equatable {
    public var left: Expression
    public var op: BinaryOperator
    public var right: Expression
    public var returnsBool = false
    /// Nil if a side is a scalar.
    public var matching: VectorMatching?
}

/// How the series of two vectors find each other.
public struct VectorMatching: Sendable, Equatable {
    public enum Cardinality: Sendable {
        case oneToOne, manyToOne, oneToMany, manyToMany
    }

    public var cardinality = Cardinality.oneToOne
    /// The labels of `on` or `ignoring`.
    public var labels: [String] = []
    public var on = false
    /// The labels that `group_left` or `group_right` takes over.
    public var include: [String] = []
    /// The value of a series that is missing on a side.
    public var fillLeft: Double?
    public var fillRight: Double?
}

public enum Aggregator: String, Sendable, CaseIterable {
    case sum, avg, count, min, max, group, stddev, stdvar, topk, bottomk, quantile, limitk
    case countValues = "count_values"
    case limitRatio = "limit_ratio"

    var hasParameter: Bool {
        switch self {
        case .topk, .bottomk, .countValues, .quantile, .limitk, .limitRatio: true
        default: false
        }
    }

    var isExperimental: Bool { self == .limitk || self == .limitRatio }
}

public struct Aggregation: Sendable, Equatable {
    public var op: Aggregator
    public var expression: Expression
    public var parameter: Expression?
    public var grouping: [String]
    public var without: Bool
    public var range: SourceRange
}

public struct Call: Sendable, Equatable {
    public var function: Function
    public var arguments: [Expression]
    public var range: SourceRange
}
