/// The value of an attribute or of a log record's body: OTLP's `AnyValue`.
public indirect enum AttributeValue: Sendable, Equatable {
    case string(String)
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case bytes([UInt8])
    case array([AttributeValue])
    /// Pairs in the order in which they were written; a key stands once.
    case map([Attribute])
}

/// A name and its value: OTLP's `KeyValue`.
public struct Attribute: Sendable, Equatable {
    public var key: String
    public var value: AttributeValue

    public init(_ key: String, _ value: AttributeValue) {
        self.key = key
        self.value = value
    }
}
