/// A moment in the Gregorian calendar, UTC, and the texts of RFC 3339.
struct CivilDate: Equatable, Sendable {
    let year: Int
    let month: Int
    let day: Int
    /// 0 is Sunday.
    let weekday: Int
    let minuteOfDay: Int
    let second: Int
    let millisecond: Int

    static let weekdayNames = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
    static let monthNames = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december",
    ]

    /// Counts in eras of 400 years that begin on 1 March, so that the leap day is the last of its year.
    init(milliseconds: Int64) {
        let (days, rest) = Self.floored(milliseconds, 86_400_000)
        let shifted = days + 719_468
        let (era, dayOfEra) = Self.floored(shifted, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
        month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
        weekday = Int(Self.floored(days + 4, 7).rest)
        minuteOfDay = Int(rest / 60_000)
        second = Int(rest / 1000 % 60)
        millisecond = Int(rest % 1000)
    }

    var daysInMonth: Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func floored(_ value: Int64, _ size: Int64) -> (quotient: Int64, rest: Int64) {
        let rest = value % size
        return rest < 0 ? (value / size - 1, rest + size) : (value / size, rest)
    }

    private static func digits(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    private var date: String { Self.digits(year, 4) + "-" + Self.digits(month, 2) + "-" + Self.digits(day, 2) }
    private var clock: String {
        Self.digits(minuteOfDay / 60, 2) + ":" + Self.digits(minuteOfDay % 60, 2) + ":" + Self.digits(second, 2)
    }

    /// As Go's `time.RFC3339Nano` prints a moment: no zeros at the end of the fraction.
    static func nanoText(_ milliseconds: Int64) -> String {
        let it = CivilDate(milliseconds: milliseconds)
        var fraction = it.millisecond == 0 ? "" : "." + digits(it.millisecond, 3)
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return it.date + "T" + it.clock + fraction + "Z"
    }

    /// As the API v2 prints a moment: always three digits of the fraction.
    static func milliText(_ milliseconds: Int64) -> String {
        let it = CivilDate(milliseconds: milliseconds)
        return it.date + "T" + it.clock + "." + digits(it.millisecond, 3) + "Z"
    }

    /// Milliseconds since 1970 of a text of RFC 3339 with `Z` or an offset; nil if it is none. Finer parts are cut off.
    static func parse(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20 else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= bytes.count, bytes[range].allSatisfy({ (48...57).contains($0) }) else {
                return nil
            }
            return bytes[range].reduce(0) { $0 * 10 + Int64($1 - 48) }
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            bytes[4] == 45, bytes[7] == 45, bytes[10] == 84 || bytes[10] == 116, bytes[13] == 58, bytes[16] == 58,
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        var index = 19
        var fraction: Int64 = 0
        if bytes[index] == 46 {
            index += 1
            var weight: Int64 = 100
            let start = index
            while index < bytes.count, (48...57).contains(bytes[index]) {
                fraction += Int64(bytes[index] - 48) * weight
                weight /= 10
                index += 1
            }
            guard index > start else { return nil }
        }
        guard index < bytes.count else { return nil }
        var offset: Int64 = 0
        switch bytes[index] {
        case 90, 122: guard index == bytes.count - 1 else { return nil }
        case 43, 45:
            guard bytes.count == index + 6, bytes[index + 3] == 58, let hours = number((index + 1)..<(index + 3)),
                let minutes = number((index + 4)..<(index + 6)), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 60 + minutes) * (bytes[index] == 43 ? 1 : -1)
        default: return nil
        }
        let yearFromMarch = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = floored(yearFromMarch, 400)
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        let made = CivilDate(milliseconds: days * 86_400_000)
        // A day that the month does not have would run over into the next.
        guard made.month == Int(month), made.day == Int(day) else { return nil }
        return days * 86_400_000 + (hour * 60 + minute - offset) * 60_000 + second * 1000 + fraction
    }
}
