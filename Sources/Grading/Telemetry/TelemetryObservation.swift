import Lab
import Monitoring
import PromQL
import Simulation
import Synchronization
import Workloads

/// What a world's observability stack has seen by the end of a trial, and the truth beside it.
struct TelemetryObservation: Sendable {
    /// What the criteria ask for beside facts.
    var recording: TrialRecording
    /// What Prometheus has stored.
    var store: TimeSeriesStore
    /// Milliseconds between evaluations of rules.
    var interval: Int64
    /// The wall clock at the trial's beginning and end, in milliseconds since 1970.
    var start: Int64
    var end: Int64
    /// The faults of the scenario at the moments that the seed chose.
    var faults: [FaultDescription]
    /// What users felt: by source of traffic for rules, by objective for indicators.
    var felt: [String: FeltService]
    /// What programs did, where logs are judged.
    var work: [ProgramEvent] = []
    /// What questions are asked of, and their truth.
    var answers: AnsweredWorld?
    var namespace = ""
    var prices = PriceDescription()
    var nodes: [NodeDescription] = []
}

/// Requests of one source over time, as its users felt them: counts that only rise.
struct FeltService: Sendable {
    /// Ends of windows; ascending.
    private(set) var times: [SimulationTime] = []
    /// Up to there, requests that ended and those among them that were not good.
    private(set) var total: [Double] = []
    private(set) var bad: [Double] = []

    init(_ windows: [LevelWindow], good: Population, length: Duration) {
        var (all, failed) = (0.0, 0.0)
        for window in windows {
            let count = Double(window.outcomes.total)
            all += count
            failed += max(0, count - good.count(in: window))
            times.append(window.start + length)
            total.append(all)
            bad.append(failed)
        }
    }

    /// Counts up to an instant, in proportion within a window.
    func counts(until time: SimulationTime) -> (total: Double, bad: Double) {
        var (low, high) = (0, times.count)
        while low < high {
            let middle = (low + high) / 2
            if times[middle] <= time { low = middle + 1 } else { high = middle }
        }
        guard low < times.count else { return (total.last ?? 0, bad.last ?? 0) }
        let before = low > 0 ? (times[low - 1], total[low - 1], bad[low - 1]) : (SimulationTime.zero, 0, 0)
        let length = (times[low] - before.0).seconds
        let part = length > 0 ? min(1, max(0, (time - before.0).seconds / length)) : 0
        return (before.1 + (total[low] - before.1) * part, before.2 + (bad[low] - before.2) * part)
    }

    var sum: (total: Double, bad: Double) { (total.last ?? 0, bad.last ?? 0) }
}

/// Observations of this process: what is handed in does not change the world, so that one of each seed serves all.
enum TelemetryMemory {
    private static let known = Mutex<(entries: [String: TelemetryObservation], order: [String])>(([:], []))
    /// Remembered at once; the oldest is forgotten first.
    private static let capacity = 96

    static func observation(
        _ key: String, _ observe: () -> Result<TelemetryObservation, ObservationFailure>
    ) -> Result<TelemetryObservation, ObservationFailure> {
        if let found = known.withLock({ $0.entries[key] }) { return .success(found) }
        let result = observe()
        if case .success(let observation) = result {
            known.withLock { known in
                if known.entries.updateValue(observation, forKey: key) == nil { known.order.append(key) }
                if known.order.count > capacity { known.entries[known.order.removeFirst()] = nil }
            }
        }
        return result
    }
}

/// Why a world could not be observed to its end.
struct ObservationFailure: Error {
    var text: String
}

extension Trial {
    /// Judges a hand-in that only says something about the world: lives through the world, or takes what was seen of
    /// it before, and adds the facts that the duty finds.
    static func runTelemetry(
        _ duty: TelemetryDuty, _ exercise: Exercise, _ submission: Submission, seed: UInt64, needs: CriterionNeeds,
        isOver: () -> Bool
    ) -> Trial {
        // The bounds of histograms are all of a hand-in that changes what is seen.
        let bounds = duty.indicators?.lived(submission)
        let key = "\(exercise.hash) \(seed) \(needs.measurements) \(needs.streams) \(bounds ?? [])"
        let result = TelemetryMemory.observation(key) {
            var scenario = exercise.scenario
            if let bounds { scenario.scenario.monitoring?.buckets = bounds }
            return observe(duty, exercise, scenario, seed: seed, needs: needs, isOver: isOver)
        }
        switch result {
        case .failure(let failure):
            return Trial(
                end: .stopped(failure.text),
                recording: TrialRecording(
                    duration: exercise.content.trial.duration, startOfDay: exercise.scenario.scenario.startOfDay))
        case .success(let observation):
            var recording = observation.recording
            if let rules = duty.rules {
                AlertJudgement(rules, observation).judge(submission, into: &recording)
            }
            if let logs = duty.logs { LoggingJudgement(logs, observation).judge(submission, into: &recording) }
            if let indicators = duty.indicators {
                IndicatorJudgement(duty: indicators, observation: observation).judge(submission, into: &recording)
            }
            if let answers = duty.answers {
                let visible = exercise.content.trial.visibleSeeds.first ?? seed
                let other = "\(exercise.hash) \(visible) \(needs.measurements) \(needs.streams) []"
                let shown = TelemetryMemory.observation(other) {
                    observe(duty, exercise, exercise.scenario, seed: visible, needs: needs, isOver: isOver)
                }
                AnswerJudgement(duty: answers, pipeline: duty.pipeline).judge(
                    submission, in: AnswerJudgement.Place(key: key, observation: observation),
                    shown: (try? shown.get()).map { AnswerJudgement.Place(key: other, observation: $0) },
                    into: &recording)
            }
            var digest = SHA256()
            digest.update(recording.digest.utf8)
            for name in recording.facts.keys.sorted() {
                digest.update("\(name) \((recording.facts[name] ?? 0).bitPattern)".utf8)
            }
            recording.digest = String(SHA256.hexadecimal(of: digest.finish()).prefix(32))
            return Trial(end: .completed, recording: recording)
        }
    }

    private static func observe(
        _ duty: TelemetryDuty, _ exercise: Exercise, _ scenario: ScenarioFile, seed: UInt64, needs: CriterionNeeds,
        isOver: () -> Bool
    ) -> Result<TelemetryObservation, ObservationFailure> {
        var wanted = needs
        var sources: [(name: String, traffic: String, good: String)] = []
        if let rules = duty.rules { sources.append((rules.traffic, rules.traffic, rules.good)) }
        for goal in duty.indicators?.objectives ?? [] {
            sources.append((IndicatorJudgement.source(of: goal), goal.traffic, goal.good))
        }
        for source in sources { wanted.add(stream: "traffic/" + source.traffic) }
        for question in duty.answers?.questions ?? [] {
            guard case .quantity(let text) = question.truth,
                let quantity = try? AnswerQuestion.quantity(text, namespace: scenario.scenario.namespace)
            else { continue }
            wanted.add(quantity)
        }
        let setting = TrialSetting(
            scenario: scenario, needs: wanted, inputs: [], duration: exercise.content.trial.duration,
            events: exercise.content.trial.events)
        var world: World
        do { world = try scenario.world(seed: seed) } catch {
            return .failure(ObservationFailure(text: "the scenario cannot begin: \(error)"))
        }
        let start = world.epochMilliseconds
        let trial = run(&world, in: setting, isOver: isOver)
        if case .stopped(let why) = trial.end { return .failure(ObservationFailure(text: why)) }
        guard let prometheus = world.monitoring?.prometheus else {
            return .failure(ObservationFailure(text: "the scenario has no monitoring"))
        }
        var observation = TelemetryObservation(
            recording: trial.recording, store: prometheus.store,
            interval: prometheus.configuration.global.evaluationInterval, start: start, end: world.epochMilliseconds,
            faults: scenario.scenario.faults(seed: seed), felt: [:])
        observation.namespace = scenario.scenario.namespace
        observation.prices = scenario.scenario.prices
        observation.nodes = scenario.scenario.nodes
        if duty.asksForWork {
            guard world.recordsTraces else {
                return .failure(ObservationFailure(text: "the scenario records no work: it needs monitoring.traces"))
            }
            observation.work = world.programEvents()
        }
        let length = scenario.scenario.workloads.accounting.window
        for source in sources {
            let stream = "traffic/" + source.traffic
            let good = (try? Population(parsing: source.good)) ?? .good
            observation.felt[source.name] = FeltService(
                trial.recording.levels[stream] ?? [], good: good, length: length)
            // Windows of a month are many; what no criterion asks for is not kept.
            if !needs.streams.contains(stream) { observation.recording.levels[stream] = nil }
        }
        if let answers = duty.answers {
            do throws(ObservationFailure) {
                observation.answers = try AnsweredWorld(
                    answers, world, trial.recording, work: observation.work)
            } catch { return .failure(error) }
            observation.recording.levels = observation.recording.levels.filter { needs.streams.contains($0.key) }
        }
        return .success(observation)
    }
}

extension Population {
    /// Reads a kind of requests in the criterion language.
    init(parsing text: String) throws(CriterionError) {
        var parser = CriterionParser(tokens: try CriterionLexer.tokens(text), namespace: "default")
        self = try parser.wholePopulation()
    }
}
