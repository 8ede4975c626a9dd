import OpenTelemetry
import Simulation

extension AttributeValue: BinaryCodable {
    /// Levels of lists and maps that are written and read; what lies deeper is written as an empty text, so that neither
    /// a value nor a snapshot exhausts the stack.
    private static let maximumCodedDepth = 64

    public func write(to writer: inout BinaryWriter) { write(to: &writer, depth: 0) }

    private func write(to writer: inout BinaryWriter, depth: Int) {
        switch self {
        case .string(let text):
            writer.writeByte(0)
            writer.write(text)
        case .bool(let flag):
            writer.writeByte(1)
            writer.write(flag)
        case .int(let number):
            writer.writeByte(2)
            writer.write(number)
        case .double(let number):
            writer.writeByte(3)
            writer.write(number)
        case .bytes(let bytes):
            writer.writeByte(4)
            writer.writeVarint(UInt64(bytes.count))
            writer.writeRaw(bytes)
        case .array where depth >= Self.maximumCodedDepth, .map where depth >= Self.maximumCodedDepth:
            AttributeValue.string("").write(to: &writer, depth: depth)
        case .array(let values):
            writer.writeByte(5)
            writer.write(values.count)
            for value in values { value.write(to: &writer, depth: depth + 1) }
        case .map(let members):
            writer.writeByte(6)
            writer.write(members.count)
            for member in members {
                writer.write(member.key)
                member.value.write(to: &writer, depth: depth + 1)
            }
        }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self = try Self.read(from: &reader, depth: 0)
    }

    private static func read(
        from reader: inout BinaryReader, depth: Int
    ) throws(BinaryDecodingError) -> AttributeValue {
        let tag = try reader.readByte()
        switch tag {
        case 0: return .string(try reader.read())
        case 1: return .bool(try reader.read())
        case 2: return .int(try reader.read())
        case 3: return .double(try reader.read())
        case 4:
            let count = try reader.readCount()
            return .bytes(Array(try reader.readRaw(count: count)))
        case 5, 6:
            let count: Int = try reader.read()
            guard depth < maximumCodedDepth, count >= 0, count <= reader.remaining else {
                throw .malformed(what: "AttributeValue", offset: reader.offset)
            }
            if tag == 5 {
                var values: [AttributeValue] = []
                for _ in 0..<count { values.append(try read(from: &reader, depth: depth + 1)) }
                return .array(values)
            }
            var members: [Attribute] = []
            for _ in 0..<count {
                members.append(Attribute(try reader.read(), try read(from: &reader, depth: depth + 1)))
            }
            return .map(members)
        default: throw .malformed(what: "AttributeValue", offset: reader.offset)
        }
    }
}

extension Attribute: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(key)
        writer.write(value)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(try reader.read(), try reader.read())
    }
}

extension Resource: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(attributes)
        writer.write(droppedAttributesCount)
        writer.write(schemaURL)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(try reader.read(), droppedAttributesCount: try reader.read(), schemaURL: try reader.read())
    }
}

extension InstrumentationScope: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(name)
        writer.write(version)
        writer.write(attributes)
        writer.write(droppedAttributesCount)
        writer.write(schemaURL)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(
            name: try reader.read(), version: try reader.read(), attributes: try reader.read(),
            droppedAttributesCount: try reader.read(), schemaURL: try reader.read())
    }
}
