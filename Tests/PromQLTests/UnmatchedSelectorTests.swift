import Testing

@testable import PromQL

/// What is in the way of a query that finds nothing.
@Suite struct UnmatchedSelectorTests {
    private static func store() throws -> TimeSeriesStore {
        var store = TimeSeriesStore()
        for (code, pod) in [("200", "a"), ("502", "b")] {
            try store.append(
                Labels([Label(Labels.metricName, "http_total"), Label("code", code), Label("pod", pod)]), time: 0,
                value: 1)
        }
        return store
    }

    @Test(arguments: [
        ("http_totl", "there is no metric http_totl"),
        (
            #"sum(rate(http_total{code="500"}[5m]))"#,
            #"http_total has no series with code="500"; its values of code are "200", "502""#
        ),
        (
            #"http_total / http_total{code=~"5.*", pod=~"c.*"}"#,
            #"http_total has no series with pod=~"c.*"; its values of pod are "b""#
        ),
        (#"http_total{le="1"}"#, "http_total has no label le; it has code, pod"),
        (
            #"http_total{code="200", pod="b"}"#,
            #"http_total has no series with code="200"; its values of code are "502""#
        ),
        (#"http_total{code="1", pod="c"}"#, #"no series of http_total has code="1" and pod="c" at once"#),
        (
            #"{code="1"}"#,
            #"what else the selector asks for has no series with code="1"; its values of code are "200", "502""#
        ),
    ]) func itIsNamed(query: String, words: String) throws {
        let expression = try PromQLParser.parse(query)
        #expect(UnmatchedSelector.first(in: expression, try Self.store()).map { "\($0)" } == words)
    }

    /// A comparison that holds for nobody, and what has series but no sample just now, are no fault of a selector.
    @Test(arguments: ["http_total > 5", "rate(http_total[1m] offset 1h)", "vector(1)", #"http_total{code!="1"}"#])
    func selectorsWithSeriesAreNotBlamed(query: String) throws {
        #expect(UnmatchedSelector.first(in: try PromQLParser.parse(query), try Self.store()) == nil)
    }

    @Test func longListsAreCut() throws {
        var store = TimeSeriesStore()
        for number in 10..<40 {
            try store.append(
                Labels([Label(Labels.metricName, "x"), Label("pod", "\(number)")]), time: 0, value: 1)
        }
        let found = UnmatchedSelector.first(in: try PromQLParser.parse(#"x{pod="7"}"#), store)
        #expect(found?.description.hasSuffix("\"21\" and 18 more") == true)
    }
}
