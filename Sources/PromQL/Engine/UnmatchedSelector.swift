/// A selector that no series of a store passes, and what is in its way: the usual cause of a query that finds nothing.
///
/// Prometheus answers such a query with nothing and says no more.
public struct UnmatchedSelector: Sendable, Equatable, CustomStringConvertible {
    public enum Cause: Sendable, Equatable {
        /// There are no series of that name.
        case metric
        /// The others pass some series, none of which has the label at all; the labels that they have.
        case label(LabelMatcher, present: [String])
        /// The others pass some series, whose values of the label are these.
        case value(LabelMatcher, present: [String])
        /// Each matcher passes some series beside any other, but no series passes all.
        case together
    }

    /// The metric's name; nil if the selector names none.
    public var metric: String?
    public var cause: Cause
    private var matchers: [LabelMatcher]

    /// The first of an expression's selectors, from left to right, that no series passes; nil if each has some. Whether
    /// they have samples at a certain time is not looked at.
    public static func first(in expression: Expression, _ store: TimeSeriesStore) -> UnmatchedSelector? {
        expression.selectors.lazy.compactMap { UnmatchedSelector($0, store) }.first
    }

    /// Nil if the selector has series.
    init?(_ selector: VectorSelector, _ store: TimeSeriesStore) {
        guard store.select(selector.matchers).isEmpty else { return nil }
        metric = selector.metricName
        matchers = selector.matchers.filter { $0.name != Labels.metricName || $0.kind != .equal }
        cause = .together
        if let metric, store.labelValues(Labels.metricName, [LabelMatcher(metric: metric)]).isEmpty {
            cause = .metric
            return
        }
        for matcher in matchers {
            let others = selector.matchers.filter { $0 != matcher }
            guard !store.select(others).isEmpty else { continue }
            let values = store.labelValues(matcher.name, others)
            cause =
                values.isEmpty
                ? .label(matcher, present: store.labelNames(others).filter { $0 != Labels.metricName })
                : .value(matcher, present: values)
            return
        }
    }

    /// One line, such as `http_requests_total has no series with code="501"; its values of code are "200", "502"`.
    public var description: String {
        let subject = metric ?? "what else the selector asks for"
        switch cause {
        case .metric: return "there is no metric \(metric ?? "")"
        case .label(let matcher, let present):
            return "\(subject) has no label \(matcher.name); "
                + (present.isEmpty ? "it has none" : "it has \(Self.list(present))")
        case .value(let matcher, let present):
            return "\(subject) has no series with \(matcher); its values of \(matcher.name) are "
                + Self.list(present.map(GoQuote.quote))
        case .together:
            return "no series of \(subject) has \(matchers.map(\.description).joined(separator: " and ")) at once"
        }
    }

    private static let shown = 12

    private static func list(_ words: [String]) -> String {
        words.prefix(shown).joined(separator: ", ") + (words.count > shown ? " and \(words.count - shown) more" : "")
    }
}
