import Lab

extension Verdict {
    /// JUnit XML as Jenkins, GitLab and others read it: one suite, one test case a criterion.
    func junitReport(_ style: ReportStyle) -> String {
        let failures = checks.count { $0.status == .failed }
        let errors = checks.count { $0.status == .ungradable }
        let time = style.wallTime ? Figures.rounded(Double(wallMilliseconds) / 1_000, 3) : "0"
        let counts =
            "tests=\"\(checks.count)\" failures=\"\(failures)\" errors=\"\(errors)\" skipped=\"0\" time=\"\(time)\""
        var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
        lines.append("<testsuites name=\"kubelab\" \(counts)>")
        let stamp = style.gradedAt.isEmpty ? "" : " timestamp=\"\(XML.attribute(String(style.gradedAt.prefix(19))))\""
        lines.append(
            "  <testsuite name=\"\(XML.attribute(exercise))\" package=\"\(XML.attribute(lesson))\" \(counts)\(stamp)>")
        lines.append("    <properties>")
        for (name, value) in [
            ("points", pointsText), ("max_points", "\(maximumPoints)"), ("kubelab_version", receipt.version),
            ("exercise_hash", receipt.exerciseHash), ("submission_hash", receipt.submissionHash),
        ] {
            lines.append("      <property name=\"\(name)\" value=\"\(XML.attribute(value))\"/>")
        }
        lines.append("    </properties>")
        for check in checks {
            var open =
                "    <testcase name=\"\(XML.attribute(check.title))\" classname=\"\(XML.attribute(exercise)).\(check.id)\" time=\"0\""
            if !check.file.isEmpty { open += " file=\"\(XML.attribute(check.file))\" line=\"\(check.line)\"" }
            switch check.status {
            case .passed: lines.append(open + "/>")
            case .failed:
                lines.append(open + ">")
                lines.append(
                    "      <failure message=\"\(XML.attribute(check.message))\" type=\"criterion\">\(XML.text(check.explanation))</failure>"
                )
                lines.append("    </testcase>")
            case .ungradable:
                lines.append(open + ">")
                let why = faults.first?.description ?? check.seen
                lines.append(
                    "      <error message=\"\(XML.attribute(why))\" type=\"ungradable\">\(XML.text(faults.map(\.description).joined(separator: "\n")))</error>"
                )
                lines.append("    </testcase>")
            }
        }
        lines += ["  </testsuite>", "</testsuites>"]
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Check {
    /// Several lines for one who wants to know more: points, rule, place, commands.
    var explanation: String {
        var lines: [String] = []
        if !harm.isEmpty { lines.append(harm) }
        lines.append("expected: \(expected)")
        lines.append("seen: \(seen)")
        lines.append("points: \(Figures.rounded(points, 2)) of \(maximumPoints)")
        lines.append("rule: \(rule.split(whereSeparator: \.isNewline).joined(separator: " "))")
        if !file.isEmpty {
            lines.append("where: \(file)\(line > 0 ? ":\(line)" : "")\(path.isEmpty ? "" : " \(path)")")
        }
        for command in commands { lines.append("look: \(command)") }
        for misconception in misconceptions { lines.append("perhaps: \(misconception)") }
        for cause in causes { lines.append("because: \(cause)") }
        return lines.joined(separator: "\n")
    }
}

/// Text within XML 1.0: what it cannot hold is replaced, what it means is escaped.
enum XML {
    static func text(_ text: String) -> String { escaped(text, keepsLines: true) }
    static func attribute(_ text: String) -> String { escaped(text, keepsLines: false) }

    private static func escaped(_ text: String, keepsLines: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\n": result += keepsLines ? "\n" : "&#10;"
            case "\t": result += keepsLines ? "\t" : "&#9;"
            case _ where scalar.value < 0x20 || scalar.value == 0xfffe || scalar.value == 0xffff: result += "\u{fffd}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
