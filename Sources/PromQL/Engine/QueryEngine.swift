/// Why a query has no answer. `type` and `description` are `errorType` and `error` of the HTTP API.
public enum QueryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The query is wrong: `1:5: parse error: …`.
    case badData(String)
    /// The query is well-formed and cannot be computed.
    case execution(String)
    /// More work than the engine's budget.
    case timeout

    public var type: String {
        switch self {
        case .badData: "bad_data"
        case .execution: "execution"
        case .timeout: "timeout"
        }
    }

    public var description: String {
        switch self {
        case .badData(let text), .execution(let text): text
        case .timeout: "query timed out in expression evaluation"
        }
    }

    static let tooManySamples = QueryError.execution(
        "query processing would load too many samples into memory in query execution")
    static let duplicateLabels = QueryError.execution("vector cannot contain metrics with the same labelset")
}

/// A point of a result.
public enum PointValue: Sendable, Equatable {
    case float(Double)
    case histogram(NativeHistogram)
}

/// One series of an instant vector.
public struct VectorElement: Sendable {
    public let labels: Labels
    public let value: PointValue
}

/// One series of a range vector.
public struct MatrixSeries: Sendable {
    public let labels: Labels
    public var floats: [Sample]
    public var histograms: [HistogramSample]
}

public enum QueryValue: Sendable {
    case scalar(Double)
    case string(String)
    case vector([VectorElement])
    case matrix([MatrixSeries])
}

/// An answer: the value at a time (instant queries) or over a range, and the remarks on it.
public struct QueryResult: Sendable {
    public let value: QueryValue
    /// The time of an instant query, in milliseconds.
    public let time: Int64
    public let warnings: [String]
    public let infos: [String]
}

/// Evaluates PromQL over a store.
///
///     let engine = QueryEngine()
///     let result = try engine.instant("sum by (job) (rate(http_requests_total[5m]))", in: store, at: 1_767_231_000_000)
///
/// Time comes from the caller and is never that of a clock; a time-out is a budget of work, so that the same query over
/// the same data always ends the same way.
public struct QueryEngine: Sendable {
    public struct Options: Sendable {
        /// How long a sample counts, in milliseconds (`--query.lookback-delta`).
        public var lookback: Int64 = 300_000
        /// The points that a query may hold at once (`--query.max-samples`).
        public var maxSamples = 50_000_000
        /// The step of `expression[1h:]`, in milliseconds (`evaluation_interval`).
        public var defaultSubqueryStep: Int64 = 60_000
        /// The samples that a query may look at in all, instead of `--query.timeout`; nil for any number.
        public var workBudget: Int? = 20_000_000_000
        public var parser = ParserOptions()
        /// Drop metric names at the end of a query and not at each step of it (`promql-delayed-name-removal`).
        public var delayedNameRemoval = false
        /// Take the time at which a counter began, where it is stored, for a reset and for its zero
        /// (`start-timestamps`).
        public var startTimestamps = false

        public init() {}
    }

    public var options: Options

    public init(options: Options = Options()) { self.options = options }

    private func parse(_ query: String) throws(QueryError) -> Expression {
        do {
            return try PromQLParser.parse(query, options: options.parser)
        } catch {
            throw .badData(error.description)
        }
    }

    /// The value of a query at a time in milliseconds.
    public func instant(_ query: String, in store: TimeSeriesStore, at time: Int64) throws(QueryError) -> QueryResult {
        try instant(try parse(query), query: query, in: store, at: time)
    }

    /// The value of a parsed expression; `query` is its text, for the places in remarks.
    public func instant(
        _ expression: Expression, query: String = "", in store: TimeSeriesStore, at time: Int64
    ) throws(QueryError) -> QueryResult {
        let evaluator = Evaluator(store: store, options: options, start: time, end: time, interval: 1)
        let prepared = try Preprocessor(start: time, end: time, step: 0).prepare(expression)
        let value: QueryValue
        switch prepared.type {
        case .matrix:
            value = .matrix(try evaluator.rangeVector(prepared).sorted { Labels.compare($0.labels, $1.labels) < 0 })
        case .string, .none:
            guard case .string(let text) = try evaluator.evaluate(prepared) else { throw .execution("unexpected type") }
            value = .string(text)
        case .scalar:
            value = .scalar(try evaluator.scalar(prepared)[0])
        case .vector:
            let grids = try evaluator.finish(try evaluator.vector(prepared))
            value = .vector(
                grids.compactMap { grid in grid.point(0).map { VectorElement(labels: grid.labels, value: $0) } })
        }
        return result(value, evaluator, query, time)
    }

    /// The values of a query at `start`, `start + step`, … up to `end`, all in milliseconds.
    public func range(
        _ query: String, in store: TimeSeriesStore, from start: Int64, through end: Int64, step: Int64
    ) throws(QueryError) -> QueryResult {
        let expression = try parse(query)
        guard expression.type == .scalar || expression.type == .vector else {
            throw .badData(
                "invalid expression type \(GoQuote.quote(expression.type.rawValue)) for range query, must be Scalar or instant Vector"
            )
        }
        guard step > 0 else {
            throw .badData("zero or negative query resolution step widths are not accepted. Try a positive integer")
        }
        // One value for each step of one series is more than a query may hold.
        guard end < start || Self.intervals(from: start, through: end, step: step) < options.maxSamples else {
            throw .tooManySamples
        }
        let evaluator = Evaluator(store: store, options: options, start: start, end: end, interval: step)
        if end < start { return result(.matrix([]), evaluator, query, end) }
        let prepared = try Preprocessor(start: start, end: end, step: step).prepare(expression)
        let grids: [Grid]
        if prepared.type == .scalar {
            grids = [Grid(labels: .empty, values: try evaluator.scalar(prepared))]
        } else {
            grids = try evaluator.finish(try evaluator.vector(prepared))
        }
        let series = grids.compactMap { evaluator.series($0) }.sorted { Labels.compare($0.labels, $1.labels) < 0 }
        return result(.matrix(series), evaluator, query, end)
    }

    /// Whole steps within a span, at most `Int64.max`.
    static func intervals(from start: Int64, through end: Int64, step: Int64) -> Int64 {
        let (span, overflows) = end.subtractingReportingOverflow(start)
        return overflows ? .max : span / step
    }

    private func result(_ value: QueryValue, _ evaluator: Evaluator, _ query: String, _ time: Int64) -> QueryResult {
        let remarks = evaluator.annotations.all
        return QueryResult(
            value: value, time: time,
            warnings: remarks.filter { $0.level == .warning }.map { $0.description(in: query) },
            infos: remarks.filter { $0.level == .info }.map { $0.description(in: query) })
    }
}
