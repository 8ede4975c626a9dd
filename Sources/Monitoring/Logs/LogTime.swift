/// Instants as logs and traces write them.
enum LogTime {
    /// `2026-11-26T09:05:00Z`, with the fraction's digits that are not zero at the end, as Go's RFC3339Nano.
    static func rfc3339(_ nanoseconds: Int64) -> String {
        let (date, time, fraction) = parts(nanoseconds)
        var digits = String(fraction)
        digits = String(repeating: "0", count: 9 - digits.utf8.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return date + "T" + time + (digits.isEmpty ? "" : "." + digits) + "Z"
    }

    /// `09:05:00.125`: the time of day in UTC, to the millisecond.
    static func clock(_ nanoseconds: Int64) -> String {
        let (_, time, fraction) = parts(nanoseconds)
        let milliseconds = String(fraction / 1_000_000)
        return time + "." + String(repeating: "0", count: 3 - milliseconds.utf8.count) + milliseconds
    }

    private static func parts(_ nanoseconds: Int64) -> (date: String, time: String, fraction: Int64) {
        let second: Int64 = 1_000_000_000
        let seconds = nanoseconds >= 0 ? nanoseconds / second : (nanoseconds - (second - 1)) / second
        let fraction = nanoseconds - seconds * second
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let rest = seconds - days * 86_400
        // Days to a date of the Gregorian calendar, in eras of 400 years that begin in March.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let calendarMonth = month < 10 ? month + 3 : month - 9
        let year = yearOfEra + era * 400 + (calendarMonth <= 2 ? 1 : 0)
        func two(_ number: Int64) -> String { (number < 10 ? "0" : "") + String(number) }
        return (
            String(year) + "-" + two(calendarMonth) + "-" + two(day),
            two(rest / 3600) + ":" + two(rest / 60 % 60) + ":" + two(rest % 60), fraction
        )
    }
}
