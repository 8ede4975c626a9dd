import PromQL

/// The functions of templates: Go's own and Prometheus' (`template/template.go`).
enum TemplateFunctions {
    static let names: Set<String> = [
        "and", "or", "not", "len", "index", "slice", "print", "printf", "println", "html", "js", "urlquery", "eq", "ne",
        "lt", "le", "gt", "ge", "query", "first", "label", "value", "strvalue", "sortByLabel", "humanize",
        "humanize1024", "humanizeDuration", "humanizePercentage", "humanizeTimestamp", "toTime", "toDuration", "now",
        "title", "toUpper", "toLower", "stripPort", "stripDomain", "match", "reReplaceAll", "graphLink", "tableLink",
        "parseDuration", "urlQueryEscape", "args", "safeHtml", "externalURL", "pathPrefix",
    ]

    /// - Throws: the message that stands behind the place in text/template's error.
    static func call(
        _ name: String, _ arguments: [TemplateValue], data: TemplateData,
        query: (String) throws(TemplateError) -> [QuerySample]
    ) throws(TemplateError) -> TemplateValue {
        switch name {
        case "and", "or":
            guard let last = arguments.last else { throw wrongCount(name, "at least 1", 0) }
            return last
        case "not": return .bool(!(try one(name, arguments)).isTrue)
        case "len", "index", "slice": return try GoBuiltIns.collection(name, arguments)
        case "print": return .string(GoPrint.print(arguments))
        case "println": return .string(arguments.map(\.text).joined(separator: " ") + "\n")
        case "printf":
            guard case .string(let format)? = arguments.first else {
                throw wrongCount(name, "at least 1", arguments.count)
            }
            return .string(GoPrint.formatted(format, Array(arguments.dropFirst())))
        case "html": return .string(TemplateEscaping.html(GoPrint.print(arguments)))
        case "js": return .string(TemplateEscaping.javaScript(GoPrint.print(arguments)))
        case "urlquery", "urlQueryEscape": return .string(TemplateEscaping.query(GoPrint.print(arguments)))
        case "eq", "ne", "lt", "le", "gt", "ge": return .bool(try GoBuiltIns.compare(name, arguments))
        case "query":
            let text = try self.text(name, try one(name, arguments))
            do throws(TemplateError) { return .samples(try query(text)) } catch {
                throw TemplateError("error calling query: \(error.description)")
            }
        case "first", "label", "value", "strvalue", "sortByLabel": return try samples(name, arguments)
        case "humanize", "humanize1024", "humanizeDuration", "humanizePercentage", "humanizeTimestamp", "toTime",
            "toDuration":
            return try number(name, try one(name, arguments))
        case "now": return .double(Double(data.now) / 1000)
        case "args": return .arguments(arguments)
        case "safeHtml": return .string(try text(name, try one(name, arguments)))
        case "externalURL", "pathPrefix":
            // In alerts the real ones have no URL to look at.
            throw TemplateError(
                "error calling \(name): runtime error: invalid memory address or nil pointer dereference")
        default: return try words(name, arguments)
        }
    }

    static func wrongCount(_ name: String, _ wanted: String, _ found: Int) -> TemplateError {
        TemplateError("wrong number of args for \(name): want \(wanted) got \(found)")
    }

    private static func one(_ name: String, _ arguments: [TemplateValue]) throws(TemplateError) -> TemplateValue {
        guard arguments.count == 1 else { throw wrongCount(name, "1", arguments.count) }
        return arguments[0]
    }

    private static func text(_ name: String, _ value: TemplateValue) throws(TemplateError) -> String {
        guard case .string(let text) = value else {
            throw TemplateError("wrong type for value; expected string; got \(value.text)")
        }
        return text
    }

    // MARK: Samples

    private static func samples(_ name: String, _ arguments: [TemplateValue]) throws(TemplateError) -> TemplateValue {
        switch (name, arguments.count) {
        case ("first", 1):
            guard case .samples(let samples) = arguments[0] else { break }
            guard let first = samples.first else {
                throw TemplateError("error calling first: first() called on vector with no elements")
            }
            return .sample(first)
        case ("value", 1):
            if case .sample(let sample) = arguments[0] { return .double(sample.value) }
        case ("strvalue", 1):
            if case .sample(let sample) = arguments[0] { return .string(sample.labels["__value__"]) }
        case ("label", 2):
            if case .string(let label) = arguments[0], case .sample(let sample) = arguments[1] {
                return .string(sample.labels[label])
            }
        case ("sortByLabel", 2):
            if case .string(let label) = arguments[0], case .samples(let samples) = arguments[1] {
                let sorted = samples.enumerated().sorted { left, right in
                    let (a, b) = (left.element.labels[label], right.element.labels[label])
                    return a == b ? left.offset < right.offset : a.utf8.lexicographicallyPrecedes(b.utf8)
                }
                return .samples(sorted.map(\.element))
            }
        default: throw wrongCount(name, name == "label" || name == "sortByLabel" ? "2" : "1", arguments.count)
        }
        throw TemplateError("wrong type for value; expected a query's result; got \(arguments.last?.text ?? "")")
    }

    // MARK: Numbers

    private static func number(_ name: String, _ value: TemplateValue) throws(TemplateError) -> TemplateValue {
        guard let number = value.number else {
            if case .string(let text) = value {
                throw TemplateError(
                    "error calling \(name): strconv.ParseFloat: parsing \(GoQuote.quote(text)): invalid syntax")
            }
            throw TemplateError("error calling \(name): can't convert \(value.text) to float")
        }
        switch name {
        case "humanize": return .string(Humanize.decimal(number))
        case "humanize1024": return .string(Humanize.binary(number))
        case "humanizeDuration": return .string(Humanize.duration(number))
        case "humanizePercentage": return .string(GoFloat.general(number * 100, significant: 4) + "%")
        case "humanizeTimestamp":
            guard number.isFinite else { return .string(GoFloat.general(number)) }
            return .string(TemplateTime.text(number))
        case "toDuration": return .duration(number)
        default: return .time(number)
        }
    }

    // MARK: Texts

    private static func words(_ name: String, _ arguments: [TemplateValue]) throws(TemplateError) -> TemplateValue {
        let wanted = name == "match" ? 2 : name == "reReplaceAll" ? 3 : 1
        guard arguments.count == wanted else { throw wrongCount(name, "\(wanted)", arguments.count) }
        var texts: [String] = []
        for argument in arguments { texts.append(try text(name, argument)) }
        switch name {
        case "title":
            var isStart = true
            var result = ""
            for character in texts[0] {
                result += isStart ? character.uppercased() : String(character)
                isStart = !(character.isLetter || character.isNumber || character == "_" || character == "'")
            }
            return .string(result)
        case "toUpper":
            // Letter by letter, as Go does: one that has no upper case of one letter stays.
            return .string(String(texts[0].map { $0.uppercased().count == 1 ? Character($0.uppercased()) : $0 }))
        case "toLower": return .string(texts[0].lowercased())
        case "stripPort": return .string(hostAndPort(texts[0])?.host ?? texts[0])
        case "stripDomain": return .string(stripDomain(texts[0]))
        case "parseDuration":
            do throws(PrometheusDuration.ParseError) {
                return .double(Double(try PrometheusDuration.parse(texts[0])) / 1000)
            } catch { throw TemplateError("error calling parseDuration: \(error.description)") }
        case "match", "reReplaceAll":
            do throws(TemplateError) {
                return name == "match"
                    ? .bool(try TemplateRegex(texts[0]).matches(texts[1]))
                    : .string(try TemplateRegex(texts[0]).replaceAll(texts[2], with: texts[1]))
            } catch { throw TemplateError("error calling \(name): \(error.description)") }
        case "graphLink", "tableLink":
            return .string("/graph?g0.expr=\(TemplateEscaping.query(texts[0]))&g0.tab=\(name == "graphLink" ? 0 : 1)")
        default: throw TemplateError("\(name) is no function")
        }
    }

    private static func hostAndPort(_ text: String) -> (host: String, port: String)? {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") || host.contains("[") || host.contains("]") {
            return nil
        }
        return (host, String(text[text.index(after: colon)...]))
    }

    private static func stripDomain(_ text: String) -> String {
        let parts = hostAndPort(text)
        let host = parts?.host ?? text
        let isAddress = host.contains(":") || host.allSatisfy { $0 == "." || ("0"..."9").contains($0) }
        let short = isAddress ? host : String(host.prefix { $0 != "." })
        guard let parts else { return short }
        return (short.contains(":") ? "[\(short)]" : short) + ":" + parts.port
    }

    /// Methods of times and durations.
    static func method(_ name: String, of value: TemplateValue, _ arguments: [TemplateValue]) throws(TemplateError)
        -> TemplateValue
    {
        switch (value, name) {
        case (.time(let seconds), "Format"):
            guard case .string(let layout)? = arguments.first else { throw wrongCount(name, "1", arguments.count) }
            return .string(GoLayout.format(seconds, layout))
        case (.time(let seconds), "Unix"): return .int(Int64(seconds))
        case (.time, "String"), (.duration, "String"): return .string(value.text)
        case (.time, "UTC"): return value
        case (.duration(let seconds), "Seconds"): return .double(seconds)
        default: throw TemplateError("can't evaluate field \(name)")
        }
    }
}

/// Numbers for people, as Prometheus writes them.
enum Humanize {
    static func decimal(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return GoFloat.general(value, significant: 4) }
        var value = value
        var prefix = ""
        if abs(value) >= 1 {
            for next in ["k", "M", "G", "T", "P", "E", "Z", "Y"] {
                if abs(value) < 1000 { break }
                prefix = next
                value /= 1000
            }
        } else {
            for next in ["m", "u", "n", "p", "f", "a", "z", "y"] {
                if abs(value) >= 1 { break }
                prefix = next
                value *= 1000
            }
        }
        return GoFloat.general(value, significant: 4) + prefix
    }

    static func binary(_ value: Double) -> String {
        guard abs(value) > 1, value.isFinite else { return GoFloat.general(value, significant: 4) }
        var value = value
        var prefix = ""
        for next in ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"] {
            if abs(value) < 1024 { break }
            prefix = next
            value /= 1024
        }
        return GoFloat.general(value, significant: 4) + prefix
    }

    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite else { return GoFloat.general(seconds, significant: 4) }
        if seconds == 0 { return GoFloat.general(0, significant: 4) + "s" }
        var value = abs(seconds)
        guard value >= 1 else {
            var prefix = ""
            var small = seconds
            for next in ["m", "u", "n", "p", "f", "a", "z", "y"] {
                if abs(small) >= 1 { break }
                prefix = next
                small *= 1000
            }
            return GoFloat.general(small, significant: 4) + prefix + "s"
        }
        let sign = seconds < 0 ? "-" : ""
        guard value >= 60 else { return sign + GoFloat.general(value, significant: 4) + "s" }
        value = min(value, 9e15)
        let whole = Int64(value)
        let (days, hours, minutes, rest) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60)
        if days != 0 { return "\(sign)\(days)d \(hours)h \(minutes)m \(rest)s" }
        if hours != 0 { return "\(sign)\(hours)h \(minutes)m \(rest)s" }
        return "\(sign)\(minutes)m \(rest)s"
    }
}
