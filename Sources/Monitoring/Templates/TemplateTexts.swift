import PromQL

/// The functions of Prometheus' templates that work on text.
enum TemplateTexts {
    private typealias CallError = TemplateEvaluator.CallError

    static func call(
        _ name: String, _ given: [TemplateValue]
    ) throws(TemplateEvaluator.CallError) -> TemplateValue? {
        let texts = given.compactMap { if case .string(let text) = $0 { text } else { nil } }
        guard let text = texts.first, texts.count == given.count else { return nil }
        switch name {
        case "safeHtml": return .string(text)
        case "title": return .string(title(text))
        case "toUpper": return .string(mapped(text) { $0.properties.uppercaseMapping })
        case "toLower": return .string(mapped(text) { $0.properties.lowercaseMapping })
        case "graphLink": return .string(graphLink(text, tab: 0))
        case "tableLink": return .string(graphLink(text, tab: 1))
        case "urlQueryEscape": return .string(TemplateEscaping.query(text))
        case "stripPort": return .string(splitHostPort(text)?.host ?? text)
        case "stripDomain": return .string(stripDomain(text))
        case "parseDuration":
            do {
                return .float(Double(try PrometheusDuration.parse(text)) / 1000)
            } catch {
                throw CallError(message: error.description)
            }
        case "match" where texts.count == 2: return .boolean(try TemplateRegex.matches(texts[0], texts[1]))
        case "reReplaceAll" where texts.count == 3:
            return .string(try TemplateRegex.replace(texts[0], texts[1], in: texts[2]))
        default: return nil
        }
    }

    /// The path of the page of a query, as `strutil.GraphLinkForExpression` (tab 0) and `TableLink…` (tab 1) make it.
    static func graphLink(_ expression: String, tab: Int) -> String {
        "/graph?g0.expr=" + TemplateEscaping.query(expression) + "&g0.tab=\(tab)"
    }

    /// Letter by letter, as Go does: what becomes more than one letter stays as it is.
    private static func mapped(_ text: String, _ mapping: (Unicode.Scalar) -> String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            let other = mapping(scalar).unicodeScalars
            out.unicodeScalars.append(other.count == 1 ? other.first ?? scalar : scalar)
        }
        return out
    }

    /// The first letter of each word as a capital, the others as they are.
    private static func title(_ text: String) -> String {
        var out = ""
        var begins = true
        for scalar in text.unicodeScalars {
            let upper = scalar.properties.titlecaseMapping.unicodeScalars
            out.unicodeScalars.append(begins && upper.count == 1 ? upper.first ?? scalar : scalar)
            let isWord =
                scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            begins = scalar.isASCII ? !isWord : scalar.properties.isWhitespace
        }
        return out
    }

    /// `net.SplitHostPort`; nil where that is an error.
    private static func splitHostPort(_ text: String) -> (host: String, port: String)? {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let port = String(text[text.index(after: colon)...])
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]"), text.index(after: close) == colon else { return nil }
            let host = String(text[text.index(after: text.startIndex)..<close])
            return host.contains("[") || port.contains("]") ? nil : (host, port)
        }
        let host = String(text[..<colon])
        return host.contains(where: { ":[]".contains($0) }) || port.contains(where: { "[]".contains($0) })
            ? nil : (host, port)
    }

    private static func stripDomain(_ text: String) -> String {
        let split = splitHostPort(text)
        let host = split?.host ?? text
        if isAddress(host) { return text }
        let name = String(host.prefix { $0 != "." })
        guard let port = split?.port, !port.isEmpty else { return name }
        return (name.contains(":") ? "[\(name)]" : name) + ":" + port
    }

    /// Whether a host is an address of IPv4 or IPv6 and no name.
    private static func isAddress(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 4, parts.allSatisfy({ UInt8($0) != nil && ($0 == "0" || !$0.hasPrefix("0")) }) { return true }
        guard host.contains(":") else { return false }
        var groups = host.split(separator: ":", omittingEmptySubsequences: false)
        var wanted = 8
        if let last = groups.last, last.contains(".") {
            guard isAddress(String(last)) else { return false }
            groups.removeLast()
            wanted = 6
        }
        return groups.count <= wanted + 1 && (groups.count == wanted || groups.contains(""))
            && groups.allSatisfy { group in
                group.utf8.count <= 4 && group.utf8.allSatisfy { Unicode.Scalar($0).properties.isASCIIHexDigit }
            }
    }
}
