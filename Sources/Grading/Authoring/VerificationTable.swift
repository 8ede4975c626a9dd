extension Verification {
    /// The result as lines of a table: one an answer, margins in percent of the bound.
    public var table: [String] {
        var rows: [[String]] = [["ANSWER", "DUTY", "POINTS"] + criteria.map { $0.uppercased() } + ["VERDICT"]]
        for row in self.rows {
            let duty =
                switch row.duty {
                case .mustFail: "fail"
                case .mustPass: "pass"
                case .mustFailIn(let criterion): "fail \(criterion)"
                case .mutant: "mutant"
                }
            let (low, high) = (Figures.rounded(row.points.lowerBound, 0), Figures.rounded(row.points.upperBound, 0))
            let verdict =
                row.faults.isEmpty ? (row.accepted.isEmpty ? "ok" : "accepted: \(row.accepted)") : "NOT PROVED"
            rows.append(
                [row.name, duty, row.ungradable.isEmpty ? (low == high ? low : "\(low)-\(high)") : "-"]
                    + row.slacks.map { $0.map { Figures.rounded($0 * 100, 0) + "%" } ?? "-" } + [verdict])
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
        lines += ["", "\(trials) trials; \(isProved ? "proved" : "\(faults.count) faults")"]
        return lines
    }
}
