/// Finds the words of a YAML text that stand for numbers and booleans, whose spelling is gone from the value that was read.
struct ScalarSource {
    private let lines: [[Unicode.Scalar]]

    init(_ text: String) {
        lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
    }

    /// The plain scalar of a field.
    ///
    /// - Parameters:
    ///   - line: of the field's key, or of the element, from 1.
    ///   - column: in code points, from 1.
    ///   - path: of the field, which ends with its key; with a bracket for an element of a list, which has none.
    /// - Returns: nil if there is no such word: an alias or a tag stands there.
    func scalar(line: Int, column: Int, path: String) -> String? {
        var (line, column) = (line - 1, column - 1)
        guard lines.indices.contains(line), column >= 0, column < lines[line].count else { return nil }
        if !path.hasSuffix("]") {
            guard let end = endOfKey(lines[line], from: column), let colon = lines[line][..<end].lastIndex(of: ":")
            else { return nil }
            // A key that YAML takes for another word (`on` for `true`) is not found, and its map is shown instead.
            let key = String(String.UnicodeScalarView(lines[line][column..<colon]))
            guard path.hasSuffix(key.filter { $0 != "\"" && $0 != "'" }) else { return nil }
            column = end
        }
        // The word may stand on a later line.
        while lines.indices.contains(line) {
            while column < lines[line].count, lines[line][column] == " " || lines[line][column] == "\t" { column += 1 }
            if column < lines[line].count, lines[line][column] != "#", lines[line][column] != "\r" { break }
            line += 1
            column = 0
        }
        guard lines.indices.contains(line) else { return nil }
        let word = lines[line][column...].prefix { !$0.properties.isWhitespace && !",]}".unicodeScalars.contains($0) }
        guard let first = word.first, !"*&!\"'|>[{".unicodeScalars.contains(first) else { return nil }
        return String(String.UnicodeScalarView(word))
    }

    /// The place behind the colon of a key.
    private func endOfKey(_ text: [Unicode.Scalar], from start: Int) -> Int? {
        var place = start
        if text[place] == "\"" || text[place] == "'" {
            let quote = text[place]
            place += 1
            while place < text.count, text[place] != quote { place += text[place] == "\\" ? 2 : 1 }
            place += 1
        }
        while place < text.count {
            if text[place] == ":",
                place + 1 == text.count || text[place + 1].properties.isWhitespace || text[start] == "\""
            {
                return place + 1
            }
            place += 1
        }
        return nil
    }
}
