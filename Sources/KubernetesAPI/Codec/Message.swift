/// A message of the Kubernetes API: a plain struct, its schema, and one line a field for writing and reading.
///
/// There are no synthesised conformances (they would double the time of a debug build); equality compares encodings.
public protocol Message: FieldValue, Equatable {
    static var schema: MessageSchema { get }
    init()
    /// Hands every field to the writer, by its place in `schema.fields`.
    func encode(to writer: inout some FieldWriter)
    /// Reads the value of one field from the reader.
    mutating func decode(_ place: Int, from reader: inout some FieldReader) throws(FieldError)
}

extension Message {
    public static func == (left: Self, right: Self) -> Bool { left.protobufBytes == right.protobufBytes }
}

/// Receives the fields of a message in the order of its schema.
public protocol FieldWriter {
    mutating func write<Value: FieldValue>(_ field: Int, _ value: Value)
    mutating func write<Value: FieldValue>(_ field: Int, _ value: Value?)
    mutating func write<Value: FieldValue>(_ field: Int, _ values: [Value])
    mutating func write<Value: FieldValue>(_ field: Int, _ values: [String: Value])
    mutating func writeInline<Value: Message>(_ field: Int, _ value: Value)
}

/// Lends the value of one field.
public protocol FieldReader {
    mutating func read<Value: FieldValue>(_ value: inout Value) throws(FieldError)
    mutating func read<Value: FieldValue>(_ value: inout Value?) throws(FieldError)
    mutating func read<Value: FieldValue>(_ values: inout [Value]) throws(FieldError)
    mutating func read<Value: FieldValue>(_ values: inout [String: Value]) throws(FieldError)
}

/// What can stand in a field: a scalar, one of the API's small value types, or a message.
public protocol FieldValue: Sendable {
    /// The name of the Go type, as decoding errors print it (`int32`, `v1.Container`).
    static var goType: String { get }
    init()
    /// Whether Go's `omitempty` would leave the value out.
    var isZero: Bool { get }
    var jsonValue: JSONValue { get }
    /// Writes the value as compact JSON behind what is there: the same bytes as those of `jsonValue`, made without it.
    func writeJSON(to output: inout [UInt8])
    /// Reads a JSON value that is not null; `reader` knows the path and collects unknown fields.
    mutating func setJSON(_ value: JSONValue, _ reader: inout JSONFieldReader) throws(FieldError)
    func writeProtobuf(_ number: Int, to writer: inout ProtobufWriter)
    mutating func setProtobuf(_ wire: ProtobufValue) throws(FieldError)
}

/// Why an object could not be decoded.
public struct FieldError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The text that the API server answers with.
    public var description: String

    public init(_ description: String) { self.description = description }
}
