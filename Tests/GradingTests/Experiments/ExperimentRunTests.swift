import Foundation
import Lab
import Simulation
import Synchronization
import Testing

@testable import Grading

/// What holds for every experiment: the same bytes with any number of workers, a clean end when it is to stop, and
/// arguments that are refused. In small settings.
@Suite struct ExperimentRunTests {
    private func settings(_ workers: Int, stopAfter jobs: Int = .max) -> ExperimentSettings {
        let asked = Asked()
        return ExperimentSettings(
            folder: repository + "/labs/experiments", seeds: 2, quick: true, workers: workers,
            isOver: { asked.next() > jobs })
    }

    /// How often it was asked whether it is to stop.
    private final class Asked: Sendable {
        private let count = Mutex(0)
        func next() -> Int {
            count.withLock {
                $0 += 1
                return $0
            }
        }
    }

    private func json(_ report: ExperimentReport) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }

    private func smallNeverDrop(_ settings: ExperimentSettings) -> NeverDrop {
        var experiment = NeverDrop(settings)
        (experiment.rises, experiment.startups, experiment.targets) = ([10], [5], [50])
        experiment.changes = [experiment.changes[1]]
        return experiment
    }

    @Test func neverDropDoesNotDependOnWorkers() throws {
        let one = try smallNeverDrop(settings(1)).report()
        #expect(one.isComplete && one.runs == 6 && one.dependences.count == 1)
        #expect(one.tables[0].rows.count == 1)
        #expect(try json(one) == json(smallNeverDrop(settings(2)).report()))
    }

    /// What was run is counted; what needs the rest is left out.
    @Test func aStoppedNeverDropSaysWhatItHas() throws {
        let report = try smallNeverDrop(settings(1, stopAfter: 2)).report()
        #expect(report.runs == 2 && report.plannedRuns == 6 && !report.isComplete)
        #expect(report.tables[0].rows.count == 1, "both seeds of the first setting were run")
        #expect(report.dependences.isEmpty)
        #expect(try json(report).contains("\"isComplete\":false"))
    }

    /// Stopped before anything was run, each says so and claims nothing.
    @Test(arguments: Experiment.allCases, [1, 2]) func nothingRunIsNothingFound(
        experiment: Experiment, workers: Int
    ) throws {
        let report = try experiment.run(settings(workers, stopAfter: 0))
        #expect(report.runs == 0 && report.plannedRuns > 0 && !report.isComplete)
        #expect(report.findings.isEmpty && report.dependences.isEmpty)
        #expect(!report.method.isEmpty && report.claim == experiment.claim)
        #expect(report.tables.allSatisfy { $0.rows.isEmpty })
    }

    @Test(arguments: Experiment.allCases) func aMissingScenarioIsSaid(experiment: Experiment) throws {
        let settings = ExperimentSettings(folder: repository + "/labs/nowhere", seeds: 1, quick: true)
        let error = #expect(throws: (any Error).self) { try experiment.run(settings) }
        #expect("\(try #require(error))".contains("nowhere"))
    }

    @Test(
        .enabled(if: Program.any != nil, "no kubelab binary of these sources was built"),
        arguments: [
            ["nothing"], ["mtr"], ["mttr", "--seeds", "0"], ["mttr", "--seeds", "10001"],
            ["never-drop", "--workers", "0"], ["autoscaling-savings", "--workers", "257"], ["--quick"],
        ]) func badArgumentsAreRefused(arguments: [String]) throws
    {
        let program = try #require(Program.any)
        let (status, output) = try Program.run(program, ["experiment"] + arguments)
        #expect(status == 2 && output.isEmpty, "\(arguments)")
    }

    /// Takes minutes, so only when asked for: `KUBELAB_EXPERIMENTS=1`.
    @Test(
        .enabled(if: ProcessInfo.processInfo.environment["KUBELAB_EXPERIMENTS"] != nil && Program.release != nil))
    func autoscalingSavingsDoesNotDependOnWorkers() throws {
        let program = try #require(Program.release)
        let outputs = try ["1", "2"].map {
            try Program.run(
                program,
                ["experiment", "autoscaling-savings", "--quick", "--seeds", "1", "-o", "json", "--workers", $0])
        }
        #expect(outputs[0].status == 0 && outputs[0].output.contains("\"findings\""))
        #expect(outputs[0].output == outputs[1].output)
    }
}
