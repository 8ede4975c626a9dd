import KubernetesAPI
import PromQL
import Testing

@testable import Monitoring

/// Loki's API, as Grafana's data source asks it, and what it refuses.
@Suite struct LokiAPITests {
    /// Ten lines a second apart in each of two streams, up to 1000 s.
    private static let store: LogStore = {
        var store = LogStore()
        for app in ["web", "orders"] {
            for second in 0..<10 {
                let line = "level=\(second % 3 == 0 ? "error" : "info") n=\(second)"
                try? store.append(
                    LogEntry(timestamp: Int64(990 + second) * 1_000_000_000, line: line),
                    to: Labels(["app": app, "namespace": "shop"]))
            }
        }
        return store
    }()

    private func ask(
        _ path: String, _ parameters: [(name: String, value: String)] = [], method: String = "GET"
    ) -> (status: Int, text: String, value: JSONValue) {
        let answer = LokiAPI(Self.store, now: 1_000_000_000_000).answer(
            .init(
                method: method, path: ("loki/api/v1/" + path).split(separator: "/").map(String.init),
                parameters: parameters))
        let text = String(decoding: answer.bytes, as: UTF8.self)
        return (answer.status, text, (try? JSONValue(parsingJSON: answer.bytes[...])) ?? .null)
    }

    @Test func linesComeInTheirDirectionUpToTheLimit() {
        let query = [(name: "query", value: #"{app="web"}"#)]
        let all = ask("query_range", query).value["data"]
        #expect(all?["resultType"] == "streams")
        #expect(all?["result"]?.array?.first?["values"]?.array?.count == 10)
        let last = ask("query_range", query + [("limit", "2")]).value["data"]?["result"]?.array?.first?["values"]
        #expect(last?.array?.first == ["999000000000", "level=error n=9"])
        let first = ask("query_range", query + [("limit", "2"), ("direction", "FORWARD")])
        #expect(
            first.value["data"]?["result"]?.array?.first?["values"]?.array?.first == [
                "990000000000", "level=error n=0",
            ])
        // Seconds, fractions, nanoseconds and RFC 3339 are the same instant.
        for start in ["998", "998.000", "998000000000", "1970-01-01T00:16:38Z"] {
            let found = ask("query_range", query + [("start", start), ("end", "1000")])
            #expect(found.value["data"]?["result"]?.array?.first?["values"]?.array?.count == 2, "\(start)")
        }
        let since = ask("query_range", query + [("since", "3s")])
        #expect(since.value["data"]?["result"]?.array?.first?["values"]?.array?.count == 3)
    }

    @Test func numbersAreGivenAtTheirTimes() {
        let one = ask("query", [("query", "vector(1)+vector(1)"), ("time", "4000000000")])
        #expect(one.value["data"]?["result"]?.array?.first?["value"] == [4_000_000_000, "2"])
        let query = #"sum by (level) (count_over_time({namespace="shop"} | logfmt [10s]))"#
        let instant = ask("query", [("query", query), ("time", "999")]).value["data"]?["result"]?.array ?? []
        #expect(instant.map { $0["metric"]?["level"]?.string } == ["error", "info"])
        #expect(instant.first?["value"] == [999, "8"])
        let range = ask("query_range", [("query", query), ("start", "995"), ("end", "999"), ("step", "2s")])
        #expect(range.value["data"]?["result"]?.array?.first?["values"]?.array?.count == 3)
    }

    @Test func streamsAreListed() {
        #expect(ask("labels").value["data"] == ["app", "namespace"])
        #expect(ask("label/app/values").value["data"] == ["orders", "web"])
        #expect(ask("label/app/values", [("query", #"{app=~"w.*"}"#)]).value["data"] == ["web"])
        #expect(ask("labels", [("start", "1"), ("end", "2")]).value["data"] == [])
        #expect(ask("series", [("match[]", "{}")]).value["data"]?.array?.count == 2)
        let some = ask("series", [("match[]", #"{app="web"}"#), ("match", #"{namespace="shop"}"#)])
        #expect(some.value["data"]?.array?.count == 2)
        let statistics = ask("index/stats", [("query", #"{app="web"}"#)]).value
        #expect(statistics["streams"] == 1 && statistics["entries"] == 10)
        #expect(ask("status/buildinfo").value["version"] != nil)
    }

    @Test(arguments: [
        (
            "query_range", "query", "{app=",
            "parse error at line 1, col 6: syntax error: unexpected $end, expecting STRING"
        ),
        (
            "query", "query", "{app=\"web\"}",
            "log queries are not supported as an instant query type, please change your query to a range query type"
        ),
        (
            "query_range", "start", "abc",
            #"could not parse 'start' parameter: strconv.ParseInt: parsing "abc": invalid syntax"#
        ),
        ("query_range", "end", "1", "end timestamp must not be before or equal to start time"),
        ("query_range", "limit", "x", #"strconv.Atoi: parsing "x": invalid syntax"#),
        ("query_range", "limit", "0", "limit must be a positive value"),
        (
            "query_range", "limit", "10000",
            "max entries limit per query exceeded, limit > max_entries_limit_per_query (10000 > 5000)"
        ),
        ("query_range", "direction", "up", "invalid direction 'up'"),
        (
            "query_range", "step", "0",
            "zero or negative query resolution step widths are not accepted. Try a positive integer"
        ),
        ("query_range", "step", "soon", #"cannot parse "soon" to a valid duration"#),
        ("series", "match[]", #"{app="web"} |= "x""#, "only label matchers is supported"),
    ])
    func whatIsWrongIsSaid(_ path: String, _ name: String, _ value: String, _ text: String) {
        var parameters = [(name: name, value: value)]
        if name != "query" { parameters.append(("query", #"{app="web"}"#)) }
        if name == "end" { parameters.append(("start", "500")) }
        let answer = ask(path, parameters)
        #expect(answer.status == 400)
        #expect(answer.text == text + "\n")
    }

    @Test func nothingHostileTraps() {
        for value in ["", "\u{0}", "-", "1e400", "9223372036854775808", "-9223372036854775808", "NaN", "{}", "🙂"] {
            for name in ["query", "start", "end", "since", "step", "interval", "limit", "direction", "time", "match[]"]
            {
                for path in ["query", "query_range", "series", "labels", "index/stats", "label/app/values"] {
                    _ = ask(path, [(name, value), ("query", #"{app="web"}"#)])
                }
            }
        }
        #expect(ask("query", method: "DELETE").status == 405)
        #expect(ask("push", method: "POST").status == 404)
    }
}
