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
        case "call": throw CallError(message: "non-function of type \(given[0].typeName)")
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
        return sprint(values)
    }

    private static func length(_ value: TemplateValue) throws(CallError) -> TemplateValue {
        switch value {
        case .string(let text): return .integer(Int64(text.utf8.count))
        case .labels(let labels): return .integer(Int64(labels.count))
        case .samples(let samples): return .integer(Int64(samples.count))
        case .arguments(let values, _): return .integer(Int64(values.count))
        case .null: throw CallError(message: "reflect: call of reflect.Value.Type on zero Value")
        default: throw CallError(message: "len of type \(value.typeName)")
        }
    }

    private static func position(_ value: TemplateValue, _ limit: Int) throws(CallError) -> Int {
        switch value {
        case .integer(let number):
            guard number >= 0, number < Int64(limit) else { throw CallError(message: "index out of range: \(number)") }
            return Int(number)
        case .null: throw CallError(message: "cannot index slice/array with nil")
        default: throw CallError(message: "cannot index slice/array with type \(value.typeName)")
        }
    }

    private static func index(_ value: TemplateValue, _ key: TemplateValue) throws(CallError) -> TemplateValue {
        switch (value, key) {
        case (.labels(let labels), .string(let name)): return .string(labels[name])
        case (.arguments, .string(let name)): return try TemplateFields.value(of: name, in: value, [])
        case (.labels, _), (.arguments, _):
            throw CallError(message: "value has type \(key.typeName); should be string")
        case (.samples(let samples), _): return .sample(samples[try position(key, samples.count)])
        case (.string(let text), _):
            let bytes = Array(text.utf8)
            return .integer(Int64(bytes[try position(key, bytes.count)]))
        case (.null, _): throw CallError(message: "index of untyped nil")
        default: throw CallError(message: "can't index item of type \(value.typeName)")
        }
    }

    private static func slice(_ given: [TemplateValue]) throws(CallError) -> TemplateValue {
        let count: Int
        switch given[0] {
        case .string(let text):
            count = text.utf8.count
            if given.count > 3 { throw CallError(message: "cannot 3-index slice a string") }
        case .samples(let samples): count = samples.count
        default: throw CallError(message: "can't slice item of type \(given[0].typeName)")
        }
        if given.count > 4 { throw CallError(message: "too many slice indexes: \(given.count - 1)") }
        var bounds = [0, count]
        for (place, value) in given.dropFirst().prefix(2).enumerated() {
            bounds[place] = try position(value, count + 1)
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

    private static func equal(_ a: TemplateValue, _ b: TemplateValue) throws(CallError) -> Bool {
        switch (a, b) {
        case (.boolean(let x), .boolean(let y)): return x == y
        case (.integer(let x), .integer(let y)): return x == y
        case (.float(let x), .float(let y)): return x == y
        case (.string(let x), .string(let y)): return x.utf8.elementsEqual(y.utf8)
        case (.null, .null): return true
        case (.labels, _), (.arguments, _), (.samples, _), (_, .labels), (_, .arguments), (_, .samples):
            let wrong = a.isComparable ? b : a
            throw CallError(message: "non-comparable type \(wrong.text(limit: 1000)): \(wrong.typeName)")
        case (.null, _), (_, .null): return false
        default: throw CallError(message: "incompatible types for comparison")
        }
    }

    private static func less(_ a: TemplateValue, _ b: TemplateValue) throws(CallError) -> Bool {
        switch (a, b) {
        case (.integer(let x), .integer(let y)): return x < y
        case (.float(let x), .float(let y)): return x < y
        case (.string(let x), .string(let y)): return x.utf8.lexicographicallyPrecedes(y.utf8)
        case (.integer, _), (.float, _), (.string, _):
            if b.isOrdered { throw CallError(message: "incompatible types for comparison") }
            throw CallError(message: "invalid type for comparison")
        default: throw CallError(message: "invalid type for comparison")
        }
    }

    private static func lessOrEqual(_ a: TemplateValue, _ b: TemplateValue) throws(CallError) -> Bool {
        if try less(a, b) { return true }
        return try equal(a, b)
    }
}

extension TemplateValue {
    fileprivate var isComparable: Bool {
        switch self {
        case .labels, .arguments, .samples: false
        default: true
        }
    }

    fileprivate var isOrdered: Bool {
        switch self {
        case .integer, .float, .string, .boolean: true
        default: false
        }
    }
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
