import Lab
import Simulation

/// What the span cost: machines and tokens over time, and who had them.
struct CostPicture {
    let words: ReportWords
    private var report: LabReport { words.report }
    private var cost: LabReport.Cost { report.cost }

    var markup: String {
        guard cost.total > 0 else {
            return
                "<p class=\"empty\">Nothing has cost anything: the scenario gives its machines and models no price, or no time has passed.</p>"
        }
        let ended = report.total.ended
        let each = ended > 0 ? ", \(words.money(cost.total / Double(ended) * 1_000)) for a thousand requests" : ""
        let hours = Picture.plain((cost.machineHours * 100).rounded() / 100)
        var parts = [
            "<p>In all <b>\(words.money(cost.total))</b>\(each): \(words.money(cost.machines)) for machines (\(hours) machine \(hours == "1" ? "hour" : "hours"); \(words.money(cost.idle)) of it for room that no pod held) and \(words.money(cost.tokens)) for tokens.</p>",
            picture,
        ]
        if !cost.workloads.isEmpty {
            parts.append(
                table(
                    "Workloads by what they held of the machines", "workload", "pod hours", cost.workloads,
                    of: cost.machines, decimals: true))
        }
        if cost.models.isEmpty {
            parts.append("<p>No model was asked.</p>")
        } else {
            parts.append(
                table(
                    "Models by what their tokens cost", "model", "tokens", cost.models, of: cost.tokens, decimals: false
                ))
        }
        return parts.joined(separator: "\n")
    }

    private var picture: String {
        var picture = Picture(words)
        let (top, height) = (14.0, 90.0)
        let scale = Picture.scale(upTo: cost.total)
        let y = { (value: Double) in top + height - value / scale.top * height }
        picture.verticals(from: top, to: top + height)
        for mark in scale.marks { picture.level(y(mark), words.money(mark)) }
        picture.label(0, top + 4, "Spent", "lane")
        stack(&picture, y)
        picture.bottom = top + height
        picture.axis()
        return picture.figure("Cost over time", "\(words.money(cost.total)) at the end")
            + "<p class=\"key\"><span class=\"nb\"><span class=\"k machines\"></span> machines</span> <span class=\"nb\"><span class=\"k tokens\"></span> tokens</span></p>"
    }

    /// Two areas that grow, one on the other.
    private func stack(_ picture: inout Picture, _ y: (Double) -> Double) {
        let n = Picture.number
        var lower = "M\(n(Picture.left)),\(n(y(0)))"
        var upper: [String] = ["\(n(Picture.left)),\(n(y(0)))"]
        for (column, point) in cost.course.enumerated() {
            let x = n(picture.x(column: column + 1))
            lower += "L\(x),\(n(y(point.machines)))"
            upper.append("\(x),\(n(y(point.machines + point.tokens)))")
        }
        let end = n(picture.x(column: cost.course.count))
        picture.add("<path class=\"machines\" d=\"\(lower)L\(end),\(n(y(0)))Z\"/>")
        if cost.tokens > 0 {
            let back = upper.reversed().map { "L" + $0 }.joined()
            picture.add("<path class=\"tokens\" d=\"\(lower)\(back)Z\"/>")
        }
    }

    private func table(
        _ title: String, _ name: String, _ amount: String, _ parts: [LabReport.Cost.Part], of total: Double,
        decimals: Bool
    ) -> String {
        let rows = parts.prefix(20).map { part -> String in
            let share = total > 0 ? part.cost / total : 0
            let amount =
                decimals ? Picture.plain((part.amount * 100).rounded() / 100) : ReportWords.count(Int64(part.amount))
            return """
                <tr><th scope="row">\(ReportWords.name(words.workload(part.name)))</th><td class="n">\(amount)</td>\
                <td class="n">\(words.money(part.cost))</td><td class="n">\(ReportWords.percent(share))</td>\
                <td class="bars"><span style="width:\(Picture.number(max(0, min(1, share)) * 100))%"></span></td></tr>
                """
        }
        let more = parts.count > 20 ? "<p>\(parts.count - 20) cheaper ones are left out.</p>" : ""
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="\(title), can be scrolled"><table><caption>\(title)</caption>
            <thead><tr><th scope="col">\(name)</th><th scope="col">\(amount)</th><th scope="col">cost</th><th scope="col">share</th><th scope="col"></th></tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody></table></div>\(more)
            """
    }
}
