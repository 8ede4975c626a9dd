import Simulation

extension Exercise {
    /// What a learner is told: the situation, what is asked, how it is tried, and every criterion exactly as it is
    /// judged. Never the cause, never the field to edit.
    public var brief: [String] {
        var lines = Self.lines(content.situation)
        if !content.task.isEmpty { lines += [""] + Self.lines(content.task) }
        lines += ["", "Hand in: " + content.handIn.map { $0.optional ? "\($0.file) (if you like)" : $0.file }.joined(separator: ", ")]
        let trial = content.trial
        lines.append("The trial takes \(Figures.clock(trial.duration.seconds)) of simulated time:")
        for input in trial.inputs.sorted(by: { $0.at < $1.at }) {
            lines.append("  \(Figures.clock(input.at.seconds))  \(input.note.isEmpty ? "kubectl apply -f \(input.apply)" : "\(input.note) (\(input.apply))")")
        }
        lines.append("'kubelab check' tries it on what you can look at, 'kubelab grade' on \(trial.hiddenSeeds) further days.")
        lines += ["", "Judged by (\(maximumPoints) points, about \(content.minutes) minutes):"]
        for criterion in content.criteria {
            lines.append("  \(criterion.title)  \(criterion.points)")
            for line in criterion.expect.split(whereSeparator: \.isNewline) { lines.append("      \(line)") }
        }
        if !references.isEmpty {
            let known = references.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            lines.append("  where " + known.map { "reference(\($0.key)) is \(Figures.plain($0.value))" }.joined(separator: ", "))
        }
        return lines
    }

    private static func lines(_ text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        while lines.last?.isEmpty ?? false { lines.removeLast() }
        return lines
    }
}
