import OpenTelemetry

/// How the numbers that the world gives to requests and calls become identifiers of telemetry.
///
/// A fixed function of seed and number: metrics' exemplars, log lines and spans of one request agree without anybody
/// keeping a table, and a replay gives the same.
extension World {
    /// The trace of the request with this number.
    public func traceID(of request: UInt64) -> TraceID {
        let first = Self.scattered(request ^ Self.scattered(seed))
        return TraceID(high: first, low: Self.scattered(first) | 1)
    }

    /// The span of the call with this number, never the invalid one.
    public func spanID(of call: UInt64) -> SpanID {
        SpanID(Self.scattered(call ^ Self.scattered(seed &+ 0x5370_616e)) | 1)
    }

    /// SplitMix64's output function: neighbouring numbers become unlike ones, as random identifiers are.
    private static func scattered(_ number: UInt64) -> UInt64 {
        var z = number &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
