import Monitoring
import OpenTelemetry
import Simulation
import Workloads

/// The request that hurt most: who waited longest without a good answer, or longest of all.
public struct WorstRequest: Sendable, Equatable {
    public var record: RequestRecord
    /// Name of the source of traffic.
    public var traffic: String
    public var traceID: TraceID
    /// Nil if it could not be kept: more calls than a store takes.
    public var trace: Trace?
    /// Where its time went, as `why` tells it.
    public var explanation: WhyExplanation

    /// How much longer than the request its calls are followed: a server works on though its client has gone.
    static let aftermath: Duration = .seconds(60)

    /// Lives through the request's time again, with spans recorded.
    /// - Throws: `LabStoreError`, `RunError`.
    init(_ session: LabSession, _ record: RequestRecord) throws {
        self.record = record
        var replay = try session.replay(from: record.arrival)
        try replay.advance(upTo: record.arrival - .nanoseconds(1))
        var spans: [SpanRecord] = []
        let end = min(session.now, record.finish + Self.aftermath)
        replay.world.workloads.recordSpans(true)
        while replay.world.now < end {
            try replay.advance(to: min(end, replay.world.now + .seconds(1)))
            spans += replay.world.workloads.spanRecords.filter { $0.trace == record.id }
            // Emptied at each look, so that a busy second does not push out what belongs to the request.
            replay.world.workloads.recordSpans(false)
            replay.world.workloads.recordSpans(true)
        }
        traffic = replay.world.workloads.traffic[record.source].name
        traceID = replay.world.traceID(of: record.id)
        trace = replay.world.trace(of: record, spans)
        explanation = try session.why(.request(record.id), at: record.finish)
    }
}

extension World {
    /// A request and its calls as a trace: the user's span is the root, each call a span from when it was sent, with the
    /// event `started` at the instant at which a server began with it.
    func trace(of record: RequestRecord, _ calls: [SpanRecord]) -> Trace? {
        let start = epochMilliseconds(at: .zero)
        func unixNano(_ time: SimulationTime) -> UInt64 {
            UInt64(clamping: start.multiplyingSaturating(1_000_000).addingSaturating(time.nanoseconds))
        }
        func status(_ outcome: Outcome) -> SpanStatus { outcome == .ok ? .unset : .error("\(outcome)") }
        let id = traceID(of: record.id)
        let source = scenario.workloads.traffic[record.source]
        var store = TraceStore()
        let root = spanID(of: record.id ^ 0x726f_6f74_0000_0000)
        store.add(
            StoredSpan(
                Span(
                    traceID: id, spanID: root,
                    name: source.service.isEmpty ? "job of a queue" : "asks \(source.service)",
                    kind: .client,
                    startTimeUnixNano: unixNano(record.arrival), endTimeUnixNano: unixNano(record.finish),
                    attributes: [
                        Attribute("http.request.resend_count", .int(Int64(max(0, record.attempts - 1)))),
                        Attribute("outcome", .string("\(record.outcome)")),
                    ], status: status(record.outcome)),
                resource: Resource([Attribute("service.name", .string(source.name))])))
        let services = workloads.serviceLevels
        let pods = workloads.recordedPods
        for call in calls {
            let service = Int(call.service) < services.count ? services[Int(call.service)].name : "job"
            let pod = Int(call.pod) < pods.count ? pods[Int(call.pod)] : ""
            store.add(
                StoredSpan(
                    Span(
                        traceID: id, spanID: spanID(of: call.span),
                        parentSpanID: call.parent == 0 ? root : spanID(of: call.parent), name: pod, kind: .server,
                        startTimeUnixNano: unixNano(call.sent), endTimeUnixNano: unixNano(call.end),
                        attributes: [Attribute("outcome", .string("\(call.outcome)"))],
                        events: [SpanEvent(timeUnixNano: unixNano(max(call.sent, call.began)), name: "started")],
                        status: status(call.outcome)),
                    resource: Resource([Attribute("service.name", .string(service))])))
        }
        return store[id]
    }
}
