import KubernetesAPI
import OrderedCollections

/// Decodes configuration types from a document that was read by the YAML reader, so that scenarios obey the same
/// rules as manifests and an error's coding path leads to a line of the file.
package struct ValueDecoder: Decoder {
    let value: JSONValue
    package let codingPath: [any CodingKey]
    package var userInfo: [CodingUserInfoKey: Any] { [:] }

    package init(_ value: JSONValue, at codingPath: [any CodingKey] = []) {
        self.value = value
        self.codingPath = codingPath
    }

    package func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let members) = value else { throw mismatch("a mapping") }
        return KeyedDecodingContainer(Keyed(members: members, codingPath: codingPath))
    }

    package func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = value else { throw mismatch("a list") }
        return Unkeyed(elements: elements, codingPath: codingPath)
    }

    package func singleValueContainer() throws -> any SingleValueDecodingContainer { Single(decoder: self) }

    func mismatch(_ expected: String) -> DecodingError {
        DecodingError.typeMismatch(
            JSONValue.self,
            DecodingError.Context(
                codingPath: codingPath, debugDescription: "expected \(expected), found \(value.shortDescription)"))
    }

    func scalar<Value: Decodable>(_ type: Value.Type) throws -> Value {
        func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
            switch value {
            case .integer(let number):
                guard let exact = Number(exactly: number) else { throw mismatch("a whole number in range") }
                return exact
            case .number(let number):
                guard let exact = Number(exactly: number) else { throw mismatch("a whole number") }
                return exact
            case .string(let text):
                // Sizes are written as Kubernetes quantities: 180Mi.
                guard let quantity = try? Quantity(parsing: text), let exact = Number(exactly: quantity.value) else {
                    throw mismatch("a whole number")
                }
                return exact
            default: throw mismatch("a whole number")
            }
        }
        let decoded: Any
        switch type {
        case is String.Type:
            switch value {
            case .string(let text): decoded = text
            case .integer(let number): decoded = "\(number)"
            case .number(let number): decoded = "\(number)"
            default: throw mismatch("text")
            }
        case is Bool.Type:
            guard case .bool(let flag) = value else { throw mismatch("true or false") }
            decoded = flag
        case is Double.Type:
            switch value {
            case .integer(let number): decoded = Double(number)
            case .number(let number): decoded = number
            default: throw mismatch("a number")
            }
        case is Int.Type: decoded = try integer(Int.self)
        case is Int64.Type: decoded = try integer(Int64.self)
        case is Int32.Type: decoded = try integer(Int32.self)
        case is UInt64.Type: decoded = try integer(UInt64.self)
        case is UInt32.Type: decoded = try integer(UInt32.self)
        case is UInt8.Type: decoded = try integer(UInt8.self)
        default: return try Value(from: self)
        }
        guard let result = decoded as? Value else { throw mismatch("\(Value.self)") }
        return result
    }

    private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let members: OrderedDictionary<String, JSONValue>
        let codingPath: [any CodingKey]

        var allKeys: [Key] { members.keys.compactMap(Key.init(stringValue:)) }
        func contains(_ key: Key) -> Bool { members[key.stringValue] != nil }

        private func decoder(_ key: Key) throws -> ValueDecoder {
            guard let value = members[key.stringValue] else {
                throw DecodingError.keyNotFound(
                    key,
                    DecodingError.Context(codingPath: codingPath, debugDescription: "\"\(key.stringValue)\" is missing")
                )
            }
            return ValueDecoder(value, at: codingPath + [key])
        }

        func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).value == .null }
        func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
            try decoder(key).scalar(type)
        }

        func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws
            -> KeyedDecodingContainer<Nested>
        {
            try decoder(key).container(keyedBy: type)
        }

        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try decoder(key).unkeyedContainer()
        }

        func superDecoder() throws -> any Decoder { ValueDecoder(.object(members), at: codingPath) }
        func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
    }

    private struct Unkeyed: UnkeyedDecodingContainer {
        let elements: [JSONValue]
        let codingPath: [any CodingKey]
        var currentIndex = 0

        init(elements: [JSONValue], codingPath: [any CodingKey]) {
            self.elements = elements
            self.codingPath = codingPath
        }

        var count: Int? { elements.count }
        var isAtEnd: Bool { currentIndex >= elements.count }

        private func current() throws -> ValueDecoder {
            guard !isAtEnd else {
                throw DecodingError.valueNotFound(
                    JSONValue.self,
                    DecodingError.Context(codingPath: codingPath, debugDescription: "the list is too short"))
            }
            return ValueDecoder(elements[currentIndex], at: codingPath + [IndexKey(currentIndex)])
        }

        mutating func decodeNil() throws -> Bool {
            guard try current().value == .null else { return false }
            currentIndex += 1
            return true
        }

        mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
            let value = try current().scalar(type)
            currentIndex += 1
            return value
        }

        mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<
            Nested
        > {
            let container = try current().container(keyedBy: type)
            currentIndex += 1
            return container
        }

        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
            let container = try current().unkeyedContainer()
            currentIndex += 1
            return container
        }

        mutating func superDecoder() throws -> any Decoder {
            let decoder = try current()
            currentIndex += 1
            return decoder
        }
    }

    private struct Single: SingleValueDecodingContainer {
        let decoder: ValueDecoder
        var codingPath: [any CodingKey] { decoder.codingPath }

        func decodeNil() -> Bool { decoder.value == .null }
        func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.scalar(type) }
    }
}

/// The place of an element in a list, as a coding key.
struct IndexKey: CodingKey {
    let index: Int
    init(_ index: Int) { self.index = index }
    init?(intValue: Int) { index = intValue }
    init?(stringValue: String) { nil }
    var intValue: Int? { index }
    var stringValue: String { "[\(index)]" }
}

extension JSONValue {
    /// The value in a few words, for error messages.
    var shortDescription: String {
        switch self {
        case .null: "nothing"
        case .bool(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .string(let text): "\"\(text.prefix(40))\""
        case .array: "a list"
        case .object: "a mapping"
        }
    }
}

/// What is wrong with a configuration file, where, and what to do.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    public var file: String
    /// Line in the file, from 1; 0 if it is not known.
    public var line: Int
    /// Path of the field, such as `traffic[0].rate`; empty for the whole file.
    public var path: String
    public var message: String

    public init(file: String, line: Int = 0, path: String = "", message: String) {
        self.file = file
        self.line = line
        self.path = path
        self.message = message
    }

    public var description: String {
        (line > 0 ? "\(file):\(line): " : "\(file): ") + (path.isEmpty ? "" : "\(path): ") + message
    }
}

extension ConfigurationError {
    /// Turns a decoding error into file, line and field path. `line` finds a path's line in the document.
    package init(_ error: any Error, file: String, line: (String) -> Int) {
        guard let error = error as? DecodingError else {
            self.init(file: file, message: "\(error)")
            return
        }
        let context: DecodingError.Context =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context
            @unknown default: DecodingError.Context(codingPath: [], debugDescription: "\(error)")
            }
        var path = ""
        for key in context.codingPath {
            path += key.intValue.map { "[\($0)]" } ?? (path.isEmpty ? key.stringValue : "." + key.stringValue)
        }
        self.init(file: file, line: line(path), path: path, message: context.debugDescription)
    }
}
