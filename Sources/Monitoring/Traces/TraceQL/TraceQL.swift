import OpenTelemetry

/// A trace that a query found.
public struct TraceQLMatch: Sendable, Equatable {
    /// A name and its value: an attribute of a span, or what a pipeline computed of a spanset (`count()`).
    public struct Value: Sendable, Equatable {
        public var name: String
        public var value: TraceQLValue
    }

    /// A span that matched, with the attributes that the query names and the span has.
    public struct MatchedSpan: Sendable, Equatable {
        public var span: StoredSpan
        public var attributes: [Value]
    }

    /// Spans that matched together: one of these for each group of `by(…)`, else one.
    public struct Spanset: Sendable, Equatable {
        public var spans: [MatchedSpan]
        /// Aggregates and groups, in the order of the pipeline.
        public var attributes: [Value]
    }

    public var traceID: TraceID
    /// Tempo's text if the root has not arrived.
    public var rootServiceName: String
    /// Empty if the root has not arrived.
    public var rootTraceName: String
    /// Nanoseconds since 1970.
    public var startTimeUnixNano: UInt64
    public var durationNano: UInt64
    public var spansets: [Spanset]

    /// The matched spans of all spansets.
    public var spans: [StoredSpan] { spansets.flatMap { $0.spans.map(\.span) } }
}

/// A query of Tempo's TraceQL (2.x), read and checked once and run over any number of traces.
///
/// `&&` and `||` bind equally, comparisons closer, as in Tempo's grammar. Regular expressions match the whole text.
/// Metrics functions, attributes of events and links, nested-set intrinsics and `with(…)` are refused by their names.
public struct TraceQL: Sendable {
    private let stages: [TraceQLStage]
    private let sources: [TraceQLField]

    /// - Throws: ``TraceQLError`` with Tempo's text and the place.
    public init(_ text: String) throws(TraceQLError) {
        stages = try TraceQLParser.parse(text)
        var names: Set<String> = []
        sources = stages.flatMap(\.sources).filter { names.insert($0.text).inserted }
    }

    /// The traces that match, the newest first, at most `limit` of them; nothing for a limit of 0 or less.
    /// - Parameters:
    ///   - start: traces that ended before are left out; nanoseconds since 1970.
    ///   - end: traces that began later are left out.
    public func search(
        _ store: TraceStore, from start: UInt64 = 0, to end: UInt64 = .max, limit: Int = 20
    ) -> [TraceQLMatch] {
        var matches: [TraceQLMatch] = []
        for trace in store.traces.reversed() where trace.startTimeUnixNano <= end {
            if matches.count >= limit { break }
            if trace.endTimeUnixNano < start { continue }
            if let match = match(trace) { matches.append(match) }
        }
        return matches
    }

    /// What the query finds in one trace; nil if nothing.
    public func match(_ trace: Trace) -> TraceQLMatch? {
        let evaluation = TraceQLEvaluation(trace)
        let found = evaluation.run(stages)
        guard !found.isEmpty, !trace.spans.isEmpty else { return nil }
        let spansets = found.map { set in
            TraceQLMatch.Spanset(
                spans: set.spans.map { index in
                    let values = sources.map { TraceQLMatch.Value(name: $0.name, value: evaluation.value($0, index)) }
                    return TraceQLMatch.MatchedSpan(
                        span: trace.spans[index], attributes: values.filter { $0.value != .nil })
                },
                attributes: set.attributes)
        }
        return TraceQLMatch(
            traceID: trace.id, rootServiceName: trace.root?.serviceName ?? "<root span not yet received>",
            rootTraceName: trace.root?.span.name ?? "", startTimeUnixNano: trace.startTimeUnixNano,
            durationNano: trace.durationNano, spansets: spansets)
    }

    /// The spans of a trace that match, in the trace's order.
    public func spans(of trace: Trace) -> [StoredSpan] {
        let places = Set(TraceQLEvaluation(trace).run(stages).flatMap(\.spans))
        return places.sorted().map { trace.spans[$0] }
    }
}

extension TraceQLField {
    /// The key under which Tempo's answer has the value: an attribute without its scope.
    fileprivate var name: String { if case .attribute(_, let name) = self { name } else { text } }
}
