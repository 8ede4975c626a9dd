import Kubectl
import KubernetesAPI
import Lab
import Simulation

/// A trial as a lab, so that every command that explains a lab explains a grade.
public enum TrialLab {
    /// The name of its file, beside the learner's own lab.
    public static let fileName = "trial.kubelab"
    /// Who sends a trial's inputs; a lab with inputs of anybody else is not only a trial.
    public static let author = "grader"

    /// What came about.
    public struct Outcome {
        public var session: LabSession
        /// Inputs of the trial that come after the moment.
        public var coming: [TrialInput]
    }

    /// Lives through a trial up to a moment, in a new file.
    /// - Parameters:
    ///   - path: of the file, which must not exist.
    ///   - seed: a visible seed.
    ///   - moment: where the lab's present is to be.
    ///   - progress: told how far it is.
    /// - Throws: `LabStoreError`, `ConfigurationError` if the hand-in is refused, `RunError`.
    public static func create(
        _ path: String, _ exercise: Exercise, _ submission: Submission, seed: UInt64, until moment: SimulationTime,
        student: String = "", progress: (SimulationTime) -> Void = { _ in }
    ) throws -> Outcome {
        // What a hand-in adds to the world beside manifests: bounds of histograms, rules.
        let telemetry = exercise.content.telemetry
        var scenario = exercise.scenario
        if let bounds = telemetry?.indicators?.asked(submission) {
            scenario = scenario.setting("buckets", .array(bounds.map { .number($0) }), file: exercise.id)
        }
        let rules = telemetry?.rules.flatMap { duty in submission.files.first { $0.name == duty.file }?.text }
        if let rules, scenario.scenario.monitoring?.rules.isEmpty == true {
            scenario = scenario.setting("rules", .string(rules), file: exercise.id)
        }
        var session = try LabSession.create(
            path, scenario: scenario, seed: seed, exercise: exercise.id, student: student)
        session.author = author
        var coming = exercise.content.trial.inputs.sorted { $0.at < $1.at }[...]
        while true {
            while let input = coming.first, .zero + input.at <= session.now {
                coming.removeFirst()
                guard let file = submission.files.first(where: { $0.name == input.apply }) else { continue }
                let applied = session.apply(file.text, file: file.name)
                if let failure = applied.first { throw failure }
            }
            guard session.now < moment else { break }
            let next = min(moment, coming.first.map { .zero + $0.at } ?? moment)
            _ = try session.advance(to: next, budget: exercise.content.trial.events) { world in
                progress(world.now)
                return .goOn
            }
        }
        try session.commit()
        return Outcome(session: session, coming: Array(coming))
    }

    /// Whether a lab holds nothing but a trial, so that it can be made again at any time.
    public static func isTrial(_ session: LabSession) throws -> Bool {
        let inputs = try session.inputs()
        return !session.header.exercise.isEmpty && !inputs.isEmpty
            && inputs.allSatisfy { $0.author == author || $0.action == .advance }
    }
}

extension LabSession {
    /// Applies a manifest as a trial does.
    /// - Returns: what the API server or kubectl refused.
    mutating func apply(_ text: String, file: String) -> [ConfigurationError] {
        // Refused, and so no input, where the namespace is there already.
        _ = respond(
            to: APIRequest(
                .create, Namespace.resource,
                body: .object(["metadata": .object(["name": .string(scenario.scenario.namespace)])])))
        let command = ApplyCommand(
            files: [ManifestFile(name: file, bytes: Array(text.utf8))], namespace: scenario.scenario.namespace)
        let (results, errors) = AddedKinds.$current.withValue(scenario.scenario.addedKinds) { command.apply(on: &self) }
        return errors.map { ConfigurationError(file: $0.file, line: $0.line, message: $0.message) }
            + results.compactMap { result in
                result.failure.map {
                    ConfigurationError(file: result.object.file, line: result.object.line, message: $0.message)
                }
            }
    }
}

extension ScenarioFile {
    /// The same with another value in its `monitoring`, in its text as well, so that a lab of it has that when it is opened
    /// again; unchanged where the scenario has no monitoring or could not be read so.
    fileprivate func setting(_ field: String, _ value: JSONValue, file: String) -> ScenarioFile {
        guard scenario.monitoring != nil, let document = (try? YAMLReader.documents(text))?.first?.value else {
            return self
        }
        var changed = self
        let whole = document.setting([.member("monitoring"), .member(field)], to: value)
        changed.text = String(decoding: whole.compactBytes, as: UTF8.self)
        guard let scenario = try? ScenarioFile.parse(changed.text, file: file) else { return self }
        changed.scenario = scenario
        return changed
    }
}
