import KubernetesAPI

/// A schedule in the five fields of cron, as KEDA's cron trigger reads it (robfig/cron, standard parser).
struct CronExpression: Sendable, Equatable {
    let text: String
    private var minutes: Set<Int> = []
    private var hours: Set<Int> = []
    private var days: Set<Int> = []
    private var months: Set<Int> = []
    private var weekdays: Set<Int> = []
    private var anyDay = false
    private var anyWeekday = false

    private static let descriptors = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]
    private static let monthNames = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    init(_ text: String) throws(MetricsAPIError) {
        self.text = text
        let fields = (Self.descriptors[text] ?? text).split(whereSeparator: \.isWhitespace).map(String.init)
        guard fields.count == 5 else {
            throw MetricsAPIError(
                "expected exactly 5 fields, found \(fields.count): [\(fields.joined(separator: " "))]")
        }
        minutes = try Self.values(fields[0], 0...59)
        hours = try Self.values(fields[1], 0...23)
        days = try Self.values(fields[2], 1...31)
        months = try Self.values(fields[3], 1...12, names: Self.monthNames, firstName: 1)
        weekdays = try Self.values(fields[4], 0...6, names: Self.dayNames)
        anyDay = fields[2].hasPrefix("*") || fields[2] == "?"
        anyWeekday = fields[4].hasPrefix("*") || fields[4] == "?"
    }

    private static func values(
        _ field: String, _ range: ClosedRange<Int>, names: [String] = [], firstName: Int = 0
    ) throws(MetricsAPIError) -> Set<Int> {
        func number(_ text: Substring) throws(MetricsAPIError) -> Int {
            if let place = names.firstIndex(of: text.lowercased()) { return place + firstName }
            guard let number = Int(text), number >= 0 else {
                throw MetricsAPIError("failed to parse int from \(text)")
            }
            return number
        }
        var values: Set<Int> = []
        for item in field.split(separator: ",", omittingEmptySubsequences: false) {
            let steps = item.split(separator: "/", omittingEmptySubsequences: false)
            guard let first = steps.first, !first.isEmpty, steps.count <= 2 else {
                throw MetricsAPIError("too many slashes: \(item)")
            }
            let ends = first.split(separator: "-", omittingEmptySubsequences: false)
            var low = range.lowerBound
            var high = range.upperBound
            if first != "*", first != "?" {
                guard ends.count <= 2 else { throw MetricsAPIError("too many hyphens: \(item)") }
                low = try number(ends[0])
                // `5/15` means from 5 on.
                high = ends.count == 2 ? try number(ends[1]) : steps.count == 2 ? range.upperBound : low
            }
            let step = steps.count == 2 ? try number(steps[1]) : 1
            if low < range.lowerBound {
                throw MetricsAPIError("beginning of range (\(low)) below minimum (\(range.lowerBound)): \(item)")
            }
            if high > range.upperBound {
                throw MetricsAPIError("end of range (\(high)) above maximum (\(range.upperBound)): \(item)")
            }
            if low > high {
                throw MetricsAPIError("beginning of range (\(low)) beyond end of range (\(high)): \(item)")
            }
            if step == 0 { throw MetricsAPIError("step of range should be a positive number: \(item)") }
            for value in stride(from: low, through: high, by: step) { values.insert(value) }
        }
        return values
    }

    /// The first time after `now` that the schedule names, in seconds; nil if there is none within five years.
    ///
    /// - Parameter offset: seconds by which the clock of the schedule's place is ahead of UTC at an instant.
    func next(after now: Int64, offset: (Int64) -> Int64) -> Int64? {
        var instant = now - ((now % 60) + 60) % 60 + 60
        let limit = now + 5 * 366 * 86_400
        while instant <= limit {
            let local = CivilTime.components(seconds: instant + offset(instant))
            let secondsOfDay = local.hour * 3600 + local.minute * 60 + local.second
            if !months.contains(Int(local.month)) || !matchesDay(Int(local.day), Int(local.weekday)) {
                instant += 86_400 - secondsOfDay
            } else if !hours.contains(Int(local.hour)) {
                instant += 3600 - secondsOfDay % 3600
            } else if !minutes.contains(Int(local.minute)) {
                instant += 60 - local.second
            } else {
                return instant
            }
        }
        return nil
    }

    /// Of two restricted fields one is enough.
    private func matchesDay(_ day: Int, _ weekday: Int) -> Bool {
        if anyDay || anyWeekday { return days.contains(day) && weekdays.contains(weekday) }
        return days.contains(day) || weekdays.contains(weekday)
    }
}
