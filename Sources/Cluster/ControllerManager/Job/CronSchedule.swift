/// A schedule of a CronJob: five fields or a word such as `@daily`, on the clocks of a time zone. What is accepted, and the error texts, are
/// those of the library that Kubernetes uses (robfig/cron v3, standard parser).
public struct CronSchedule: Sendable, Equatable {
    /// Why a text is no schedule.
    public struct ParsingError: Error, Sendable, Equatable {
        public var message: String
    }

    private enum Form: Sendable, Equatable {
        case fields(Fields)
        /// `@every`: a number of seconds after the last time, 1 or more.
        case every(Int64)
    }

    /// Sets of permitted values as bits.
    fileprivate struct Fields: Sendable, Equatable {
        var minute: UInt64
        var hour: UInt64
        var dayOfMonth: UInt64
        var month: UInt64
        var dayOfWeek: UInt64
        /// Whether day of month, or day of week, was `*`: then both must match, else either.
        var isAnyDay: Bool
    }

    private let form: Form
    /// Whose clocks the fields mean.
    public var zone = TimeZoneRules.utc

    public init(_ text: String) throws(ParsingError) {
        let trimmed = text.split(whereSeparator: \.isWhitespace)
        guard let first = trimmed.first else { throw ParsingError(message: "empty spec string") }
        if first.utf8.first == UInt8(ascii: "@") {
            form = try Self.descriptor(trimmed.joined(separator: " "))
            return
        }
        if first.hasPrefix("TZ=") || first.hasPrefix("CRON_TZ=") {
            throw ParsingError(message: "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
        }
        guard trimmed.count == 5 else {
            throw ParsingError(
                message: "expected exactly 5 fields, found \(trimmed.count): [\(trimmed.joined(separator: " "))]")
        }
        let days = try CronField.day.parse(trimmed[2])
        let weekdays = try CronField.weekday.parse(trimmed[4])
        form = .fields(
            Fields(
                minute: try CronField.minute.parse(trimmed[0]).values,
                hour: try CronField.hour.parse(trimmed[1]).values, dayOfMonth: days.values,
                month: try CronField.month.parse(trimmed[3]).values, dayOfWeek: weekdays.values,
                isAnyDay: days.isAny || weekdays.isAny))
    }

    private static func descriptor(_ text: String) throws(ParsingError) -> Form {
        let fields: (String) throws(ParsingError) -> Form = { (text) throws(ParsingError) in
            try CronSchedule(text).form
        }
        switch text {
        case "@yearly", "@annually": return try fields("0 0 1 1 *")
        case "@monthly": return try fields("0 0 1 * *")
        case "@weekly": return try fields("0 0 * * 0")
        case "@daily", "@midnight": return try fields("0 0 * * *")
        case "@hourly": return try fields("0 * * * *")
        default: break
        }
        guard text.hasPrefix("@every ") else { throw ParsingError(message: "unrecognized descriptor: \(text)") }
        guard let seconds = wholeSeconds(text.dropFirst(7)) else {
            throw ParsingError(message: "failed to parse duration \(text): invalid duration")
        }
        return .every(max(1, seconds))
    }

    /// A Go duration in hours, minutes and seconds (`1h30m`), rounded down to seconds; nil if it is none.
    private static func wholeSeconds(_ text: Substring) -> Int64? {
        var total: Int64 = 0
        var number: Int64?
        var unitSeen = false
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                number = (number ?? 0).multiplyingSaturating(10).addingSaturating(Int64(byte - UInt8(ascii: "0")))
            case UInt8(ascii: "h"), UInt8(ascii: "m"), UInt8(ascii: "s"):
                guard let count = number else { return nil }
                let unit: Int64 = byte == UInt8(ascii: "h") ? 3600 : byte == UInt8(ascii: "m") ? 60 : 1
                if unit == 60, rest.first == UInt8(ascii: "s") {
                    // Milliseconds: less than the schedule can express.
                    rest.removeFirst()
                } else {
                    total = total.addingSaturating(count.multiplyingSaturating(unit))
                }
                number = nil
                unitSeen = true
            default: return nil
            }
        }
        return unitSeen && number == nil ? total : nil
    }

    /// The first time after an instant, both in whole seconds since 1970; nil if none comes within five years
    /// (`0 0 30 2 *`).
    public func next(after seconds: Int64) -> Int64? {
        switch form {
        case .every(let period): return seconds.addingSaturating(period)
        case .fields(let fields): return fields.next(after: seconds, in: zone)
        }
    }

    /// What a CronJob has missed up to now (`mostRecentScheduleTime` of `cronjob/utils.go`).
    public struct Missed: Sendable, Equatable {
        /// The most recent time; nil if none was missed.
        public var time: Int64?
        /// An estimate from the distance of the first two, as the real controller makes it; above 100 it warns.
        public var count: Int64
    }

    /// - Parameter earliest: the last scheduled time, or the creation, but no earlier than the starting deadline before
    ///   now; whole seconds since 1970.
    public func missed(since earliest: Int64, now: Int64) -> Missed {
        guard let first = next(after: earliest), first <= now else { return Missed(time: nil, count: 0) }
        guard let second = next(after: first), second <= now else { return Missed(time: first, count: 1) }
        let distance = second.subtractingSaturating(first)
        guard distance >= 1 else { return Missed(time: nil, count: 0) }
        let count = now.subtractingSaturating(first) / distance + 1
        // Close to now at once; from there time by time.
        var time = first.addingSaturating((count - 2).multiplyingSaturating(distance))
        var latest: Int64? = nil
        while let candidate = next(after: time), candidate <= now, candidate > time {
            latest = candidate
            time = candidate
        }
        return Missed(time: latest, count: count)
    }
}

extension CronSchedule.Fields {
    /// The next time in UTC seconds. An hour that the clocks skip has no times, one that they repeat has them once.
    func next(after seconds: Int64, in zone: TimeZoneRules) -> Int64? {
        if zone == .utc { return next(after: seconds) }
        var local = seconds.addingSaturating(zone.offset(at: seconds))
        for _ in 0..<10_000 {
            guard let candidate = next(after: local) else { return nil }
            if let time = zone.utc(local: candidate), time > seconds { return time }
            local = candidate
        }
        return nil
    }

    func next(after seconds: Int64) -> Int64? {
        // Far outside any calendar the arithmetic below would overflow.
        guard seconds > -10_000_000_000_000, seconds < 10_000_000_000_000 else { return nil }
        let minutes = seconds.flooredQuotient(60) + 1
        var day = minutes.flooredQuotient(1440)
        var minuteOfDay = minutes - day * 1440
        let lastYear = CivilDate(daysSince1970: day).year + 5
        while true {
            let date = CivilDate(daysSince1970: day)
            if date.year > lastYear { return nil }
            if month & 1 << UInt64(date.month) == 0 {
                day += date.daysLeftInMonth
                minuteOfDay = 0
                continue
            }
            if matchesDay(date, day: day), let found = nextMinute(of: minuteOfDay) {
                return (day * 1440 + found) * 60
            }
            day += 1
            minuteOfDay = 0
        }
    }

    private func matchesDay(_ date: CivilDate, day: Int64) -> Bool {
        // 1970-01-01 was a Thursday.
        let weekday = (day + 4) - (day + 4).flooredQuotient(7) * 7
        let byMonth = dayOfMonth & 1 << UInt64(date.day) != 0
        let byWeek = dayOfWeek & 1 << UInt64(weekday) != 0
        return isAnyDay ? byMonth && byWeek : byMonth || byWeek
    }

    /// The first permitted minute of a day at or after a given one.
    private func nextMinute(of start: Int64) -> Int64? {
        var minuteOfHour = start % 60
        for candidate in start / 60..<24 {
            if hour & 1 << UInt64(candidate) != 0 {
                let rest = minute >> UInt64(minuteOfHour)
                if rest != 0 { return candidate * 60 + minuteOfHour + Int64(rest.trailingZeroBitCount) }
            }
            minuteOfHour = 0
        }
        return nil
    }
}

/// A day of the Gregorian calendar, from the number of days since 1970 (Howard Hinnant's algorithm).
struct CivilDate: Equatable {
    var year: Int64
    var month: Int64
    var day: Int64

    init(daysSince1970 days: Int64) {
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days from this one to the first of the next month.
    var daysLeftInMonth: Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let length: Int64 =
            switch month {
            case 2: isLeap ? 29 : 28
            case 4, 6, 9, 11: 30
            default: 31
            }
        return length - day + 1
    }
}

extension Int64 {
    /// The quotient toward minus infinity; the divisor is positive.
    func flooredQuotient(_ divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
