/// A value that writes itself into a section of a snapshot and reads itself back.
///
/// The encoding has no field names: a section states its version and a type writes its fields in order. Whatever
/// influences the future of a world is written; indexes that can be rebuilt are not. Dictionaries and sets are
/// written in the order of their keys, so that equal worlds have equal bytes and digests.
public protocol BinaryCodable {
    func write(to writer: inout BinaryWriter)
    init(from reader: inout BinaryReader) throws(BinaryDecodingError)
}

/// Why a snapshot could not be read. Reading never traps, whatever the bytes.
public enum BinaryDecodingError: Error, Equatable, Sendable {
    /// The bytes end before the value does; the offset at which more was needed.
    case truncated(offset: Int)
    /// The bytes cannot stand for a value of this type.
    case malformed(what: String, offset: Int)
    /// The section was written by another version of its component.
    case version(section: String, found: Int, expected: Int)
}

/// Appends values to a growing buffer of bytes; integers are variable-length, signed ones zigzag.
public struct BinaryWriter: Sendable {
    public internal(set) var bytes: [UInt8] = []
    /// What lies beside the bytes; nil where all stands in them.
    public var attachments: Attachments?

    public init() {}

    public init(reservingCapacity capacity: Int) { bytes.reserveCapacity(capacity) }

    @inline(__always) public mutating func writeByte(_ byte: UInt8) { bytes.append(byte) }

    public mutating func writeVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    public mutating func writeRaw(_ raw: some Collection<UInt8>) { bytes.append(contentsOf: raw) }

    @inlinable public mutating func write<Value: BinaryCodable>(_ value: Value) { value.write(to: &self) }

    /// Starts a section: its name and version are checked by ``BinaryReader/section(_:version:)``.
    public mutating func section(_ name: String, version: Int) {
        write(name)
        write(version)
    }
}

/// Reads values in the order in which a ``BinaryWriter`` wrote them.
public struct BinaryReader: Sendable {
    private let bytes: [UInt8]
    public private(set) var offset = 0
    /// What lies beside the bytes; nil where all stands in them.
    public var attachments: Attachments?

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public var isAtEnd: Bool { offset == bytes.count }
    /// Bytes that are left; a count read from the input can be checked against it before anything is allocated.
    public var remaining: Int { bytes.count - offset }

    public mutating func readByte() throws(BinaryDecodingError) -> UInt8 {
        guard offset < bytes.count else { throw .truncated(offset: offset) }
        defer { offset += 1 }
        return bytes[offset]
    }

    public mutating func readVarint() throws(BinaryDecodingError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try readByte()
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { throw .malformed(what: "integer", offset: offset) }
        }
    }

    public mutating func readRaw(count: Int) throws(BinaryDecodingError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else { throw .truncated(offset: offset) }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    /// A count of elements, each of which takes at least one byte.
    public mutating func readCount() throws(BinaryDecodingError) -> Int {
        let count = try readVarint()
        guard count <= UInt64(remaining) else { throw .truncated(offset: offset) }
        return Int(count)
    }

    @inlinable public mutating func read<Value: BinaryCodable>(_ type: Value.Type = Value.self)
        throws(BinaryDecodingError) -> Value
    {
        try Value(from: &self)
    }

    /// Checks that a section of this name and version begins here.
    public mutating func section(_ name: String, version: Int) throws(BinaryDecodingError) {
        _ = try section(name, versions: version...version)
    }

    /// Checks that a section of this name begins here, in one of the versions that can be read.
    /// - Returns: the version in which it was written.
    public mutating func section(_ name: String, versions: ClosedRange<Int>) throws(BinaryDecodingError) -> Int {
        let found: String = try read()
        guard found == name else {
            throw .malformed(what: "section \(name), found \(found.prefix(40))", offset: offset)
        }
        let foundVersion: Int = try read()
        guard versions.contains(foundVersion) else {
            throw .version(section: name, found: foundVersion, expected: versions.upperBound)
        }
        return foundVersion
    }
}
