import Lab
import Simulation
import Workloads

/// What a set of manifests does under the load of a specification.
public struct SpecificationCheck: Sendable {
    /// One promise, judged.
    public struct Finding: Sendable {
        public var name: String
        /// Where the promise stands, `file:line`.
        public var place: String
        public var outcome: CriterionOutcome
    }

    public var findings: [Finding]
    /// Why the manifests could not be tried; empty if they could.
    public var unusable: [ConfigurationError]

    /// Whether everything holds.
    public var isAccepted: Bool { unusable.isEmpty && findings.allSatisfy(\.outcome.holds) }
}

extension ProductionSpecification {
    /// Tries manifests under the stated load and disruptions.
    /// - Parameters:
    ///   - files: applied in order at the beginning.
    ///   - scenario: the world they run in; its load and faults are replaced by those of the specification.
    ///   - seeds: one trial each.
    ///   - events: most events of a trial.
    ///   - isOver: asked now and then whether there is no time left.
    public func check(
        _ files: [Submission.File], in scenario: ScenarioFile, seeds: [UInt64], events: UInt64 = 20_000_000,
        isOver: () -> Bool = { false }
    ) -> SpecificationCheck {
        let missing = missing(in: files, namespace: scenario.scenario.namespace)
        guard missing.isEmpty else { return SpecificationCheck(findings: [], unusable: missing) }
        let setting = setting(files, scenario, events: events)
        var recordings: [TrialRecording] = []
        for seed in seeds {
            let trial = Trial.run(setting, files, seed: seed, isOver: isOver)
            switch trial.end {
            case .completed: recordings.append(trial.recording)
            case .refused(let failures): return SpecificationCheck(findings: [], unusable: failures)
            case .stopped(let why):
                return SpecificationCheck(findings: [], unusable: [ConfigurationError(file: name, message: why)])
            }
        }
        let findings = promises.compactMap { promise -> SpecificationCheck.Finding? in
            let outcomes = promise.expressions.map { $0.evaluate(recordings) }
            guard let worst = outcomes.min(by: { ($0.fraction, $0.slack ?? 0) < ($1.fraction, $1.slack ?? 0) }) else {
                return nil
            }
            return SpecificationCheck.Finding(
                name: promise.name, place: "\(source.file):\(source.document.line(of: promise.path))", outcome: worst)
        }
        return SpecificationCheck(findings: findings, unusable: [])
    }

    private func setting(_ files: [Submission.File], _ scenario: ScenarioFile, events: UInt64) -> TrialSetting {
        var world = scenario
        world.scenario.faults = content.disruptions
        for load in content.load {
            guard let index = world.scenario.workloads.traffic.firstIndex(where: { $0.name == load.traffic }) else {
                continue
            }
            let top = load.at + load.rise
            world.scenario.workloads.traffic[index].rate = [
                .init(at: .zero, rate: load.usual), .init(at: load.at, rate: load.usual),
                .init(at: top, rate: load.peak), .init(at: top + load.hold, rate: load.peak),
                .init(at: top + load.hold + load.rise, rate: load.usual),
            ]
            world.scenario.workloads.traffic[index].bursts = []
            world.scenario.workloads.traffic[index].period = nil
        }
        return TrialSetting(
            scenario: world, needs: CriterionNeeds(promises.flatMap(\.expressions)),
            inputs: files.map { (at: .zero, file: $0.name) }, duration: content.rehearsal.duration, events: events)
    }
}
