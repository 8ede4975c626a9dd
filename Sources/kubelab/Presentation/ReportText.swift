import Lab
import Simulation

/// A report in words, at most 80 columns wide.
enum ReportText {
    static func lines(_ report: WorldReport) -> [String] {
        let time = SimulationTime.zero + Duration(seconds: report.seconds)
        var lines = [
            Style.strong("\(report.scenario), seed \(report.seed): \(time.clock) simulated, now \(report.wallTime)"),
            "",
        ]
        lines += levels(report)
        lines += cluster(report.objects)
        lines += faults(report)
        lines.append("Cost      \(money(report.cost.total, report.cost)) (\(cost(report.cost)))")
        lines.append("Events    \(grouped(Int64(clamping: report.events.total)))")
        lines.append("Digest    \(report.digest)")
        return lines
    }

    static func levels(_ report: WorldReport) -> [String] {
        guard !report.traffic.isEmpty else { return [] }
        var table = Table(["USERS", "REQUESTS", "GOOD", "FAILED", "P50", "P95", "P99"], numeric: [1, 2, 3, 4, 5, 6])
        for level in report.traffic {
            table.add([
                level.name, grouped(level.ended), share(level.good, of: level.ended), grouped(level.failed),
                seconds(level.p50),
                seconds(level.p95), seconds(level.p99),
            ])
        }
        return table.lines + [""]
    }

    static func cluster(_ objects: WorldReport.Objects) -> [String] {
        var lines: [String] = []
        if !objects.deployments.isEmpty {
            var table = Table(["DEPLOYMENT", "READY", "UP-TO-DATE", "AVAILABLE"])
            for deployment in objects.deployments {
                table.add([
                    deployment.name, "\(deployment.ready)/\(deployment.desired)", "\(deployment.updated)",
                    "\(deployment.available)",
                ])
            }
            lines += table.lines + [""]
        }
        if !objects.horizontalPodAutoscalers.isEmpty {
            var table = Table(["AUTOSCALER", "TARGET", "USED", "MIN", "MAX", "NOW", "WANTED"])
            for one in objects.horizontalPodAutoscalers {
                table.add([
                    one.name, one.target, one.utilization.map { "\($0)%" } ?? "<unknown>", "\(one.minimum)",
                    "\(one.maximum)",
                    "\(one.current)", "\(one.desired)",
                ])
            }
            lines += table.lines
            for one in objects.horizontalPodAutoscalers {
                for condition in one.conditions where condition.status == "False" && condition.type != "ScalingLimited"
                {
                    lines += wrapped("\(one.name): \(condition.reason): \(condition.message)", indent: 2).map(
                        Style.warning.callAsFunction)
                }
            }
            lines.append("")
        }
        return lines
    }

    static func faults(_ report: WorldReport) -> [String] {
        report.faultsInForce.isEmpty
            ? [] : [Style.bad("Faults in force: " + report.faultsInForce.joined(separator: ", ")), ""]
    }

    static func cost(_ cost: WorldReport.Cost) -> String {
        var parts = ["machines \(money(cost.nodes, cost))"]
        if cost.tokens > 0 { parts.append("models and tools \(money(cost.tokens, cost))") }
        return parts.joined(separator: ", ")
    }

    static func money(_ value: Double, _ cost: WorldReport.Cost) -> String { money(value, currency: cost.currency) }

    static func money(_ value: Double, currency: String) -> String {
        let cents = (value * 100).rounded()
        guard abs(cents) < 1e15 else { return "\(currency)\(value)" }
        let whole = Int64(cents)
        let rest = abs(whole % 100)
        return "\(whole < 0 ? "-" : "")\(currency)\(grouped(abs(whole) / 100)).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// 1234567 as `1,234,567`.
    static func grouped(_ value: Int64) -> String {
        let digits = "\(value.magnitude)"
        var text = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return value < 0 ? "-" + text : text
    }

    /// A share in percent with as many digits as say something: 99.97%.
    static func share(_ part: Int64, of whole: Int64) -> String {
        guard whole > 0 else { return "-" }
        // Never rounded up to 100%: one failure in a million is not none.
        let hundredths = (part.multipliedFullWidth(by: 10_000)).low / UInt64(whole)
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)%"
    }

    static func seconds(_ value: Double?) -> String {
        guard let value else { return "-" }
        if value < 0.9995 { return "\(Int((value * 1_000).rounded()))ms" }
        let tenths = Int((min(value, 1e9) * 10).rounded())
        return value < 100 ? "\(tenths / 10).\(tenths % 10)s" : "\(tenths / 10)s"
    }

    /// Text in lines of at most 80 columns, the second and later ones indented.
    static func wrapped(_ text: String, width: Int = 80, indent: Int = 0) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: indent) + word
            } else {
                line += line.isEmpty ? String(word) : " " + word
            }
        }
        if !line.isEmpty { lines.append(line) }
        return lines
    }
}
