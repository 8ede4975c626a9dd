import OpenTelemetry

/// A span with what it comes from. The resource's array is shared by all spans of a process.
public struct StoredSpan: Sendable, Equatable {
    public var span: Span
    public var resource: Resource
    public var scope: InstrumentationScope

    public init(_ span: Span, resource: Resource, scope: InstrumentationScope = InstrumentationScope()) {
        self.span = span
        self.resource = resource
        self.scope = scope
    }

    /// `service.name`, or what SDKs send without one.
    public var serviceName: String { resource.serviceName ?? "unknown_service" }
}

/// The spans of one trace that have arrived, ordered by start, then by identifier.
public struct Trace: Sendable, Equatable {
    public let id: TraceID
    public private(set) var spans: [StoredSpan] = []

    init(id: TraceID) { self.id = id }

    /// - Parameter spans: in order of start and identifier.
    init(id: TraceID, spans: [StoredSpan]) {
        self.id = id
        self.spans = spans
    }

    mutating func add(_ span: StoredSpan) {
        func key(_ stored: StoredSpan) -> (UInt64, UInt64) {
            (stored.span.startTimeUnixNano, stored.span.spanID.rawValue)
        }
        // A span that is sent again, as a retry does, is kept once.
        if spans.contains(where: { $0.span.spanID == span.span.spanID && $0.span.kind == span.span.kind }) { return }
        let place = spans.firstIndex { key($0) > key(span) } ?? spans.count
        spans.insert(span, at: place)
    }

    /// The first root; nil if it has not arrived.
    public var root: StoredSpan? { spans.first { $0.span.isRoot } }

    /// Nanoseconds since 1970; 0 for a trace without spans.
    public var startTimeUnixNano: UInt64 { spans.first?.span.startTimeUnixNano ?? 0 }

    /// Nanoseconds since 1970: the latest end of any span, at least the start.
    public var endTimeUnixNano: UInt64 {
        spans.reduce(startTimeUnixNano) { max($0, $1.span.endTimeUnixNano) }
    }

    public var durationNano: UInt64 { endTimeUnixNano - startTimeUnixNano }
}

/// Traces by identifier, as Tempo keeps them. A value; copies share all traces that are not written to.
public struct TraceStore: Sendable, Equatable {
    /// Traces and spans of one trace that are kept; what comes beyond is counted and left out.
    public struct Limits: Sendable, Equatable {
        public var traces = 100_000
        public var spansPerTrace = 10_000
        /// Nanoseconds after its end for which a trace is kept; nil for ever.
        public var retention: UInt64?

        public init() {}
    }

    public var limits = Limits()
    private var byID: [TraceID: Trace] = [:]
    /// Spans that were left out because of a limit or without valid identifiers.
    public private(set) var refusedSpans = 0

    public init() {}

    init(traces: [Trace], refusedSpans: Int) {
        for trace in traces { byID[trace.id] = trace }
        self.refusedSpans = refusedSpans
    }

    public var count: Int { byID.count }

    public subscript(id: TraceID) -> Trace? { byID[id] }

    /// All traces by start, then by identifier.
    public var traces: [Trace] {
        byID.values.sorted {
            $0.startTimeUnixNano != $1.startTimeUnixNano ? $0.startTimeUnixNano < $1.startTimeUnixNano : $0.id < $1.id
        }
    }

    /// Adds a span to its trace, whatever the order in which spans arrive.
    public mutating func add(_ span: StoredSpan) {
        let id = span.span.traceID
        guard id.isValid, span.span.spanID.isValid,
            byID[id].map({ $0.spans.count < limits.spansPerTrace }) ?? (byID.count < limits.traces)
        else {
            refusedSpans += 1
            return
        }
        byID[id, default: Trace(id: id)].add(span)
    }

    /// Lets go the traces that ended longer ago than the retention.
    /// - Parameter now: nanoseconds since 1970.
    public mutating func retain(at now: UInt64) {
        guard let retention = limits.retention, now > retention else { return }
        byID = byID.filter { $0.value.endTimeUnixNano >= now - retention }
    }
}
