import PromQL

/// `fmt.Sprintf` for the values of templates: the common verbs, flags, widths and precisions, and Go's notes on misuse.
struct GoFormat {
    private struct Directive {
        var minus = false
        var plus = false
        var sharp = false
        var space = false
        var zero = false
        var width: Int?
        var precision: Int?
    }

    /// Wider fields than this are refused, as by Go (there at a million).
    private static let widest = 10_000

    static func sprintf(_ format: String, _ values: [TemplateValue], limit: Int) -> String {
        var out = ""
        var rest = Substring(format).unicodeScalars
        var next = 0
        while let scalar = rest.popFirst(), out.utf8.count <= limit {
            guard scalar == "%" else {
                out.unicodeScalars.append(scalar)
                continue
            }
            var directive = Directive()
            flags: while let flag = rest.first {
                switch flag {
                case "-": directive.minus = true
                case "+": directive.plus = true
                case "#": directive.sharp = true
                case " ": directive.space = true
                case "0": directive.zero = true
                default: break flags
                }
                rest.removeFirst()
            }
            func number() -> Int? {
                if rest.first == "*" {
                    rest.removeFirst()
                    guard next < values.count, case .integer(let value) = values[next] else {
                        out += "%!(BADWIDTH)"
                        next += 1
                        return nil
                    }
                    next += 1
                    if value < 0 { directive.minus = true }
                    return Int(min(value.magnitude, UInt64(widest)))
                }
                var value: Int?
                while let digit = rest.first, ("0"..."9").contains(digit) {
                    value = min((value ?? 0) * 10 + Int(digit.value - 48), widest)
                    rest.removeFirst()
                }
                return value
            }
            directive.width = number()
            if rest.first == "." {
                rest.removeFirst()
                directive.precision = number() ?? 0
            }
            guard let verb = rest.popFirst() else {
                out += "%!(NOVERB)"
                break
            }
            if verb == "%" {
                out += "%"
            } else if next >= values.count {
                out += "%!\(verb)(MISSING)"
            } else {
                out += one(verb, values[next], directive, limit: limit)
                next += 1
            }
        }
        if next < values.count {
            out += "%!(EXTRA "
            out += values[next...].map { label($0, limit: limit) }.joined(separator: ", ") + ")"
        }
        return out
    }

    private static func label(_ value: TemplateValue, limit: Int) -> String {
        if case .null = value { return "<nil>" }
        return value.typeName + "=" + value.text(limit: limit)
    }

    private static func one(_ verb: Unicode.Scalar, _ value: TemplateValue, _ d: Directive, limit: Int) -> String {
        if verb == "T" { return pad(value.typeName, d) }
        switch value {
        case .integer(let number): if let text = integer(verb, number, d) { return text }
        case .float(let number): if let text = float(verb, number, d) { return text }
        case .boolean(let flag): if verb == "t" || verb == "v" { return pad(flag ? "true" : "false", d) }
        case .string(let text): if let text = string(verb, text, d) { return text }
        case .null: return verb == "v" ? pad("<nil>", d) : "%!\(verb)(<nil>)"
        case .sample: if verb == "v" { return pad("&" + value.text(limit: limit), d) }
        case .duration(let nanoseconds):
            if verb == "d" { return integer(verb, nanoseconds, d) ?? "" }
            if let text = string(verb, value.text(limit: limit), d) { return text }
        case .labels(let labels):
            if verb == "v" || verb == "s" { return pad(value.text(limit: limit), d) }
            if verb == "q" {
                return "map["
                    + labels.pairs.map { GoQuote.quote($0.name) + ":" + GoQuote.quote($0.value) }
                    .joined(separator: " ") + "]"
            }
        default: if let text = string(verb, value.text(limit: limit), d) { return text }
        }
        return "%!\(verb)(\(label(value, limit: limit)))"
    }

    private static func pad(_ text: String, _ d: Directive, zeros: Bool = false) -> String {
        guard let width = d.width else { return text }
        let missing = width - text.unicodeScalars.count
        guard missing > 0 else { return text }
        if d.minus { return text + String(repeating: " ", count: missing) }
        guard zeros, d.zero else { return String(repeating: " ", count: missing) + text }
        let sign = text.first.map { "+- ".contains($0) } ?? false ? text.prefix(1) : ""
        return sign + String(repeating: "0", count: missing) + text.dropFirst(sign.count)
    }

    private static func integer(_ verb: Unicode.Scalar, _ number: Int64, _ d: Directive) -> String? {
        let sign = number < 0 ? "-" : d.plus ? "+" : d.space ? " " : ""
        func digits(_ radix: Int, _ prefix: String = "", upper: Bool = false) -> String {
            var text = String(number.magnitude, radix: radix, uppercase: upper)
            if let precision = d.precision {
                text = String(repeating: "0", count: max(0, precision - text.count)) + text
            }
            return pad(sign + (d.sharp ? prefix : "") + text, d, zeros: d.precision == nil)
        }
        switch verb {
        case "d", "v": return digits(10)
        case "x": return digits(16, "0x")
        case "X": return digits(16, "0X", upper: true)
        case "o": return digits(8, "0")
        case "b": return digits(2, "0b")
        case "c", "q", "U":
            let scalar = UInt32(exactly: number).flatMap(Unicode.Scalar.init) ?? "\u{FFFD}"
            if verb == "c" { return pad(String(scalar), d) }
            if verb == "q" { return pad("'" + String(scalar) + "'", d) }
            let hex = String(number.magnitude, radix: 16, uppercase: true)
            return pad("U+" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex, d)
        default: return nil
        }
    }

    private static func float(_ verb: Unicode.Scalar, _ number: Double, _ d: Directive) -> String? {
        var text: String
        switch verb {
        case "v": text = d.precision.map { general(number, significant: $0) } ?? GoFloat.general(number)
        case "g", "G":
            text = d.precision.map { general(number, significant: $0) } ?? GoFloat.general(number)
        case "f", "F": text = GoFloat.fixed(number, decimals: min(d.precision ?? 6, 400))
        case "e", "E": text = exponential(number, decimals: min(d.precision ?? 6, 400))
        default: return nil
        }
        if verb == "G" || verb == "E" { text = text.uppercased() }
        if number.isInfinite || number.isNaN {
            if !d.plus, text.hasPrefix("+") { text.removeFirst() }
            if number.isInfinite, number > 0 { text = "+Inf" }
            return pad(text, d)
        }
        if d.plus, !text.hasPrefix("-") { text = "+" + text }
        if d.space, !d.plus, !text.hasPrefix("-") { text = " " + text }
        return pad(text, d, zeros: true)
    }

    /// `%.Ne`.
    private static func exponential(_ number: Double, decimals: Int) -> String {
        guard number.isFinite else { return GoFloat.exponential(number) }
        let (mantissa, exponent) = rounded(number.magnitude, digits: decimals + 1)
        var out = String(mantissa.prefix(1)) + (decimals > 0 ? "." + mantissa.dropFirst() : "")
        out += (exponent < 0 ? "e-" : "e+") + (abs(exponent) < 10 ? "0" : "") + String(abs(exponent))
        return (number.sign == .minus ? "-" : "") + out
    }

    /// `%.Ng`: so many significant digits at most, an exponent below 1e-4 and from 10^N on.
    static func general(_ number: Double, significant: Int) -> String {
        guard number.isFinite, number != 0 else { return GoFloat.general(number) }
        let wanted = min(max(significant, 1), 400)
        var (digits, exponent) = rounded(number.magnitude, digits: wanted)
        while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
        let sign = number < 0 ? "-" : ""
        if exponent < -4 || exponent >= wanted {
            let tail = digits.dropFirst()
            return sign + digits.prefix(1) + (tail.isEmpty ? "" : "." + tail) + (exponent < 0 ? "e-" : "e+")
                + (abs(exponent) < 10 ? "0" : "") + String(abs(exponent))
        }
        if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
        if digits.count <= exponent + 1 {
            return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count)
        }
        return sign + digits.prefix(exponent + 1) + "." + digits.dropFirst(exponent + 1)
    }

    /// The first digits of a positive number, rounded from its exact binary value, and the exponent of the first one.
    private static func rounded(_ number: Double, digits wanted: Int) -> (digits: String, exponent: Int) {
        if number == 0 { return (String(repeating: "0", count: wanted), 0) }
        var (digits, point) = ExactDecimal.digits(of: number)
        ExactDecimal.round(&digits, &point, to: wanted)
        let text = digits.prefix(wanted).map { String($0) }.joined()
        return (text + String(repeating: "0", count: max(0, wanted - digits.count)), point - 1)
    }

    private static func string(_ verb: Unicode.Scalar, _ text: String, _ d: Directive) -> String? {
        let cut = d.precision.map { String(String.UnicodeScalarView(text.unicodeScalars.prefix($0))) } ?? text
        switch verb {
        case "s", "v": return pad(cut, d, zeros: true)
        case "q": return pad(d.sharp && !cut.contains("`") ? "`" + cut + "`" : GoQuote.quote(cut), d)
        case "x", "X":
            return pad(
                text.utf8.prefix(d.precision ?? .max).map {
                    ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: verb == "X")
                }.joined(), d)
        default: return nil
        }
    }
}
