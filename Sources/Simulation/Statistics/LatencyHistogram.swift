/// Latencies in logarithmic buckets, each at most 3% wide, from a microsecond to an hour and beyond.
public struct LatencyHistogram: Sendable, Equatable {
    /// Buckets from `first` on; empty ones at both ends are not kept.
    private var counts: [UInt32] = []
    private var first = 0
    public private(set) var count: Int64 = 0
    public private(set) var sum = Duration.zero

    public init() {}

    /// 32 buckets to an octave of microseconds.
    private static func bucket(_ latency: Duration) -> Int {
        let micros = UInt64(max(0, latency.nanoseconds / 1000))
        guard micros >= 32 else { return Int(micros) }
        let exponent = 63 - micros.leadingZeroBitCount
        return (exponent - 4) * 32 + Int((micros >> UInt64(exponent - 5)) & 31)
    }

    /// The first latency above a bucket.
    private static func upperBound(_ bucket: Int) -> Duration {
        guard bucket >= 32 else { return .microseconds(Int64(bucket) + 1) }
        let exponent = bucket / 32 + 4
        let mantissa = Int64(bucket % 32) + 33
        return .microseconds(mantissa << Int64(exponent - 5))
    }

    public mutating func record(_ latency: Duration, count number: UInt32 = 1) {
        addBucket(Self.bucket(latency), number)
        count += Int64(number)
        sum += number == 1 ? latency : latency * Int64(number)
    }

    /// The latency that a share of all stayed below, exact to the bucket; zero without any.
    public func quantile(_ share: Double) -> Duration {
        guard count > 0 else { return .zero }
        let rank = max(1, Int64((share * Double(count)).rounded(.up)))
        var seen: Int64 = 0
        for (index, number) in counts.enumerated() {
            seen += Int64(number)
            if seen >= rank { return Self.upperBound(first + index) }
        }
        return Self.upperBound(first + counts.count - 1)
    }

    /// How many took at most `bound`, by bucket: those in the bound's own bucket count in proportion.
    public func count(atMost bound: Duration) -> Double {
        let limit = Self.bucket(bound)
        var seen = 0.0
        for (index, number) in counts.enumerated() where first + index <= limit {
            guard first + index == limit else {
                seen += Double(number)
                continue
            }
            let low = limit == 0 ? .zero : Self.upperBound(limit - 1)
            let width = Self.upperBound(limit) - low
            seen +=
                Double(number) * min(1, max(0, Double((bound - low).nanoseconds) / Double(max(1, width.nanoseconds))))
        }
        return seen
    }

    public var mean: Duration { count == 0 ? .zero : sum / count }

    public static func += (left: inout Self, right: Self) {
        for (index, number) in right.counts.enumerated() where number > 0 {
            left.addBucket(right.first + index, number)
        }
        left.count += right.count
        left.sum += right.sum
    }

    private mutating func addBucket(_ bucket: Int, _ number: UInt32) {
        let place = bucket - first
        if place >= 0, place < counts.count {
            counts[place] &+= number
            return
        }
        if counts.isEmpty { first = bucket }
        if bucket < first {
            counts.insert(contentsOf: repeatElement(0, count: first - bucket), at: 0)
            first = bucket
        }
        while bucket - first >= counts.count { counts.append(0) }
        counts[bucket - first] &+= number
    }
}

extension LatencyHistogram: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(first)
        writer.write(counts)
        writer.write(count)
        writer.write(sum)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        first = try reader.read()
        counts = try reader.read()
        count = try reader.read()
        sum = try reader.read()
        guard first >= 0, first < 1 << 20 else { throw .malformed(what: "histogram", offset: reader.offset) }
    }
}
