import Simulation

extension Exercise {
    /// What a learner is told: the situation, what is asked, how it is tried, and every criterion exactly as it is
    /// judged. Never the cause, never the field to edit.
    /// - Parameter width: columns of the terminal.
    public func brief(width: Int = 80) -> [String] {
        var lines = Reflow.lines(content.situation, width: width)
        if !content.task.isEmpty { lines += [""] + Reflow.lines(content.task, width: width) }
        func add(_ text: String, indent: Int = 0, more: Int = 2) {
            lines += Reflow.hanging(text, width: width, indent: indent, more: more)
        }
        lines.append("")
        add(
            "Hand in: "
                + content.handIn.map { $0.optional ? "\($0.file) (if you like)" : $0.file }.joined(separator: ", "))
        let trial = content.trial
        lines.append("The trial takes \(Figures.clock(trial.duration.seconds)) of simulated time:")
        for input in trial.inputs.sorted(by: { $0.at < $1.at }) {
            let what = input.note.isEmpty ? "kubectl apply -f \(input.apply)" : "\(input.note) (\(input.apply))"
            add("\(Figures.clock(input.at.seconds))  \(what)", indent: 2)
        }
        add("'kubelab check' tries it on what you can look at, 'kubelab grade' on \(trial.hiddenSeeds) further days.")
        lines += ["", "Judged by (\(maximumPoints) points, about \(content.minutes) minutes):"]
        for criterion in content.criteria {
            add("\(criterion.title)  \(criterion.points)", indent: 2, more: 4)
            for line in criterion.expect.split(whereSeparator: \.isNewline) { add(String(line), indent: 6) }
        }
        if !references.isEmpty {
            let known = references.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            add(
                "where " + known.map { "reference(\($0.key)) is \(Figures.plain($0.value))" }.joined(separator: ", "),
                indent: 2)
        }
        return lines + predictionLines(width: width)
    }

    private func predictionLines(width: Int) -> [String] {
        guard let predictions = content.predictions else { return [] }
        let points = predictions.items.reduce(0) { $0 + $1.points }
        var lines = [""]
        lines += Reflow.hanging(
            "Predict first, if you like: \(predictions.file), a line 'id: number' each. What is right makes up for up to \(points) lost points.",
            width: width, indent: 0, more: 2)
        for (item, quantity) in zip(predictions.items, predicted) {
            let whose = item.truth == .timeline ? ", on the day you can look at" : ""
            lines += Reflow.hanging(
                "\(item.id): \(item.ask) (\(item.nearness(quantity.unit))\(whose))  \(item.points)", width: width,
                indent: 2,
                more: 4)
        }
        return lines
    }
}
