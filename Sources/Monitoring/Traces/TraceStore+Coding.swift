import OpenTelemetry
import Simulation

extension Trace: BinaryCodable {
    /// Resources and scopes stand once, and each span names its by number.
    public func write(to writer: inout BinaryWriter) {
        writer.write(id)
        var resources: [Resource] = []
        var scopes: [InstrumentationScope] = []
        var places: [(resource: Int, scope: Int)] = []
        for stored in spans {
            let resource = resources.lastIndex(of: stored.resource) ?? resources.count
            if resource == resources.count { resources.append(stored.resource) }
            let scope = scopes.lastIndex(of: stored.scope) ?? scopes.count
            if scope == scopes.count { scopes.append(stored.scope) }
            places.append((resource, scope))
        }
        writer.write(resources)
        writer.write(scopes)
        writer.write(spans.count)
        for (stored, place) in zip(spans, places) {
            writer.write(place.resource)
            writer.write(place.scope)
            writer.write(stored.span)
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let id: TraceID = try reader.read()
        let resources: [Resource] = try reader.read()
        let scopes: [InstrumentationScope] = try reader.read()
        let count: Int = try reader.read()
        guard count >= 0, count <= reader.remaining else { throw .malformed(what: "Trace", offset: reader.offset) }
        var spans: [StoredSpan] = []
        for _ in 0..<count {
            let resource: Int = try reader.read()
            let scope: Int = try reader.read()
            let span: Span = try reader.read()
            guard resources.indices.contains(resource), scopes.indices.contains(scope), span.traceID == id,
                spans.last.map({ Trace.precedes($0, span) }) ?? true
            else { throw .malformed(what: "Trace", offset: reader.offset) }
            spans.append(StoredSpan(span, resource: resources[resource], scope: scopes[scope]))
        }
        self.init(id: id, spans: spans)
    }

    /// Start and duration rely on the order of time.
    private static func precedes(_ before: StoredSpan, _ span: Span) -> Bool {
        let earlier = before.span
        return earlier.startTimeUnixNano != span.startTimeUnixNano
            ? earlier.startTimeUnixNano < span.startTimeUnixNano : earlier.spanID <= span.spanID
    }
}

/// The limits are configuration and are no part of a snapshot: whoever restores a store sets them.
extension TraceStore: BinaryCodable {
    private static let section = "traces"

    public func write(to writer: inout BinaryWriter) {
        writer.section(TraceStore.section, version: 1)
        writer.write(traces)
        writer.write(refusedSpans)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section(TraceStore.section, version: 1)
        let traces: [Trace] = try reader.read()
        self.init(traces: traces, refusedSpans: try reader.read())
    }
}
