/// A field selector such as `status.phase!=Running,metadata.name=web` (`k8s.io/apimachinery/pkg/fields`).
public struct FieldQuery: Sendable, Hashable {
    public struct Requirement: Sendable, Hashable {
        public var field: String
        public var value: String
        /// `!=`
        public var isNegated: Bool
    }

    public private(set) var requirements: [Requirement] = []

    /// Reads a selector text; a backslash keeps a comma, an equals sign or itself from its meaning.
    public init(parsing text: String) throws(SelectorError) {
        for term in Self.terms(Array(text.utf8)) where !term.isEmpty {
            guard let (field, sign, value) = Self.split(term) else {
                throw SelectorError(
                    "invalid selector: '\(text)'; can't understand '\(String(decoding: term, as: UTF8.self))'")
            }
            requirements.append(
                Requirement(
                    field: String(decoding: field, as: UTF8.self), value: try Self.unescaped(value),
                    isNegated: sign == "!="))
        }
    }

    public var isEmpty: Bool { requirements.isEmpty }

    /// Whether an object matches; `value` gives a field's text, nil counting as the empty text.
    public func matches(_ value: (String) -> String?) -> Bool {
        for row in requirements where ((value(row.field) ?? "") == row.value) == row.isNegated { return false }
        return true
    }

    /// The value that a field must have, if the query says so.
    public func requiredValue(of field: String) -> String? {
        requirements.first { $0.field == field && !$0.isNegated }?.value
    }

    /// Pieces between commas that no backslash precedes.
    private static func terms(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var terms: [ArraySlice<UInt8>] = []
        var start = 0
        var escaped = false
        for (index, byte) in bytes.enumerated() {
            if escaped {
                escaped = false
            } else if byte == UInt8(ascii: "\\") {
                escaped = true
            } else if byte == UInt8(ascii: ",") {
                terms.append(bytes[start..<index])
                start = index + 1
            }
        }
        terms.append(bytes[start...])
        return terms
    }

    /// A field, `=`, `==` or `!=`, and the value's bytes.
    private static func split(_ term: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, String, ArraySlice<UInt8>)? {
        for index in term.indices {
            for sign in ["!=", "==", "="] where term[index...].starts(with: sign.utf8) {
                return (term[..<index], sign, term[(index + sign.utf8.count)...])
            }
        }
        return nil
    }

    private static func unescaped(_ bytes: ArraySlice<UInt8>) throws(SelectorError) -> String {
        var output: [UInt8] = []
        var escaped = false
        for byte in bytes {
            switch (escaped, byte) {
            case (true, UInt8(ascii: "\\")), (true, UInt8(ascii: ",")), (true, UInt8(ascii: "=")):
                output.append(byte)
                escaped = false
            case (true, _):
                let sequence = "\\" + String(UnicodeScalar(byte))
                throw SelectorError("invalid field selector: invalid escape sequence: \(sequence)")
            case (false, UInt8(ascii: "\\")): escaped = true
            case (false, UInt8(ascii: ",")), (false, UInt8(ascii: "=")):
                throw SelectorError("invalid field selector: unescaped character in value: \(byte)")
            default: output.append(byte)
            }
        }
        if escaped { throw SelectorError("invalid field selector: invalid escape sequence: \\") }
        return String(decoding: output, as: UTF8.self)
    }
}
