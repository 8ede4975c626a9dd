/// Reads a page strictly, as XML would be read: every tag closed, every attribute quoted, no stray `<` or `&`.
struct PageReader {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private(set) var ids: [String] = []
    private(set) var references: [String] = []
    private(set) var elements: [String: Int] = [:]
    /// All text outside of tags and style, entities resolved; a cell or a line ends with a line break.
    private(set) var text = ""

    private static let void: Set<String> = ["meta", "br"]

    init(_ page: String) throws {
        var stack: [String] = []
        var rest = Substring(page)
        while let next = rest.first {
            guard next == "<" else {
                let end = rest.firstIndex(of: "<") ?? rest.endIndex
                let piece = rest[..<end]
                if stack.last != "style" { text += try Self.resolved(piece) }
                rest = rest[end...]
                continue
            }
            guard let close = Self.endOfTag(rest) else {
                throw Failure(description: "a tag without end: \(rest.prefix(60))")
            }
            let tag = rest[rest.index(after: rest.startIndex)..<close]
            rest = rest[rest.index(after: close)...]
            if tag.hasPrefix("!doctype") { continue }
            if tag.hasPrefix("/") {
                guard stack.popLast() == String(tag.dropFirst()) else {
                    throw Failure(description: "</\(tag.dropFirst())> closes nothing, before \(rest.prefix(60))")
                }
                if ["td", "th", "p", "h1", "h2", "h3", "li", "dt", "dd", "pre"].contains(tag.dropFirst()) {
                    text += "\n"
                }
                continue
            }
            let isEmpty = tag.hasSuffix("/")
            let name = try take(isEmpty ? tag.dropLast() : tag)
            elements[name, default: 0] += 1
            if !isEmpty, !Self.void.contains(name) { stack.append(name) }
        }
        guard stack.isEmpty else { throw Failure(description: "not closed: \(stack)") }
    }

    /// A `>` within a quoted value ends no tag.
    private static func endOfTag(_ text: Substring) -> Substring.Index? {
        var isQuoted = false
        for index in text.indices {
            if text[index] == "\"" { isQuoted.toggle() }
            if text[index] == ">", !isQuoted { return index }
        }
        return nil
    }

    /// - Returns: the element's name.
    private mutating func take(_ tag: Substring) throws -> String {
        let name = tag.prefix { $0 != " " }
        guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else {
            throw Failure(description: "no element: <\(tag.prefix(60))>")
        }
        var rest = tag[name.endIndex...].drop { $0 == " " }
        var seen: Set<String> = []
        while !rest.isEmpty {
            let key = rest.prefix { $0 != "=" && $0 != " " }
            rest = rest[key.endIndex...]
            guard rest.hasPrefix("=\"") else {
                throw Failure(description: "attribute \(key) of <\(tag.prefix(80))> has no quoted value")
            }
            rest = rest.dropFirst(2)
            guard let end = rest.firstIndex(of: "\"") else { throw Failure(description: "\(key) is not closed") }
            let value = try Self.resolved(rest[..<end])
            guard !rest[..<end].contains("<"), seen.insert(String(key)).inserted, !key.hasPrefix("on") else {
                throw Failure(description: "attribute \(key) of <\(tag.prefix(80))>")
            }
            if key == "id" { ids.append(value) }
            if key == "href" { references.append(value) }
            if key == "aria-labelledby" { references.append("#" + value) }
            rest = rest[rest.index(after: end)...].drop { $0 == " " }
        }
        return String(name)
    }

    private static func resolved(_ text: Substring) throws -> String {
        var result = ""
        var rest = text
        while let amp = rest.firstIndex(of: "&") {
            result += rest[..<amp]
            guard let end = rest[amp...].firstIndex(of: ";") else {
                throw Failure(description: "a stray &: \(rest.prefix(40))")
            }
            switch rest[amp...end] {
            case "&amp;": result += "&"
            case "&lt;": result += "<"
            case "&gt;": result += ">"
            case "&quot;": result += "\""
            case "&#39;": result += "'"
            default: throw Failure(description: "\(rest[amp...end]) is no entity that a page may have")
            }
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }
}
