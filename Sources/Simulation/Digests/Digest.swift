/// A streaming hash of 128 bits over integers, texts and bytes; the same on every machine. Not for secrets.
///
/// Two lanes, each folding 64 bits at a time by a full-width multiplication, finished with an avalanche.
public struct Digest: Sendable, Hashable, CustomStringConvertible {
    private var left: UInt64 = 0x243f_6a88_85a3_08d3
    private var right: UInt64 = 0x1319_8a2e_0370_7344
    private var length: UInt64 = 0

    public init() {}

    /// Folds one number.
    @inline(__always) public mutating func fold(_ value: UInt64) {
        let a = (left ^ value).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        let b = (right ^ value ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(by: 0xe703_7ed1_a0b4_28db)
        left = a.high ^ a.low ^ right
        right = b.high ^ b.low ^ value
        length &+= 1
    }

    public mutating func fold(_ value: Int64) { fold(UInt64(bitPattern: value)) }

    /// Folds bytes, eight at a time, and their number.
    public mutating func fold(_ bytes: some Sequence<UInt8>) {
        var word: UInt64 = 0
        var held: UInt64 = 0
        var count: UInt64 = 0
        for byte in bytes {
            word |= UInt64(byte) << (8 * held)
            held += 1
            count += 1
            if held == 8 {
                fold(word)
                (word, held) = (0, 0)
            }
        }
        fold(word)
        fold(count)
    }

    /// The same for bytes that lie side by side.
    public mutating func fold(_ bytes: [UInt8]) { bytes.withUnsafeBytes { fold($0) } }

    /// The same for the bytes of a text in UTF-8.
    public mutating func fold(_ text: String) {
        var text = text
        text.withUTF8 { fold(UnsafeRawBufferPointer($0)) }
    }

    private mutating func fold(_ bytes: UnsafeRawBufferPointer) {
        let words = bytes.count / 8
        for word in 0..<words {
            fold(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self)))
        }
        var rest: UInt64 = 0
        for place in words * 8..<bytes.count { rest |= UInt64(bytes[place]) << UInt64(8 * (place - words * 8)) }
        fold(rest)
        fold(UInt64(bytes.count))
    }

    /// The finished value as two numbers.
    public var fingerprint: (left: UInt64, right: UInt64) { (finish(left), finish(right)) }

    private func finish(_ value: UInt64) -> UInt64 {
        var z = value ^ length
        z = (z ^ (z >> 32)) &* 0xd6e8_feb8_6659_fd93
        z = (z ^ (z >> 32)) &* 0xd6e8_feb8_6659_fd93
        return z ^ (z >> 32)
    }

    /// The finished value in 32 hexadecimal digits.
    public var description: String {
        func hexadecimal(_ value: UInt64) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return hexadecimal(finish(left)) + hexadecimal(finish(right))
    }
}

extension Digest: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(left)
        writer.write(right)
        writer.write(length)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        left = try reader.read()
        right = try reader.read()
        length = try reader.read()
    }
}

/// The digest of a run, event by event.
public struct RunDigest: Sendable, Equatable {
    public private(set) var value = Digest()
    public private(set) var events: UInt64 = 0

    public init() {}

    @inline(__always) public mutating func fold(time: SimulationTime, sequence: UInt64, kind: UInt8) {
        value.fold(UInt64(bitPattern: time.nanoseconds))
        value.fold(sequence << 8 | UInt64(kind))
        events += 1
    }
}

extension RunDigest: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(value)
        writer.write(events)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        value = try reader.read()
        events = try reader.read()
    }
}
