/// Quoted strings as Go's `strconv` and PromQL write and read them.
public enum GoQuote {
    /// `strconv.Quote`: double quotes, Go's escapes, everything printable as it is.
    public static func quote(_ text: String) -> String { quote(text, limit: Int.max) }

    /// `%.Nq`: the first `limit` characters of the text, quoted.
    static func quote(_ text: String, limit: Int) -> String {
        var out = "\""
        for scalar in text.unicodeScalars.prefix(limit) { append(scalar, delimiter: "\"", to: &out) }
        return out + "\""
    }

    /// `%q` of one character: single quotes.
    static func quote(character: Unicode.Scalar) -> String {
        var out = "'"
        append(character, delimiter: "'", to: &out)
        return out + "'"
    }

    private static func append(_ scalar: Unicode.Scalar, delimiter: Unicode.Scalar, to out: inout String) {
        switch scalar {
        case delimiter, "\\":
            out += "\\"
            out.unicodeScalars.append(scalar)
        case "\u{07}": out += "\\a"
        case "\u{08}": out += "\\b"
        case "\u{0C}": out += "\\f"
        case "\n": out += "\\n"
        case "\r": out += "\\r"
        case "\t": out += "\\t"
        case "\u{0B}": out += "\\v"
        default:
            if isPrintable(scalar) {
                out.unicodeScalars.append(scalar)
            } else if scalar.value < 0x80 {
                out += "\\x" + hexadecimal(scalar.value, width: 2)
            } else if scalar.value < 0x1_0000 {
                out += "\\u" + hexadecimal(scalar.value, width: 4)
            } else {
                out += "\\U" + hexadecimal(scalar.value, width: 8)
            }
        }
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x80 { return scalar.value >= 0x20 && scalar.value < 0x7F }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber, .connectorPunctuation,
            .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
            .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol:
            return true
        case .spaceSeparator, .lineSeparator, .paragraphSeparator, .control, .format, .surrogate, .privateUse,
            .unassigned:
            return false
        @unknown default:
            return false
        }
    }

    static func hexadecimal(_ value: UInt32, width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Reads a string literal of PromQL with its quotes (`"…"`, `'…'` or `` `…` ``); nil if it is none.
    public static func unquote(_ literal: String) -> String? {
        let scalars = Array(literal.unicodeScalars)
        guard scalars.count >= 2, let quote = scalars.first, scalars.last == quote else { return nil }
        let body = scalars[1..<(scalars.count - 1)]
        if quote == "`" {
            return body.contains("`") ? nil : String(String.UnicodeScalarView(body.filter { $0 != "\r" }))
        }
        guard quote == "\"" || quote == "'" else { return nil }
        var bytes: [UInt8] = []
        var index = body.startIndex
        while index < body.endIndex {
            let scalar = body[index]
            index += 1
            if scalar == "\n" || scalar == quote { return nil }
            guard scalar == "\\" else {
                bytes.append(contentsOf: String(scalar).utf8)
                continue
            }
            guard index < body.endIndex else { return nil }
            let escape = body[index]
            index += 1
            func number(_ digits: Int, radix: Int, from start: Int) -> UInt32? {
                guard start + digits <= body.endIndex else { return nil }
                return UInt32(String(String.UnicodeScalarView(body[start..<(start + digits)])), radix: radix)
            }
            switch escape {
            case "a": bytes.append(0x07)
            case "b": bytes.append(0x08)
            case "f": bytes.append(0x0C)
            case "n": bytes.append(0x0A)
            case "r": bytes.append(0x0D)
            case "t": bytes.append(0x09)
            case "v": bytes.append(0x0B)
            case "\\": bytes.append(0x5C)
            case "'", "\"":
                guard escape == quote else { return nil }
                bytes.append(UInt8(escape.value))
            case "x":
                guard let value = number(2, radix: 16, from: index) else { return nil }
                bytes.append(UInt8(value))
                index += 2
            case "0"..."7":
                guard let value = number(3, radix: 8, from: index - 1), value < 256 else { return nil }
                bytes.append(UInt8(value))
                index += 2
            case "u", "U":
                let digits = escape == "u" ? 4 : 8
                guard let value = number(digits, radix: 16, from: index), let made = Unicode.Scalar(value) else {
                    return nil
                }
                bytes.append(contentsOf: String(made).utf8)
                index += digits
            default: return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
