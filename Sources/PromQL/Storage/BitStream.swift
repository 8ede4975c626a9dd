/// Bits packed from the most significant end of 64-bit words.
struct BitWriter: Sendable, Equatable {
    private(set) var words: [UInt64] = []
    private(set) var bitCount = 0

    /// Appends the low `count` bits of `bits`, 1 to 64.
    @inline(__always)
    mutating func append(_ bits: UInt64, count: Int) {
        let used = bitCount & 63
        let aligned = bits << UInt64(64 &- count)
        if used == 0 {
            words.append(aligned)
        } else {
            words[words.count &- 1] |= aligned >> UInt64(used)
            if used &+ count > 64 { words.append(aligned << UInt64(64 &- used)) }
        }
        bitCount &+= count
    }
}

/// Reads what `BitWriter` wrote. Reading past the end gives zeros and never traps.
struct BitReader {
    private let words: UnsafeBufferPointer<UInt64>
    private var position = 0

    @inline(__always)
    init(_ words: UnsafeBufferPointer<UInt64>) { self.words = words }

    @inline(__always)
    private func word(_ index: Int) -> UInt64 { index < words.count ? words[index] : 0 }

    /// The next 64 bits without taking them.
    @inline(__always)
    func peek() -> UInt64 {
        let index = position &>> 6
        let offset = UInt64(position & 63)
        let high = word(index) &<< offset
        return offset == 0 ? high : high | (word(index &+ 1) &>> (64 &- offset))
    }

    @inline(__always)
    mutating func skip(_ count: Int) { position &+= count }

    /// The next `count` bits, 1 to 64.
    @inline(__always)
    mutating func read(_ count: Int) -> UInt64 {
        let bits = peek() &>> UInt64(64 &- count)
        position &+= count
        return bits
    }
}
