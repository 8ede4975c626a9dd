/// A native histogram with float counts: exponential buckets of a schema, or custom bounds (schema -53).
///
/// Buckets are kept by index, ascending, which is what Prometheus' spans and counts say. In a schema `s` from -4 to 8
/// bucket `i` covers (2^(2^-s·(i-1)), 2^(2^-s·i)]; in schema -53 bucket `i` ends at `customBounds[i]`.
public struct NativeHistogram: Sendable, Equatable {
    /// What a histogram says about the one before it.
    public enum CounterResetHint: String, Sendable {
        case unknown, reset, notReset = "not_reset", gauge
    }

    /// One bucket's index and count.
    public struct Bucket: Sendable, Equatable {
        public var index: Int32
        public var count: Double

        public init(index: Int32, count: Double) {
            self.index = index
            self.count = count
        }
    }

    /// The schema of histograms with custom bounds.
    public static let customSchema: Int32 = -53

    public var schema: Int32
    public var count: Double
    public var sum: Double
    public var zeroThreshold: Double
    public var zeroCount: Double
    public var positive: [Bucket]
    public var negative: [Bucket]
    /// Upper bounds of the buckets of a histogram with custom bounds, without +Inf.
    public var customBounds: [Double]
    public var counterResetHint: CounterResetHint

    public init(
        schema: Int32 = 0, count: Double = 0, sum: Double = 0, zeroThreshold: Double = 0, zeroCount: Double = 0,
        positive: [Bucket] = [], negative: [Bucket] = [], customBounds: [Double] = [],
        counterResetHint: CounterResetHint = .unknown
    ) {
        self.schema = schema
        self.count = count
        self.sum = sum
        self.zeroThreshold = zeroThreshold
        self.zeroCount = zeroCount
        self.positive = positive
        self.negative = negative
        self.customBounds = customBounds
        self.counterResetHint = counterResetHint
    }

    /// Whether it marks the end of its series.
    public var isStale: Bool { StaleMarker.isStale(sum) }
    public var usesCustomBounds: Bool { schema == NativeHistogram.customSchema }
}
