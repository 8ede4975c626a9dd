import Foundation
import Lab
import Simulation

extension Exercise {
    /// What an author should look at, each as a sentence with file and line; empty if nothing is suspicious.
    public func lint() -> [ConfigurationError] {
        var findings: [ConfigurationError] = []
        func find(_ path: String, _ message: String) { findings.append(source.error(path, message)) }

        if maximumPoints != 100 { find("criteria", "the points sum up to \(maximumPoints), not 100") }
        let window = scenario.scenario.workloads.accounting.window
        for (index, expression) in expressions.enumerated() {
            let path = "criteria[\(index)].expect"
            let needs = CriterionNeeds([expression])
            for name in needs.references where references[name] == nil {
                find(path, "the reference \"\(name)\" is not stored; run 'kubelab author calibrate'")
            }
            for bound in needs.windows.flatMap({ [$0.from, $0.to] }).compactMap({ $0 }) where !needs.streams.isEmpty {
                if bound.nanoseconds % max(1, window.nanoseconds) != 0 {
                    find(
                        path,
                        "\(Figures.time(bound.seconds)) is not a multiple of the accounting window of \(Figures.time(window.seconds)); requests are counted by whole windows"
                    )
                }
            }
            for span in needs.windows where (span.from ?? .zero) >= content.trial.duration {
                find(path, "the window begins when the trial is over, so the criterion sees nothing")
            }
            if needs.streams.isEmpty, needs.measurements.isEmpty, !needs.events, !needs.facts {
                find(path, "the criterion looks at nothing that happens in a trial")
            }
        }
        if content.hints.count != 3 {
            find(
                "hints",
                "an exercise has three hints: where to look, a command, what to read; this one has \(content.hints.count)"
            )
        }
        // A hint or a situation that names the field of the answer gives it away.
        let secrets = content.criteria.compactMap(\.field).flatMap { FieldStep.steps($0.path) }.compactMap {
            step -> String? in
            if case .member(let name) = step, !["spec", "template", "containers", "metadata", "metrics"].contains(name)
            {
                name
            } else {
                nil
            }
        }
        for name in Set(secrets + changedFields()).sorted() {
            for (index, hint) in content.hints.enumerated() where Self.mentions(hint, name) {
                find("hints[\(index)]", "the hint names the field \(name), which is the answer")
            }
            if Self.mentions(content.situation, name) {
                find("situation", "the situation names the field \(name); it should tell symptoms only")
            }
        }
        if content.debrief.isEmpty { find("", "there is no debrief") }
        for (index, wrong) in content.wrong.enumerated()
        where !FileManager.default.fileExists(atPath: folder + "/wrong/" + wrong.name) {
            find("wrong[\(index)].name", "there is no folder wrong/\(wrong.name)")
        }
        for name in answers(in: "wrong") where !content.wrong.contains(where: { $0.name == name }) {
            find("wrong", "wrong/\(name) is not described, so nobody knows what it stands for")
        }
        let panel = answers(in: "panel").count
        if panel < 4 {
            find("", "a panel of at least four orthodox answers belongs to an exercise; panel/ has \(panel)")
        }
        findings += lintNames() + lintFaults() + lintAccepted()
        for (index, criterion) in content.criteria.enumerated()
        where !content.wrong.contains(where: { $0.criterion == criterion.id }) {
            find("criteria[\(index)]", "no wrong answer is caught by \(criterion.id); is it ever decisive?")
        }
        return findings
    }

    /// Whether a text has a word, whatever its case.
    private static func mentions(_ text: String, _ word: String) -> Bool {
        text.lowercased().split { !($0.isLetter || $0.isNumber) }.contains { $0 == word.lowercased() }
    }
}
