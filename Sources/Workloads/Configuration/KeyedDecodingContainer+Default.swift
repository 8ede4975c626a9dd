extension KeyedDecodingContainer {
    /// The value of a key, or what stands there already: scenarios state only what differs from the defaults.
    func decode<Value: Decodable>(_ key: Key, or fallback: Value) throws -> Value {
        try decodeIfPresent(Value.self, forKey: key) ?? fallback
    }
}

/// Any key, so that keys that nobody knows can be found.
struct AnyCodingKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// A container whose keys must all be known: a misspelt parameter is an error, not a default.
    func strictContainer<Key: CodingKey & CaseIterable>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        let known = Key.allCases.map(\.stringValue)
        for key in try container(keyedBy: AnyCodingKey.self).allKeys where !known.contains(key.stringValue) {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: codingPath,
                    debugDescription: "unknown field \"\(key.stringValue)\"; known: \(known.joined(separator: ", "))"))
        }
        return try container(keyedBy: type)
    }
}
