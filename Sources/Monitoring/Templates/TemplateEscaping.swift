import PromQL

/// Texts as HTML, JavaScript and URLs want them (`text/template`'s and `net/url`'s escaping).
enum TemplateEscaping {
    static func html(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\"": result += "&#34;"
            case "'": result += "&#39;"
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.append(character)
            }
        }
        return result
    }

    static func javaScript(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\\\"
            case "'": result += "\\'"
            case "\"": result += "\\\""
            case "<": result += "\\u003C"
            case ">": result += "\\u003E"
            case "&": result += "\\u0026"
            case "=": result += "\\u003D"
            default: result.append(character)
            }
        }
        return result
    }

    static func query(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 65...90, 97...122, 48...57, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case 32: result += "+"
            default: result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}

/// Times in a layout of Go's, which writes the reference time of 2 January 2006, 15:04:05.
enum GoLayout {
    static func format(_ seconds: Double, _ layout: String) -> String {
        let (date, clock, milliseconds) = TemplateTime.parts(seconds)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let fields = date.split(separator: "-").map(String.init) + clock.split(separator: ":").map(String.init)
        guard fields.count == 6, let month = Int(fields[1]), (1...12).contains(month) else { return layout }
        let fraction = String(String(milliseconds + 1000).dropFirst())
        let words: [(String, String)] = [
            ("2006", fields[0]), (".000", "." + fraction), ("Jan", months[month - 1]), ("01", fields[1]),
            ("02", fields[2]), ("15", fields[3]), ("04", fields[4]), ("05", fields[5]), ("MST", "UTC"),
            ("Z07:00", "Z"), ("-0700", "+0000"),
        ]
        var result = ""
        var rest = layout[...]
        while let first = rest.first {
            if let (word, value) = words.first(where: { rest.hasPrefix($0.0) }) {
                result += value
                rest = rest.dropFirst(word.count)
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}

/// A regular expression of `match` and `reReplaceAll`: it may match anywhere.
struct TemplateRegex {
    private let anywhere: AnchoredRegex
    private let parts: AnchoredRegex
    private let itself: AnchoredRegex

    init(_ pattern: String) throws(TemplateError) {
        do throws(RegexError) {
            itself = try AnchoredRegex(pattern)
            anywhere = try AnchoredRegex("(?s:.*)(?:\(pattern))(?s:.*)")
            parts = try AnchoredRegex(
                "(?P<kubelab_before>(?s:.*?))(?P<kubelab_match>\(pattern))(?P<kubelab_after>(?s:.*))")
        } catch { throw TemplateError("error parsing regexp: \(error)") }
    }

    func matches(_ text: String) -> Bool { anywhere.matches(text) }

    /// Every match from the left, none overlapping, replaced by the template with the groups of that match.
    func replaceAll(_ text: String, with template: String) throws(TemplateError) -> String {
        var result = ""
        var rest = text
        var rounds = 0
        // A character that the text does not hold divides the three parts.
        let divider = String(
            (0xE000...0xE0FF).lazy.compactMap { Unicode.Scalar($0) }.first { !text.unicodeScalars.contains($0) }
                .map(Character.init) ?? "\u{E000}")
        while !rest.isEmpty || rounds == 0 {
            rounds += 1
            guard rounds < 10_000 else { throw TemplateError("the text has too many matches") }
            guard
                let found = parts.replace(
                    rest, with: "${kubelab_before}\(divider)${kubelab_match}\(divider)${kubelab_after}")
            else { break }
            let pieces = found.split(separator: Character(divider), maxSplits: 2, omittingEmptySubsequences: false)
                .map(String.init)
            guard pieces.count == 3 else { break }
            result += pieces[0] + (itself.replace(pieces[1], with: template) ?? pieces[1])
            rest = pieces[2]
            if pieces[1].isEmpty {
                guard let first = rest.first else { return result }
                result.append(first)
                rest.removeFirst()
            }
        }
        return result + rest
    }
}
