import KubernetesAPI
import OpenTelemetry
import Testing

@testable import Monitoring

/// Tempo's API, as Grafana's data source asks it, and what it refuses.
@Suite struct TempoAPITests {
    /// Three traces at 1000 s, 2000 s and 3000 s; the second failed and took two seconds.
    private static let store: TraceStore = {
        var store = TraceStore()
        for number in UInt64(1)...3 {
            let start = number * 1_000_000_000_000
            let isBad = number == 2
            for (service, id, parent) in [("web", UInt64(1), UInt64(0)), ("orders", 2, 1)] {
                store.add(
                    StoredSpan(
                        Span(
                            traceID: TraceID(high: 0, low: number), spanID: SpanID(number * 16 + id),
                            parentSpanID: parent == 0 ? .invalid : SpanID(number * 16 + parent),
                            name: "POST /\(service)",
                            kind: .server, startTimeUnixNano: start,
                            endTimeUnixNano: start + (isBad ? 2_000_000_000 : 5_000_000),
                            attributes: [Attribute("http.response.status_code", .int(isBad ? 500 : 200))],
                            status: isBad ? .error("boom") : .unset),
                        resource: Resource([Attribute("service.name", .string(service))])))
            }
        }
        return store
    }()

    private func ask(
        _ path: String, _ parameters: [(name: String, value: String)] = [], method: String = "GET", accept: String = ""
    ) -> (status: Int, text: String, value: JSONValue) {
        let answer = TempoAPI(Self.store).answer(
            .init(method: method, path: path.split(separator: "/").map(String.init), parameters: parameters),
            accept: accept)
        let text = String(decoding: answer.bytes, as: UTF8.self)
        return (answer.status, text, (try? JSONValue(parsingJSON: answer.bytes[...])) ?? .null)
    }

    private func ids(_ parameters: [(name: String, value: String)]) -> [String] {
        ask("api/search", parameters).value["traces"]?.array?.compactMap { $0["traceID"]?.string } ?? []
    }

    @Test func searchesAreLimitedInTimeAndNumber() {
        #expect(ids([]) == ["3", "2", "1"])
        #expect(ids([("limit", "2")]) == ["3", "2"])
        #expect(ids([("start", "1500"), ("end", "2001")]) == ["2"])
        #expect(ids([("start", "2001"), ("end", "2500")]) == ["2"], "it had not ended by then")
        #expect(ids([("q", "{ status = error }")]) == ["2"])
        #expect(ids([("minDuration", "1s")]) == ["2"])
        #expect(ids([("maxDuration", "1s"), ("limit", "1")]) == ["3"])
        #expect(ids([("tags", "service.name=orders http.response.status_code=500")]) == ["2"])
        #expect(ids([("tags", #"name="POST /orders" error=false"#)]) == ["3", "1"])
        let found = ask("api/search", [("q", "{ }"), ("spss", "1"), ("limit", "1")]).value["traces"]?.array?.first
        #expect(found?["spanSets"]?.array?.first?["matched"] == 2)
        #expect(found?["spanSets"]?.array?.first?["spans"]?.array?.count == 1)
        #expect(found?["rootServiceName"] == "web" && found?["durationMs"] == 5)
    }

    @Test func tracesAreGivenInBothFormsAndBothVersions() throws {
        let trace = try #require(Self.store[TraceID(high: 0, low: 2)])
        #expect(ask("api/traces/2").value["batches"]?.array?.count == 2)
        #expect(ask("api/v2/traces/00000000000000000000000000000002").value["trace"]?["resourceSpans"] != nil)
        func bytes(_ path: String) -> [UInt8] {
            TempoAPI(Self.store).answer(
                .init(method: "GET", path: path.split(separator: "/").map(String.init), parameters: []),
                accept: "application/protobuf"
            ).bytes
        }
        let first = OTLPTraceEncoding.trace(trace)
        #expect(bytes("api/traces/2") == first)
        #expect(bytes("api/v2/traces/2").suffix(first.count) == first[...])
        #expect(ask("api/traces/77").status == 404 && ask("api/traces/77").text == "trace not found")
    }

    @Test func namesAndValuesAreListed() {
        #expect(ask("api/echo").text == "echo" && ask("ready").status == 200)
        let scopes = ask("api/v2/search/tags").value["scopes"]?.array ?? []
        #expect(scopes.map { $0["name"]?.string } == ["resource", "span", "intrinsic"])
        #expect(scopes.first?["tags"] == ["service.name"])
        #expect(ask("api/v2/search/tags", [("scope", "span")]).value["scopes"]?.array?.count == 1)
        #expect(ask("api/search/tag/service.name/values").value["tagValues"] == ["orders", "web"])
        let codes = ask("api/v2/search/tag/span.http.response.status_code/values").value["tagValues"]?.array
        #expect(codes == [["type": "int", "value": "200"], ["type": "int", "value": "500"]])
        let filtered = ask(
            "api/v2/search/tag/.http.response.status_code/values", [("q", "{ status = error }")])
        #expect(filtered.value["tagValues"]?.array?.count == 1)
        #expect(ask("api/v2/search/tag/status/values").value["tagValues"]?.array?.first?["type"] == "keyword")
        #expect(ask("api/v2/search/tag/rootName/values").value["tagValues"]?.array?.count == 1)
    }

    @Test(arguments: [
        (
            "api/search", "q", "{ foo",
            "invalid TraceQL query: parse error at line 1, col 3: syntax error: unexpected IDENTIFIER"
        ),
        ("api/search", "start", "5", "please provide non-zero values for http parameters start and end"),
        ("api/search", "start", "abc", #"invalid start: strconv.ParseInt: parsing "abc": invalid syntax"#),
        (
            "api/search", "end", "99999999999999999999",
            #"invalid end: strconv.ParseInt: parsing "99999999999999999999": value out of range"#
        ),
        ("api/search", "limit", "0", "invalid limit: must be a positive number"),
        ("api/search", "spss", "-1", "invalid spss: must be a non-negative number"),
        ("api/search", "minDuration", "soon", #"invalid minDuration: time: invalid duration "soon""#),
        (
            "api/traces/xyz", "", "",
            "trace IDs can only contain hex characters: invalid character 'x' at position 1"
        ),
        ("api/traces/000000000000000000000000000000001", "", "", "trace IDs can't be larger than 128 bits"),
        (
            "api/v2/search/tag/nix/values", "", "",
            "tag name is not valid intrinsic or scoped attribute: nix"
        ),
        ("api/search/tags", "scope", "nix", "invalid scope: nix"),
    ])
    func whatIsWrongIsSaid(_ path: String, _ name: String, _ value: String, _ text: String) {
        let answer = ask(path, name.isEmpty ? [] : [(name, value)])
        #expect(answer.status == 400)
        #expect(answer.text == text)
    }

    @Test func nothingHostileTraps() {
        for value in ["", "\u{0}", "=", "a=", "\"", "a=\"\\", String(repeating: "(", count: 5000), "{}{}", "🙂=🙂"] {
            for name in ["q", "tags", "start", "end", "limit", "spss", "minDuration", "scope"] {
                _ = ask("api/search", [(name, value)])
                _ = ask("api/v2/search/tags", [(name, value)])
            }
            _ = ask("api/v2/search/tag/\(value)/values")
            _ = ask("api/traces/\(value)")
        }
        #expect(ask("api/search", method: "DELETE").status == 405)
        #expect(ask("api/nothing").status == 404)
    }
}
