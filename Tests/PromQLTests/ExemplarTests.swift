import Testing

@testable import PromQL

/// Which exemplars are kept, and how they leave.
@Suite struct PromQLExemplarTests {
    private func exemplar(
        _ series: String, _ value: Double, at time: Int64, trace: String = "t"
    ) -> Exemplar {
        Exemplar(
            series: Labels(["__name__": series]), labels: Labels(["trace_id": trace]), value: value, time: time)
    }

    private func store(_ room: Int) -> TimeSeriesStore {
        var configuration = TimeSeriesStore.Configuration()
        configuration.maxExemplars = room
        return TimeSeriesStore(configuration: configuration)
    }

    @Test func aSeriesOnlyGoesForward() {
        var store = store(10)
        #expect(store.append(exemplar("a", 2, at: 1000)) == nil)
        #expect(store.append(exemplar("a", 2, at: 1000)) == .duplicate)
        #expect(store.append(exemplar("a", 9, at: 999)) == .outOfOrder)
        #expect(store.append(exemplar("a", 1, at: 1000)) == .outOfOrder)
        #expect(store.append(exemplar("a", 3, at: 1000)) == nil)
        // Another series has an order of its own.
        #expect(store.append(exemplar("b", 1, at: 5)) == nil)
        #expect(store.append(exemplar("a", 0, at: 1001, trace: String(repeating: "é", count: 120))) == nil)
        #expect(store.append(exemplar("a", 0, at: 1002, trace: String(repeating: "é", count: 121))) == .labelsTooLong)
        #expect(store.exemplars.map(\.value) == [2, 3, 1, 0])
    }

    @Test func theOldestOfAllMakesRoom() {
        var store = store(3)
        for time in 1...5 { #expect(store.append(exemplar("a", Double(time), at: Int64(time))) == nil) }
        #expect(store.exemplars.map(\.value) == [3, 4, 5])
        for time in 1...3 { #expect(store.append(exemplar("b", Double(time), at: Int64(time))) == nil) }
        // Nothing of the first series is left to compare with.
        #expect(store.append(exemplar("a", 1, at: 1)) == nil)
        #expect(store.exemplars.map(\.value) == [2, 3, 1])
        var none = self.store(0)
        #expect(none.append(exemplar("a", 1, at: 1)) == .disabled && none.exemplars.isEmpty)
    }

    @Test func aStoreGoesOnWhereItWasWritten() {
        var first = store(3)
        for time in 1...5 { first.append(exemplar(time % 2 == 0 ? "a" : "b", Double(time), at: Int64(time))) }
        var second = TimeSeriesStore(
            configuration: first.configuration, series: first.seriesStates, exemplars: first.exemplars,
            metadata: first.metadata, samplesAppended: first.samplesAppended)
        for time in [3, 4, 6, 2, 7, 8, 9] as [Int64] {
            let next = exemplar(time % 2 == 0 ? "a" : "b", Double(time), at: time)
            #expect(first.append(next) == second.append(next))
            #expect(first.exemplars == second.exemplars)
        }
    }

    @Test func openMetricsHasThemBehindTheirSamples() throws {
        let text = """
            x_bucket{le="1"} 1 1
            x_bucket{le="1"} 4 2 # {trace_id="a\\"b"} 0.5 1.5
            x_bucket{le="1"} 5 3 # {trace_id="c"} 0.75 2.75
            # EOF

            """
        var first = store(10)
        try first.load(Array(text.utf8))
        let written = first.openMetrics()
        #expect(written.contains("x_bucket{le=\"1\"} 4 2 # {trace_id=\"a\\\"b\"} 0.5 1.500\n"), "\(written)")
        var second = store(10)
        try second.load(Array(written.utf8))
        #expect(second.exemplars == first.exemplars && first.exemplars.count == 2)
    }

    /// A sample that came late and is there already is no new sample.
    @Test func whatIsThereAlreadyIsNotCountedAgain() throws {
        var configuration = TimeSeriesStore.Configuration()
        configuration.outOfOrderWindow = 60_000
        var store = TimeSeriesStore(configuration: configuration)
        let labels = Labels(["__name__": "x"])
        for time in [1000, 3000, 2000, 2000, 1000, 3000] as [Int64] { try store.append(labels, time: time, value: 1) }
        #expect(store.samplesAppended == 3)
    }

    @Test func selectorsAreFoundEverywhere() throws {
        let query = "histogram_quantile(0.9, sum by (le) (rate(a_bucket{x=\"1\"}[5m]))) > -b + max_over_time(c[1h:5m])"
        #expect(try PromQLParser.parse(query).selectors.map(\.name) == ["a_bucket", "b", "c"])
        #expect(try PromQLParser.parse("1 + time()").selectors.isEmpty)
    }
}
