import PromQL

/// Makes bodies of remote writes, byte by byte.
enum RemoteWriteEncoder {
    static func varint(_ value: UInt64) -> [UInt8] {
        var (value, bytes) = (value, [UInt8]())
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        return bytes + [UInt8(value)]
    }

    static func integer(_ number: Int, _ value: Int64) -> [UInt8] {
        varint(UInt64(number) << 3) + varint(UInt64(bitPattern: value))
    }

    static func zigzag(_ number: Int, _ value: Int64) -> [UInt8] {
        integer(number, (value << 1) ^ (value >> 63))
    }

    static func double(_ number: Int, _ value: Double) -> [UInt8] {
        varint(UInt64(number) << 3 | 1) + (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    }

    static func block(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
        varint(UInt64(number) << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }

    static func labels(_ pairs: [(String, String)]) -> [UInt8] {
        pairs.flatMap { name, value in block(1, block(1, Array(name.utf8)) + block(2, Array(value.utf8))) }
    }

    static func series(
        _ pairs: [(String, String)], _ samples: [(Int64, Double)] = [], exemplars: [[UInt8]] = [],
        histograms: [[UInt8]] = []
    ) -> [UInt8] {
        let written = samples.flatMap { block(2, double(1, $1) + integer(2, $0)) }
        return block(
            1,
            labels(pairs) + written + exemplars.flatMap { block(3, $0) } + histograms.flatMap { block(4, $0) })
    }

    static func exemplar(_ pairs: [(String, String)], _ value: Double, at time: Int64) -> [UInt8] {
        labels(pairs) + double(2, value) + integer(3, time)
    }

    /// A block of literals only, which every decoder has to read.
    static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var out = varint(UInt64(bytes.count))
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(60)
            out += [UInt8(part.count - 1) << 2] + part
            rest = rest.dropFirst(60)
        }
        return out
    }

    /// A block with copies, found greedily by the last place at which the next four bytes stood.
    static func compressed(_ bytes: [UInt8]) -> [UInt8] {
        var out = varint(UInt64(bytes.count))
        var seen: [[UInt8]: Int] = [:]
        var (place, literal) = (0, 0)
        func flush(to end: Int) {
            var rest = bytes[literal..<end]
            while !rest.isEmpty {
                let part = rest.prefix(300)
                out +=
                    part.count <= 60
                    ? [UInt8(part.count - 1) << 2]
                    : part.count <= 256
                        ? [60 << 2, UInt8(part.count - 1)]
                        : [61 << 2, UInt8((part.count - 1) & 255), UInt8((part.count - 1) >> 8)]
                out += part
                rest = rest.dropFirst(part.count)
            }
        }
        while place + 4 <= bytes.count {
            let key = Array(bytes[place..<place + 4])
            let last = seen.updateValue(place, forKey: key)
            guard let before = last, place - before < 60_000 else {
                place += 1
                continue
            }
            var count = 4
            while count < 64, place + count < bytes.count, bytes[before + count] == bytes[place + count] { count += 1 }
            flush(to: place)
            let offset = place - before
            if count <= 11, offset < 2048 {
                out += [1 | UInt8(count - 4) << 2 | UInt8(offset >> 8) << 5, UInt8(offset & 255)]
            } else if offset % 2 == 0 {
                out += [2 | UInt8(count - 1) << 2, UInt8(offset & 255), UInt8(offset >> 8)]
            } else {
                out += [3 | UInt8(count - 1) << 2, UInt8(offset & 255), UInt8(offset >> 8), 0, 0]
            }
            place += count
            literal = place
        }
        flush(to: bytes.count)
        return out
    }
}
