/// Why a protobuf message cannot be read, with the texts of Prometheus' generated code.
public struct ProtobufError: Error, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }

    static let unexpectedEnd = ProtobufError("unexpected EOF")
    static let overflow = ProtobufError("proto: integer overflow")
}

/// Walks over the fields of one protobuf message; what it reads lies in the bytes and is not copied.
struct ProtobufReader {
    /// How a value is written.
    enum Wire: UInt64 {
        case varint, fixed64, bytes, groupStart, groupEnd, fixed32
    }

    struct Field {
        let number: Int
        let wire: Wire
    }

    let bytes: ArraySlice<UInt8>
    /// The message's name, for errors.
    let message: String
    private(set) var position: Int

    init(_ bytes: ArraySlice<UInt8>, message: String) {
        self.bytes = bytes
        self.message = message
        position = bytes.startIndex
    }

    /// The next field's key; nil at the end.
    mutating func next() throws(ProtobufError) -> Field? {
        guard position < bytes.endIndex else { return nil }
        let key = try varint()
        let (number, wire) = (Int32(truncatingIfNeeded: key >> 3), key & 7)
        if wire == Wire.groupEnd.rawValue {
            throw ProtobufError("proto: \(message): wiretype end group for non-group")
        }
        guard number > 0 else { throw ProtobufError("proto: \(message): illegal tag \(number) (wire type \(key))") }
        guard let wire = Wire(rawValue: wire) else { throw ProtobufError("proto: illegal wireType \(wire)") }
        return Field(number: Int(number), wire: wire)
    }

    mutating func varint() throws(ProtobufError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            guard position < bytes.endIndex else { throw .unexpectedEnd }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .overflow
    }

    /// Zigzag: 0, -1, 1, -2 …
    mutating func signedVarint() throws(ProtobufError) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    mutating func double() throws(ProtobufError) -> Double { Double(bitPattern: try fixed(8)) }

    private mutating func fixed(_ count: Int) throws(ProtobufError) -> UInt64 {
        guard count <= bytes.endIndex - position else { throw .unexpectedEnd }
        let value = bytes[position..<position + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        position += count
        return value
    }

    /// What a length stands before: a message, a text, packed numbers.
    mutating func block() throws(ProtobufError) -> ArraySlice<UInt8> {
        let length = try varint()
        guard length <= UInt64(Int64.max) else {
            throw ProtobufError("proto: negative length found during unmarshaling")
        }
        guard length <= UInt64(bytes.endIndex - position) else { throw .unexpectedEnd }
        let block = bytes[position..<position + Int(length)]
        position += Int(length)
        return block
    }

    /// Refuses a field that is written in another way than its type is.
    func expect(_ wire: Wire, _ field: Field, _ name: String) throws(ProtobufError) {
        guard field.wire == wire else {
            throw ProtobufError("proto: wrong wireType = \(field.wire.rawValue) for field \(name)")
        }
    }

    /// Passes over a field that is not known, groups with all that is in them.
    mutating func skip(_ field: Field) throws(ProtobufError) {
        var wire = field.wire
        var depth = 0
        while true {
            switch wire {
            case .varint: _ = try varint()
            case .fixed64: _ = try fixed(8)
            case .bytes: _ = try block()
            case .fixed32: _ = try fixed(4)
            case .groupStart: depth += 1
            case .groupEnd:
                guard depth > 0 else { throw ProtobufError("proto: unexpected end of group") }
                depth -= 1
            }
            if depth == 0 { return }
            guard position < bytes.endIndex else { throw .unexpectedEnd }
            let key = try varint() & 7
            guard let next = Wire(rawValue: key) else { throw ProtobufError("proto: illegal wireType \(key)") }
            wire = next
        }
    }

    /// A repeated number: one, or many in a block.
    mutating func repeated<Number>(
        _ field: Field, _ name: String, as wire: Wire, into numbers: inout [Number],
        _ read: (inout ProtobufReader) throws(ProtobufError) -> Number
    ) throws(ProtobufError) {
        guard field.wire == .bytes else {
            try expect(wire, field, name)
            numbers.append(try read(&self))
            return
        }
        var packed = ProtobufReader(try block(), message: message)
        while packed.position < packed.bytes.endIndex { numbers.append(try read(&packed)) }
    }
}
