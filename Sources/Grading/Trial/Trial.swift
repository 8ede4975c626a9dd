import Foundation
import Lab
import Simulation

/// What a trial needs beside manifests and a seed.
struct TrialSetting: Sendable {
    var scenario: ScenarioFile
    var needs: CriterionNeeds
    /// When which file is applied.
    var inputs: [(at: Duration, file: String)]
    var duration: Duration
    /// Most events.
    var events: UInt64
    /// The simulated wall clock at the beginning, in seconds of the day.
    var startOfDay: Int64 { scenario.scenario.startOfDay }
}

/// One run of a submission in the world of an exercise, with one seed.
public struct Trial: Sendable {
    /// How a trial ended.
    public enum End: Sendable, Equatable {
        case completed
        /// The API server or kubectl refused a manifest; nothing can be said about the rest.
        case refused([ConfigurationError])
        /// The trial used up its budget of events or of time, or could not go on.
        case stopped(String)
    }

    public var end: End
    public var recording: TrialRecording

    /// Runs the trial.
    /// - Parameters:
    ///   - exercise: the world and what is asked.
    ///   - submission: what is applied; its rules have been checked.
    ///   - seed: the seed of the world.
    ///   - additional: measurements to record beside those of the criteria.
    ///   - duration: a shorter trial, for a quick look.
    ///   - isOver: asked now and then whether there is no time left.
    ///   - isDecided: shown every ten simulated minutes what was recorded so far, as if the trial ended there; once it
    ///     says so, the trial ends and is complete.
    public static func run(
        _ exercise: Exercise, _ submission: Submission, seed: UInt64, additional: [String] = [],
        duration: Duration? = nil,
        isOver: () -> Bool = { false }, isDecided: (TrialRecording) -> Bool = { _ in false }
    ) -> Trial {
        if let candidates = exercise.content.trial.candidates {
            return runCandidates(candidates, exercise, submission, seed: seed, isOver: isOver)
        }
        if let runbook = exercise.content.trial.runbook {
            return runRunbook(runbook, exercise, submission, seed: seed, isOver: isOver)
        }
        let length = min(exercise.content.trial.duration, duration ?? exercise.content.trial.duration)
        var needs = CriterionNeeds(exercise.expressions)
        for quantity in exercise.predicted { needs.add(quantity) }
        for measurement in additional { needs.add(measurement: measurement) }
        if let duty = exercise.content.telemetry {
            return runTelemetry(duty, exercise, submission, seed: seed, needs: needs, isOver: isOver)
        }
        let setting = TrialSetting(
            scenario: exercise.scenario, needs: needs,
            inputs: exercise.content.trial.inputs.map { (at: $0.at, file: $0.apply) }, duration: length,
            events: exercise.content.trial.events)
        var trial = run(setting, submission.files, seed: seed, isOver: isOver, isDecided: isDecided)
        if trial.end == .completed, needs.facts, trial.recording.duration == exercise.content.trial.duration {
            trial.recording.facts = exercise.specificationFacts(submission, seed: seed, isOver: isOver)
            if isOver() { trial.end = .stopped("there was no time left to try the specification") }
        }
        return trial
    }

    /// Runs files in a setting.
    static func run(
        _ setting: TrialSetting, _ files: [Submission.File], seed: UInt64, isOver: () -> Bool,
        isDecided: (TrialRecording) -> Bool = { _ in false }
    ) -> Trial {
        var world: World
        do { world = try setting.scenario.world(seed: seed) } catch {
            return Trial(
                end: .stopped("the scenario cannot begin: \(error)"),
                recording: TrialRecording(duration: setting.duration, startOfDay: setting.startOfDay))
        }
        return run(&world, in: setting, files, isOver: isOver, isDecided: isDecided)
    }

    /// Lets a world that has just begun live through a trial.
    static func run(
        _ world: inout World, in setting: TrialSetting, _ files: [Submission.File] = [], isOver: () -> Bool,
        isDecided: (TrialRecording) -> Bool = { _ in false }
    ) -> Trial {
        let length = setting.duration
        var recorder = TrialRecorder(
            needs: setting.needs, scenario: setting.scenario.scenario, duration: length, startOfDay: setting.startOfDay)
        // Files of one instant are applied in the order in which they are named.
        var inputs = setting.inputs.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
            .map(\.element)[...]
        var end = End.completed
        let budget = setting.events
        var time = SimulationTime.zero
        let finish = SimulationTime.zero + length
        trial: while true {
            while let input = inputs.first, .zero + input.at <= time {
                inputs.removeFirst()
                guard let file = files.first(where: { $0.name == input.file }) else { continue }
                let outcome = world.apply(file.text, file: file.name, author: "grader")
                guard outcome.failures.isEmpty else {
                    end = .refused(outcome.failures)
                    break trial
                }
            }
            recorder.noteInstant(world)
            if time.nanoseconds % 60_000_000_000 == 0 { recorder.takeLevels(world, all: false) }
            guard time < finish else { break }
            if time > .zero, time.nanoseconds % 600_000_000_000 == 0 {
                var soFar = recorder.recording
                soFar.duration = time - .zero
                if isDecided(soFar) {
                    recorder.recording.duration = time - .zero
                    break
                }
            }
            var next = min(finish, time + recorder.interval)
            if let input = inputs.first { next = min(next, .zero + input.at) }
            do {
                let rest = budget - min(budget, world.counts.total)
                let stopped = try world.advance(to: next, budget: rest, watching: recorder.kinds) { world in
                    recorder.noteEvent(world)
                    return isOver()
                }
                if stopped {
                    end = .stopped("there was no time left for it, at \(Figures.clock(world.now)) of the trial")
                    break
                }
            } catch {
                end = .stopped(Self.words(error, budget: budget))
                break
            }
            time = next
        }
        recorder.takeLevels(world, all: true)
        recorder.recording.digest = world.digest.value.description
        recorder.recording.events = world.counts.total
        return Trial(end: end, recording: recorder.recording)
    }

    private static func words(_ error: RunError, budget: UInt64) -> String {
        switch error {
        case .budgetExhausted(_, let time):
            "it made the cluster busier than any answer needs: the budget of \(budget) events was used up at \(Figures.clock(time))"
        case .livelock, .overcrowded: error.description
        }
    }
}

extension Scenario {
    /// The simulated wall clock at the beginning, in seconds of the day.
    var startOfDay: Int64 {
        // RFC 3339 has the time at a fixed place; the scenario's reader has checked it.
        let digits = Array(start.utf8)
        func two(_ place: Int) -> Int64 {
            guard digits.count > place + 1 else { return 0 }
            return Int64(digits[place]) * 10 + Int64(digits[place + 1]) - 528
        }
        return two(11) * 3_600 + two(14) * 60 + two(17)
    }
}
