/// W3C's trace flags: one byte of a `traceparent`.
public struct TraceFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The caller records this trace.
    public static let sampled = TraceFlags(rawValue: 1)
    /// The last seven bytes of the trace's identifier are random (level 2 of the recommendation).
    public static let random = TraceFlags(rawValue: 2)
}

/// What one process tells the next about the span that calls it: W3C's trace context.
public struct SpanContext: Sendable, Equatable {
    public var traceID: TraceID
    public var spanID: SpanID
    public var traceFlags: TraceFlags
    public var traceState: TraceState
    /// It was read from a request, and not made in this process.
    public var isRemote: Bool

    public init(
        traceID: TraceID, spanID: SpanID, traceFlags: TraceFlags = [], traceState: TraceState = TraceState(),
        isRemote: Bool = false
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.traceFlags = traceFlags
        self.traceState = traceState
        self.isRemote = isRemote
    }

    public var isValid: Bool { traceID.isValid && spanID.isValid }
    public var isSampled: Bool { traceFlags.contains(.sampled) }

    /// Reads the headers `traceparent` and `tracestate` of a request.
    ///
    /// Upper case, identifiers of only zeros and version `ff` are invalid; version `00` has exactly four fields, later
    /// versions may have more, which are ignored. Space around is allowed. A `tracestate` with one bad member is as none.
    public init?(traceparent: String, tracestate: String? = nil) {
        var bytes = Array(traceparent.utf8)[...]
        func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        while let first = bytes.first, isSpace(first) { bytes.removeFirst() }
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        let fields = bytes.split(separator: UInt8(ascii: "-"), maxSplits: 4, omittingEmptySubsequences: false)
        guard fields.count >= 4, fields[0].count == 2, fields[1].count == 32, fields[2].count == 16,
            fields[3].count == 2
        else { return nil }
        func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
            digits.contains { (65...90).contains($0) } ? nil : Hexadecimal.value(digits)
        }
        guard let version = number(fields[0]), version != 0xff, version != 0 || fields.count == 4,
            let high = number(fields[1].prefix(16)), let low = number(fields[1].suffix(16)),
            let span = number(fields[2]), let flags = number(fields[3])
        else { return nil }
        self.init(
            traceID: TraceID(high: high, low: low), spanID: SpanID(span),
            traceFlags: TraceFlags(rawValue: UInt8(truncatingIfNeeded: flags)),
            traceState: tracestate.flatMap(TraceState.init(header:)) ?? TraceState(), isRemote: true)
        guard isValid else { return nil }
    }

    /// The header `traceparent` for the next process, always in version 00.
    public var traceparent: String {
        let flags = String(traceFlags.rawValue, radix: 16)
        return "00-\(traceID)-\(spanID)-" + (flags.utf8.count < 2 ? "0" : "") + flags
    }
}
