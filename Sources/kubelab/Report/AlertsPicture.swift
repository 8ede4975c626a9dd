import Lab
import PromQL
import Simulation

/// Alerts over the curve of users who were truly hurt.
struct AlertsPicture {
    let words: ReportWords
    private var report: LabReport { words.report }

    /// The spans of one rule and one set of labels.
    private struct Row {
        var name: String
        var labels: String
        var spans: [LabReport.AlertSpan]
    }

    var markup: String {
        var parts = [truth]
        switch report.alerting {
        case .noPrometheus:
            parts.append(
                "<p class=\"empty\">There are no alerts to hold against it: this lab has no Prometheus. A scenario that says <code>monitoring:</code> with <code>rules:</code> has both (<code>docs/monitoring.md</code>).</p>"
            )
            if !report.traffic.isEmpty { parts.append(picture([])) }
        case .noRules:
            parts.append(
                "<p class=\"empty\">There are no alerts to hold against it: this lab's Prometheus has no alerting rules. They are <code>monitoring.rules</code> of the scenario.</p>"
            )
            if !report.traffic.isEmpty { parts.append(picture([])) }
        case .rules(let count):
            let rules = ReportWords.number(count, "alerting rule", "alerting rules")
            if report.alerts.isEmpty {
                parts.append("<p class=\"empty\">None of the \(rules) was pending or firing in this span.</p>")
                parts.append(picture([]))
            } else {
                parts.append("<p>\(tally(rules))</p>")
                parts.append(picture(rows))
                parts.append(table)
            }
        }
        return parts.joined(separator: "\n")
    }

    private var rows: [Row] {
        var rows: [Row] = []
        for span in report.alerts {
            let labels = Self.text(span.labels)
            if let place = rows.firstIndex(where: { $0.name == span.name && $0.labels == labels }) {
                rows[place].spans.append(span)
            } else {
                rows.append(Row(name: span.name, labels: labels, spans: [span]))
            }
        }
        return rows
    }

    private static func text(_ labels: Labels) -> String {
        labels.pairs.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
    }

    /// What the users went through, in words.
    private var truth: String {
        guard !report.spells.isEmpty else {
            return report.total.failed == 0
                ? "<p>No user was hurt in this span.</p>"
                : "<p>\(ReportWords.count(report.total.failed)) requests got no good answer, never more than the target allows.</p>"
        }
        let items = report.spells.enumerated().prefix(8).map { index, spell in
            "<li>spell \(index + 1): \(words.moment(spell.begin)) to \(words.moment(spell.end)), \(ReportWords.count(spell.failed)) of \(ReportWords.count(spell.ended)) requests without a good answer, \(ReportWords.percent(spell.peak)) at the worst\(report.missedSpells.contains(index) && isWatched ? " – <b class=\"bad\">no alert fired</b>" : "")</li>"
        }
        let more = report.spells.count > 8 ? "<li>and \(report.spells.count - 8) more</li>" : ""
        return
            "<p>Users were hurt beyond the target in \(ReportWords.number(report.spells.count, "spell", "spells")):</p><ul>\(items.joined())\(more)</ul>"
    }

    private var isWatched: Bool { if case .rules = report.alerting { true } else { false } }

    private func tally(_ rules: String) -> String {
        let fired = report.alerts.filter { $0.firedAt != nil }
        let wrong = fired.filter { $0.isWrong }.count
        let pending = report.alerts.count - fired.count
        let left = report.omittedAlerts > 0 ? " \(report.omittedAlerts) more are not shown." : ""
        return
            "Of \(rules), alerts fired \(fired.count == 1 ? "once" : "\(fired.count) times"): \(fired.count - wrong) with users hurt, \(wrong) false; \(pending) were pending and never fired.\(left)"
    }

    private func picture(_ rows: [Row]) -> String {
        var picture = Picture(words)
        let shares = report.hurtShares
        let (top, height) = (14.0, 96.0)
        let peak = shares.compactMap { $0 }.max() ?? 0
        let scale = Picture.scale(upTo: max(peak, 1 - report.target) * 100)
        let y = { (value: Double) in top + height - value * 100 / scale.top * height }
        let end = top + height + (rows.isEmpty ? 0 : 20 + Double(rows.count) * 36)
        for (index, spell) in report.spells.enumerated() {
            let (from, to) = (picture.x(spell.begin), picture.x(spell.end))
            picture.rectangle(
                from, top, max(2, to - from), end - top, "spell",
                title: "spell \(index + 1): \(words.moment(spell.begin)) to \(words.moment(spell.end))")
        }
        picture.verticals(from: top, to: end)
        for mark in scale.marks { picture.level(y(mark / 100), Picture.plain(mark) + "%") }
        picture.label(0, top + 4, "Users hurt", "lane")
        picture.area(shares.map { $0.map { _ in 0 } }, shares, "hurt", y: y)
        let allowed = y(1 - report.target)
        picture.line(Picture.left, allowed, Picture.width - Picture.right, allowed, "target")
        picture.bottom = top + height + (rows.isEmpty ? 0 : 20)
        for row in rows { draw(row, &picture) }
        picture.axis()
        return picture.figure(
            "Alerts against truth",
            rows.isEmpty
                ? "users hurt by time"
                : "users hurt by time, and below it when each alert was pending and firing; the table has the figures")
            + "<p class=\"key\"><span class=\"nb\"><span class=\"k hurt\"></span> share of users without a good answer</span> <span class=\"nb\"><span class=\"k line targetLine\"></span> what the target allows (\(ReportWords.percent(1 - report.target)))</span> <span class=\"nb\"><span class=\"k spell\"></span> spell beyond it</span>\(rows.isEmpty ? "" : " <span class=\"nb\"><span class=\"k pending\"></span> pending</span> <span class=\"nb\"><span class=\"k firing\"></span> firing with users hurt</span> <span class=\"nb\"><span class=\"k wrong\"></span> firing and false</span>")</p>"
    }

    private func draw(_ row: Row, _ picture: inout Picture) {
        let y = picture.bottom
        let text =
            ReportWords.text(row.name, limit: 60)
            + (row.labels.isEmpty ? "" : " <tspan class=\"muted\">\(ReportWords.text(row.labels, limit: 90))</tspan>")
        picture.label(Picture.left, y + 10, text)
        picture.label(
            Picture.left - 8, y + 26, verdict(row), row.spans.contains { $0.isWrong } ? "bad" : "muted",
            anchor: "end")
        for span in row.spans {
            let end = span.end ?? report.columns.end
            let from = picture.x(max(span.activeAt, report.columns.begin))
            let title = "\(ReportWords.text(span.name)): \(Self.word(span))"
            let fired = span.firedAt.map { picture.x($0) } ?? picture.x(end)
            if fired - from > 0.5 || span.firedAt == nil {
                picture.rectangle(from, y + 19, max(2, fired - from), 5, "pending", title: title)
            }
            if span.firedAt != nil {
                picture.rectangle(
                    fired, y + 15, max(3, picture.x(end) - fired), 13, span.isWrong ? "wrong" : "firing",
                    title: title)
            }
        }
        picture.bottom += 36
    }

    /// The shortest verdict about a row, beside its bars.
    private func verdict(_ row: Row) -> String {
        let fired = row.spans.filter { $0.firedAt != nil }
        guard let first = fired.first else { return "never fired" }
        if fired.count > 1 {
            let wrong = fired.filter { $0.isWrong }.count
            return wrong == 0 ? "\(fired.count) times" : "\(wrong) of \(fired.count) false"
        }
        switch first.verdict {
        case .pending: return "never fired"
        case .wrong: return "false"
        case .real(_, let late, _) where late < .zero: return "\((-late).clock) early"
        case .real(_, let late, _): return "\(late.clock) late"
        }
    }

    private static func word(_ span: LabReport.AlertSpan) -> String {
        switch span.verdict {
        case .pending: "pending, never fired"
        case .wrong(nil): "false: nobody was hurt"
        case .wrong(let next?): "false: nobody was hurt for another \(next.clock)"
        case .real(let spell, let late, _) where late < .zero:
            "\((-late).clock) before the first user of spell \(spell + 1) was hurt"
        case .real(let spell, let late, nil): "\(late.clock) after the first user of spell \(spell + 1) was hurt"
        case .real(let spell, let late, let over?):
            "\(late.clock) after the first user of spell \(spell + 1) was hurt, and \(over.clock) after the last"
        }
    }

    private var table: String {
        let rows = report.alerts.map { span in
            """
            <tr><td>\(ReportWords.name(span.name))</td><td>\(ReportWords.name(Self.text(span.labels)))</td>\
            <td class="time">\(words.timeOfDay(span.activeAt))</td>\
            <td class="time">\(span.firedAt.map { words.timeOfDay($0) } ?? "–")</td>\
            <td class="time">\(span.end.map { words.timeOfDay($0) } ?? "goes on")</td>\
            <td class="wide\(span.isWrong ? " bad" : "")">\(Self.word(span))</td></tr>
            """
        }
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="Alerts, can be scrolled"><table>
            <thead><tr><th scope="col">alert</th><th scope="col">labels</th><th scope="col">pending</th><th scope="col">firing</th><th scope="col">resolved</th><th scope="col">against the truth</th></tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody></table></div>
            """
    }
}
