/// Numbers as Go's `strconv` and `fmt` print and read them.
public enum GoFloat {
    /// `strconv.FormatFloat(x, 'f', -1, 64)`: the shortest digits that read back, never an exponent.
    public static func fixed(_ x: Double) -> String {
        guard x.isFinite else { return special(x) }
        let (negative, digits, point) = shortest(x)
        var out = negative ? "-" : ""
        if point <= 0 {
            out += "0"
            if digits != [0] {
                out += "." + String(repeating: "0", count: -point)
                for digit in digits { out.append(Character(Unicode.Scalar(48 + digit))) }
            }
            return out
        }
        for (index, digit) in digits.enumerated() {
            if index == point { out += "." }
            out.append(Character(Unicode.Scalar(48 + digit)))
        }
        if digits.count < point { out += String(repeating: "0", count: point - digits.count) }
        return out
    }

    /// `strconv.FormatFloat(x, 'e', -1, 64)`: one digit before the point, at least two digits of exponent.
    public static func exponential(_ x: Double) -> String {
        guard x.isFinite else { return special(x) }
        let (negative, digits, point) = shortest(x)
        var out = negative ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index == 1 { out += "." }
            out.append(Character(Unicode.Scalar(48 + digit)))
        }
        let exponent = digits == [0] ? 0 : point - 1
        out += exponent < 0 ? "e-" : "e+"
        let magnitude = abs(exponent)
        return out + (magnitude < 10 ? "0" : "") + String(magnitude)
    }

    /// `%g` and `%v` of `fmt`: an exponent below 1e-4 and from 1e6 on.
    public static func general(_ x: Double) -> String {
        guard x.isFinite else { return special(x) }
        let (_, digits, point) = shortest(x)
        let exponent = digits == [0] ? 0 : point - 1
        return exponent < -4 || exponent >= 6 ? exponential(x) : fixed(x)
    }

    /// `%.Ng`: at most so many significant digits.
    public static func general(_ x: Double, significant: Int) -> String {
        guard x.isFinite, x != 0 else { return general(x) }
        let negative = x < 0
        var (kept, point) = ExactDecimal.digits(of: x.magnitude)
        ExactDecimal.round(&kept, &point, to: significant)
        let scaled = Double("0.\(kept.map { String($0) }.joined())e\(point)") ?? x.magnitude
        let (_, digits, newPoint) = shortest(scaled)
        let value = negative ? -scaled : scaled
        let precision = significant > digits.count && digits.count >= newPoint ? digits.count : significant
        return newPoint - 1 < -4 || newPoint - 1 >= precision ? exponential(value) : fixed(value)
    }

    /// `%.Nf`: a fixed number of decimals, rounded half to even on the exact value (2.675 is less than it looks).
    public static func fixed(_ x: Double, decimals: Int) -> String {
        guard x.isFinite else { return special(x) }
        let negative = x.sign == .minus
        var digits: [UInt8] = [0]
        var point = 1
        if x != 0 {
            (digits, point) = ExactDecimal.digits(of: x.magnitude)
            ExactDecimal.round(&digits, &point, to: point + decimals)
        }
        var whole = ""
        var fraction = ""
        for place in stride(from: min(0, point - 1), to: max(point, 1), by: 1) where place >= 0 {
            whole.append(Character(Unicode.Scalar(48 + (place < point && place < digits.count ? digits[place] : 0))))
        }
        for place in 0..<decimals {
            let index = point + place
            fraction.append(Character(Unicode.Scalar(48 + (index >= 0 && index < digits.count ? digits[index] : 0))))
        }
        return (negative ? "-" : "") + (whole.isEmpty ? "0" : whole) + (decimals > 0 ? "." + fraction : "")
    }

    /// The value of a sample in Prometheus' JSON: fixed, but an exponent below 1e-6 and from 1e21 on.
    public static func json(_ x: Double) -> String {
        let magnitude = x.magnitude
        return magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21) ? exponential(x) : fixed(x)
    }

    private static func special(_ x: Double) -> String { x.isNaN ? "NaN" : x < 0 ? "-Inf" : "+Inf" }

    /// The shortest digits that read back as `x`, and where the decimal point stands (`0.d1d2… × 10^point`).
    private static func shortest(_ x: Double) -> (negative: Bool, digits: [UInt8], point: Int) {
        let negative = x.sign == .minus
        if x == 0 { return (negative, [0], 1) }
        var digits: [UInt8] = []
        var point: Int?
        var exponent = 0
        var text = Array(x.magnitude.description.utf8)[...]
        if let mark = text.firstIndex(of: UInt8(ascii: "e")) {
            exponent = Int(String(decoding: text[(mark + 1)...], as: UTF8.self)) ?? 0
            text = text[..<mark]
        }
        for byte in text {
            if byte == UInt8(ascii: ".") { point = digits.count } else { digits.append(byte - 48) }
        }
        var position = (point ?? digits.count) + exponent
        while digits.count > 1, digits.first == 0 {
            digits.removeFirst()
            position -= 1
        }
        while digits.count > 1, digits.last == 0 { digits.removeLast() }
        return (negative, digits, position)
    }

    /// `strconv.ParseFloat`, including `Inf`, `NaN`, hexadecimal numbers and underscores between digits; nil if the text
    /// is no number.
    public static func parse(_ text: String) -> Double? {
        let lower = text.lowercased()
        switch lower {
        case "inf", "+inf", "infinity", "+infinity": return .infinity
        case "-inf", "-infinity": return -.infinity
        case "nan": return .nan
        default: break
        }
        var body = lower[...]
        if body.hasPrefix("+") || body.hasPrefix("-") { body = body.dropFirst() }
        guard let first = body.utf8.first, (48...57).contains(first) || first == UInt8(ascii: ".") else { return nil }
        if body.hasPrefix("0x") { guard body.contains("p") else { return nil } }
        guard body.contains("_") else { return Double(text) }
        guard !body.hasSuffix("_"), !body.contains("__"), !body.contains("._"), !body.contains("_.") else { return nil }
        return Double(text.filter { $0 != "_" })
    }

    /// `strconv.ParseInt(text, 0, 64)`: a sign, a base prefix (`0x`, `0o`, `0b`, a leading `0`), underscores.
    static func parseInteger(_ text: String) -> Int64? {
        var body = text.lowercased()[...]
        var negative = false
        if body.hasPrefix("-") || body.hasPrefix("+") {
            negative = body.hasPrefix("-")
            body = body.dropFirst()
        }
        var radix = 10
        if body.hasPrefix("0x") {
            radix = 16
        } else if body.hasPrefix("0b") {
            radix = 2
        } else if body.hasPrefix("0o") {
            radix = 8
        }
        if radix != 10 {
            body = body.dropFirst(2)
            if body.hasPrefix("_") { body = body.dropFirst() }
        } else if body.count > 1, body.hasPrefix("0") {
            radix = 8
            body = body.dropFirst()
            if body.hasPrefix("_") { body = body.dropFirst() }
        }
        guard !body.hasPrefix("_"), !body.hasSuffix("_"), !body.contains("__"), !body.contains("-"), !body.contains("+")
        else { return nil }
        return Int64((negative ? "-" : "") + body.filter { $0 != "_" }, radix: radix)
    }
}
