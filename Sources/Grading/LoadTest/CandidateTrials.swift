import Foundation
import Lab
import Simulation

/// A learner's load test must tell the sound sets of manifests (``ManifestSet``) from the defective ones.
public struct CandidatesDescription: Sendable, Decodable {
    /// The hand-in file with the load test.
    public var test: String
    /// The source of traffic in the scenario that sends its load.
    public var source: String

    enum CodingKeys: String, CodingKey, CaseIterable { case test, source }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        test = try container.decode(String.self, forKey: .test)
        source = try container.decode(String.self, forKey: .source)
    }
}

extension Trial {
    /// Runs a load test against every candidate of an exercise; the recording says which of them passed.
    static func runCandidates(
        _ description: CandidatesDescription, _ exercise: Exercise, _ submission: Submission, seed: UInt64,
        isOver: () -> Bool
    ) -> Trial {
        var recording = TrialRecording(
            duration: exercise.content.trial.duration, startOfDay: exercise.scenario.scenario.startOfDay)
        guard let file = submission.files.first(where: { $0.name == description.test }) else {
            return Trial(end: .stopped("\(description.test) is missing"), recording: recording)
        }
        let test: LoadTest
        let rules: [CriterionExpression]
        do { (test, rules) = try LoadTest.read(file.text, file: file.name, for: exercise) } catch {
            let failure = error as? ConfigurationError ?? ConfigurationError(file: file.name, message: "\(error)")
            return Trial(end: .refused([failure]), recording: recording)
        }
        let scenario = test.applied(to: exercise.scenario.scenario, source: description.source)
        var digest = SHA256()
        for candidate in exercise.sets {
            let (trial, requests) = run(
                candidate, scenario, test, rules, exercise, source: description.source, seed: seed,
                used: recording.events, isOver)
            recording.events += trial.recording.events
            digest.update(trial.recording.digest.utf8)
            guard trial.end == .completed else { return Trial(end: trial.end, recording: recording) }
            let passes = rules.allSatisfy { $0.evaluate([trial.recording]).holds }
            let values = [
                ("passed", passes ? 1 : 0), ("requests", requests), ("minutes", test.duration.seconds / 60),
            ]
            for (field, value) in values {
                var series = StepSeries()
                series.note(value, at: .zero)
                recording.signals["candidate/\(candidate.name).\(field)"] = series
            }
        }
        recording.digest = String(SHA256.hexadecimal(of: digest.finish()).prefix(16))
        return Trial(end: .completed, recording: recording)
    }

    /// One set of manifests under the test's load.
    private static func run(
        _ candidate: ManifestSet, _ scenario: Scenario, _ test: LoadTest, _ rules: [CriterionExpression],
        _ exercise: Exercise, source: String, seed: UInt64, used: UInt64, _ isOver: () -> Bool
    ) -> (trial: Trial, requests: Double) {
        let content = exercise.content.trial
        var staging = exercise.scenario
        staging.scenario = scenario
        staging.manifests += candidate.files.map { (name: $0.name, text: $0.text) }
        let setting = TrialSetting(
            scenario: staging, needs: CriterionNeeds(rules), inputs: [], duration: test.duration,
            events: content.events - min(content.events, used))
        var world: World
        do { world = try staging.world(seed: seed) } catch {
            let nothing = TrialRecording(duration: test.duration, startOfDay: setting.startOfDay)
            return (Trial(end: .stopped("staging cannot begin with \(candidate.name): \(error)"), recording: nothing), 0)
        }
        var trial = run(&world, in: setting, isOver: isOver)
        if case .stopped(let why) = trial.end {
            trial.end = .stopped(
                "with \(candidate.name), \(why) (all sets together have a budget of \(content.events) events)")
        }
        return (trial, Double(world.workloads.traffic(named: source)?.total.attempts ?? 0))
    }
}
