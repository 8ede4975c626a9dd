import Foundation
import Lab
import Simulation

/// Sets of manifests that belong to the exercise: a learner's load test must tell the sound ones from the others.
public struct CandidatesDescription: Sendable, Decodable {
    /// The hand-in file with the load test.
    public var test: String
    /// The source of traffic in the scenario that sends its load.
    public var source: String
    /// Folders below `candidates/`, each with the manifests of one set.
    public var sound: [String]
    public var defective: [String]

    enum CodingKeys: String, CodingKey, CaseIterable { case test, source, sound, defective }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.strict(CodingKeys.self)
        test = try container.decode(String.self, forKey: .test)
        source = try container.decode(String.self, forKey: .source)
        sound = try container.decode([String].self, forKey: .sound)
        defective = try container.decode([String].self, forKey: .defective)
        let names = sound + defective
        try container.require(
            !names.isEmpty && names.count <= 50 && Set(names).count == names.count, .sound,
            "between 1 and 50 sets, each once")
        try container.require(
            names.allSatisfy { !$0.isEmpty && !$0.contains("/") && !$0.hasPrefix(".") }, .sound,
            "sets are names of folders below candidates/")
    }
}

/// One set of manifests of an exercise.
public struct Candidate: Sendable {
    public var name: String
    public var manifests: [(name: String, text: String)]

    /// Reads all sets of an exercise, in the order in which they are named.
    static func read(_ folder: String, _ description: CandidatesDescription) throws -> [Candidate] {
        try (description.sound + description.defective).map { name in
            let path = folder + "/candidates/" + name
            let files = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
                .filter { $0.hasSuffix(".yaml") }
                .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            guard !files.isEmpty else {
                throw ConfigurationError(file: path, message: "holds no manifests (*.yaml) of the candidate \(name)")
            }
            return Candidate(
                name: name, manifests: try files.map { ($0, try ScenarioFile.readText(path + "/" + $0)) })
        }
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
        for candidate in exercise.candidates {
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
        _ candidate: Candidate, _ scenario: Scenario, _ test: LoadTest, _ rules: [CriterionExpression],
        _ exercise: Exercise, seed: UInt64, used: UInt64, _ isOver: () -> Bool
    ) -> CandidateRun {
        var recorder = TrialRecorder(
            needs: CriterionNeeds(rules), scenario: scenario, duration: test.duration,
            startOfDay: exercise.scenario.scenario.startOfDay)
        func ended(_ end: End) -> CandidateRun { CandidateRun(end: end, recording: recorder.recording, requests: 0) }
        var world: World
        do {
            world = try World(
                scenario: scenario, seed: seed, manifests: exercise.scenario.manifests + candidate.manifests)
        } catch { return ended(.stopped("staging cannot begin with \(candidate.name): \(error)")) }
        let budget = exercise.content.trial.events - min(exercise.content.trial.events, used)
        let finish = SimulationTime.zero + test.duration
        var time = SimulationTime.zero
        var looked = 0
        while true {
            recorder.noteInstant(world)
            guard time < finish else { break }
            let next = min(finish, time + recorder.interval)
            do {
                let stopped = try world.advance(to: next, budget: budget - min(budget, world.counts.total)) { world in
                    recorder.noteEvent(world)
                    looked &+= 1
                    return looked & 0xfff == 0 && isOver()
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
