import Foundation
import OpenTelemetry
import Testing

@testable import Monitoring

/// OTLP's bytes beside those that the real Python SDK (1.45.2) sent for the same spans.
@Suite struct OTLPTraceEncodingTests {
    private static let id = TraceID(high: 0x0af7_6519_16cd_43dd, low: 1)

    private func bytes(_ base64: String) throws -> [UInt8] { [UInt8](try #require(Data(base64Encoded: base64))) }

    @Test func attributesOfEveryKind() throws {
        let span = Span(
            traceID: Self.id, spanID: SpanID(0x1000_0000_0000_0003), parentSpanID: SpanID(0x1000_0000_0000_0002),
            name: "chat gpt-4o", kind: .client, startTimeUnixNano: 1_700_000_000_010_000_000,
            endTimeUnixNano: 1_700_000_000_910_000_000,
            attributes: [
                Attribute("gen_ai.operation.name", .string("chat")),
                Attribute("gen_ai.provider.name", .string("openai")),
                Attribute("gen_ai.request.model", .string("gpt-4o")),
                Attribute("gen_ai.request.temperature", .double(0.2)),
                Attribute("gen_ai.usage.input_tokens", .int(120)), Attribute("gen_ai.usage.output_tokens", .int(30)),
                Attribute("gen_ai.response.finish_reasons", .array([.string("stop")])),
                Attribute("server.address", .string("api.example")), Attribute("server.port", .int(443)),
            ], flags: .hasIsRemote)
        let recorded = """
            ChAK92UZFs1D3QAAAAAAAAABEggQAAAAAAAAAyIIEAAAAAAAAAIqC2NoYXQgZ3B0LTRvMAM5gJbCNv6clxdBgH9nbP6clxdKHwoVZ2VuX2FpLm9wZXJhdGl\
            vbi5uYW1lEgYKBGNoYXRKIAoUZ2VuX2FpLnByb3ZpZGVyLm5hbWUSCAoGb3BlbmFpSiAKFGdlbl9haS5yZXF1ZXN0Lm1vZGVsEggKBmdwdC00b0onChpnZW\
            5fYWkucmVxdWVzdC50ZW1wZXJhdHVyZRIJIZqZmZmZmck/Sh8KGWdlbl9haS51c2FnZS5pbnB1dF90b2tlbnMSAhh4SiAKGmdlbl9haS51c2FnZS5vdXRwd\
            XRfdG9rZW5zEgIYHkosCh5nZW5fYWkucmVzcG9uc2UuZmluaXNoX3JlYXNvbnMSCioICgYKBHN0b3BKHwoOc2VydmVyLmFkZHJlc3MSDQoLYXBpLmV4YW1w\
            bGVKEgoLc2VydmVyLnBvcnQSAxi7A3oAhQEAAQAA
            """
        #expect(OTLPTraceEncoding.bytes(of: span) == (try bytes(recorded)))
    }

    @Test func eventsLinksAndAStatus() throws {
        let span = Span(
            traceID: Self.id, spanID: SpanID(0x1000_0000_0000_0004), parentSpanID: SpanID(0x1000_0000_0000_0002),
            name: "execute_tool search", kind: .internal, startTimeUnixNano: 1_700_000_000_920_000_000,
            endTimeUnixNano: 1_700_000_001_000_000_000,
            attributes: [
                Attribute("gen_ai.operation.name", .string("execute_tool")),
                Attribute("gen_ai.tool.name", .string("search")), Attribute("cached", .bool(true)),
                Attribute("error.type", .string("TimeoutError")),
            ],
            events: [
                SpanEvent(
                    timeUnixNano: 1_700_000_000_930_000_000, name: "cache.miss",
                    attributes: [Attribute("key", .string("q")), Attribute("n", .int(3))]),
                SpanEvent(
                    timeUnixNano: 1_700_000_000_940_000_000, name: "exception",
                    attributes: [
                        Attribute("exception.type", .string("TimeoutError")),
                        Attribute("exception.message", .string("tool timed out")),
                        Attribute(
                            "exception.stacktrace",
                            .string("Traceback (most recent call last): TimeoutError: tool timed out")),
                        Attribute("exception.escaped", .string("False")),
                    ]),
            ],
            links: [
                SpanLink(
                    traceID: TraceID(high: 0x1111_1111_1111_1111, low: 0x1111_1111_1111_1111),
                    spanID: SpanID(0x2222_2222_2222_2222), attributes: [Attribute("why", .string("retry"))],
                    flags: .hasIsRemote)
            ], status: .error("tool timed out"), flags: .hasIsRemote)
        let recorded = """
            ChAK92UZFs1D3QAAAAAAAAABEggQAAAAAAAABCIIEAAAAAAAAAIqE2V4ZWN1dGVfdG9vbCBzZWFyY2gwATkAFgBt/pyXF0EAysRx/pyXF0onChVnZW5fYWk\
            ub3BlcmF0aW9uLm5hbWUSDgoMZXhlY3V0ZV90b29sShwKEGdlbl9haS50b29sLm5hbWUSCAoGc2VhcmNoSgwKBmNhY2hlZBICEAFKHAoKZXJyb3IudHlwZR\
            IOCgxUaW1lb3V0RXJyb3JaKgmArJht/pyXFxIKY2FjaGUubWlzcxoKCgNrZXkSAwoBcRoHCgFuEgIYA1rWAQkAQzFu/pyXFxIJZXhjZXB0aW9uGiAKDmV4Y\
            2VwdGlvbi50eXBlEg4KDFRpbWVvdXRFcnJvcholChFleGNlcHRpb24ubWVzc2FnZRIQCg50b29sIHRpbWVkIG91dBpZChRleGNlcHRpb24uc3RhY2t0cmFj\
            ZRJBCj9UcmFjZWJhY2sgKG1vc3QgcmVjZW50IGNhbGwgbGFzdCk6IFRpbWVvdXRFcnJvcjogdG9vbCB0aW1lZCBvdXQaHAoRZXhjZXB0aW9uLmVzY2FwZWQ\
            SBwoFRmFsc2VqMQoQERERERERERERERERERERERIIIiIiIiIiIiIiDgoDd2h5EgcKBXJldHJ5NQABAAB6EhIOdG9vbCB0aW1lZCBvdXQYAoUBAAEAAA==
            """
        #expect(OTLPTraceEncoding.bytes(of: span) == (try bytes(recorded)))
    }
}
