/// The value of one field on the wire.
public enum ProtobufValue: Sendable {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    case bytes(ArraySlice<UInt8>)
}

/// Appends fields in protobuf's wire format.
public struct ProtobufWriter: Sendable {
    public var bytes: [UInt8] = []

    public init() {}

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func write(_ number: Int, varint value: UInt64) {
        varint(UInt64(number) << 3)
        varint(value)
    }

    mutating func write(_ number: Int, fixed64 value: UInt64) {
        varint(UInt64(number) << 3 | 1)
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func write(_ number: Int, bytes content: some Collection<UInt8>) {
        varint(UInt64(number) << 3 | 2)
        varint(UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    /// A nested message; its length goes before it, so its bytes are moved once if the length needs several bytes.
    mutating func write(_ number: Int, nested body: (inout ProtobufWriter) -> Void) {
        varint(UInt64(number) << 3 | 2)
        let start = bytes.count
        bytes.append(0)
        body(&self)
        let length = bytes.count - start - 1
        if length < 0x80 {
            bytes[start] = UInt8(length)
        } else {
            var prefix = ProtobufWriter()
            prefix.varint(UInt64(length))
            bytes.replaceSubrange(start...start, with: prefix.bytes)
        }
    }
}

/// Writes a message's fields by the numbers of its schema.
struct ProtobufFieldWriter: FieldWriter {
    let schema: MessageSchema
    var output: ProtobufWriter

    mutating func write<Value: FieldValue>(_ field: Int, _ value: Value) {
        if !value.isZero { value.writeProtobuf(schema.fields[field].number, to: &output) }
    }

    mutating func write<Value: FieldValue>(_ field: Int, _ value: Value?) {
        value?.writeProtobuf(schema.fields[field].number, to: &output)
    }

    mutating func write<Value: FieldValue>(_ field: Int, _ values: [Value]) {
        for value in values { value.writeProtobuf(schema.fields[field].number, to: &output) }
    }

    mutating func write<Value: FieldValue>(_ field: Int, _ values: [String: Value]) {
        guard !values.isEmpty else { return }
        for key in values.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            output.write(schema.fields[field].number) { entry in
                key.writeProtobuf(1, to: &entry)
                values[key]?.writeProtobuf(2, to: &entry)
            }
        }
    }

    mutating func writeInline<Value: Message>(_ field: Int, _ value: Value) { write(field, value) }
}

/// Reads one field after the other; reading never traps, whatever the bytes.
public struct ProtobufFieldReader: FieldReader {
    var wire: ProtobufValue = .varint(0)
    private let bytes: ArraySlice<UInt8>
    private var offset: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        offset = bytes.startIndex
    }

    mutating func varint() throws(FieldError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.endIndex {
            let byte = bytes[offset]
            offset += 1
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { break }
        }
        throw FieldError("protobuf: truncated or overlong integer")
    }

    /// The number of the next field, whose value is then in `wire`; nil at the end.
    mutating func next() throws(FieldError) -> Int? {
        guard offset < bytes.endIndex else { return nil }
        let tag = try varint()
        switch tag & 7 {
        case 0: wire = .varint(try varint())
        case 1: wire = .fixed64(try fixed(8))
        case 2:
            let count = try varint()
            guard count <= UInt64(bytes.endIndex - offset) else { throw FieldError("protobuf: truncated field") }
            wire = .bytes(bytes[offset..<offset + Int(count)])
            offset += Int(count)
        case 5: wire = .fixed32(UInt32(truncatingIfNeeded: try fixed(4)))
        default: throw FieldError("protobuf: unsupported wire type \(tag & 7)")
        }
        return Int(truncatingIfNeeded: tag >> 3)
    }

    private mutating func fixed(_ count: Int) throws(FieldError) -> UInt64 {
        guard count <= bytes.endIndex - offset else { throw FieldError("protobuf: truncated field") }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        offset += count
        return value
    }

    public mutating func read<Value: FieldValue>(_ value: inout Value) throws(FieldError) {
        try value.setProtobuf(wire)
    }

    public mutating func read<Value: FieldValue>(_ value: inout Value?) throws(FieldError) {
        var read = value ?? Value()
        try read.setProtobuf(wire)
        value = read
    }

    public mutating func read<Value: FieldValue>(_ values: inout [Value]) throws(FieldError) {
        var read = Value()
        try read.setProtobuf(wire)
        values.append(read)
    }

    public mutating func read<Value: FieldValue>(_ values: inout [String: Value]) throws(FieldError) {
        guard case .bytes(let entry) = wire else { throw FieldError("protobuf: a map entry is not a message") }
        var key = ""
        var value = Value()
        var inner = ProtobufFieldReader(entry)
        while let number = try inner.next() {
            switch number {
            case 1: try inner.read(&key)
            case 2: try inner.read(&value)
            default: break
            }
        }
        values[key] = value
    }
}

extension Message {
    /// The message in protobuf's wire format: what protobuf clients get, and what snapshots hold.
    public var protobufBytes: [UInt8] {
        var writer = ProtobufFieldWriter(schema: Self.schema, output: ProtobufWriter())
        encode(to: &writer)
        return writer.output.bytes
    }

    /// Reads a message; unknown field numbers are skipped, as protobuf wants it.
    public init(protobuf bytes: ArraySlice<UInt8>) throws(FieldError) {
        self.init()
        try merge(protobuf: bytes)
    }

    mutating func merge(protobuf bytes: ArraySlice<UInt8>) throws(FieldError) {
        var reader = ProtobufFieldReader(bytes)
        let fields = Self.schema.fields
        while let number = try reader.next() {
            guard let index = fields.firstIndex(where: { $0.number == number }) else { continue }
            try decode(index, from: &reader)
        }
    }

    public func writeProtobuf(_ number: Int, to writer: inout ProtobufWriter) {
        writer.write(number) { inner in
            var fields = ProtobufFieldWriter(schema: Self.schema, output: ProtobufWriter())
            swap(&fields.output, &inner)
            encode(to: &fields)
            swap(&fields.output, &inner)
        }
    }

    public mutating func setProtobuf(_ wire: ProtobufValue) throws(FieldError) {
        guard case .bytes(let bytes) = wire else { throw FieldError("protobuf: \(Self.schema.name) is not a message") }
        try merge(protobuf: bytes)
    }
}
