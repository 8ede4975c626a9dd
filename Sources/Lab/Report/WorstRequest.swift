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
    /// All that was done for it, as far as it ended within ``aftermath``; nil if nothing could be kept.
    public var trace: Trace?
    /// Where its time went, as `why` tells it.
    public var explanation: WhyExplanation

    /// How much longer than the request its calls are followed: a server works on though its client has gone.
    static let aftermath: Duration = .seconds(60)

    /// Lives through the request's time again, with its trace recorded.
    /// - Throws: `LabStoreError`, `RunError`.
    init(_ session: LabSession, _ record: RequestRecord) throws {
        self.record = record
        var replay = try session.replay(from: record.arrival)
        try replay.advance(upTo: record.arrival - .nanoseconds(1))
        // It alone, so that however much happens meanwhile nothing of it gives way.
        replay.world.recordTraces(TraceSettings(limit: 1_000_000, retention: .hours(24), only: record.id))
        try replay.advance(to: min(session.now, record.finish + Self.aftermath))
        traffic = replay.world.workloads.traffic[record.source].name
        traceID = replay.world.traceID(of: record.id)
        trace = replay.world.trace(traceID)
        explanation = try session.why(.request(record.id), at: record.finish)
    }
}
