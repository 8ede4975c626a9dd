import OpenTelemetry

/// Traces in OTLP's protobuf encoding (opentelemetry-proto 1.x), which Grafana asks Tempo for.
public enum OTLPTraceEncoding {
    /// A `TracesData`: what `/api/traces/ID` answers.
    public static func trace(_ trace: Trace) -> [UInt8] {
        var message = MessageBytes()
        var start = 0
        // A stretch of spans of one resource and scope is a batch.
        while start < trace.spans.count {
            let first = trace.spans[start]
            var end = start + 1
            while end < trace.spans.count, trace.spans[end].resource == first.resource,
                trace.spans[end].scope == first.scope
            {
                end += 1
            }
            message.add(1, batch(trace.spans[start..<end], first))
            start = end
        }
        return message.bytes
    }

    /// A `TraceByIDResponse`: what `/api/v2/traces/ID` answers.
    public static func traceV2(_ trace: Trace) -> [UInt8] {
        var message = MessageBytes()
        message.add(1, MessageBytes(self.trace(trace)))
        return message.bytes
    }

    private static func batch(_ spans: ArraySlice<StoredSpan>, _ first: StoredSpan) -> MessageBytes {
        var resource = MessageBytes()
        for attribute in first.resource.attributes { resource.add(1, encoded(attribute, depth: 0)) }
        var scope = MessageBytes()
        scope.add(1, first.scope.name)
        scope.add(2, first.scope.version)
        for attribute in first.scope.attributes { scope.add(3, encoded(attribute, depth: 0)) }
        var scopeSpans = MessageBytes()
        scopeSpans.add(1, scope)
        for stored in spans { scopeSpans.add(2, encoded(stored.span)) }
        var batch = MessageBytes()
        batch.add(1, resource)
        batch.add(2, scopeSpans)
        batch.add(3, first.resource.schemaURL)
        return batch
    }

    /// The bytes of one `Span`.
    static func bytes(of span: Span) -> [UInt8] { encoded(span).bytes }

    private static func encoded(_ span: Span) -> MessageBytes {
        var message = MessageBytes()
        message.add(1, bytes: span.traceID.bytes)
        message.add(2, bytes: span.spanID.bytes)
        message.add(3, span.traceState.description)
        if !span.isRoot { message.add(4, bytes: span.parentSpanID.bytes) }
        message.add(5, span.name)
        message.add(6, varint: UInt64(span.kind.rawValue))
        message.add(7, fixed64: span.startTimeUnixNano)
        message.add(8, fixed64: span.endTimeUnixNano)
        for attribute in span.attributes { message.add(9, encoded(attribute, depth: 0)) }
        message.add(10, varint: UInt64(span.droppedAttributesCount))
        for event in span.events {
            var one = MessageBytes()
            one.add(1, fixed64: event.timeUnixNano)
            one.add(2, event.name)
            for attribute in event.attributes { one.add(3, encoded(attribute, depth: 0)) }
            one.add(4, varint: UInt64(event.droppedAttributesCount))
            message.add(11, one)
        }
        message.add(12, varint: UInt64(span.droppedEventsCount))
        for link in span.links {
            var one = MessageBytes()
            one.add(1, bytes: link.traceID.bytes)
            one.add(2, bytes: link.spanID.bytes)
            one.add(3, link.traceState.description)
            for attribute in link.attributes { one.add(4, encoded(attribute, depth: 0)) }
            one.add(5, varint: UInt64(link.droppedAttributesCount))
            one.add(6, fixed32: link.flags.rawValue)
            message.add(13, one)
        }
        message.add(14, varint: UInt64(span.droppedLinksCount))
        var status = MessageBytes()
        status.add(2, span.status.message)
        status.add(3, varint: UInt64(span.status.code.rawValue))
        message.add(15, status)
        message.add(16, fixed32: span.flags.rawValue)
        return message
    }

    /// A `KeyValue`.
    private static func encoded(_ attribute: Attribute, depth: Int) -> MessageBytes {
        var message = MessageBytes()
        message.add(1, attribute.key)
        message.add(2, encoded(attribute.value, depth: depth))
        return message
    }

    /// Levels of lists and maps that are written.
    private static let maximumDepth = 64

    /// An `AnyValue`; a value that is zero or empty is written all the same, as its kind is known by its field.
    private static func encoded(_ value: AttributeValue, depth: Int) -> MessageBytes {
        var message = MessageBytes()
        guard depth < maximumDepth else { return message }
        switch value {
        case .string(let text): message.put(1, bytes: Array(text.utf8))
        case .bool(let flag): message.put(2, varint: flag ? 1 : 0)
        case .int(let number): message.put(3, varint: UInt64(bitPattern: number))
        case .double(let number): message.put(4, fixed64: number.bitPattern)
        case .bytes(let bytes): message.put(7, bytes: bytes)
        case .array(let values):
            var list = MessageBytes()
            for value in values { list.add(1, encoded(value, depth: depth + 1)) }
            message.add(5, list)
        case .map(let members):
            var list = MessageBytes()
            for member in members { list.add(1, encoded(member, depth: depth + 1)) }
            message.add(6, list)
        }
        return message
    }
}

/// A protobuf message in the making: `add` leaves out what is zero or empty, as proto3 does, `put` does not.
private struct MessageBytes {
    private(set) var bytes: [UInt8] = []

    init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func put(_ field: UInt64, varint value: UInt64) {
        varint(field << 3)
        varint(value)
    }

    mutating func put(_ field: UInt64, fixed64 value: UInt64) {
        varint(field << 3 | 1)
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func put(_ field: UInt64, bytes content: [UInt8]) {
        varint(field << 3 | 2)
        varint(UInt64(content.count))
        bytes += content
    }

    mutating func add(_ field: UInt64, varint value: UInt64) { if value != 0 { put(field, varint: value) } }

    mutating func add(_ field: UInt64, fixed64 value: UInt64) { if value != 0 { put(field, fixed64: value) } }

    mutating func add(_ field: UInt64, fixed32 value: UInt32) {
        guard value != 0 else { return }
        varint(field << 3 | 5)
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func add(_ field: UInt64, bytes content: [UInt8]) { if !content.isEmpty { put(field, bytes: content) } }

    mutating func add(_ field: UInt64, _ text: String) { add(field, bytes: Array(text.utf8)) }

    /// A message is written even if it is empty: it says that it is there.
    mutating func add(_ field: UInt64, _ message: MessageBytes) { put(field, bytes: message.bytes) }
}
