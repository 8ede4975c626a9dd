/// One operation of one service: OTLP's `Span`, without the resource and scope beside which it is sent.
public struct Span: Sendable, Equatable {
    public var traceID: TraceID
    public var spanID: SpanID
    /// ``SpanID/invalid`` for a root.
    public var parentSpanID: SpanID
    public var traceState: TraceState
    public var flags: SpanFlags
    public var name: String
    public var kind: SpanKind
    /// Nanoseconds since 1970.
    public var startTimeUnixNano: UInt64
    /// Nanoseconds since 1970.
    public var endTimeUnixNano: UInt64
    public var attributes: [Attribute]
    public var droppedAttributesCount: UInt32
    public var events: [SpanEvent]
    public var droppedEventsCount: UInt32
    public var links: [SpanLink]
    public var droppedLinksCount: UInt32
    public var status: SpanStatus

    public init(
        traceID: TraceID, spanID: SpanID, parentSpanID: SpanID = .invalid, name: String, kind: SpanKind = .internal,
        startTimeUnixNano: UInt64, endTimeUnixNano: UInt64, attributes: [Attribute] = [], events: [SpanEvent] = [],
        links: [SpanLink] = [], status: SpanStatus = .unset, traceState: TraceState = TraceState(),
        flags: SpanFlags = SpanFlags(rawValue: 0)
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.parentSpanID = parentSpanID
        self.traceState = traceState
        self.flags = flags
        self.name = name
        self.kind = kind
        self.startTimeUnixNano = startTimeUnixNano
        self.endTimeUnixNano = endTimeUnixNano
        self.attributes = attributes
        droppedAttributesCount = 0
        self.events = events
        droppedEventsCount = 0
        self.links = links
        droppedLinksCount = 0
        self.status = status
    }

    public var isRoot: Bool { !parentSpanID.isValid }

    /// Nanoseconds from start to end; 0 for a span that claims to end before it began, as clocks of two machines make it.
    public var durationNano: UInt64 {
        endTimeUnixNano > startTimeUnixNano ? endTimeUnixNano - startTimeUnixNano : 0
    }

    /// What other processes are told about the span, so that theirs become its children.
    public var context: SpanContext {
        SpanContext(
            traceID: traceID, spanID: spanID, traceFlags: flags.traceFlags, traceState: traceState, isRemote: false)
    }
}

/// What a span is to its caller; the numbers are OTLP's.
public enum SpanKind: UInt8, Sendable, CaseIterable {
    case unspecified = 0
    case `internal` = 1
    case server = 2
    case client = 3
    case producer = 4
    case consumer = 5
}

/// How an operation ended, as far as its service says. OTLP's `Status`.
public struct SpanStatus: Sendable, Equatable {
    /// The numbers are OTLP's.
    public enum Code: UInt8, Sendable, CaseIterable {
        case unset = 0
        case ok = 1
        case error = 2
    }

    public let code: Code
    /// Only an error has one.
    public let message: String

    public static let unset = SpanStatus(.unset)
    public static let ok = SpanStatus(.ok)

    public static func error(_ message: String = "") -> SpanStatus { SpanStatus(.error, message: message) }

    /// A message beside another code than `error` is left out, as the specification demands.
    public init(_ code: Code, message: String = "") {
        self.code = code
        self.message = code == .error ? message : ""
    }

    /// The status after somebody sets another: `ok` is final, `unset` never overwrites.
    public func replaced(by status: SpanStatus) -> SpanStatus {
        code == .ok || status.code == .unset ? self : status
    }
}

/// The lower byte are W3C's trace flags; above it OTLP says whether the parent was in another process.
public struct SpanFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public init(_ flags: TraceFlags) { rawValue = UInt32(flags.rawValue) }

    /// ``isRemote`` means something.
    public static let hasIsRemote = SpanFlags(rawValue: 0x100)
    /// The parent, or the linked span, belongs to another process.
    public static let isRemote = SpanFlags(rawValue: 0x200)

    public var traceFlags: TraceFlags { TraceFlags(rawValue: UInt8(truncatingIfNeeded: rawValue)) }
}

/// Something that happened at one instant of a span: an exception, a retry.
public struct SpanEvent: Sendable, Equatable {
    /// Nanoseconds since 1970.
    public var timeUnixNano: UInt64
    public var name: String
    public var attributes: [Attribute]
    public var droppedAttributesCount: UInt32

    public init(timeUnixNano: UInt64, name: String, attributes: [Attribute] = [], droppedAttributesCount: UInt32 = 0) {
        self.timeUnixNano = timeUnixNano
        self.name = name
        self.attributes = attributes
        self.droppedAttributesCount = droppedAttributesCount
    }

    /// The event that SDKs record for an exception.
    public static func exception(
        type: String, message: String, stacktrace: String? = nil, timeUnixNano: UInt64
    ) -> SpanEvent {
        var attributes = [
            Attribute("exception.type", .string(type)), Attribute("exception.message", .string(message)),
        ]
        if let stacktrace { attributes.append(Attribute("exception.stacktrace", .string(stacktrace))) }
        return SpanEvent(timeUnixNano: timeUnixNano, name: "exception", attributes: attributes)
    }
}

/// A span of this or another trace that caused this one without being its parent: the messages of a batch.
public struct SpanLink: Sendable, Equatable {
    public var traceID: TraceID
    public var spanID: SpanID
    public var traceState: TraceState
    public var attributes: [Attribute]
    public var droppedAttributesCount: UInt32
    public var flags: SpanFlags

    public init(
        traceID: TraceID, spanID: SpanID, attributes: [Attribute] = [], traceState: TraceState = TraceState(),
        droppedAttributesCount: UInt32 = 0, flags: SpanFlags = SpanFlags(rawValue: 0)
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.traceState = traceState
        self.attributes = attributes
        self.droppedAttributesCount = droppedAttributesCount
        self.flags = flags
    }
}
