import OpenTelemetry

/// A trace as rows: each span below its parent, siblings by start.
public struct Waterfall: Sendable, Equatable {
    public struct Row: Sendable, Equatable {
        public var span: StoredSpan
        /// 0 for a root and for a span whose parent has not arrived.
        public var depth: Int
        /// Nanoseconds from the trace's start to the span's.
        public var startOffsetNano: UInt64
        public var durationNano: UInt64
        /// Nanoseconds in which none of its children ran.
        public var selfTimeNano: UInt64
    }

    public let traceID: TraceID
    public let durationNano: UInt64
    public let rows: [Row]

    public init(_ trace: Trace) {
        traceID = trace.id
        durationNano = trace.durationNano
        let spans = trace.spans
        var known = Set(spans.map(\.span.spanID))
        var children: [SpanID: [Int]] = [:]
        var roots: [Int] = []
        for (index, stored) in spans.enumerated() {
            let parent = stored.span.parentSpanID
            if parent.isValid, parent != stored.span.spanID, known.contains(parent) {
                children[parent, default: []].append(index)
            } else {
                roots.append(index)
            }
        }
        known.removeAll()
        var rows: [Row] = []
        var visited = [Bool](repeating: false, count: spans.count)
        let start = trace.startTimeUnixNano
        // A stack and no recursion: a hostile trace may be as deep as it is long. Spans in a circle are roots at the end.
        func walk(_ first: Int) {
            var stack = [(index: first, depth: 0)]
            while let (index, depth) = stack.popLast() {
                if visited[index] { continue }
                visited[index] = true
                let span = spans[index].span
                let below = children[span.spanID] ?? []
                rows.append(
                    Row(
                        span: spans[index], depth: depth, startOffsetNano: span.startTimeUnixNano - start,
                        durationNano: span.durationNano,
                        selfTimeNano: Waterfall.selfTime(span, below.map { spans[$0].span })))
                for child in below.reversed() { stack.append((child, depth + 1)) }
            }
        }
        for root in roots { walk(root) }
        for index in spans.indices where !visited[index] { walk(index) }
        self.rows = rows
    }

    private static func selfTime(_ span: Span, _ children: [Span]) -> UInt64 {
        var covered: UInt64 = 0
        var reached = span.startTimeUnixNano
        for child in children.sorted(by: { $0.startTimeUnixNano < $1.startTimeUnixNano }) {
            let from = max(reached, child.startTimeUnixNano)
            let to = min(span.endTimeUnixNano, child.endTimeUnixNano)
            if to > from {
                covered += to - from
                reached = to
            }
        }
        return span.durationNano - min(covered, span.durationNano)
    }
}
