/// Aligns text whose cells end with tabs, as Go's `text/tabwriter` does: a column reaches over the lines that follow
/// each other and have a cell there; the last cell of a line, which no tab ends, counts for no column.
struct TabWriter {
    /// Cells are at least so wide, padding included.
    var minimumWidth: Int
    /// Spaces behind the widest cell of a column.
    var padding: Int
    /// Later texts keep at least the widths of earlier ones, so that the lines of a watch stay in their columns.
    var remembersWidths: Bool
    private var remembered: [Int] = []

    init(minimumWidth: Int, padding: Int, remembersWidths: Bool = false) {
        self.minimumWidth = minimumWidth
        self.padding = padding
        self.remembersWidths = remembersWidths
    }

    /// What `kubectl get` uses.
    static var table: TabWriter { TabWriter(minimumWidth: 6, padding: 3, remembersWidths: true) }
    /// What `kubectl describe` uses.
    static var description: TabWriter { TabWriter(minimumWidth: 0, padding: 2) }

    mutating func aligned(_ text: String) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.split(separator: "\t", omittingEmptySubsequences: false)
        }
        let endsWithNewline = text.utf8.last == 10
        if endsWithNewline { lines.removeLast() }
        var output = ""
        var widths: [Int] = []
        format(lines, 0..<lines.count, &widths, &output)
        if !endsWithNewline, output.utf8.last == 10 { output.removeLast() }
        return output
    }

    private mutating func format(
        _ lines: [[Substring]], _ range: Range<Int>, _ widths: inout [Int], _ output: inout String
    ) {
        let column = widths.count
        var start = range.lowerBound
        var line = range.lowerBound
        while line < range.upperBound {
            guard column < lines[line].count - 1 else {
                line += 1
                continue
            }
            write(lines, start..<line, widths, &output)
            start = line
            var width = minimumWidth
            while line < range.upperBound, column < lines[line].count - 1 {
                width = max(width, lines[line][column].unicodeScalars.count + padding)
                line += 1
            }
            if remembersWidths {
                if column < remembered.count {
                    width = max(width, remembered[column])
                    remembered[column] = width
                } else {
                    remembered.append(width)
                }
            }
            widths.append(width)
            format(lines, start..<line, &widths, &output)
            widths.removeLast()
            start = line
        }
        write(lines, start..<range.upperBound, widths, &output)
    }

    private func write(_ lines: [[Substring]], _ range: Range<Int>, _ widths: [Int], _ output: inout String) {
        for line in lines[range] {
            for (column, cell) in line.enumerated() {
                output += cell
                guard column < widths.count, column < line.count - 1 else { continue }
                output += String(repeating: " ", count: max(0, widths[column] - cell.unicodeScalars.count))
            }
            output += "\n"
        }
    }
}
