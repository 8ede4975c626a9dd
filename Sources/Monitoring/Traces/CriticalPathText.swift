import OpenTelemetry
import PromQL

/// A critical path for a terminal.
public enum CriticalPathText {
    /// Stretches that are shorter than this share of the whole are summed up in one line.
    private static let shortest = 0.005

    /// A line for each stretch of time: when it began, how long it was, its share of the whole, and whose it was.
    /// - Parameter width: columns of the terminal; nil for whole names.
    public static func text(_ path: CriticalPath, of trace: Trace, width: Int? = 80) -> String {
        guard let first = path.segments.first, let last = path.segments.last else {
            return "no critical path: the trace's root has not arrived\n"
        }
        var names: [SpanID: String] = [:]
        for stored in trace.spans {
            names[stored.span.spanID] = LogText.printable(stored.serviceName + " " + stored.span.name)
        }
        let start = first.startTimeUnixNano
        let total = Double(max(1, last.endTimeUnixNano - start))
        var out = "   START  DURATION  SHARE  SPAN\n"
        var (short, sum): (Int, UInt64) = (0, 0)
        for segment in path.segments {
            let share = Double(segment.durationNano) / total
            if share < shortest {
                short += 1
                sum += segment.durationNano
                continue
            }
            out += row(
                WaterfallText.duration(segment.startTimeUnixNano - start), segment.durationNano, share,
                names[segment.spanID] ?? segment.name, width)
        }
        if short > 0 {
            out += row("", sum, Double(sum) / total, "\(short) shorter stretch\(short == 1 ? "" : "es")", width)
        }
        return out
    }

    private static func row(
        _ start: String, _ nanoseconds: UInt64, _ share: Double, _ name: String, _ width: Int?
    ) -> String {
        func right(_ text: String, _ columns: Int) -> String {
            String(repeating: " ", count: max(0, columns - text.count)) + text
        }
        let tenths = (share * 1000).rounded() / 10
        let front =
            right(start, 8) + "  " + right(WaterfallText.duration(nanoseconds), 8) + "  "
            + right(GoFloat.fixed(tenths, decimals: 1) + "%", 5) + "  "
        guard let width, name.count > max(20, width - front.count) else { return front + name + "\n" }
        return front + name.prefix(max(20, width - front.count) - 1) + "…\n"
    }
}
