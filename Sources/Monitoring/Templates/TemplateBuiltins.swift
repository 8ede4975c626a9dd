import PromQL

/// The functions that Go's `text/template` brings.
enum TemplateBuiltins {
    private typealias CallError = TemplateEvaluator.CallError

    /// Nil if there is no such function.
    static func call(
        _ name: String, _ given: [TemplateValue]
    ) throws(TemplateEvaluator.CallError) -> TemplateValue? {
        switch name {
        case "not": return .boolean(!given[0].isTrue)
        case "len": return try length(given[0])
        case "index": return try given.dropFirst().reduce(first: given[0], index)
        case "slice": return try slice(given)
        case "print": return .string(try bounded(sprint(given)))
        case "println":
            return .string(
                try bounded(given.map { $0.text(limit: TemplateEvaluator.maximumOutput) }.joined(separator: " ") + "\n")
            )
        case "printf":
            guard case .string(let format) = given[0] else { return .null }
            return .string(
                try bounded(
                    GoFormat.sprintf(format, Array(given.dropFirst()), limit: TemplateEvaluator.maximumOutput)))
        case "html": return .string(try bounded(TemplateEscaping.html(text(given))))
        case "js": return .string(try bounded(TemplateEscaping.javaScript(text(given))))
        case "urlquery": return .string(try bounded(TemplateEscaping.query(text(given))))
        case "eq":
            guard given.count > 1 else { throw CallError(message: "missing argument for comparison") }
            for other in given.dropFirst() where try equal(given[0], other) { return .boolean(true) }
            return .boolean(false)
        case "ne": return .boolean(!(try equal(given[0], given[1])))
        case "lt": return .boolean(try less(given[0], given[1]))
        case "le": return .boolean(try lessOrEqual(given[0], given[1]))
        case "gt": return .boolean(!(try lessOrEqual(given[0], given[1])))
        case "ge": return .boolean(!(try less(given[0], given[1])))
        case "call":
            throw CallError(
                message: given[0].isNull ? "call of nil" : "non-function of type \(given[0].typeName)")
        default: return nil
        }
    }

    private static func bounded(_ text: String) throws(CallError) -> String {
        guard text.utf8.count <= TemplateEvaluator.maximumOutput else {
            throw CallError(message: "text of more than \(TemplateEvaluator.maximumOutput) bytes")
        }
        return text
    }

    /// `fmt.Sprint`: a space between two operands if neither is a string.
    static func sprint(_ values: [TemplateValue]) -> String {
        var out = ""
        var afterText = true
        for (index, value) in values.enumerated() where out.utf8.count <= TemplateEvaluator.maximumOutput {
            var isText = false
            if case .string = value { isText = true }
            if index > 0, !isText, !afterText { out += " " }
            afterText = isText
            out += value.text(limit: TemplateEvaluator.maximumOutput)
        }
        return out
    }

    private static func text(_ values: [TemplateValue]) -> String {
        if values.count == 1, case .string(let text) = values[0] { return text }
        return sprint(
            values.map { value in
                switch value {
                case .null, .missing: .string("<no value>")
                case .sample: .string(value.printed(limit: TemplateEvaluator.maximumOutput))
                default: value
                }
            })
    }

    private static func length(_ value: TemplateValue) throws(CallError) -> TemplateValue {
        switch value {
        case .string(let text): return .integer(Int64(text.utf8.count))
        case .labels(let labels): return .integer(Int64(labels.count))
        case .samples(let samples): return .integer(Int64(samples.count))
        case .arguments(let values, _): return .integer(Int64(values.count))
        case .null, .missing: throw CallError(message: "reflect: call of reflect.Value.Type on zero Value")
        default: throw CallError(message: "len of type \(value.pointedTypeName)")
        }
    }

    /// A place from 0 to `limit`.
    private static func position(_ value: TemplateValue, _ limit: Int) throws(CallError) -> Int {
        switch value {
        case .integer(let number):
            guard number >= 0, number <= Int64(limit) else { throw CallError(message: "index out of range: \(number)") }
            return Int(number)
        case .null, .missing: throw CallError(message: "cannot index slice/array with nil")
        default: throw CallError(message: "cannot index slice/array with type \(value.typeName)")
        }
    }

    private static func index(_ value: TemplateValue, _ key: TemplateValue) throws(CallError) -> TemplateValue {
        switch (value, key) {
        case (.labels(let labels), .string(let name)): return .string(labels[name])
        case (.arguments(let values, _), .string(let name)): return TemplateFields.argument(name, values)
        case (.labels, .null), (.arguments, .null):
            throw CallError(message: "value is nil; should be of type string")
        case (.labels, _), (.arguments, _):
            throw CallError(message: "value has type \(key.typeName); should be string")
        case (.samples(let samples), _):
            let place = try position(key, samples.count)
            guard place < samples.count else { throw CallError(message: "reflect: slice index out of range") }
            return .sample(samples[place])
        case (.string(let text), _):
            let bytes = Array(text.utf8)
            let place = try position(key, bytes.count)
            guard place < bytes.count else { throw CallError(message: "reflect: string index out of range") }
            return .integer(Int64(bytes[place]))
        case (.null, _), (.missing, _): throw CallError(message: "index of untyped nil")
        default: throw CallError(message: "can't index item of type \(value.pointedTypeName)")
        }
    }

    private static func slice(_ given: [TemplateValue]) throws(CallError) -> TemplateValue {
        if given.count > 4 { throw CallError(message: "too many slice indexes: \(given.count - 1)") }
        let count: Int
        switch given[0] {
        case .string(let text):
            count = text.utf8.count
            if given.count > 3 { throw CallError(message: "cannot 3-index slice a string") }
        case .samples(let samples): count = samples.count
        case .null, .missing: throw CallError(message: "slice of untyped nil")
        default: throw CallError(message: "can't slice item of type \(given[0].typeName)")
        }
        var bounds = [0, count]
        for (place, value) in given.dropFirst().enumerated() {
            let bound = try position(value, count)
            if place < 2 {
                bounds[place] = bound
            } else if bounds[1] > bound {
                throw CallError(message: "invalid slice index: \(bounds[1]) > \(bound)")
            }
        }
        guard bounds[0] <= bounds[1] else {
            throw CallError(message: "invalid slice index: \(bounds[0]) > \(bounds[1])")
        }
        switch given[0] {
        case .string(let text):
            return .string(String(decoding: Array(text.utf8)[bounds[0]..<bounds[1]], as: UTF8.self))
        case .samples(let samples): return .samples(Array(samples[bounds[0]..<bounds[1]]))
        default: return .null
        }
    }

    // MARK: Comparisons

    private static func equal(_ a: TemplateValue, _ b: TemplateValue) throws(CallError) -> Bool {
        switch (a, b) {
        case (.boolean(let x), .boolean(let y)): return x == y
        case (.integer(let x), .integer(let y)): return x == y
        case (.float(let x), .float(let y)): return x == y
        case (.string(let x), .string(let y)): return x.utf8.elementsEqual(y.utf8)
        default: break
        }
        if a.isNull || b.isNull { return a.isNull && b.isNull }
        if a.isBasic || b.isBasic { throw CallError(message: "incompatible types for comparison") }
        switch b {
        // Pointers, each to a value of its own.
        case .sample, .time, .duration: return false
        default:
            let text = GoVerbs.text("s", b, GoVerbs.Directive(), limit: 1000)
            throw CallError(message: "non-comparable type \(text): \(b.typeName)")
        }
    }

    private static func less(_ a: TemplateValue, _ b: TemplateValue) throws(CallError) -> Bool {
        switch (a, b) {
        case (.integer(let x), .integer(let y)): return x < y
        case (.float(let x), .float(let y)): return x < y
        case (.string(let x), .string(let y)): return x.utf8.lexicographicallyPrecedes(y.utf8)
        case (.boolean, .boolean): throw CallError(message: "invalid type for comparison")
        default:
            guard a.isBasic, b.isBasic else { throw CallError(message: "invalid type for comparison") }
            throw CallError(message: "incompatible types for comparison")
        }
    }

    private static func lessOrEqual(_ a: TemplateValue, _ b: TemplateValue) throws(CallError) -> Bool {
        if try less(a, b) { return true }
        return try equal(a, b)
    }
}

extension TemplateValue {
    fileprivate var isNull: Bool {
        switch self {
        case .null, .missing: true
        default: false
        }
    }

    /// Whether its type has an order or is one of truth.
    fileprivate var isBasic: Bool {
        switch self {
        case .integer, .float, .string, .boolean: true
        default: false
        }
    }

    /// The type of what a pointer points to.
    fileprivate var pointedTypeName: String { typeName.hasPrefix("*") ? String(typeName.dropFirst()) : typeName }
}

extension ArraySlice<TemplateValue> {
    fileprivate func reduce(
        first: TemplateValue,
        _ combine: (TemplateValue, TemplateValue) throws(TemplateEvaluator.CallError) -> TemplateValue
    ) throws(TemplateEvaluator.CallError) -> TemplateValue {
        var value = first
        for element in self { value = try combine(value, element) }
        return value
    }
}
