import PromQL

/// One row of a query's answer, as templates see it.
public struct QuerySample: Sendable, Equatable {
    public var labels: Labels
    public var value: Double

    public init(labels: Labels, value: Double) {
        self.labels = labels
        self.value = value
    }
}

/// What an alert's templates are given.
public struct TemplateData: Sendable {
    public var labels: Labels
    public var value: Double
    public var externalLabels: Labels
    public var externalURL: String
    /// Milliseconds since the Unix epoch.
    public var now: Int64

    public init(
        labels: Labels, value: Double, externalLabels: Labels = .empty, externalURL: String = "", now: Int64 = 0
    ) {
        self.labels = labels
        self.value = value
        self.externalLabels = externalLabels
        self.externalURL = externalURL
        self.now = now
    }
}

/// A value in a template; what Go's text/template does by reflection.
indirect enum TemplateValue: Equatable {
    case none
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    /// A map of strings, in the order of its keys.
    case labels(Labels)
    case sample(QuerySample)
    case samples([QuerySample])
    /// `args`: `arg0`, `arg1` …
    case arguments([TemplateValue])
    /// Seconds since the Unix epoch.
    case time(Double)
    /// Seconds.
    case duration(Double)
    /// The whole data of an alert: what `.` is at the beginning.
    case root

    /// Whether Go counts it as true: not the zero of its type, not empty.
    var isTrue: Bool {
        switch self {
        case .none: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .double(let value): value != 0
        case .string(let text): !text.isEmpty
        case .labels(let labels): !labels.isEmpty
        case .samples(let samples): !samples.isEmpty
        case .arguments(let values): !values.isEmpty
        case .sample, .time, .root: true
        case .duration(let seconds): seconds != 0
        }
    }

    /// As `fmt` prints it with `%v`.
    var text: String {
        switch self {
        case .none: "<no value>"
        case .bool(let value): value ? "true" : "false"
        case .int(let value): "\(value)"
        case .double(let value): GoFloat.general(value)
        case .string(let text): text
        case .labels(let labels): Self.map(labels)
        case .sample(let sample): "{\(Self.map(sample.labels)) \(GoFloat.general(sample.value))}"
        case .samples(let samples): "[" + samples.map { Self.sample($0).text }.joined(separator: " ") + "]"
        case .arguments(let values):
            "map[" + values.enumerated().map { "arg\($0.offset):\($0.element.text)" }.joined(separator: " ") + "]"
        case .time(let seconds): TemplateTime.text(seconds)
        case .duration(let seconds): TemplateTime.goDuration(seconds)
        case .root: "{}"
        }
    }

    private static func map(_ labels: Labels) -> String {
        "map[" + labels.pairs.map { "\($0.name):\($0.value)" }.joined(separator: " ") + "]"
    }

    /// A number, or a text that is one, as Prometheus' functions take both.
    var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        case .string(let text): GoFloat.parse(text)
        case .duration(let seconds): seconds
        default: nil
        }
    }
}

/// Times and spans as Go prints them.
enum TemplateTime {
    /// `2022-01-25 12:36:43.123 +0000 UTC`, to the millisecond, as Prometheus' times are.
    static func text(_ seconds: Double) -> String {
        let (date, clock, milliseconds) = parts(seconds)
        var fraction = ""
        if milliseconds != 0 {
            fraction = "." + String(String(milliseconds + 1000).dropFirst())
            while fraction.hasSuffix("0") { fraction.removeLast() }
        }
        return "\(date) \(clock)\(fraction) +0000 UTC"
    }

    static func parts(_ seconds: Double) -> (date: String, clock: String, milliseconds: Int) {
        let bounded = max(-6e10, min(2.5e11, seconds.isFinite ? seconds : 0))
        let total = Int64((bounded * 1000).rounded(.down))
        let milliseconds = Int(((total % 1000) + 1000) % 1000)
        let whole = (total - Int64(milliseconds)) / 1000
        let inDay = Int(((whole % 86_400) + 86_400) % 86_400)
        let (year, month, day) = civil(days: (whole - Int64(inDay)) / 86_400)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let full = String(repeating: "0", count: max(0, 4 - "\(year)".count)) + "\(year)"
        return (
            "\(full)-\(two(month))-\(two(day))", "\(two(inDay / 3600)):\(two(inDay / 60 % 60)):\(two(inDay % 60))",
            milliseconds
        )
    }

    /// The date of a day counted from 1970 (Howard Hinnant's algorithm for the proleptic Gregorian calendar).
    private static func civil(days: Int64) -> (Int, Int, Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        let month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        return (Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0), month, day)
    }

    /// `1h1m30.5s`, as `time.Duration` prints itself.
    static func goDuration(_ seconds: Double) -> String {
        if seconds == 0 { return "0s" }
        let sign = seconds < 0 ? "-" : ""
        let value = abs(seconds)
        if value < 1 { return sign + GoFloat.fixed((value * 1e6).rounded() / 1e3) + "ms" }
        let minutes = (value / 60).rounded(.down)
        let rest = GoFloat.fixed(((value - minutes * 60) * 1e9).rounded() / 1e9)
        if minutes == 0 { return "\(sign)\(rest)s" }
        let hours = (minutes / 60).rounded(.down)
        if hours == 0 { return "\(sign)\(GoFloat.fixed(minutes))m\(rest)s" }
        return "\(sign)\(GoFloat.fixed(hours))h\(GoFloat.fixed(minutes - hours * 60))m\(rest)s"
    }
}
