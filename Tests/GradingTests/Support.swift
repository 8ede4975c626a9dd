import Foundation
import Lab
import Simulation
import Testing
import Workloads

@testable import Grading

typealias Duration = Simulation.Duration

/// The repository's root, from this file's place in it.
let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

let scaleOnCPU = repository + "/labs/4-autoscaling/4.3-scale-on-cpu"

/// A trial that was never run: signals and requests as a test states them.
func recording(
    minutes: Int64 = 10, signals: [String: [(at: Double, value: Double?)]] = [:],
    requests: [(at: Int64, latencies: [Double], failures: [Outcome: Int64])] = [],
    events: [TrialRecording.Occurrence] = []
) -> TrialRecording {
    var recording = TrialRecording(duration: .minutes(minutes), startOfDay: 9 * 3_600)
    for (name, steps) in signals {
        var series = StepSeries()
        for step in steps { series.note(step.value, at: .zero + Duration(seconds: step.at)) }
        recording.signals[name] = series
    }
    recording.levels["traffic/users"] = requests.map { at, latencies, failures in
        var window = LevelWindow(start: .zero + .seconds(at))
        for latency in latencies { window.latency.record(Duration(seconds: latency)) }
        window.outcomes[.ok] = Int64(latencies.count)
        for (outcome, count) in failures { window.outcomes[outcome] = count }
        return window
    }
    recording.occurrences = events
    return recording
}

func criterion(_ text: String) throws -> CriterionExpression {
    try CriterionExpression(parsing: text, namespace: "shop")
}

/// The verdict of an expression on some trials.
func judged(_ text: String, _ trials: TrialRecording..., references: [String: Double] = [:]) throws -> CriterionOutcome
{
    try criterion(text).evaluate(trials, references: references)
}

/// A folder for one test, removed when it ends.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "kubelab-grading-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }

    func write(_ name: String, _ data: Data) throws {
        let file = path + "/" + name
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try data.write(to: URL(fileURLWithPath: file))
    }
}
