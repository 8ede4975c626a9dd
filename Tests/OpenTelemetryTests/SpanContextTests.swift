import Foundation
import Testing

@testable import OpenTelemetry

/// The cases that were recorded from Python's SDK.
private func recorded() -> [(id: String, headers: [String: String], expect: [String: Any])] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("fixtures/conformance/traceql/w3c_traceparent.json")
    guard let data = try? Data(contentsOf: file),
        let cases = try? JSONSerialization.jsonObject(with: data) as? [[String: Any]]
    else { return [] }
    return cases.compactMap { item in
        guard let id = item["id"] as? String, let headers = item["headers"] as? [String: String],
            let expect = item["expect"] as? [String: Any]
        else { return nil }
        return (id, headers, expect)
    }
}

@Suite("Trace context")
struct SpanContextTests {
    @Test("Headers are read and written as Python's SDK does")
    func recordedHeaders() throws {
        let cases = recorded()
        #expect(cases.count == 27)
        for item in cases {
            let context = SpanContext(
                traceparent: item.headers["traceparent"] ?? "", tracestate: item.headers["tracestate"])
            let valid = item.expect["valid"] as? Bool
            #expect((context != nil) == valid, "\(item.id)")
            guard let context, valid == true else { continue }
            #expect(context.traceID.description == item.expect["trace_id"] as? String, "\(item.id)")
            #expect(context.spanID.description == item.expect["span_id"] as? String, "\(item.id)")
            #expect(Int(context.traceFlags.rawValue) == item.expect["trace_flags"] as? Int, "\(item.id)")
            #expect(context.isSampled == item.expect["sampled"] as? Bool, "\(item.id)")
            #expect(context.traceState.description == item.expect["tracestate"] as? String, "\(item.id)")
            #expect(context.isRemote == item.expect["remote"] as? Bool, "\(item.id)")
            let again = item.expect["reinjected"] as? [String: String]
            #expect(context.traceparent == again?["traceparent"], "\(item.id)")
        }
    }

    @Test("Whoever changes the trace state moves its member to the front")
    func stateMoves() throws {
        let state = try #require(TraceState(header: "a=1, b=2"))
        #expect(state.setting("b", to: "3").description == "b=3,a=1")
        #expect(state.setting("c", to: "x=y").description == "a=1,b=2", "an equals sign is not allowed")
        #expect(TraceState(header: "a=1,a=2") == nil)
        #expect(TraceState(header: "1tenant@system=v")?["1tenant@system"] == "v")
    }

    @Test("No text traps, and what is read is written the same")
    func hostileHeaders() throws {
        let seed = Array("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".utf8)
        for place in seed.indices {
            for byte in UInt8.min...UInt8.max {
                var bytes = seed
                bytes[place] = byte
                let text = String(decoding: bytes, as: UTF8.self)
                if let context = SpanContext(traceparent: text, tracestate: text) {
                    #expect(SpanContext(traceparent: context.traceparent)?.traceID == context.traceID)
                }
            }
            _ = SpanContext(traceparent: String(decoding: seed[..<place], as: UTF8.self))
        }
    }
}
