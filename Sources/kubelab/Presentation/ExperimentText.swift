import Grading
import Simulation

/// An experiment's report as lines for a terminal.
struct ExperimentText {
    private let report: ExperimentReport
    private let width: Int
    /// For screen readers: no drawings; the tables have the same figures.
    private let isPlain: Bool

    init(_ report: ExperimentReport, width: Int, isPlain: Bool) {
        self.report = report
        self.width = width
        self.isPlain = isPlain
    }

    var lines: [String] {
        var lines = wrapped("Claim: \"\(report.claim)\"") + [""] + report.method.flatMap { wrapped("- " + $0, 2) }
        lines += wrapped("- " + report.statistics, 2) + [""]
        for picture in report.pictures { lines += (isPlain ? table(picture) : drawing(picture)) + [""] }
        for table in report.tables where !table.rows.isEmpty {
            var rows = Table(table.header, numeric: [])
            for row in table.rows { rows.add(row) }
            lines += [table.title + ":"] + rows.lines + [""]
        }
        for finding in report.findings { lines += wrapped(finding) }
        guard !report.dependences.isEmpty else { return lines }
        lines += [""] + wrapped(report.dependsOn) + wrapped("How far each moves the result (\(report.result)):")
        var rows = Table(["ASSUMPTION", "HERE", "CHANGED TO", "RESULT", "MOVES BY", "95% INTERVAL"])
        for one in report.dependences {
            rows.add([
                one.assumption, one.here, one.changed, number(one.result.value), signed(one.movement.value),
                "\(signed(one.movement.low)) to \(signed(one.movement.high))",
            ])
        }
        let unit = "(in \(report.resultUnit))"
        if rows.lines.allSatisfy({ $0.count <= width }) { return lines + rows.lines + [unit] }
        // Too wide for the terminal: an assumption's words on one line, its figures on the next.
        for one in report.dependences {
            lines += wrapped("- \(one.assumption): \(one.here) → \(one.changed)", 2)
            lines.append(
                "    \(number(one.result.value)), moves by \(signed(one.movement.value)) (\(signed(one.movement.low)) to \(signed(one.movement.high)))"
            )
        }
        return lines + [unit]
    }

    private func wrapped(_ text: String, _ indent: Int = 0) -> [String] {
        ReportText.wrapped(text, width: width, indent: indent)
    }

    /// Three significant places or so.
    private func number(_ value: Double) -> String { Chart.text((value * 1_000).rounded() / 1_000) }
    private func signed(_ value: Double) -> String { (value >= 0.000_5 ? "+" : "") + number(value) }

    // MARK: Pictures

    private func drawing(_ picture: ExperimentReport.Picture) -> [String] {
        switch picture {
        case .bars(let title, let unit, let rows): bars(title, unit, rows)
        case .grid(let title, let corner, let columns, let cells): grid(title, corner, columns, cells)
        case .spreads(let title, let unit, let rows): spreads(title, unit, rows)
        }
    }

    /// What a picture shows, as a table.
    private func table(_ picture: ExperimentReport.Picture) -> [String] {
        switch picture {
        case .bars(let title, let unit, let rows):
            var table = Table(["", unit.uppercased(), "95% INTERVAL"])
            for row in rows {
                table.add([
                    row.name, number(row.estimate.value), "\(number(row.estimate.low)) to \(number(row.estimate.high))",
                ])
            }
            return [title + ":"] + table.lines
        case .grid(let title, let corner, let columns, let cells):
            var table = Table([corner] + columns)
            for row in cells { table.add([row.name] + row.shares.map { $0.map(percent) ?? "-" }) }
            return [title + ":"] + table.lines
        case .spreads(let title, let unit, let rows):
            var table = Table(["", "10%", "25%", "MEDIAN", "75%", "90%"])
            for row in rows { table.add([row.name] + row.quantiles.map(number)) }
            return ["\(title) (\(unit)):"] + table.lines
        }
    }

    private func percent(_ share: Double) -> String {
        share == 0 ? "0" : share < 0.001 ? "<0.1%" : "\((share * 1_000).rounded() / 10)%"
    }

    /// Each bar to its value, with its interval as a bracket over the end of it.
    private func bars(_ title: String, _ unit: String, _ rows: [ExperimentReport.Bar]) -> [String] {
        let names = rows.map(\.name.count).max() ?? 0
        let room = max(10, width - names - 32)
        let largest = Chart.niceCeiling(max(1e-9, rows.map { max($0.estimate.high, $0.estimate.value) }.max() ?? 1))
        return ["\(title) (\(unit))"]
            + rows.map { row in
                func place(_ value: Double) -> Int { min(room - 1, max(0, Int(value / largest * Double(room - 1)))) }
                let (low, end, high) = (place(row.estimate.low), place(row.estimate.value), place(row.estimate.high))
                var cells = (0..<room).map { $0 <= end && row.estimate.value > 0 ? "█" : " " }
                if high > low {
                    for index in low...high { cells[index] = index == low ? "├" : index == high ? "┤" : "─" }
                }
                if row.estimate.value > 0 || high > low { cells[end] = "●" }
                var bar = cells.joined()
                while bar.last == " " { bar.removeLast() }
                let padding = String(repeating: " ", count: names - row.name.count)
                return
                    "\(row.name)\(padding) │\(bar)  \(number(row.estimate.value)) (\(number(row.estimate.low)) to \(number(row.estimate.high)))"
            }
    }

    private func grid(
        _ title: String, _ corner: String, _ columns: [String], _ rows: [ExperimentReport.Row]
    ) -> [String] {
        /// Darker by powers of ten, as what matters begins at one in a thousand.
        func shade(_ share: Double) -> String {
            switch share {
            case 0.1...: "█"
            case 0.01...: "▓"
            case 0.001...: "▒"
            case _ where share > 0: "░"
            default: "·"
            }
        }
        let names = max(corner.count, rows.map(\.name.count).max() ?? 0)
        let cell = max(7, (columns.map(\.count).max() ?? 0) + 1)
        func left(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        var lines = [title, left(corner, names) + "  " + columns.map { left($0, cell) }.joined(separator: " ")]
        for row in rows {
            let shades = row.shares.map { share in String(repeating: share.map(shade) ?? " ", count: cell) }
            let texts = row.shares.map { left($0.map(percent) ?? "-", cell) }
            lines.append(left(row.name, names) + "  " + shades.joined(separator: " "))
            lines.append(left("", names) + "  " + texts.joined(separator: " "))
        }
        return lines.map(trimmed) + ["· none  ░ under 0.1%  ▒ under 1%  ▓ under 10%  █ more"]
    }

    private func spreads(_ title: String, _ unit: String, _ rows: [ExperimentReport.Spread]) -> [String] {
        let values = rows.flatMap(\.quantiles).filter { $0 > 0 && $0.isFinite }
        guard let least = values.min(), let most = values.max() else { return ["\(title): nothing was measured"] }
        let names = rows.map(\.name.count).max() ?? 0
        let room = max(20, width - names - 4)
        let (low, high) = (Mathematics.log(least * 0.9), Mathematics.log(most * 1.1))
        func place(_ value: Double) -> Int {
            guard value > 0 else { return 0 }
            return min(room - 1, max(0, Int((Mathematics.log(value) - low) / max(1e-9, high - low) * Double(room - 1))))
        }
        var lines = ["\(title) (\(unit), logarithmic; ─ middle 80%, ▓ middle half, ● median)"]
        for row in rows where row.quantiles.count == 5 {
            let at = row.quantiles.map(place)
            var cells = [String](repeating: " ", count: room)
            for index in at[0]...max(at[0], at[4]) { cells[index] = "─" }
            for index in at[1]...max(at[1], at[3]) { cells[index] = "▓" }
            cells[at[2]] = "●"
            let padding = String(repeating: " ", count: names - row.name.count)
            lines.append(trimmed("\(row.name)\(padding) │" + cells.joined()))
        }
        // Marks at 1, 2 and 5 times powers of ten, where there is room.
        var axis = [Character](repeating: " ", count: room + 12)
        var marks: [Double] = []
        var power = 0.001
        while power <= most {
            marks += [power, 2 * power, 5 * power].filter { $0 >= least * 0.9 && $0 <= most * 1.1 }
            power *= 10
        }
        for mark in marks {
            let text = Array(number(mark))
            let start = place(mark)
            let end = min(axis.count, start + text.count)
            guard axis[max(0, start - 1)..<end].allSatisfy({ $0 == " " }) else { continue }
            axis.replaceSubrange(start..<end, with: text.prefix(end - start))
        }
        lines.append(trimmed(String(repeating: " ", count: names) + "  " + String(axis)))
        return lines
    }

    private func trimmed(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }
}
