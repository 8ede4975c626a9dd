import KubernetesAPI
import Lab
import Monitoring
import PromQL
import Simulation

/// What indicators measured against what users felt: the share of bad requests, over the whole trial and over parts of
/// it, so that errors of opposite sign do not cancel.
struct IndicatorJudgement {
    let duty: IndicatorDuty
    let observation: TelemetryObservation

    /// A share of bad requests as a document measured it and as users felt it.
    struct Comparison: Equatable {
        var measured: Double?
        var felt: Double

        /// The difference relative to what was felt; 1 for an indicator that said nothing. Where nobody felt anything,
        /// what was measured counts against what the objective allows.
        func error(budget: Double) -> Double {
            guard let measured else { return 1 }
            return abs(measured - felt) / (felt > 0 ? felt : budget)
        }
    }

    /// What a hand-in has for one objective.
    private enum Indicator {
        case document(Monitoring.ServiceLevelObjective)
        case rules(IndicatorRules)
    }

    /// Where an objective's observation of users is kept.
    static func source(of goal: IndicatorGoal) -> String { "indicator/\(goal.name)" }

    /// Samples that one query may look at; some twenty times what a query over three days looks at.
    private static let workBudget = 200_000_000

    private var engine: QueryEngine {
        var options = QueryEngine.Options()
        options.defaultSubqueryStep = observation.interval
        options.workBudget = Self.workBudget
        return QueryEngine(options: options)
    }

    /// Adds for each objective `NAME-measured`, `NAME-felt`, for each window `NAME-WINDOW` (the relative difference),
    /// `NAME-error` (the worst of them and of the whole trial) and `NAME-left` (by how much of the budget the two disagree
    /// about what is left of it at the end).
    func judge(_ submission: Submission, into recording: inout TrialRecording) {
        guard let text = submission.files.first(where: { $0.name == duty.file })?.text else { return }
        var store = visible(to: submission)
        if IndicatorRules.isRuleFile(text) {
            guard let rules = IndicatorRules(text) else { return }
            let names = IndicatorRules.names([recording.duration] + duty.windows.map { $0.to - $0.from })
            store = rules.recordings(for: names, in: store, interval: observation.interval, workBudget: Self.workBudget)
            for goal in duty.objectives { judge(.rules(rules), goal, store, &recording) }
        } else {
            guard let objectives = try? ServiceLevelDocument.objectives(text) else { return }
            for goal in duty.objectives {
                guard let objective = objectives.first(where: { $0.name == goal.name }) else { continue }
                judge(.document(objective), goal, store, &recording)
            }
        }
    }

    /// What Prometheus has stored of programs whose histograms have the bounds of the hand-in: a bucket's count does not
    /// depend on which other bounds there are.
    private func visible(to submission: Submission) -> TimeSeriesStore {
        guard let bounds = duty.asked(submission) else { return observation.store }
        return observation.store.keeping { labels in
            guard labels[Labels.metricName] == "http_request_duration_seconds_bucket",
                let bound = Double(labels["le"]), bound.isFinite
            else { return true }
            return bounds.contains(bound)
        }
    }

    private func judge(
        _ indicator: Indicator, _ goal: IndicatorGoal, _ store: TimeSeriesStore, _ recording: inout TrialRecording
    ) {
        let whole = SimulationTime.zero + recording.duration
        let all = compare(indicator, goal, store, from: .zero, to: whole)
        recording.facts["\(goal.name)-felt"] = all.value.felt
        if let measured = all.value.measured { recording.facts["\(goal.name)-measured"] = measured }
        let allowed = 1 - goal.objective
        // What a window was can be asked at its end.
        var worst = (name: "the whole trial", end: whole, found: all, length: recording.duration)
        for part in duty.windows {
            let (begin, end) = (SimulationTime.zero + part.from, SimulationTime.zero + part.to)
            guard end <= whole else { continue }
            let found = compare(indicator, goal, store, from: begin, to: end)
            let name = "the window '\(part.name)'"
            note("\(goal.name)-\(part.name)", found, allowed, end, name, look(indicator, goal, end - begin), &recording)
            if found.value.error(budget: allowed) > worst.found.value.error(budget: allowed) {
                worst = (name, end, found, end - begin)
            }
        }
        note(
            "\(goal.name)-error", worst.found, allowed, worst.end, worst.name, look(indicator, goal, worst.length),
            &recording)
        judgeBudget(indicator, goal, store, all, &recording)
    }

    /// What is left of the budget by the hand-in's own objective, and truly.
    private func judgeBudget(
        _ indicator: Indicator, _ goal: IndicatorGoal, _ store: TimeSeriesStore,
        _ all: (value: Comparison, failure: String?), _ recording: inout TrialRecording
    ) {
        let allowed: Double?
        switch indicator {
        case .document(let objective): allowed = objective.budget
        case .rules(let rules):
            allowed =
                (try? rules.value(IndicatorRules.budget, goal.name, at: observation.end, in: store, engine: engine))
                ?? nil
        }
        let truly = 1 - all.value.felt / (1 - goal.objective)
        let name = "\(goal.name)-left"
        guard let measured = all.value.measured, let allowed, allowed > 0 else {
            recording.facts[name] = 1
            recording.factNotes[name] = TrialRecording.FactNote(
                moment: .zero + recording.duration,
                text: "the hand-in does not say what is left of the budget; truly it is \(Figures.percent(truly))")
            return
        }
        let left = 1 - measured / allowed
        recording.facts[name] = abs(left - truly)
        recording.factNotes[name] = TrialRecording.FactNote(
            moment: .zero + recording.duration,
            text:
                "by the hand-in \(Figures.percent(left)) of the budget of the whole trial are left, truly \(Figures.percent(truly))"
        )
    }

    private func note(
        _ name: String, _ found: (value: Comparison, failure: String?), _ allowed: Double, _ end: SimulationTime,
        _ part: String, _ look: String, _ recording: inout TrialRecording
    ) {
        recording.facts[name] = found.value.error(budget: allowed)
        recording.factNotes[name] = TrialRecording.FactNote(
            moment: end, text: Self.text(found, in: part), looks: [look])
    }

    /// How a learner asks at the end of a window what an indicator says of it.
    private func look(_ indicator: Indicator, _ goal: IndicatorGoal, _ window: Duration) -> String {
        if case .rules(let rules) = indicator, let text = rules.queries(IndicatorRules.ratio(window), goal.name).first {
            return "kubelab promql \(Look.quoted(text))"
        }
        return "kubelab slo show \(duty.file) --window \(Look.time(window))"
    }

    private static func text(_ found: (value: Comparison, failure: String?), in part: String) -> String {
        let felt = "\(Figures.rounded(found.value.felt * 100, 3))% of the users' requests were bad"
        guard let measured = found.value.measured else {
            let why =
                found.failure.map { Sanitised.text($0, limit: 300) } ?? "no series has all that its queries ask for"
            return "in \(part) the indicator gave no number: \(why); \(felt)"
        }
        return "in \(part) the indicator measured \(Figures.rounded(measured * 100, 3))%, where \(felt)"
    }

    /// Why an indicator gives no number without failing: a selector that no series passes; nil if that is not why.
    private func reason(
        _ indicator: Indicator, _ goal: IndicatorGoal, _ store: TimeSeriesStore, _ window: Duration
    ) -> String? {
        let expressions: [PromQL.Expression]
        switch indicator {
        case .document(let objective):
            let query = ErrorBudget.query(objective, window: Int64(window.seconds) * 1000)
            expressions = (try? PromQLParser.parse(query, options: engine.options.parser)).map { [$0] } ?? []
        case .rules(let rules): expressions = rules.expressions(IndicatorRules.ratio(window), goal.name)
        }
        return expressions.lazy.compactMap { UnmatchedSelector.first(in: $0, store) }.first.map { "\($0)" }
    }

    private func compare(
        _ indicator: Indicator, _ goal: IndicatorGoal, _ store: TimeSeriesStore, from begin: SimulationTime,
        to end: SimulationTime
    ) -> (value: Comparison, failure: String?) {
        var felt = 0.0
        if let service = observation.felt[Self.source(of: goal)] {
            let (before, after) = (service.counts(until: begin), service.counts(until: end))
            let total = after.total - before.total
            felt = total > 0 ? (after.bad - before.bad) / total : 0
        }
        let time = observation.start + Int64((end - SimulationTime.zero).seconds) * 1000
        do throws(QueryError) {
            let measured: Double?
            switch indicator {
            case .document(let objective):
                let window = Int64((end - begin).seconds) * 1000
                measured = try ErrorBudget(objective, window: window, at: time, in: store, engine: engine).errorRatio
            case .rules(let rules):
                measured = try rules.value(
                    IndicatorRules.ratio(end - begin), goal.name, at: time, in: store, engine: engine)
            }
            return (
                Comparison(measured: measured, felt: felt),
                measured == nil ? reason(indicator, goal, store, end - begin) : nil
            )
        } catch {
            return (Comparison(measured: nil, felt: felt), "\(error)")
        }
    }
}
