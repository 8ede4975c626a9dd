import Testing

@testable import PromQL

@Suite struct PromQLExpositionTests {
    @Test func readsOpenMetrics() throws {
        let text = """
            # HELP http_requests Requests, all of them.
            # TYPE http_requests counter
            # UNIT http_requests requests
            http_requests_total{code="200",path="a\\"b\\\\c\\nd"} 5 1.5 # {trace_id="x"} 0.5 1.25
            http_requests_total{code="200",path="a\\"b\\\\c\\nd"} 6 2.5
            {"http.requests","client.name"="k"} 1e3 3
            x NaN 1
            # EOF

            """
        var configuration = TimeSeriesStore.Configuration()
        configuration.maxExemplars = 10
        var store = TimeSeriesStore(configuration: configuration)
        try store.load(Array(text.utf8))
        let labels = Labels(["__name__": "http_requests_total", "code": "200", "path": "a\"b\\c\nd"])
        let id = try #require(store.identifier(of: labels))
        #expect(store.samples(id) == [Sample(time: 1500, value: 5), Sample(time: 2500, value: 6)])
        #expect(store.identifier(of: Labels(["__name__": "http.requests", "client.name": "k"])) != nil)
        #expect(store.metadata["http_requests"]?.type == "counter")
        #expect(
            store.exemplars == [Exemplar(series: labels, labels: Labels(["trace_id": "x"]), value: 0.5, time: 1250)])
    }

    @Test func readsTheClassicFormat() throws {
        let text = "# TYPE up gauge\nup 1\nup{a=\"b\",} 2 1500\r\n\nlatency_bucket{le=\"+Inf\"} +Inf 10\n# a comment\n"
        var store = TimeSeriesStore()
        try store.load(Array(text.utf8), format: .prometheus, defaultTime: 42)
        #expect(store.samples(0) == [Sample(time: 42, value: 1)])
        #expect(store.samples(1) == [Sample(time: 1500, value: 2)])
        #expect(store.samples(2).first?.value == .infinity)
    }

    @Test(arguments: [
        ("x 1 1\n", "line 1: data does not end with # EOF"), ("x 1 1\n# EOF\ny 1 1\n", "line 3: data after # EOF"),
        ("x{a=\"b\" 1 1\n# EOF\n", "line 1: expected \",\" or \"}\" after a label, found \"1 1\""),
        ("x{a=\"b} 1 1\n# EOF\n", "line 1: a quoted text does not end"),
        ("x abc 1\n# EOF\n", "line 1: expected a number, found \"abc 1\""),
        ("x 1 abc\n# EOF\n", "line 1: expected a timestamp, found \"abc\""),
        ("x{a=\"1\",a=\"2\"} 1 1\n# EOF\n", "line 1: duplicate label name"),
        ("{a=\"1\"} 1 1\n# EOF\n", "line 1: a sample without a metric name"),
        ("# TYPE x nonsense\n# EOF\n", "line 1: invalid metric type \"nonsense\""),
        ("x 1 1\nx 2 1\n# EOF\n", "line 2: sample 2 ({__name__=\"x\"} at 1000): duplicate sample for timestamp"),
        ("x 1 2\nx 2 1\n# EOF\n", "line 2: sample 2 ({__name__=\"x\"} at 1000): out of order sample"),
        ("x 1\n# EOF\n", "line 1: sample 1 ({__name__=\"x\"}) has no timestamp"),
        ("9x 1 1\n# EOF\n", "line 1: expected a metric name, found \"9x 1 1\""),
        ("x 1 1 2\n# EOF\n", "line 1: unexpected text after the sample: \"2\""),
    ])
    func saysWhatIsWrongAndWhere(_ text: String, _ message: String) {
        var store = TimeSeriesStore()
        #expect {
            try store.load(Array(text.utf8))
        } throws: {
            "\($0)" == message
        }
        #expect(store.seriesCount == 0)
    }

    @Test func writesWhatItReads() throws {
        var store = TimeSeriesStore()
        try store.append(Labels(["__name__": "x", "a": "q\"\\\n"]), time: 1500, value: 0.1)
        try store.append(Labels(["__name__": "x", "a": "q\"\\\n"]), time: 2000, value: -.infinity)
        try store.append(Labels(["__name__": "my.metric", "l.x": "y"]), time: 1, value: 1e-300)
        let text = store.openMetrics()
        var copy = TimeSeriesStore()
        try copy.load(Array(text.utf8))
        #expect(copy.openMetrics() == text)
        #expect(text.hasSuffix("# EOF\n"))
        #expect(text.contains("{\"my.metric\",\"l.x\"=\"y\"} 1e-300 0.001\n"))
    }
}
