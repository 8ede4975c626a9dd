import Lab
import Monitoring
import OpenTelemetry
import Simulation

/// A trace as bars below each other: who called whom, who waited, and which stretches decided the end.
struct WaterfallPicture {
    private static let most = 60
    private static let names = 300.0
    private static let times = 76.0

    /// - Returns: a figure with its legend, and the same as a table.
    static func markup(_ trace: Trace, words: ReportWords) -> String {
        let waterfall = Waterfall(trace)
        let path = Dictionary(grouping: CriticalPath(trace).segments, by: \.spanID)
        let total = Double(max(1, waterfall.durationNano))
        let plot = Picture.width - names - times
        func x(_ offset: UInt64) -> Double { names + Double(offset) / total * plot }
        var picture = Picture(words)
        let rows = Array(waterfall.rows.prefix(most))
        let bottom = 24 + Double(rows.count) * 24
        for quarter in 0...4 {
            let place = names + plot * Double(quarter) / 4
            picture.line(place, 18, place, bottom, "grid")
            picture.label(
                place, 12, ReportWords.seconds(total / 4e9 * Double(quarter)), "muted",
                anchor: quarter == 0 ? "start" : quarter == 4 ? "end" : "middle")
        }
        for (index, row) in rows.enumerated() {
            let y = 24 + Double(index) * 24
            let span = row.span.span
            let isError = span.status.code == .error
            let indent = Double(min(row.depth, 8)) * 12
            let room = Int((names - indent - 12) / (isError ? 7.4 : 6.5))
            picture.label(
                indent, y + 14, ReportWords.text(title(row), limit: max(8, room)), isError ? "bad" : "")
            let (from, end) = (x(row.startOffsetNano), x(row.startOffsetNano + row.durationNano))
            let began = Self.began(span)
            let works = min(end, max(from, x(began > trace.startTimeUnixNano ? began - trace.startTimeUnixNano : 0)))
            let text =
                "\(ReportWords.text(title(row))): \(seconds(row.durationNano)), \(ReportWords.text(outcome(span)))"
            if works - from > 0.5 { picture.rectangle(from, y + 6, works - from, 8, "waits", title: text) }
            picture.rectangle(works, y + 3, max(2, end - works), 14, isError ? "spanBad" : "span", title: text)
            for segment in path[span.spanID] ?? [] {
                let start = segment.startTimeUnixNano - min(segment.startTimeUnixNano, trace.startTimeUnixNano)
                picture.rectangle(x(start), y + 18, max(1, Double(segment.durationNano) / total * plot), 3, "critical")
            }
            picture.label(Picture.width, y + 14, seconds(row.durationNano), "muted", anchor: "end")
        }
        picture.bottom = bottom
        let more =
            waterfall.rows.count > most ? "<p>\(waterfall.rows.count - most) further spans are not drawn.</p>" : ""
        return picture.figure(
            "Waterfall", "\(rows.count) spans in \(seconds(waterfall.durationNano)); the table below has them")
            + "<p class=\"key\"><span class=\"nb\"><span class=\"k waits\"></span> waiting in a queue</span> <span class=\"nb\"><span class=\"k span\"></span> at work</span> <span class=\"nb\"><span class=\"k spanBad\"></span> ended badly</span> <span class=\"nb\"><span class=\"k critical\"></span> decided the end (critical path)</span></p>"
            + more + table(rows)
    }

    /// What was done, by which pod.
    private static func title(_ row: Waterfall.Row) -> String {
        guard case .string(let pod)? = row.span.resource.attributes.value(of: "k8s.pod.name") else {
            return row.span.serviceName + " " + row.span.span.name
        }
        return pod + " " + row.span.span.name
    }

    /// When work began; the end for what never came out of a queue.
    private static func began(_ span: OpenTelemetry.Span) -> UInt64 {
        if let dequeued = span.events.first(where: { $0.name == "dequeued" }) { return dequeued.timeUnixNano }
        guard case .double(let waited)? = span.attributes.value(of: "kubelab.queue.seconds"),
            waited * 1e9 + 0.5 >= Double(span.durationNano)
        else { return span.startTimeUnixNano }
        return span.endTimeUnixNano
    }

    private static func outcome(_ span: OpenTelemetry.Span) -> String {
        if span.status.code == .error { return span.status.message.isEmpty ? "error" : span.status.message }
        if case .int(let status)? = span.attributes.value(of: "http.response.status_code"), status >= 400 {
            return "status \(status)"
        }
        return "ok"
    }

    private static func seconds(_ nano: UInt64) -> String { ReportWords.seconds(Double(nano) / 1e9) }

    private static func table(_ rows: [Waterfall.Row]) -> String {
        let lines = rows.map { row in
            """
            <tr><td class="n">\(row.depth)</td><td>\(ReportWords.name(title(row)))</td><td class="n">\(seconds(row.startOffsetNano))</td>\
            <td class="n">\(seconds(row.durationNano))</td><td class="n">\(seconds(row.selfTimeNano))</td><td>\(ReportWords.name(outcome(row.span.span)))</td></tr>
            """
        }
        return """
            <details><summary>The same as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="Spans, can be scrolled">
            <table><thead><tr><th scope="col">depth</th><th scope="col">span</th><th scope="col">begins after</th><th scope="col">takes</th><th scope="col">of it itself</th><th scope="col">outcome</th></tr></thead>
            <tbody>\(lines.joined(separator: "\n"))</tbody></table></div></details>
            """
    }
}
