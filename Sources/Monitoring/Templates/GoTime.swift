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

    /// Counted from 1.
    var yearDay: Int {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
        return before[month - 1] + day + (leap && month > 2 ? 1 : 0)
    }

    /// The pieces of a layout that stand for a part of the time, the longer ones first.
    private var pieces: [(piece: String, text: String)] {
        let half = hour % 12 == 0 ? 12 : hour % 12
        func spaced(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: " ", count: max(0, width - digits.count)) + digits
        }
        return [
            ("January", monthName), ("Jan", String(monthName.prefix(3))), ("Monday", weekday),
            ("Mon", String(weekday.prefix(3))), ("MST", "UTC"), ("2006", Self.padded(year, 4)),
            ("_2006", "_" + Self.padded(year, 4)), ("-07:00:00", "+00:00:00"), ("-070000", "+000000"),
            ("-07:00", "+00:00"), ("-0700", "+0000"), ("-07", "+00"), ("Z07:00:00", "Z"), ("Z070000", "Z"),
            ("Z07:00", "Z"), ("Z0700", "Z"), ("Z07", "Z"), ("002", Self.padded(yearDay, 3)),
            ("01", Self.padded(month, 2)), ("02", Self.padded(day, 2)), ("03", Self.padded(half, 2)),
            ("04", Self.padded(minute, 2)), ("05", Self.padded(second, 2)), ("06", Self.padded(year % 100, 2)),
            ("15", Self.padded(hour, 2)), ("PM", hour < 12 ? "AM" : "PM"), ("pm", hour < 12 ? "am" : "pm"),
            ("__2", spaced(yearDay, 3)), ("_2", spaced(day, 2)), ("1", String(month)), ("2", String(day)),
            ("3", String(half)), ("4", String(minute)), ("5", String(second)),
        ]
    }

    /// `Format` with a layout such as `2006-01-02 15:04`: the parts of the reference time of 2 January 2006, 15:04:05
    /// stand for those of this one, everything else for itself.
    func format(_ layout: String) -> String {
        var out: [UInt8] = []
        var rest = Array(layout.utf8)[...]
        let pieces = pieces.map { (piece: Array($0.piece.utf8), text: Array($0.text.utf8)) }
        while let first = rest.first {
            if let (fraction, length) = fraction(rest) {
                out += fraction.utf8
                rest = rest.dropFirst(length)
            } else if let found = pieces.first(where: { rest.starts(with: $0.piece) && Self.ends($0.piece, in: rest) })
            {
                out += found.text
                rest = rest.dropFirst(found.piece.count)
            } else {
                out.append(first)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// `Jan` and `Mon` are none where a word goes on (`Janus`).
    private static func ends(_ piece: [UInt8], in rest: ArraySlice<UInt8>) -> Bool {
        guard piece.count == 3, piece.last.map({ (97...122).contains($0) }) ?? false else { return true }
        return !(rest.dropFirst(3).first.map { (97...122).contains($0) } ?? false)
    }

    /// `.000` and `,000` are so many decimals of the second, `.999` as many as there are.
    private func fraction(_ rest: ArraySlice<UInt8>) -> (text: String, length: Int)? {
        guard let mark = rest.first, mark == UInt8(ascii: ".") || mark == UInt8(ascii: ","),
            let digit = rest.dropFirst().first, digit == UInt8(ascii: "0") || digit == UInt8(ascii: "9")
        else { return nil }
        let run = rest.dropFirst().prefix { $0 == digit }.count
        if let next = rest.dropFirst(1 + run).first, (48...57).contains(next) { return nil }
        var digits = Self.padded(millisecond, 3) + "000000"
        digits = String(digits.prefix(run)) + String(repeating: "0", count: max(0, run - 9))
        if digit == UInt8(ascii: "9") {
            while digits.hasSuffix("0") { digits.removeLast() }
            if digits.isEmpty { return ("", 1 + run) }
        }
        return (String(Unicode.Scalar(mark)) + digits, 1 + run)
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
