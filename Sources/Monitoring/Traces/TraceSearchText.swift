import OpenTelemetry

/// The answers of a search for traces as a table for a terminal.
public enum TraceSearchText {
    /// A line for each trace: its identifier, when it began, how long it took, how many of its spans matched, and its
    /// root's service and name.
    /// - Parameter width: columns of the terminal; nil for whole names.
    public static func table(_ matches: [TraceQLMatch], width: Int? = 80) -> String {
        guard !matches.isEmpty else { return "" }
        let rows = matches.map { match in
            [
                match.traceID.description, String(LogTime.clock(Int64(clamping: match.startTimeUnixNano)).prefix(8)),
                WaterfallText.duration(match.durationNano), String(match.spans.count),
                LogText.printable(
                    match.rootTraceName.isEmpty
                        ? match.rootServiceName : match.rootServiceName + ": " + match.rootTraceName),
            ]
        }
        let header = ["TRACE", "START", "DURATION", "SPANS", "ROOT"]
        let widths = (0..<4).map { column in
            ([header] + rows).map { $0[column].count }.max() ?? 0
        }
        let front = widths.reduce(8, +)
        return ([header] + rows).map { row in
            var line = ""
            for column in 0..<4 {
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                line += (column < 2 ? row[column] + padding : padding + row[column]) + "  "
            }
            var root = row[4]
            if let width, root.count > max(12, width - front) {
                root = root.prefix(max(12, width - front) - 1) + "…"
            }
            return line + root + "\n"
        }.joined()
    }
}
