import PromQL

/// Numbers for people: `humanize` and its kin. A number may also come as text.
enum TemplateNumbers {
    private typealias CallError = TemplateEvaluator.CallError

    static func call(
        _ name: String, _ given: [TemplateValue]
    ) throws(TemplateEvaluator.CallError) -> TemplateValue? {
        guard let value = given.first else { return nil }
        switch name {
        case "humanize": return .string(humanize(try number(value)))
        case "humanize1024": return .string(humanize1024(try number(value)))
        case "humanizeDuration": return .string(duration(try number(value)))
        case "humanizePercentage":
            return .string(GoVerbs.general(try number(value) * 100, significant: 4) + "%")
        case "humanizeTimestamp":
            let seconds = try number(value)
            guard seconds.isFinite else { return .string(GoVerbs.general(seconds, significant: 4)) }
            return .string(GoTime(milliseconds: try nanoseconds(seconds) / 1_000_000).description)
        case "toTime": return .time(try nanoseconds(try number(value)) / 1_000_000)
        case "toDuration": return .duration(try nanoseconds(try number(value)))
        default: return nil
        }
    }

    private static func number(_ value: TemplateValue) throws(CallError) -> Double {
        switch value {
        case .float(let number): return number
        case .integer(let number): return Double(number)
        case .duration(let nanoseconds): return Double(nanoseconds) / 1e9
        case .string(let text):
            guard let number = GoFloat.parse(text) else {
                throw CallError(message: "strconv.ParseFloat: parsing \(GoQuote.quote(text)): invalid syntax")
            }
            return number
        default: throw CallError(message: "can't convert \(value.typeName) to float")
        }
    }

    private static func nanoseconds(_ seconds: Double) throws(CallError) -> Int64 {
        guard seconds.isFinite else { throw CallError(message: "value is NaN or Inf") }
        let scaled = seconds * 1e9
        guard scaled >= -0x1p63, scaled < 0x1p63 else {
            throw CallError(
                message:
                    "\(GoFloat.general(seconds)) cannot be represented as a nanoseconds timestamp since it overflows int64"
            )
        }
        return Int64(scaled)
    }

    private static func scaled(_ value: Double, down: [String], up: [String], by factor: Double) -> String {
        var number = value
        var prefix = ""
        if value.magnitude >= 1 {
            for next in up {
                if number.magnitude < factor { break }
                prefix = next
                number /= factor
            }
        } else {
            for next in down {
                if number.magnitude >= 1 { break }
                prefix = next
                number *= factor
            }
        }
        return GoVerbs.general(number, significant: 4) + prefix
    }

    private static let small = ["m", "u", "n", "p", "f", "a", "z", "y"]

    static func humanize(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return GoVerbs.general(value, significant: 4) }
        return scaled(value, down: small, up: ["k", "M", "G", "T", "P", "E", "Z", "Y"], by: 1000)
    }

    static func humanize1024(_ value: Double) -> String {
        guard value.magnitude > 1, value.isFinite else { return GoVerbs.general(value, significant: 4) }
        return scaled(value, down: [], up: ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"], by: 1024)
    }

    static func duration(_ value: Double) -> String {
        guard value.isFinite else { return GoVerbs.general(value, significant: 4) }
        if value == 0 { return GoVerbs.general(value, significant: 4) + "s" }
        guard value.magnitude >= 1 else { return scaled(value, down: small, up: [], by: 1000) + "s" }
        let sign = value < 0 ? "-" : ""
        let magnitude = value.magnitude
        // What does not fit becomes the least integer in Go (on amd64).
        let whole = magnitude < 0x1p63 ? Int64(magnitude) : Int64.min
        let (days, hours, minutes, seconds) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60)
        if days != 0 { return "\(sign)\(days)d \(hours)h \(minutes)m \(seconds)s" }
        if hours != 0 { return "\(sign)\(hours)h \(minutes)m \(seconds)s" }
        if minutes != 0 { return "\(sign)\(minutes)m \(seconds)s" }
        return sign + GoVerbs.general(magnitude, significant: 4) + "s"
    }
}
