import KubernetesAPI

/// Spans of time as kubectl prints ages (`k8s.io/apimachinery/pkg/util/duration`).
enum HumanDuration {
    /// Two units at most, fewer digits the longer the span: `87s`, `3m39s`, `5h10m`, `2d3h`, `1y40d`.
    static func text(seconds: Int64) -> String {
        if seconds < -1 { return "<invalid>" }
        if seconds < 0 { return "0s" }
        if seconds < 120 { return "\(seconds)s" }
        func two(_ large: Int64, _ unit: String, _ small: Int64, _ smallUnit: String) -> String {
            small == 0 ? "\(large)\(unit)" : "\(large)\(unit)\(small)\(smallUnit)"
        }
        let minutes = seconds / 60
        if minutes < 10 { return two(minutes, "m", seconds % 60, "s") }
        if minutes < 180 { return "\(minutes)m" }
        let hours = minutes / 60
        if hours < 8 { return two(hours, "h", minutes % 60, "m") }
        if hours < 48 { return "\(hours)h" }
        let days = hours / 24
        if hours < 192 { return two(days, "d", hours % 24, "h") }
        if days < 730 { return "\(days)d" }
        let years = days / 365
        return years < 8 ? two(years, "y", days % 365, "d") : "\(years)y"
    }

    /// How long ago an instant was; `<unknown>` for none.
    static func since(_ time: Time?, now: Time) -> String {
        guard let time else { return "<unknown>" }
        return text(seconds: clampedDifference(now.epochSeconds, time.epochSeconds))
    }

    static func between(_ start: Time, _ end: Time) -> String {
        text(seconds: clampedDifference(end.epochSeconds, start.epochSeconds))
    }

    private static func clampedDifference(_ later: Int64, _ earlier: Int64) -> Int64 {
        let (difference, overflow) = later.subtractingReportingOverflow(earlier)
        return overflow ? (later < earlier ? .min : .max) : difference
    }
}
