import OpenTelemetry

/// How what a TraceQL query finds in a span of time becomes one number or a ranking of names.
///
/// A span counts if it ended in the time, and a trace if its root did: as requests are counted everywhere else.
public enum TraceReduction: Sendable, Equatable {
    /// The spans that matched.
    case spans
    /// The traces in which something matched.
    case traces
    /// The mean duration of the spans that matched, in seconds.
    case mean
    /// A quantile of their durations, in seconds: the shortest that a share of them does not exceed.
    case quantile(percent: Int)
    /// Whose spans, of those that matched, were longest in sum.
    case longest
    /// For whom the traces in which something matched waited, by their critical paths.
    case criticalPath

    private static let quantiles = [50, 75, 90, 95, 99]

    /// As it is written, in the order of the documentation.
    public static let names =
        ["spans", "traces", "mean"] + quantiles.map { "p\($0)" } + ["longest", "critical-path"]

    /// - Returns: nil for a name that is none of ``names``.
    public init?(_ name: String) {
        switch name {
        case "spans": self = .spans
        case "traces": self = .traces
        case "mean": self = .mean
        case "longest": self = .longest
        case "critical-path": self = .criticalPath
        default:
            guard let percent = Self.quantiles.first(where: { name == "p\($0)" }) else { return nil }
            self = .quantile(percent: percent)
        }
    }

    /// What is written for it.
    public var name: String {
        switch self {
        case .spans: "spans"
        case .traces: "traces"
        case .mean: "mean"
        case .quantile(let percent): "p\(percent)"
        case .longest: "longest"
        case .criticalPath: "critical-path"
        }
    }

    /// Whether the result is a ranking of names.
    public var isRanking: Bool { self == .longest || self == .criticalPath }

    public enum Result: Sendable, Equatable {
        /// A count, or seconds.
        case number(Double)
        /// Names and their seconds, the most first.
        case ranking([TraceShare])
    }

    /// Reduces what a query finds.
    /// - Parameters:
    ///   - start: nanoseconds since 1970; what ended before is left out.
    ///   - end: what ended then or later is left out.
    /// - Returns: nil where nothing matched and there is no number to give.
    public func result(of query: TraceQL, in store: TraceStore, from start: UInt64, to end: UInt64) -> Result? {
        var durations: [UInt64] = []
        var traces = 0
        var ranking = TraceRanking()
        for trace in store.traces where trace.startTimeUnixNano < end && trace.endTimeUnixNano >= start {
            // Whoever asks for whole traces asks for those that are over.
            let instant = trace.root?.span.endTimeUnixNano ?? trace.endTimeUnixNano
            let isCounted = instant >= start && instant < end
            if !isCounted, self == .traces || self == .criticalPath { continue }
            let matched = query.spans(of: trace)
            guard !matched.isEmpty else { continue }
            traces += 1
            if self == .criticalPath {
                ranking.add(criticalPathOf: trace)
                continue
            }
            for stored in matched where stored.span.endTimeUnixNano >= start && stored.span.endTimeUnixNano < end {
                durations.append(stored.span.durationNano)
                if self == .longest { ranking.add(stored.owner, nanoseconds: stored.span.durationNano) }
            }
        }
        switch self {
        case .spans: return .number(Double(durations.count))
        case .traces: return .number(Double(traces))
        case .mean:
            guard !durations.isEmpty else { return nil }
            return .number(durations.reduce(0) { $0 + Double($1) } / Double(durations.count) / 1e9)
        case .quantile(let percent):
            guard !durations.isEmpty else { return nil }
            durations.sort()
            let rank = (durations.count * percent + 99) / 100
            return .number(Double(durations[max(0, rank - 1)]) / 1e9)
        case .longest, .criticalPath:
            let shares = ranking.shares
            return shares.isEmpty ? nil : .ranking(shares)
        }
    }
}

/// The part of a time that belongs to a name.
public struct TraceShare: Sendable, Equatable {
    public var name: String
    public var seconds: Double

    public init(name: String, seconds: Double) {
        self.name = name
        self.seconds = seconds
    }
}

/// Time summed up by whose it was: a service's own work, a call to something outside, a place in a queue.
public struct TraceRanking: Sendable {
    private var nanoseconds: [String: UInt64] = [:]

    public init() {}

    public mutating func add(_ name: String, nanoseconds time: UInt64) {
        nanoseconds[name, default: 0] = nanoseconds[name, default: 0].addingSaturating(time)
    }

    /// Adds each stretch of a trace's critical path to whom it was waited for. What a server's span spent in a queue before the server
    /// began with it is the queue's.
    public mutating func add(criticalPathOf trace: Trace) {
        var spans: [SpanID: StoredSpan] = [:]
        for stored in trace.spans { spans[stored.span.spanID] = stored }
        for segment in CriticalPath(trace).segments {
            guard let stored = spans[segment.spanID] else { continue }
            let begun = stored.span.events.first { $0.name == "dequeued" }?.timeUnixNano ?? 0
            let queued = min(max(begun, segment.startTimeUnixNano), segment.endTimeUnixNano) - segment.startTimeUnixNano
            if queued > 0 { add("queue of \(stored.serviceName)", nanoseconds: queued) }
            if segment.durationNano > queued { add(stored.owner, nanoseconds: segment.durationNano - queued) }
        }
    }

    /// The most first; equal ones by name.
    public var shares: [TraceShare] {
        nanoseconds.map { TraceShare(name: $0.key, seconds: Double($0.value) / 1e9) }
            .sorted { $0.seconds != $1.seconds ? $0.seconds > $1.seconds : $0.name < $1.name }
    }
}

extension TraceSearchText {
    /// A reduced result: a number, or a table of who had how much.
    public static func reduced(_ reduction: TraceReduction, _ result: TraceReduction.Result?) -> String {
        switch result {
        case nil: return "nothing matches\n"
        case .number(let number):
            let isCount = reduction == .spans || reduction == .traces
            return isCount ? "\(Int64(number)) \(reduction.name)\n" : "\(decimal(number, 3)) s\n"
        case .ranking(let shares):
            let total = shares.reduce(0) { $0 + $1.seconds }
            var out = "SECONDS   SHARE   NAME\n"
            for share in shares.prefix(20) {
                let part = total > 0 ? share.seconds / total * 100 : 0
                let percent = decimal(part, 1) + "%"
                out += padded(decimal(share.seconds, 1), 7) + "   " + padded(percent, 5) + "   "
                out += LogText.printable(share.name) + "\n"
            }
            return out
        }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.utf8.count)) + text
    }

    /// A number that is not negative with so many places behind the point.
    private static func decimal(_ value: Double, _ places: Int) -> String {
        let factor = (0..<places).reduce(Int64(1)) { product, _ in product * 10 }
        let scaled = Int64(min(9e15, (value * Double(factor)).rounded()))
        let digits = String(scaled % factor)
        return "\(scaled / factor)." + String(repeating: "0", count: places - digits.utf8.count) + digits
    }
}

extension StoredSpan {
    /// Who worked, or was waited for, during the span's own time: the model that was asked, what lies outside the cluster,
    /// else the service that recorded it.
    public var owner: String {
        guard span.kind == .client else { return serviceName }
        if let model = span.attributes.value(of: "gen_ai.request.model")?.string { return model }
        if span.attributes.value(of: "http.request.method") == nil,
            let address = span.attributes.value(of: "server.address")?.string
        {
            return address
        }
        return serviceName
    }
}

extension UInt64 {
    fileprivate func addingSaturating(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
