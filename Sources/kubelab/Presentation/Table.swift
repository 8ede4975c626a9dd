/// Columns of text, each as wide as its widest cell, three spaces apart, as kubectl prints them.
struct Table {
    private var rows: [[String]]
    /// Columns whose cells stand at the right.
    var numeric: Set<Int> = []

    init(_ header: [String], numeric: Set<Int> = []) {
        rows = [header]
        self.numeric = numeric
    }

    mutating func add(_ row: [String]) { rows.append(row) }

    var isEmpty: Bool { rows.count == 1 }

    var lines: [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                line += numeric.contains(column) ? padding + cell : cell + padding
                line += "   "
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
