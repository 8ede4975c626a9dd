import Simulation
import Workloads

/// Where and when it was worst, and for whom.
extension CriterionEvaluation {
    /// The trial and the moment that show best why a comparison fails, and the sentence about users.
    func worst(
        _ quantity: TrialQuantity, _ comparison: Comparison, _ bound: Double
    ) -> (trial: Int, moment: SimulationTime, harm: String)? {
        switch quantity {
        case .share(let population, let among, let stream, let window):
            let wantsMore = comparison == .atLeast || comparison == .above
            let bad = wantsMore ? Population.both(.not(population), among) : Population.both(population, among)
            let sentence = wantsMore ? Population.not(population) : population
            return worstRun(of: bad, sentence, stream, window, minimum: wantsMore ? 1 - bound : bound)
        case .requests(let population, let stream, let window):
            return worstRun(of: population, population, stream, window, minimum: 0)
        case .quantile(_, let stream, let window):
            let slow = Population.both(.good, .not(.within(Duration(seconds: bound))))
            return worstRun(of: slow, slow, stream, window, minimum: 0)
        case .summary(let summary, let signal, let window):
            return extreme(summary == .min ? .min : .max, signal, window)
        case .shareOfTime(let condition, let window):
            let wanted = comparison == .above || comparison == .atLeast
            return longest(condition, holds: !wanted, window)
        case .events(let pattern, let window):
            for (index, trial) in trials.enumerated() {
                if let first = trial.occurrences(pattern, window).first {
                    return (index, first.time, "\(first.object): \(Sanitised.text(first.message, limit: 200))")
                }
            }
            return nil
        case .timeOf(_, let window): return (0, trials.first?.bounds(window).from ?? .zero, "")
        case .value(_, let time): return (0, .zero + time, "")
        case .arithmetic(_, let left, let right):
            return worst(left, comparison, bound) ?? worst(right, comparison, bound)
        case .fact(let name), .extremeFact(_, let name):
            return worstFact(name, wantsMore: comparison == .atLeast || comparison == .above)
        case .timeOfEvent, .constant, .reference: return nil
        }
    }

    /// The stretch of windows in which most of the bad requests ended.
    private func worstRun(
        of bad: Population, _ sentence: Population, _ stream: String, _ window: CriterionWindow, minimum: Double
    ) -> (trial: Int, moment: SimulationTime, harm: String)? {
        var best: (trial: Int, from: SimulationTime, to: SimulationTime, count: Double)?
        for (index, trial) in trials.enumerated() {
            let (from, to) = trial.bounds(window)
            let levels = (trial.levels[stream] ?? []).filter { $0.start >= from && $0.start < to }
            let length = Self.length(of: levels)
            var run: (from: SimulationTime, to: SimulationTime, count: Double)?
            for level in levels {
                let count = bad.count(in: level)
                let total = Double(level.outcomes.total)
                guard count >= 1, count > minimum * total else { continue }
                if let open = run, level.start - open.to <= .seconds(30) {
                    run = (open.from, level.start + length, open.count + count)
                } else {
                    run = (level.start, level.start + length, count)
                }
                if let run, best.map({ $0.count < run.count }) ?? true { best = (index, run.from, run.to, run.count) }
            }
        }
        guard let best else { return nil }
        let trial = trials[best.trial]
        let count = Int64(best.count.rounded())
        let users =
            stream.hasPrefix("traffic/") ? (count == 1 ? "user" : "users") : (count == 1 ? "request" : "requests")
        return (
            best.trial, best.from,
            "\(count) \(users) \(sentence.words), \(trial.wallClock(best.from)) to \(trial.wallClock(best.to))"
        )
    }

    /// The trial on which a fact is furthest from what is wanted, and what the check that found it says of it.
    private func worstFact(_ name: String, wantsMore: Bool) -> (trial: Int, moment: SimulationTime, harm: String)? {
        var best: (trial: Int, value: Double)?
        for (index, trial) in trials.enumerated() {
            guard let value = trial.facts[name], trial.factNotes[name] != nil else { continue }
            if best.map({ wantsMore ? value < $0.value : value > $0.value }) ?? true { best = (index, value) }
        }
        guard let best, let note = trials[best.trial].factNotes[name] else { return nil }
        return (best.trial, note.moment, note.text)
    }

    private static func length(of levels: [LevelWindow]) -> Duration {
        zip(levels, levels.dropFirst()).map { $1.start - $0.start }.min() ?? .seconds(10)
    }

    private func extreme(
        _ summary: Summary, _ signal: Signal, _ window: CriterionWindow
    ) -> (trial: Int, moment: SimulationTime, harm: String)? {
        var best: (trial: Int, time: SimulationTime, value: Double)?
        for (index, trial) in trials.enumerated() {
            for segment in trial.segments(signal, window) {
                guard let value = segment.value else { continue }
                if best.map({ summary == .min ? value < $0.value : value > $0.value }) ?? true {
                    best = (index, segment.from, value)
                }
            }
        }
        return best.map { ($0.trial, $0.time, "") }
    }

    private func longest(
        _ condition: TimedCondition, holds: Bool, _ window: CriterionWindow
    ) -> (trial: Int, moment: SimulationTime, harm: String)? {
        var best: (trial: Int, from: SimulationTime, length: Duration)?
        for (index, trial) in trials.enumerated() {
            for stretch in trial.stretches(condition, holds: holds, window)
            where best.map({ $0.length < stretch.to - stretch.from }) ?? true {
                best = (index, stretch.from, stretch.to - stretch.from)
            }
        }
        return best.map {
            (
                $0.trial, $0.from,
                "for \(Figures.time($0.length.seconds)) from \(Figures.clock($0.from)) on it was not so"
            )
        }
    }
}

extension TrialQuantity {
    /// The unit in which the number is best read.
    var unit: NumberUnit {
        switch self {
        case .constant(_, let unit): unit
        case .share, .shareOfTime: .percent
        case .quantile, .timeOf, .timeOfEvent: .time
        case .requests, .summary, .events, .value, .reference, .fact, .extremeFact: .plain
        case .arithmetic(_, let left, let right): left.unit == .plain ? right.unit : left.unit
        }
    }

    /// The number in words.
    var words: String {
        switch self {
        case .constant(let value, let unit): unit.text(value)
        case .share(let population, let among, let stream, let window):
            "the share of \(among == .all ? "requests" : "requests that \(among.words),") of \(stream) that \(population.words) \(window.text)"
        case .requests(let population, let stream, let window):
            "the requests of \(stream) that \(population.words) \(window.text)"
        case .quantile(let share, let stream, let window):
            "the \(Figures.percent(share)) quantile of latency of \(stream) \(window.text)"
        case .summary(let summary, let signal, let window): "the \(summary.rawValue) of \(signal.text) \(window.text)"
        case .shareOfTime(let condition, let window): "the share of time with \(condition.text) \(window.text)"
        case .events(let pattern, let window):
            "the number of \(pattern.reason) events\(pattern.object.map { " of \($0)" } ?? "") \(window.text)"
        case .timeOfEvent(let pattern, _):
            "the time of the first \(pattern.reason)\(pattern.object.map { " of \($0)" } ?? "")"
        case .timeOf(let condition, let window): "the first time with \(condition.text) \(window.text)"
        case .value(let signal, let time): "\(signal.text) at \(Figures.clock(time.seconds))"
        case .reference(let name): "the reference '\(name)'"
        case .fact(let name): "the number '\(name)'"
        case .extremeFact(let summary, let name): "the \(summary == .min ? "least" : "greatest") '\(name)'"
        case .arithmetic(let step, let left, let right): "\(left.words) \(step.rawValue) \(right.words)"
        }
    }
}
