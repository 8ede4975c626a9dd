import OpenTelemetry
import Workloads

/// The identifiers of telemetry of the requests and calls of a world.
extension World {
    /// The trace of the request with this number.
    public func traceID(of request: UInt64) -> TraceID {
        let (high, low) = TraceIdentity.trace(of: request, seed: seed)
        return TraceID(high: high, low: low)
    }

    /// The span of the call with this number, never the invalid one.
    public func spanID(of call: UInt64) -> SpanID { SpanID(TraceIdentity.span(of: call, seed: seed)) }
}
