import PromQL

/// What a function of a template takes.
struct TemplateSignature: Sendable {
    enum Parameter: Sendable {
        case any, string, integer, samples, sample

        private var goName: String {
            switch self {
            case .any: "interface {}"
            case .string: "string"
            case .integer: "int"
            case .samples: "template.queryResult"
            case .sample: "*template.sample"
            }
        }

        /// A value as the parameter holds it.
        func accept(_ value: TemplateValue) throws(TemplateEvaluator.CallError) -> TemplateValue {
            switch (self, value) {
            case (.any, _), (.string, .string), (.integer, .integer), (.samples, .samples), (.sample, .sample),
                (.sample, .null):
                return value
            case (.samples, .null): return .samples([])
            case (_, .null): throw .init(message: "invalid value; expected \(goName)")
            default:
                throw .init(message: "wrong type for value; expected \(goName); got \(value.typeName)")
            }
        }

        /// A literal as the parameter holds it; nil if it counts as what it is.
        func accept(literal: TemplateOperand) throws(TemplateEvaluator.CallError) -> TemplateValue? {
            switch (self, literal) {
            case (.any, _), (.sample, .null), (.string, .string): return nil
            case (.samples, .null): return .samples([])
            case (_, .null): throw .init(message: "cannot assign nil to \(goName)")
            case (.integer, .number(let number)):
                if let whole = number.integer { return .integer(whole) }
            case (.samples, _), (.sample, _):
                throw .init(message: "can't handle \(literal.text) for arg of type \(goName)")
            default: break
            }
            throw .init(message: "expected \(self == .integer ? "integer" : "string"); found \(literal.text)")
        }
    }

    var parameters: [Parameter]
    /// Whether the last parameter may be given any number of times.
    var isVariadic = false
    /// Why it cannot be called from a template (`3 results`).
    var uncallable: String?

    init(_ parameters: [Parameter], variadic: Bool = false, uncallable: String? = nil) {
        self.parameters = parameters
        isVariadic = variadic
        self.uncallable = uncallable
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
