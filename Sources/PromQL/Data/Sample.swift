/// A value of a series at a time.
public struct Sample: Equatable, Sendable {
    /// Milliseconds since the Unix epoch.
    public var time: Int64
    public var value: Double

    public init(time: Int64, value: Double) {
        self.time = time
        self.value = value
    }

    /// Equal to the bit, so that NaN equals NaN.
    public static func == (a: Sample, b: Sample) -> Bool {
        a.time == b.time && a.value.bitPattern == b.value.bitPattern
    }
}

/// A native histogram of a series at a time.
public struct HistogramSample: Equatable, Sendable {
    /// Milliseconds since the Unix epoch.
    public var time: Int64
    public var histogram: NativeHistogram

    public init(time: Int64, histogram: NativeHistogram) {
        self.time = time
        self.histogram = histogram
    }
}

/// The value that says 'this series has ended': one NaN among all the others.
public enum StaleMarker {
    public static let bits: UInt64 = 0x7FF0_0000_0000_0002
    public static let value = Double(bitPattern: bits)

    @inline(__always)
    public static func isStale(_ value: Double) -> Bool { value.bitPattern == bits }
}

/// A sample's reference to one request behind it, such as a trace.
public struct Exemplar: Equatable, Sendable {
    /// The series that it belongs to.
    public var series: Labels
    /// What it refers to, such as `trace_id`.
    public var labels: Labels
    public var value: Double
    /// Milliseconds since the Unix epoch.
    public var time: Int64

    public init(series: Labels, labels: Labels, value: Double, time: Int64) {
        self.series = series
        self.labels = labels
        self.value = value
        self.time = time
    }
}
