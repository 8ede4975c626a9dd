/// How the numbers that a world gives to requests become identifiers of traces.
///
/// A fixed function of seed and number: metrics' exemplars, log lines and spans of one request agree without anybody
/// keeping a table, and a replay gives the same.
public enum TraceIdentity {
    /// The identifier of a request's trace, as its upper and its lower half.
    public static func trace(of request: UInt64, seed: UInt64) -> (high: UInt64, low: UInt64) {
        let first = scattered(request ^ scattered(seed))
        return (first, scattered(first) | 1)
    }

    /// The identifier of a span, never the invalid one.
    public static func span(of number: UInt64, seed: UInt64) -> UInt64 {
        scattered(number ^ scattered(seed &+ 0x5370_616e)) | 1
    }

    /// The 32 digits in which logs and exemplars write a trace's identifier.
    public static func text(of request: UInt64, seed: UInt64) -> String {
        let (high, low) = trace(of: request, seed: seed)
        func digits(_ half: UInt64) -> String {
            let text = String(half, radix: 16)
            return String(repeating: "0", count: 16 - text.utf8.count) + text
        }
        return digits(high) + digits(low)
    }

    /// SplitMix64's output function: neighbouring numbers become unlike ones, as random identifiers are.
    private static func scattered(_ number: UInt64) -> UInt64 {
        var z = number &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
