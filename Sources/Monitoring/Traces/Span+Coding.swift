import OpenTelemetry
import Simulation

extension TraceID: BinaryCodable {
    public func write(to writer: inout BinaryWriter) { writer.writeRaw(bytes) }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(high: try reader.word(), low: try reader.word())
    }
}

extension SpanID: BinaryCodable {
    public func write(to writer: inout BinaryWriter) { writer.writeRaw(bytes) }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(try reader.word())
    }
}

extension BinaryReader {
    /// Eight bytes, the first most significant, as identifiers are written.
    fileprivate mutating func word() throws(BinaryDecodingError) -> UInt64 {
        var word: UInt64 = 0
        for byte in try readRaw(count: 8) { word = word << 8 | UInt64(byte) }
        return word
    }
}

extension SpanKind: BinaryCodable {}
extension SpanStatus.Code: BinaryCodable {}
extension SpanFlags: BinaryCodable {}

extension SpanStatus: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(code)
        writer.write(message)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(try reader.read(), message: try reader.read())
    }
}

/// As the text of the header.
extension TraceState: BinaryCodable {
    public func write(to writer: inout BinaryWriter) { writer.write(description) }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        guard let state = TraceState(header: try reader.read()) else {
            throw .malformed(what: "TraceState", offset: reader.offset)
        }
        self = state
    }
}

extension SpanEvent: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(timeUnixNano)
        writer.write(name)
        writer.write(attributes)
        writer.write(droppedAttributesCount)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(
            timeUnixNano: try reader.read(), name: try reader.read(), attributes: try reader.read(),
            droppedAttributesCount: try reader.read())
    }
}

extension SpanLink: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(traceID)
        writer.write(spanID)
        writer.write(attributes)
        writer.write(traceState)
        writer.write(droppedAttributesCount)
        writer.write(flags)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(
            traceID: try reader.read(), spanID: try reader.read(), attributes: try reader.read(),
            traceState: try reader.read(), droppedAttributesCount: try reader.read(), flags: try reader.read())
    }
}

extension Span: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(traceID)
        writer.write(spanID)
        writer.write(parentSpanID)
        writer.write(name)
        writer.write(kind)
        writer.write(startTimeUnixNano)
        writer.write(endTimeUnixNano)
        writer.write(attributes)
        writer.write(events)
        writer.write(links)
        writer.write(status)
        writer.write(traceState)
        writer.write(flags)
        writer.write(droppedAttributesCount)
        writer.write(droppedEventsCount)
        writer.write(droppedLinksCount)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(
            traceID: try reader.read(), spanID: try reader.read(), parentSpanID: try reader.read(),
            name: try reader.read(), kind: try reader.read(), startTimeUnixNano: try reader.read(),
            endTimeUnixNano: try reader.read(), attributes: try reader.read(), events: try reader.read(),
            links: try reader.read(), status: try reader.read(), traceState: try reader.read(),
            flags: try reader.read())
        droppedAttributesCount = try reader.read()
        droppedEventsCount = try reader.read()
        droppedLinksCount = try reader.read()
    }
}
