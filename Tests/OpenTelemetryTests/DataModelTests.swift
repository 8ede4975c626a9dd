import Testing

@testable import OpenTelemetry

@Suite("Spans and log records")
struct DataModelTests {
    @Test("Identifiers are hexadecimal digits of either case, and sixteen or eight bytes")
    func identifiers() throws {
        let trace = try #require(TraceID(hexadecimal: "5B8EFFF798038103D269B633813FC60C"))
        #expect(trace.description == "5b8efff798038103d269b633813fc60c")
        #expect(TraceID(bytes: trace.bytes) == trace)
        #expect(TraceID(hexadecimal: "5b8e") == nil)
        #expect(TraceID(hexadecimal: "zz8efff798038103d269b633813fc60c") == nil)
        #expect(!TraceID.invalid.isValid)
        let span = SpanID(1)
        #expect(span.description == "0000000000000001")
        #expect(SpanID(bytes: span.bytes) == span)
        #expect(SpanID(hexadecimal: "eee19b7ec3c1b174")?.description == "eee19b7ec3c1b174")
        #expect(SpanID(bytes: [1, 2]) == nil)
    }

    @Test("Ok is final, unset never overwrites, only an error has a message")
    func status() {
        #expect(SpanStatus.ok.replaced(by: .error("late")) == .ok)
        #expect(SpanStatus.error("x").replaced(by: .unset) == .error("x"))
        #expect(SpanStatus.error("x").replaced(by: .ok) == .ok)
        #expect(SpanStatus(.ok, message: "fine").message == "")
    }

    @Test("A span that ends before it begins lasts no time")
    func duration() {
        var span = Span(
            traceID: .invalid, spanID: SpanID(1), name: "a", startTimeUnixNano: 10, endTimeUnixNano: 4)
        #expect(span.durationNano == 0)
        span.endTimeUnixNano = 25
        #expect(span.durationNano == 15)
        #expect(span.isRoot)
    }

    @Test("What is over the SDK's limits is dropped and counted")
    func limits() {
        var span = Span(
            traceID: .invalid, spanID: SpanID(1), name: "a", startTimeUnixNano: 0, endTimeUnixNano: 1,
            attributes: (0..<130).map { Attribute("k\($0)", .string("long text")) },
            events: (0..<129).map { SpanEvent(timeUnixNano: UInt64($0), name: "e") })
        var limits = SpanLimits()
        limits.attributeValueLength = 4
        span = limits.applied(to: span)
        #expect(span.attributes.count == 128)
        #expect(span.droppedAttributesCount == 2)
        #expect(span.attributes[0].value == .string("long"))
        #expect(span.droppedEventsCount == 1)
    }

    @Test(
        "Severities have four numbers a name",
        arguments: [
            (1, "TRACE"), (5, "DEBUG"), (8, "DEBUG4"), (9, "INFO"), (13, "WARN"), (18, "ERROR2"), (24, "FATAL4"),
            (0, ""),
        ])
    func severities(number: Int, name: String) {
        #expect(SeverityNumber(rawValue: UInt8(number))?.description == name)
    }

    @Test("Levels of programs have numbers")
    func levels() {
        #expect(SeverityNumber(rawValue: 25) == nil)
        #expect(SeverityNumber(text: "warning") == .warn)
        #expect(SeverityNumber(text: "CRITICAL") == .fatal)
        #expect(SeverityNumber(text: "chatty") == .unspecified)
    }

    @Test("Values are texts and JSON")
    func values() {
        let value = AttributeValue.map([
            Attribute("a", .array([.int(1), .double(0.5), .double(2), .bool(true)])),
            Attribute("b\n", .bytes([1, 2, 3, 4])), Attribute("n", .double(.nan)),
        ])
        #expect(value.text == #"{"a":[1,0.5,2,true],"b\n":"AQIDBA==","n":"NaN"}"#)
        #expect(AttributeValue.string("plain").text == "plain")
        var deep = AttributeValue.int(1)
        for _ in 0..<1000 { deep = .array([deep]) }
        #expect(deep.json.contains("null"))
        var list = [Attribute("a", .int(1))]
        list.set("a", .int(2))
        list.set("b", .int(3))
        #expect(list.value(of: "a") == .int(2))
        #expect(list.count == 2)
    }
}
