import Simulation
import Workloads

/// What became of a criterion on one or more trials.
public struct CriterionOutcome: Sendable, Equatable {
    /// From 0 to 1; between only with partial credit.
    public var fraction: Double
    /// What was asked for, in words.
    public var expected: String
    /// What happened, in words.
    public var seen: String
    /// Who was hurt and when, users first; empty where nobody was.
    public var harm: String
    /// Which of the trials shows it best, and when.
    public var trial: Int?
    public var moment: SimulationTime?
    /// Commands that show it there, where the check that found a fact knows any.
    public var looks: [String] = []
    /// Distance to the bound as a share of the bound: positive to spare, negative short. Nil without a bound.
    public var slack: Double?
    /// The plain values, where the criterion compares numbers.
    public var value: Double?
    public var bound: Double?

    public var holds: Bool { fraction >= 1 }
}

extension CriterionExpression {
    /// Judges trials of one submission.
    ///
    /// `always`, `never` and `eventually` must hold on each trial; shares and quantiles are those of all requests of all
    /// trials together; counts, means and integrals are means over trials; minima, maxima and times are the worst.
    /// - Parameters:
    ///   - trials: at least one.
    ///   - references: numbers that were found by calibration, by name.
    public func evaluate(_ trials: [TrialRecording], references: [String: Double] = [:]) -> CriterionOutcome {
        CriterionEvaluation(trials: trials, references: references).outcome(of: claim)
    }
}

/// One evaluation: the trials and the stored references.
struct CriterionEvaluation {
    let trials: [TrialRecording]
    let references: [String: Double]

    func outcome(of claim: Claim) -> CriterionOutcome {
        switch claim {
        case .compare(let left, let comparison, let right, let end): return compare(left, comparison, right, end)
        case .always(let condition, let window): return lasting(condition, wanted: true, window)
        case .never(let condition, let window): return lasting(condition, wanted: false, window)
        case .eventually(let condition, let within, let window): return eventually(condition, within, window)
        case .both(let left, let right):
            let (first, second) = (outcome(of: left), outcome(of: right))
            return Self.joined(first, second, "and", first.fraction <= second.fraction ? first : second)
        case .either(let left, let right):
            let (first, second) = (outcome(of: left), outcome(of: right))
            return Self.joined(first, second, "or", first.fraction >= second.fraction ? first : second)
        case .not(let inner):
            var result = outcome(of: inner)
            result.fraction = result.holds ? 0 : 1
            result.expected = "not: " + result.expected
            result.slack = result.slack.map { -$0 }
            result.harm = ""
            return result
        }
    }

    private static func joined(
        _ first: CriterionOutcome, _ second: CriterionOutcome, _ word: String, _ decisive: CriterionOutcome
    ) -> CriterionOutcome {
        var result = decisive
        result.expected = "\(first.expected), \(word) \(second.expected)"
        result.seen = "\(first.seen); \(second.seen)"
        if let left = first.slack, let right = second.slack {
            result.slack = word == "and" ? min(left, right) : max(left, right)
        }
        return result
    }

    // MARK: Numbers

    private func compare(
        _ left: TrialQuantity, _ comparison: Comparison, _ right: TrialQuantity, _ end: TrialQuantity?
    ) -> CriterionOutcome {
        let unit = left.unit == .plain ? right.unit : left.unit
        let value = pooled(left)
        let bound = pooled(right)
        var expected = "\(left.words) \(comparison.words) \(bound.map(unit.text) ?? right.words)"
        let limit = end.flatMap(pooled)
        if let limit { expected += " (no points at \(unit.text(limit)))" }
        guard let value, let bound else {
            let missing = value == nil ? left.words : right.words
            return CriterionOutcome(
                fraction: 0, expected: expected, seen: "nothing was measured of \(missing)", harm: "",
                slack: value == nil ? -1 : nil)
        }
        let holds = comparison.holds(value, bound)
        var fraction = holds ? 1.0 : 0
        if !holds, let limit, limit != bound {
            // A strict comparison fails at its bound, where the share would be the whole.
            fraction = min(0.999_999, max(0, (value - limit) / (bound - limit)))
        }
        var result = CriterionOutcome(
            fraction: fraction, expected: expected, seen: unit.text(value), harm: "",
            slack: Self.slack(value, comparison, bound, unit), value: value, bound: bound)
        if let (trial, moment, harm) = worst(left, comparison, bound) {
            result.trial = trial
            result.moment = moment
            if !holds { result.harm = harm }
            switch left {
            case .fact(let name), .extremeFact(_, let name): result.looks = trials[trial].factNotes[name]?.looks ?? []
            default: break
            }
        }
        return result
    }

    /// Distance from the bound as a share of it. For shares near one, of what is missing to one: 99.5% against 99% has
    /// half of its allowance to spare.
    static func slack(_ value: Double, _ comparison: Comparison, _ bound: Double, _ unit: NumberUnit) -> Double? {
        let distance: Double
        switch comparison {
        case .atLeast, .above: distance = value - bound
        case .atMost, .below: distance = bound - value
        case .equal: return value == bound ? 1 : -1
        case .different: return value == bound ? -1 : 1
        }
        let rising = comparison == .atLeast || comparison == .above
        let scale = unit == .percent && rising && bound > 0.5 && bound < 1 ? 1 - bound : abs(bound)
        return scale > 0 ? distance / scale : distance > 0 ? 1 : distance < 0 ? -1 : 0
    }

    /// One number over all trials; nil where nothing was measured.
    func pooled(_ quantity: TrialQuantity) -> Double? {
        switch quantity {
        case .constant(let value, _): return value
        case .reference(let name): return references[name]
        case .arithmetic(let step, let left, let right):
            guard let left = pooled(left), let right = pooled(right) else { return nil }
            return step.apply(left, right)
        case .share(let population, let among, let stream, let window):
            var (part, whole) = (0.0, 0.0)
            for trial in trials {
                let level = trial.level(stream, window)
                part += Population.both(population, among).count(in: level)
                whole += among.count(in: level)
            }
            return whole > 0 ? part / whole : nil
        case .quantile(let share, let stream, let window):
            var sum = LatencyHistogram()
            for trial in trials { sum += trial.level(stream, window).latency }
            return sum.count > 0 ? sum.quantile(share).seconds : nil
        case .summary(.min, _, _), .extremeFact(.min, _): return every(quantity)?.min()
        case .summary(.max, _, _), .extremeFact, .timeOf, .timeOfEvent: return every(quantity)?.max()
        case .requests, .summary, .shareOfTime, .events, .value, .fact:
            return every(quantity).map { $0.reduce(0, +) / Double(max(1, $0.count)) }
        }
    }

    /// The number on each trial; nil if one of them lacks it.
    private func every(_ quantity: TrialQuantity) -> [Double]? {
        let values = trials.compactMap { single(quantity, on: $0) }
        return values.count == trials.count && !values.isEmpty ? values : nil
    }

    /// The number on one trial, for quantities that are not sums over requests.
    private func single(_ quantity: TrialQuantity, on trial: TrialRecording) -> Double? {
        switch quantity {
        case .requests(let population, let stream, let window): return population.count(in: trial.level(stream, window))
        case .summary(let summary, let signal, let window):
            return Self.summarise(summary, trial.segments(signal, window))
        case .shareOfTime(let condition, let window):
            let (from, to) = trial.bounds(window)
            guard from < to else { return nil }
            let held = trial.stretches(condition, holds: true, window).reduce(0.0) { $0 + ($1.to - $1.from).seconds }
            return held / (to - from).seconds
        case .events(let pattern, let window):
            return Double(trial.occurrences(pattern, window).reduce(0) { $0 + $1.count })
        case .timeOfEvent(let pattern, let window): return trial.occurrences(pattern, window).first?.time.seconds
        case .timeOf(let condition, let window):
            return trial.stretches(condition, holds: true, window).first?.from.seconds
        case .value(let signal, let time): return trial.value(of: signal, at: .zero + time)
        case .fact(let name), .extremeFact(_, let name): return trial.facts[name]
        case .constant, .reference, .arithmetic, .share, .quantile:
            return CriterionEvaluation(trials: [trial], references: references).pooled(quantity)
        }
    }

    /// Means are weighted by time; what is unknown does not count, and counts as nothing in an integral.
    private static func summarise(_ summary: Summary, _ segments: [StepSeries.Segment]) -> Double? {
        let known = segments.filter { $0.value != nil }
        guard !known.isEmpty else { return nil }
        switch summary {
        case .min: return known.compactMap(\.value).min()
        case .max: return known.compactMap(\.value).max()
        case .reversals: return Double(Self.reversals(known.compactMap(\.value)))
        case .integral: return known.reduce(0) { $0 + ($1.value ?? 0) * ($1.to - $1.from).seconds / 3_600 }
        case .mean:
            let time = known.reduce(0) { $0 + ($1.to - $1.from).seconds }
            return time > 0
                ? known.reduce(0) { $0 + ($1.value ?? 0) * ($1.to - $1.from).seconds } / time : known[0].value
        }
    }

    /// Changes of direction in a row of values: 2, 4, 5, 3, 3, 6 has two.
    private static func reversals(_ values: [Double]) -> Int {
        var count = 0
        var direction = 0
        for (before, after) in zip(values, values.dropFirst()) where before != after {
            let step = after > before ? 1 : -1
            if direction != 0, step != direction { count += 1 }
            direction = step
        }
        return count
    }

    // MARK: Time

    private func lasting(_ condition: TimedCondition, wanted: Bool, _ window: CriterionWindow) -> CriterionOutcome {
        let expected = "\(wanted ? "always" : "never") \(condition.text) \(window.text)"
        var worst: (trial: Int, from: SimulationTime, to: SimulationTime, share: Double)?
        for (index, trial) in trials.enumerated() {
            let broken = trial.stretches(condition, holds: !wanted, window)
            guard let longest = broken.max(by: { $0.to - $0.from < $1.to - $1.from }) else { continue }
            let (from, to) = trial.bounds(window)
            let share = broken.reduce(0.0) { $0 + ($1.to - $1.from).seconds } / max(1e-9, (to - from).seconds)
            if worst.map({ $0.share < share }) ?? true { worst = (index, longest.from, longest.to, share) }
        }
        guard let worst else {
            return CriterionOutcome(fraction: 1, expected: expected, seen: "so on every trial", harm: "", slack: 1)
        }
        let trial = trials[worst.trial]
        let signal = trial.decisive(condition, at: worst.from)
        let value = trial.value(of: signal, at: worst.from)
        let what = "\(signal.text) was \(value.map(NumberUnit.plain.text) ?? "unknown")"
        return CriterionOutcome(
            fraction: 0, expected: expected,
            seen:
                "\(what) for \(Figures.time((worst.to - worst.from).seconds)) from \(Figures.clock(worst.from)) (\(Figures.percent(worst.share)) of the window)",
            harm: "", trial: worst.trial, moment: worst.from, slack: -worst.share, value: value)
    }

    private func eventually(_ condition: TimedCondition, _ within: Duration?, _ window: CriterionWindow)
        -> CriterionOutcome
    {
        var expected = "\(condition.text) at some time"
        if let within { expected += " within \(Figures.time(within.seconds))" }
        expected += " \(window.text)"
        var latest: (trial: Int, after: Duration)?
        for (index, trial) in trials.enumerated() {
            let (from, _) = trial.bounds(window)
            guard let first = trial.stretches(condition, holds: true, window).first else {
                return CriterionOutcome(
                    fraction: 0, expected: expected, seen: "never", harm: "", trial: index, moment: from, slack: -1)
            }
            if latest.map({ $0.after < first.from - from }) ?? true { latest = (index, first.from - from) }
        }
        guard let latest else {
            return CriterionOutcome(fraction: 0, expected: expected, seen: "no trial was run", harm: "")
        }
        let holds = within.map { latest.after <= $0 } ?? true
        let start = trials[latest.trial].bounds(window).from
        return CriterionOutcome(
            fraction: holds ? 1 : 0, expected: expected, seen: "after \(Figures.time(latest.after.seconds))", harm: "",
            trial: latest.trial, moment: start + (within ?? .zero),
            slack: within.map { $0 > .zero ? ($0 - latest.after).seconds / $0.seconds : holds ? 1 : -1 } ?? 1,
            value: latest.after.seconds, bound: within?.seconds)
    }
}
