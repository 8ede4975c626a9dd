import Simulation

/// Durations in scenarios are written as Go and Kubernetes write them (`250ms`, `1m30s`, `24h`) or as a plain number
/// of seconds.
extension Duration: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let seconds = try? container.decode(Double.self) {
            guard abs(seconds) <= Self.longestStated.seconds else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: Self.tooLong)
            }
            self.init(seconds: seconds)
            return
        }
        let text = try container.decode(String.self)
        guard let value = Duration(parsing: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not a duration: \"\(text)\" (try 250ms, 30s, 1m30s, 24h)")
        }
        guard value >= .zero - Self.longestStated, value <= Self.longestStated else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: Self.tooLong)
        }
        self = value
    }

    /// The longest time that a scenario may state, so that sums of a few stay far from the end of 64 bits.
    private static let longestStated: Duration = .hours(24 * 3_660)
    private static let tooLong = "no scenario lasts longer than ten years (87840h)"

    /// Written as a number of seconds where that is exact, else as nanoseconds.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(
            Int64(nanoseconds / 1_000_000_000) * 1_000_000_000 == nanoseconds ? "\(wholeSeconds)s" : "\(nanoseconds)ns")
    }

    /// Reads Go's duration syntax: a sequence of decimal numbers with a unit; nil for anything else.
    public init?(parsing text: String) {
        let units: [(String, Double)] = [
            ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9), ("d", 86_400e9),
        ]
        var rest = Substring(text)
        let negative = rest.hasPrefix("-")
        if negative { rest.removeFirst() }
        if rest == "0" {
            self = .zero
            return
        }
        var total = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard let value = Double(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0 != "." && !($0.isASCII && $0.isNumber) }
            guard let factor = units.first(where: { $0.0 == unit })?.1 else { return nil }
            total += value * factor
            rest = rest.dropFirst(unit.count)
        }
        self.init(seconds: (negative ? -total : total) / 1e9)
    }
}
