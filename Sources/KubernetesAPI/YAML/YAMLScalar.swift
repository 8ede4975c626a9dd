/// What a scalar without quotes means to Kubernetes: the rules of YAML 1.1 as go-yaml v2 has them (`resolve.go`).
enum YAMLScalar: Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// An integer beyond 64 bits with sign, or a fraction.
    case number(Double)
    case string(String)

    /// The full form of a tag of YAML's own: `str` is `tag:yaml.org,2002:str`.
    static func longTag(_ name: String) -> String { "tag:yaml.org,2002:" + name }

    /// The type that go-yaml names in its errors.
    var shortTag: String {
        switch self {
        case .null: "!!null"
        case .bool: "!!bool"
        case .integer: "!!int"
        case .number: "!!float"
        case .string: "!!str"
        }
    }

    private static let words: [String: YAMLScalar] = {
        var words: [String: YAMLScalar] = [:]
        for word in ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"] {
            words[word] = .bool(true)
        }
        for word in ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"] {
            words[word] = .bool(false)
        }
        for word in ["", "~", "null", "Null", "NULL"] { words[word] = .null }
        for word in [".nan", ".NaN", ".NAN"] { words[word] = .number(.nan) }
        for word in [".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"] { words[word] = .number(.infinity) }
        for word in ["-.inf", "-.Inf", "-.INF"] { words[word] = .number(-.infinity) }
        return words
    }()

    /// The longest of `words`; anything longer needs no look-up.
    private static let longestWord = 5

    /// The meaning of a plain scalar.
    init(plain text: String) {
        let bytes = text.utf8
        guard let first = bytes.first else {
            self = .null
            return
        }
        switch first {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            if bytes.count <= Self.longestWord, let word = Self.words[text] {
                self = word
            } else if first == UInt8(ascii: ".") {
                self = Self.float(text).map(Self.number) ?? .string(text)
            } else {
                self = Self.readNumber(text) ?? .string(text)
            }
        case UInt8(ascii: "y"), UInt8(ascii: "Y"), UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "t"),
            UInt8(ascii: "T"),
            UInt8(ascii: "f"), UInt8(ascii: "F"), UInt8(ascii: "o"), UInt8(ascii: "O"), UInt8(ascii: "~"):
            self = bytes.count <= Self.longestWord ? Self.words[text] ?? .string(text) : .string(text)
        default:
            self = .string(text)
        }
    }

    /// The meaning of a scalar with one of YAML's own tags; nil if the text does not fit the tag.
    init?(_ text: String, tag: String) {
        switch tag {
        case Self.longTag("str"): self = .string(text)
        case Self.longTag("bool"), Self.longTag("null"), Self.longTag("int"), Self.longTag("timestamp"):
            let plain = YAMLScalar(plain: text)
            switch (plain, tag) {
            case (.bool, Self.longTag("bool")), (.null, Self.longTag("null")), (.integer, Self.longTag("int")):
                self = plain
            // Kubernetes keeps points in time as texts.
            case (.string, Self.longTag("timestamp")): self = plain
            default: return nil
            }
        case Self.longTag("float"):
            switch YAMLScalar(plain: text) {
            case .integer(let number): self = .number(Double(number))
            case .number(let number): self = .number(number)
            default: return nil
            }
        default: self = .string(text)
        }
    }

    /// An integer in Go's notations (`0x`, `0o`, `0b`, a leading 0 for octal) or a decimal fraction. Underscores may
    /// stand anywhere.
    private static func readNumber(_ text: String) -> YAMLScalar? {
        let plain = text.utf8.contains(UInt8(ascii: "_")) ? text.filter { $0 != "_" } : text
        var digits = Substring(plain)
        let negative = digits.utf8.first == UInt8(ascii: "-")
        if negative || digits.utf8.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        guard let first = digits.utf8.first else { return nil }
        if let (radix, body) = radix(of: digits), let whole = magnitude(body, radix: radix) {
            return integer(whole, negative: negative)
        }
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) || first == UInt8(ascii: ".") else { return nil }
        return isDecimal(digits.utf8) ? float(plain).map(Self.number) : nil
    }

    private static func radix(of digits: Substring) -> (Int, Substring)? {
        let bytes = digits.utf8
        guard bytes.count > 1, bytes.first == UInt8(ascii: "0") else { return (10, digits) }
        switch bytes[bytes.index(after: bytes.startIndex)] | 0x20 {
        case UInt8(ascii: "x"): return (16, digits.dropFirst(2))
        case UInt8(ascii: "o"): return (8, digits.dropFirst(2))
        case UInt8(ascii: "b"): return (2, digits.dropFirst(2))
        default: return (8, digits.dropFirst(1))
        }
    }

    private enum Magnitude {
        case exact(UInt64)
        case beyond(Double)
    }

    /// The value of digits without a sign; nil if one is no digit of the radix.
    private static func magnitude(_ digits: Substring, radix: Int) -> Magnitude? {
        guard !digits.isEmpty else { return nil }
        var exact: UInt64? = 0
        var approximate = 0.0
        for byte in digits.utf8 {
            let digit: Int
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = Int(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = Int(byte - UInt8(ascii: "a")) + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = Int(byte - UInt8(ascii: "A")) + 10
            default: return nil
            }
            guard digit < radix else { return nil }
            if let value = exact {
                let (product, overflow) = value.multipliedReportingOverflow(by: UInt64(radix))
                let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
                exact = overflow || carry ? nil : sum
            }
            approximate = approximate * Double(radix) + Double(digit)
        }
        if let exact { return .exact(exact) }
        // Decimal digits are read again as a whole, so that rounding happens once.
        return .beyond(radix == 10 ? Double(digits) ?? approximate : approximate)
    }

    private static func integer(_ magnitude: Magnitude, negative: Bool) -> YAMLScalar {
        switch magnitude {
        case .exact(let value):
            if negative {
                if value == UInt64(Int64.max) + 1 { return .integer(.min) }
                return Int64(exactly: value).map { .integer(-$0) } ?? .number(-Double(value))
            }
            return Int64(exactly: value).map(Self.integer) ?? .number(Double(value))
        case .beyond(let value): return .number(negative ? -value : value)
        }
    }

    /// `[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?` or `\.[0-9]+(…)?`
    private static func isDecimal(_ bytes: Substring.UTF8View) -> Bool {
        var rest = bytes[...]
        func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            let fraction = rest.prefix(while: isDigit)
            if whole.isEmpty, fraction.isEmpty { return false }
            rest = rest.dropFirst(fraction.count)
        } else if whole.isEmpty {
            return false
        }
        guard let mark = rest.first else { return true }
        guard mark | 0x20 == UInt8(ascii: "e") else { return false }
        rest = rest.dropFirst()
        if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        return !rest.isEmpty && rest.allSatisfy(isDigit)
    }

    /// A finite decimal number; what is out of range stays a text, as in Go.
    private static func float(_ text: String) -> Double? {
        let unsigned =
            text.utf8.first == UInt8(ascii: "-") || text.utf8.first == UInt8(ascii: "+") ? text.dropFirst() : text[...]
        guard isDecimal(unsigned.utf8) else { return nil }
        // Swift wants a digit on both sides of the point.
        var padded = String(unsigned)
        if padded.hasPrefix(".") { padded = "0" + padded }
        if let point = padded.firstIndex(of: ".") {
            let after = padded.index(after: point)
            if after == padded.endIndex || !(padded[after].isASCII && padded[after].isNumber) {
                padded.insert("0", at: after)
            }
        }
        guard let number = Double(padded), number.isFinite else { return nil }
        return text.utf8.first == UInt8(ascii: "-") ? -number : number
    }
}
