import PromQL

/// A value within a template.
enum LogTemplateValue: Sendable, Equatable {
    case string(String)
    case number(Double)
    case bool(Bool)

    var text: String {
        switch self {
        case .string(let text): text
        case .number(let number): GoFloat.general(number)
        case .bool(let flag): flag ? "true" : "false"
        }
    }

    /// Go's truth: not empty, not zero.
    var isTrue: Bool {
        switch self {
        case .string(let text): !text.isEmpty
        case .number(let number): number != 0
        case .bool(let flag): flag
        }
    }

    /// A number, or the number that a text is, or 0 as Sprig's conversions have it.
    var number: Double {
        switch self {
        case .number(let number): number
        case .string(let text): GoFloat.parse(text) ?? 0
        case .bool(let flag): flag ? 1 : 0
        }
    }

    var integer: Int { Int(exactly: number.rounded(.towardZero)) ?? 0 }
}

/// The functions that templates have.
enum LogTemplateFunctions {
    static let names: Set<String> = [
        "__line__", "__timestamp__", "ToLower", "ToUpper", "Trim", "TrimLeft", "TrimRight", "TrimPrefix", "TrimSuffix",
        "TrimSpace", "Replace", "lower", "upper", "trim", "trimAll", "trimPrefix", "trimSuffix", "replace", "repeat",
        "trunc", "substr", "contains", "hasPrefix", "hasSuffix", "default", "printf", "len", "eq", "ne", "lt", "le",
        "gt", "ge", "and", "or", "not", "add", "sub", "mul", "div", "mod", "addf", "subf", "mulf", "divf", "min", "max",
        "int", "float64", "duration", "duration_seconds", "bytes",
    ]

    /// Functions of the real language that the lab leaves out.
    static let leftOut: Set<String> = [
        "alignLeft", "alignRight", "b64dec", "b64enc", "ceil", "date", "floor", "fromJson", "indent", "nindent", "now",
        "print", "println", "regexReplaceAll", "regexReplaceAllLiteral", "round", "title", "toDate", "toDateInZone",
        "unixEpoch",
        "unixEpochMillis", "unixEpochNanos", "unixToTime", "urldecode", "urlencode", "index", "slice", "call", "html",
        "js", "urlquery", "count",
    ]

    /// How many arguments a function takes.
    private static func arity(_ name: String) -> ClosedRange<Int> {
        switch name {
        case "ToLower", "ToUpper", "TrimSpace", "lower", "upper", "trim", "len", "not", "int", "float64", "duration",
            "duration_seconds", "bytes":
            1...1
        case "Replace": 4...4
        case "replace", "substr": 3...3
        case "add", "mul", "addf", "mulf", "subf", "divf", "min", "max", "printf", "eq": 1...20
        default: 2...2
        }
    }

    static func call(_ name: String, _ values: [LogTemplateValue]) throws(LogTemplate.Failure) -> LogTemplateValue {
        let arity = arity(name)
        guard arity.contains(values.count) else {
            throw LogTemplate.Failure(
                message: "wrong number of args for \(name): want \(arity.lowerBound) got \(values.count)")
        }
        if let value = try text(name, values) ?? comparison(name, values) { return value }
        return try number(name, values)
    }

    private static func text(
        _ name: String, _ values: [LogTemplateValue]
    ) throws(LogTemplate.Failure) -> LogTemplateValue? {
        let first = values[0].text
        let last = values[values.count - 1].text
        switch name {
        case "ToLower", "lower": return .string(first.lowercased())
        case "ToUpper", "upper": return .string(first.uppercased())
        case "TrimSpace", "trim": return .string(trimmed(first, " \t\n\r\u{b}\u{c}"))
        case "Trim": return .string(trimmed(first, last))
        case "trimAll": return .string(trimmed(last, first))
        case "TrimLeft": return .string(trimmed(first, last, right: false))
        case "TrimRight": return .string(trimmed(first, last, left: false))
        case "TrimPrefix": return .string(first.hasPrefix(last) ? String(first.dropFirst(last.count)) : first)
        case "TrimSuffix": return .string(first.hasSuffix(last) ? String(first.dropLast(last.count)) : first)
        case "trimPrefix": return .string(last.hasPrefix(first) ? String(last.dropFirst(first.count)) : last)
        case "trimSuffix": return .string(last.hasSuffix(first) ? String(last.dropLast(first.count)) : last)
        case "Replace": return .string(replaced(first, values[1].text, values[2].text, values[3].integer))
        case "replace": return .string(replaced(values[2].text, first, values[1].text, -1))
        case "repeat":
            let count = max(0, values[0].integer)
            guard count <= 10_000, count * last.utf8.count <= 1_000_000 else {
                throw LogTemplate.Failure(message: "error calling repeat: the text would be too long")
            }
            return .string(String(repeating: last, count: count))
        case "trunc":
            let count = values[0].integer
            return .string(count >= 0 ? String(last.prefix(count)) : String(last.suffix(-max(count, -1_000_000))))
        case "substr":
            let scalars = Array(last)
            let begin = min(max(0, values[0].integer), scalars.count)
            let end = values[1].integer < 0 ? scalars.count : min(max(begin, values[1].integer), scalars.count)
            return .string(String(scalars[begin..<end]))
        case "contains": return .bool(last.containsBytes(of: first))
        case "hasPrefix": return .bool(last.hasPrefix(first))
        case "hasSuffix": return .bool(last.hasSuffix(first))
        case "default": return values[1].isTrue ? values[1] : values[0]
        case "printf": return .string(printed(first, Array(values.dropFirst())))
        case "len": return .number(Double(first.utf8.count))
        default: return nil
        }
    }

    private static func comparison(_ name: String, _ values: [LogTemplateValue]) -> LogTemplateValue? {
        func order() -> Int {
            if case .number(let a) = values[0], case .number(let b) = values[1] { return a < b ? -1 : a > b ? 1 : 0 }
            return ByteOrder.compare(values[0].text, values[1].text)
        }
        switch name {
        case "not": return .bool(!values[0].isTrue)
        case "eq": return .bool(values.dropFirst().contains { $0 == values[0] })
        case "ne": return .bool(values[0] != values[1])
        case "lt": return .bool(order() < 0)
        case "le": return .bool(order() <= 0)
        case "gt": return .bool(order() > 0)
        case "ge": return .bool(order() >= 0)
        default: return nil
        }
    }

    private static func number(
        _ name: String, _ values: [LogTemplateValue]
    ) throws(LogTemplate.Failure) -> LogTemplateValue {
        let numbers = values.map(\.number)
        func folded(_ combine: (Double, Double) -> Double) -> LogTemplateValue {
            .number(numbers.dropFirst().reduce(numbers[0], combine))
        }
        func whole(_ combine: (Double, Double) -> Double) -> LogTemplateValue {
            .number(
                numbers.dropFirst().reduce(numbers[0].rounded(.towardZero)) { combine($0, $1.rounded(.towardZero)) })
        }
        switch name {
        case "add": return whole(+)
        case "sub": return whole(-)
        case "mul": return whole(*)
        case "div", "mod":
            let divisor = numbers[1].rounded(.towardZero)
            guard divisor != 0 else {
                throw LogTemplate.Failure(message: "error calling \(name): runtime error: integer divide by zero")
            }
            let dividend = numbers[0].rounded(.towardZero)
            return .number(
                name == "div"
                    ? (dividend / divisor).rounded(.towardZero) : dividend.truncatingRemainder(dividingBy: divisor))
        case "addf": return folded(+)
        case "subf": return folded(-)
        case "mulf": return folded(*)
        case "divf": return folded(/)
        case "min": return folded(Swift.min)
        case "max": return folded(Swift.max)
        case "int": return .number(numbers[0].rounded(.towardZero))
        case "float64": return .number(numbers[0])
        case "duration", "duration_seconds":
            guard let amount = LogQuantity.goDuration(values[0].text) else {
                throw LogTemplate.Failure(
                    message: "error calling \(name): time: invalid duration \(GoQuote.quote(values[0].text))")
            }
            return .number(Double(amount) / 1e9)
        case "bytes":
            guard let amount = LogQuantity.bytes(values[0].text) else {
                throw LogTemplate.Failure(message: "error calling bytes: unhandled size name")
            }
            return .number(Double(amount))
        default: throw LogTemplate.Failure(message: "function \(GoQuote.quote(name)) not defined")
        }
    }

    private static func trimmed(_ text: String, _ cutset: String, left: Bool = true, right: Bool = true) -> String {
        let cut = Set(cutset.unicodeScalars)
        var rest = text.unicodeScalars[...]
        if left { while let first = rest.first, cut.contains(first) { rest.removeFirst() } }
        if right { while let last = rest.last, cut.contains(last) { rest.removeLast() } }
        return String(rest)
    }

    private static func replaced(_ text: String, _ old: String, _ new: String, _ count: Int) -> String {
        guard !old.isEmpty else { return text }
        let bytes = Array(text.utf8)
        let wanted = Array(old.utf8)
        var out: [UInt8] = []
        var place = 0
        var left = count
        while place < bytes.count {
            if left != 0, place + wanted.count <= bytes.count, bytes[place] == wanted[0],
                bytes[place..<(place + wanted.count)].elementsEqual(wanted)
            {
                out.append(contentsOf: new.utf8)
                place += wanted.count
                left -= 1
            } else {
                out.append(bytes[place])
                place += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// `%s`, `%v`, `%d`, `%q`, `%f` with width and precision; others stand as Go prints a wrong verb.
    private static func printed(_ format: String, _ values: [LogTemplateValue]) -> String {
        var out = ""
        var arguments = values[...]
        var rest = Array(format.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            guard scalar == "%" else {
                out.unicodeScalars.append(scalar)
                continue
            }
            let flags = rest.prefix { $0 == "-" || $0 == "0" || $0 == "+" }
            rest = rest.dropFirst(flags.count)
            let width = rest.prefix { ("0"..."9").contains($0) }
            rest = rest.dropFirst(width.count)
            var precision: Int?
            if rest.first == "." {
                rest.removeFirst()
                let digits = rest.prefix { ("0"..."9").contains($0) }
                rest = rest.dropFirst(digits.count)
                precision = min(Int(String(String.UnicodeScalarView(digits))) ?? 0, 20)
            }
            guard let verb = rest.popFirst() else { return out + "%!(NOVERB)" }
            if verb == "%" {
                out += "%"
                continue
            }
            guard let value = arguments.popFirst() else {
                out += "%!\(verb)(MISSING)"
                continue
            }
            var text: String
            switch verb {
            case "s", "v": text = precision.map { String(value.text.prefix($0)) } ?? value.text
            case "q": text = GoQuote.quote(value.text)
            case "d": text = String(value.integer)
            case "f": text = GoFloat.fixed(value.number, decimals: precision ?? 6)
            default: text = "%!\(verb)(\(value.text))"
            }
            let missing = min(Int(String(String.UnicodeScalarView(width))) ?? 0, 1000) - text.count
            if missing > 0 {
                let padding = String(repeating: flags.contains("0") && !flags.contains("-") ? "0" : " ", count: missing)
                text = flags.contains("-") ? text + padding : padding + text
            }
            out += text
        }
        return out
    }
}
