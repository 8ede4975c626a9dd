import OpenTelemetry

/// Which span decided the end of a trace at each instant: shortening one that is not on the path makes nobody wait less.
///
/// From the end of the root backwards: the child that ended last before this instant was waited for; before it began, the
/// parent itself worked, or waited for the child before.
public struct CriticalPath: Sendable, Equatable {
    /// A stretch of time that one span decided.
    public struct Segment: Sendable, Equatable {
        public var spanID: SpanID
        public var name: String
        /// Nanoseconds since 1970.
        public var startTimeUnixNano: UInt64
        public var endTimeUnixNano: UInt64

        public var durationNano: UInt64 { endTimeUnixNano - startTimeUnixNano }
    }

    /// In order of time, without gaps from the root's start to its end.
    public let segments: [Segment]

    /// The path of a trace's first root; empty if it has not arrived.
    public init(_ trace: Trace) {
        guard let root = trace.root?.span else {
            segments = []
            return
        }
        var children: [SpanID: [Span]] = [:]
        for stored in trace.spans where stored.span.parentSpanID.isValid {
            children[stored.span.parentSpanID, default: []].append(stored.span)
        }
        for parent in children.keys {
            children[parent]?.sort {
                $0.endTimeUnixNano != $1.endTimeUnixNano
                    ? $0.endTimeUnixNano < $1.endTimeUnixNano : $0.spanID < $1.spanID
            }
        }
        struct Frame {
            let span: Span
            /// Nothing before this instant belongs to the span's part of the path.
            let begin: UInt64
            /// How far back the path has been followed.
            var instant: UInt64
        }
        var reversed: [Segment] = []
        var seen: Set<SpanID> = [root.spanID]
        var stack = [
            Frame(span: root, begin: root.startTimeUnixNano, instant: max(root.startTimeUnixNano, root.endTimeUnixNano))
        ]
        func record(_ span: Span, _ from: UInt64, _ to: UInt64) {
            if to > from {
                reversed.append(
                    Segment(spanID: span.spanID, name: span.name, startTimeUnixNano: from, endTimeUnixNano: to))
            }
        }
        while var frame = stack.popLast() {
            // A child that outlives the instant was not waited for.
            while let last = children[frame.span.spanID]?.last,
                last.endTimeUnixNano > frame.instant || seen.contains(last.spanID)
            {
                children[frame.span.spanID]?.removeLast()
            }
            guard let child = children[frame.span.spanID]?.popLast(), child.endTimeUnixNano > frame.begin else {
                record(frame.span, frame.begin, frame.instant)
                continue
            }
            seen.insert(child.spanID)
            record(frame.span, child.endTimeUnixNano, frame.instant)
            let begin = min(max(frame.begin, child.startTimeUnixNano), child.endTimeUnixNano)
            frame.instant = begin
            stack.append(frame)
            stack.append(Frame(span: child, begin: begin, instant: child.endTimeUnixNano))
        }
        segments = reversed.reversed()
    }
}
