extension Verification {
    /// The result as lines of a table: one an answer, margins in percent of the bound.
    public var table: [String] {
        var rows: [[String]] = [["ANSWER", "DUTY", "POINTS"] + criteria.map { $0.uppercased() } + ["VERDICT"]]
        for row in self.rows {
            rows.append(
                [row.name, Self.words(row.duty), Self.points(row)]
                    + row.slacks.map { $0.map { Figures.rounded($0 * 100, 0) + "%" } ?? "-" } + [Self.verdict(row)])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = rows.map { row in
            row.enumerated().map { column, cell in
                column + 1 == row.count
                    ? cell : cell + String(repeating: " ", count: max(0, widths[column] - cell.count) + 2)
            }.joined()
        }
        let faults = self.rows.flatMap { row in row.faults.map { "\(row.name): \($0)" } }
        if !faults.isEmpty { lines += [""] + faults }
        lines += ["", counts]
        var tail = "\(trials) \(trials == 1 ? "trial" : "trials")"
        if remembered > 0 { tail += " and \(remembered) remembered" }
        lines.append("\(tail); \(isProved ? "proved" : "\(faults.count) \(faults.count == 1 ? "fault" : "faults")")")
        return lines
    }

    /// False passes and false fails, in a sentence.
    var counts: String {
        let (fails, passes, mutants) = (falseFails, falsePasses, survivors)
        return
            "false fails: \(fails.mistaken) of \(fails.grades) grades of \(fails.answers) right answers; false passes: \(passes.mistaken) of \(passes.grades) grades of \(passes.answers) wrong answers, \(mutants.mistaken) of \(mutants.answers) mutants (\(accepted) accepted by name)"
    }

    /// The same as a row of a table in Markdown, for `docs/benchmarks.md`; ``markdownHeader`` goes above.
    public var markdownRow: String {
        let (fails, passes, mutants) = (falseFails, falsePasses, survivors)
        let cells = [
            exercise, "\(fails.answers)", "\(fails.grades)", "\(fails.mistaken)", "\(passes.answers)",
            "\(passes.grades)", "\(passes.mistaken)", "\(mutants.answers)", "\(accepted)", "\(mutants.mistaken)",
        ]
        return "| \(cells.joined(separator: " | ")) |"
    }

    public static let markdownHeader = [
        "| exercise | right answers | grades | false fails | wrong answers | grades | false passes | mutants | accepted | false passes |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]

    private static func words(_ duty: Duty) -> String {
        switch duty {
        case .mustFail: "fail"
        case .mustPass: "pass"
        case .mustFailIn(let criterion): "fail \(criterion)"
        case .mutant: "mutant"
        }
    }

    private static func points(_ row: Row) -> String {
        guard row.ungradable.isEmpty, row.grades > 0, row.refusedBy.isEmpty else { return "-" }
        let (low, high) = (Figures.rounded(row.points.lowerBound, 0), Figures.rounded(row.points.upperBound, 0))
        return low == high ? low : "\(low)-\(high)"
    }

    private static func verdict(_ row: Row) -> String {
        if !row.faults.isEmpty { return "NOT PROVED" }
        if !row.accepted.isEmpty { return "accepted: \(row.accepted)" }
        if !row.refusedBy.isEmpty { return "ok, fails in \(row.refusedBy)" }
        return row.ungradable.isEmpty ? "ok" : "ok, cannot be tried"
    }
}
