/// One field of a cron schedule: its bounds and the names that stand for numbers.
enum CronField {
    case minute, hour, day, month, weekday

    private var bounds: ClosedRange<UInt64> {
        switch self {
        case .minute: 0...59
        case .hour: 0...23
        case .day: 1...31
        case .month: 1...12
        case .weekday: 0...6
        }
    }

    private var names: [String] {
        switch self {
        case .minute, .hour, .day: []
        case .month:
            ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        case .weekday: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
        }
    }

    /// The values that a list of ranges permits, as bits, and whether one of them is a plain `*`.
    func parse(_ text: Substring) throws(CronSchedule.ParsingError) -> (values: UInt64, isAny: Bool) {
        var values: UInt64 = 0
        var isAny = false
        // Empty parts of a list are ignored.
        for part in text.split(separator: ",") {
            let (more, any) = try parseRange(part)
            values |= more
            isAny = isAny || any
        }
        return (values, isAny)
    }

    private func parseRange(_ text: Substring) throws(CronSchedule.ParsingError) -> (UInt64, Bool) {
        let rangeAndStep = text.split(separator: "/", omittingEmptySubsequences: false)
        let ends = rangeAndStep[0].split(separator: "-", omittingEmptySubsequences: false)
        let isSingle = ends.count == 1
        var isAny = false
        var start: UInt64
        var end: UInt64
        if ends[0] == "*" || ends[0] == "?" {
            start = bounds.lowerBound
            end = bounds.upperBound
            isAny = true
        } else {
            start = try value(ends[0])
            switch ends.count {
            case 1: end = start
            case 2: end = try value(ends[1])
            default: throw CronSchedule.ParsingError(message: "too many hyphens: \(text)")
            }
        }
        var step: UInt64 = 1
        switch rangeAndStep.count {
        case 1: break
        case 2:
            step = try number(rangeAndStep[1])
            // N/step means from N to the end.
            if isSingle { end = bounds.upperBound }
            if step > 1 { isAny = false }
        default: throw CronSchedule.ParsingError(message: "too many slashes: \(text)")
        }
        if start < bounds.lowerBound {
            throw CronSchedule.ParsingError(
                message: "beginning of range (\(start)) below minimum (\(bounds.lowerBound)): \(text)")
        }
        if end > bounds.upperBound {
            throw CronSchedule.ParsingError(
                message: "end of range (\(end)) above maximum (\(bounds.upperBound)): \(text)")
        }
        if start > end {
            throw CronSchedule.ParsingError(
                message: "beginning of range (\(start)) beyond end of range (\(end)): \(text)")
        }
        if step == 0 {
            throw CronSchedule.ParsingError(message: "step of range should be a positive number: \(text)")
        }
        var values: UInt64 = 0
        while start <= end {
            values |= 1 << start
            // A huge step ends the loop rather than wrapping round.
            start = step > end - start ? end + 1 : start + step
        }
        return (values, isAny)
    }

    private func value(_ text: Substring) throws(CronSchedule.ParsingError) -> UInt64 {
        let lowercase = text.lowercased()
        if !lowercase.isEmpty, let index = names.firstIndex(of: lowercase) { return UInt64(index) }
        return try number(text)
    }

    private func number(_ text: Substring) throws(CronSchedule.ParsingError) -> UInt64 {
        guard let number = Int64(text) else {
            throw CronSchedule.ParsingError(message: "failed to parse int from \(text): invalid syntax")
        }
        guard number >= 0 else {
            throw CronSchedule.ParsingError(message: "negative number (\(number)) not allowed: \(text)")
        }
        return UInt64(number)
    }
}
