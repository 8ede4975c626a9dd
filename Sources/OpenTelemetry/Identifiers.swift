/// The identifier of a trace: 16 bytes, written as 32 lower-case hexadecimal digits.
public struct TraceID: Hashable, Comparable, Sendable, BitwiseCopyable, CustomStringConvertible {
    /// The first eight bytes, the first of them most significant.
    public let high: UInt64
    /// The last eight bytes. Consistent sampling takes its randomness from the last seven.
    public let low: UInt64

    /// What is written for "no trace"; it identifies none.
    public static let invalid = TraceID(high: 0, low: 0)

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The identifier of exactly 16 bytes; nil for any other number.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.init(high: Hexadecimal.word(bytes.prefix(8)), low: Hexadecimal.word(bytes.dropFirst(8)))
    }

    /// The identifier of exactly 32 hexadecimal digits of either case, as OTLP's JSON has them.
    public init?(hexadecimal text: String) {
        let digits = Array(text.utf8)
        guard digits.count == 32, let high = Hexadecimal.value(digits[..<16]),
            let low = Hexadecimal.value(digits[16...])
        else { return nil }
        self.init(high: high, low: low)
    }

    public var isValid: Bool { high != 0 || low != 0 }
    public var bytes: [UInt8] { Hexadecimal.bytes(high) + Hexadecimal.bytes(low) }
    public var description: String { Hexadecimal.text(high) + Hexadecimal.text(low) }

    public static func < (a: TraceID, b: TraceID) -> Bool { a.high != b.high ? a.high < b.high : a.low < b.low }
}

/// The identifier of a span within its trace: 8 bytes, written as 16 lower-case hexadecimal digits.
public struct SpanID: Hashable, Comparable, Sendable, BitwiseCopyable, CustomStringConvertible {
    /// The bytes as a number, the first most significant.
    public let rawValue: UInt64

    /// What is written for "no span": the parent of a root.
    public static let invalid = SpanID(0)

    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// The identifier of exactly 8 bytes; nil for any other number.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 8 else { return nil }
        self.init(Hexadecimal.word(bytes))
    }

    /// The identifier of exactly 16 hexadecimal digits of either case, as OTLP's JSON has them.
    public init?(hexadecimal text: String) {
        let digits = Array(text.utf8)
        guard digits.count == 16, let value = Hexadecimal.value(digits[...]) else { return nil }
        self.init(value)
    }

    public var isValid: Bool { rawValue != 0 }
    public var bytes: [UInt8] { Hexadecimal.bytes(rawValue) }
    public var description: String { Hexadecimal.text(rawValue) }

    public static func < (a: SpanID, b: SpanID) -> Bool { a.rawValue < b.rawValue }
}

/// Words of eight bytes and their hexadecimal digits.
enum Hexadecimal {
    static func word(_ bytes: some Collection<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

    static func bytes(_ word: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
    }

    /// The value of at most 16 digits; nil if one is none.
    static func value(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt64(digit - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return value
    }

    /// All 16 digits of a word.
    static func text(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
