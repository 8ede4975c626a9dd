/// An instant of simulated time: whole nanoseconds since the start of the world.
///
/// Arithmetic saturates at the ends of the range (about 292 years either side), so that a hostile duration in an
/// input can neither trap nor wrap into the past.
public struct SimulationTime: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// Nanoseconds since the world began; never negative for anything that happens.
    public var nanoseconds: Int64

    @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The instant at which a world begins.
    public static let zero = SimulationTime(nanoseconds: 0)
    /// An instant that is never reached.
    public static let never = SimulationTime(nanoseconds: .max)

    /// Seconds since the world began, for reports only: a `Double` cannot hold every instant.
    @inlinable public var seconds: Double { Double(nanoseconds) / 1e9 }

    @inlinable public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    @inlinable public static func + (time: Self, span: Duration) -> Self {
        SimulationTime(nanoseconds: time.nanoseconds.addingSaturating(span.nanoseconds))
    }

    @inlinable public static func - (time: Self, span: Duration) -> Self {
        SimulationTime(nanoseconds: time.nanoseconds.subtractingSaturating(span.nanoseconds))
    }

    @inlinable public static func - (later: Self, earlier: Self) -> Duration {
        Duration(nanoseconds: later.nanoseconds.subtractingSaturating(earlier.nanoseconds))
    }

    @inlinable public static func += (time: inout Self, span: Duration) { time = time + span }
}

/// A span of simulated time in whole nanoseconds. It may be negative; arithmetic saturates.
public struct Duration: Hashable, Comparable, Sendable, BitwiseCopyable {
    public var nanoseconds: Int64

    @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The nearest span to a number of seconds, half away from zero; not-a-number gives zero, infinities saturate.
    @inlinable public init(seconds: Double) {
        let scaled = (seconds * 1e9).rounded()
        if scaled.isNaN {
            nanoseconds = 0
        } else if scaled >= 9.2e18 {
            nanoseconds = .max
        } else if scaled <= -9.2e18 {
            nanoseconds = .min
        } else {
            nanoseconds = Int64(scaled)
        }
    }

    public static let zero = Duration(nanoseconds: 0)

    @inlinable public static func nanoseconds(_ count: Int64) -> Self { Duration(nanoseconds: count) }
    @inlinable public static func microseconds(_ count: Int64) -> Self {
        Duration(nanoseconds: count.multiplyingSaturating(1_000))
    }
    @inlinable public static func milliseconds(_ count: Int64) -> Self {
        Duration(nanoseconds: count.multiplyingSaturating(1_000_000))
    }
    @inlinable public static func seconds(_ count: Int64) -> Self {
        Duration(nanoseconds: count.multiplyingSaturating(1_000_000_000))
    }
    @inlinable public static func minutes(_ count: Int64) -> Self { seconds(count.multiplyingSaturating(60)) }
    @inlinable public static func hours(_ count: Int64) -> Self { seconds(count.multiplyingSaturating(3_600)) }

    /// Seconds as a floating-point number, for reports and physics.
    @inlinable public var seconds: Double { Double(nanoseconds) / 1e9 }
    /// Whole seconds, rounded toward zero, as Kubernetes prints and compares ages.
    @inlinable public var wholeSeconds: Int64 { nanoseconds / 1_000_000_000 }

    @inlinable public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }
    @inlinable public static func + (left: Self, right: Self) -> Self {
        Duration(nanoseconds: left.nanoseconds.addingSaturating(right.nanoseconds))
    }
    @inlinable public static func - (left: Self, right: Self) -> Self {
        Duration(nanoseconds: left.nanoseconds.subtractingSaturating(right.nanoseconds))
    }
    @inlinable public static func * (left: Self, right: Int64) -> Self {
        Duration(nanoseconds: left.nanoseconds.multiplyingSaturating(right))
    }
    @inlinable public static func * (left: Self, right: Double) -> Self { Duration(seconds: left.seconds * right) }
    @inlinable public static func / (left: Self, right: Int64) -> Self {
        right == 0 ? .zero : Duration(nanoseconds: left.nanoseconds.dividedReportingOverflow(by: right).partialValue)
    }
    @inlinable public static prefix func - (span: Self) -> Self { .zero - span }
    @inlinable public static func += (left: inout Self, right: Self) { left = left + right }
    @inlinable public static func -= (left: inout Self, right: Self) { left = left - right }
}

extension Int64 {
    /// The sum, or the nearest end of the range.
    @inlinable public func addingSaturating(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the nearest end of the range.
    @inlinable public func subtractingSaturating(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }

    /// The product, or the nearest end of the range.
    @inlinable public func multiplyingSaturating(_ other: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
    }
}
