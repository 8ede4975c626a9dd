import OpenTelemetry
import PromQL
import Simulation
import Testing

@testable import Monitoring

@Suite("Traces")
struct WaterfallTests {
    private static func trace(_ spans: [(id: UInt64, parent: UInt64, start: UInt64, end: UInt64)]) -> Trace? {
        var store = TraceStore()
        let id = TraceID(high: 1, low: 2)
        for span in spans.reversed() {
            store.add(
                StoredSpan(
                    Span(
                        traceID: id, spanID: SpanID(span.id), parentSpanID: SpanID(span.parent), name: "s\(span.id)",
                        startTimeUnixNano: span.start, endTimeUnixNano: span.end),
                    resource: Resource([Attribute("service.name", .string("web"))])))
        }
        return store[id]
    }

    @Test("Rows are parents before children, with self time")
    func rows() throws {
        let trace = try #require(Self.trace([(1, 0, 0, 100), (2, 1, 10, 40), (3, 1, 30, 60), (4, 2, 15, 20)]))
        let rows = Waterfall(trace).rows
        #expect(rows.map { $0.span.span.spanID.rawValue } == [1, 2, 4, 3])
        #expect(rows.map(\.depth) == [0, 1, 2, 1])
        #expect(rows.map(\.selfTimeNano) == [50, 25, 5, 30])
        #expect(WaterfallText.bars(Waterfall(trace)).split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test("The critical path covers the root, and leaves out who was not waited for")
    func criticalPath() throws {
        let trace = try #require(Self.trace([(1, 0, 0, 100), (2, 1, 10, 40), (3, 1, 30, 60), (4, 1, 50, 90)]))
        let segments = CriticalPath(trace).segments
        #expect(segments.map(\.name) == ["s1", "s2", "s1", "s4", "s1"])
        #expect(segments.map(\.durationNano) == [10, 30, 10, 40, 10])
    }

    @Test("A circle of parents ends")
    func circle() throws {
        let trace = try #require(Self.trace([(1, 2, 0, 10), (2, 1, 1, 9), (3, 0, 0, 10)]))
        #expect(Waterfall(trace).rows.count == 3)
        #expect(CriticalPath(trace).segments.reduce(0) { $0 + $1.durationNano } == 10)
    }

    @Test("Logs come back from a snapshot, and garbage is refused")
    func snapshots() throws {
        let store = try LogQLEngineTests.store()
        var writer = BinaryWriter()
        writer.write(store)
        var reader = BinaryReader(writer.bytes)
        let again: LogStore = try reader.read()
        #expect(again.bytes == store.bytes)
        var second = BinaryWriter()
        second.write(again)
        #expect(second.bytes == writer.bytes)
        for cut in stride(from: 0, to: writer.bytes.count, by: 37) {
            var short = BinaryReader(Array(writer.bytes[..<cut]))
            #expect(throws: BinaryDecodingError.self) { try short.read(LogStore.self) }
        }
    }
}
