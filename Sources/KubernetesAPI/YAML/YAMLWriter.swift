/// Writes a document as Kubernetes' tools print YAML: go-yaml v2's emitter with its choice of quotes, its order of keys
/// and its folding of long texts at spaces after column 80.
public struct YAMLWriter {
    private var output: [UInt8] = []
    /// Characters in the current line.
    private var column = 0

    private init() {}

    private static let bestWidth = 80

    /// The text of one document, with a newline at its end.
    public static func text(_ value: JSONValue) -> String {
        var writer = YAMLWriter()
        writer.write(value, indent: 0, inline: false)
        if writer.column > 0 { writer.put("\n") }
        return String(decoding: writer.output, as: UTF8.self)
    }

    // MARK: Structure

    /// - Parameter inline: the cursor stands behind `key:` or `-`, and the value begins in this line.
    private mutating func write(_ value: JSONValue, indent: Int, inline: Bool, inMapping: Bool = false) {
        switch value {
        case .object(let members) where !members.isEmpty:
            var isFirst = true
            for (key, member) in members.sorted(by: { Self.precedes($0.key, $1.key) }) {
                if !(isFirst && inline && !inMapping) { startLine(indent) }
                isFirst = false
                writeScalar(key, indent: indent, isKey: true)
                put(":")
                writeMember(member, indent: indent)
            }
        case .array(let elements) where !elements.isEmpty:
            var isFirst = true
            for element in elements {
                if !(isFirst && inline && !inMapping) { startLine(indent) }
                isFirst = false
                put("-")
                writeElement(element, indent: indent)
            }
        default:
            writeLeaf(value, indent: indent)
        }
    }

    private mutating func writeMember(_ value: JSONValue, indent: Int) {
        switch value {
        case .object(let members) where !members.isEmpty:
            write(value, indent: indent + 2, inline: true, inMapping: true)
        // Lists in a mapping stand at the mapping's own depth.
        case .array(let elements) where !elements.isEmpty: write(value, indent: indent, inline: true, inMapping: true)
        default:
            put(" ")
            writeLeaf(value, indent: indent)
        }
    }

    private mutating func writeElement(_ value: JSONValue, indent: Int) {
        put(" ")
        switch value {
        case .object(let members) where !members.isEmpty: write(value, indent: indent + 2, inline: true)
        case .array(let elements) where !elements.isEmpty: write(value, indent: indent + 2, inline: true)
        default: writeLeaf(value, indent: indent)
        }
    }

    private mutating func writeLeaf(_ value: JSONValue, indent: Int) {
        switch value {
        case .null: put("null")
        case .bool(let flag): put(flag ? "true" : "false")
        case .integer(let number): put("\(number)")
        case .number(let number): put(GoNumber.shortest(number))
        case .string(let text): writeScalar(text, indent: indent, isKey: false)
        case .array: put("[]")
        case .object: put("{}")
        }
    }

    private mutating func startLine(_ indent: Int) {
        if column > 0 { put("\n") }
        put(String(repeating: " ", count: indent))
    }

    private mutating func put(_ text: String) {
        for scalar in text.unicodeScalars { put(scalar) }
    }

    private mutating func put(_ scalar: Unicode.Scalar) {
        output.append(contentsOf: String(scalar).utf8)
        if scalar == "\n" { column = 0 } else { column += 1 }
    }

    // MARK: Scalars

    private mutating func writeScalar(_ text: String, indent: Int, isKey: Bool) {
        let scalars = Array(text.unicodeScalars)
        let form = ScalarForm(scalars)
        let folds = !isKey
        if scalars.contains("\n") {
            if form.allowsBlock, !isKey { return writeLiteral(scalars, indent: indent + 2) }
            return writeDoubleQuoted(scalars, indent: indent + 2, folds: folds)
        }
        guard YAMLScalar.isText(plain: text) else {
            return writeDoubleQuoted(scalars, indent: indent + 2, folds: folds)
        }
        if form.allowsPlain { return writePlain(scalars, indent: indent + 2, folds: folds) }
        if form.allowsSingleQuotes { return writeSingleQuoted(scalars, indent: indent + 2, folds: folds) }
        writeDoubleQuoted(scalars, indent: indent + 2, folds: folds)
    }

    private mutating func writePlain(_ scalars: [Unicode.Scalar], indent: Int, folds: Bool) {
        var spaces = false
        for (index, scalar) in scalars.enumerated() {
            guard scalar == " " else {
                put(scalar)
                spaces = false
                continue
            }
            let isLast = index + 1 == scalars.count
            if folds, !spaces, column > Self.bestWidth, !isLast, scalars[index + 1] != " " {
                startLine(indent)
            } else {
                put(scalar)
            }
            spaces = true
        }
    }

    private mutating func writeSingleQuoted(_ scalars: [Unicode.Scalar], indent: Int, folds: Bool) {
        put("'")
        var spaces = false
        for (index, scalar) in scalars.enumerated() {
            if scalar == " " {
                let isInside = index > 0 && index + 1 < scalars.count
                if folds, !spaces, column > Self.bestWidth, isInside, scalars[index + 1] != " " {
                    startLine(indent)
                } else {
                    put(scalar)
                }
                spaces = true
                continue
            }
            if scalar == "'" { put("'") }
            put(scalar)
            spaces = false
        }
        put("'")
    }

    private mutating func writeDoubleQuoted(_ scalars: [Unicode.Scalar], indent: Int, folds: Bool) {
        put("\"")
        var spaces = false
        for (index, scalar) in scalars.enumerated() {
            if let escape = Self.escape(scalar) {
                put(escape)
                spaces = false
            } else if scalar == " " {
                if folds, !spaces, column > Self.bestWidth, index > 0, index + 1 < scalars.count {
                    startLine(indent)
                    // A space that begins a line would be lost.
                    if scalars[index + 1] == " " { put("\\") }
                } else {
                    put(scalar)
                }
                spaces = true
            } else {
                put(scalar)
                spaces = false
            }
        }
        put("\"")
    }

    private mutating func writeLiteral(_ scalars: [Unicode.Scalar], indent: Int) {
        put("|")
        if scalars.first == " " || scalars.first == "\n" { put("2") }
        var breaks = 0
        for scalar in scalars.reversed() {
            guard scalar == "\n" else { break }
            breaks += 1
        }
        if breaks == 0 { put("-") } else if breaks > 1 || breaks == scalars.count { put("+") }
        put("\n")
        for line in scalars.dropLast(breaks == 0 ? 0 : 1).split(separator: "\n", omittingEmptySubsequences: false) {
            if !line.isEmpty {
                put(String(repeating: " ", count: indent))
                for scalar in line { put(scalar) }
            }
            put("\n")
        }
        if breaks == 0, output.last == 10 { output.removeLast(); column = 1 }
    }

    private static let namedEscapes: [Unicode.Scalar: String] = [
        "\u{0}": "\\0", "\u{7}": "\\a", "\u{8}": "\\b", "\t": "\\t", "\n": "\\n", "\u{B}": "\\v", "\u{C}": "\\f",
        "\r": "\\r",
        "\u{1B}": "\\e", "\"": "\\\"", "\\": "\\\\", "\u{85}": "\\N", "\u{A0}": "\\_", "\u{2028}": "\\L",
        "\u{2029}": "\\P",
    ]

    private static func escape(_ scalar: Unicode.Scalar) -> String? {
        if let name = namedEscapes[scalar], scalar != "\u{A0}" { return name }
        guard !ScalarForm.isPrintable(scalar) else { return nil }
        func hexadecimal(_ width: Int) -> String {
            let digits = String(scalar.value, radix: 16, uppercase: true)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        if scalar.value <= 0xFF { return "\\x" + hexadecimal(2) }
        return scalar.value <= 0xFFFF ? "\\u" + hexadecimal(4) : "\\U" + hexadecimal(8)
    }

    /// go-yaml's order of keys: letters by code after all else, runs of digits by their number.
    static func precedes(_ left: String, _ right: String) -> Bool {
        let a = Array(left.unicodeScalars)
        let b = Array(right.unicodeScalars)
        func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
        func isLetter(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isAlphabetic }
        func number(_ scalars: [Unicode.Scalar], from start: Int) -> (value: UInt64, end: Int) {
            var value: UInt64 = 0
            var index = start
            while index < scalars.count, isDigit(scalars[index]) {
                value = value &* 10 &+ UInt64(scalars[index].value - 48)
                index += 1
            }
            return (value, index)
        }
        for index in 0..<min(a.count, b.count) where a[index] != b[index] {
            let (leftIsLetter, rightIsLetter) = (isLetter(a[index]), isLetter(b[index]))
            if leftIsLetter, rightIsLetter { return a[index] < b[index] }
            if leftIsLetter || rightIsLetter { return rightIsLetter }
            let (first, firstEnd) = number(a, from: index)
            let (second, secondEnd) = number(b, from: index)
            if first != second { return first < second }
            if firstEnd != secondEnd { return firstEnd < secondEnd }
            return a[index] < b[index]
        }
        return a.count < b.count
    }
}

/// What a text's characters allow (`yaml_emitter_analyze_scalar`).
private struct ScalarForm {
    var allowsPlain = true
    var allowsSingleQuotes = true
    var allowsBlock = true

    init(_ scalars: [Unicode.Scalar]) {
        guard let first = scalars.first, let last = scalars.last else {
            allowsPlain = false
            return
        }
        func isBlank(_ index: Int) -> Bool {
            index >= scalars.count || scalars[index] == " " || scalars[index] == "\t" || scalars[index] == "\n"
        }
        var indicators = scalars.starts(with: "---".unicodeScalars) || scalars.starts(with: "...".unicodeScalars)
        var special = false
        var breakThenSpace = false
        var spaceThenBreak = false
        for (index, scalar) in scalars.enumerated() {
            if index == 0 {
                if "#,[]{}&*!|>'\"%@`".unicodeScalars.contains(scalar) { indicators = true }
                if "?:-".unicodeScalars.contains(scalar), isBlank(1) { indicators = true }
            } else {
                if scalar == ":", isBlank(index + 1) { indicators = true }
                if scalar == "#", isBlank(index - 1) { indicators = true }
                if scalar == " ", scalars[index - 1] == "\n" { breakThenSpace = true }
                if scalar == "\n", scalars[index - 1] == " " { spaceThenBreak = true }
            }
            if scalar != "\n", !Self.isPrintable(scalar) { special = true }
        }
        let edge = first == " " || first == "\n" || last == " " || last == "\n"
        if edge || scalars.contains("\n") || indicators { allowsPlain = false }
        if last == " " { allowsBlock = false }
        if breakThenSpace {
            allowsPlain = false
            allowsSingleQuotes = false
        }
        if spaceThenBreak || special {
            allowsPlain = false
            allowsSingleQuotes = false
            allowsBlock = false
        }
    }

    static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0xD7FF, 0xE000...0xFFFD:
            scalar.value != 0xFEFF && scalar.value != 0x2028 && scalar.value != 0x2029
        case 0x10000...0x10FFFF: true
        default: false
        }
    }
}

extension YAMLScalar {
    /// Whether a text stays the same text when it stands without quotes.
    static func isText(plain text: String) -> Bool {
        guard case .string = YAMLScalar(plain: text), text != "<<" else { return false }
        return !looksLikeTimestamp(text) && !looksSexagesimal(text)
    }

    /// `2026-11-23`, with or without a time of day.
    private static func looksLikeTimestamp(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var index = 0
        func digits(_ range: ClosedRange<Int>) -> Bool {
            let start = index
            while index < bytes.count, index - start < range.upperBound, (48...57).contains(bytes[index]) { index += 1 }
            return range.contains(index - start)
        }
        func take(_ options: String) -> Bool {
            guard index < bytes.count, options.utf8.contains(bytes[index]) else { return false }
            index += 1
            return true
        }
        guard digits(4...4), take("-"), digits(1...2), take("-"), digits(1...2) else { return false }
        if index == bytes.count { return true }
        guard take("Tt ") else { return false }
        guard digits(1...2), take(":"), digits(1...2), take(":"), digits(1...2) else { return false }
        if take(".") { guard digits(1...9) else { return false } }
        if index == bytes.count { return true }
        if take("Zz") { return index == bytes.count }
        return take("+-") && digits(2...2) && take(":") && digits(2...2) && index == bytes.count
    }

    /// `12:30:45`, a number to base 60 for older readers.
    private static func looksSexagesimal(_ text: String) -> Bool {
        var body = text.utf8[...]
        if let sign = body.first, sign == 43 || sign == 45 { body = body.dropFirst() }
        let parts = body.split(separator: 58, omittingEmptySubsequences: false)
        guard parts.count > 1, let head = parts.first?.first, (48...57).contains(head) else { return false }
        for (index, part) in parts.enumerated() {
            if index == 0 {
                guard part.allSatisfy({ (48...57).contains($0) || $0 == 95 }) else { return false }
            } else {
                var piece = part
                if index == parts.count - 1, let dot = part.firstIndex(of: 46) {
                    guard part[part.index(after: dot)...].allSatisfy({ (48...57).contains($0) || $0 == 95 }) else {
                        return false
                    }
                    piece = part[..<dot]
                }
                guard (1...2).contains(piece.count), piece.allSatisfy({ (48...57).contains($0) }) else { return false }
                if piece.count == 2, let tens = piece.first, tens > 53 { return false }
            }
        }
        return true
    }
}
