import PromQL
import Testing

@testable import Monitoring

private let second: Int64 = 1_000_000_000

@Suite("LogQL's answers")
struct LogQLEngineTests {
    /// Ten minutes of two services: a line every ten seconds, JSON from web and logfmt from api.
    static func store() throws -> LogStore {
        var store = LogStore()
        for tick in 0..<60 {
            let time = Int64(tick) * 10 * second
            let status = tick % 6 == 0 ? 500 : 200
            try store.append(
                LogEntry(
                    timestamp: time,
                    line:
                        #"{"level":"\#(status == 500 ? "error" : "info")","status":\#(status),"latency":"\#(tick)ms","#
                        + #""req":{"path":"/v1/run","bytes":1.50},"tags":["a","b"]}"#,
                    structuredMetadata: Labels(["trace_id": "t\(tick)"])),
                to: Labels(["app": "web", "pod": tick % 2 == 0 ? "web-1" : "web-2"]))
            try store.append(
                LogEntry(timestamp: time, line: "level=info msg=\"step done\" tokens=\(tick) size=2KB took=1.5s"),
                to: Labels(["app": "api", "pod": "api-1"]))
        }
        return store
    }

    private func run(_ query: LogQLQuery, _ store: LogStore? = nil) throws -> LogQLResult {
        try LogQLEngine().run(query, in: try store ?? Self.store())
    }

    private func lines(_ text: String, limit: Int = 1000, _ store: LogStore? = nil) throws -> [LogStreamResult] {
        let query = LogQLQuery.range(text, start: 0, end: 600 * second, limit: limit, direction: .forward)
        guard case .streams(let streams) = try run(query, store) else { return [] }
        return streams
    }

    /// `{labels}` and value of each sample at ten minutes.
    private func vector(_ text: String, at time: Int64 = 600, _ store: LogStore? = nil) throws -> [String] {
        switch try run(.instant(text, at: time * second), store) {
        case .vector(let samples): return samples.map { "\($0.labels) \(GoFloat.json($0.value))" }
        case .scalar(_, let value): return [GoFloat.json(value)]
        case .streams, .matrix: return []
        }
    }

    @Test("The newest lines come first, up to the limit")
    func backward() throws {
        guard
            case .streams(let streams) = try run(
                .range(#"{app="web"} | drop trace_id"#, start: 0, end: 600 * second, limit: 3))
        else { return }
        #expect(
            streams.map(\.labels.description) == [
                #"{app="web", pod="web-1"}"#, #"{app="web", pod="web-2"}"#,
            ])
        #expect(streams.flatMap(\.entries).map { $0.timestamp / second }.sorted() == [570, 580, 590])
        #expect(streams[1].entries.map { $0.timestamp / second } == [590, 570])
    }

    @Test(
        "Line filters",
        arguments: [
            (#"{app="web"} |= "error""#, 10), (#"{app="web"} != "error""#, 50),
            (#"{app=~".+"} |~ "tokens=1\\d\\b""#, 10),
            (#"{app="web"} |= "59ms" or "58ms""#, 2), (#"{app="web"} != "info" or "error""#, 0),
            (#"{app="api"} |> "<_> tokens=5<_>""#, 11), (#"{app="api"} !~ "tokens=.*""#, 0),
            (#"{pod!="web-1",app=~"web|api"}"#, 90), (#"{app="nothing"}"#, 0),
        ])
    func lineFilters(query: String, count: Int) throws {
        #expect(try lines(query).reduce(0) { $0 + $1.entries.count } == count)
    }

    @Test(
        "Parsers make labels of lines, and label filters read numbers, durations and sizes",
        arguments: [
            (#"{app="web"} | json | status >= 500"#, 10), (#"{app="web"} | json | level="error""#, 10),
            (#"{app="web"} | json | latency > 50ms"#, 9),
            (#"{app="web"} | json | req_path=~"/v1/.*", status != 200"#, 10),
            (#"{app="api"} | logfmt | tokens < 5 or tokens == 59"#, 6), (#"{app="api"} | logfmt | size = 2KB"#, 60),
            (#"{app="api"} | logfmt | size > 2KB"#, 0), (#"{app="api"} | logfmt | took >= 1.5s and tokens > 57"#, 2),
            (#"{app="api"} | logfmt | msg="step done" | missing > 3"#, 0),
            (#"{app="api"} | regexp "tokens=(?P<n>\\d+)" | n > 57"#, 2),
            (#"{app="api"} | pattern "level=<lvl> msg=\"<_>\" tokens=<n> <_>" | lvl="info" | n > 57"#, 2),
            (#"{app="web"} | json path="req.path", second="tags[1]" | path="/v1/run" | second="b""#, 60),
            (#"{app="web"} | trace_id="t7""#, 1),
        ])
    func labelFilters(query: String, count: Int) throws {
        #expect(try lines(query).reduce(0) { $0 + $1.entries.count } == count)
    }

    @Test("A line's labels are those of the stream, its metadata and what was parsed; digits stay as written")
    func labels() throws {
        let streams = try lines(#"{app="web",pod="web-1"} |= "\"0ms\"" | json"#)
        #expect(
            streams.first?.labels.description
                == #"{app="web", latency="0ms", level="error", pod="web-1", req_bytes="1.50", req_path="/v1/run", status="500", trace_id="t0"}"#
        )
    }

    @Test("What is no JSON is marked, not lost")
    func errorLabel() throws {
        let streams = try lines(#"{app="api"} | json"#, limit: 1)
        #expect(streams.first?.labels[LogLabels.error] == "JSONParserErr")
        #expect(
            streams.first?.labels[LogLabels.errorDetails]
                == "Value looks like object, but can't find closing '}' symbol")
        #expect(try lines(#"{app="api"} | json | __error__="""#).isEmpty)
        #expect(try lines(#"{app=~".+"} | json | __error__!="""#).reduce(0) { $0 + $1.entries.count } == 60)
        let wrong = try lines(#"{app="api"} | logfmt | msg > 5"#, limit: 1)
        #expect(wrong.first?.labels[LogLabels.error] == "LabelFilterErr")
    }

    @Test("A parsed name that the stream has is told apart")
    func extracted() throws {
        var store = LogStore()
        try store.append(LogEntry(timestamp: 1, line: #"{"app":"inner","app":"again"}"#), to: Labels(["app": "outer"]))
        #expect(
            try lines(#"{app="outer"} | json"#, store).first?.labels.description
                == #"{app="outer", app_extracted="inner"}"#)
    }

    @Test(
        "Formats",
        arguments: [
            ("{{ .level }} {{.status}}", "error 500"), ("{{ .level | ToUpper }}", "ERROR"),
            (#"{{ if eq .status "500" }}bad{{ else }}good{{ end }}"#, "bad"),
            (#"{{ printf "%-7s|%5s" .level .status }}"#, "error  |  500"),
            (#"{{ .missing | default "none" }}"#, "none"), (#"{{ trunc 2 .level }}-{{ substr 1 3 .level }}"#, "er-rr"),
            (#"{{ replace "/" "." .req_path }}"#, ".v1.run"), ("a {{- /* no */ -}} b", "ab"),
            (#"{{ add 1 .status }} {{ mul 2 3 }} {{ divf 1 4 }}"#, "501 6 0.25"),
            (#"{{ if and (hasPrefix "/v1" .req_path) (not .missing) }}{{ len .level }}{{ end }}"#, "5"),
            (#"{{ if eq .level "info" }}a{{ else if eq .level "error" }}b{{ else }}c{{ end }}"#, "b"),
        ])
    func formats(template: String, expected: String) throws {
        let query = "{app=\"web\"} |= `\"0ms\"` | json | line_format `\(template)`"
        #expect(try lines(query).first?.entries.first?.line == expected)
    }

    @Test("label_format renames and makes; drop and keep take away")
    func labelFormat() throws {
        let query =
            #"{app="web"} |= "\"0ms\"" | json | label_format svc=app, sum="{{.level}}-{{.status}}" | keep svc, sum, pod | drop pod="web-2""#
        #expect(try lines(query).first?.labels.description == #"{pod="web-1", sum="error-500", svc="web"}"#)
    }

    @Test(
        "Numbers over ranges: a window is open at its beginning and closed at its end",
        arguments: [
            (#"count_over_time({app="api"}[1m])"#, [#"{app="api", pod="api-1"} 5"#]),
            (#"sum(count_over_time({app="web"}[10m]))"#, ["{} 59"]),
            (
                #"sum by (pod) (rate({app="web"}[5m]))"#,
                [#"{pod="web-1"} 0.04666666666666667"#, #"{pod="web-2"} 0.05"#]
            ),
            (#"sum by (app) (bytes_over_time({app="api"} | line_format "12345" [1m]))"#, [#"{app="api"} 25"#]),
            (#"sum(bytes_rate({app="api"} | line_format "12345" [1m]))"#, ["{} 0.4166666666666667"]),
            (
                #"sum by (status) (count_over_time({app="web"} | json | drop latency, trace_id [10m]))"#,
                [#"{status="200"} 50"#, #"{status="500"} 9"#]
            ),
            (#"avg_over_time({app="api"} | logfmt | unwrap tokens [1m]) by (app)"#, [#"{app="api"} 57"#]),
            (#"max_over_time({app="api"} | logfmt | unwrap tokens [10m]) by (app)"#, [#"{app="api"} 59"#]),
            (#"min_over_time({app="api"} | logfmt | unwrap tokens [1m]) by (app)"#, [#"{app="api"} 55"#]),
            (#"sum_over_time({app="api"} | logfmt | unwrap tokens [1m]) by ()"#, []),
            (
                #"quantile_over_time(0.5, {app="web"} | json | unwrap duration(latency) [1m]) by (app)"#,
                [#"{app="web"} 0.057"#]
            ),
            (#"sum(sum_over_time({app="api"} | logfmt | unwrap bytes(size) [1m]))"#, ["{} 10000"]),
            (#"first_over_time({app="api"} | logfmt | unwrap tokens [1m]) by (app)"#, [#"{app="api"} 55"#]),
            (#"last_over_time({app="api"} | logfmt | unwrap tokens [1m] offset 1m) by (app)"#, [#"{app="api"} 54"#]),
            (
                #"stddev_over_time({app="api"} | logfmt | unwrap tokens [1m]) by (app)"#,
                [#"{app="api"} 1.4142135623730951"#]
            ),
            (#"absent_over_time({app="none",x=~"y"}[1m])"#, [#"{app="none"} 1"#]),
            (#"absent_over_time({app="api"}[1m])"#, []),
        ])
    func ranges(query: String, expected: [String]) throws {
        if query.hasPrefix("sum_over_time") {
            #expect(throws: LogQLError.self) { try vector(query) }
        } else {
            #expect(try vector(query) == expected)
        }
    }

    @Test(
        "Aggregations and operations",
        arguments: [
            (#"topk(1, sum by (pod) (count_over_time({app=~"web|api"}[10m])))"#, [#"{pod="api-1"} 59"#]),
            (
                #"sort_desc(sum by (pod) (count_over_time({app=~"web|api"}[10m])))"#,
                [#"{pod="api-1"} 59"#, #"{pod="web-2"} 30"#, #"{pod="web-1"} 29"#]
            ),
            (#"count(sum by (pod) (rate({app=~".+"}[10m])))"#, ["{} 3"]),
            (#"avg without (pod, trace_id) (count_over_time({app="api"}[10m]))"#, [#"{app="api"} 59"#]),
            (
                #"sum(count_over_time({app="web"} |= "error" [10m])) / sum(count_over_time({app="web"}[10m])) * 100"#,
                ["{} 15.254237288135593"]
            ),
            (
                #"sum by (pod) (count_over_time({app=~"web|api"}[10m])) > 29"#,
                [#"{pod="api-1"} 59"#, #"{pod="web-2"} 30"#]
            ),
            (
                #"sum by (pod) (count_over_time({app="web"}[10m])) > bool 29"#,
                [#"{pod="web-1"} 0"#, #"{pod="web-2"} 1"#]
            ),
            (#"29 < sum by (pod) (count_over_time({app="web"}[10m]))"#, [#"{pod="web-2"} 30"#]),
            (
                #"sum by (pod,app) (count_over_time({app="web"}[10m])) / on (app) group_left sum by (app) (count_over_time({app="web"}[10m]))"#,
                [#"{app="web", pod="web-1"} 0.4915254237288136"#, #"{app="web", pod="web-2"} 0.5084745762711864"#]
            ),
            (
                #"sum by (app) (count_over_time({app="web"}[10m])) or sum by (app) (count_over_time({app="api"}[10m]))"#,
                [#"{app="api"} 59"#, #"{app="web"} 59"#]
            ),
            (
                #"sum by (app) (count_over_time({app="web"}[10m])) unless sum by (app) (count_over_time({app="api"}[10m]))"#,
                [#"{app="web"} 59"#]
            ),
            ("2 ^ 3 ^ 2 - 1", ["511"]), ("5 > 3", ["1"]), ("1 / 0", ["NaN"]), ("vector(3) * 2", ["{} 6"]),
            (
                #"label_replace(sum by (pod) (count_over_time({app="api"}[10m])), "n", "$1", "pod", ".*-(.*)")"#,
                [#"{n="1", pod="api-1"} 59"#]
            ),
        ])
    func operations(query: String, expected: [String]) throws { #expect(try vector(query) == expected) }

    @Test("A range query has the numbers of the instants in it")
    func steps() throws {
        let text = #"sum by (level) (count_over_time({app="web"} | json | drop latency, trace_id, pod [1m]))"#
        guard case .matrix(let series) = try run(.range(text, start: 0, end: 600 * second, step: 60 * second)) else {
            return
        }
        #expect(series.map(\.labels.description) == [#"{level="error"}"#, #"{level="info"}"#])
        #expect(series[0].points.map(\.value) == [Double](repeating: 1, count: 10))
        for point in series[1].points {
            #expect(try vector(text, at: point.time / second).contains("{level=\"info\"} \(GoFloat.json(point.value))"))
        }
    }

    @Test("Lines with an error stop a metric query, unless it says so")
    func pipelineErrors() throws {
        let store = try Self.store()
        #expect {
            try vector(#"sum by (x) (count_over_time({app="api"} | json [1m]))"#, store)
        } throws: {
            "\($0)".hasPrefix("pipeline error: 'JSONParserErr' for series: '{__error__=\"JSONParserErr\", ")
                && "\($0)".contains("(e.g | __error__!=\"JSONParserErr\").")
        }
        #expect(try vector(#"sum(count_over_time({app="api"} | json | __error__="" [1m]))"#, store) == [])
        #expect(
            try vector(#"sum(count_over_time({app="api"} | json [1m]))"#, store) == ["{} 5"],
            "nobody wants labels, so that nothing is parsed")
        #expect(throws: LogQLError.self) {
            try vector(#"sum_over_time({app="api"} | logfmt | unwrap msg [1m])"#, store)
        }
        #expect(try vector(#"sum_over_time({app="api"} | logfmt | unwrap msg | __error__="" [1m])"#, store) == [])
    }

    @Test("Limits have Loki's errors")
    func limits() throws {
        let store = try Self.store()
        var engine = LogQLEngine()
        func message(_ query: LogQLQuery) -> String {
            do throws(LogQLError) {
                _ = try engine.run(query, in: store)
                return ""
            } catch { return error.description }
        }
        #expect(
            message(.range(#"{app="web"}"#, start: 0, end: second, limit: 6000))
                == "max entries limit per query exceeded, limit > max_entries_limit_per_query (6000 > 5000)")
        #expect(message(.instant(#"{app="web"}"#, at: second)).hasPrefix("log queries are not supported as an instant"))
        engine.limits.series = 10
        #expect(
            message(.instant(#"count_over_time({app="web"} | json [10m])"#, at: 600 * second))
                .hasPrefix(
                    "maximum number of series (10) reached for a single query; consider reducing query cardinality"))
        engine.limits.bytesRead = 1500
        #expect(
            message(.range(#"{app="web"}"#, start: 0, end: 600 * second))
                .hasPrefix("the query would read too many bytes (query: "))
        #expect(
            message(.range("vector(1)", start: 0, end: 600 * second, step: 1000))
                .hasPrefix("exceeded maximum resolution of 11,000 points"))
        #expect(message(.range("vector(1)", start: 0, end: 600 * second, step: 0)).hasPrefix("zero or negative"))
        #expect(message(.range("vector(1)", start: 5, end: 1)).contains("start time"))
        #expect(message(.instant(#"rate({app="web"}[1m])"#, at: .min)).contains("represented"))
    }

    @Test("Hostile lines do not trap")
    func hostileLines() throws {
        var dice = TestDice(state: 3)
        var store = LogStore()
        let seeds = [
            #"{"a":{"b":[1,{"c":"\u12"}],"d":"\ud83d\ude00"},"e":null,"f":1e5,"g":true}"#,
            #"a=1 b="x \" y" c= =d "e" f=g=h i"#, String(repeating: #"{"a":"#, count: 300),
            String(repeating: "[", count: 3000),
        ]
        for index in 0..<2000 {
            var bytes = Array(seeds[dice.next(seeds.count)].utf8)
            for _ in 0...dice.next(3) where !bytes.isEmpty {
                bytes[dice.next(bytes.count)] = UInt8(dice.next(128))
                if dice.next(4) == 0 { bytes.removeLast(dice.next(bytes.count)) }
            }
            try store.append(
                LogEntry(timestamp: Int64(index), line: String(decoding: bytes, as: UTF8.self)), to: Labels(["a": "b"]))
        }
        for stage in [
            "| json", "| logfmt", "| logfmt --strict", #"| json x="a.b[1].c", y="a.d""#, #"| pattern "<x>=<y> <z>""#,
            #"| regexp "(?P<x>.)=(?P<y>.)""#, #"| json | line_format "{{.a_d}}""#,
        ] {
            let streams = try lines(#"{a="b"} "# + stage, limit: 5000, store)
            #expect(streams.reduce(0) { $0 + $1.entries.count } == 2000)
        }
    }
}
