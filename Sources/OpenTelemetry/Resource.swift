/// What telemetry comes from: a service's instance, a pod, a node. OTLP's `Resource`, with the `schema_url` that OTLP
/// keeps beside it.
///
/// Spans and log records of one process hold the same array of attributes, so that a resource costs its bytes once.
public struct Resource: Sendable, Equatable {
    public var attributes: [Attribute]
    public var droppedAttributesCount: UInt32
    public var schemaURL: String

    public init(_ attributes: [Attribute] = [], droppedAttributesCount: UInt32 = 0, schemaURL: String = "") {
        self.attributes = attributes
        self.droppedAttributesCount = droppedAttributesCount
        self.schemaURL = schemaURL
    }

    /// `service.name`; nil if it is missing or no text.
    public var serviceName: String? { attributes.value(of: "service.name")?.string }
}

/// The library that made spans, records or metrics: OTLP's `InstrumentationScope`.
public struct InstrumentationScope: Sendable, Equatable {
    public var name: String
    public var version: String
    public var attributes: [Attribute]
    public var droppedAttributesCount: UInt32
    public var schemaURL: String

    public init(
        name: String = "", version: String = "", attributes: [Attribute] = [], droppedAttributesCount: UInt32 = 0,
        schemaURL: String = ""
    ) {
        self.name = name
        self.version = version
        self.attributes = attributes
        self.droppedAttributesCount = droppedAttributesCount
        self.schemaURL = schemaURL
    }
}
