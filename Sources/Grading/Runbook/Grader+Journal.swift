import Lab

extension Grader {
    /// Says of a failed criterion which incident it was and, minute by minute, what the runbook saw and did in it. The
    /// trial as a lab of its own would show a world without an incident, so those commands go.
    func tellJournal(
        _ check: inout Check, _ expression: CriterionExpression, of recording: TrialRecording?, seed: UInt64?
    ) {
        check.commands = []
        guard let recording, let seed else { return }
        let names = CriterionNeeds([expression]).measurements.compactMap { text -> String? in
            guard
                case .incident(let name)? = try? Measurement(
                    parsing: text, namespace: exercise.scenario.scenario.namespace
                ).subject
            else { return nil }
            return name
        }
        // One incident of several decides; of a number over all of them none does.
        let decisive = names.filter { check.seen.contains("incident/\($0).") }
        var told: [String] = []
        for name in decisive.isEmpty ? names : decisive where !told.contains(name) {
            told.append(name)
            guard let journal = recording.journals[name] else { continue }
            check.causes += ["the incident \(name), seed \(seed):"] + journal.map { "  " + $0 }
        }
    }
}
