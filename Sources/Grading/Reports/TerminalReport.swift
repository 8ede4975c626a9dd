import Lab

extension Verdict {
    func terminalReport(_ style: ReportStyle) -> String {
        var lines: [String] = []
        for check in checks where status == .graded { lines += check.lines(style) }
        for fault in faults {
            let mark = style.plain ? "fault: " : "✗ "
            lines += style.wrapped(fault.description, after: style.paint(.bad, mark), width: mark.count, indent: 4)
        }
        if !lines.isEmpty { lines.append("") }
        lines.append(style.paint(.strong, summary))
        if status == .graded {
            let seeds = receipt.digests.count
            var tail = "\(seeds) \(seeds == 1 ? "trial" : "trials") of \(Figures.clock(simulated.seconds))"
            if style.wallTime { tail += " in \(Figures.time(Double(wallMilliseconds) / 1_000))" }
            lines.append(style.paint(.faint, tail))
        }
        if !debrief.isEmpty { lines += [""] + style.reflowed(debrief) }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Check {
    /// The criterion as a person at a terminal reads it: the verdict, users first, then the rule, the place, the way to
    /// the moment.
    fileprivate func lines(_ style: ReportStyle) -> [String] {
        let (mark, paint): (String, ReportStyle.Paint) =
            switch status {
            case .passed: ("✓ passed", .good)
            case .failed where points > 0: ("◐ partly", .warning)
            case .failed: ("✗ failed", .bad)
            case .ungradable: ("– not judged", .faint)
            }
        // Signs are read out by name; the words say the same.
        let word = style.plain ? String(mark.drop { $0 != " " }.dropFirst()) + ":" : mark
        var lines = [
            "\(style.paint(paint, word))  \(style.paint(.strong, title))  \(Figures.rounded(points, 2))/\(maximumPoints)\(isExtra ? " on top" : "")"
        ]
        guard status == .failed else {
            return lines
                + style.wrapped("\(expected): \(seen)", after: "    ", width: 4, indent: 4).map {
                    style.paint(.faint, $0)
                }
        }
        if !harm.isEmpty { lines += style.wrapped(harm, after: "    ", width: 4, indent: 4) }
        func add(_ label: String, _ text: String) {
            let head = "    " + label + String(repeating: " ", count: max(1, 10 - label.count))
            lines += style.wrapped(text, after: head, width: head.count, indent: head.count)
        }
        add("expected", expected)
        add("seen", seen)
        if !file.isEmpty { add("where", "\(file)\(line > 0 ? ":\(line)" : "")\(path.isEmpty ? "" : "  \(path)")") }
        for (index, command) in commands.enumerated() {
            lines.append((index == 0 ? "    look      " : "              ") + command)
        }
        if let first = causes.first {
            add("because", first)
            for cause in causes.dropFirst() { lines += style.wrapped(cause, after: "    ", width: 4, indent: 17) }
        }
        for misconception in misconceptions { add("perhaps", misconception) }
        return lines
    }
}

extension ReportStyle {
    /// Text in lines of at most ``width`` columns behind a head that takes `width` columns; later lines are indented.
    /// Spaces within the text stay as they are, so that columns of a table do.
    fileprivate func wrapped(_ text: String, after head: String, width used: Int, indent: Int) -> [String] {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        var line = ""
        var isFirst = true
        var room = max(20, width - used)
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            if line.contains(where: { $0 != " " }), line.count + 1 + word.count > room {
                while line.last == " " { line.removeLast() }
                lines.append(line)
                room = max(20, width - indent)
                line = String(word)
            } else {
                line += isFirst ? String(word) : " " + word
            }
            isFirst = false
        }
        lines.append(line)
        return lines.enumerated().map { ($0 == 0 ? head : margin) + $1 }
    }

    /// Paragraphs in lines of at most ``width`` columns; a line that is indented stays as it is.
    func reflowed(_ text: String) -> [String] { Reflow.lines(text, width: width) }
}
