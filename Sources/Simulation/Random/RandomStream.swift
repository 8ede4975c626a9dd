/// One named source of randomness. Two streams of different names are independent, so adding a component never
/// shifts the dice of another.
///
/// xoshiro256++ (Blackman and Vigna), seeded by SplitMix64 over the world's seed and the stream's name.
public struct RandomStream: RandomNumberGenerator, Sendable, Equatable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// - Parameters:
    ///   - seed: the world's seed.
    ///   - name: a path such as `traffic/support-agent`; equal names give equal streams.
    public init(seed: UInt64, name: String) {
        var mix = seed ^ 0x9e37_79b9_7f4a_7c15
        var name = name
        name.withUTF8 { for byte in $0 { mix = (mix ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 } }
        func next() -> UInt64 {
            mix &+= 0x9e37_79b9_7f4a_7c15
            var z = mix
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
        state = (next(), next(), next(), next())
    }

    public mutating func next() -> UInt64 {
        func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 { (value << count) | (value >> (64 - count)) }
        let result = rotate(state.0 &+ state.3, 23) &+ state.0
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotate(state.3, 45)
        return result
    }

    /// Uniform in 0 ..< 1, in steps of 2⁻⁵³.
    public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform in 0 ..< bound by multiplication and rejection (Lemire); 0 for a bound of 0.
    public mutating func below(_ bound: UInt64) -> UInt64 {
        guard bound > 0 else { return 0 }
        var product = next().multipliedFullWidth(by: bound)
        if product.low < bound {
            let threshold = (0 &- bound) % bound
            while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
        }
        return product.high
    }

    /// True with probability `probability`.
    public mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    public static func == (left: Self, right: Self) -> Bool { left.state == right.state }
}

extension RandomStream: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        for word in [state.0, state.1, state.2, state.3] { writer.write(word) }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        state = (try reader.read(), try reader.read(), try reader.read(), try reader.read())
    }
}
