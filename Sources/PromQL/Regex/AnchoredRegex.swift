/// A regular expression that must match a whole label value, as `^(?s:pattern)$` in Prometheus.
///
/// Lists of words (`api|web`), prefixes (`api.*`) and the like are recognised and compared directly.
public struct AnchoredRegex: Sendable {
    private enum Shortcut: Sendable {
        case none, anything, something
        case oneOf([String])
        case prefix(String, atLeastOne: Bool)
    }

    private let program: RegexProgram
    private let shortcut: Shortcut

    /// Compiles the pattern; fails with Go's text of what is wrong with it.
    public init(_ pattern: String) throws(RegexError) {
        var parser = RegexParser(pattern, dotMatchesNewline: true)
        let node = try parser.parse()
        program = try RegexProgram(node, groupNames: parser.groupNames, pattern: pattern)
        shortcut = AnchoredRegex.shortcut(node)
    }

    /// The values that alone can match, if the pattern is a list of words.
    public var alternatives: [String]? { if case .oneOf(let words) = shortcut { words } else { nil } }

    /// Whether the whole text matches.
    public func matches(_ text: String) -> Bool {
        switch shortcut {
        case .anything: true
        case .something: !text.isEmpty
        case .oneOf(let words): words.contains { ByteOrder.same($0, text) }
        case .prefix(let prefix, let more):
            text.utf8.starts(with: prefix.utf8) && (!more || text.utf8.count > prefix.utf8.count)
        case .none: program.matches(text.unicodeScalars.map(\.value))
        }
    }

    /// The replacement of a match of the whole text, with `$1`, `${name}` and `$$` expanded as Go's `Expand` does; nil if
    /// the text does not match.
    public func replace(_ text: String, with template: String) -> String? {
        let scalars = Array(text.unicodeScalars)
        guard let slots = program.captures(scalars.map(\.value)) else { return nil }
        func group(_ name: String) -> String {
            let index = Int(name) ?? program.groupNames.firstIndex(of: name) ?? -1
            if index == 0 { return text }
            guard index > 0, index * 2 + 1 < slots.count, slots[index * 2] >= 0, slots[index * 2 + 1] >= 0 else {
                return ""
            }
            return String(String.UnicodeScalarView(scalars[slots[index * 2]..<slots[index * 2 + 1]]))
        }
        var out = ""
        var rest = Array(template.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            guard scalar == "$" else {
                out.unicodeScalars.append(scalar)
                continue
            }
            if rest.first == "$" {
                rest.removeFirst()
                out += "$"
                continue
            }
            let braced = rest.first == "{"
            let body = braced ? rest.dropFirst() : rest
            let name = body.prefix { $0 == "_" || $0.properties.isAlphabetic || $0.properties.numericType != nil }
            if name.isEmpty || (braced && body.dropFirst(name.count).first != "}") {
                out += "$"
                continue
            }
            out += group(String(String.UnicodeScalarView(name)))
            rest = body.dropFirst(name.count + (braced ? 1 : 0))
        }
        return out
    }

    private static func shortcut(_ node: RegexNode) -> Shortcut {
        if let words = words(node), words.count <= 1000 { return .oneOf(words) }
        func isRest(_ node: RegexNode) -> Bool? {
            guard case .repetition(.characters(.everything), let minimum, nil, _) = node, minimum <= 1 else {
                return nil
            }
            return minimum == 1
        }
        if let more = isRest(node) { return more ? .something : .anything }
        guard case .sequence(let items) = node, let last = items.last, let more = isRest(last),
            let prefix = words(.sequence(Array(items.dropLast()))), prefix.count == 1
        else { return .none }
        return .prefix(prefix[0], atLeastOne: more)
    }

    /// All texts that a node can match, if they are few and spelled out.
    private static func words(_ node: RegexNode) -> [String]? {
        switch node {
        case .empty: return [""]
        case .characters(let set):
            guard set.ranges.count == 1, set.ranges[0].count == 1, let scalar = Unicode.Scalar(set.ranges[0].lowerBound)
            else { return nil }
            return [String(scalar)]
        case .group(let inner, _): return words(inner)
        case .sequence(let items):
            var out = [""]
            for item in items {
                guard let next = words(item), out.count * next.count <= 1000 else { return nil }
                out = out.flatMap { head in next.map { head + $0 } }
            }
            return out
        case .alternation(let branches):
            var out: [String] = []
            for branch in branches {
                guard let next = words(branch) else { return nil }
                out += next
            }
            return out
        default: return nil
        }
    }
}
