import PromQL

/// What a function of a template takes.
struct TemplateSignature: Sendable {
    enum Parameter: Sendable {
        case any, string, float, integer, samples, sample

        private var goName: String {
            switch self {
            case .any: "interface {}"
            case .string: "string"
            case .float: "float64"
            case .integer: "int"
            case .samples: "template.queryResult"
            case .sample: "*template.sample"
            }
        }

        /// The value as the parameter holds it; `literal` is the operand if it was written out.
        func accept(
            _ value: TemplateValue, literal: TemplateOperand?
        ) throws(TemplateEvaluator.CallError) -> TemplateValue {
            switch (self, value) {
            case (.any, _), (.string, .string), (.float, .float), (.integer, .integer), (.samples, .samples),
                (.sample, .sample):
                return value
            case (.float, .integer(let number)):
                if case .number? = literal { return .float(Double(number)) }
            case (.samples, .null): return .samples([])
            case (.sample, .null):
                throw .init(message: "cannot assign nil to \(goName)")
            default: break
            }
            switch literal {
            case .number?, .string?, .boolean?, .null?:
                let kind = self == .integer ? "integer" : self == .float ? "float" : goName
                let text = literal?.text ?? ""
                throw .init(
                    message: self == .samples || self == .sample
                        ? "can't handle \(text) for arg of type \(goName)" : "expected \(kind); found \(text)")
            default: throw .init(message: "wrong type for value; expected \(goName); got \(value.typeName)")
            }
        }
    }

    var parameters: [Parameter]
    /// Whether the last parameter may be given any number of times.
    var isVariadic = false

    init(_ parameters: [Parameter], variadic: Bool = false) {
        self.parameters = parameters
        isVariadic = variadic
    }

    func parameter(_ index: Int) -> Parameter {
        index < parameters.count ? parameters[index] : parameters.last ?? .any
    }

    /// How many arguments are wanted, if `count` is not right.
    func mismatch(_ count: Int) -> String? {
        if isVariadic { return count < parameters.count - 1 ? "at least \(parameters.count - 1)" : nil }
        return count == parameters.count ? nil : String(parameters.count)
    }

    /// Go's own functions and those of Prometheus.
    static let all: [String: TemplateSignature] = {
        var all: [String: TemplateSignature] = [:]
        for name in ["print", "println", "html", "js", "urlquery", "args"] {
            all[name] = TemplateSignature([.any], variadic: true)
        }
        for name in ["and", "or", "eq", "index", "slice", "call"] {
            all[name] = TemplateSignature([.any, .any], variadic: true)
        }
        for name in ["not", "len"] { all[name] = TemplateSignature([.any]) }
        for name in ["ne", "lt", "le", "gt", "ge"] { all[name] = TemplateSignature([.any, .any]) }
        all["printf"] = TemplateSignature([.string, .any], variadic: true)
        for name in [
            "humanize", "humanize1024", "humanizeDuration", "humanizePercentage", "humanizeTimestamp", "toTime",
            "toDuration",
        ] { all[name] = TemplateSignature([.any]) }
        for name in [
            "query", "title", "toUpper", "toLower", "graphLink", "tableLink", "stripPort", "stripDomain", "safeHtml",
            "parseDuration", "urlQueryEscape",
        ] { all[name] = TemplateSignature([.string]) }
        for name in ["externalURL", "pathPrefix", "now"] { all[name] = TemplateSignature([]) }
        all["first"] = TemplateSignature([.samples])
        all["label"] = TemplateSignature([.string, .sample])
        all["value"] = TemplateSignature([.sample])
        all["strvalue"] = TemplateSignature([.sample])
        all["sortByLabel"] = TemplateSignature([.string, .samples])
        all["match"] = TemplateSignature([.string, .string])
        all["reReplaceAll"] = TemplateSignature([.string, .string, .string])
        return all
    }()
}

/// `.Labels`, `.Value` and the methods of times.
enum TemplateFields {
    static func value(
        of name: String, in base: TemplateValue, _ given: [TemplateValue]
    ) throws(TemplateEvaluator.CallError) -> TemplateValue {
        if case .time(let milliseconds) = base {
            if let value = try method(name, GoTime(milliseconds: milliseconds), given) { return value }
        } else if case .duration(let nanoseconds) = base, given.isEmpty {
            switch name {
            case "Seconds": return .float(Double(nanoseconds) / 1e9)
            case "Minutes": return .float(Double(nanoseconds) / 6e10)
            case "Hours": return .float(Double(nanoseconds) / 3.6e12)
            case "Milliseconds": return .integer(nanoseconds / 1_000_000)
            case "Nanoseconds": return .integer(nanoseconds)
            case "String": return .string(base.text())
            default: break
            }
        }
        let found = member(name, base)
        if let found {
            guard given.isEmpty else {
                throw .init(message: "\(name) is not a method but has arguments")
            }
            return found
        }
        if case .null = base { throw .init(message: "nil data; no entry for key \(GoQuote.quote(name))") }
        throw .init(message: "can't evaluate field \(name) in type \(base.typeName)")
    }

    private static func member(_ name: String, _ base: TemplateValue) -> TemplateValue? {
        switch base {
        case .labels(let labels): return .string(labels[name])
        case .arguments(let values, _):
            guard name.hasPrefix("arg"), let index = Int(name.dropFirst(3)), values.indices.contains(index),
                name == "arg\(index)"
            else { return .null }
            return values[index]
        case .sample(let sample):
            return name == "Labels" ? .labels(sample.labels) : name == "Value" ? .float(sample.value) : nil
        case .data(let data):
            switch name {
            case "Labels": return .labels(data.labels)
            case "Value": return .float(data.value)
            case "ExternalLabels": return .labels(data.externalLabels)
            case "ExternalURL": return .string(data.externalURL)
            default: return nil
            }
        default: return nil
        }
    }

    private static func method(
        _ name: String, _ time: GoTime, _ given: [TemplateValue]
    ) throws(TemplateEvaluator.CallError) -> TemplateValue? {
        if name == "Format" {
            guard given.count == 1 else {
                throw .init(message: "wrong number of args for Format: want 1 got \(given.count)")
            }
            guard case .string(let layout) = given[0] else {
                throw .init(message: "wrong type for value; expected string; got \(given[0].typeName)")
            }
            return .string(time.format(layout))
        }
        guard given.isEmpty else { return nil }
        switch name {
        case "Unix": return .integer((time.milliseconds - Int64(time.millisecond)) / 1000)
        case "UnixMilli": return .integer(time.milliseconds)
        case "UTC": return .time(time.milliseconds)
        case "String": return .string(time.description)
        case "Year": return .integer(Int64(time.year))
        case "Month": return .string(time.monthName)
        case "Day": return .integer(Int64(time.day))
        case "Hour": return .integer(Int64(time.hour))
        case "Minute": return .integer(Int64(time.minute))
        case "Second": return .integer(Int64(time.second))
        case "Weekday": return .string(time.weekday)
        default: return nil
        }
    }
}
