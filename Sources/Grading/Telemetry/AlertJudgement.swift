import Lab
import Monitoring
import PromQL
import Simulation

/// Alerts against truth: what each fault had cost its users when somebody was told, and who was told of nothing.
struct AlertJudgement {
    let duty: AlertingDuty
    let observation: TelemetryObservation
    private let felt: FeltService
    /// Bad requests that the objective allows in the trial.
    private let budget: Double

    /// One fault with an end, as users felt it.
    struct Event: Equatable {
        var name: String
        var begin: SimulationTime
        var end: SimulationTime
        /// The share of bad requests over what the objective allows.
        var burn: Double
        /// The share of the trial's budget that it took.
        var spent: Double
        /// The place of its class; nil for an event that is not judged.
        var place: Int?
    }

    /// A time in which at least one alert of a severity fires.
    struct Notice: Equatable {
        var begin: SimulationTime
        /// Nil: it still fires.
        var end: SimulationTime?
        /// The alert that began it.
        var alert: String
    }

    /// The share of the budget from which on an event must be told; below ``leastNoticed`` it must not wake anybody, and
    /// between the two either is right.
    static let leastJudged = 0.02
    static let leastNoticed = 0.01

    /// After its end an event may still be noticed, and its alert must be over.
    static let grace: Duration = .minutes(40)

    init(_ duty: AlertingDuty, _ observation: TelemetryObservation) {
        self.duty = duty
        self.observation = observation
        felt = observation.felt[duty.traffic] ?? FeltService([], good: .good, length: .seconds(1))
        budget = felt.sum.total * (1 - duty.objective)
    }

    /// The faults that end, in the order of their beginnings.
    var events: [Event] {
        observation.faults.compactMap { fault -> Event? in
            guard let at = fault.at, let duration = fault.duration else { return nil }
            let (begin, end) = (SimulationTime.zero + at, SimulationTime.zero + at + duration)
            let (before, after) = (felt.counts(until: begin), felt.counts(until: end))
            let total = after.total - before.total
            let burn = total > 0 ? (after.bad - before.bad) / total / (1 - duty.objective) : 0
            let spent = spent(from: begin, until: end)
            let isJudged = spent >= Self.leastJudged
            return Event(
                name: fault.name, begin: begin, end: end, burn: burn, spent: spent,
                place: isJudged ? duty.classes.firstIndex { $0.least <= burn && burn < $0.most } : nil)
        }.sorted { $0.begin < $1.begin }
    }

    private func spent(from begin: SimulationTime, until time: SimulationTime) -> Double {
        guard budget > 0 else { return 0 }
        return (felt.counts(until: time).bad - felt.counts(until: begin).bad) / budget
    }

    private func instant(_ milliseconds: Int64) -> SimulationTime {
        .zero + .milliseconds(milliseconds - observation.start)
    }

    /// Evaluates the rules of a hand-in over the whole trial.
    func outcome(of text: String) -> RuleBackfill.Outcome? {
        guard let file = try? RuleFile(text) else { return nil }
        var options = QueryEngine.Options()
        options.defaultSubqueryStep = observation.interval
        options.workBudget = Self.workBudget
        let backfill = RuleBackfill(
            [(name: duty.file, file: file)], interval: observation.interval, engine: QueryEngine(options: options))
        return backfill.run(over: observation.store, from: observation.start, through: observation.end)
    }

    /// Samples that one rule may look at over the whole trial: thirty times what a rule over three days looks at.
    private static let workBudget = 3_000_000_000

    /// When alerts of a severity fire, alerts that overlap as one.
    func notices(_ alerts: [AlertSpan], severity: String) -> [Notice] {
        var notices: [Notice] = []
        let firing = alerts.filter { $0.firedAt != nil && $0.labels["severity"] == severity }
            .sorted { ($0.firedAt ?? 0) < ($1.firedAt ?? 0) }
        for alert in firing {
            let begin = instant(alert.firedAt ?? 0)
            let end = alert.endedAt.map(instant)
            if let last = notices.last, last.end.map({ $0 >= begin }) ?? true {
                guard let known = last.end else { continue }
                notices[notices.count - 1].end = end.map { max($0, known) }
            } else {
                notices.append(Notice(begin: begin, end: end, alert: alert.rule))
            }
        }
        return notices
    }

    /// Adds the facts: for each class `NAME-events`, `NAME-spent` (the largest share of the budget that an event of it had
    /// spent when its alert came; 1 for none), and `false-pages`, `false-tickets`, `minutes-to-resolve` and
    /// `failing-rules`.
    func judge(_ submission: Submission, into recording: inout TrialRecording) {
        guard let text = submission.files.first(where: { $0.name == duty.file })?.text, let outcome = outcome(of: text)
        else { return }
        let events = events
        recording.facts["failing-rules"] = Double(outcome.failures.count)
        if let failure = outcome.failures.first {
            recording.factNotes["failing-rules"] = TrialRecording.FactNote(
                moment: .zero, text: "\(failure.rule): \(Sanitised.text(failure.text, limit: 300))")
        }
        var notices: [String: [Notice]] = [:]
        for severity in Set(duty.classes.map(\.severity)).sorted() {
            notices[severity] = self.notices(outcome.alerts, severity: severity)
        }
        for (place, kind) in duty.classes.enumerated() {
            let judged = events.filter { $0.place == place }
            recording.facts["\(kind.name)-events"] = Double(judged.count)
            let verdicts = judged.map {
                told(of: $0, by: notices[kind.severity] ?? [], kind, outcome.alerts, recording)
            }
            let worst = verdicts.max { $0.spent < $1.spent }
            recording.facts["\(kind.name)-spent"] = worst?.spent ?? 0
            recording.factNotes["\(kind.name)-spent"] = worst?.note
        }
        judgeSilence(notices, events, &recording)
    }

    /// What an event had spent when it was told.
    private func told(
        of event: Event, by notices: [Notice], _ kind: BurnClass, _ alerts: [AlertSpan], _ recording: TrialRecording
    ) -> (spent: Double, note: TrialRecording.FactNote) {
        let burn = Figures.rounded(event.burn, 1)
        let head =
            "an event that burned the budget at \(burn) times the sustainable rate from \(moment(event.begin, recording))"
        let notice = notices.first { $0.begin >= event.begin && $0.begin <= event.end + Self.grace }
        guard let notice else {
            return (
                1,
                TrialRecording.FactNote(
                    moment: end(of: event, recording),
                    text:
                        "\(head) ended after \(Figures.time((event.end - event.begin).seconds)) without any alert of severity \(kind.severity), having spent \(Figures.percent(event.spent)) of the budget\(otherwise(event, alerts))",
                    looks: looks(at: event)
                )
            )
        }
        let spent = spent(from: event.begin, until: notice.begin)
        return (
            spent,
            TrialRecording.FactNote(
                moment: end(of: event, recording),
                text:
                    "\(head) was told by \(Sanitised.text(notice.alert, limit: 80)) after \(Figures.time((notice.begin - event.begin).seconds)), when \(Figures.percent(spent)) of the budget were spent",
                looks: looks(at: event)
            )
        )
    }

    /// Who fired during an event with a severity that nobody looks at.
    private func otherwise(_ event: Event, _ alerts: [AlertSpan]) -> String {
        let known = Set(duty.classes.map(\.severity))
        let other = alerts.first { alert in
            guard let fired = alert.firedAt.map(instant), !known.contains(alert.labels["severity"]) else {
                return false
            }
            return fired >= event.begin && fired <= event.end + Self.grace
        }
        guard let other else { return "" }
        let severity = Sanitised.text(other.labels["severity"], limit: 40)
        let has = severity.isEmpty ? "no label severity" : "the severity \"\(severity)\""
        return "; \(Sanitised.text(other.rule, limit: 80)) fired, but has \(has)"
    }

    private func end(of event: Event, _ recording: TrialRecording) -> SimulationTime {
        min(event.end, .zero + recording.duration)
    }

    /// What users felt from an hour before an event on, and which alerts there are at its end.
    private func looks(at event: Event) -> [String] {
        let begin = max(.zero, event.begin - .hours(1)) - SimulationTime.zero
        return [
            "kubelab graph traffic/\(Self.plain(duty.traffic)).errorRatio --from \(Look.time(begin))", "kubelab alerts",
        ]
    }

    private static func plain(_ traffic: String) -> String {
        traffic.hasPrefix("traffic/") ? String(traffic.dropFirst("traffic/".count)) : traffic
    }

    private func moment(_ time: SimulationTime, _ recording: TrialRecording) -> String {
        "day \(Int64(time.seconds) / 86_400 + 1), \(recording.wallClock(time))"
    }

    /// Whom nothing was to be told, and how long alerts went on.
    private func judgeSilence(
        _ notices: [String: [Notice]], _ events: [Event], _ recording: inout TrialRecording
    ) {
        var slowest = (minutes: 0.0, note: TrialRecording.FactNote(moment: .zero, text: ""))
        for severity in notices.keys.sorted() {
            // An event of a milder class is no reason for a page; one that is not judged is no offence.
            let reasons = events.filter { event in
                guard severity == "page" else { return event.burn >= (duty.classes.map(\.least).min() ?? 0) }
                guard let place = event.place else { return event.spent >= Self.leastNoticed }
                return duty.classes[place].severity == severity
            }
            var wrong: [Notice] = []
            for notice in notices[severity] ?? [] {
                let isRight = reasons.contains { event in
                    notice.begin >= event.begin && notice.begin <= event.end + Self.grace
                }
                if !isRight { wrong.append(notice) }
            }
            let name = severity == "page" ? "false-pages" : "false-tickets"
            recording.facts[name] = Double(wrong.count)
            if let first = wrong.first {
                recording.factNotes[name] = TrialRecording.FactNote(
                    moment: first.begin,
                    text:
                        "\(Sanitised.text(first.alert, limit: 80)) fired on \(moment(first.begin, recording)), when nothing was wrong that asks for a \(severity)",
                    looks: ["kubelab alerts"]
                )
            }
            guard severity == "page" else { continue }
            for event in events where event.place.map({ duty.classes[$0].severity == severity }) ?? false {
                for notice in notices[severity] ?? []
                where notice.begin <= event.end + Self.grace && (notice.end ?? .never) > event.begin {
                    let end = notice.end ?? (.zero + recording.duration)
                    let minutes = max(0, (end - event.end).seconds / 60)
                    if minutes > slowest.minutes {
                        slowest = (
                            minutes,
                            TrialRecording.FactNote(
                                moment: event.end,
                                text:
                                    "\(Sanitised.text(notice.alert, limit: 80)) went on for \(Figures.time(minutes * 60)) after the event of \(moment(event.begin, recording)) was over"
                            )
                        )
                    }
                }
            }
        }
        recording.facts["minutes-to-resolve"] = slowest.minutes
        if slowest.minutes > 0 { recording.factNotes["minutes-to-resolve"] = slowest.note }
    }
}
