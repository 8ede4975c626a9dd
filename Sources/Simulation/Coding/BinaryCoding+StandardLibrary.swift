extension BinaryCodable where Self: FixedWidthInteger & UnsignedInteger {
    @inlinable public func write(to writer: inout BinaryWriter) { writer.writeVarint(UInt64(self)) }

    @inlinable public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        guard let value = Self(exactly: try reader.readVarint()) else {
            throw .malformed(what: "\(Self.self)", offset: reader.offset)
        }
        self = value
    }
}

extension BinaryCodable where Self: FixedWidthInteger & SignedInteger {
    @inlinable public func write(to writer: inout BinaryWriter) {
        let value = Int64(self)
        writer.writeVarint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    @inlinable public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let raw = try reader.readVarint()
        guard let value = Self(exactly: Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)) else {
            throw .malformed(what: "\(Self.self)", offset: reader.offset)
        }
        self = value
    }
}

extension Int: BinaryCodable {}
extension Int32: BinaryCodable {}
extension Int64: BinaryCodable {}
extension UInt8: BinaryCodable {}
extension UInt16: BinaryCodable {}
extension UInt32: BinaryCodable {}
extension UInt64: BinaryCodable {}

extension Bool: BinaryCodable {
    public func write(to writer: inout BinaryWriter) { writer.writeByte(self ? 1 : 0) }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        switch try reader.readByte() {
        case 0: self = false
        case 1: self = true
        default: throw .malformed(what: "Bool", offset: reader.offset)
        }
    }
}

extension Double: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        withUnsafeBytes(of: bitPattern.littleEndian) { writer.writeRaw($0) }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        var bits: UInt64 = 0
        for (index, byte) in try reader.readRaw(count: 8).enumerated() { bits |= UInt64(byte) << UInt64(8 * index) }
        self.init(bitPattern: bits)
    }
}

extension String: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.writeVarint(UInt64(utf8.count))
        writer.writeRaw(utf8)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let count = try reader.readCount()
        let raw = try reader.readRaw(count: count)
        guard let text = String(validating: raw, as: UTF8.self) else {
            throw .malformed(what: "String", offset: reader.offset)
        }
        self = text
    }
}

extension Optional: BinaryCodable where Wrapped: BinaryCodable {
    @inlinable public func write(to writer: inout BinaryWriter) {
        if let value = self {
            writer.writeByte(1)
            value.write(to: &writer)
        } else {
            writer.writeByte(0)
        }
    }

    @inlinable public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let present: Bool = try reader.read()
        self = present ? try reader.read(Wrapped.self) : nil
    }
}

extension Array: BinaryCodable where Element: BinaryCodable {
    @inlinable public func write(to writer: inout BinaryWriter) {
        writer.writeVarint(UInt64(count))
        for element in self { element.write(to: &writer) }
    }

    @inlinable public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let count = try reader.readCount()
        self = []
        reserveCapacity(Swift.min(count, 65_536))
        for _ in 0..<count { append(try reader.read()) }
    }
}

extension Dictionary: BinaryCodable where Key: BinaryCodable & Comparable, Value: BinaryCodable {
    @inlinable public func write(to writer: inout BinaryWriter) {
        writer.writeVarint(UInt64(count))
        for key in keys.sorted() {
            guard let value = self[key] else { continue }
            key.write(to: &writer)
            value.write(to: &writer)
        }
    }

    @inlinable public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let count = try reader.readCount()
        self = [:]
        for _ in 0..<count {
            let key: Key = try reader.read()
            self[key] = try reader.read(Value.self)
        }
    }
}

extension Set: BinaryCodable where Element: BinaryCodable & Comparable {
    @inlinable public func write(to writer: inout BinaryWriter) { sorted().write(to: &writer) }

    @inlinable public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self = Set(try reader.read([Element].self))
    }
}

/// An enum stored by its raw value, or a wrapper around one value, needs no code of its own.
extension BinaryCodable where Self: RawRepresentable, RawValue: BinaryCodable {
    @inlinable public func write(to writer: inout BinaryWriter) { rawValue.write(to: &writer) }

    @inlinable public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        guard let value = Self(rawValue: try reader.read()) else {
            throw .malformed(what: "\(Self.self)", offset: reader.offset)
        }
        self = value
    }
}

extension SimulationTime: BinaryCodable {
    public func write(to writer: inout BinaryWriter) { writer.write(nanoseconds) }
    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) { nanoseconds = try reader.read() }
}

extension Duration: BinaryCodable {
    public func write(to writer: inout BinaryWriter) { writer.write(nanoseconds) }
    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) { nanoseconds = try reader.read() }
}
