import Lab
import Simulation

/// Sizes of Deployments: what is asked for, what is ready, and what the autoscaler wishes.
struct ReplicasPicture {
    let words: ReportWords
    private var report: LabReport { words.report }

    var markup: String {
        guard !report.workloads.isEmpty else {
            return
                "<p class=\"empty\">There was no Deployment in this span. <code>kubelab apply -f</code> brings one.</p>"
        }
        var parts: [String] = []
        var picture = Picture(words)
        for workload in report.workloads { panel(workload, &picture) }
        picture.axis()
        let names = report.workloads.map { ReportWords.text(words.workload($0.key), limit: 60) }.joined(separator: ", ")
        parts.append(picture.figure("Replicas", "of \(names); the table has the figures"))
        parts.append(
            "<p class=\"key\"><span class=\"nb\"><span class=\"k ready\"></span> ready pods</span> <span class=\"nb\"><span class=\"k line desired\"></span> asked for (<code>spec.replicas</code>)</span> <span class=\"nb\"><span class=\"k line wish\"></span> the autoscaler's wish</span></p>"
        )
        if report.omittedWorkloads > 0 {
            parts.append(
                "<p>\(ReportWords.number(report.omittedWorkloads, "further Deployment", "further Deployments")) changed less and \(report.omittedWorkloads == 1 ? "is" : "are") not drawn.</p>"
            )
        }
        parts.append(table)
        return parts.joined(separator: "\n")
    }

    private static func most(_ bands: [LabReport.Band?]) -> Int32? { bands.compactMap { $0?.high }.max() }
    private static func least(_ bands: [LabReport.Band?]) -> Int32? { bands.compactMap { $0?.low }.min() }

    private func panel(_ workload: LabReport.Workload, _ picture: inout Picture) {
        let (top, height) = (picture.bottom + 26, 70.0)
        let highest = max(
            Self.most(workload.desired) ?? 0, Self.most(workload.ready) ?? 0, Self.most(workload.wish) ?? 0, 1)
        // An even number, so that the middle is a whole one.
        let scale = Double(highest <= 1 ? 1 : highest + highest % 2)
        let y = { (value: Double) in top + height - value / scale * height }
        let name = ReportWords.text(words.workload(workload.key), limit: 60)
        let autoscaler =
            workload.autoscaler.map {
                " <tspan class=\"muted\">autoscaled by \(ReportWords.text($0, limit: 60))</tspan>"
            } ?? ""
        picture.label(Picture.left, top - 8, name + autoscaler, "strong")
        picture.verticals(from: top, to: top + height)
        for mark in highest <= 1 ? [0, 1] : [0, scale / 2, scale] { picture.level(y(mark), Picture.plain(mark)) }
        picture.label(0, top + 14, "Pods", "lane")
        func numbers(_ bands: [LabReport.Band?], _ value: (LabReport.Band) -> Int32) -> [Double?] {
            bands.map { $0.map { Double(value($0)) } }
        }
        let low = numbers(workload.ready) { $0.low }
        // Within a column: solid up to the least, lighter up to the most.
        picture.area(low.map { $0.map { _ in 0 } }, low, "ready", y: y)
        picture.area(low, numbers(workload.ready) { $0.high }, "readyAtMost", y: y)
        picture.steps(numbers(workload.desired) { $0.high }, "desired", y: y)
        picture.steps(numbers(workload.wish) { $0.high }, "wish", y: y)
        picture.bottom = top + height + 6
    }

    private var table: String {
        let rows = report.workloads.map { workload -> String in
            func range(_ bands: [LabReport.Band?]) -> String {
                guard let low = Self.least(bands), let high = Self.most(bands) else { return "–" }
                return low == high ? "\(low)" : "\(low) to \(high)"
            }
            func last(_ bands: [LabReport.Band?]) -> String { (bands.last ?? nil).map { "\($0.high)" } ?? "gone" }
            return """
                <tr><th scope="row">\(ReportWords.name(words.workload(workload.key)))</th><td class="n">\(range(workload.desired))</td>\
                <td class="n">\(range(workload.ready))</td><td class="n">\(range(workload.wish))</td><td class="n">\(last(workload.ready))</td>\
                <td>\(workload.autoscaler.map { ReportWords.name($0) } ?? "–")</td></tr>
                """
        }
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="Replicas, can be scrolled"><table>
            <thead><tr><th scope="col">Deployment</th><th scope="col">asked for</th><th scope="col">ready</th><th scope="col">autoscaler's wish</th><th scope="col">ready at the end</th><th scope="col">autoscaler</th></tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody></table></div>
            """
    }
}
