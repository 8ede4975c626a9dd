import PromQL

/// Values as `fmt` writes them with one verb.
enum GoVerbs {
    typealias Directive = GoFormat.Directive

    static func text(_ verb: Unicode.Scalar, _ value: TemplateValue, _ directive: Directive, limit: Int) -> String {
        if verb == "T" { return pad(value.typeName, directive) }
        var out = ""
        append(verb, value, directive, depth: 0, to: &out, limit: limit)
        return out
    }

    /// `%v`, as long as `limit` bytes at most and one value more.
    static func plain(_ value: TemplateValue, limit: Int) -> String { text("v", value, Directive(), limit: limit) }

    /// `int=3`, as in Go's notes on misuse.
    static func labelled(_ value: TemplateValue, _ directive: Directive = Directive(), limit: Int) -> String {
        switch value {
        case .null, .missing: "<nil>"
        default: value.typeName + "=" + text("v", value, directive, limit: limit)
        }
    }

    /// Composite values are written element by element with the same directive.
    private static func append(
        _ verb: Unicode.Scalar, _ value: TemplateValue, _ d: Directive, depth: Int, to out: inout String, limit: Int
    ) {
        if out.utf8.count > limit { return }
        func each(_ value: TemplateValue) { append(verb, value, d, depth: depth + 1, to: &out, limit: limit) }
        let isGoSyntax = verb == "v" && d.sharp
        switch value {
        case .labels(let labels):
            out += isGoSyntax ? "map[string]string{" : "map["
            for (index, pair) in labels.pairs.enumerated() {
                if index > 0 { out += isGoSyntax ? ", " : " " }
                each(.string(pair.name))
                out += ":"
                each(.string(pair.value))
            }
            out += isGoSyntax ? "}" : "]"
        case .arguments(let values, _):
            out += isGoSyntax ? "map[string]interface {}{" : "map["
            for (place, name) in TemplateValue.sortedNames(values.count).enumerated() where out.utf8.count <= limit {
                if place > 0 { out += isGoSyntax ? ", " : " " }
                each(.string(name.1))
                out += ":"
                each(values[name.0])
            }
            out += isGoSyntax ? "}" : "]"
        case .samples(let samples):
            out += "["
            for (index, sample) in samples.enumerated() where out.utf8.count <= limit {
                if index > 0 { out += " " }
                if verb == "v" {
                    // Go prints where the samples lie in memory; here they lie side by side from a fixed place.
                    out += pad("0x" + String(0xC0_0000_0000 + UInt64(index) * 32, radix: 16), d)
                } else {
                    each(.sample(sample))
                }
            }
            out += "]"
        case .sample(let sample) where depth == 0:
            out += "&{"
            each(.labels(sample.labels))
            out += " "
            each(.float(sample.value))
            out += "}"
        case .data(let data):
            out += "{"
            each(.labels(data.labels))
            out += " "
            each(.labels(data.externalLabels))
            out += " "
            each(.string(data.externalURL))
            out += " "
            each(.float(data.value))
            out += "}"
        default: out += simple(verb, value, d) ?? "%!\(verb)(\(labelled(value, d, limit: limit)))"
        }
    }

    private static func simple(_ verb: Unicode.Scalar, _ value: TemplateValue, _ d: Directive) -> String? {
        switch value {
        case .integer(let number): return integer(verb, number, d)
        case .float(let number): return float(verb, number, d)
        case .boolean(let flag): return verb == "t" || verb == "v" ? pad(flag ? "true" : "false", d) : nil
        case .string(let text): return string(verb, text, d)
        case .null, .missing: return verb == "v" ? pad("<nil>", d) : "%!\(verb)(<nil>)"
        case .time(let milliseconds): return string(verb, GoTime(milliseconds: milliseconds).description, d)
        case .duration(let nanoseconds): return string(verb, GoTime.duration(nanoseconds), d)
        default: return nil
        }
    }

    private static func pad(_ text: String, _ d: Directive, afterSign: Bool = false) -> String {
        guard let width = d.width else { return text }
        let missing = width - text.unicodeScalars.count
        guard missing > 0 else { return text }
        if d.minus { return text + String(repeating: " ", count: missing) }
        guard d.zero else { return String(repeating: " ", count: missing) + text }
        let sign = afterSign && "+- ".contains(text.prefix(1)) ? text.prefix(1) : ""
        return sign + String(repeating: "0", count: missing) + text.dropFirst(sign.count)
    }

    // MARK: Numbers

    private static func integer(_ verb: Unicode.Scalar, _ number: Int64, _ d: Directive) -> String? {
        func digits(_ radix: Int, _ prefix: String, always: Bool = false, upper: Bool = false) -> String {
            var text = String(number.magnitude, radix: radix, uppercase: upper)
            var d = d
            let sign = number < 0 ? "-" : d.plus ? "+" : d.space ? " " : ""
            if let precision = d.precision {
                if precision == 0, number == 0 {
                    d.zero = false
                    return pad("", d)
                }
                text = String(repeating: "0", count: max(0, precision - text.count)) + text
            } else if d.zero, let width = d.width {
                // Zeros fill the width as a precision would; a prefix comes on top of it.
                text = String(repeating: "0", count: max(0, width - sign.count - text.count)) + text
            }
            d.zero = false
            return pad(sign + (d.sharp || always ? prefix : "") + text, d)
        }
        let scalar = UInt32(exactly: number).flatMap(Unicode.Scalar.init) ?? "\u{FFFD}"
        switch verb {
        case "d", "v": return digits(10, "")
        case "x": return digits(16, "0x")
        case "X": return digits(16, "0X", upper: true)
        case "o": return digits(8, "0")
        case "O": return digits(8, "0o", always: true)
        case "b": return digits(2, "0b")
        case "c": return pad(String(scalar), d)
        case "q":
            let inner = GoQuote.quote(String(scalar)).dropFirst().dropLast()
            return pad(scalar == "'" ? "'\\''" : scalar == "\"" ? "'\"'" : "'\(inner)'", d)
        case "U":
            let hex = String(number.magnitude, radix: 16, uppercase: true)
            let code = "U+" + String(repeating: "0", count: max(0, max(4, d.precision ?? 4) - hex.count)) + hex
            var unpadded = d
            unpadded.zero = false
            return pad(code + (d.sharp ? " '\(scalar)'" : ""), unpadded)
        default: return nil
        }
    }

    private static func float(_ verb: Unicode.Scalar, _ number: Double, _ d: Directive) -> String? {
        var text: String
        switch verb {
        case "v", "g", "G":
            text = d.precision.map { general(number, significant: $0) } ?? GoFloat.general(number)
        case "f", "F": text = GoFloat.fixed(number, decimals: min(d.precision ?? 6, 1100))
        case "e", "E": text = exponential(number, decimals: min(d.precision ?? 6, 1100))
        default: return nil
        }
        if verb == "G" || verb == "E" { text = text.uppercased() }
        if !number.isFinite {
            // Neither is filled up with zeros, and only infinity keeps its sign.
            var d = d
            d.zero = false
            if number.isInfinite { text = number < 0 ? "-Inf" : "+Inf" }
            if number.isNaN { text = d.plus ? "+NaN" : d.space ? " NaN" : "NaN" }
            return pad(text, d)
        }
        if d.plus, !text.hasPrefix("-") { text = "+" + text }
        if d.space, !d.plus, !text.hasPrefix("-") { text = " " + text }
        return pad(text, d, afterSign: true)
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
        let wanted = min(max(significant, 1), 1100)
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

    // MARK: Texts

    private static func string(_ verb: Unicode.Scalar, _ text: String, _ d: Directive) -> String? {
        let cut = d.precision.map { String(String.UnicodeScalarView(text.unicodeScalars.prefix($0))) } ?? text
        switch verb {
        case "v" where d.sharp: return pad(GoQuote.quote(cut), d)
        case "s", "v": return pad(cut, d)
        case "q":
            if d.sharp, !cut.unicodeScalars.contains(where: { $0 == "`" || ($0.value < 32 && $0 != "\t") }) {
                return pad("`" + cut + "`", d)
            }
            return pad(d.plus ? ascii(GoQuote.quote(cut)) : GoQuote.quote(cut), d)
        case "x", "X":
            let prefix = d.sharp ? (verb == "X" ? "0X" : "0x") : ""
            let bytes = text.utf8.prefix(d.precision ?? .max).map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: verb == "X")
            }
            if bytes.isEmpty { return pad("", d) }
            return pad(prefix + bytes.joined(separator: d.space ? " " + prefix : ""), d)
        default: return nil
        }
    }

    /// A quoted text with everything beyond ASCII escaped.
    private static func ascii(_ quoted: String) -> String {
        var out = ""
        for scalar in quoted.unicodeScalars {
            guard !scalar.isASCII else {
                out.unicodeScalars.append(scalar)
                continue
            }
            let hex = String(scalar.value, radix: 16)
            let width = scalar.value < 0x10000 ? 4 : 8
            out += (width == 4 ? "\\u" : "\\U") + String(repeating: "0", count: max(0, width - hex.count)) + hex
        }
        return out
    }
}
