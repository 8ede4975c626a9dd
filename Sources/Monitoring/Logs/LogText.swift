import PromQL

/// Log queries' answers for a terminal.
public enum LogText {
    /// Lines in the order of the query, each with its time of day and the labels that tell streams apart.
    ///
    /// What all streams have in common stands once above, as `logcli` has it. A line that is too long goes on below,
    /// behind a margin; nothing is cut.
    /// - Parameter width: columns of the terminal.
    public static func lines(
        _ streams: [LogStreamResult], direction: LogDirection = .forward, width: Int = 80
    ) -> String {
        let width = max(width, 20)
        let common = commonLabels(streams)
        var rows: [(timestamp: Int64, order: Int, labels: Labels, line: String)] = []
        for stream in streams {
            let own = stream.labels.removing(common.pairs.map(\.name))
            for entry in stream.entries { rows.append((entry.timestamp, rows.count, own, entry.line)) }
        }
        let forward = direction == .forward
        rows.sort {
            $0.timestamp != $1.timestamp ? ($0.timestamp < $1.timestamp) == forward : $0.order < $1.order
        }
        var out = ""
        if !common.isEmpty { out += wrapped("Common labels: \(common)", width, margin: 2) + "\n" }
        for row in rows {
            let labels = row.labels.isEmpty ? "" : "\(row.labels) "
            out += wrapped("\(LogTime.clock(row.timestamp)) \(labels)\(printable(row.line))", width, margin: 13) + "\n"
        }
        return out
    }

    /// Any answer: lines as above, numbers as a table.
    public static func text(_ result: LogQLResult, direction: LogDirection = .forward, width: Int = 80) -> String {
        switch result {
        case .streams(let streams): return lines(streams, direction: direction, width: width)
        case .vector(let samples):
            return samples.map { "\($0.labels) \(GoFloat.json($0.value))\n" }.joined()
        case .matrix(let series):
            return series.map { one in
                "\(one.labels)\n"
                    + one.points.map { "  \(LogTime.clock($0.time)) \(GoFloat.json($0.value))\n" }.joined()
            }.joined()
        case .scalar(_, let value): return GoFloat.json(value) + "\n"
        }
    }

    private static func commonLabels(_ streams: [LogStreamResult]) -> Labels {
        guard streams.count > 1, let first = streams.first else { return .empty }
        return Labels(
            first.labels.pairs.filter { pair in
                streams.allSatisfy { ByteOrder.same($0.labels[pair.name], pair.value) }
            })
    }

    /// Without characters that would steer the terminal.
    static func printable(_ line: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in line.unicodeScalars {
            switch scalar {
            case "\t": out.append(" ")
            case "\u{0}"..<"\u{20}", "\u{7f}"..<"\u{a0}", "\u{202a}"..."\u{202e}", "\u{2066}"..."\u{2069}":
                out.append("\u{FFFD}")
            default: out.append(scalar)
            }
        }
        return String(out)
    }

    private static func wrapped(_ text: String, _ width: Int, margin: Int) -> String {
        var rows: [String] = []
        var rest = text[...]
        while true {
            let room = rows.isEmpty ? width : width - margin
            let row = rest.prefix(room)
            rows.append((rows.isEmpty ? "" : String(repeating: " ", count: margin)) + row)
            rest = rest.dropFirst(room)
            if rest.isEmpty { return rows.joined(separator: "\n") }
        }
    }

    /// Bytes as Loki's limits print them: `512B`, `20KB`, `1.5GB`.
    static func size(_ bytes: Int) -> String {
        var (value, unit) = (Double(bytes), 0)
        let units = ["B", "KB", "MB", "GB", "TB"]
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        let tenths = (value * 10).rounded() / 10
        return (tenths == tenths.rounded() ? String(Int64(tenths)) : GoFloat.fixed(tenths, decimals: 1)) + units[unit]
    }
}
