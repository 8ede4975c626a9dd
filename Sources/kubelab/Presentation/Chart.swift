import Simulation

/// A line chart for the terminal: eighth blocks in a grid, a scale at the left, simulated time below.
struct Chart {
    struct Series {
        var name: String
        /// One value a column; nil where nothing was measured.
        var values: [Double?]
    }

    /// A moment worth a mark under the axis.
    struct Mark {
        var time: SimulationTime
        var text: String
    }

    var title: String
    var unit: String
    var from: SimulationTime
    var to: SimulationTime
    var series: Series
    var marks: [Mark] = []
    var height = 10

    private static let blocks = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// The lines of the chart. With `plain`, a table of time and value for screen readers.
    func lines(plain: Bool) -> [String] {
        let present = series.values.compactMap { $0 }
        guard !present.isEmpty else { return ["\(title): nothing was measured between \(from.clock) and \(to.clock)"] }
        return plain ? table() : drawing(maximum: present.max() ?? 0, minimum: min(0, present.min() ?? 0))
    }

    private func drawing(maximum: Double, minimum: Double) -> [String] {
        let top = Self.niceCeiling(maximum - minimum) + minimum
        let span = max(top - minimum, 1e-12)
        var rows: [String] = []
        let labels = (0..<height).map { row in Self.text(minimum + span * Double(height - row) / Double(height)) }
        let width = max(labels.map(\.count).max() ?? 0, Self.text(minimum).count)
        rows.append("\(title)\(unit.isEmpty ? "" : " (\(unit))")")
        for row in 0..<height {
            var line = ""
            for value in series.values {
                guard let value else {
                    line += " "
                    continue
                }
                let eighths = ((value - minimum) / span * Double(height * 8)).rounded()
                let filled = Int(max(0, min(8, eighths - Double((height - 1 - row) * 8))))
                line += Self.blocks[filled]
            }
            while line.last == " " { line.removeLast() }
            let label = row % 2 == 0 ? labels[row] : ""
            rows.append(String(repeating: " ", count: width - label.count) + label + " ┤" + line)
        }
        let zero = Self.text(minimum)
        rows.append(
            String(repeating: " ", count: width - zero.count) + zero + " └"
                + String(repeating: "─", count: series.values.count))
        rows.append(String(repeating: " ", count: width + 2) + axis(width: series.values.count))
        for mark in marks where mark.time >= from && mark.time <= to {
            rows.append(
                String(repeating: " ", count: width + 2 + column(of: mark.time)) + "▲ \(mark.time.clock) \(mark.text)")
        }
        return rows
    }

    private func table() -> [String] {
        let count = max(1, series.values.count)
        let step = max(1, count / 20)
        var rows = ["\(title)\(unit.isEmpty ? "" : " (\(unit))")", "TIME      VALUE"]
        for index in stride(from: 0, to: count, by: step) {
            let time = from + (to - from) * (Double(index) / Double(max(1, count - 1)))
            let clock = time.clock
            rows.append(
                clock + String(repeating: " ", count: max(1, 10 - clock.count))
                    + (series.values[index].map(Self.text) ?? "-"))
        }
        return rows + marks.map { "\($0.time.clock): \($0.text)" }
    }

    private func column(of time: SimulationTime) -> Int {
        let share = (time - from).seconds / max((to - from).seconds, 1e-9)
        return min(max(0, Int(share * Double(series.values.count - 1))), max(0, series.values.count - 1))
    }

    private func axis(width: Int) -> String {
        let (left, right) = (from.clock, to.clock)
        let middle = (from + (to - from) / 2).clock
        let gap = width - left.count - middle.count - right.count
        guard gap >= 4 else { return left + " … " + right }
        return left + String(repeating: " ", count: gap / 2) + middle + String(repeating: " ", count: gap - gap / 2)
            + right
    }

    /// 1, 2, 2.5 or 5 times a power of ten that is not below `value`.
    static func niceCeiling(_ value: Double) -> Double {
        guard value > 0, value.isFinite else { return 1 }
        var power = 1.0
        while power * 10 <= value { power *= 10 }
        while power > value { power /= 10 }
        for factor in [1, 2, 2.5, 5] where factor * power >= value { return factor * power }
        return 10 * power
    }

    /// A number in at most five characters or so.
    static func text(_ value: Double) -> String {
        func trimmed(_ value: Double, _ decimals: Double) -> String {
            let rounded = (value * decimals).rounded() / decimals
            return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int64(rounded))" : "\(rounded)"
        }
        switch abs(value) {
        case 1e9...: return trimmed(value / 1e9, 10) + "G"
        case 1e6...: return trimmed(value / 1e6, 10) + "M"
        case 1e4...: return trimmed(value / 1e3, 10) + "k"
        case 100...: return trimmed(value, 1)
        case 1...: return trimmed(value, 100)
        default: return trimmed(value, 10_000)
        }
    }
}

extension SimulationTime {
    /// Simulated time since the start: `4m30s`, `1h05m00s`.
    var clock: String { Duration(nanoseconds: nanoseconds).clock }
}

extension Duration {
    /// `0s`, `45s`, `4m30s`, `1h05m00s`, with milliseconds below ten seconds.
    var clock: String {
        let total = nanoseconds / 1_000_000_000
        if nanoseconds < 10_000_000_000, nanoseconds % 1_000_000_000 != 0 {
            let millis = nanoseconds / 1_000_000
            return millis < 1_000 ? "\(millis)ms" : "\(Double(millis) / 1_000)s"
        }
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        if total >= 3_600 { return "\(total / 3_600)h\(two(total / 60 % 60))m\(two(total % 60))s" }
        return total >= 60 ? "\(total / 60)m\(two(total % 60))s" : "\(total)s"
    }
}
