import PromQL

/// Which lines come first, and which are left out when there are more than the limit.
public enum LogDirection: String, Sendable {
    /// The newest first: what Loki does unless asked otherwise.
    case backward
    case forward
}

/// A question to Loki: `GET /loki/api/v1/query_range` or, where start and end are one instant, `/query`.
public struct LogQLQuery: Sendable {
    public var text: String
    /// Nanoseconds since 1970. Of lines, `start` belongs to the range and `end` does not.
    public var start: Int64
    public var end: Int64
    /// Nanoseconds between two evaluations of a metric query.
    public var step: Int64
    /// Lines that are returned at most.
    public var limit: Int
    public var direction: LogDirection
    let isInstant: Bool

    /// A query over a range of time; all in nanoseconds.
    public static func range(
        _ text: String, start: Int64, end: Int64, step: Int64 = 60_000_000_000, limit: Int = 100,
        direction: LogDirection = .backward
    ) -> LogQLQuery {
        LogQLQuery(
            text: text, start: start, end: end, step: step, limit: limit, direction: direction, isInstant: false)
    }

    /// A metric query at one instant, in nanoseconds since 1970.
    public static func instant(_ text: String, at time: Int64) -> LogQLQuery {
        LogQLQuery(text: text, start: time, end: time, step: 0, limit: 100, direction: .backward, isInstant: true)
    }
}

/// Bounds of a query, by Loki's names; those that Loki leaves open have a bound here, so that no query takes everything.
public struct LogQLLimits: Sendable, Equatable {
    /// `max_entries_limit_per_query`.
    public var entries = 5000
    /// `max_query_series`.
    public var series = 500
    /// Bytes of lines that a query may look at (`max_query_bytes_read`).
    public var bytesRead = 1_000_000_000
    /// Points of a series in an answer.
    public var points: Int64 = 11_000
    /// Numbers that a metric query may hold at once, over all steps and series.
    public var numbers = 20_000_000

    public init() {}
}

/// Evaluates LogQL over a ``LogStore``.
///
///     let engine = LogQLEngine()
///     let result = try engine.run(.range(#"{app="web"} | json | status >= 500"#, start: from, end: to), in: store)
public struct LogQLEngine: Sendable {
    public var limits: LogQLLimits

    public init(limits: LogQLLimits = LogQLLimits()) { self.limits = limits }

    /// The text is a query.
    /// - Throws: ``LogQLError`` with Loki's message and place.
    public static func check(_ text: String) throws(LogQLError) { _ = try LogQLParser.parse(text) }

    /// Whether a query asks for numbers and not for lines.
    /// - Throws: ``LogQLError`` for a text that is no query.
    public static func isMetric(_ text: String) throws(LogQLError) -> Bool {
        if case .metric = try LogQLParser.parse(text) { return true }
        return false
    }

    /// Answers a query.
    public func run(_ query: LogQLQuery, in store: LogStore) throws(LogQLError) -> LogQLResult {
        let expression = try LogQLParser.parse(query.text)
        if query.limit > limits.entries, case .logs = expression {
            throw .limit(
                "max entries limit per query exceeded, limit > max_entries_limit_per_query (\(query.limit) > "
                    + "\(limits.entries))")
        }
        var reading = LogReading(store: store, limits: limits)
        switch expression {
        case .logs(let selection):
            if query.isInstant {
                throw .parameter(
                    "log queries are not supported as an instant query type, please change your query to a range "
                        + "query type")
            }
            if query.end < query.start { throw .parameter(Self.endBeforeStart) }
            return .streams(try reading.lines(selection, query))
        case .metric(let metric):
            let steps = try steps(query)
            let evaluator = LogMetricEvaluator(limits: limits, steps: steps)
            let value = try evaluator.evaluate(metric, &reading)
            return try Self.result(value, query, steps, limits, order: Self.order(metric))
        }
    }

    private static let endBeforeStart = "end timestamp must not be before or equal to start time"

    private func steps(_ query: LogQLQuery) throws(LogQLError) -> [Int64] {
        if query.isInstant { return [query.end] }
        if query.end < query.start { throw .parameter(Self.endBeforeStart) }
        if query.step <= 0 {
            throw .parameter(
                "zero or negative query resolution step widths are not accepted. Try a positive integer")
        }
        let (span, overflow) = query.end.subtractingReportingOverflow(query.start)
        if overflow || span / query.step > limits.points {
            throw .parameter(
                "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step "
                    + "parameter")
        }
        return Array(stride(from: query.start, through: query.end, by: Int64.Stride(query.step)))
    }

    /// How the samples of an instant are sorted.
    enum Order { case labels, ascending, descending }

    private static func order(_ metric: LogMetric) -> Order {
        guard case .aggregation(let aggregation) = metric else { return .labels }
        switch aggregation.operation {
        case .topk, .sortDesc: return .descending
        case .bottomk, .sort: return .ascending
        default: return .labels
        }
    }

    private static func result(
        _ value: LogGrid, _ query: LogQLQuery, _ steps: [Int64], _ limits: LogQLLimits, order: Order
    ) throws(LogQLError) -> LogQLResult {
        switch value {
        case .scalar(let values):
            if query.isInstant { return .scalar(time: query.end, value: values[0]) }
            return .matrix([
                LogSeries(labels: .empty, points: zip(steps, values).map { LogPoint(time: $0, value: $1) })
            ])
        case .vector(let series):
            let kept = series.filter { $0.values.contains { $0 != nil } }
            if kept.count > limits.series {
                throw .limit(
                    "maximum number of series (\(limits.series)) reached for a single query; consider reducing query "
                        + "cardinality by adding more specific stream selectors, reducing the time range, or "
                        + "aggregating results with functions like sum(), count() or topk()")
            }
            let sorted = kept.sorted { Labels.compare($0.labels, $1.labels) < 0 }
            if query.isInstant {
                let samples = sorted.compactMap { one in
                    one.values[0].map { LogVectorSample(labels: one.labels, time: query.end, value: $0) }
                }
                return .vector(Self.ordered(samples, order))
            }
            return .matrix(
                sorted.map { one in
                    LogSeries(
                        labels: one.labels,
                        points: zip(steps, one.values).compactMap { time, value in
                            value.map { LogPoint(time: time, value: $0) }
                        })
                })
        }
    }

    private static func ordered(_ samples: [LogVectorSample], _ order: Order) -> [LogVectorSample] {
        guard order != .labels else { return samples }
        return samples.enumerated().sorted {
            let (a, b) = ($0.element.value, $1.element.value)
            if a == b || a.isNaN || b.isNaN { return $0.offset < $1.offset }
            return order == .ascending ? a < b : a > b
        }.map(\.element)
    }
}
