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
        return GoFloat.fixed(share * 100, decimals: digits) + "%"
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

    func money(_ amount: Double) -> String {
        let digits = abs(amount) >= 100 ? 0 : abs(amount) >= 1 ? 2 : amount == 0 ? 0 : 4
        return Self.text(report.currency, limit: 8) + GoFloat.fixed(amount, decimals: digits)
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
        var parts: [String] = []
        switch (report.firstTrouble, report.firstHurt) {
        case (nil, nil):
            return total.ended == 0
                ? "Nothing went wrong, and no user asked for anything."
                : "Nothing went wrong: all \(Self.count(total.ended)) requests got a good answer."
        case (let trouble?, nil):
            parts.append("First, at \(moment(trouble.time)), this went wrong: \(what(trouble)).")
            parts.append(
                total.ended == 0
                    ? "No user asked for anything."
                    : "No user was hurt: all \(Self.count(total.ended)) requests got a good answer.")
            return parts.joined(separator: " ")
        case (nil, let hurt?):
            parts.append(
                "First, at \(moment(hurt)), a user got no good answer, with no fault and no complaint of Kubernetes before."
            )
        case (let trouble?, let hurt?) where trouble.time <= hurt:
            parts.append("First, at \(moment(trouble.time)), this went wrong: \(what(trouble)).")
            parts.append("\((hurt - trouble.time).clock) later the first user got no good answer.")
        case (let trouble?, let hurt?):
            parts.append("First, at \(moment(hurt)), a user got no good answer.")
            parts.append("\((trouble.time - hurt).clock) later came: \(what(trouble)).")
        }
        let share = total.failedShare.map { " (\(Self.percent($0)))" } ?? ""
        parts.append(
            "In all, \(Self.count(total.failed)) of \(Self.count(total.ended)) requests\(share) got no good answer.")
        return parts.joined(separator: " ")
    }

    private func what(_ incident: Incident) -> String {
        if incident.kind == .fault, let fault = report.faults.first(where: { $0.begin == incident.time }) {
            return "the fault \(Self.name(fault.name)) began (\(Self.name(fault.summary)))"
        }
        let text = incident.text.hasSuffix(".") ? String(incident.text.dropLast()) : incident.text
        return Self.name(text, limit: 240)
    }
}
