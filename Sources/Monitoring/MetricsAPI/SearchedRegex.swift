import PromQL

/// A regular expression that is looked for anywhere in a text, as Go's `MatchString` does, where PromQL's must match the
/// whole.
struct SearchedRegex: Sendable {
    let pattern: String
    /// Groups that capture.
    let groupCount: Int
    private let regex: AnchoredRegex

    init(_ pattern: String) throws(MetricsAPIError) {
        self.pattern = pattern
        groupCount = Self.groups(pattern)
        do {
            // On its own first, for the error and so that nothing in it closes the group around it.
            _ = try AnchoredRegex(pattern)
            regex = try AnchoredRegex(".*?(" + pattern + ").*")
        } catch {
            throw MetricsAPIError("\(error)")
        }
    }

    func matches(_ text: String) -> Bool { regex.matches(text) }

    /// The template with the groups of the first match put in (`$1`, `${name}`); nil if there is none.
    func expand(_ template: String, in text: String) -> String? {
        regex.replace(text, with: Self.shifted(template))
    }

    /// Numbers of groups count one more inside the group around the pattern.
    private static func shifted(_ template: String) -> String {
        var out = ""
        var rest = template[...]
        while let scalar = rest.first {
            rest = rest.dropFirst()
            guard scalar == "$" else {
                out.append(scalar)
                continue
            }
            if rest.first == "$" {
                rest = rest.dropFirst()
                out += "$$"
                continue
            }
            let braced = rest.first == "{"
            let body = braced ? rest.dropFirst() : rest
            let name = body.prefix { $0 == "_" || $0.isLetter || $0.isNumber }
            let after = body.dropFirst(name.count)
            if let number = Int(name), !braced || after.first == "}", number < 1000 {
                out += "${\(number + 1)}"
                rest = braced ? after.dropFirst() : after
            } else {
                out += "$"
            }
        }
        return out
    }

    private static func groups(_ pattern: String) -> Int {
        var count = 0
        var escaped = false
        var inClass = false
        let characters = Array(pattern)
        for (place, character) in characters.enumerated() {
            if escaped {
                escaped = false
            } else if character == "\\" {
                escaped = true
            } else if inClass {
                if character == "]" { inClass = false }
            } else if character == "[" {
                inClass = true
            } else if character == "(" {
                let next = characters[(place + 1)...].prefix(3)
                let isNamed =
                    next.starts(with: "?P<")
                    || (next.starts(with: "?<") && next.last.map { $0.isLetter || $0 == "_" } ?? false)
                if next.first != "?" || isNamed { count += 1 }
            }
        }
        return count
    }
}
