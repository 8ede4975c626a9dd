import PromQL

/// Go's own functions of templates: comparisons, collections.
enum GoBuiltIns {
    static func compare(_ name: String, _ arguments: [TemplateValue]) throws(TemplateError) -> Bool {
        guard arguments.count >= 2, name == "eq" || arguments.count == 2 else {
            if arguments.count < 2 {
                throw TemplateError(
                    "wrong number of args for \(name): want at least \(name == "eq" ? 1 : 2) got \(arguments.count)")
            }
            throw TemplateFunctions.wrongCount(name, "2", arguments.count)
        }
        if name == "eq" {
            for other in arguments.dropFirst() where try areEqual(arguments[0], other, name) { return true }
            return false
        }
        if name == "ne" { return !(try areEqual(arguments[0], arguments[1], name)) }
        let (left, right) = (arguments[0], arguments[1])
        let order: (less: Bool, equal: Bool)
        switch (left, right) {
        case (.int(let a), .int(let b)): order = (a < b, a == b)
        case (.double(let a), .double(let b)): order = (a < b, a == b)
        case (.string(let a), .string(let b)): order = (a.utf8.lexicographicallyPrecedes(b.utf8), a == b)
        default: throw TemplateError("error calling \(name): incompatible types for comparison")
        }
        switch name {
        case "lt": return order.less
        case "le": return order.less || order.equal
        case "gt": return !order.less && !order.equal
        default: return !order.less
        }
    }

    private static func areEqual(_ left: TemplateValue, _ right: TemplateValue, _ name: String) throws(TemplateError)
        -> Bool
    {
        switch (left, right) {
        case (.int(let a), .int(let b)): return a == b
        case (.double(let a), .double(let b)): return a == b
        case (.string(let a), .string(let b)): return a.utf8.elementsEqual(b.utf8)
        case (.bool(let a), .bool(let b)): return a == b
        case (.none, .none): return true
        default: throw TemplateError("error calling \(name): incompatible types for comparison")
        }
    }

    static func collection(_ name: String, _ arguments: [TemplateValue]) throws(TemplateError) -> TemplateValue {
        guard let first = arguments.first else { throw TemplateFunctions.wrongCount(name, "at least 1", 0) }
        switch name {
        case "len":
            switch first {
            case .string(let text): return .int(Int64(text.utf8.count))
            case .labels(let labels): return .int(Int64(labels.count))
            case .samples(let samples): return .int(Int64(samples.count))
            case .arguments(let values): return .int(Int64(values.count))
            default: throw TemplateError("error calling len: len of type \(first.text)")
            }
        case "index":
            var value = first
            for index in arguments.dropFirst() {
                switch (value, index) {
                case (.labels(let labels), .string(let key)): value = .string(labels[key])
                case (.samples(let samples), .int(let place)):
                    guard place >= 0, place < samples.count else {
                        throw TemplateError("error calling index: index out of range: \(place)")
                    }
                    value = .sample(samples[Int(place)])
                case (.string(let text), .int(let place)):
                    let bytes = Array(text.utf8)
                    guard place >= 0, place < bytes.count else {
                        throw TemplateError("error calling index: index out of range: \(place)")
                    }
                    value = .int(Int64(bytes[Int(place)]))
                default: throw TemplateError("error calling index: can't index item of type \(value.text)")
                }
            }
            return value
        default:
            guard case .string(let text) = first else { throw TemplateError("error calling slice: can't slice item") }
            let bytes = Array(text.utf8)
            var bounds = [0, bytes.count]
            for (place, argument) in arguments.dropFirst().prefix(2).enumerated() {
                guard case .int(let value) = argument, value >= 0, value <= bytes.count else {
                    throw TemplateError("error calling slice: index out of range: \(argument.text)")
                }
                bounds[place] = Int(value)
            }
            guard bounds[0] <= bounds[1] else {
                throw TemplateError("error calling slice: invalid slice index: \(bounds[0]) > \(bounds[1])")
            }
            return .string(String(decoding: bytes[bounds[0]..<bounds[1]], as: UTF8.self))
        }
    }
}

/// `fmt`'s Sprint and Sprintf over a template's values.
enum GoPrint {
    /// Space stands between two values neither of which is a text.
    static func print(_ values: [TemplateValue]) -> String {
        var result = ""
        for (place, value) in values.enumerated() {
            if place > 0, !isText(value), !isText(values[place - 1]) { result += " " }
            result += value.text
        }
        return result
    }

    private static func isText(_ value: TemplateValue) -> Bool { if case .string = value { true } else { false } }

    static func formatted(_ format: String, _ values: [TemplateValue]) -> String {
        var result = ""
        var next = 0
        var characters = Array(format)[...]
        while let character = characters.popFirst() {
            guard character == "%" else {
                result.append(character)
                continue
            }
            var flags = ""
            while let flag = characters.first, "+-# 0".contains(flag) {
                flags.append(flag)
                characters.removeFirst()
            }
            func number() -> Int? {
                var digits = ""
                while let digit = characters.first, digit.isASCII, digit.isNumber {
                    digits.append(digit)
                    characters.removeFirst()
                }
                return digits.isEmpty ? nil : Int(digits.prefix(4))
            }
            let width = min(number() ?? 0, 1000)
            var precision: Int?
            if characters.first == "." {
                characters.removeFirst()
                precision = min(number() ?? 0, 100)
            }
            guard let verb = characters.popFirst() else {
                result += "%!(NOVERB)"
                break
            }
            if verb == "%" {
                result += "%"
                continue
            }
            guard next < values.count else {
                result += "%!\(verb)(MISSING)"
                continue
            }
            let text = self.text(values[next], verb, precision, flags)
            next += 1
            let padding = max(0, width - text.count)
            if flags.contains("-") {
                result += text + String(repeating: " ", count: padding)
            } else if flags.contains("0"), values[next - 1].number != nil, !isText(values[next - 1]) {
                let sign = text.hasPrefix("-") ? "-" : ""
                result += sign + String(repeating: "0", count: padding) + text.dropFirst(sign.count)
            } else {
                result += String(repeating: " ", count: padding) + text
            }
        }
        if next < values.count {
            result += "%!(EXTRA " + values[next...].map { "\(type($0))=\($0.text)" }.joined(separator: ", ") + ")"
        }
        return result
    }

    private static func type(_ value: TemplateValue) -> String {
        switch value {
        case .int: "int"
        case .double: "float64"
        case .bool: "bool"
        case .string: "string"
        default: "template.value"
        }
    }

    private static func text(_ value: TemplateValue, _ verb: Character, _ precision: Int?, _ flags: String) -> String {
        var text: String?
        switch (verb, value) {
        case ("v", _): text = value.text
        case ("s", .string(let string)): text = precision.map { String(string.prefix($0)) } ?? string
        case ("q", .string(let string)): text = GoQuote.quote(string)
        case ("d", .int(let number)): text = "\(number)"
        case ("x", .int(let number)): text = String(number, radix: 16)
        case ("x", .string(let string)):
            text = string.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        case ("t", .bool(let bool)): text = "\(bool)"
        case ("f", .double(let number)), ("F", .double(let number)):
            text = GoFloat.fixed(number, decimals: precision ?? 6)
        case ("g", .double(let number)):
            text = precision.map { GoFloat.general(number, significant: max(1, $0)) } ?? GoFloat.general(number)
        case ("e", .double(let number)): text = GoFloat.exponential(number)
        case ("s", .labels), ("s", .sample), ("s", .samples), ("s", .time), ("s", .duration): text = value.text
        default: text = nil
        }
        guard var text else { return "%!\(verb)(\(type(value))=\(value.text))" }
        if flags.contains("+"), let number = value.number, number >= 0, !isText(value) { text = "+" + text }
        return text
    }
}
