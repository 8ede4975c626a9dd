import Lab
import PromQL
import Simulation

/// A drawing over the report's time axis, as inline SVG. All pictures have the same margins, so that an instant lies at
/// the same place in each.
struct Picture {
    static let width = 960.0
    static let left = 124.0
    static let right = 20.0
    static var plot: Double { width - left - right }

    let words: ReportWords
    private(set) var body: [String] = []
    /// How far down it has been drawn.
    var bottom = 0.0

    init(_ words: ReportWords) { self.words = words }

    private var columns: LabReport.Columns { words.report.columns }

    /// A coordinate with one decimal.
    static func number(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        let rest = abs(tenths % 10)
        let whole = "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10)"
        return rest == 0 ? whole : "\(whole).\(rest)"
    }

    func x(_ time: SimulationTime) -> Double { Self.left + columns.place(time) * Self.plot }

    func x(column: Int) -> Double { Self.left + Double(column) / Double(columns.count) * Self.plot }

    mutating func add(_ markup: String) { body.append(markup) }

    mutating func rectangle(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String, title: String = ""
    ) {
        let shape =
            "<rect class=\"\(style)\" x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(width))\" height=\"\(Self.number(height))\""
        body.append(title.isEmpty ? shape + "/>" : shape + "><title>\(title)</title></rect>")
    }

    /// - Parameter text: markup-free and escaped.
    mutating func label(_ x: Double, _ y: Double, _ text: String, _ style: String = "", anchor: String = "start") {
        let anchoring = anchor == "start" ? "" : " text-anchor=\"\(anchor)\""
        let kind = style.isEmpty ? "" : " class=\"\(style)\""
        body.append("<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\"\(kind)\(anchoring)>\(text)</text>")
    }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
        body.append(
            "<line class=\"\(style)\" x1=\"\(Self.number(x1))\" y1=\"\(Self.number(y1))\" x2=\"\(Self.number(x2))\" y2=\"\(Self.number(y2))\"/>"
        )
    }

    /// A horizontal grid line with its value on the left.
    mutating func level(_ y: Double, _ text: String) {
        line(Self.left, y, Self.width - Self.right, y, "grid")
        label(Self.left - 8, y + 4, text, "muted", anchor: "end")
    }

    /// A curve of columns as steps; nil is a gap.
    mutating func steps(_ values: [Double?], _ style: String, y: (Double) -> Double) {
        var path = ""
        var last: Double?
        for (column, value) in values.enumerated() {
            defer { last = value }
            guard let value else { continue }
            if let before = last {
                guard before != value else { continue }
                path += "H\(Self.number(x(column: column)))V\(Self.number(y(value)))"
            } else {
                path += "M\(Self.number(x(column: column))),\(Self.number(y(value)))"
            }
            // The run goes on until a value differs; its end is drawn with the next one or here.
            let end = values[column...].firstIndex { $0 != value } ?? values.count
            path += "H\(Self.number(x(column: end)))"
        }
        if !path.isEmpty { body.append("<path class=\"\(style)\" d=\"\(path)\"/>") }
    }

    /// The area between two curves of columns.
    mutating func area(_ low: [Double?], _ high: [Double?], _ style: String, y: (Double) -> Double) {
        var column = 0
        var path = ""
        while column < high.count {
            guard let bottom = low[column], let top = high[column] else {
                column += 1
                continue
            }
            var end = column + 1
            while end < high.count, low[end] == bottom, high[end] == top { end += 1 }
            if top > bottom {
                path += "M\(Self.number(x(column: column))),\(Self.number(y(bottom)))V\(Self.number(y(top)))"
                path += "H\(Self.number(x(column: end)))V\(Self.number(y(bottom)))Z"
            }
            column = end
        }
        if !path.isEmpty { body.append("<path class=\"\(style)\" d=\"\(path)\"/>") }
    }

    // MARK: Time

    /// Instants for the axis: round ones, about ten.
    var ticks: [SimulationTime] {
        let steps: [Int64] = [
            1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800,
            345_600, 604_800, 2_592_000, 31_536_000,
        ]
        let span = max(1, (columns.end - columns.begin).wholeSeconds)
        let step = steps.first { span / $0 <= 9 } ?? span
        let offset = words.report.startEpochSeconds
        let first = (offset + (columns.begin - .zero).wholeSeconds + step - 1) / step * step - offset
        var found: [SimulationTime] = []
        var seconds = first
        while SimulationTime.zero + .seconds(seconds) <= columns.end, found.count < 40 {
            if .zero + .seconds(seconds) >= columns.begin { found.append(.zero + .seconds(seconds)) }
            seconds += step
        }
        return found
    }

    /// Light vertical lines at the ticks.
    mutating func verticals(from top: Double, to bottom: Double) {
        for tick in ticks { line(x(tick), top, x(tick), bottom, "grid") }
    }

    /// The time axis: the time of day, and below it the time since the start.
    mutating func axis() {
        let y = bottom
        line(Self.left, y, Self.width - Self.right, y, "axis")
        let withSeconds = (columns.end - columns.begin) < .minutes(9)
        for tick in ticks {
            line(x(tick), y, x(tick), y + 4, "axis")
            let anchor = x(tick) > Self.width - Self.right - 30 ? "end" : "middle"
            label(x(tick), y + 17, words.timeOfDay(tick, withSeconds: withSeconds), anchor: anchor)
            label(x(tick), y + 31, "+" + Self.short(tick), "muted", anchor: anchor)
        }
        bottom += 38
    }

    /// `8m`, `1h30m`, `3d`: a round time without its zeros.
    static func short(_ time: SimulationTime) -> String {
        let seconds = (time - .zero).wholeSeconds
        if seconds == 0 { return "0s" }
        if seconds % 86_400 == 0 { return "\(seconds / 86_400)d" }
        var text = ""
        if seconds >= 86_400 { text += "\(seconds / 86_400)d" }
        if seconds / 3_600 % 24 > 0 { text += "\(seconds / 3_600 % 24)h" }
        if seconds / 60 % 60 > 0 { text += "\(seconds / 60 % 60)m" }
        if seconds % 60 > 0 { text += "\(seconds % 60)s" }
        return text
    }

    /// The picture in a box that scrolls by itself where the screen is narrow.
    /// - Parameters:
    ///   - name: what it is, for a screen reader.
    ///   - summary: what it shows, in words.
    ///   - isGroup: whether parts of it can be reached with the keyboard.
    func figure(_ name: String, _ summary: String, isGroup: Bool = false) -> String {
        """
        <div class="scroll" tabindex="0" role="region" aria-label="\(name), can be scrolled">
        <svg viewBox="0 0 960 \(Self.number(bottom))" role="\(isGroup ? "group" : "img")" aria-label="\(name): \(summary)">
        \(body.joined(separator: "\n"))
        </svg></div>
        """
    }

    /// A scale of round numbers from zero: its end, and what is written beside it.
    static func scale(upTo value: Double) -> (top: Double, marks: [Double]) {
        guard value > 0 else { return (1, [0, 1]) }
        var unit = 1.0
        while unit * 10 <= value { unit *= 10 }
        while unit > value { unit /= 10 }
        let top = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map { $0 * unit }.first { $0 >= value * 0.999_999 } ?? 10 * unit
        return (top, [0, top / 2, top])
    }
}
