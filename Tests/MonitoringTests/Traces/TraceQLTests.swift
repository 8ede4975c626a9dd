import KubernetesAPI
import OpenTelemetry
import Simulation
import Testing

@testable import Monitoring

@Suite("TraceQL")
struct TraceQLTests {
    static let first = TraceID(high: 0, low: 0xabc)
    static let second = TraceID(high: 0, low: 0xdef)

    /// Two traces: the first `web` → `api` → `db` (an error) with a second call of `db` beside it; the second of one span.
    static func store() -> TraceStore {
        var store = TraceStore()
        func add(
            _ trace: TraceID, _ id: UInt64, _ parent: UInt64, _ service: String, _ name: String, _ kind: SpanKind,
            _ start: UInt64, _ milliseconds: UInt64, _ attributes: [Attribute] = [], _ status: SpanStatus = .unset
        ) {
            let begin = start * 1_000_000
            store.add(
                StoredSpan(
                    Span(
                        traceID: trace, spanID: SpanID(id), parentSpanID: SpanID(parent), name: name, kind: kind,
                        startTimeUnixNano: begin, endTimeUnixNano: begin + milliseconds * 1_000_000,
                        attributes: attributes, status: status),
                    resource: Resource([Attribute("service.name", .string(service))]),
                    scope: InstrumentationScope(name: "lab", version: "1")))
        }
        add(first, 1, 0, "web", "GET /cart", .server, 1000, 500, [Attribute("http.status_code", .int(500))])
        add(first, 2, 1, "api", "cart", .server, 1010, 400, [Attribute("http.status_code", .int(200))])
        add(first, 3, 2, "db", "SELECT", .client, 1020, 100, [Attribute("db.rows", .int(7))], .error("timed out"))
        add(first, 4, 2, "db", "INSERT", .client, 1200, 150, [Attribute("cached", .bool(false))])
        add(second, 9, 0, "web", "GET /", .server, 5000, 20, [Attribute("http.status_code", .int(200))])
        return store
    }

    private static func found(_ query: String) throws -> [UInt64] {
        try TraceQL(query).search(store()).flatMap { $0.spans.map(\.span.spanID.rawValue) }
    }

    @Test(
        "Filters find the spans",
        arguments: [
            ("{ }", [9, 1, 2, 3, 4]),
            ("{ .http.status_code = 200 }", [9, 2]),
            ("{ span.http.status_code >= 500 }", [1]),
            ("{ .http.status_code != 200 }", [1]),
            ("{ .http.status_code = nil }", [3, 4]),
            ("{ resource.service.name = \"db\" && duration > 120ms }", [4]),
            ("{ .service.name =~ \"w.*|d.\" }", [9, 1, 3, 4]),
            ("{ name !~ `GET.*` }", [2, 3, 4]),
            ("{ status = error }", [3]),
            ("{ statusMessage = \"timed out\" }", [3]),
            ("{ kind = client && !(.cached = false) }", [3]),
            ("{ !(kind = client) }", [9, 1, 2]),
            ("{ rootName = \"GET /\" || rootServiceName = \"nobody\" }", [9]),
            ("{ traceDuration > 100ms && span:duration < 200ms }", [3, 4]),
            ("{ parent.service.name = \"api\" }", [3, 4]),
            ("{ parent = nil }", [9, 1]),
            ("{ span:id = \"0000000000000004\" }", [4]),
            ("{ trace:id = \"00000000000000000000000000000def\" }", [9]),
            ("{ .db.rows * 2 + 1 = 15 }", [3]),
            ("{ .db.rows ^ 2 = 49 }", [3]),
            ("{ duration / 2 = 75ms }", [4]),
            ("{ childCount = 2 }", [2]),
            ("{ .http.status_code = \"200\" }", []),
            ("{ .\"http.status_code\" = 200 && instrumentation:name = \"lab\" }", [9, 2]),
        ] as [(String, [UInt64])])
    func filters(query: String, spans: [UInt64]) throws { #expect(try Self.found(query) == spans) }

    @Test(
        "Structural operators give the spans on the right",
        arguments: [
            ("{ .service.name = \"web\" } > { }", [2]),
            ("{ .service.name = \"web\" } >> { }", [2, 3, 4]),
            ("{ name = \"SELECT\" } < { }", [2]),
            ("{ name = \"SELECT\" } << { }", [1, 2]),
            ("{ name = \"SELECT\" } ~ { }", [4]),
            ("{ .service.name = \"api\" } !> { }", [9, 1, 2]),
            ("{ .service.name = \"web\" } !>> { kind = server }", [9, 1]),
            ("{ .service.name = \"web\" } &> { .service.name = \"api\" }", [1, 2]),
            ("{ status = error } && { .cached = false }", [3, 4]),
            ("{ status = error } && { name = \"GET /\" }", []),
            ("{ status = error } || { name = \"GET /\" }", [9, 3]),
            ("({ kind = server } | count() > 1) && { kind = client }", [1, 2, 3, 4]),
        ] as [(String, [UInt64])])
    func structure(query: String, spans: [UInt64]) throws { #expect(try Self.found(query) == spans) }

    @Test("Aggregates, groups and selections")
    func pipelines() throws {
        #expect(try Self.found("{ kind = client } | count() > 1") == [3, 4])
        #expect(try Self.found("{ kind = client } | count() > 2") == [])
        #expect(try Self.found("{ } | max(duration) - min(duration) >= 400ms") == [1, 2, 3, 4])
        let average = try #require(try TraceQL("{ kind = client } | avg(duration) > 100ms").search(Self.store()).first)
        #expect(average.spansets.first?.attributes == [.init(name: "avg(duration)", value: .duration(125_000_000))])
        let groups = try #require(
            try TraceQL("{ } | by(resource.service.name) | count() > 1").search(Self.store()).first)
        #expect(groups.traceID == Self.first)
        #expect(
            groups.spansets.map(\.attributes) == [
                [
                    .init(name: "by(resource.service.name)", value: .string("db")),
                    .init(name: "count()", value: .int(2)),
                ]
            ])
        #expect(try Self.found("{ } | by(kind) | coalesce() | count() = 4") == [1, 2, 3, 4])
        let selected = try #require(
            try TraceQL("{ status = error } | select(.db.rows, name)").search(Self.store()).first)
        #expect(
            selected.spansets.first?.spans.first?.attributes == [
                .init(name: "status", value: .status(.error)), .init(name: "db.rows", value: .int(7)),
                .init(name: "name", value: .string("SELECT")),
            ])
        #expect(try TraceQL("{ }").search(Self.store(), limit: 1).map(\.traceID) == [Self.second])
        let trace = try #require(Self.store()[Self.first])
        #expect(try TraceQL("{ kind = client }").spans(of: trace).map(\.span.name) == ["SELECT", "INSERT"])
    }

    @Test(
        "Errors say what and where",
        arguments: [
            ("{", "parse error at line 1, col 2: syntax error: unexpected $end"),
            ("{ .a = }", "parse error at line 1, col 8: syntax error: unexpected }"),
            ("{ .a = 1 } foo", "parse error at line 1, col 12: syntax error: unexpected IDENTIFIER"),
            ("{ .a =\n  foo }", "parse error at line 2, col 3: syntax error: unexpected IDENTIFIER"),
            ("{ name = \"x }", "parse error at line 1, col 10: literal not terminated"),
            ("{ name = error }", "binary operations must operate on the same type: name = error"),
            ("{ duration }", "span filter field expressions must resolve to a boolean: { duration }"),
            ("{ status > error }", "illegal operation for the given types: status > error"),
            ("{ } | avg(name) > 1", "aggregate field expressions must resolve to a number type: avg(name)"),
            ("{ } | by(1)", "grouping field expressions must reference the span: by(1)"),
            ("{ } | rate()", "parse error at line 1, col 7: rate() is not supported by this lab"),
            ("{ event.a = 1 }", "parse error at line 1, col 3: event.a is not supported by this lab"),
        ])
    func errors(query: String, text: String) {
        do {
            _ = try TraceQL(query)
            Issue.record("\(query) was read")
        } catch {
            #expect(error.description == text)
        }
    }

    @Test("No query traps, however it is mutated")
    func mutations() {
        let store = Self.store()
        let queries = [
            "{ .a.b =~ \"x.*\" && duration > 1h2m3.5s } >> { !(status = error) } | by(.c) | avg(duration) * 2 > 1s",
            "({ parent.span.x != nil } | count() > 2) || { -9223372036854775807 - .y / 0 < 5 } | select(.q, name)",
        ]
        let pieces = Array("{}()|&!<>=~.\"`:+-*/%^ 09aé\n\\").map(String.init)
        var read = 0
        var refused = 0
        for query in queries {
            let characters = Array(query)
            for place in characters.indices {
                for piece in pieces {
                    let text = String(characters[..<place]) + piece + String(characters[(place + 1)...])
                    do {
                        _ = try TraceQL(text).search(store)
                        read += 1
                    } catch { refused += 1 }
                }
                #expect(throws: TraceQLError.self) { _ = try TraceQL(String(characters[..<place]) + " (") }
            }
        }
        #expect(read > 0 && refused > 0)
        for deep in ["(", "!", "-"] {
            #expect(throws: TraceQLError.self) {
                try TraceQL("{ " + String(repeating: deep, count: 20_000) + "true }")
            }
        }
        #expect(throws: TraceQLError.self) {
            try TraceQL("{ true" + String(repeating: " && true", count: 5000) + " }")
        }
    }

    @Test("Traces come back from a snapshot, and garbage is refused")
    func snapshots() throws {
        let store = Self.store()
        var writer = BinaryWriter()
        writer.write(store)
        var reader = BinaryReader(writer.bytes)
        let again: TraceStore = try reader.read()
        #expect(again == store)
        #expect(reader.isAtEnd)
        for cut in writer.bytes.indices {
            var short = BinaryReader(Array(writer.bytes[..<cut]))
            #expect(throws: BinaryDecodingError.self) { try short.read(TraceStore.self) }
            var bytes = writer.bytes
            bytes[cut] ^= 0xff
            var changed = BinaryReader(bytes)
            if let other = try? changed.read(TraceStore.self) { #expect(other.count <= 2) }
        }
    }

    @Test("Tempo's JSON")
    func json() throws {
        let matches = try TraceQL("{ status = error } | count() = 1").search(Self.store())
        let answer = TempoResponse.search(matches, inspectedTraces: 2)
        let trace = answer["traces"]?[0]
        #expect(trace?["traceID"] == "abc")
        #expect(trace?["rootTraceName"] == "GET /cart")
        #expect(trace?["durationMs"] == 500)
        #expect(trace?["spanSets"]?[0]?["matched"] == 1)
        #expect(trace?["spanSet"]?["attributes"]?[0] == ["key": "count()", "value": ["intValue": "1"]])
        let stored = try #require(Self.store()[Self.first])
        let batches = TempoResponse.trace(stored)["batches"]
        let span = batches?[2]?["scopeSpans"]?[0]?["spans"]?[0]
        #expect(span?["spanId"] == "AAAAAAAAAAM=")
        #expect(span?["kind"] == "SPAN_KIND_CLIENT")
        #expect(span?["status"] == ["message": "timed out", "code": "STATUS_CODE_ERROR"])
        #expect(batches?[3] == nil)
    }
}

extension JSONValue {
    fileprivate subscript(_ index: Int) -> JSONValue? {
        if case .array(let items) = self, items.indices.contains(index) { items[index] } else { nil }
    }
}
