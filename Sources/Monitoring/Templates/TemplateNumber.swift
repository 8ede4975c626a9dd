import PromQL

/// A number of a template: Go's untyped constants may be an integer, a float, or either.
struct TemplateNumber: Sendable, Equatable {
    /// Its value as an integer, if it is a whole one that fits.
    var integer: Int64?
    var float: Double
    /// Whether it is written as a float (`1.0`, `1e3`) and so counts as one where nothing else is asked for.
    var isFloat: Bool
    var text: String

    /// Nil if the text is no number: `0x1F`, `0b1`, `0o17`, `1_000`, `1e3`, `-.5`.
    init?(_ text: String) {
        self.text = text
        var digits = text.filter { $0 != "_" }
        guard text.last != "_", let first = digits.first else { return nil }
        let negative = first == "-"
        if negative || first == "+" { digits.removeFirst() }
        let lower = digits.lowercased()
        guard let lead = lower.utf8.first, (48...57).contains(lead) || lead == UInt8(ascii: ".") else { return nil }
        let whole: UInt64?
        if lower.hasPrefix("0x") {
            whole = UInt64(lower.dropFirst(2), radix: 16)
        } else if lower.hasPrefix("0b") {
            whole = UInt64(lower.dropFirst(2), radix: 2)
        } else if lower.hasPrefix("0o") {
            whole = UInt64(lower.dropFirst(2), radix: 8)
        } else if lower.hasPrefix("0"), lower.count > 1, lower.utf8.allSatisfy({ (48...57).contains($0) }) {
            whole = UInt64(lower, radix: 8)
            if whole == nil { return nil }
        } else {
            whole = UInt64(lower)
        }
        if let whole, whole <= UInt64(Int64.max) {
            integer = negative ? -Int64(whole) : Int64(whole)
            float = Double(whole) * (negative ? -1 : 1)
            isFloat = false
            return
        }
        guard let value = GoFloat.parse(digits), value.isFinite else { return nil }
        float = negative ? -value : value
        integer = Int64(exactly: float)
        isFloat = true
    }
}
