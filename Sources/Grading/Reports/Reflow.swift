/// Prose for a terminal.
public enum Reflow {
    /// Paragraphs in lines of at most `width` columns. Empty lines part paragraphs; a line that begins with a space or
    /// with `- ` stands by itself.
    public static func lines(_ text: String, width: Int) -> [String] {
        var result: [String] = []
        var line = ""
        func close() {
            if !line.isEmpty { result.append(line) }
            line = ""
        }
        for row in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if row.allSatisfy({ $0 == " " }) {
                close()
                result.append("")
                continue
            }
            let isInItem = line.hasPrefix("- ") || line.hasPrefix("  ")
            if row.hasPrefix(" "), !(isInItem && row.hasPrefix("  ") && !row.hasPrefix("   ")) {
                close()
                result.append(String(row))
                continue
            }
            let isItem = row.hasPrefix("- ")
            if isItem { close() }
            let margin = isItem || isInItem ? "  " : ""
            for word in row.split(separator: " ") {
                if !line.isEmpty, line.count + 1 + word.count > width {
                    result.append(line)
                    line = margin + word
                } else {
                    line += line.isEmpty ? String(word) : " " + word
                }
            }
        }
        close()
        while result.last?.isEmpty ?? false { result.removeLast() }
        return result
    }
}

extension Reflow {
    /// One paragraph whose lines are at most `width` columns wide: the first indented by `indent`, the others by `more`
    /// further. Spaces between words stay as they are.
    public static func hanging(_ text: String, width: Int, indent: Int, more: Int) -> [String] {
        var lines: [String] = []
        var line = String(repeating: " ", count: indent)
        var isFresh = true
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            if !isFresh, line.count + 1 + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: indent + more) + word
            } else {
                line += isFresh ? String(word) : " " + word
            }
            isFresh = false
        }
        return lines + [line]
    }
}
