import KubernetesAPI
import PromQL

/// Why a matcher of an Alertmanager's configuration, silence or filter cannot be read, in Alertmanager's words.
public struct MatcherError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String
}

/// The text of matchers as Alertmanager reads them: `foo="bar"`, `foo=bar`, `foo=~"a|b"`, `{a="b",c!="d"}`.
///
/// Follows the classic parser, which leaves quotes to the writer, and takes quoted names as the UTF-8 parser of
/// Alertmanager 0.27 does.
public enum MatcherText {
    /// One matcher, such as `severity=~"page|ticket"`.
    /// - Throws: `bad matcher format: …` and the like.
    public static func parse(_ text: String) throws(MatcherError) -> LabelMatcher {
        let bytes = trimmed(Array(text.utf8)[...])
        let wrong = MatcherError(description: "bad matcher format: \(text)")
        guard let (name, afterName) = readName(bytes) else { throw wrong }
        var rest = trimmed(afterName)
        let kind: LabelMatcher.Kind
        if rest.starts(with: "=~".utf8) {
            kind = .matches
            rest = rest.dropFirst(2)
        } else if rest.starts(with: "!=".utf8) {
            kind = .notEqual
            rest = rest.dropFirst(2)
        } else if rest.starts(with: "!~".utf8) {
            kind = .matchesNot
            rest = rest.dropFirst(2)
        } else if rest.first == UInt8(ascii: "=") {
            kind = .equal
            rest = rest.dropFirst()
        } else {
            throw wrong
        }
        return try matcher(name, kind, try value(trimmed(rest)))
    }

    /// Matchers between commas, in braces or not. Commas in quotes do not part them; an empty text has none.
    public static func parseList(_ text: String) throws(MatcherError) -> [LabelMatcher] {
        var bytes = trimmed(Array(text.utf8)[...])
        if bytes.first == UInt8(ascii: "{") { bytes = bytes.dropFirst() }
        if bytes.last == UInt8(ascii: "}") { bytes = bytes.dropLast() }
        var parts: [[UInt8]] = []
        var current: [UInt8] = []
        var inQuotes = false
        var escaped = false
        for byte in bytes {
            if byte == UInt8(ascii: ","), !inQuotes {
                parts.append(current)
                current = []
                continue
            }
            if byte == UInt8(ascii: "\""), !escaped { inQuotes.toggle() }
            escaped = byte == UInt8(ascii: "\\") && !escaped
            current.append(byte)
        }
        // A comma after the last matcher is allowed.
        if !trimmed(current[...]).isEmpty { parts.append(current) }
        var matchers: [LabelMatcher] = []
        for part in parts { matchers.append(try parse(String(decoding: part, as: UTF8.self))) }
        return matchers
    }

    /// A matcher of parts that were read elsewhere.
    public static func matcher(_ name: String, _ kind: LabelMatcher.Kind, _ value: String) throws(MatcherError)
        -> LabelMatcher
    {
        do {
            return try LabelMatcher(name, kind, value)
        } catch {
            throw MatcherError(description: "\(error)")
        }
    }

    /// As Alertmanager prints one: `name=~"value"`, with the escapes of OpenMetrics.
    public static func text(_ matcher: LabelMatcher) -> String {
        var out = isLabelName(matcher.name) ? matcher.name : GoQuote.quote(matcher.name)
        out += matcher.kind.rawValue + "\""
        for scalar in matcher.value.unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\"": out += "\\\""
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    /// As Alertmanager prints a list: `{a="b",c="d"}`.
    public static func text(_ matchers: [LabelMatcher]) -> String {
        "{" + matchers.map { text($0) }.joined(separator: ",") + "}"
    }

    /// Alertmanager's order of matchers in a route: by name, value and operator.
    static func sorted(_ matchers: [LabelMatcher]) -> [LabelMatcher] {
        func rank(_ kind: LabelMatcher.Kind) -> Int {
            switch kind {
            case .equal: 0
            case .notEqual: 1
            case .matches: 2
            case .matchesNot: 3
            }
        }
        return matchers.sorted { a, b in
            if a.name != b.name { return a.name.utf8.lexicographicallyPrecedes(b.name.utf8) }
            if a.value != b.value { return a.value.utf8.lexicographicallyPrecedes(b.value.utf8) }
            return rank(a.kind) < rank(b.kind)
        }
    }

    /// The classic rule for names of labels: letters, digits and underscores, no digit first.
    static func isLabelName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(48...57).contains(first) else { return false }
        return name.utf8.allSatisfy { isWord($0) }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_")
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var out = bytes.drop { isSpace($0) }
        while let last = out.last, isSpace(last) { out = out.dropLast() }
        return out
    }

    private static func readName(_ bytes: ArraySlice<UInt8>) -> (String, ArraySlice<UInt8>)? {
        if bytes.first == UInt8(ascii: "\"") {
            var escaped = false
            for index in bytes.indices.dropFirst() {
                if bytes[index] == UInt8(ascii: "\""), !escaped {
                    guard let name = GoQuote.unquote(String(decoding: bytes[...index], as: UTF8.self)), !name.isEmpty
                    else { return nil }
                    return (name, bytes[(index + 1)...])
                }
                escaped = bytes[index] == UInt8(ascii: "\\") && !escaped
            }
            return nil
        }
        let name = bytes.prefix { isWord($0) || $0 == UInt8(ascii: ":") }
        guard let first = name.first, !(48...57).contains(first) else { return nil }
        return (String(decoding: name, as: UTF8.self), bytes.dropFirst(name.count))
    }

    /// A value with or without quotes; a backslash that escapes nothing stands for itself, as in patterns.
    private static func value(_ bytes: ArraySlice<UInt8>) throws(MatcherError) -> String {
        let shown = String(decoding: bytes, as: UTF8.self)
        let unescaped = MatcherError(description: "matcher value contains unescaped double quote: \(shown)")
        var body = bytes
        let quoted = body.first == UInt8(ascii: "\"")
        if quoted { body = body.dropFirst() }
        var out: [UInt8] = []
        var escaped = false
        for (place, index) in body.indices.enumerated() {
            let byte = body[index]
            if escaped {
                escaped = false
                switch byte {
                case UInt8(ascii: "n"): out.append(10)
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(byte)
                default: out += [UInt8(ascii: "\\"), byte]
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\\"):
                if place == body.count - 1 { out.append(byte) } else { escaped = true }
            case UInt8(ascii: "\""):
                guard quoted, place == body.count - 1 else { throw unescaped }
                return String(decoding: out, as: UTF8.self)
            default: out.append(byte)
            }
        }
        if quoted { throw unescaped }
        return String(decoding: out, as: UTF8.self)
    }
}

extension [LabelMatcher] {
    /// Whether all of them hold for a label set; a label that is not there has the empty value.
    func allMatch(_ labels: Labels) -> Bool { allSatisfy { $0.matches(labels[$0.name]) } }
}
