import PromQL

/// A time in UTC as Go's `time.Time` prints it.
struct GoTime: Sendable, CustomStringConvertible {
    let year: Int
    let month: Int
    let day: Int
    let hour: Int
    let minute: Int
    let second: Int
    let millisecond: Int
    let milliseconds: Int64

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    init(milliseconds: Int64) {
        self.milliseconds = milliseconds
        func floor(_ value: Int64, _ by: Int64) -> (Int64, Int64) {
            let rest = value % by
            return rest < 0 ? (value / by - 1, rest + by) : (value / by, rest)
        }
        let (seconds, milli) = floor(milliseconds, 1000)
        let (days, inDay) = floor(seconds, 86_400)
        millisecond = Int(milli)
        hour = Int(inDay / 3600)
        minute = Int(inDay / 60 % 60)
        second = Int(inDay % 60)
        // Days since 1 March of the year 0, in eras of 400 years.
        let (era, dayOfEra) = floor(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * shifted + 2) / 5 + 1)
        month = Int(shifted < 10 ? shifted + 3 : shifted - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value.magnitude)
        return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    var description: String {
        var fraction = Self.padded(millisecond, 3)
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return format("2006-01-02 15:04:05") + (fraction.isEmpty ? "" : "." + fraction) + " +0000 UTC"
    }

    var monthName: String { Self.months[month - 1] }
    var weekday: String {
        let days = (milliseconds - Int64(((hour * 60 + minute) * 60 + second) * 1000 + millisecond)) / 86_400_000
        return Self.weekdays[Int(((days % 7) + 11) % 7)]
    }

    /// The pieces of a layout that stand for a part of the time, the longer ones first.
    private var pieces: [(String, String)] {
        let half = hour % 12 == 0 ? 12 : hour % 12
        return [
            ("January", monthName), ("Jan", String(monthName.prefix(3))), ("Monday", weekday),
            ("Mon", String(weekday.prefix(3))), ("MST", "UTC"), ("2006", Self.padded(year, 4)),
            ("-07:00", "+00:00"), ("-0700", "+0000"), ("Z07:00", "Z"), ("01", Self.padded(month, 2)),
            ("02", Self.padded(day, 2)), ("03", Self.padded(half, 2)), ("04", Self.padded(minute, 2)),
            ("05", Self.padded(second, 2)), ("06", Self.padded(year % 100, 2)), ("15", Self.padded(hour, 2)),
            (".000", "." + Self.padded(millisecond, 3)), ("PM", hour < 12 ? "AM" : "PM"),
            ("pm", hour < 12 ? "am" : "pm"), ("_2", (day < 10 ? " " : "") + String(day)), ("1", String(month)),
            ("2", String(day)), ("3", String(half)), ("4", String(minute)), ("5", String(second)),
        ]
    }

    /// `Format` with a layout such as `2006-01-02 15:04`.
    func format(_ layout: String) -> String {
        var out = ""
        var rest = Substring(layout)
        let pieces = pieces
        while let first = rest.first {
            if let piece = pieces.first(where: { rest.hasPrefix($0.0) }) {
                out += piece.1
                rest = rest.dropFirst(piece.0.count)
            } else {
                out.append(first)
                rest = rest.dropFirst()
            }
        }
        return out
    }

    /// `time.Duration.String`: `1h0m0s`, `1.5s`, `250ms`, `0s`.
    static func duration(_ nanoseconds: Int64) -> String {
        if nanoseconds == 0 { return "0s" }
        let sign = nanoseconds < 0 ? "-" : ""
        let magnitude = nanoseconds.magnitude
        func decimal(_ value: UInt64, _ unit: UInt64) -> String {
            var fraction = String(value % unit)
            fraction = String(repeating: "0", count: String(unit).count - 1 - fraction.count) + fraction
            while fraction.hasSuffix("0") { fraction.removeLast() }
            return String(value / unit) + (fraction.isEmpty ? "" : "." + fraction)
        }
        if magnitude < 1000 { return sign + "\(magnitude)ns" }
        if magnitude < 1_000_000 { return sign + decimal(magnitude, 1000) + "µs" }
        if magnitude < 1_000_000_000 { return sign + decimal(magnitude, 1_000_000) + "ms" }
        let minutes = magnitude / 60_000_000_000
        var out = sign
        if minutes >= 60 { out += "\(minutes / 60)h" }
        if minutes > 0 { out += "\(minutes % 60)m" }
        return out + decimal(magnitude % 60_000_000_000, 1_000_000_000) + "s"
    }
}
