/// The methods of times and durations.
enum TemplateMethods {
    private static let plainOfTimes: Set<String> = [
        "Unix", "UnixMilli", "UnixMicro", "UnixNano", "UTC", "Local", "String", "Year", "Month", "Day", "YearDay",
        "Hour", "Minute", "Second", "Nanosecond", "Weekday", "IsZero", "Location",
    ]
    private static let plainOfDurations: Set<String> = [
        "Seconds", "Minutes", "Hours", "Milliseconds", "Microseconds", "Nanoseconds", "String",
    ]

    /// What a method takes; nil if the value has no such method.
    static func signature(of name: String, on base: TemplateValue) -> TemplateSignature? {
        switch base {
        case .time:
            switch name {
            case "Format": TemplateSignature([.string])
            case "Date", "Clock": TemplateSignature([], uncallable: "3 results")
            default: plainOfTimes.contains(name) ? TemplateSignature([]) : nil
            }
        case .duration: plainOfDurations.contains(name) ? TemplateSignature([]) : nil
        default: nil
        }
    }

    static func call(
        _ name: String, on base: TemplateValue, _ given: [TemplateValue]
    ) throws(TemplateEvaluator.CallError) -> TemplateValue {
        switch base {
        case .time(let milliseconds):
            if case .string(let layout)? = given.first {
                let text = GoTime(milliseconds: milliseconds).format(layout)
                guard text.utf8.count <= TemplateEvaluator.maximumOutput else {
                    throw .init(message: "text of more than \(TemplateEvaluator.maximumOutput) bytes")
                }
                return .string(text)
            }
            return ofTime(name, GoTime(milliseconds: milliseconds))
        case .duration(let nanoseconds):
            switch name {
            case "Seconds": return .float(Double(nanoseconds) / 1e9)
            case "Minutes": return .float(Double(nanoseconds) / 6e10)
            case "Hours": return .float(Double(nanoseconds) / 3.6e12)
            case "Milliseconds": return .integer(nanoseconds / 1_000_000)
            case "Microseconds": return .integer(nanoseconds / 1000)
            case "Nanoseconds": return .integer(nanoseconds)
            default: return .string(base.text())
            }
        default: return .null
        }
    }

    private static func ofTime(_ name: String, _ time: GoTime) -> TemplateValue {
        switch name {
        case "Unix": .integer((time.milliseconds - Int64(time.millisecond)) / 1000)
        case "UnixMilli": .integer(time.milliseconds)
        // Both overflow silently in Go, as they do beyond the year 2262 there.
        case "UnixMicro": .integer(time.milliseconds &* 1000)
        case "UnixNano": .integer(time.milliseconds &* 1_000_000)
        case "UTC", "Local": .time(time.milliseconds)
        case "Year": .integer(Int64(time.year))
        case "Month": .string(time.monthName)
        case "Day": .integer(Int64(time.day))
        case "YearDay": .integer(Int64(time.yearDay))
        case "Hour": .integer(Int64(time.hour))
        case "Minute": .integer(Int64(time.minute))
        case "Second": .integer(Int64(time.second))
        case "Nanosecond": .integer(Int64(time.millisecond) * 1_000_000)
        case "Weekday": .string(time.weekday)
        // The year 1 is out of reach of a number of nanoseconds.
        case "IsZero": .boolean(false)
        case "Location": .string("UTC")
        default: .string(time.description)
        }
    }
}
