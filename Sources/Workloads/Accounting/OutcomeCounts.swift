import Simulation

/// How many requests ended in each way.
public struct OutcomeCounts: Sendable, Equatable {
    private var counts = InlineCounts()

    public init() {}

    public subscript(outcome: Outcome) -> Int64 {
        get { counts[Int(outcome.rawValue)] }
        set { counts[Int(outcome.rawValue)] = newValue }
    }

    public mutating func count(_ outcome: Outcome, _ number: Int64 = 1) {
        counts[Int(outcome.rawValue)] &+= number
    }

    public var total: Int64 { (0..<Outcome.allCases.count).reduce(0) { $0 &+ counts[$1] } }
    public var failed: Int64 { total - self[.ok] }

    public static func += (left: inout Self, right: Self) {
        for outcome in Outcome.allCases { left.counts[Int(outcome.rawValue)] &+= right.counts[Int(outcome.rawValue)] }
    }
}

/// Twelve numbers without an allocation.
private struct InlineCounts: Sendable, Equatable {
    private var low: SIMD8<Int64> = .zero
    private var high: SIMD4<Int64> = .zero

    subscript(index: Int) -> Int64 {
        get { index < 8 ? low[index] : high[index - 8] }
        set { if index < 8 { low[index] = newValue } else { high[index - 8] = newValue } }
    }
}

extension OutcomeCounts: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        for outcome in Outcome.allCases { writer.write(self[outcome]) }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init()
        for outcome in Outcome.allCases { self[outcome] = try reader.read() }
    }
}
