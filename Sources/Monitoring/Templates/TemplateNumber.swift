import PromQL

/// A number of a template: Go's untyped constants may be an integer, a float, or either.
struct TemplateNumber: Sendable, Equatable {
    /// Its value as an integer, if it is a whole one that fits.
    var integer: Int64?
    var float: Double
    /// Whether it is written as a float (`1.0`, `1e3`) and so counts as one where nothing else is asked for.
    var isFloat: Bool
    /// As it is written.
    var text: String

    /// Reads `0x1F`, `0b1`, `0o17`, `017`, `1_000`, `1e3`, `-.5`, `0x1p4`.
    /// - Throws: Go's text of what is wrong with the number.
    init(_ text: String) throws(TemplateEvaluator.CallError) {
        self.text = text
        let isHexadecimal = Self.hasHexadecimalPrefix(text)
        let hasExponent = text.contains { isHexadecimal ? "pP".contains($0) : "eEpP".contains($0) }
        if let whole = Self.whole(text) {
            integer = whole.integer
            float = whole.float
            isFloat = false
            return
        }
        guard Self.separatesDigits(text), let value = GoFloat.parse(text), value.isFinite else {
            throw .init(message: "illegal number syntax: \(GoQuote.quote(text))")
        }
        guard text.contains(".") || hasExponent else {
            throw .init(message: "integer overflow: \(GoQuote.quote(text))")
        }
        float = value
        integer = Int64(exactly: value)
        isFloat = true
    }

    /// A character constant such as `'a'` and its code.
    init(character: Unicode.Scalar, text: String) {
        self.text = text
        integer = Int64(character.value)
        float = Double(character.value)
        isFloat = false
    }

    /// Whether each underscore stands between digits (`1_000.5` and not `1_e3`).
    private static func separatesDigits(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        func isDigit(_ place: Int) -> Bool {
            bytes.indices.contains(place) && Unicode.Scalar(bytes[place]).properties.isASCIIHexDigit
                && (hasHexadecimalPrefix(text) || (48...57).contains(bytes[place]))
        }
        return bytes.indices.allSatisfy { place in
            bytes[place] != UInt8(ascii: "_")
                || ((isDigit(place - 1) || (place == 2 && hasHexadecimalPrefix(text))) && isDigit(place + 1))
        }
    }

    private static func hasHexadecimalPrefix(_ text: String) -> Bool {
        let digits = text.utf8.drop { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
        return digits.count > 2 && digits.first == 48 && (digits.dropFirst().first ?? 0) | 32 == UInt8(ascii: "x")
    }

    /// `strconv.ParseInt` or, for a positive one, `ParseUint`, with a base by the prefix; nil if it is neither.
    private static func whole(_ text: String) -> (integer: Int64?, float: Double)? {
        var digits = Array(text.utf8)[...]
        let negative = digits.first == UInt8(ascii: "-")
        if negative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        var radix: UInt64 = 10
        // An underscore may stand between digits, or between the prefix and a digit.
        var afterDigit = false
        if digits.count > 1, digits.first == 48 {
            switch digits[digits.startIndex + 1] | 32 {
            case UInt8(ascii: "x"): radix = 16
            case UInt8(ascii: "b"): radix = 2
            case UInt8(ascii: "o"): radix = 8
            default: radix = 0
            }
            digits = digits.dropFirst(radix == 0 ? 1 : 2)
            radix = radix == 0 ? 8 : radix
            afterDigit = true
        }
        var value: UInt64 = 0
        var found = false
        for byte in digits {
            if byte == UInt8(ascii: "_") {
                guard afterDigit else { return nil }
                afterDigit = false
                continue
            }
            let digit: UInt64
            switch byte {
            case 48...57: digit = UInt64(byte - 48)
            case 97...102: digit = UInt64(byte - 87)
            case 65...70: digit = UInt64(byte - 55)
            default: return nil
            }
            guard digit < radix else { return nil }
            let (product, over) = value.multipliedReportingOverflow(by: radix)
            let (sum, overSum) = product.addingReportingOverflow(digit)
            guard !over, !overSum else { return nil }
            value = sum
            found = true
            afterDigit = true
        }
        guard found, afterDigit else { return nil }
        if negative {
            guard value <= UInt64(Int64.max) + 1 else { return nil }
            return (Int64(truncatingIfNeeded: 0 &- value), -Double(value))
        }
        return (Int64(exactly: value), Double(value))
    }
}
