import Lab

extension ClassOverview {
    /// What the figures say, one sentence each.
    var headlines: [String] {
        var lines = [
            "\(graded.count) graded, \(entries.count(where: \.isPassed)) with all points"
                + (withoutGrade.isEmpty ? "" : ", \(withoutGrade.count) without a grade")
        ]
        if let mean, let median {
            lines.append(
                "mean \(Figures.rounded(mean, 1)), median \(Figures.rounded(median, 1)) of \(maximumPoints) points")
        }
        if manifest.parts.count < manifest.partCount {
            let parts = manifest.parts.map { "\($0)" }.joined(separator: ", ")
            lines.append("\(manifest.parts.count == 1 ? "part" : "parts") \(parts) of \(manifest.partCount)")
        }
        return lines
    }

    /// One line.
    public var summary: String { "\(manifest.title): \(headlines.joined(separator: "; "))" }

    /// `overview.md`: for a step summary or a message.
    public var markdown: String {
        var lines = ["# \(Markdown.text(manifest.exercise)): \(Markdown.text(manifest.title))", ""]
        lines += headlines.map { "- \(Markdown.text($0))" }
        lines += ["", "| Criterion | Points | Passed | Partly | Failed |", "| --- | ---: | ---: | ---: | ---: |"]
        for criterion in manifest.criteria {
            let standing = standing(of: criterion.id)
            lines.append(
                "| \(Markdown.text(criterion.title)) | \(criterion.points) | \(standing.passed) | \(standing.partly) | \(standing.failed) |"
            )
        }
        lines += ["", "## Equal mistakes", ""]
        if groups.isEmpty { lines += ["None: everybody has all points.", ""] }
        for group in groups {
            let title =
                group.reasons.map { Markdown.text($0) }.joined(separator: "; ")
                + (group.distinction.isEmpty ? "" : " (\(Markdown.text(group.distinction)))")
            lines.append("### \(group.students.count) × \(group.status == .graded ? "" : "no grade: ")\(title)")
            lines += ["", names(group.students).map(Markdown.text).joined(separator: ", "), ""]
            lines += group.example.map { "- for example \(Markdown.text($0))" }
            let misconceptions = misconceptions(of: group)
            lines += misconceptions.map { "- perhaps: \(Markdown.text($0))" }
            lines.append("")
        }
        if !sameFiles.isEmpty {
            lines += ["## The same files to the byte", ""]
            lines += sameFiles.map { "- \(names($0).map(Markdown.text).joined(separator: ", "))" }
            lines.append("")
        }
        var text = lines.joined(separator: "\n")
        if text.utf8.count > Verdict.maximumSummary {
            text = String(decoding: text.utf8.prefix(Verdict.maximumSummary - 40), as: UTF8.self) + "\n\n(cut off)\n"
        }
        return text
    }

    /// What those of a group may believe: of the criterion that it shows most clearly, the first that failed.
    func misconceptions(of group: Group) -> [String] {
        manifest.criteria.filter { group.criteria.contains($0.id) }.flatMap(\.misconceptions)
    }

    /// Names that can be shown.
    func names(_ students: [String]) -> [String] { students.map { Sanitised.text($0, limit: 80) } }
}
