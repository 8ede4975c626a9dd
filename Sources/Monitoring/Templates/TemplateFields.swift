/// `.Labels`, `.Value`, `.arg0`: what stands behind a point and is no method.
enum TemplateFields {
    static func value(
        of name: String, in base: TemplateValue, hasArguments: Bool
    ) throws(TemplateEvaluator.CallError) -> TemplateValue {
        switch base {
        // With missingkey=zero nothing comes of nothing.
        case .null: return .null
        case .missing: throw .init(message: "nil pointer evaluating interface {}.\(name)")
        case .labels(let labels):
            if hasArguments { throw .init(message: "\(name) is not a method but has arguments") }
            return .string(labels[name])
        case .arguments(let values, _):
            if hasArguments { throw .init(message: "\(name) is not a method but has arguments") }
            return argument(name, values)
        default: break
        }
        guard let value = member(name, base) else {
            throw .init(message: "can't evaluate field \(name) in type \(base.typeName)")
        }
        if hasArguments { throw .init(message: "\(name) has arguments but cannot be invoked as function") }
        return value
    }

    /// `arg0`, `arg1`, … of `args`.
    static func argument(_ name: String, _ values: [TemplateValue]) -> TemplateValue {
        guard name.hasPrefix("arg"), let index = Int(name.dropFirst(3)), values.indices.contains(index),
            name == "arg\(index)"
        else { return .missing }
        return values[index]
    }

    private static func member(_ name: String, _ base: TemplateValue) -> TemplateValue? {
        switch (base, name) {
        case (.sample(let sample), "Labels"): .labels(sample.labels)
        case (.sample(let sample), "Value"): .float(sample.value)
        case (.data(let data), "Labels"): .labels(data.labels)
        case (.data(let data), "Value"): .float(data.value)
        case (.data(let data), "ExternalLabels"): .labels(data.externalLabels)
        case (.data(let data), "ExternalURL"): .string(data.externalURL)
        default: nil
        }
    }
}
