import Simulation

/// The trace of one representative request, in the making.
struct FlowTrace: Sendable {
    /// Of the trace.
    let number: UInt64
    /// When the user sent the request.
    let begin: SimulationTime
    /// When what is worked out next begins, in seconds after the user sent the request.
    var at = 0.0
    /// The span of which what is worked out next is a child.
    var parent: UInt64
    var spans: [CallSpan] = []
}

/// Spans of aggregated traffic: of the requests that are followed, each as if it were one request.
extension Workloads {
    /// Begins a trace for a representative of the requests of an interval, at its place within that.
    mutating func beginFlowTrace(
        _ walk: inout FlowWalk, from start: SimulationTime, place: Int64, of samples: Int64
    ) {
        guard let number = tracing?.takeFlowNumber(), isSampled(number) else { return }
        let share = (Double(place) + 0.5) / Double(max(1, samples))
        let offset = Duration(seconds: (clock.now - start).seconds * share)
        walk.trace = FlowTrace(number: number, begin: start + offset, parent: CallSpan.root(of: number))
    }

    /// Opens a span that what is worked out from now on belongs to.
    /// - Returns: its number, and the span that it belongs to itself; nil where no trace is recorded.
    mutating func openFlowSpan(_ walk: inout FlowWalk) -> (number: UInt64, parent: UInt64, at: Double)? {
        guard let trace = walk.trace, let number = tracing?.takeNumber() else { return nil }
        walk.trace?.parent = number
        return (number, trace.parent, trace.at)
    }

    /// Closes a span after so many seconds, and goes on as before it.
    func closeFlowSpan(
        _ open: (number: UInt64, parent: UInt64, at: Double)?, _ operation: CallSpan.Operation, after seconds: Double,
        _ outcome: Outcome, slot: Int? = nil, _ walk: inout FlowWalk, _ details: (inout CallSpan) -> Void
    ) {
        guard let open, let trace = walk.trace else { return }
        let begin = trace.begin + Duration(seconds: open.at)
        var span = CallSpan(
            operation, trace: trace.number, number: open.number, parent: open.parent, begin: begin,
            end: begin + Duration(seconds: max(0, seconds)), outcome: outcome)
        if let slot, processes.indices.contains(slot) {
            span.place = tracing?.place(processes[slot].id) ?? .max
        } else {
            span.source = walk.source
        }
        details(&span)
        walk.trace?.parent = open.parent
        walk.trace?.at = open.at + max(0, seconds)
        walk.trace?.spans.append(span)
    }

    /// The user's request is over: its spans are kept.
    mutating func endFlowTrace(_ walk: FlowWalk, _ outcome: Outcome, after seconds: Double, attempts: Int) {
        guard let trace = walk.trace else { return }
        for span in trace.spans { keep(span) }
        var span = CallSpan(
            .request, trace: trace.number, number: CallSpan.root(of: trace.number), parent: 0, begin: trace.begin,
            end: trace.begin + Duration(seconds: max(0, seconds)), outcome: outcome)
        span.subject = walk.source
        span.source = walk.source
        span.path = sources[Int(walk.source)].path
        span.ordinal = UInt32(clamping: attempts)
        keep(span)
    }
}
