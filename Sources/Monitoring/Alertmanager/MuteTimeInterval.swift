import KubernetesAPI
import PromQL

/// A named set of times of `time_intervals`: a moment lies in it if it lies in one of its intervals.
public struct MuteTimeInterval: Sendable, Equatable {
    public let name: String
    public let intervals: [TimeOfWeek]

    /// Whether a moment (milliseconds since 1970) lies in one of the intervals.
    public func contains(_ time: Int64) -> Bool { intervals.contains { $0.contains(time) } }
}

/// One entry of a time interval; what is not given holds always.
public struct TimeOfWeek: Sendable, Equatable {
    /// Minutes of the day, the end not included.
    public var minutes: [Range<Int>] = []
    /// 0 is Sunday.
    public var weekdays: [ClosedRange<Int>] = []
    /// From 1, or from -1 at the end of the month.
    public var daysOfMonth: [DayRange] = []
    public var months: [ClosedRange<Int>] = []
    public var years: [ClosedRange<Int>] = []
    /// Minutes east of Greenwich.
    public var offset = 0

    public struct DayRange: Sendable, Equatable {
        public let first: Int
        public let last: Int
    }

    public func contains(_ time: Int64) -> Bool {
        let date = CivilDate(milliseconds: time.saturatingAdding(Int64(offset) * 60_000))
        if !minutes.isEmpty, !minutes.contains(where: { $0.contains(date.minuteOfDay) }) { return false }
        if !daysOfMonth.isEmpty, !daysOfMonth.contains(where: { Self.range($0, date).contains(date.day) }) {
            return false
        }
        if !months.isEmpty, !months.contains(where: { $0.contains(date.month) }) { return false }
        if !weekdays.isEmpty, !weekdays.contains(where: { $0.contains(date.weekday) }) { return false }
        return years.isEmpty || years.contains { $0.contains(date.year) }
    }

    /// Days from the end are counted in the month at hand; what lies outside of it is cut off.
    private static func range(_ days: DayRange, _ date: CivilDate) -> Range<Int> {
        let length = date.daysInMonth
        let first = days.first < 0 ? length + days.first + 1 : days.first
        let last = days.last < 0 ? length + days.last + 1 : days.last
        let low = max(1, first)
        let high = min(length, last)
        return low <= high ? low..<(high + 1) : 1..<1
    }
}

extension Int64 {
    func saturatingAdding(_ other: Int64) -> Int64 {
        let (sum, over) = addingReportingOverflow(other)
        return over ? (other > 0 ? .max : .min) : sum
    }
}

extension AlertmanagerConfigurationNode {
    /// An entry of `time_intervals` or `mute_time_intervals`.
    func muteTimeInterval(missing: String) throws(Failure) -> MuteTimeInterval {
        let fields = try members(["name", "time_intervals"])
        guard let name = try fields.text("name"), !name.isEmpty else { throw failure(missing) }
        var intervals: [TimeOfWeek] = []
        for node in try fields.elements("time_intervals", "timeinterval.TimeInterval") {
            intervals.append(try node.timeOfWeek())
        }
        return MuteTimeInterval(name: name, intervals: intervals)
    }

    private func timeOfWeek() throws(Failure) -> TimeOfWeek {
        let fields = try members(
            ["times", "weekdays", "days_of_month", "months", "years", "location"], type: "timeinterval.TimeInterval")
        var out = TimeOfWeek()
        for node in try fields.elements("times", "timeinterval.TimeRange") {
            let ends = try node.members(["start_time", "end_time"], type: "timeinterval.yamlTimeRange")
            guard let startNode = ends["start_time"], let endNode = ends["end_time"] else {
                throw node.failure("both start and end times must be provided")
            }
            let start = try startNode.minuteOfDay()
            let end = try endNode.minuteOfDay()
            guard start < end else { throw node.failure("start time cannot be equal or greater than end time") }
            out.minutes.append(start..<end)
        }
        for node in try fields.elements("weekdays", "timeinterval.WeekdayRange") {
            out.weekdays.append(try node.range(CivilDate.weekdayNames, first: 0, "weekday", numbers: nil))
        }
        for node in try fields.elements("months", "timeinterval.MonthRange") {
            out.months.append(try node.range(CivilDate.monthNames, first: 1, "month", numbers: 1...12))
        }
        for node in try fields.elements("years", "timeinterval.YearRange") {
            out.years.append(try node.range([], first: 0, "year", numbers: 0...9999))
        }
        for node in try fields.elements("days_of_month", "timeinterval.DayOfMonthRange") {
            out.daysOfMonth.append(try node.days())
        }
        if let node = fields["location"] { out.offset = try node.zone() }
        return out
    }

    private func minuteOfDay() throws(Failure) -> Int {
        let written = try text()
        let parts = written.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 2, parts[1].utf8.count == 2,
            let hour = UInt8(parts[0]), let minute = UInt8(parts[1]), minute < 60,
            hour < 24 || (hour == 24 && minute == 0)
        else { throw failure("couldn't parse timestamp \(written), invalid format") }
        return Int(hour) * 60 + Int(minute)
    }

    /// One name or number, or two between which a colon stands.
    private func range(_ names: [String], first: Int, _ what: String, numbers: ClosedRange<Int>?) throws(Failure)
        -> ClosedRange<Int>
    {
        let written = try text().lowercased()
        let parts = written.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count) else {
            throw failure("couldn't parse range \(GoText.quoted(written)), invalid format")
        }
        var ends: [Int] = []
        for part in parts {
            if let index = names.firstIndex(of: String(part)) {
                ends.append(index + first)
            } else if let numbers, let number = Int(part), numbers.contains(number) {
                ends.append(number)
            } else {
                throw failure("\(part) is not a valid \(what)")
            }
        }
        guard let low = ends.first, let high = ends.last, low <= high else {
            throw failure("start \(what) cannot be before end \(what)")
        }
        return low...high
    }

    private func days() throws(Failure) -> TimeOfWeek.DayRange {
        let written = try text()
        let parts = written.split(separator: ":", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Int($0) }
        guard (1...2).contains(parts.count), numbers.count == parts.count, let first = numbers.first,
            let last = numbers.last
        else { throw failure("couldn't parse range \(GoText.quoted(written)), invalid format") }
        for number in numbers where number == 0 || !(-31...31).contains(number) {
            throw failure("\(number) is not a valid day of the month: out of range")
        }
        if first < 0, last > 0 { throw failure("end day must be negative if start day is negative") }
        let low = first < 0 ? 31 + first + 1 : first
        let high = last < 0 ? 31 + last + 1 : last
        guard low <= high else { throw failure("end day \(last) is always before start day \(first)") }
        return TimeOfWeek.DayRange(first: first, last: last)
    }

    /// Minutes east of Greenwich. The simulation keeps no database of zones: UTC and the fixed ones of `Etc` are known.
    private func zone() throws(Failure) -> Int {
        let name = try text()
        if ["UTC", "Local", "Etc/UTC", "GMT", "Etc/GMT", ""].contains(name) { return 0 }
        let prefix = "Etc/GMT"
        // The sign of these zones is turned round: Etc/GMT-2 lies east of Greenwich.
        if name.hasPrefix(prefix), let hours = Int(name.dropFirst(prefix.count)), (-14...12).contains(hours) {
            return -hours * 60
        }
        throw failure("unable to load time zone location: unknown time zone \(name)")
    }
}
