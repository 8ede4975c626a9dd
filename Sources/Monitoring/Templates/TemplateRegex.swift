import PromQL

/// `match` and `reReplaceAll`: regular expressions that may match anywhere, in linear time.
enum TemplateRegex {
    private typealias CallError = TemplateEvaluator.CallError

    /// What all searches in one replacement may look at, in characters.
    private static let maximumWork = 4_000_000

    static func matches(_ pattern: String, _ text: String) throws(TemplateEvaluator.CallError) -> Bool {
        do {
            _ = try AnchoredRegex(pattern)
            return try AnchoredRegex("(?s:.*)(?-s:" + pattern + ")(?s:.*)").matches(text)
        } catch {
            throw CallError(message: error.description)
        }
    }

    static func replace(
        _ pattern: String, _ replacement: String, in text: String
    ) throws(TemplateEvaluator.CallError) -> String {
        let first: AnchoredRegex
        let later: AnchoredRegex
        do {
            _ = try AnchoredRegex(pattern)
            let search = "((?s:.*?))((?-s:" + pattern + "))(?s:.*)"
            first = try AnchoredRegex(search)
            // One character before the place of search is enough for ^ and \b to see where they are.
            later = try AnchoredRegex("(?s:.)" + search)
        } catch {
            throw CallError(message: "regexp: Compile(`\(pattern)`): \(error.description)")
        }
        let template = shifted(replacement)
        let scalars = Array(text.unicodeScalars)
        var out = ""
        var search = 0
        var last = 0
        var work = 0
        while search <= scalars.count {
            work += scalars.count - search + 1
            if work > maximumWork { throw CallError(message: "text is too long for so many replacements") }
            let regex = search == 0 ? first : later
            let rest = string(scalars[max(0, search - 1)...])
            guard let before = regex.replace(rest, with: "${1}"), let match = regex.replace(rest, with: "${2}") else {
                break
            }
            let begin = search + before.unicodeScalars.count
            let end = begin + match.unicodeScalars.count
            out += string(scalars[last..<begin])
            if end > last || begin == 0 { out += regex.replace(rest, with: template) ?? "" }
            last = end
            search = end > search ? end : search + 1
            if out.utf8.count > TemplateEvaluator.maximumOutput {
                throw CallError(message: "text of more than \(TemplateEvaluator.maximumOutput) bytes")
            }
        }
        return out + string(scalars[min(last, scalars.count)...])
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        String(String.UnicodeScalarView(scalars))
    }

    /// The replacement with the numbers of its groups as they are behind the two groups of the search.
    private static func shifted(_ template: String) -> String {
        var out = ""
        var rest = Array(template.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            out.unicodeScalars.append(scalar)
            guard scalar == "$" else { continue }
            if rest.first == "$" {
                rest.removeFirst()
                out += "$"
                continue
            }
            let braced = rest.first == "{"
            let body = braced ? rest.dropFirst() : rest
            let name = body.prefix { $0 == "_" || $0.properties.isAlphabetic || $0.properties.numericType != nil }
            guard !name.isEmpty, !braced || body.dropFirst(name.count).first == "}" else {
                out += "$"
                continue
            }
            let text = string(name)
            let number = Int(text).flatMap { $0 >= 0 && $0 < 10_000 ? String($0 + 2) : nil }
            out += "{" + (number ?? text) + "}"
            rest = body.dropFirst(name.count + (braced ? 1 : 0))
        }
        return out
    }
}
