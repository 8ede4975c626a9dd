import KubernetesAPI

/// Prints tables as `kubectl get` does.
struct TablePrinter {
    struct Options {
        var wide = false
        var headers = true
        /// A first column with the namespace.
        var namespaces = false
        /// A last column with all labels.
        var labels = false
        /// A column for each of these labels.
        var labelColumns: [String] = []
        /// Names stand as `kind/name`.
        var kinds = false
    }

    var options: Options
    private var writer = TabWriter.table
    private var lastColumns: [Table.Column]?
    /// Whether anything was printed yet.
    private(set) var hasPrinted = false

    init(_ options: Options) { self.options = options }

    /// The text of a table; the header comes again when the columns are other ones than before.
    mutating func text(_ table: Table, of resource: ResourceType) -> String {
        var lines = ""
        var text = ""
        if table.columns != lastColumns {
            if lastColumns != nil, hasPrinted, options.headers { text += "\n" }
            writer = TabWriter.table
            lastColumns = table.columns
            if options.headers { lines += header(table) + "\n" }
        }
        for row in table.rows { lines += line(row, table, resource) + "\n" }
        guard !table.rows.isEmpty else { return "" }
        hasPrinted = true
        return text + writer.aligned(lines)
    }

    private func header(_ table: Table) -> String {
        var names = options.namespaces ? ["NAMESPACE"] : []
        names += table.columns.filter { options.wide || $0.priority == 0 }.map { $0.name.uppercased() }
        names += options.labelColumns.map { ($0.split(separator: "/").last.map(String.init) ?? $0).uppercased() }
        if options.labels { names.append("LABELS") }
        return names.joined(separator: "\t")
    }

    private func line(_ row: Table.Row, _ table: Table, _ resource: ResourceType) -> String {
        let metadata = row.object["metadata"]
        var cells: [String] = []
        if options.namespaces { cells.append(metadata?["namespace"]?.string ?? "") }
        for (column, cell) in zip(table.columns, row.cells) where options.wide || column.priority == 0 {
            var text = Self.singleLine(cell.text)
            if column.format == "name", options.kinds { text = resource.qualifiedSingular + "/" + text }
            cells.append(text)
        }
        let labels = metadata?["labels"]?.object ?? [:]
        for name in options.labelColumns {
            cells.append(labels[name]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? "<none>")
        }
        if options.labels {
            let pairs = labels.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map {
                "\($0)=\(labels[$0]?.string ?? "")"
            }
            cells.append(pairs.isEmpty ? "<none>" : pairs.joined(separator: ","))
        }
        return cells.joined(separator: "\t")
    }

    /// The first line of a text; dots stand for the rest.
    private static func singleLine(_ text: String) -> String {
        guard let end = text.firstIndex(where: { $0 == "\n" || $0 == "\r" || $0 == "\r\n" || $0 == "\u{C}" }) else {
            return text
        }
        return text[..<end] + "..."
    }
}
