import OpenTelemetry
import Testing

@testable import Monitoring

/// What a query finds as one number or a ranking, on traces that are written down by hand.
@Suite struct TraceReductionTests {
    private static let second: UInt64 = 1_000_000_000

    /// A user who waits for `length` seconds, of which a server is busy with all but the first in a queue, and asks a model
    /// in its last half; beside it runs a longer call that nobody waits for.
    private static func store(_ lengths: [UInt64], startingEvery step: UInt64 = 100) -> TraceStore {
        var store = TraceStore()
        for (index, length) in lengths.enumerated() {
            let begin = UInt64(index + 1) * step * second
            func add(
                _ id: UInt64, _ parent: UInt64, _ service: String, _ name: String, _ kind: SpanKind,
                _ from: UInt64, _ to: UInt64, _ attributes: [Attribute] = [], _ events: [SpanEvent] = []
            ) {
                store.add(
                    StoredSpan(
                        Span(
                            traceID: TraceID(high: 7, low: UInt64(index + 1)), spanID: SpanID(id),
                            parentSpanID: SpanID(parent), name: name, kind: kind, startTimeUnixNano: from,
                            endTimeUnixNano: to, attributes: attributes, events: events),
                        resource: Resource([Attribute("service.name", .string(service))])))
            }
            let end = begin + length * second
            let half = begin + length * second / 2
            add(1, 0, "users", "POST /", .client, begin, end)
            add(
                2, 1, "agent", "POST /", .server, begin, end, [],
                [SpanEvent(timeUnixNano: begin + second, name: "dequeued")])
            add(3, 2, "agent", "chat small", .client, half, end, [Attribute("gen_ai.request.model", .string("small"))])
            add(
                4, 2, "agent", "audit", .client, begin, end + 50 * second,
                [Attribute("server.address", .string("audit"))])
        }
        return store
    }

    private static func result(
        _ name: String, _ query: String, from: UInt64 = 0, to: UInt64 = .max,
        in store: TraceStore = store([2, 4, 6, 8, 10])
    ) throws -> TraceReduction.Result? {
        try #require(TraceReduction(name)).result(of: TraceQL(query), in: store, from: from, to: to)
    }

    @Test func numbersAreThoseOfTheSpansThatMatch() throws {
        let query = "{ resource.service.name = `users` }"
        #expect(try Self.result("spans", query) == .number(5))
        #expect(try Self.result("spans", "{ kind = client }") == .number(15))
        #expect(try Self.result("traces", "{ kind = client }") == .number(5))
        #expect(try Self.result("mean", query) == .number(6))
        #expect(try Self.result("p50", query) == .number(6))
        #expect(try Self.result("p95", query) == .number(10))
        #expect(try Self.result("spans", "{ name = `x` }") == .number(0))
        #expect(try Self.result("p95", "{ name = `x` }") == nil)
        #expect(try Self.result("critical-path", "{ name = `x` }") == nil)
    }

    /// A span counts where it ends, a trace where its root does: the second request runs from 200 s to 204 s.
    @Test func aTimeHasWhatEndedInIt() throws {
        let second = Self.second
        func count(_ name: String, _ from: UInt64, _ to: UInt64) throws -> TraceReduction.Result? {
            try Self.result(name, "{ resource.service.name = `users` }", from: from * second, to: to * second)
        }
        #expect(try count("spans", 201, 205) == .number(1))
        #expect(try count("spans", 200, 204) == .number(0))
        #expect(try count("spans", 204, 210) == .number(1))
        #expect(try count("traces", 201, 305) == .number(1))
        #expect(try count("traces", 0, 205) == .number(2))
        // Its audit is still going on at 250 s.
        #expect(try count("traces", 205, 250) == .number(0))
    }

    /// Of ten seconds, one in the queue, four the agent's own and five the model's. The audit is longest, and nobody waited.
    @Test func theCriticalPathIsWhatWasWaitedFor() throws {
        let store = Self.store([10])
        #expect(
            try Self.result("critical-path", "{ }", in: store)
                == .ranking([
                    TraceShare(name: "small", seconds: 5), TraceShare(name: "agent", seconds: 4),
                    TraceShare(name: "queue of agent", seconds: 1),
                ]))
        #expect(
            try Self.result("longest", "{ resource.service.name = `agent` }", in: store)
                == .ranking([
                    TraceShare(name: "audit", seconds: 60), TraceShare(name: "agent", seconds: 10),
                    TraceShare(name: "small", seconds: 5),
                ]))
    }

    @Test func namesAreThoseThatAreWritten() {
        #expect(TraceReduction.names.allSatisfy { TraceReduction($0)?.name == $0 })
        #expect(TraceReduction("p42") == nil && TraceReduction("count") == nil && TraceReduction("") == nil)
    }

    @Test func aTerminalShowsThem() {
        #expect(TraceSearchText.reduced(.traces, .number(12)) == "12 traces\n")
        #expect(TraceSearchText.reduced(.quantile(percent: 95), .number(1.23456)) == "1.235 s\n")
        #expect(TraceSearchText.reduced(.mean, nil) == "nothing matches\n")
        #expect(
            TraceSearchText.reduced(
                .longest, .ranking([TraceShare(name: "a", seconds: 3), TraceShare(name: "b", seconds: 1)])) == """
                    SECONDS   SHARE   NAME
                        3.0   75.0%   a
                        1.0   25.0%   b

                    """)
    }
}
