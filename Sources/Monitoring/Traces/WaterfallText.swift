import OpenTelemetry
import PromQL

/// A waterfall for a terminal.
public enum WaterfallText {
    /// Rows with bars: the service and name of a span, indented by its depth, its bar, its duration. An error has a `!`.
    /// - Parameter width: columns of the terminal.
    public static func bars(_ waterfall: Waterfall, width: Int = 80) -> String {
        let width = max(width, 60)
        let nameWidth = width * 2 / 5
        let barWidth = width - nameWidth - 11
        var out = "trace \(waterfall.traceID)  \(duration(waterfall.durationNano))  \(waterfall.rows.count) spans\n"
        for row in waterfall.rows {
            let mark = row.span.span.status.code == .error ? "!" : " "
            let indent = String(repeating: " ", count: min(row.depth, nameWidth / 3))
            let name = fitted(indent + title(row), nameWidth - 2)
            let total = Double(max(waterfall.durationNano, 1))
            let start = min(barWidth - 1, Int(Double(row.startOffsetNano) / total * Double(barWidth)))
            let length = max(
                1, min(barWidth - start, Int((Double(row.durationNano) / total * Double(barWidth)).rounded())))
            let bar = String(repeating: " ", count: start) + String(repeating: "█", count: length)
            let time = duration(row.durationNano)
            out += mark + name + " " + fitted(bar, barWidth)
            out += String(repeating: " ", count: max(1, 10 - time.count)) + time + "\n"
        }
        return out
    }

    /// The same as a table in words, for screen readers.
    public static func plain(_ waterfall: Waterfall) -> String {
        var out = "DEPTH  START  DURATION  SELF  STATUS  SPAN\n"
        for row in waterfall.rows {
            let status = row.span.span.status.code == .error ? "error" : "ok"
            out += "\(row.depth)  \(duration(row.startOffsetNano))  \(duration(row.durationNano))  "
            out += "\(duration(row.selfTimeNano))  \(status)  \(title(row))\n"
        }
        return out
    }

    private static func title(_ row: Waterfall.Row) -> String {
        LogText.printable(row.span.serviceName + " " + row.span.span.name)
    }

    private static func fitted(_ text: String, _ width: Int) -> String {
        let count = text.count
        return count > width
            ? String(text.prefix(width - 1)) + "…" : text + String(repeating: " ", count: width - count)
    }

    /// `850ns`, `1.5ms`, `2.25s`.
    static func duration(_ nanoseconds: UInt64) -> String {
        let value = Double(nanoseconds)
        let (amount, unit) =
            value < 1e3
            ? (value, "ns") : value < 1e6 ? (value / 1e3, "µs") : value < 1e9 ? (value / 1e6, "ms") : (value / 1e9, "s")
        let hundredths = (amount * 100).rounded() / 100
        return GoFloat.fixed(hundredths) + unit
    }
}
