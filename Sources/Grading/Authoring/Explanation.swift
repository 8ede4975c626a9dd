import Lab
import Simulation

extension Exercise {
    /// What a criterion sees on one trial: its verdict, then the values that it looks at, line by line.
    /// - Parameters:
    ///   - criterion: an id, or an expression.
    ///   - submission: the answer that is tried.
    ///   - seed: nil for the first visible one.
    ///   - step: time between two lines.
    /// - Throws: `ConfigurationError` if the expression cannot be read.
    public func explain(_ criterion: String, _ submission: Submission, seed: UInt64?, step: Duration) throws -> [String]
    {
        var expression: CriterionExpression
        if let index = content.criteria.firstIndex(where: { $0.id == criterion }) {
            expression = expressions[index]
        } else {
            do throws(CriterionError) {
                expression = try CriterionExpression(parsing: criterion, namespace: scenario.scenario.namespace)
            } catch {
                throw ConfigurationError(
                    file: "criterion", line: error.position.line, path: "column \(error.position.column)",
                    message: error.message)
            }
        }
        var exercise = self
        exercise.expressions = [expression]
        let trial = Trial.run(exercise, submission, seed: seed ?? content.trial.visibleSeeds.first ?? 1)
        if case .refused(let failures) = trial.end, let first = failures.first { throw first }
        if case .stopped(let why) = trial.end { throw ConfigurationError(file: id, message: why) }
        let outcome = expression.evaluate([trial.recording], references: references)
        var lines = [
            expression.text, "expected  \(outcome.expected)", "seen      \(outcome.seen)",
            "result    \(outcome.holds ? "holds" : "fails"), \(Figures.percent(outcome.fraction)) of the points"
                + (outcome.slack.map { ", \(Figures.percent($0)) of the bound to spare" } ?? ""),
        ]
        if !outcome.harm.isEmpty { lines.append("users     \(outcome.harm)") }
        if let moment = outcome.moment { lines.append("moment    \(Figures.clock(moment))") }
        let needs = CriterionNeeds([expression])
        let columns = needs.measurements + needs.streams.flatMap { ["\($0) ended", "\($0) failed", "\($0) p99"] }
        var table = [["TIME"] + columns]
        let interval = max(step, .seconds(5))
        var time = SimulationTime.zero
        while time < .zero + trial.recording.duration {
            let end = time + interval
            var row = [Figures.clock(time)]
            row += needs.measurements.map { trial.recording.signals[$0]?.value(at: time).map(Figures.plain) ?? "-" }
            for stream in needs.streams {
                let level = trial.recording.level(stream, CriterionWindow(from: time - .zero, to: end - .zero))
                row.append("\(level.outcomes.total)")
                row.append("\(level.outcomes.failed)")
                row.append(level.latency.count == 0 ? "-" : Figures.time(level.latency.quantile(0.99).seconds))
            }
            table.append(row)
            time = end
        }
        let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
        return lines + [""]
            + table.map { row in
                row.enumerated().map { $1 + String(repeating: " ", count: max(0, widths[$0] - $1.count) + 2) }.joined()
                    .trimmingTrailingSpaces
            }
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
