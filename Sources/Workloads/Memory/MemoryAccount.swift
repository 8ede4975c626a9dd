import Simulation

/// Resident memory of one process. It never falls: the allocator keeps what it once had (reference section 4).
struct MemoryAccount: Sendable, Equatable {
    /// Bytes in use: interpreter, caches, leaks and requests in flight.
    var live: Int64 = 0
    /// The most that was ever in use, which is what the kernel sees.
    private(set) var resident: Int64 = 0
    var cache: Int64 = 0
    var leaked: Int64 = 0

    /// Takes (or gives back) bytes; how much the resident set grew.
    mutating func add(_ bytes: Int64) -> Int64 {
        live = max(0, live.addingSaturating(bytes))
        guard live > resident else { return 0 }
        let growth = live - resident
        resident = live
        return growth
    }
}

extension MemoryAccount: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(live)
        writer.write(resident)
        writer.write(cache)
        writer.write(leaked)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        live = try reader.read()
        resident = try reader.read()
        cache = try reader.read()
        leaked = try reader.read()
    }
}
