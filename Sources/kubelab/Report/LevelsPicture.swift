import Lab
import Simulation

/// Service levels: the share of good answers as users felt it, beside it what Prometheus measured, and what is left of the
/// budget.
struct LevelsPicture {
    let words: ReportWords
    private var report: LabReport { words.report }

    var markup: String {
        guard report.total.ended > 0 else {
            return "<p class=\"empty\">No request ended in this span, so there is no level of service.</p>"
        }
        let target = ReportWords.percent(report.target)
        var parts = [
            "<p>The target is \(target) good answers (<code>--target</code> sets another). The budget is the rest, of all requests of the span.</p>",
            levels,
        ]
        let drawn = busiest
        parts += drawn.map(picture)
        if report.traffic.count > drawn.count {
            parts.append("<p>\(report.traffic.count - drawn.count) sources with fewer requests are not drawn.</p>")
        }
        parts.append(key)
        parts.append(windows)
        return parts.joined(separator: "\n")
    }

    private static let most = 6

    /// The sources with the most requests, in the scenario's order.
    private var busiest: [LabReport.Traffic] {
        let order = report.traffic.indices.filter { report.traffic[$0].total.ended > 0 }.sorted {
            let (left, right) = (report.traffic[$0].total.ended, report.traffic[$1].total.ended)
            return left != right ? left > right : $0 < $1
        }
        return order.prefix(Self.most).sorted().map { report.traffic[$0] }
    }

    private var key: String {
        let measured =
            report.measured.isEmpty
            ? "" : " <span class=\"nb\"><span class=\"k line measured\"></span> measured by Prometheus</span>"
        return
            "<p class=\"key\"><span class=\"nb\"><span class=\"k line felt\"></span> felt by users</span>\(measured) <span class=\"nb\"><span class=\"k line targetLine\"></span> target</span> <span class=\"nb\"><span class=\"k budget\"></span> budget left</span> <span class=\"nb\"><span class=\"k hurt\"></span> overdrawn</span></p>"
    }

    private var levels: String {
        var rows: [String] = []
        for source in report.traffic {
            let total = source.total
            let good = total.failedShare.map { 1 - $0 }
            let left = source.budgetLeft(target: report.target).last
            let failures = source.failures.map { "\(ReportWords.count($0.count)) \($0.kind)" }.joined(separator: ", ")
            rows.append(
                """
                <tr><td>felt</td><th scope="row">\(ReportWords.name(source.name))</th><td class="n">\(ReportWords.count(total.ended))</td>\
                <td class="n\(good.map { $0 < report.target } ?? false ? " bad" : "")">\(good.map(ReportWords.percent) ?? "–")</td>\
                <td class="n">\(ReportWords.percent(report.target))</td>\
                <td class="n\(left.map { $0 < 0 } ?? false ? " bad" : "")">\(left.map(Self.budget) ?? "–")</td>\
                <td class="n">\(source.p50.map(ReportWords.seconds) ?? "–")</td><td class="n">\(source.p95.map(ReportWords.seconds) ?? "–")</td>\
                <td class="n">\(source.p99.map(ReportWords.seconds) ?? "–")</td><td>\(failures.isEmpty ? "none" : failures)</td></tr>
                """)
        }
        for level in report.measured {
            rows.append(
                """
                <tr><td>measured</td><th scope="row">\(ReportWords.name(level.name))</th><td class="n">–</td>\
                <td class="n">\(level.good.map(ReportWords.percent) ?? "–")</td><td class="n">\(ReportWords.percent(level.target))</td>\
                <td class="n">\(level.budgetLeft.map(Self.budget) ?? "–")</td><td></td><td></td><td></td>\
                <td>\(ReportWords.name(level.problem))</td></tr>
                """)
        }
        let note =
            report.measured.isEmpty
            ? "<p>Nothing is measured beside it: the lab has no Prometheus.</p>"
            : "<p>Felt counts every request, also those that never reached a server; measured is what programs said of themselves.</p>"
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="Levels, can be scrolled"><table>
            <thead><tr><th scope="col"></th><th scope="col">source</th><th scope="col">requests</th><th scope="col">good</th><th scope="col">target</th><th scope="col">budget left</th><th scope="col">p50</th><th scope="col">p95</th><th scope="col">p99</th><th scope="col">failures</th></tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody></table></div>\(note)
            """
    }

    /// What is left of a budget; a large debt as so many budgets.
    static func budget(_ left: Double) -> String {
        left >= -1
            ? (left < 0 ? "−" : "") + ReportWords.percent(abs(left))
            : "overdrawn, \(Picture.plain(((1 - left) * 10).rounded() / 10))× spent"
    }

    private func picture(_ source: LabReport.Traffic) -> String {
        var picture = Picture(words)
        let shares = source.columns.map { $0.failedShare.map { 1 - $0 } }
        let measured = report.measured.first { $0.columns.contains { $0 != nil } }
        let least = (shares + (measured?.columns ?? [])).compactMap { $0 }.min() ?? 1
        // From a round number below the worst up to all good.
        let floor =
            [0.999, 0.998, 0.995, 0.99, 0.98, 0.95, 0.9, 0.8, 0.5].first { $0 <= min(least, report.target) } ?? 0
        let (top, height) = (30.0, 100.0)
        let y = { (value: Double) in top + height - (max(value, floor) - floor) / (1 - floor) * height }
        picture.label(Picture.left, 14, ReportWords.text(source.name, limit: 60), "strong")
        picture.verticals(from: top, to: top + height)
        for mark in [floor, (1 + floor) / 2, 1] { picture.level(y(mark), Self.axis(mark)) }
        picture.label(0, top + 14, "Good", "lane")
        let target = y(report.target)
        picture.line(Picture.left, target, Picture.width - Picture.right, target, "target")
        if let measured { picture.steps(measured.columns, "measured", y: y) }
        picture.steps(shares, "felt", y: y)
        picture.bottom = top + height + 18
        budgetPanel(source, &picture)
        picture.axis()
        let all = source.total.failedShare.map { ReportWords.percent(1 - $0) } ?? "no"
        return picture.figure(
            "Service level of \(ReportWords.text(source.name, limit: 60))",
            "\(all) good answers; the tables have the figures")
    }

    private static func axis(_ share: Double) -> String {
        Picture.plain((share * 10_000).rounded() / 100) + "%"
    }

    private func budgetPanel(_ source: LabReport.Traffic, _ picture: inout Picture) {
        let left = source.budgetLeft(target: report.target)
        let least = min(0, max(-1, left.min() ?? 0))
        let (top, height) = (picture.bottom, 54.0)
        let y = { (value: Double) in top + (1 - max(value, least)) / (1 - least) * height }
        picture.verticals(from: top, to: top + height)
        for mark in Set([1, 0, least]).sorted() {
            picture.level(y(mark), mark < 0 ? "−\(Picture.plain(-mark * 100))%" : "\(Picture.plain(mark * 100))%")
        }
        picture.label(0, top + 14, "Budget left", "lane")
        let zero = [Double?](repeating: 0, count: left.count)
        picture.area(zero, left.map { max(0, $0) }, "budget", y: y)
        picture.area(left.map { max(least, min(0, $0)) }, zero, "hurt", y: y)
        picture.bottom = top + height + 8
    }

    /// Twelve windows as a table.
    private var windows: String {
        let drawn = busiest
        let count = min(12, report.columns.count)
        var rows: [String] = []
        for window in 0..<count {
            let range = (window * report.columns.count / count)..<((window + 1) * report.columns.count / count)
            var cells = ""
            for source in drawn {
                let sum = source.columns[range].reduce(into: LabReport.Counts()) { $0 += $1 }
                let left = source.budgetLeft(target: report.target)[range.upperBound - 1]
                let good = sum.failedShare.map { 1 - $0 }
                cells += """
                    <td class="n">\(ReportWords.count(sum.ended))</td>\
                    <td class="n\(good.map { $0 < report.target } ?? false ? " bad" : "")">\(good.map(ReportWords.percent) ?? "–")</td>\
                    <td class="n">\(Self.budget(left))</td>
                    """
            }
            rows.append(
                "<tr><th scope=\"row\">\(words.timeOfDay(report.columns.edge(range.lowerBound))) – \(words.timeOfDay(report.columns.edge(range.upperBound)))</th>\(cells)</tr>"
            )
        }
        let heads = drawn.map {
            "<th scope=\"col\">\(ReportWords.name($0.name)): requests</th><th scope=\"col\">good</th><th scope=\"col\">budget left</th>"
        }
        return """
            <details><summary>The same by window</summary><div class="scroll" tabindex="0" role="region" aria-label="Levels by window, can be scrolled">
            <table><thead><tr><th scope="col">window</th>\(heads.joined())</tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody></table></div></details>
            """
    }
}
