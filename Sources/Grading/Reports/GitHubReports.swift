import KubernetesAPI
import Lab

extension Verdict {
    /// Workflow commands that GitHub shows at the line of the hand-in.
    ///
    /// GitHub keeps ten of a kind a step and drops the rest in print order, so the most valuable come first and the last
    /// one rolls up what does not fit.
    func annotations() -> String {
        var errors: [(value: Double, line: String)] = faults.map { fault in
            (
                1e9,
                Self.command(
                    "error", fault.file, fault.line, "cannot be tried",
                    fault.path.isEmpty ? fault.message : "\(fault.path): \(fault.message)")
            )
        }
        for check in checks where check.status == .failed {
            var message = check.message
            if let command = check.commands.first { message += "\nlook: \(command)" }
            errors.append(
                (
                    Double(check.maximumPoints) - check.points,
                    Self.command(
                        "error", check.file, check.line,
                        "\(check.title) (\(Figures.rounded(check.points, 2))/\(check.maximumPoints))", message)
                ))
        }
        let sorted = errors.enumerated().sorted { ($1.element.value, $0.offset) < ($0.element.value, $1.offset) }.map(
            \.element.line)
        var lines = Array(sorted.prefix(sorted.count > 10 ? 9 : 10))
        if sorted.count > 10 {
            lines.append(Self.command("error", "", 0, "more", "\(sorted.count - 9) further findings; see the report"))
        }
        lines.append(Self.command("notice", "", 0, "kubelab", summary))
        return lines.joined(separator: "\n") + "\n"
    }

    private static func command(_ kind: String, _ file: String, _ line: Int, _ title: String, _ message: String)
        -> String
    {
        var properties: [String] = []
        if !file.isEmpty { properties.append("file=\(property(file))") }
        if !file.isEmpty, line > 0 { properties.append("line=\(line)") }
        properties.append("title=\(property(title))")
        return "::\(kind) \(properties.joined(separator: ","))::\(data(message))"
    }

    static func data(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "%": result += "%25"
            case "\r": result += "%0D"
            case "\n": result += "%0A"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    static func property(_ text: String) -> String {
        var result = ""
        for character in data(text) {
            switch character {
            case ":": result += "%3A"
            case ",": result += "%2C"
            default: result.append(character)
            }
        }
        return result
    }

    /// Most bytes of a step summary; GitHub throws away the whole of a larger one.
    static let maximumSummary = 1_000_000

    func markdownReport(_ style: ReportStyle) -> String {
        var lines = ["## \(Markdown.text(summary))", ""]
        if !faults.isEmpty {
            for fault in faults { lines.append("- \(Markdown.text(fault.description))") }
            lines.append("")
        }
        if status == .graded {
            lines += ["| Check | Result | Points | Why |", "| --- | --- | --- | --- |"]
            for check in checks {
                let result = check.status == .passed ? "passed" : check.points > 0 ? "partly" : "failed"
                let why = check.status == .passed ? check.seen : check.harm.isEmpty ? check.seen : check.harm
                lines.append(
                    "| \(Markdown.text(check.title)) | \(result) | \(Figures.rounded(check.points, 2))/\(check.maximumPoints) | \(Markdown.text(why)) |"
                )
            }
            lines.append("")
            for check in checks where check.status == .failed {
                lines.append("<details><summary>\(Markdown.text(check.title))</summary>")
                lines.append("")
                for line in check.explanation.split(separator: "\n") {
                    lines.append("- \(Markdown.text(String(line)))")
                }
                lines += ["", "</details>", ""]
            }
            let count = receipt.digests.count
            var timing =
                "\(count) \(count == 1 ? "trial" : "trials") of \(Figures.clock(simulated.seconds)) of simulated time"
            if style.wallTime { timing += " in \(Figures.time(Double(wallMilliseconds) / 1_000))" }
            lines.append(timing + ".")
        }
        if !debrief.isEmpty { lines += ["", debrief] }
        var text = lines.joined(separator: "\n") + "\n"
        if text.utf8.count > Self.maximumSummary {
            text = String(decoding: text.utf8.prefix(Self.maximumSummary - 40), as: UTF8.self) + "\n\n(cut off)\n"
        }
        return text
    }

    /// The older classroom reporter: one test a criterion, JSON in Base64.
    func classroomReport() -> String {
        let tests = checks.map { check -> JSONValue in
            .object([
                "name": .string(check.title),
                "status": .string(check.status == .passed ? "pass" : check.status == .failed ? "fail" : "error"),
                "score": .points(check.points),
                "message": .string(check.status == .ungradable ? faultText : check.message),
                "test_code": .string(check.rule), "filename": .string(check.file),
                "line_no": .integer(Int64(check.line)),
                "duration": .integer(0),
            ])
        }
        let value = JSONValue.object([
            "version": .integer(1), "status": .string(status == .graded ? (isPassed ? "pass" : "fail") : "error"),
            "max_score": .integer(Int64(maximumPoints)), "tests": .array(tests),
        ])
        return Base64Text.encode(value.compactBytes) + "\n"
    }

    var faultText: String { faults.isEmpty ? "not judged" : faults.map(\.description).joined(separator: "\n") }
}

/// Text within a Markdown table or list: nothing of it is markup.
enum Markdown {
    static func text(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "|", "\\", "`", "*", "_", "[", "]", "#", "~": result += "\\" + String(scalar)
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "@": result += "&#64;"
            case "\n", "\r": result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// RFC 4648, the standard alphabet with padding.
enum Base64Text {
    static func encode(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var output: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = Array(bytes[start..<min(start + 3, bytes.count)])
            let word = part.enumerated().reduce(UInt32(0)) { $0 | UInt32($1.element) << UInt32(16 - 8 * $1.offset) }
            for place in 0..<4 {
                output.append(
                    place <= part.count ? alphabet[Int(word >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
