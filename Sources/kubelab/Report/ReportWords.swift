import Grading
import Lab
import PromQL
import Simulation

/// Numbers, times and names of a report as text, ready for a page.
struct ReportWords {
    let report: LabReport

    /// Text from a lab: harmless, escaped, and of a bounded length.
    static func text(_ text: String, limit: Int = 400) -> String {
        HTML.text(Sanitised.text(text, limit: limit))
    }

    /// The same where it stands within a sentence: its direction of writing changes nothing around it.
    static func name(_ text: String, limit: Int = 160) -> String { "<bdi>\(Self.text(text, limit: limit))</bdi>" }

    /// `09:08:30`; with the day in front in a lab of several days.
    func timeOfDay(_ time: SimulationTime, withSeconds: Bool = true) -> String {
        let seconds = report.startEpochSeconds + (time - .zero).wholeSeconds
        let ofDay = ((seconds % 86_400) + 86_400) % 86_400
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let clock =
            "\(two(ofDay / 3_600)):\(two(ofDay / 60 % 60))" + (withSeconds ? ":\(two(ofDay % 60))" : "")
        guard (report.now - .zero) > .hours(24) else { return clock }
        let midnight = report.startEpochSeconds - ((report.startEpochSeconds % 86_400) + 86_400) % 86_400
        return "day \((seconds - midnight) / 86_400 + 1) \(clock)"
    }

    /// `09:08:30 (+8m30s)`
    func moment(_ time: SimulationTime) -> String { "\(timeOfDay(time)) (+\(time.clock))" }

    /// `98.7%`: as many digits as tell it from 100%.
    static func percent(_ share: Double) -> String {
        let distance = min(abs(1 - share), abs(share))
        if distance == 0 { return GoFloat.fixed((share * 100).rounded()) + "%" }
        let digits = distance >= 0.1 ? 0 : distance >= 0.01 ? 1 : distance >= 0.001 ? 2 : 3
        return trimmed(GoFloat.fixed(share * 100, decimals: digits)) + "%"
    }

    /// Without zeros at the end of a fraction.
    private static func trimmed(_ text: String) -> String {
        guard text.contains(".") else { return text }
        var short = text[...]
        while short.last == "0" { short.removeLast() }
        return String(short.last == "." ? short.dropLast() : short)
    }

    /// `12,345`
    static func count(_ number: Int64) -> String {
        let digits = Array(String(number.magnitude))
        var text = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return (number < 0 ? "−" : "") + text
    }

    /// `340 ms`, `1.25 s`, `2 min`.
    static func seconds(_ seconds: Double) -> String {
        func short(_ value: Double) -> String {
            let scale: Double = value >= 100 ? 1 : value >= 10 ? 10 : 100
            return GoFloat.fixed((value * scale).rounded() / scale)
        }
        if seconds < 1 { return short(seconds * 1_000) + " ms" }
        return seconds < 120 ? short(seconds) + " s" : short(seconds / 60) + " min"
    }

    /// `$12.30`; small amounts with as many digits as say something.
    func money(_ amount: Double) -> String {
        let cents = GoFloat.fixed(amount, decimals: abs(amount) >= 100 ? 0 : 2)
        let fine = abs(amount) >= 1 || amount == 0 ? cents : Self.trimmed(GoFloat.fixed(amount, decimals: 4))
        return Self.text(report.currency, limit: 8) + (amount == 0 ? "0" : fine.count > cents.count ? fine : cents)
    }

    static func number(_ count: Int, _ one: String, _ many: String) -> String {
        "\(Self.count(Int64(count))) \(count == 1 ? one : many)"
    }

    /// The name of a workload, without the namespace of the scenario.
    func workload(_ key: String) -> String {
        let prefix = report.namespace + "/"
        return key.hasPrefix(prefix) ? String(key.dropFirst(prefix.count)) : key
    }

    /// What went wrong first, and how much came of it.
    var headline: String {
        let total = report.total
        let share = total.failedShare.map { " (\(Self.percent($0)))" } ?? ""
        let sum =
            "In all, \(Self.count(total.failed)) of \(Self.count(total.ended)) requests\(share) got no good answer."
        var parts: [String] = []
        if let start = report.startUp, start.failed > 0 {
            parts.append(
                "No pod was ready until \(moment(start.end)), and \(Self.number(Int(start.failed), "request", "requests")) that came before got no good answer."
            )
        }
        let first = parts.isEmpty ? "First" : "Then"
        switch (report.firstTrouble, report.firstHurt) {
        case (nil, nil):
            guard parts.isEmpty else {
                return (parts + ["After that nothing went wrong.", sum]).joined(separator: " ")
            }
            return total.ended == 0
                ? "Nothing went wrong, and no user asked for anything."
                : "Nothing went wrong: all \(Self.count(total.ended)) requests got a good answer."
        case (let trouble?, nil):
            parts.append("\(first), at \(moment(trouble.time)), this went wrong: \(what(trouble)).")
            if total.ended == 0 { return (parts + ["No user asked for anything."]).joined(separator: " ") }
            parts.append("No user was hurt by it.")
        case (nil, let hurt?):
            parts.append(
                "\(first), at \(moment(hurt)), a user got no good answer, with no fault and no complaint of Kubernetes before."
            )
        case (let trouble?, let hurt?) where trouble.time <= hurt:
            parts.append("\(first), at \(moment(trouble.time)), this went wrong: \(what(trouble)).")
            parts.append("\((hurt - trouble.time).clock) later the first user got no good answer.")
        case (let trouble?, let hurt?):
            parts.append("\(first), at \(moment(hurt)), a user got no good answer.")
            parts.append("\((trouble.time - hurt).clock) later came: \(what(trouble)).")
        }
        return (parts + [sum]).joined(separator: " ")
    }

    private func what(_ incident: Incident) -> String {
        if incident.kind == .fault, let fault = report.faults.first(where: { $0.begin == incident.time }) {
            return "the fault \(Self.name(fault.name)) began (\(Self.name(fault.summary)))"
        }
        let text = incident.text.hasSuffix(".") ? String(incident.text.dropLast()) : incident.text
        return Self.name(text, limit: 240)
    }
}
