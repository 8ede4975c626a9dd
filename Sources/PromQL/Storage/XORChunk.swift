/// Samples of one series, compressed as in Facebook's Gorilla and in Prometheus: times as differences of differences,
/// values as the XOR with the value before. Every value comes back bit by bit, NaNs and stale markers too.
///
/// A time's second difference takes 1 bit if it is zero, else a prefix and 14, 17, 20 or 64 bits; a value takes 1 bit if
/// it is the one before, else its changed bits, in the window of the value before if they fit there.
struct ChunkEncoder: Sendable {
    private(set) var bits = BitWriter()
    private(set) var count = 0
    private(set) var firstTime: Int64 = 0
    private(set) var lastTime: Int64 = 0
    private var lastDelta: Int64 = 0
    private var lastValue: UInt64 = 0
    private var leading = 0xFF
    private var trailing = 0

    /// The value of the newest sample.
    var newestValue: Double { Double(bitPattern: lastValue) }

    /// Adds a sample that is newer than all before.
    @inline(__always)
    mutating func append(time: Int64, value: Double) {
        let pattern = value.bitPattern
        if count == 0 {
            bits.append(UInt64(bitPattern: time), count: 64)
            bits.append(pattern, count: 64)
            firstTime = time
        } else {
            let delta = time &- lastTime
            appendTime(delta &- lastDelta)
            appendValue(pattern ^ lastValue)
            lastDelta = delta
        }
        lastTime = time
        lastValue = pattern
        count &+= 1
    }

    @inline(__always)
    private mutating func appendTime(_ difference: Int64) {
        switch difference {
        case 0: bits.append(0, count: 1)
        case -8191...8192: bits.append(0b10 << 14 | UInt64(bitPattern: difference) & 0x3FFF, count: 16)
        case -65535...65536: bits.append(0b110 << 17 | UInt64(bitPattern: difference) & 0x1_FFFF, count: 20)
        case -524_287...524_288: bits.append(0b1110 << 20 | UInt64(bitPattern: difference) & 0xF_FFFF, count: 24)
        default:
            bits.append(0b1111, count: 4)
            bits.append(UInt64(bitPattern: difference), count: 64)
        }
    }

    @inline(__always)
    private mutating func appendValue(_ changed: UInt64) {
        if changed == 0 {
            bits.append(0, count: 1)
            return
        }
        let zerosBefore = min(changed.leadingZeroBitCount, 31)
        let zerosAfter = changed.trailingZeroBitCount
        if leading != 0xFF, zerosBefore >= leading, zerosAfter >= trailing {
            bits.append(0b10, count: 2)
            bits.append(changed >> UInt64(trailing), count: 64 - leading - trailing)
        } else {
            leading = zerosBefore
            trailing = zerosAfter
            let significant = 64 - zerosBefore - zerosAfter
            // 64 significant bits are written as 0: there is always at least one.
            bits.append(0b11 << 11 | UInt64(zerosBefore) << 6 | UInt64(significant & 63), count: 13)
            bits.append(changed >> UInt64(zerosAfter), count: significant)
        }
    }
}

/// A full chunk: immutable, its words shared by all copies of the store.
struct SealedChunk: Sendable {
    let words: [UInt64]
    let count: Int
    let firstTime: Int64
    let lastTime: Int64

    init(_ encoder: ChunkEncoder) {
        words = Array(encoder.bits.words)
        count = encoder.count
        firstTime = encoder.firstTime
        lastTime = encoder.lastTime
    }

    /// What it takes in memory, with the array's header and this value.
    var byteCount: Int { words.count * 8 + 32 + 32 }
}

enum ChunkDecoder {
    /// Writes the samples of a chunk to `times` and `values`, which have room for `count`.
    static func decode(
        _ words: UnsafeBufferPointer<UInt64>, count: Int, times: UnsafeMutablePointer<Int64>,
        values: UnsafeMutablePointer<Double>
    ) {
        guard count > 0 else { return }
        var reader = BitReader(words)
        var time = Int64(bitPattern: reader.read(64))
        var value = reader.read(64)
        var delta: Int64 = 0
        var trailing: UInt64 = 0
        var significant = 64
        times[0] = time
        values[0] = Double(bitPattern: value)
        var index = 1
        while index < count {
            let next = reader.peek()
            if next >> 63 == 0 {
                reader.skip(1)
            } else {
                switch (~next).leadingZeroBitCount {
                case 1: delta &+= difference(next, prefix: 2, bits: 14, &reader)
                case 2: delta &+= difference(next, prefix: 3, bits: 17, &reader)
                case 3: delta &+= difference(next, prefix: 4, bits: 20, &reader)
                default:
                    reader.skip(4)
                    delta &+= Int64(bitPattern: reader.read(64))
                }
            }
            time &+= delta
            let control = reader.peek()
            if control >> 63 == 0 {
                reader.skip(1)
            } else if control >> 62 == 0b10 {
                reader.skip(2)
                value ^= reader.read(significant) &<< trailing
            } else {
                let leading = Int(control >> 57 & 31)
                significant = Int(control >> 51 & 63)
                if significant == 0 { significant = 64 }
                trailing = UInt64(max(0, 64 - leading - significant))
                reader.skip(13)
                value ^= reader.read(significant) &<< trailing
            }
            times[index] = time
            values[index] = Double(bitPattern: value)
            index &+= 1
        }
    }

    /// A second difference in two's complement, where the value of the sign bit alone is positive (8192, not -8192).
    @inline(__always)
    private static func difference(_ next: UInt64, prefix: Int, bits: Int, _ reader: inout BitReader) -> Int64 {
        let raw = Int64(bitPattern: (next &<< UInt64(prefix)) &>> UInt64(64 &- bits))
        reader.skip(prefix &+ bits)
        return raw > 1 &<< (Int64(bits) &- 1) ? raw &- 1 &<< Int64(bits) : raw
    }
}
