import Foundation

/// Prints figures beside their targets.
enum Report {
    static func table(_ figures: [Figure]) -> String {
        let rows = [["figure", "measured", "aim", "ratio", "measured on"]] + figures.map(cells)
        let widths = (0..<4).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            (0..<4).map { row[$0].padding(toLength: widths[$0], withPad: " ", startingAt: 0) }.joined(separator: "  ")
                + "  " + row[4]
        }.joined(separator: "\n")
    }

    static func markdown(_ figures: [Figure]) -> String {
        var lines = ["| figure | measured | aim | ratio | measured on |", "| --- | ---: | ---: | ---: | --- |"]
        for figure in figures {
            var cells = cells(figure)
            if figure.isMissed { cells[3] = "**\(cells[3])**" }
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func cells(_ figure: Figure) -> [String] {
        let aim = figure.target.map { (figure.direction == .atLeast ? "≥ " : "≤ ") + Figure.format($0) } ?? ""
        return [
            figure.name, "\(Figure.format(figure.value)) \(figure.unit)", aim,
            figure.ratio.map { String(format: $0 < 10 ? "%.2f" : "%.0f", $0) } ?? "", figure.note,
        ]
    }
}
