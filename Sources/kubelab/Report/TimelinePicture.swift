import Lab
import Simulation

/// What happened, in lanes: users, faults, scaling, pods, nodes, and what was done from outside.
struct TimelinePicture {
    let words: ReportWords
    private var report: LabReport { words.report }

    private static let lanes: [(name: String, kinds: [Incident.Kind], shape: String)] = [
        ("Scaling", [.scale], "triangle"), ("Pods", [.problem, .restart, .kill], "circle"),
        ("Nodes", [.node], "square"), ("Done by hand", [.input], "diamond"),
    ]

    var markup: String {
        var picture = Picture(words)
        users(&picture)
        faults(&picture)
        for lane in Self.lanes { self.lane(lane, &picture) }
        picture.axis()
        return picture.figure("Timeline", summary, isGroup: true)
            + "<p class=\"key\"><span class=\"nb\"><span class=\"k base\"></span> requests a second</span> <span class=\"nb\"><span class=\"k hurt\"></span> of them without a good answer.</span> A mark leads to its line in the list; a number says how many lie together.</p>"
            + list
    }

    private var summary: String {
        let count = ReportWords.number(report.incidents.count, "incident", "incidents")
        return
            "\(ReportWords.number(report.faults.count, "fault", "faults")), \(count); the list below has them in order"
    }

    /// Requests a second, and the part of them without a good answer.
    private func users(_ picture: inout Picture) {
        let seconds = max(report.columns.width.seconds, 1e-9)
        var ended = [Double?](repeating: 0, count: report.columns.count)
        var failed = ended
        for source in report.traffic {
            for (column, counts) in source.columns.enumerated() {
                ended[column] = (ended[column] ?? 0) + Double(counts.ended) / seconds
                failed[column] = (failed[column] ?? 0) + Double(counts.failed) / seconds
            }
        }
        let (top, height) = (picture.bottom + 14, 84.0)
        let scale = Picture.scale(upTo: ended.compactMap { $0 }.max() ?? 0)
        let y = { (value: Double) in top + height - value / scale.top * height }
        picture.verticals(from: top, to: top + height)
        for mark in scale.marks { picture.level(y(mark), Picture.plain(mark)) }
        picture.label(0, top + 4, "Users", "lane")
        picture.label(0, top + 20, "requests/s", "muted")
        let zero = [Double?](repeating: 0, count: ended.count)
        picture.area(zero, ended, "base", y: y)
        picture.area(zero, failed, "hurt", y: y)
        picture.bottom = top + height + 12
    }

    private func faults(_ picture: inout Picture) {
        let shown = report.faults.prefix(12)
        let top = picture.bottom
        picture.label(0, top + 16, "Faults", "lane")
        for (row, fault) in shown.enumerated() {
            let y = top + Double(row) * 24
            let (from, to) = (
                picture.x(max(fault.begin, report.columns.begin)), picture.x(fault.end ?? report.columns.end)
            )
            let end = fault.end.map { "ended at \(words.moment($0))" } ?? "is still in force"
            picture.rectangle(
                from, y + 3, max(3, to - from), 17, "fault",
                title: "\(ReportWords.text(fault.name)): began at \(words.moment(fault.begin)), \(end)")
            label(fault, from, to, y + 16, &picture)
        }
        if shown.isEmpty { picture.label(Picture.left, top + 16, "none", "muted") }
        if report.faults.count > shown.count {
            picture.label(0, top + 32, "+\(report.faults.count - shown.count) more", "muted")
        }
        picture.bottom = top + Double(max(shown.count, 1)) * 24 + 4
    }

    /// A fault's name and what it does: within its bar, else on the side with more room, cut to it.
    private func label(_ fault: LabReport.Fault, _ from: Double, _ to: Double, _ y: Double, _ picture: inout Picture) {
        let text = fault.name + (fault.summary.isEmpty ? "" : ": " + fault.summary)
        func fitted(_ room: Double) -> String { ReportWords.text(text, limit: max(8, min(100, Int(room / 6.4)))) }
        let width = Double(text.count) * 6.4
        let (right, left) = (Picture.width - Picture.right - to - 6, from - Picture.left - 6)
        if to - from > width + 12 {
            picture.label(from + 6, y, fitted(to - from - 12), "onFault")
        } else if right > width || right >= max(left, to - from) {
            picture.label(to + 6, y, fitted(right))
        } else if left > width || left >= to - from {
            picture.label(from - 6, y, fitted(left), anchor: "end")
        } else {
            picture.label(from + 6, y, fitted(to - from - 12), "onFault")
        }
    }

    /// Marks that would lie on each other are one, with their number.
    private func lane(_ lane: (name: String, kinds: [Incident.Kind], shape: String), _ picture: inout Picture) {
        let y = picture.bottom + 13
        picture.line(Picture.left, y, Picture.width - Picture.right, y, "grid")
        picture.label(0, y + 4, lane.name, "lane")
        var groups: [(x: Double, items: [Int])] = []
        for (index, incident) in report.incidents.enumerated() where lane.kinds.contains(incident.kind) {
            let x = picture.x(incident.time)
            if let last = groups.last, x - last.x < 15 {
                groups[groups.count - 1].items.append(index)
            } else {
                groups.append((x, [index]))
            }
        }
        for group in groups {
            let incidents = group.items.map { report.incidents[$0] }
            let isTrouble = incidents.contains { $0.isTrouble }
            let first = incidents[0]
            var title = "\(words.moment(first.time)) \(ReportWords.text(first.text, limit: 200))"
            if incidents.count > 1 { title += " – and \(incidents.count - 1) more" }
            picture.add(
                "<a href=\"#e\(group.items[0])\" aria-label=\"\(title)\"><title>\(title)</title>\(shape(lane.shape, group.x, y, isTrouble))"
            )
            if incidents.count > 1 {
                picture.label(
                    group.x, y - 8, incidents.count > 99 ? "99+" : "\(incidents.count)", "tiny", anchor: "middle")
            }
            picture.add("</a>")
        }
        picture.bottom = y + 14
    }

    private func shape(_ name: String, _ x: Double, _ y: Double, _ isTrouble: Bool) -> String {
        let style = isTrouble ? "mark bad" : "mark"
        let n = Picture.number
        switch name {
        case "circle": return "<circle class=\"\(style)\" cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"5\"/>"
        case "square":
            return "<rect class=\"\(style)\" x=\"\(n(x - 4.5))\" y=\"\(n(y - 4.5))\" width=\"9\" height=\"9\"/>"
        case "triangle":
            return "<path class=\"\(style)\" d=\"M\(n(x - 5.5)),\(n(y + 5))h11l-5.5,-10.5z\"/>"
        default: return "<path class=\"\(style)\" d=\"M\(n(x)),\(n(y - 6))l6,6l-6,6l-6,-6z\"/>"
        }
    }

    private var list: String {
        guard !report.incidents.isEmpty else { return "<p>Nothing happened that a timeline would tell.</p>" }
        var rows: [String] = []
        for (index, incident) in report.incidents.enumerated() {
            let kind = incident.isTrouble ? "<td class=\"bad\">" : "<td>"
            rows.append(
                "<tr id=\"e\(index)\"><td class=\"time\">\(words.timeOfDay(incident.time))</td><td class=\"n\">+\(incident.time.clock)</td>\(kind)\(incident.kind.rawValue)</td><td>\(ReportWords.name(incident.text, limit: 300))</td></tr>"
            )
        }
        let more =
            report.omittedIncidents == 0
            ? ""
            : "<p>\(ReportWords.count(Int64(report.omittedIncidents))) later ones are left out; <code>kubelab timeline --from \(report.incidents[report.incidents.count - 1].time.clock)</code> has them, and so has a report about a shorter span.</p>"
        return """
            <div class="list scroll" tabindex="0" role="region" aria-label="Incidents in order, can be scrolled">
            <table><thead><tr><th scope="col">time</th><th scope="col">since start</th><th scope="col">kind</th><th scope="col">what</th></tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody></table></div>\(more)
            """
    }
}

extension Picture {
    /// A number of an axis: `0`, `2.5`, `40`, `1,200`.
    static func plain(_ value: Double) -> String {
        if value >= 1_000 { return ReportWords.count(Int64(value.rounded())) }
        let hundredths = Int64((value * 100).rounded())
        if hundredths % 100 == 0 { return "\(hundredths / 100)" }
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest % 10 == 0 ? "\(rest / 10)" : rest < 10 ? "0\(rest)" : "\(rest)")"
    }
}
