import Lab
import Simulation

extension Criterion {
    /// What `kubelab why` is asked about when the criterion fails: what the exercise names, else what its graphs show.
    var subjects: [String] {
        guard why.isEmpty else { return why }
        let shown = graph.compactMap { measurement in measurement.lastIndex(of: ".").map { String(measurement[..<$0]) }
        }
        var found: [String] = []
        // What decides comes before what suffers from it.
        for kind in ["hpa/", "deployment/", "pod/", "node/", "traffic/"] {
            for subject in shown where subject.hasPrefix(kind) && !found.contains(subject) { found.append(subject) }
        }
        return Array(found.prefix(2))
    }
}

extension Exercise {
    /// Sentences a subject.
    private static let longestChain = 12

    /// How it came about: what `why` says about the criterion's subjects at a moment of a trial, which is lived through
    /// again for it. Empty where nothing can be said.
    func causes(_ criterion: Criterion, _ submission: Submission, seed: UInt64, at moment: SimulationTime) -> [String] {
        criterion.subjects.flatMap { text -> [String] in
            guard let subject = try? WhySubject(parsing: text, namespace: scenario.scenario.namespace),
                let replay = try? TrialReplay(self, submission, seed: seed),
                let explanation = try? Why.explain(subject, in: replay, at: moment), !explanation.lines.isEmpty
            else { return [] }
            let lines = explanation.text.map { Sanitised.text($0, limit: 300) }
            let shown = lines.prefix(Self.longestChain)
            let rest = lines.count - shown.count
            return ["\(text) at \(Figures.clock(moment)):"] + shown.map { "  " + $0 }
                + (rest > 0 ? ["  (\(rest) more; 'kubelab why' shows them)"] : [])
        }
    }
}
