import Foundation
import Lab
import Simulation

/// A claim of the chapter that is put to the test: many worlds, one question, an answer with its uncertainty.
public enum Experiment: String, Sendable, CaseIterable {
    case neverDrop = "never-drop"
    case autoscalingSavings = "autoscaling-savings"
    case mttr

    /// The sentence under test, as the chapter has it.
    public var claim: String {
        switch self {
        case .neverDrop: "Auto-scaling ensures you never drop requests."
        case .autoscalingSavings: "Auto-scaling and right-sizing save 40 to 60% of what capacity for the peak costs."
        case .mttr:
            "Observability brings the mean time to recovery from 4 to 8 hours down to 15 to 30 minutes, 5 to 10 times."
        }
    }

    /// How many seeds (for `mttr`: incidents) a run has, in full and for a quick look.
    public func seeds(quick: Bool) -> Int {
        switch self {
        case .neverDrop: quick ? 3 : 10
        case .autoscalingSavings: quick ? 2 : 10
        case .mttr: quick ? 16 : 200
        }
    }

    /// Runs it.
    /// - Throws: `ConfigurationError` if a scenario of the experiment cannot be read or begun.
    public func run(_ settings: ExperimentSettings) throws -> ExperimentReport {
        switch self {
        case .neverDrop: try NeverDrop(settings).report()
        case .autoscalingSavings: try AutoscalingSavings(settings).report()
        case .mttr: try RecoveryExperiment(settings).report()
        }
    }
}

/// How an experiment is to be run.
public struct ExperimentSettings: Sendable {
    /// Seeds, or incidents; nil for the experiment's own number.
    public var seeds: Int?
    /// Fewer settings and seeds, for a look within a minute or so.
    public var quick: Bool
    /// Threads; nil for one a core. The result does not depend on it.
    public var workers: Int?
    /// The folder with the experiments' scenarios.
    public var folder: String
    /// Asked before each run whether it is to stop.
    public var isOver: @Sendable () -> Bool
    /// Told how many runs of how many are done.
    public var progress: @Sendable (String, Int, Int) -> Void

    public init(
        folder: String, seeds: Int? = nil, quick: Bool = false, workers: Int? = nil,
        isOver: @escaping @Sendable () -> Bool = { false },
        progress: @escaping @Sendable (String, Int, Int) -> Void = { _, _, _ in }
    ) {
        self.folder = folder
        self.seeds = seeds
        self.quick = quick
        self.workers = workers
        self.isOver = isOver
        self.progress = progress
    }

    /// The seeds of a purpose, all different; those of calibration and those that are reported never meet.
    func seeds(_ experiment: Experiment, _ purpose: String, count: Int) -> [UInt64] {
        var random = RandomStream(seed: 6, name: "experiment/\(experiment.rawValue)/\(purpose)")
        return (0..<count).map { _ in random.next() >> 1 }
    }

    /// Runs a body for each of a number of jobs, on the cores.
    /// - Returns: what each came to, in order; nil for those that were not begun because it was to stop.
    func each<Result: Sendable>(_ stage: String, _ count: Int, _ body: @Sendable (Int) -> Result) -> [Result?] {
        let (isOver, progress) = (isOver, progress)
        return Verifier.parallel(count, width: workers, progress: { progress(stage, $0, $1) }) { index -> Result? in
            isOver() ? nil : body(index)
        }
    }

    /// A scenario of the experiments, with values for the places `${name:-standard}` in it and its manifests.
    /// - Throws: `ConfigurationError`.
    func scenario(_ name: String, _ values: [String: String] = [:]) throws -> ScenarioFile {
        try ScenarioFile.read(folder + "/" + name) { text, _ in
            var text = text
            for (name, value) in values.sorted(by: { $0.key < $1.key }) {
                while let start = text.firstRange(of: "${\(name):-"),
                    let end = text[start.upperBound...].firstIndex(of: "}")
                {
                    text.replaceSubrange(start.lowerBound...end, with: value)
                }
            }
            return ScenarioFile.standardText(text)
        }
    }
}
