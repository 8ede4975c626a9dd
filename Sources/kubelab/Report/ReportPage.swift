import Grading
import Lab
import Simulation

/// The page of a report: one file, no script, nothing from elsewhere.
struct ReportPage {
    let report: LabReport
    /// `--lab FILE` for the commands on the page; empty for the usual file.
    var labOption = ""

    private var words: ReportWords { ReportWords(report: report) }

    var html: String {
        let sections: [(id: String, title: String, markup: String)] = [
            ("timeline", "What happened", TimelinePicture(words: words).markup),
            ("alerts", "Alerts against truth", AlertsPicture(words: words).markup),
            ("levels", "Service levels", LevelsPicture(words: words).markup),
            ("replicas", "Replicas", ReplicasPicture(words: words).markup),
            ("latencies", "Latencies", HeatMapPicture(words: words).markup),
            ("cost", "Cost", CostPicture(words: words).markup),
            ("worst", "The worst request", worst),
        ]
        let links = sections.map { "<a href=\"#\($0.id)\">\($0.title)</a>" }.joined(separator: " ")
        let body = sections.map {
            "<section id=\"\($0.id)\" aria-labelledby=\"\($0.id)-title\"><h2 id=\"\($0.id)-title\">\($0.title)</h2>\n\($0.markup)</section>"
        }
        return HTML.page(
            title: Sanitised.text("\(report.scenario) – report", limit: 120), style: ReportLook.css,
            body: """
                <a class="skip" href="#timeline">To the report</a>
                <header>\(head)</header>
                <nav aria-label="Sections">\(links)</nav>
                <main>
                \(body.joined(separator: "\n"))
                </main>
                """)
    }

    private var head: String {
        let total = report.total
        let hurt = total.failedShare.map(ReportWords.percent) ?? "–"
        let figures: [(String, String)] = [
            ("requests", ReportWords.count(total.ended)), ("without a good answer", hurt),
            ("faults", "\(report.faults.count)"), ("alerts fired", alertsFired),
            ("cost", words.money(report.cost.total)),
        ]
        let tiles = figures.map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>" }.joined()
        let exercise = report.exercise.isEmpty ? "" : " · exercise \(ReportWords.name(report.exercise))"
        return """
            <h1>\(ReportWords.name(report.title, limit: 200))</h1>
            <p class="muted">scenario \(ReportWords.name(report.scenario)) · seed \(report.seed)\(exercise) · \(words.moment(report.columns.begin)) to \(words.moment(report.columns.end))\(rest)</p>
            <p class="headline">\(words.headline)</p>
            <dl class="tiles">\(tiles)</dl>
            """
    }

    private var rest: String {
        report.columns.begin == .zero && report.columns.end == report.now
            ? ", the lab's whole life" : " of \(report.now.clock)"
    }

    private var alertsFired: String {
        guard case .rules = report.alerting else { return "–" }
        return "\(report.alerts.filter { $0.firedAt != nil }.count)"
    }

    // MARK: The worst request

    private var worst: String {
        guard let worst = report.worst else {
            return
                "<p class=\"empty\">No single request ended in this span: there were none, or the scenario's traffic is an aggregated flow that has no single requests.</p>"
        }
        let record = worst.record
        let wait = ReportWords.seconds((record.finish - record.arrival).seconds)
        let attempts = ReportWords.number(record.attempts, "attempt", "attempts")
        let end =
            record.outcome == .ok
            ? "It got its answer after \(wait), the longest wait of all (\(attempts))."
            : "It ended as <b class=\"bad\">\(record.outcome)</b> after \(wait), the longest wait without a good answer (\(attempts))."
        var parts = [
            "<p><b>request/\(record.id)</b> of \(ReportWords.name(worst.traffic)) arrived at \(words.moment(record.arrival)). \(end)</p>",
            "<p>Trace <code>\(worst.traceID)</code></p>",
        ]
        if let trace = worst.trace {
            parts.append(WaterfallPicture.markup(trace, words: words))
            if !trace.spans.contains(where: { $0.span.kind == .server }) {
                parts.append(
                    "<p>No server has ended a call of it within a minute after: it came to none, or where it went stands still. Its way is below.</p>"
                )
            }
        }
        let lines = worst.explanation.text
        if !lines.isEmpty {
            let shown = lines.prefix(24).map { ReportWords.text($0, limit: 300) }
            let more = lines.count > 24 ? "\n(\(lines.count - 24) further lines)" : ""
            parts.append(
                "<h3>Where its time went</h3><pre class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Where its time went\">\(shown.joined(separator: "\n"))\(more)</pre>"
            )
        }
        parts.append(
            "<h3>To look at it</h3><pre class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Commands\">\(commands(record.id, record.arrival, record.finish))</pre>"
        )
        return parts.joined(separator: "\n")
    }

    /// The commands that lead to the request; a fork keeps the lab as it is.
    private func commands(_ id: UInt64, _ arrival: SimulationTime, _ finish: SimulationTime) -> String {
        let before = SimulationTime.zero + .seconds((arrival - .zero).wholeSeconds)
        let after = min(report.now, SimulationTime.zero + .seconds((finish - .zero).wholeSeconds + 1))
        let lab = labOption.isEmpty ? "" : " " + labOption
        return """
            kubelab why request/\(id) --at \(Self.argument(after))\(ReportWords.text(lab))
            kubelab fork worst.kubelab\(ReportWords.text(lab))
            kubelab rewind --to \(Self.argument(before)) --lab worst.kubelab
            kubelab graph traffic/\(ReportWords.text(report.worst?.traffic ?? "")).errorRatio --from \(Self.argument(max(.zero, before - .minutes(5)))) --to \(Self.argument(after))\(ReportWords.text(lab))
            """
    }

    /// An instant as an argument, exact to the millisecond.
    private static func argument(_ time: SimulationTime) -> String {
        time.nanoseconds % 1_000_000_000 == 0 ? time.clock : "\((time.nanoseconds + 999_999) / 1_000_000)ms"
    }
}
