/// Why a pattern is no regular expression, in the words of Go's `regexp`.
public struct RegexError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, such as `missing closing )`.
    public let code: String
    /// The part of the pattern that it is about.
    public let expression: String

    public var description: String { "error parsing regexp: \(code): `\(expression)`" }
}

/// A parsed regular expression.
indirect enum RegexNode: Sendable, Equatable {
    case empty
    case nothing
    case characters(CharacterRanges)
    case beginText, endText, beginLine, endLine, wordBoundary, noWordBoundary
    case group(RegexNode, index: Int?)
    case sequence([RegexNode])
    case alternation([RegexNode])
    case repetition(RegexNode, minimum: Int, maximum: Int?, greedy: Bool)
}

/// Reads RE2's language. Bounds: 1,000 repetitions, 1,000 levels of nesting, as Go's.
struct RegexParser {
    private struct Flags {
        var foldCase = false
        var multiline = false
        var dotAll: Bool
        var ungreedy = false
    }

    private let scalars: [Unicode.Scalar]
    private let pattern: String
    private var position = 0
    private var flags: Flags
    private var depth = 0
    private(set) var groupNames: [String?] = [nil]

    /// `dotMatchesNewline` is what Prometheus asks for with `(?s:…)`.
    init(_ pattern: String, dotMatchesNewline: Bool) {
        self.pattern = pattern
        scalars = Array(pattern.unicodeScalars)
        flags = Flags(dotAll: dotMatchesNewline)
    }

    mutating func parse() throws(RegexError) -> RegexNode {
        let node = try alternation()
        if position < scalars.count { throw RegexError(code: "unexpected )", expression: pattern) }
        return node
    }

    private var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private func text(_ range: Range<Int>) -> String { String(String.UnicodeScalarView(scalars[range])) }

    private func looking(at prefix: String) -> Bool {
        let wanted = Array(prefix.unicodeScalars)
        return position + wanted.count <= scalars.count
            && Array(scalars[position..<(position + wanted.count)]) == wanted
    }

    private mutating func alternation() throws(RegexError) -> RegexNode {
        depth += 1
        if depth > 1000 { throw RegexError(code: "expression nests too deeply", expression: pattern) }
        defer { depth -= 1 }
        let outer = flags
        var branches = [try sequence()]
        while peek == "|" {
            position += 1
            branches.append(try sequence())
        }
        flags = outer
        return branches.count == 1 ? branches[0] : .alternation(branches)
    }

    private mutating func sequence() throws(RegexError) -> RegexNode {
        var items: [RegexNode] = []
        var repeatable = false
        var lastRepeat: Int?
        while let scalar = peek, scalar != "|", scalar != ")" {
            let start = position
            switch scalar {
            case "*", "+", "?":
                position += 1
                try repeatLast(&items, repeatable, start, lastRepeat, scalar == "+" ? 1 : 0, scalar == "?" ? 1 : nil)
                lastRepeat = start
                continue
            case "{":
                if let (minimum, maximum) = try bounds() {
                    try repeatLast(&items, repeatable, start, lastRepeat, minimum, maximum)
                    lastRepeat = start
                    continue
                }
                position += 1
                items.append(literal("{"))
            case "(":
                guard let group = try group() else {
                    // Flags for the rest of the group.
                    lastRepeat = nil
                    repeatable = false
                    continue
                }
                items.append(group)
            case "[": items.append(.characters(try bracket()))
            case ".":
                position += 1
                items.append(.characters(flags.dotAll ? .everything : CharacterRanges(ranges: [0...9, 11...0x10FFFF])))
            case "^":
                position += 1
                items.append(flags.multiline ? .beginLine : .beginText)
            case "$":
                position += 1
                items.append(flags.multiline ? .endLine : .endText)
            case "\\":
                if looking(at: "\\Q") {
                    position += 2
                    while position < scalars.count, !looking(at: "\\E") {
                        items.append(literal(scalars[position]))
                        position += 1
                    }
                    if position < scalars.count { position += 2 }
                } else {
                    items.append(try escape())
                }
            default:
                position += 1
                items.append(literal(scalar))
            }
            repeatable = true
            lastRepeat = nil
        }
        return items.count == 1 ? items[0] : items.isEmpty ? .empty : .sequence(items)
    }

    private func literal(_ scalar: Unicode.Scalar) -> RegexNode {
        let set = CharacterRanges(scalar)
        return .characters(flags.foldCase ? set.caseFolded : set)
    }

    private mutating func repeatLast(
        _ items: inout [RegexNode], _ repeatable: Bool, _ start: Int, _ lastRepeat: Int?, _ minimum: Int,
        _ maximum: Int?
    ) throws(RegexError) {
        var greedy = !flags.ungreedy
        if peek == "?" {
            position += 1
            greedy.toggle()
        }
        if let lastRepeat {
            throw RegexError(code: "invalid nested repetition operator", expression: text(lastRepeat..<position))
        }
        guard repeatable, let last = items.popLast() else {
            throw RegexError(code: "missing argument to repetition operator", expression: text(start..<position))
        }
        if minimum > 1 || (maximum ?? 0) > 1, RegexParser.repeats(last) * max(minimum, maximum ?? minimum) > 1000 {
            throw RegexError(code: "invalid repeat count", expression: text(start..<position))
        }
        items.append(.repetition(last, minimum: minimum, maximum: maximum, greedy: greedy))
    }

    /// How many times the inside of a node is repeated by counted repetitions, at most.
    private static func repeats(_ node: RegexNode) -> Int {
        switch node {
        case .repetition(let inner, let minimum, let maximum, _):
            max(1, max(minimum, maximum ?? minimum)) * repeats(inner)
        case .group(let inner, _): repeats(inner)
        case .sequence(let items), .alternation(let items): items.map(repeats).max() ?? 1
        default: 1
        }
    }

    /// `{n}`, `{n,}` or `{n,m}`; nil if it is a literal brace.
    private mutating func bounds() throws(RegexError) -> (Int, Int?)? {
        let start = position
        var cursor = position + 1
        func number() -> Int? {
            let first = cursor
            while cursor < scalars.count, ("0"..."9").contains(scalars[cursor]) { cursor += 1 }
            return first == cursor ? nil : cursor - first > 8 ? 1_000_000 : Int(text(first..<cursor))
        }
        guard let minimum = number(), cursor < scalars.count else { return nil }
        var maximum: Int? = minimum
        if scalars[cursor] == "," {
            cursor += 1
            maximum = number()
        }
        guard cursor < scalars.count, scalars[cursor] == "}" else { return nil }
        position = cursor + 1
        if minimum > 1000 || (maximum ?? 0) > 1000 || (maximum.map { $0 < minimum } ?? false) {
            throw RegexError(code: "invalid repeat count", expression: text(start..<position))
        }
        return (minimum, maximum)
    }

    private mutating func group() throws(RegexError) -> RegexNode? {
        let start = position
        position += 1
        var index: Int?
        var inner: Flags?
        if peek == "?" {
            if looking(at: "?P<") || looking(at: "?<") {
                position += looking(at: "?P<") ? 3 : 2
                let first = position
                while let scalar = peek, scalar != ">" { position += scalar == ">" ? 0 : 1 }
                guard peek == ">" else {
                    throw RegexError(code: "invalid named capture", expression: text(start..<scalars.count))
                }
                let name = text(first..<position)
                position += 1
                guard !name.isEmpty,
                    name.unicodeScalars.allSatisfy({
                        $0 == "_" || $0.properties.isAlphabetic || ("0"..."9").contains($0)
                    })
                else { throw RegexError(code: "invalid named capture", expression: text(start..<position)) }
                if groupNames.contains(name) {
                    throw RegexError(code: "duplicate capture group name", expression: name)
                }
                index = groupNames.count
                groupNames.append(name)
            } else {
                position += 1
                var changed = flags
                var on = true
                var any = false
                loop: while true {
                    guard let scalar = peek else {
                        throw RegexError(code: "missing closing )", expression: pattern)
                    }
                    position += 1
                    switch scalar {
                    case "i": changed.foldCase = on
                    case "m": changed.multiline = on
                    case "s": changed.dotAll = on
                    case "U": changed.ungreedy = on
                    case "-":
                        guard on else { throw invalidFlags(start) }
                        on = false
                        any = false
                        continue
                    case ":", ")":
                        if !on && !any { throw invalidFlags(start) }
                        if scalar == ")" {
                            flags = changed
                            return nil
                        }
                        inner = changed
                        break loop
                    default: throw invalidFlags(start)
                    }
                    any = true
                }
            }
        } else {
            index = groupNames.count
            groupNames.append(nil)
        }
        let outer = flags
        if let inner { flags = inner }
        let node = try alternation()
        guard peek == ")" else { throw RegexError(code: "missing closing )", expression: pattern) }
        position += 1
        flags = outer
        return .group(node, index: index)
    }

    private func invalidFlags(_ start: Int) -> RegexError {
        RegexError(code: "invalid or unsupported Perl syntax", expression: text(start..<position))
    }

    private mutating func escape() throws(RegexError) -> RegexNode {
        let start = position
        guard position + 1 < scalars.count else {
            throw RegexError(code: "trailing backslash at end of expression", expression: "")
        }
        switch scalars[position + 1] {
        case "A":
            position += 2
            return .beginText
        case "z":
            position += 2
            return .endText
        case "b":
            position += 2
            return .wordBoundary
        case "B":
            position += 2
            return .noWordBoundary
        default: break
        }
        if let set = try classEscape() { return .characters(flags.foldCase ? set.caseFolded : set) }
        return literal(try escapedCharacter(start))
    }

    /// `\d`, `\pL` and the like; nil if it is another escape.
    private mutating func classEscape() throws(RegexError) -> CharacterRanges? {
        guard peek == "\\", position + 1 < scalars.count else { return nil }
        let letter = scalars[position + 1]
        if let set = RegexClasses.perl[letter] {
            position += 2
            return set
        }
        guard letter == "p" || letter == "P" else { return nil }
        let start = position
        position += 2
        var name = ""
        if peek == "{" {
            while let scalar = peek, scalar != "}" {
                if scalar != "{" { name.unicodeScalars.append(scalar) }
                position += 1
            }
            guard peek == "}" else {
                throw RegexError(code: "invalid character class range", expression: text(start..<scalars.count))
            }
            position += 1
        } else if let scalar = peek {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        var negated = letter == "P"
        if name.hasPrefix("^") {
            negated.toggle()
            name.removeFirst()
        }
        guard let set = RegexClasses.unicode(name) else {
            throw RegexError(code: "invalid character class range", expression: text(start..<position))
        }
        return negated ? set.inverted : set
    }

    private mutating func escapedCharacter(_ start: Int) throws(RegexError) -> Unicode.Scalar {
        position += 1
        guard let scalar = peek else {
            throw RegexError(code: "trailing backslash at end of expression", expression: "")
        }
        position += 1
        switch scalar {
        case "a": return "\u{07}"
        case "f": return "\u{0C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "v": return "\u{0B}"
        case "0", "1", "2", "3", "4", "5", "6", "7":
            if scalar != "0", !(peek.map { ("0"..."7").contains($0) } ?? false) { break }
            var value = scalar.value - 48
            var digits = 1
            while digits < 3, let next = peek, ("0"..."7").contains(next) {
                value = value * 8 + next.value - 48
                position += 1
                digits += 1
            }
            return Unicode.Scalar(value) ?? scalar
        case "x":
            var value: UInt32 = 0
            var digits = 0
            let braced = peek == "{"
            if braced { position += 1 }
            while let next = peek, let digit = UInt32(String(next), radix: 16), braced || digits < 2 {
                value = value &* 16 &+ digit
                digits += 1
                position += 1
                if value > 0x10FFFF { break }
            }
            if braced {
                guard peek == "}", digits > 0 else { break }
                position += 1
            } else if digits != 2 {
                break
            }
            if let made = Unicode.Scalar(value) { return made }
        default:
            if scalar.value < 0x80, !("a"..."z").contains(scalar), !("A"..."Z").contains(scalar),
                !("0"..."9").contains(scalar)
            {
                return scalar
            }
        }
        throw RegexError(code: "invalid escape sequence", expression: text(start..<min(position, scalars.count)))
    }

    private mutating func bracket() throws(RegexError) -> CharacterRanges {
        let start = position
        position += 1
        var negated = false
        if peek == "^" {
            negated = true
            position += 1
        }
        var ranges: [ClosedRange<UInt32>] = []
        var first = true
        while true {
            guard let scalar = peek else {
                throw RegexError(code: "missing closing ]", expression: text(start..<scalars.count))
            }
            if scalar == "]", !first { break }
            if scalar == "-", !first, position + 1 < scalars.count, scalars[position + 1] != "]" {
                throw RegexError(
                    code: "invalid character class range", expression: text(position..<min(position + 2, scalars.count))
                )
            }
            first = false
            if looking(at: "[:"), let (name, end) = posixName() {
                guard let set = RegexClasses.posix(name) else {
                    throw RegexError(code: "invalid character class range", expression: text(position..<end))
                }
                position = end
                ranges += set.ranges
                continue
            }
            if let set = try classEscape() {
                ranges += set.ranges
                continue
            }
            let rangeStart = position
            let low = try classCharacter()
            var high = low
            if peek == "-", position + 1 < scalars.count, scalars[position + 1] != "]" {
                position += 1
                high = try classCharacter()
                if high.value < low.value {
                    throw RegexError(code: "invalid character class range", expression: text(rangeStart..<position))
                }
            }
            ranges.append(low.value...high.value)
        }
        position += 1
        var set = CharacterRanges(ranges: ranges)
        if flags.foldCase { set = set.caseFolded }
        return negated ? set.inverted : set.normalised
    }

    private mutating func classCharacter() throws(RegexError) -> Unicode.Scalar {
        guard let scalar = peek else { throw RegexError(code: "missing closing ]", expression: pattern) }
        if scalar == "\\" { return try escapedCharacter(position) }
        position += 1
        return scalar
    }

    private func posixName() -> (String, Int)? {
        var cursor = position + 2
        while cursor + 1 < scalars.count {
            if scalars[cursor] == ":", scalars[cursor + 1] == "]" { return (text((position + 2)..<cursor), cursor + 2) }
            cursor += 1
        }
        return nil
    }
}
