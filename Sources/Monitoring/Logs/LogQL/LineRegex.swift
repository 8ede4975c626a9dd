import PromQL

/// A regular expression that may match anywhere in a line, as Go's `regexp` without flags: `.` is no newline.
///
/// Words and their alternatives are searched as text.
struct LineRegex: Sendable {
    let pattern: String
    /// The names of the groups that have one, in order, each once.
    let groupNames: [String]
    private let whole: AnchoredRegex
    private let words: [String]?
    private let all: Bool

    /// Throws `RegexError` about the pattern as it was written.
    init(_ pattern: String) throws(RegexError) {
        self.pattern = pattern
        words = try AnchoredRegex(pattern).alternatives
        // The shortest text before it makes the leftmost match, as an unanchored search finds it.
        whole = try AnchoredRegex("(?s:.*?)(?:(?-s)" + pattern + ")(?s:.*)")
        all = pattern.isEmpty || pattern == ".*"
        groupNames = LineRegex.names(pattern)
    }

    func matches(_ line: String) -> Bool {
        if all { return true }
        if let words { return words.contains { line.containsBytes(of: $0) } }
        return whole.matches(line)
    }

    /// The texts of the named groups in their order; nil if the line does not match.
    func groups(_ line: String) -> [String]? {
        var texts: [String] = []
        for name in groupNames {
            guard let text = whole.replace(line, with: "${" + name + "}") else { return nil }
            texts.append(text)
        }
        return texts.isEmpty ? nil : texts
    }

    /// `(?P<name>` and `(?<name>` outside of escapes.
    private static func names(_ pattern: String) -> [String] {
        var names: [String] = []
        let scalars = Array(pattern.unicodeScalars)
        var place = 0
        while place < scalars.count {
            if scalars[place] == "\\" {
                place += 2
                continue
            }
            if scalars[place] == "(", place + 2 < scalars.count, scalars[place + 1] == "?" {
                let open = scalars[place + 2] == "P" ? place + 3 : place + 2
                if open < scalars.count, scalars[open] == "<", let end = scalars[open...].firstIndex(of: ">") {
                    let name = String(String.UnicodeScalarView(scalars[(open + 1)..<end]))
                    if !name.isEmpty, !names.contains(name) { names.append(name) }
                }
            }
            place += 1
        }
        return names
    }
}
