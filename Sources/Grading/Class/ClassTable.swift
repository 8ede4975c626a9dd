import Lab

extension ClassOverview {
    /// `grades.csv`: one line a student (RFC 4180, UTF-8). Without a grade the points are empty, not zero.
    public var table: String {
        var rows = [
            ["student", "status", "points", "maximum"] + manifest.criteria.map(\.id) + ["why", "submission"]
        ]
        for entry in entries {
            let isGraded = entry.status == .graded
            let why =
                isGraded
                ? entry.checks.filter { !$0.isPassed }.map(\.id).joined(separator: " ") : entry.faults.first ?? ""
            rows.append(
                [
                    entry.student, entry.status.rawValue, isGraded ? Figures.rounded(entry.points, 2) : "",
                    "\(entry.maximumPoints)",
                ]
                    + manifest.criteria.map { criterion in
                        guard isGraded, let check = entry.checks.first(where: { $0.id == criterion.id }) else {
                            return ""
                        }
                        return Figures.rounded(check.points, 2)
                    } + [why, entry.receipt.submissionHash])
        }
        return rows.map { $0.map(CommaSeparated.cell).joined(separator: ",") + "\n" }.joined()
    }
}

/// A table for spreadsheets.
enum CommaSeparated {
    /// A cell that a spreadsheet shows and does not run: one that begins like a formula gets an apostrophe before it.
    static func cell(_ text: String) -> String {
        var text = Sanitised.text(text, limit: 1_000)
        if let first = text.first, "=+-@|%".contains(first), Double(text) == nil { text = "'" + text }
        guard text.contains(where: { ",\"\n\r;".contains($0) }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
