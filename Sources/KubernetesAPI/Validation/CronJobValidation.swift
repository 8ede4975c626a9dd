extension CronJob: Validatable {
    /// The controller adds eleven characters to the name for each job.
    private static let maximumNameLength = 52

    public func validate(_ errors: inout FieldErrors) {
        validateSpec(&errors)
        if metadata.name.utf8.count > Self.maximumNameLength {
            errors.invalid(
                FieldPath("metadata").child("name"), metadata.name,
                "must be no more than \(Self.maximumNameLength) characters")
        }
    }

    public func validateUpdate(from old: CronJob, subresource: String, _ errors: inout FieldErrors) {
        if subresource != "status" { validateSpec(&errors) }
    }

    private func validateSpec(_ errors: inout FieldErrors) {
        let path = FieldPath("spec")
        let schedulePath = path.child("schedule")
        if spec.schedule.isEmpty {
            errors.required(schedulePath)
        } else {
            if let problem = CronSchedule.problem(spec.schedule) {
                errors.invalid(schedulePath, spec.schedule, problem)
            }
            if spec.schedule.contains("TZ") {
                errors.invalid(
                    schedulePath, spec.schedule,
                    spec.timeZone == nil
                        ? "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
                        : "cannot use both timeZone field and TZ or CRON_TZ in schedule")
            }
        }
        errors.nonnegative(spec.startingDeadlineSeconds, path.child("startingDeadlineSeconds"))
        if let timeZone = spec.timeZone { validateTimeZone(timeZone, path.child("timeZone"), &errors) }
        errors.choice(
            path.child("concurrencyPolicy"), spec.concurrencyPolicy, ["Allow", "Forbid", "Replace"], required: true)
        let templatePath = path.child("jobTemplate")
        MetadataValidation.validateLabels(spec.jobTemplate.metadata.labels, templatePath.child("labels"), &errors)
        MetadataValidation.validateAnnotations(
            spec.jobTemplate.metadata.annotations, templatePath.child("annotations"), &errors)
        spec.jobTemplate.spec.validate(&errors, templatePath.child("spec"))
        errors.nonnegative(spec.successfulJobsHistoryLimit, path.child("successfulJobsHistoryLimit"))
        errors.nonnegative(spec.failedJobsHistoryLimit, path.child("failedJobsHistoryLimit"))
    }

    private func validateTimeZone(_ name: String, _ path: FieldPath, _ errors: inout FieldErrors) {
        if name.isEmpty { return errors.invalid(path, name, "timeZone must be nil or non-empty string") }
        if name.lowercased() == "local" {
            errors.invalid(
                path, name, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones")
        }
        if !CronSchedule.isTimeZone(name) { errors.invalid(path, name, "unknown time zone \(name)") }
    }
}

/// Checks cron's five fields, with the texts of the parser that Kubernetes uses (robfig/cron).
enum CronSchedule {
    private struct Bounds {
        var range: ClosedRange<Int>
        var names: [String] = []
    }

    private static let bounds = [
        Bounds(range: 0...59), Bounds(range: 0...23), Bounds(range: 1...31),
        Bounds(
            range: 1...12, names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
        Bounds(range: 0...6, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    ]
    private static let descriptors: Set<String> = [
        "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly",
    ]

    /// What is wrong; nil if nothing is.
    static func problem(_ schedule: String) -> String? {
        var schedule = schedule[...]
        if schedule.hasPrefix("TZ=") || schedule.hasPrefix("CRON_TZ=") {
            let end = schedule.firstIndex(of: " ") ?? schedule.endIndex
            schedule = schedule[end...].drop { $0 == " " }
        }
        if schedule.hasPrefix("@") {
            if descriptors.contains(String(schedule)) { return nil }
            if schedule.hasPrefix("@every ") {
                let duration = String(schedule.dropFirst("@every ".count))
                return isDuration(duration)
                    ? nil : "failed to parse duration \(schedule): time: invalid duration \(GoText.quoted(duration))"
            }
            return "unrecognized descriptor: \(schedule)"
        }
        let fields = schedule.split(whereSeparator: \.isWhitespace)
        guard fields.count == 5 else {
            return "expected exactly 5 fields, found \(fields.count): [\(fields.joined(separator: " "))]"
        }
        for (field, bounds) in zip(fields, bounds) {
            for part in field.split(separator: ",") {
                if let problem = problem(part, bounds) { return problem }
            }
        }
        return nil
    }

    private static func problem(_ part: Substring, _ bounds: Bounds) -> String? {
        let halves = part.split(separator: "/", omittingEmptySubsequences: false)
        let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        var (low, high) = (bounds.range.lowerBound, bounds.range.upperBound)
        if ends[0] != "*", ends[0] != "?" {
            switch number(ends[0], bounds.names) {
            case .success(let value): (low, high) = (value, value)
            case .failure(let error): return error.text
            }
            switch ends.count {
            case 1: break
            case 2:
                switch number(ends[1], bounds.names) {
                case .success(let value): high = value
                case .failure(let error): return error.text
                }
            default: return "too many hyphens: \(part)"
            }
        }
        var step = 1
        switch halves.count {
        case 1: break
        case 2:
            switch number(halves[1], []) {
            case .success(let value): step = value
            case .failure(let error): return error.text
            }
            if ends.count == 1 { high = bounds.range.upperBound }
        default: return "too many slashes: \(part)"
        }
        if low < bounds.range.lowerBound {
            return "beginning of range (\(low)) below minimum (\(bounds.range.lowerBound)): \(part)"
        }
        if high > bounds.range.upperBound {
            return "end of range (\(high)) above maximum (\(bounds.range.upperBound)): \(part)"
        }
        if low > high { return "beginning of range (\(low)) beyond end of range (\(high)): \(part)" }
        return step == 0 ? "step of range should be a positive number: \(part)" : nil
    }

    private struct Problem: Error { var text: String }

    private static func number(_ text: Substring, _ names: [String]) -> Result<Int, Problem> {
        if let index = names.firstIndex(of: text.lowercased()) {
            return .success(names.count == 12 ? index + 1 : index)
        }
        guard let value = Int(text) else {
            return .failure(
                Problem(
                    text:
                        "failed to parse int from \(text): strconv.Atoi: parsing \(GoText.quoted(String(text))): invalid syntax"
                ))
        }
        return value < 0
            ? .failure(Problem(text: "negative number (\(value)) not allowed: \(text)")) : .success(value)
    }

    /// `1h30m`
    private static func isDuration(_ text: String) -> Bool {
        var rest = text[...].drop { $0 == "-" || $0 == "+" }
        if rest.isEmpty { return false }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            guard Double(digits) != nil, ["ns", "us", "µs", "ms", "s", "m", "h"].contains(String(unit)) else {
                return false
            }
            rest = rest.dropFirst(unit.count)
        }
        return true
    }

    private static let regions: Set<String> = [
        "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Brazil", "Canada", "Chile",
        "Etc",
        "Europe", "Indian", "Mexico", "Pacific", "US",
    ]
    private static let zones: Set<String> = [
        "UTC", "GMT", "UCT", "Zulu", "Universal", "Greenwich", "CET", "CST6CDT", "Cuba", "EET", "EST", "EST5EDT",
        "Egypt",
        "Eire", "GB", "HST", "Hongkong", "Iceland", "Iran", "Israel", "Jamaica", "Japan", "Kwajalein", "Libya", "MET",
        "MST",
        "MST7MDT", "NZ", "Navajo", "PRC", "PST8PDT", "Poland", "Portugal", "ROC", "ROK", "Singapore", "Turkey", "W-SU",
        "WET",
    ]

    /// Whether a name has the form of a time zone's. The lab has no list of all places.
    static func isTimeZone(_ name: String) -> Bool {
        if zones.contains(name) { return true }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), regions.contains(String(parts[0])) else { return false }
        return parts.dropFirst().allSatisfy { part in
            part.first?.isUppercase == true
                && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-+".contains($0)) }
        }
    }
}
