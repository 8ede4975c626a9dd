/// The block format of Snappy, as remote write compresses its bodies: the length of what comes out, then literals and
/// copies of what is out already.
///
///     let body = try SnappyBlock.decode(compressed, limit: 16 << 20)
///
/// Reading takes time and memory in proportion to the limit, whatever the bytes.
public enum SnappyBlock {
    /// Why a block cannot be read, with the texts of Go's snappy package.
    public enum Failure: Error, Equatable, CustomStringConvertible {
        case corrupt
        /// What comes out would be longer than the limit.
        case tooLarge

        public var description: String {
            switch self {
            case .corrupt: "snappy: corrupt input"
            case .tooLarge: "snappy: decoded block is too large"
            }
        }
    }

    /// - Parameter limit: bytes that may come out.
    public static func decode(_ block: [UInt8], limit: Int) throws(Failure) -> [UInt8] {
        var position = 0
        let length = try length(block, &position)
        guard length <= limit else { throw .tooLarge }
        // A byte of a copy makes at most 64; a length that no content can have reserves nothing.
        guard length <= (block.count - position) * 64 else { throw .corrupt }
        var out: [UInt8] = []
        out.reserveCapacity(length)
        while position < block.count {
            let tag = block[position]
            position += 1
            if tag & 3 == 0 {
                let count = try literalLength(tag, block, &position)
                guard count <= block.count - position, count <= length - out.count else { throw .corrupt }
                out.append(contentsOf: block[position..<position + count])
                position += count
            } else {
                let (offset, count) = try copy(tag, block, &position)
                guard offset > 0, offset <= out.count, count <= length - out.count else { throw .corrupt }
                // What is copied may be what this copy has just written.
                for place in out.count - offset..<out.count - offset + count { out.append(out[place]) }
            }
        }
        guard out.count == length else { throw .corrupt }
        return out
    }

    /// The length before the content: a variable-length integer of at most 32 bits.
    private static func length(_ block: [UInt8], _ position: inout Int) throws(Failure) -> Int {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            guard position < block.count else { throw .corrupt }
            let byte = block[position]
            position += 1
            if shift == 63, byte > 1 { throw .corrupt }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                guard value <= UInt64(UInt32.max) else { throw .corrupt }
                return Int(value)
            }
        }
        throw .corrupt
    }

    private static func literalLength(
        _ tag: UInt8, _ block: [UInt8], _ position: inout Int
    ) throws(Failure) -> Int {
        let short = Int(tag >> 2)
        guard short >= 60 else { return short + 1 }
        return try number(bytes: short - 59, block, &position) + 1
    }

    private static func copy(
        _ tag: UInt8, _ block: [UInt8], _ position: inout Int
    ) throws(Failure) -> (offset: Int, count: Int) {
        switch tag & 3 {
        case 1: (try number(bytes: 1, block, &position) | Int(tag >> 5) << 8, Int(tag >> 2 & 7) + 4)
        case 2: (try number(bytes: 2, block, &position), Int(tag >> 2) + 1)
        default: (try number(bytes: 4, block, &position), Int(tag >> 2) + 1)
        }
    }

    /// A number of up to four bytes, the lowest first.
    private static func number(bytes: Int, _ block: [UInt8], _ position: inout Int) throws(Failure) -> Int {
        guard bytes <= block.count - position else { throw .corrupt }
        let value = block[position..<position + bytes].reversed().reduce(0) { $0 << 8 | Int($1) }
        position += bytes
        return value
    }
}
