/// Durations as Prometheus writes them: `1h30m`, `15s`, `100ms`, `1y2w3d`.
public enum PrometheusDuration {
    /// What is wrong with a text that should be a duration, in Prometheus' words.
    public struct ParseError: Error, Equatable, Sendable, CustomStringConvertible {
        public let description: String
    }

    private static let units: [(name: String, milliseconds: Int64)] = [
        ("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000),
        ("ms", 1),
    ]

    /// Milliseconds of a text such as `1h30m`; units from large to small, each at most once. `0` needs no unit.
    public static func parse(_ text: String) throws(ParseError) -> Int64 {
        if text == "0" { return 0 }
        if text.isEmpty { throw ParseError(description: "empty duration string") }
        let wrong = ParseError(description: "not a valid duration string: \(GoQuote.quote(text))")
        var rest = Array(text.utf8)[...]
        var total: Int64 = 0
        var nextUnit = 0
        while !rest.isEmpty {
            let digits = rest.prefix { (48...57).contains($0) }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { (97...122).contains($0) }
            rest = rest.dropFirst(letters.count)
            let unit = String(decoding: letters, as: UTF8.self)
            guard !digits.isEmpty, let place = units.firstIndex(where: { $0.name == unit }), place >= nextUnit else {
                throw wrong
            }
            nextUnit = place + 1
            guard let number = Int64(String(decoding: digits, as: UTF8.self)) else {
                throw ParseError(description: "duration out of range")
            }
            let (product, over) = number.multipliedReportingOverflow(by: units[place].milliseconds)
            let (sum, overSum) = total.addingReportingOverflow(product)
            if over || overSum || sum > Int64.max / 1_000_000 { throw ParseError(description: "duration out of range") }
            total = sum
        }
        return total
    }

    /// The text of a number of milliseconds, as Prometheus prints it: years and weeks and days only if nothing is left
    /// over, `0s` for nothing.
    public static func format(_ milliseconds: Int64) -> String {
        if milliseconds == 0 { return "0s" }
        var rest = milliseconds.magnitude
        var out = milliseconds < 0 ? "-" : ""
        for (name, size) in units {
            let unit = UInt64(size)
            if (name == "y" || name == "w" || name == "d"), rest % unit != 0 { continue }
            if rest >= unit {
                out += String(rest / unit) + name
                rest %= unit
            }
        }
        return out
    }
}
