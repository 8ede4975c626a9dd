/// Durations as Go writes and reads them (`1h2m3.5s`).
enum GoDuration {
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("ns", 1), ("us", 1_000), ("µs", 1_000), ("μs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ]

    /// Reads a duration; nil if it is none or does not fit 64 bits of nanoseconds.
    static func parse(_ text: String) -> Duration? {
        var rest = Substring(text)
        var sign: Int64 = 1
        if rest.hasPrefix("-") { sign = -1 }
        if rest.hasPrefix("-") || rest.hasPrefix("+") { rest = rest.dropFirst() }
        if rest == "0" { return .zero }
        guard !rest.isEmpty else { return nil }
        var total: Int64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            var fraction = Substring("")
            if rest.hasPrefix(".") {
                rest = rest.dropFirst()
                fraction = rest.prefix { $0.isASCII && $0.isNumber }
                rest = rest.dropFirst(fraction.count)
            }
            guard !digits.isEmpty || !fraction.isEmpty else { return nil }
            let unit = rest.prefix { !($0.isASCII && $0.isNumber) && $0 != "." }
            rest = rest.dropFirst(unit.count)
            guard let scale = units.first(where: { $0.name == unit })?.nanoseconds,
                let whole = digits.isEmpty ? 0 : Int64(digits)
            else { return nil }
            var (part, overflow) = whole.multipliedReportingOverflow(by: scale)
            guard !overflow else { return nil }
            var place = scale
            for digit in fraction.utf8 {
                place /= 10
                part += Int64(digit - 48) * place
            }
            (total, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
        }
        return .nanoseconds(sign * total)
    }

    /// `90s` is `1m30s`; whole seconds without a fraction.
    static func text(_ duration: Duration) -> String {
        let parts = duration.components
        guard parts.seconds != 0 || parts.attoseconds != 0 else { return "0s" }
        let seconds = parts.seconds.magnitude
        let nanoseconds = (parts.attoseconds / 1_000_000_000).magnitude
        var text = parts.seconds < 0 || parts.attoseconds < 0 ? "-" : ""
        if seconds >= 3_600 { text += "\(seconds / 3_600)h" }
        if seconds >= 60 { text += "\(seconds / 60 % 60)m" }
        text += "\(seconds % 60)"
        if nanoseconds > 0 {
            var digits = String(nanoseconds)
            digits = String(repeating: "0", count: 9 - digits.count) + digits
            while digits.hasSuffix("0") { digits.removeLast() }
            text += "." + digits
        }
        return text + "s"
    }

    static func seconds(_ count: Int64) -> String { text(.seconds(count)) }
}
