import PromQL

/// How an objective stands at a moment: what Prometheus has measured of it over a window, and what is left of its budget.
public struct ErrorBudget: Sendable, Equatable {
    /// The share of bad events in the window; nil if there were no events.
    public var errorRatio: Double?
    /// Times the rate at which the budget would last its period exactly.
    public var burnRate: Double?
    /// What is left of the budget of that window: 1 untouched, below 0 overdrawn.
    public var left: Double?

    /// - Parameter window: milliseconds, up to `time`.
    /// - Throws: `QueryError` of the objective's queries.
    public init(
        _ objective: ServiceLevelObjective, window: Int64, at time: Int64, in store: TimeSeriesStore,
        engine: QueryEngine
    ) throws(QueryError) {
        let result = try engine.instant(Self.query(objective, window: window), in: store, at: time)
        var found: Double?
        switch result.value {
        case .scalar(let value): found = value
        case .vector(let elements):
            guard elements.count <= 1 else {
                throw .execution("the indicator has \(elements.count) series and not one: sum them up")
            }
            if case .float(let value)? = elements.first?.value { found = value }
        case .string, .matrix: throw .execution("the indicator is no number")
        }
        guard let ratio = found, ratio.isFinite else { return }
        errorRatio = ratio
        burnRate = ratio / objective.budget
        left = 1 - ratio / objective.budget
    }

    /// What is asked for the share of bad events in a window of so many milliseconds.
    public static func query(_ objective: ServiceLevelObjective, window: Int64) -> String {
        let query =
            switch objective.indicator {
            case .events(let bad, let total): "(\(bad)) / (\(total))"
            case .ratio(let ratio): ratio
            }
        return query.replacing("{{.window}}", with: PrometheusDuration.format(window))
    }
}
