import PromQL

/// `fmt.Sprintf` for the values of templates: its verbs, flags, widths, precisions and indexes of arguments, and Go's
/// notes on their misuse. Left out are `%x` and `%b` of floats and `%#g`.
struct GoFormat {
    /// What stands between `%` and the verb.
    struct Directive {
        var minus = false
        var plus = false
        var sharp = false
        var space = false
        var zero = false
        var width: Int?
        var precision: Int?
    }

    /// Wider fields than this are refused, as by Go.
    private static let widest = 1_000_000

    private var format: [Unicode.Scalar]
    private let values: [TemplateValue]
    private let limit: Int
    private var position = 0
    private var next = 0
    private var isReordered = false
    private var hasGoodIndex = true
    private var out = ""

    private init(_ format: String, _ values: [TemplateValue], limit: Int) {
        self.format = Array(format.unicodeScalars)
        self.values = values
        self.limit = limit
    }

    /// The text, as long as `limit` bytes at most and one value more.
    static func sprintf(_ format: String, _ values: [TemplateValue], limit: Int) -> String {
        var formatting = GoFormat(format, values, limit: limit)
        formatting.run()
        return formatting.out
    }

    private var current: Unicode.Scalar? { position < format.count ? format[position] : nil }

    private mutating func run() {
        while let scalar = current, out.utf8.count <= limit {
            position += 1
            if scalar == "%" {
                guard directive() else { break }
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        guard !isReordered, next < values.count else { return }
        out += "%!(EXTRA "
        out += values[next...].map { GoVerbs.labelled($0, limit: limit) }.joined(separator: ", ") + ")"
    }

    /// One directive behind its `%`; false if the text ends before the verb.
    private mutating func directive() -> Bool {
        var directive = Directive()
        hasGoodIndex = true
        flags: while let flag = current {
            switch flag {
            case "-":
                directive.minus = true
                directive.zero = false
            case "+": directive.plus = true
            case "#": directive.sharp = true
            case " ": directive.space = true
            case "0": directive.zero = !directive.minus
            default: break flags
            }
            position += 1
        }
        var afterIndex = index()
        if current == "*" {
            position += 1
            if let width = argument() {
                directive.width = Int(width.magnitude)
                if width < 0 {
                    directive.minus = true
                    directive.zero = false
                }
            } else {
                out += "%!(BADWIDTH)"
            }
            afterIndex = false
        } else {
            directive.width = number()
            if afterIndex, directive.width != nil { hasGoodIndex = false }
        }
        if current == "." {
            position += 1
            if afterIndex { hasGoodIndex = false }
            afterIndex = index()
            if current == "*" {
                position += 1
                directive.precision = argument().flatMap { $0 < 0 ? nil : Int($0) }
                if directive.precision == nil { out += "%!(BADPREC)" }
                afterIndex = false
            } else {
                directive.precision = number() ?? 0
            }
        }
        if !afterIndex { _ = index() }
        guard let verb = current else {
            out += "%!(NOVERB)"
            return false
        }
        position += 1
        if verb == "%" {
            out += "%"
        } else if !hasGoodIndex {
            out += "%!\(verb)(BADINDEX)"
        } else if next >= values.count {
            out += "%!\(verb)(MISSING)"
        } else {
            out += GoVerbs.text(verb, values[next], directive, limit: limit)
            next += 1
        }
        return true
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let digit = current, ("0"..."9").contains(digit) {
            value = (value ?? 0) * 10 + Int(digit.value - 48)
            position += 1
            if let found = value, found > Self.widest { return nil }
        }
        return value
    }

    /// The whole number that the next argument is, for `*`.
    private mutating func argument() -> Int64? {
        guard next < values.count else { return nil }
        defer { next += 1 }
        guard case .integer(let value) = values[next], value.magnitude <= UInt64(Self.widest) else { return nil }
        return value
    }

    /// `[2]` names the argument that is next. Returns whether there was such an index.
    private mutating func index() -> Bool {
        guard current == "[" else { return false }
        isReordered = true
        guard position + 2 < format.count, let close = format[position...].firstIndex(of: "]") else {
            position += 1
            hasGoodIndex = false
            return false
        }
        position += 1
        let found = number()
        let isWhole = found != nil && position == close
        position = close + 1
        if isWhole, let found, found >= 1, found <= values.count {
            next = found - 1
        } else {
            hasGoodIndex = false
        }
        return isWhole
    }
}
