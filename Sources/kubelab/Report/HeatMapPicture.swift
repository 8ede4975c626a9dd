import Lab
import Simulation

/// Latencies: time to the right, logarithmic buckets upwards, the darker the more answers.
struct HeatMapPicture {
    let words: ReportWords
    private var report: LabReport { words.report }

    private static let most = 4
    /// Classes of a cell by how many answers it has, relative to the fullest.
    static let classes = 6

    var markup: String {
        let sources = report.traffic.filter { $0.total.ended > 0 }.enumerated().sorted {
            $0.element.total.ended != $1.element.total.ended
                ? $0.element.total.ended > $1.element.total.ended : $0.offset < $1.offset
        }.map(\.element)
        guard !sources.isEmpty else {
            return "<p class=\"empty\">No request ended in this span, so there are no latencies.</p>"
        }
        var parts = sources.prefix(Self.most).map(picture)
        if sources.count > Self.most {
            parts.append("<p>\(sources.count - Self.most) sources with fewer requests are not drawn.</p>")
        }
        return parts.joined(separator: "\n")
    }

    /// Upper limits of the classes: each a constant factor above the one before, the last the fullest cell.
    static func limits(_ most: Int64) -> [Int64] {
        var limits: [Int64] = []
        for place in 1...classes {
            // The smallest number whose power reaches the most: roots without the C library's functions.
            var (low, high) = (Int64(1), max(1, most))
            while low < high {
                let middle = (low + high) / 2
                if power(middle, classes) >= power(max(1, most), place) { high = middle } else { low = middle + 1 }
            }
            limits.append(low)
        }
        return limits
    }

    private static func power(_ base: Int64, _ exponent: Int) -> Double {
        (0..<exponent).reduce(1.0) { product, _ in product * Double(base) }
    }

    private func picture(_ source: LabReport.Traffic) -> String {
        var picture = Picture(words)
        let rows = source.latency.first?.count ?? 0
        let used = (0..<rows).filter { row in source.latency.contains { $0[row] > 0 } }
        let first = max(0, (used.first ?? 0) - 1)
        let last = min(rows - 1, (used.last ?? 0) + 1)
        let height = last - first > 24 ? 9.0 : 13.0
        let failedTop = 26.0
        let top = failedTop + 28
        let cells = source.latency.flatMap { $0 }
        let limits = Self.limits(cells.max() ?? 1)
        let mostFailed = source.columns.map(\.failed).max() ?? 0
        let failedLimits = Self.limits(mostFailed)
        picture.label(Picture.left, 14, ReportWords.text(source.name, limit: 60), "strong")
        picture.label(Picture.left - 8, failedTop + 13, "no good answer", "muted", anchor: "end")
        picture.rectangle(Picture.left, failedTop, Picture.plot, 18, "field")
        runs(
            source.columns.map { $0.failed == 0 ? 0 : Self.place($0.failed, failedLimits) }, "f", failedTop, 18,
            &picture)
        let span = last - first + 1
        picture.rectangle(Picture.left, top, Picture.plot, Double(span) * height, "field")
        for row in first...last {
            let y = top + Double(last - row) * height
            runs(source.latency.map { $0[row] == 0 ? 0 : Self.place($0[row], limits) }, "h", y, height, &picture)
            let isMarked = row < LatencyScale.bounds.count && [0, 2, 4].contains(row % 6)
            // A bound is the upper edge of its row.
            if isMarked, y - 4 > top - 8 {
                picture.line(Picture.left - 4, y, Picture.left, y, "axis")
                picture.label(
                    Picture.left - 8, y + 4, ReportWords.seconds(LatencyScale.bounds[row].seconds), "muted",
                    anchor: "end")
            }
        }
        picture.bottom = top + Double(span) * height
        picture.axis()
        let quantiles = [("half", source.p50), ("95%", source.p95), ("99%", source.p99)].compactMap { name, value in
            value.map { "\(name) of the good answers within \(ReportWords.seconds($0))" }
        }
        let name = ReportWords.text(source.name, limit: 60)
        return picture.figure("Latencies of \(name)", quantiles.joined(separator: ", "))
            + legend(limits, failedLimits, mostFailed)
    }

    private static func place(_ count: Int64, _ limits: [Int64]) -> Int {
        (limits.firstIndex { count <= $0 } ?? classes - 1) + 1
    }

    /// Equal neighbours are one rectangle.
    private func runs(
        _ classes: [Int], _ prefix: String, _ y: Double, _ height: Double, _ picture: inout Picture
    ) {
        var column = 0
        while column < classes.count {
            var end = column + 1
            while end < classes.count, classes[end] == classes[column] { end += 1 }
            if classes[column] > 0 {
                let (from, to) = (picture.x(column: column), picture.x(column: end))
                picture.rectangle(from, y, to - from, height, "\(prefix)\(classes[column])")
            }
            column = end
        }
    }

    private func legend(_ limits: [Int64], _ failed: [Int64], _ mostFailed: Int64) -> String {
        func words(_ limits: [Int64], _ prefix: String) -> String {
            var before: Int64 = 0
            var parts: [String] = []
            for (index, limit) in limits.enumerated() where limit > before {
                let text = limit == before + 1 ? "\(limit)" : "\(before + 1)–\(limit)"
                parts.append("<span class=\"nb\"><span class=\"k \(prefix)\(index + 1)\"></span> \(text)</span>")
                before = limit
            }
            return parts.joined(separator: " ")
        }
        let width = report.columns.width.clock
        let failures =
            mostFailed == 0
            ? "No request was without a good answer." : "Without a good answer: \(words(failed, "f"))."
        return
            "<p class=\"key\">Good answers in a cell (\(width) wide): none is blank, \(words(limits, "h")). \(failures) A row's label is its longest latency.</p>"
    }
}
