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
            let run = run(candidate, scenario, test, rules, exercise, seed: seed, used: recording.events, isOver)
            recording.events += run.recording.events
            digest.update(run.recording.digest.utf8)
            guard run.end == .completed else { return Trial(end: run.end, recording: recording) }
            let passes = rules.allSatisfy { $0.evaluate([run.recording]).holds }
            let values = [
                ("passed", passes ? 1 : 0), ("requests", run.requests), ("minutes", test.duration.seconds / 60),
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

    private struct CandidateRun {
        var end: End
        var recording: TrialRecording
        /// Requests that the load test sent.
        var requests: Double
    }

    private static func run(
        _ candidate: ManifestSet, _ scenario: Scenario, _ test: LoadTest, _ rules: [CriterionExpression],
        _ exercise: Exercise, seed: UInt64, used: UInt64, _ isOver: () -> Bool
    ) -> CandidateRun {
        var recorder = TrialRecorder(
            needs: CriterionNeeds(rules), scenario: scenario, duration: test.duration,
            startOfDay: exercise.scenario.scenario.startOfDay)
        func ended(_ end: End) -> CandidateRun { CandidateRun(end: end, recording: recorder.recording, requests: 0) }
        var world: World
        do {
            world = try World(
                scenario: scenario, seed: seed,
                manifests: exercise.scenario.manifests + candidate.files.map { (name: $0.name, text: $0.text) })
        } catch { return ended(.stopped("staging cannot begin with \(candidate.name): \(error)")) }
        let budget = exercise.content.trial.events - min(exercise.content.trial.events, used)
        let finish = SimulationTime.zero + test.duration
        var time = SimulationTime.zero
        while true {
            recorder.noteInstant(world)
            guard time < finish else { break }
            let next = min(finish, time + recorder.interval)
            do {
                let rest = budget - min(budget, world.counts.total)
                let stopped = try world.advance(to: next, budget: rest, watching: recorder.kinds) { world in
                    recorder.noteEvent(world)
                    return isOver()
                }
                if stopped { return ended(.stopped("there was no time left for it")) }
            } catch {
                return ended(
                    .stopped(
                        "the load test makes staging busier than its budget of \(exercise.content.trial.events) events for all sets allows"
                    ))
            }
            time = next
        }
        recorder.takeLevels(world, all: true)
        recorder.recording.digest = world.digest.value.description
        recorder.recording.events = world.counts.total
        let sent = exercise.content.trial.candidates.flatMap { world.workloads.traffic(named: $0.source) }
        return CandidateRun(
            end: .completed, recording: recorder.recording, requests: Double(sent?.total.attempts ?? 0))
    }
}
