/// Number, mean, variance, least and greatest of a stream of values, none of which is kept.
///
/// Welford's update; two summaries merge exactly in the count and to rounding in the rest (Chan, Golub and LeVeque).
/// Values that are not finite are not counted.
public struct StreamingMoments: Sendable, Equatable {
    public private(set) var count: Int64 = 0
    /// 0 without values.
    public private(set) var mean = 0.0
    /// The sum of squared distances from the mean.
    private var squares = 0.0
    /// Infinity without values.
    public private(set) var least = Double.infinity
    /// Minus infinity without values.
    public private(set) var greatest = -Double.infinity

    public init() {}

    public mutating func record(_ value: Double) {
        guard value.isFinite else { return }
        count += 1
        let distance = value - mean
        mean += distance / Double(count)
        squares += distance * (value - mean)
        least = min(least, value)
        greatest = max(greatest, value)
    }

    /// Of the values as a sample of more (divided by n - 1); 0 for fewer than two.
    public var variance: Double { count > 1 ? squares / Double(count - 1) : 0 }
    public var deviation: Double { variance.squareRoot() }
    public var sum: Double { mean * Double(count) }

    public static func += (left: inout Self, right: Self) {
        guard right.count > 0 else { return }
        guard left.count > 0 else {
            left = right
            return
        }
        let (a, b) = (Double(left.count), Double(right.count))
        let distance = right.mean - left.mean
        left.squares += right.squares + distance * distance * (a * b / (a + b))
        left.mean += distance * (b / (a + b))
        left.count += right.count
        left.least = min(left.least, right.least)
        left.greatest = max(left.greatest, right.greatest)
    }
}

extension StreamingMoments: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(count)
        writer.write(mean)
        writer.write(squares)
        writer.write(least)
        writer.write(greatest)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        count = try reader.read()
        mean = try reader.read()
        squares = try reader.read()
        least = try reader.read()
        greatest = try reader.read()
        guard count >= 0 else { throw .malformed(what: "moments", offset: reader.offset) }
    }
}
