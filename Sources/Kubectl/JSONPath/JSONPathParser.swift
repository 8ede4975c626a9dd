/// Reads kubectl's template language (`k8s.io/client-go/util/jsonpath/parser.go`), with its error texts.
struct JSONPathParser {
    private let input: [Character]
    private var position = 0

    private init(_ text: String) { input = Array(text) }

    /// The nodes of a whole template.
    static func parse(_ text: String) throws(JSONPathError) -> [JSONPathNode] {
        var parser = JSONPathParser(text)
        var flat: [JSONPathNode] = []
        var marks: [Mark] = []
        while parser.position < parser.input.count {
            if parser.input[parser.position] == "{" {
                parser.position += 1
                let (mark, nodes) = try parser.action()
                flat.append(.path(nodes))
                marks.append(mark)
            } else {
                let start = parser.position
                while parser.position < parser.input.count, parser.input[parser.position] != "{" {
                    parser.position += 1
                }
                flat.append(.text(String(parser.input[start..<parser.position])))
                marks.append(.none)
            }
        }
        var index = 0
        return try block(flat, marks, &index, isInside: false)
    }

    /// What an action begins or ends.
    private enum Mark { case none, range, end }

    /// Folds the flat list of actions into nested ranges.
    private static func block(
        _ flat: [JSONPathNode], _ marks: [Mark], _ index: inout Int, isInside: Bool
    ) throws(JSONPathError) -> [JSONPathNode] {
        var nodes: [JSONPathNode] = []
        while index < flat.count {
            let (node, mark) = (flat[index], marks[index])
            index += 1
            switch mark {
            case .none: nodes.append(node)
            case .range:
                guard case .path(let over) = node else { continue }
                nodes.append(.range(over: over, body: try block(flat, marks, &index, isInside: true)))
            case .end:
                guard isInside else { throw JSONPathError("not in range, nothing to end") }
                return nodes
            }
        }
        return nodes
    }

    private var next: Character? { position < input.count ? input[position] : nil }

    private static func isTerminator(_ character: Character) -> Bool {
        character.isWhitespace || ".,[]$@{}".contains(character)
    }
    private static func isAlphanumeric(_ character: Character) -> Bool {
        character == "_" || character.isLetter || character.isNumber
    }

    /// One action, up to its closing brace.
    private mutating func action() throws(JSONPathError) -> (Mark, [JSONPathNode]) {
        var nodes: [JSONPathNode] = []
        var mark = Mark.none
        while true {
            guard let character = next, !character.isNewline else { throw JSONPathError("unclosed action") }
            switch character {
            case "}":
                position += 1
                return (mark, nodes)
            case " ", "@", "$": position += 1
            case "[": nodes.append(try array())
            case "\"", "'": nodes.append(try quoted(character))
            case ".":
                if position + 1 < input.count, input[position + 1] == "." {
                    if nodes.last == .recursive { throw JSONPathError("invalid multiple recursive descent") }
                    position += 2
                    nodes.append(.recursive)
                    if let after = next, Self.isAlphanumeric(after) { nodes.append(field()) }
                } else {
                    position += 1
                    nodes.append(field())
                }
            case "+", "-", "0"..."9": nodes.append(try number())
            case _ where Self.isAlphanumeric(character):
                let word = identifier()
                switch word {
                case "range": mark = .range
                case "end": mark = .end
                case "true", "false": nodes.append(.bool(word == "true"))
                default: throw JSONPathError("unrecognized identifier \(word)")
                }
            default:
                let code = character.unicodeScalars.first.map { String($0.value, radix: 16, uppercase: true) } ?? "0"
                let padded = String(repeating: "0", count: max(0, 4 - code.count)) + code
                throw JSONPathError("unrecognized character in action: U+\(padded) '\(character)'")
            }
        }
    }

    private mutating func identifier() -> String {
        let start = position
        while let character = next, !Self.isTerminator(character) { position += 1 }
        return String(input[start..<position])
    }

    private mutating func field() -> JSONPathNode {
        var name = ""
        while let character = next {
            if character == "\\" {
                position += 1
                if let escaped = next { name.append(escaped) }
                position += 1
                continue
            }
            if Self.isTerminator(character) { break }
            name.append(character)
            position += 1
        }
        return name == "*" ? .wildcard : .field(name)
    }

    private mutating func number() throws(JSONPathError) -> JSONPathNode {
        let start = position
        while let character = next, "+-.0123456789".contains(character) { position += 1 }
        let text = String(input[start..<position])
        if let integer = Int64(text) { return .integer(integer) }
        if let number = Double(text) { return .number(number) }
        throw JSONPathError("cannot parse number \(text)")
    }

    private mutating func quoted(_ quote: Character) throws(JSONPathError) -> JSONPathNode {
        position += 1
        var text = ""
        while let character = next, !character.isNewline {
            position += 1
            if character == quote { return .text(text) }
            guard character == "\\" else {
                text.append(character)
                continue
            }
            guard let escaped = next else { break }
            position += 1
            switch escaped {
            case "n": text.append("\n")
            case "t": text.append("\t")
            case "r": text.append("\r")
            case "\\", "\"", "'", "/": text.append(escaped)
            default: throw JSONPathError("unquote string \(quote)\(text)\\\(escaped)\(quote) error invalid syntax")
            }
        }
        throw JSONPathError("unterminated quoted string")
    }

    private mutating func array() throws(JSONPathError) -> JSONPathNode {
        if position + 2 < input.count, input[position + 1] == "?", input[position + 2] == "(" { return try filter() }
        let start = position + 1
        while let character = next, character != "]" {
            if character.isNewline { throw JSONPathError("unterminated array") }
            position += 1
        }
        guard next != nil else { throw JSONPathError("unterminated array") }
        let text = String(input[start..<position])
        position += 1
        return try Self.arrayNode(text)
    }

    private static func arrayNode(_ text: String) throws(JSONPathError) -> JSONPathNode {
        if text == "*" { return .slice(start: nil, end: nil, step: nil, isIndex: false) }
        let parts = split(text)
        if parts.count > 1 {
            var branches: [[JSONPathNode]] = []
            for part in parts { branches.append([try arrayNode(part.trimmingSpace)]) }
            return .union(branches)
        }
        for quote in ["'", "\""] where text.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote) {
            return .field(String(text.dropFirst().dropLast()))
        }
        let pieces = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard !text.isEmpty, pieces.count <= 3,
            pieces.allSatisfy({ $0.drop(while: { $0 == "-" }).allSatisfy { $0.isASCII && $0.isNumber } })
        else {
            throw JSONPathError("invalid array index \(text)")
        }
        var numbers: [Int?] = []
        for piece in pieces {
            guard !piece.isEmpty else {
                numbers.append(nil)
                continue
            }
            guard let number = Int(piece) else { throw JSONPathError("array index \(piece) is not a number") }
            numbers.append(number)
        }
        return .slice(
            start: numbers[0], end: numbers.count > 1 ? numbers[1] : nil, step: numbers.count > 2 ? numbers[2] : nil,
            isIndex: numbers.count == 1)
    }

    /// Pieces between commas outside quotes.
    private static func split(_ text: String) -> [String] {
        var parts = [""]
        var quote: Character?
        for character in text {
            if character == quote {
                quote = nil
            } else if quote == nil, character == "'" || character == "\"" {
                quote = character
            }
            if character == ",", quote == nil { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return parts
    }

    private mutating func filter() throws(JSONPathError) -> JSONPathNode {
        position += 3
        let start = position
        var quote: Character?
        var depth = 0
        while true {
            guard let character = next, !character.isNewline else { throw JSONPathError("unterminated filter") }
            if let open = quote {
                if character == open, input[position - 1] != "\\" { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character == "(" {
                depth += 1
            } else if character == ")" {
                if depth == 0 { break }
                depth -= 1
            }
            position += 1
        }
        let text = String(input[start..<position])
        position += 1
        guard next == "]" else { throw JSONPathError("unclosed array expect ]") }
        position += 1
        guard let (left, comparison, right) = Self.comparison(text) else {
            return .filter(left: try Self.expression(text), comparison: nil, right: [])
        }
        guard ["==", "!=", "<", ">", "<=", ">="].contains(comparison) else {
            throw JSONPathError("unrecognized filter operator \(comparison)")
        }
        return .filter(left: try Self.expression(left), comparison: comparison, right: try Self.expression(right))
    }

    /// The two sides of a comparison and its sign; nil if there is none.
    private static func comparison(_ text: String) -> (String, String, String)? {
        let signs: Set<Character> = ["!", "<", ">", "="]
        var quote: Character?
        var index = text.startIndex
        while index < text.endIndex {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if signs.contains(character) {
                break
            }
            index = text.index(after: index)
        }
        guard index > text.startIndex, index < text.endIndex else { return nil }
        let sign = text[index...].prefix { signs.contains($0) }
        let right = text[index...].dropFirst(sign.count)
        guard !right.isEmpty else { return nil }
        return (String(text[..<index]).trimmingSpace, String(sign), String(right).trimmingSpace)
    }

    private static func expression(_ text: String) throws(JSONPathError) -> [JSONPathNode] {
        var parser = JSONPathParser(text + "}")
        return try parser.action().1
    }
}
