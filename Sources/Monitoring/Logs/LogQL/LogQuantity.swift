import PromQL

/// Durations and sizes as queries and log lines write them.
enum LogQuantity {
    /// Nanoseconds of Prometheus' (`1d12h`) or Go's (`1.5s`, `250µs`, `-2m`) form; nil if the text has neither.
    static func duration(_ text: String) -> Int64? {
        if text != "0", !text.isEmpty, let milliseconds = try? PrometheusDuration.parse(text) {
            let (amount, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
            if !overflow { return amount }
        }
        return goDuration(text)
    }

    private static let units: [(name: String, nanoseconds: Double)] = [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
    ]

    /// Go's `time.ParseDuration`.
    static func goDuration(_ text: String) -> Int64? {
        var rest = Array(text.unicodeScalars)[...]
        var negative = false
        if let sign = rest.first, sign == "-" || sign == "+" {
            negative = sign == "-"
            rest.removeFirst()
        }
        if rest.count == 1, rest.first == "0" { return 0 }
        guard !rest.isEmpty else { return nil }
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { !("0"..."9").contains($0) && $0 != "." }
            rest = rest.dropFirst(letters.count)
            let unit = String(String.UnicodeScalarView(letters))
            guard let number = Double(String(String.UnicodeScalarView(digits))),
                let size = units.first(where: { $0.name == unit })
            else { return nil }
            total += (number * size.nanoseconds).rounded()
        }
        guard total < 9.2e18 else { return nil }
        return negative ? -Int64(total) : Int64(total)
    }

    private static let sizes: [(name: String, bytes: Double)] = [
        ("", 1), ("b", 1), ("k", 1e3), ("kb", 1e3), ("m", 1e6), ("mb", 1e6), ("g", 1e9), ("gb", 1e9), ("t", 1e12),
        ("tb", 1e12), ("p", 1e15), ("pb", 1e15), ("ki", 1024), ("kib", 1024), ("mi", 1_048_576), ("mib", 1_048_576),
        ("gi", 1_073_741_824), ("gib", 1_073_741_824), ("ti", 1_099_511_627_776), ("tib", 1_099_511_627_776),
        ("pi", 1_125_899_906_842_624), ("pib", 1_125_899_906_842_624),
    ]

    /// Bytes of a size such as `5KB` (1000s) or `5KiB` (1024s), as go-humanize reads it; nil if the text is none.
    static func bytes(_ text: String) -> Int64? {
        let digits = text.unicodeScalars.prefix { ("0"..."9").contains($0) || $0 == "." || $0 == "," }
        guard let number = Double(String(String.UnicodeScalarView(digits.filter { $0 != "," }))) else { return nil }
        var unit = String(String.UnicodeScalarView(text.unicodeScalars.dropFirst(digits.count))).lowercased()
        while unit.first == " " { unit.removeFirst() }
        guard let size = sizes.first(where: { $0.name == unit }) else { return nil }
        let amount = number * size.bytes
        return amount < 9.2e18 ? Int64(amount) : nil
    }
}
