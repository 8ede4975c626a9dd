public struct Quantity: Sendable, Hashable {
    var text: String
    public init(_ value: Int64) { text = "\(value)" }
    public init(parsing text: String) throws(FieldError) { self.text = text }
    public init(milli: Int64) { text = "\(milli)m" }
    public var value: Int64 { Int64(text) ?? 0 }
    public var milliValue: Int64 { value * 1000 }
    public var isZero: Bool { value == 0 }
    public var description: String { text }
}
extension Quantity {
    public init() { self.init(0) }
}
extension JSONValue {
    var compactBytes: [UInt8] { Array("null".utf8) }
    init(parsingJSON bytes: ArraySlice<UInt8>) throws(FieldError) { self = .null }
}
