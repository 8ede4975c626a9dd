/// Something a program said at one instant: OTLP's `LogRecord`, without the resource and scope beside which it is sent.
public struct LogRecord: Sendable, Equatable {
    /// When it happened, in nanoseconds since 1970; 0 if that is not known.
    public var timeUnixNano: UInt64
    /// When it was collected, in nanoseconds since 1970.
    public var observedTimeUnixNano: UInt64
    public var severityNumber: SeverityNumber
    /// The program's own word for the severity, such as `WARNING`.
    public var severityText: String
    public var body: AttributeValue?
    public var attributes: [Attribute]
    public var droppedAttributesCount: UInt32
    public var traceID: TraceID
    public var spanID: SpanID
    /// The trace flags of the span that it belongs to.
    public var flags: TraceFlags
    /// Not empty if the record is an event of this name.
    public var eventName: String

    public init(
        timeUnixNano: UInt64, observedTimeUnixNano: UInt64? = nil, severityNumber: SeverityNumber = .unspecified,
        severityText: String = "", body: AttributeValue?, attributes: [Attribute] = [], traceID: TraceID = .invalid,
        spanID: SpanID = .invalid, flags: TraceFlags = [], eventName: String = "", droppedAttributesCount: UInt32 = 0
    ) {
        self.timeUnixNano = timeUnixNano
        self.observedTimeUnixNano = observedTimeUnixNano ?? timeUnixNano
        self.severityNumber = severityNumber
        self.severityText = severityText
        self.body = body
        self.attributes = attributes
        self.droppedAttributesCount = droppedAttributesCount
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags
        self.eventName = eventName
    }

    /// When it happened or, if that is not known, when it was collected.
    public var effectiveTimeUnixNano: UInt64 { timeUnixNano == 0 ? observedTimeUnixNano : timeUnixNano }
}

/// How bad something is, from 1 (TRACE) to 24 (FATAL4); 0 if nobody said. Four numbers belong to each name.
public struct SeverityNumber: RawRepresentable, Sendable, Hashable, Comparable, CustomStringConvertible {
    /// OTLP's number, 0 to 24.
    public let rawValue: UInt8

    /// nil above 24.
    public init?(rawValue: UInt8) {
        guard rawValue <= 24 else { return nil }
        self.rawValue = rawValue
    }

    private init(_ rawValue: UInt8) { self.rawValue = rawValue }

    public static let unspecified = SeverityNumber(0)
    public static let trace = SeverityNumber(1)
    public static let debug = SeverityNumber(5)
    public static let info = SeverityNumber(9)
    public static let warn = SeverityNumber(13)
    public static let error = SeverityNumber(17)
    public static let fatal = SeverityNumber(21)

    private static let names = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
    private static let words: [(text: String, number: SeverityNumber)] = [
        ("TRACE", .trace), ("DEBUG", .debug), ("INFO", .info), ("INFORMATION", .info), ("NOTICE", SeverityNumber(10)),
        ("WARN", .warn), ("WARNING", .warn), ("ERR", .error), ("ERROR", .error), ("CRITICAL", .fatal),
        ("FATAL", .fatal),
    ]

    /// The number of a level's word in any case, as Python, zap and syslog write it; `unspecified` for others.
    public init(text: String) {
        let upper = text.uppercased()
        self = Self.words.first { $0.text == upper }?.number ?? .unspecified
    }

    /// `TRACE` … `FATAL`, with 2 to 4 behind it for the finer numbers; empty if nobody said.
    public var description: String {
        guard rawValue > 0 else { return "" }
        let step = (rawValue - 1) % 4
        return Self.names[Int(rawValue - 1) / 4] + (step == 0 ? "" : String(step + 1))
    }

    public static func < (a: SeverityNumber, b: SeverityNumber) -> Bool { a.rawValue < b.rawValue }
}
