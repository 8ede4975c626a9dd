import Lab

extension Verdict {
    func terminalReport(_ style: ReportStyle) -> String {
        var lines: [String] = []
        for check in checks where status == .graded {
            let mark =
                switch check.status {
                case .passed: style.paint(.good, "✓ passed")
                case .failed where check.points > 0: style.paint(.warning, "◐ partly")
                case .failed: style.paint(.bad, "✗ failed")
                case .ungradable: style.paint(.faint, "– not judged")
                }
            lines.append(
                "\(mark)  \(style.paint(.strong, check.title))  \(Figures.rounded(check.points, 2))/\(check.maximumPoints)"
            )
            if check.status == .failed {
                if !check.harm.isEmpty { lines.append("    " + check.harm) }
                lines.append("    expected  \(check.expected)")
                lines.append("    seen      \(check.seen)")
                if !check.file.isEmpty {
                    lines.append(
                        "    where     \(check.file)\(check.line > 0 ? ":\(check.line)" : "")\(check.path.isEmpty ? "" : "  \(check.path)")"
                    )
                }
                for (index, command) in check.commands.enumerated() {
                    lines.append((index == 0 ? "    look      " : "              ") + command)
                }
                for misconception in check.misconceptions { lines.append("    perhaps   \(misconception)") }
            } else {
                lines.append("    " + style.paint(.faint, "\(check.expected): \(check.seen)"))
            }
        }
        for fault in faults { lines.append(style.paint(.bad, "✗ ") + fault.description) }
        if !lines.isEmpty { lines.append("") }
        lines.append(style.paint(.strong, summary))
        if status == .graded {
            let seeds = receipt.digests.count
            var tail = "\(seeds) \(seeds == 1 ? "trial" : "trials") of \(Figures.clock(simulated.seconds))"
            if style.wallTime { tail += " in \(Figures.time(Double(wallMilliseconds) / 1_000))" }
            lines.append(style.paint(.faint, tail))
        }
        if !debrief.isEmpty { lines += ["", debrief] }
        return lines.joined(separator: "\n") + "\n"
    }
}
