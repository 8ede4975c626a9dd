/// Parts of a snapshot that lie beside it under the hash of their content, so that a series of snapshots that have a part in
/// common holds it once.
///
/// What grows by adding (samples of the past) is attached; what changes is written in place. A writer without attachments
/// writes everything in place: so a state has one sequence of bytes, whatever is kept beside it.
public struct Attachments: Sendable, Equatable {
    /// The hash of a part: 128 bits over its bytes, which protects from damage, not from malice.
    public struct Name: Sendable, Hashable, Comparable {
        public var left: UInt64
        public var right: UInt64

        public init(left: UInt64, right: UInt64) {
            self.left = left
            self.right = right
        }

        public init(of bytes: [UInt8]) {
            var digest = Digest()
            digest.fold(bytes)
            (left, right) = digest.fingerprint
        }

        public static func < (a: Self, b: Self) -> Bool { (a.left, a.right) < (b.left, b.right) }
    }

    private var parts: [Name: [UInt8]] = [:]

    public init() {}

    public subscript(name: Name) -> [UInt8]? { parts[name] }
    public var count: Int { parts.count }
    /// In ascending order.
    public var names: [Name] { parts.keys.sorted() }

    @discardableResult public mutating func insert(_ bytes: [UInt8]) -> Name {
        let name = Name(of: bytes)
        parts[name] = bytes
        return name
    }

    /// Takes a part under the name that it is said to have; one that has another content is not found later.
    public mutating func insert(_ bytes: [UInt8], as name: Name) {
        guard Name(of: bytes) == name else { return }
        parts[name] = bytes
    }
}

extension Attachments.Name: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        for half in [left, right] { withUnsafeBytes(of: half.littleEndian) { writer.writeRaw($0) } }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        func half() throws(BinaryDecodingError) -> UInt64 {
            try reader.readRaw(count: 8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        self.init(left: try half(), right: try half())
    }
}

extension BinaryWriter {
    /// Writes a part beside and its name here; only where ``attachments`` are there.
    public mutating func attach(_ part: (inout BinaryWriter) -> Void) {
        var writer = BinaryWriter()
        part(&writer)
        guard let name = attachments?.insert(writer.bytes) else { return }
        write(name)
    }
}

extension BinaryReader {
    /// A reader of the part whose name stands here.
    public mutating func readAttached() throws(BinaryDecodingError) -> BinaryReader {
        let name: Attachments.Name = try read()
        guard let bytes = attachments?[name] else { throw .malformed(what: "attachment", offset: offset) }
        return BinaryReader(bytes)
    }
}
