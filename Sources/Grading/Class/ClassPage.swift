import Lab

extension ClassOverview {
    /// `overview.html`: one page without scripts and without anything from elsewhere.
    public var html: String {
        var body: [String] = []
        body.append("<h1>\(HTML.text(manifest.exercise)): \(HTML.text(manifest.title))</h1>")
        body.append("<p>\(headlines.map { HTML.text($0) }.joined(separator: "; ")).</p>")
        body.append(histogramPicture)
        body.append("<h2>Criteria</h2>")
        body.append(criteriaTable)
        body.append("<h2>Equal mistakes</h2>")
        if groups.isEmpty { body.append("<p>None: everybody has all points.</p>") }
        body += groups.map(section)
        if !sameFiles.isEmpty {
            body.append("<h2>The same files to the byte</h2><ul>")
            body += sameFiles.map { "<li>\(names($0).map(HTML.text).joined(separator: ", "))</li>" }
            body.append("</ul>")
        }
        body.append("<h2>Everybody</h2>")
        body.append(studentsTable)
        return HTML.page(title: manifest.exercise, style: Self.style, body: body.joined(separator: "\n"))
    }

    private var histogramPicture: String {
        let highest = max(1, histogram.max() ?? 1)
        let bars = histogram.enumerated().map { place, count in
            let from = place * maximumPoints / 10
            let to = place == 9 ? maximumPoints : (place + 1) * maximumPoints / 10 - 1
            return """
                <div class="bin"><span class="count">\(count == 0 ? "" : "\(count)")</span>\
                <span class="bar" style="height:\(count * 100 / highest)px"></span><span>\(from)–\(to)</span></div>
                """
        }
        return
            "<div class=\"histogram\" role=\"img\" aria-label=\"How many have how many points\">\(bars.joined())</div>"
    }

    private var criteriaTable: String {
        let total = max(1, graded.count)
        let rows = manifest.criteria.map { criterion -> String in
            let standing = standing(of: criterion.id)
            func part(_ name: String, _ count: Int) -> String {
                count == 0
                    ? "" : "<span class=\"\(name)\" style=\"width:\(count * 200 / total)px\" title=\"\(count)\"></span>"
            }
            return """
                <tr><td>\(HTML.text(criterion.title))</td><td class="n">\(criterion.points)</td>\
                <td class="n">\(standing.passed)</td><td class="n">\(standing.partly)</td><td class="n">\(standing.failed)</td>\
                <td class="stack">\(part("good", standing.passed))\(part("part", standing.partly))\(part("bad", standing.failed))</td></tr>
                """
        }
        return """
            <table><tr><th>criterion</th><th>points</th><th>passed</th><th>partly</th><th>failed</th><th></th></tr>
            \(rows.joined(separator: "\n"))
            </table>
            """
    }

    private func section(_ group: Group) -> String {
        let title =
            group.reasons.map { HTML.text($0) }.joined(separator: "; ")
            + (group.distinction.isEmpty ? "" : " <small>(\(HTML.text(group.distinction)))</small>")
        let kind = group.status == .graded ? "" : "no grade: "
        var parts = [
            "<details open><summary><b>\(group.students.count)</b> × \(kind)\(title)</summary>",
            "<p class=\"names\">\(names(group.students).map(HTML.text).joined(separator: ", "))</p>",
        ]
        let misconceptions = misconceptions(of: group)
        parts.append("<ul>")
        parts += group.example.map { "<li>for example: \(HTML.text($0))</li>" }
        parts += misconceptions.map { "<li>perhaps: <i>\(HTML.text($0))</i></li>" }
        parts.append("</ul></details>")
        return parts.joined(separator: "\n")
    }

    private var studentsTable: String {
        let header = manifest.criteria.map { "<th>\(HTML.text($0.id))</th>" }.joined()
        let rows = entries.map { entry -> String in
            let name = HTML.text(Sanitised.text(entry.student, limit: 80))
            guard entry.status == .graded else {
                return """
                    <tr><td>\(name)</td><td class="n">–</td><td colspan="\(max(1, manifest.criteria.count))">\
                    no grade: \(HTML.text(entry.faults.first ?? ""))</td></tr>
                    """
            }
            let cells = manifest.criteria.map { criterion -> String in
                guard let check = entry.checks.first(where: { $0.id == criterion.id }) else { return "<td></td>" }
                let kind = check.isPassed ? "good" : check.points > 0 ? "part" : "bad"
                return "<td class=\"n \(kind)\">\(Figures.rounded(check.points, 2))</td>"
            }
            return
                "<tr><td>\(name)</td><td class=\"n\"><b>\(Figures.rounded(entry.points, 2))</b></td>\(cells.joined())</tr>"
        }
        return "<table><tr><th>student</th><th>points</th>\(header)</tr>\n\(rows.joined(separator: "\n"))\n</table>"
    }

    private static let style = """
        :root { color-scheme: light dark; --good: #2e9e5b; --part: #d29b1d; --bad: #c9403a; --line: #8884; }
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; }
        table { border-collapse: collapse; } th, td { padding: .2rem .7rem; border-bottom: 1px solid var(--line); text-align: left; }
        .n { text-align: right; font-variant-numeric: tabular-nums; }
        td.good { color: var(--good); } td.part { color: var(--part); } td.bad { color: var(--bad); font-weight: 600; }
        .stack { white-space: nowrap; font-size: 0; min-width: 200px; } .stack span { display: inline-block; height: 12px; } .stack .good { background: var(--good); }
        .stack .part { background: var(--part); } .stack .bad { background: var(--bad); }
        .histogram { display: flex; align-items: flex-end; gap: 6px; height: 150px; margin: 1rem 0; }
        .bin { display: flex; flex-direction: column; align-items: center; font-size: 12px; min-width: 3.2rem; }
        .bar { width: 100%; background: #5b7fc7; display: block; } details { margin: .8rem 0; }
        summary { cursor: pointer; } .names { margin: .3rem 0 .3rem 1.2rem; }
        """
}
