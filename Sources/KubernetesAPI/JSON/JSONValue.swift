import OrderedCollections

/// A JSON document. Object members keep the order in which they were read; output sorts them where Kubernetes does.
public indirect enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(OrderedDictionary<String, JSONValue>)
}
