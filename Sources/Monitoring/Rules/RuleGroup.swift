import PromQL
import Simulation

/// A group of rules and what it remembers: evaluated in order, at its own interval (`rules/group.go`).
public struct RuleGroup: Sendable {
    /// What a group is told by the server that it belongs to.
    public struct Context: Sendable {
        public var externalLabels: Labels
        public var externalURL: String
        /// Milliseconds after which a firing alert is handed on again.
        public var resendDelay: Int64
        public var engine: QueryEngine

        public init(
            externalLabels: Labels = .empty, externalURL: String = "", resendDelay: Int64 = 60_000,
            engine: QueryEngine = QueryEngine()
        ) {
            self.externalLabels = externalLabels
            self.externalURL = externalURL
            self.resendDelay = resendDelay
            self.engine = engine
        }
    }

    public enum Health: UInt8, Sendable {
        case unknown, ok, err

        public var text: String {
            switch self {
            case .unknown: "unknown"
            case .ok: "ok"
            case .err: "err"
            }
        }
    }

    /// A rule and what it remembers.
    public struct Rule: Sendable {
        public let description: RuleDescription
        /// Labels and annotations with actions in them, read once.
        let labelTemplates: [(name: String, template: AlertTemplate)]
        let annotationTemplates: [(name: String, template: AlertTemplate)]
        public internal(set) var health = Health.unknown
        public internal(set) var lastError = ""
        /// By the hash and text of their labels, in the order in which they began.
        public internal(set) var alerts: [ActiveAlert] = []
        /// The series that the last evaluation wrote.
        var written: [SeriesID] = []

        init(_ description: RuleDescription, groupLabels: Labels) {
            var description = description
            for pair in groupLabels.pairs where description.labels[pair.name].isEmpty {
                description.labels = description.labels.setting(pair.name, to: pair.value)
            }
            self.description = description
            let name = "__alert_" + description.name
            func templates(_ labels: Labels) -> [(name: String, template: AlertTemplate)] {
                labels.pairs.compactMap { pair in (try? AlertTemplate(pair.value, name: name)).map { (pair.name, $0) } }
            }
            labelTemplates = description.isAlert ? templates(description.labels) : []
            annotationTemplates = description.isAlert ? templates(description.annotations) : []
        }

        /// `firing` if one of its alerts is, and so on.
        public var state: ActiveAlert.State {
            alerts.map(\.state).max { $0.rawValue < $1.rawValue } ?? .inactive
        }
    }

    public let file: String
    public let name: String
    /// Milliseconds.
    public let interval: Int64
    public let queryOffset: Int64
    public let limit: Int
    public internal(set) var rules: [Rule]
    /// When the next evaluation is due; nil before the group has begun.
    public private(set) var nextDue: Int64?
    public private(set) var lastEvaluation: Int64?

    /// How long a resolved alert is kept and handed on, so that a receiver that was away hears of it.
    static let resolvedRetention: Int64 = 15 * 60_000
    /// After an outage shorter than this, `for` goes on where it was; only alerts that wait this long are restored.
    static let outageTolerance: Int64 = 3_600_000
    static let restoreGrace: Int64 = 10 * 60_000

    /// - Parameters:
    ///   - interval: the server's evaluation interval, where the group has none of its own.
    ///   - queryOffset: the server's, likewise.
    public init(_ description: RuleGroupDescription, file: String, interval: Int64, queryOffset: Int64 = 0) {
        self.file = file
        name = description.name
        // An interval of nothing is none.
        self.interval = max(1, description.interval.flatMap { $0 > 0 ? $0 : nil } ?? interval)
        self.queryOffset = description.queryOffset ?? queryOffset
        limit = description.limit
        rules = description.rules.map { Rule($0, groupLabels: description.labels) }
    }

    /// Begins the group: its evaluations lie on multiples of the interval, at a place that the hash of its name decides
    /// when `spread` is on.
    public mutating func begin(at now: Int64, spread: Bool) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in (file + "\u{ff}" + name).utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let offset = spread ? Int64(hash % UInt64(interval)) : 0
        let start = now - ((now - offset) % interval + interval) % interval
        nextDue = start >= now ? start : start + interval
    }

    /// Keeps the times of the group that this one replaces.
    mutating func continueAfter(_ old: RuleGroup) {
        nextDue = old.nextDue ?? nextDue
        lastEvaluation = old.lastEvaluation
    }

    /// Evaluates the group at the slot that is due. Slots that were missed are skipped; times stay on the slots.
    /// - Returns: the alerts to be handed to Alertmanager.
    public mutating func evaluate(at now: Int64, in store: inout TimeSeriesStore, _ context: Context) -> [PostableAlert]
    {
        guard let due = nextDue, due <= now else { return [] }
        let slot = due + (now - due) / interval * interval
        nextDue = slot + interval
        return evaluate(slot: slot, in: &store, context)
    }

    /// Evaluates all rules at one time, whatever is due.
    public mutating func evaluate(slot: Int64, in store: inout TimeSeriesStore, _ context: Context) -> [PostableAlert] {
        lastEvaluation = slot
        var sent: [PostableAlert] = []
        for index in rules.indices {
            evaluate(index, slot, &store, context)
            if rules[index].description.isAlert { sent += takeSent(index, slot, context) }
        }
        return sent
    }

    // MARK: One rule

    private struct EvaluationError: Error { let text: String }

    private mutating func evaluate(_ index: Int, _ slot: Int64, _ store: inout TimeSeriesStore, _ context: Context) {
        let rule = rules[index].description
        let series: [(labels: Labels, value: PointValue)]
        do throws(EvaluationError) {
            let rows = try rows(rule, at: slot - queryOffset, store, context)
            switch rule.kind {
            case .recording(let name): series = try recorded(rule, name, rows)
            case .alerting: series = try alerted(index, rows, slot, store, context)
            }
        } catch {
            // What was written before stays as it is: an error says nothing of the series.
            rules[index].health = .err
            rules[index].lastError = error.text
            return
        }
        rules[index].health = .ok
        rules[index].lastError = ""
        write(series, of: index, at: slot - queryOffset, &store)
    }

    private func rows(
        _ rule: RuleDescription, at time: Int64, _ store: TimeSeriesStore, _ context: Context
    ) throws(EvaluationError) -> [(labels: Labels, value: PointValue)] {
        do throws(QueryError) {
            let result = try context.engine.instant(rule.expression, query: rule.expr, in: store, at: time)
            switch result.value {
            case .vector(let elements): return elements.map { ($0.labels, $0.value) }
            case .scalar(let value): return [(.empty, .float(value))]
            case .string, .matrix: break
            }
        } catch { throw EvaluationError(text: error.description) }
        throw EvaluationError(text: "rule result is not a vector or scalar")
    }

    private func recorded(
        _ rule: RuleDescription, _ name: String, _ rows: [(labels: Labels, value: PointValue)]
    ) throws(EvaluationError) -> [(labels: Labels, value: PointValue)] {
        var seen: Set<Labels> = []
        var series: [(labels: Labels, value: PointValue)] = []
        for row in rows {
            var builder = LabelSetBuilder(row.labels)
            builder.set(Labels.metricName, name)
            for pair in rule.labels.pairs { builder.set(pair.name, pair.value) }
            let labels = builder.labels
            guard seen.insert(labels).inserted else {
                throw EvaluationError(text: "vector contains metrics with the same labelset after applying rule labels")
            }
            series.append((labels, row.value))
        }
        if limit > 0, series.count > limit {
            throw EvaluationError(text: "exceeded limit of \(limit) with \(series.count) series")
        }
        return series
    }

    /// Writes samples, and the end of the series that the evaluation before wrote and this one did not.
    private mutating func write(
        _ series: [(labels: Labels, value: PointValue)], of index: Int, at time: Int64, _ store: inout TimeSeriesStore
    ) {
        var written: [SeriesID] = []
        for (labels, value) in series {
            let id = store.series(for: labels)
            switch value {
            case .float(let number): try? store.append(id, time: time, value: number)
            case .histogram(let histogram): try? store.append(labels, time: time, histogram: histogram)
            }
            written.append(id)
        }
        let now = Set(written)
        for id in rules[index].written where !now.contains(id) {
            try? store.append(id, time: time, value: StaleMarker.value)
        }
        rules[index].written = written
    }

    // MARK: Alerts

    private mutating func alerted(
        _ index: Int, _ rows: [(labels: Labels, value: PointValue)], _ slot: Int64, _ store: TimeSeriesStore,
        _ context: Context
    ) throws(EvaluationError) -> [(labels: Labels, value: PointValue)] {
        let rule = rules[index]
        guard case .alerting(let name, let wait, let keep) = rule.description.kind else { return [] }
        var found: [Labels: ActiveAlert] = [:]
        var order: [Labels] = []
        for row in rows {
            guard case .float(let value) = row.value else { continue }
            let data = TemplateData(
                labels: row.labels, value: value, externalLabels: context.externalLabels,
                externalURL: context.externalURL, now: slot)
            func expand(_ template: AlertTemplate) -> String {
                let result = template.expand(data) { (text: String) throws(TemplateError) -> [QuerySample] in
                    try Self.answer(text, at: slot - queryOffset, store, context)
                }
                switch result {
                case .success(let text): return text
                case .failure(let error): return AlertTemplate.failureText(error)
                }
            }
            var builder = LabelSetBuilder(row.labels)
            builder.set(Labels.metricName, "")
            for (label, template) in rule.labelTemplates { builder.set(label, expand(template)) }
            builder.set("alertname", name)
            let labels = builder.labels
            let annotations = Labels(rule.annotationTemplates.map { Label($0.name, expand($0.template)) })
            guard found[labels] == nil else {
                throw EvaluationError(
                    text: "vector contains metrics with the same labelset after applying alert labels")
            }
            found[labels] = ActiveAlert(labels: labels, annotations: annotations, value: value, activeAt: slot)
            order.append(labels)
        }
        var alerts = rule.alerts
        var known: [Labels: Int] = [:]
        for (place, alert) in alerts.enumerated() { known[alert.labels] = place }
        for labels in order {
            guard let new = found[labels] else { continue }
            if let place = known[labels], alerts[place].state != .inactive {
                alerts[place].value = new.value
                alerts[place].annotations = new.annotations
                alerts[place].keepFiringSince = nil
            } else if let place = known[labels] {
                alerts[place] = new
            } else {
                alerts.append(new)
            }
        }
        alerts = alerts.compactMap { alert in
            Self.aged(alert, isThere: found[alert.labels] != nil, at: slot, wait: wait, keep: keep)
        }
        let active = alerts.count { $0.state != .inactive }
        if limit > 0, active > limit {
            rules[index].alerts = []
            throw EvaluationError(text: "exceeded limit of \(limit) with \(active) alerts")
        }
        rules[index].alerts = alerts
        return alerts.filter { $0.state != .inactive }.flatMap { alert in
            [
                (
                    alert.labels.setting(Labels.metricName, to: "ALERTS").setting("alertstate", to: alert.state.text),
                    PointValue.float(1)
                ),
                (
                    alert.labels.setting(Labels.metricName, to: "ALERTS_FOR_STATE"),
                    PointValue.float(Double(alert.activeAt / 1000))
                ),
            ]
        }
    }

    /// One alert after an evaluation; nil if it is forgotten.
    private static func aged(
        _ alert: ActiveAlert, isThere: Bool, at slot: Int64, wait: Int64, keep: Int64
    ) -> ActiveAlert? {
        var alert = alert
        if !isThere {
            var keeps = false
            if alert.state == .firing, keep > 0 {
                let since = alert.keepFiringSince ?? slot
                alert.keepFiringSince = since
                keeps = slot - since < keep
            }
            if alert.state == .pending { return nil }
            if let resolved = alert.resolvedAt, slot - resolved > resolvedRetention { return nil }
            if alert.state != .inactive, !keeps {
                alert.state = .inactive
                alert.resolvedAt = slot
            }
            return alert
        }
        if alert.state == .pending, slot - alert.activeAt >= wait {
            alert.state = .firing
            alert.firedAt = slot
        }
        // A rule that was read anew with a longer wait takes it back.
        if alert.state == .firing, slot - alert.activeAt < wait {
            alert.state = .pending
            alert.firedAt = nil
        }
        return alert
    }

    private static func answer(
        _ query: String, at time: Int64, _ store: TimeSeriesStore, _ context: Context
    ) throws(TemplateError) -> [QuerySample] {
        do throws(QueryError) {
            switch try context.engine.instant(query, in: store, at: time).value {
            case .vector(let elements):
                return elements.compactMap { element in
                    guard case .float(let value) = element.value else { return nil }
                    return QuerySample(labels: element.labels, value: value)
                }
            case .scalar(let value): return [QuerySample(labels: .empty, value: value)]
            case .string, .matrix: return []
            }
        } catch { throw TemplateError(error.description) }
    }

    private mutating func takeSent(_ index: Int, _ slot: Int64, _ context: Context) -> [PostableAlert] {
        var sent: [PostableAlert] = []
        for place in rules[index].alerts.indices
        where rules[index].alerts[place].needsSending(at: slot, resendDelay: context.resendDelay) {
            let valid = slot + 4 * max(interval, context.resendDelay)
            rules[index].alerts[place].lastSentAt = slot
            rules[index].alerts[place].validUntil = valid
            let alert = rules[index].alerts[place]
            var builder = LabelSetBuilder(context.externalLabels)
            for pair in alert.labels.pairs { builder.set(pair.name, pair.value) }
            sent.append(
                PostableAlert(
                    labels: builder.labels, annotations: alert.annotations, startsAt: alert.firedAt ?? alert.activeAt,
                    endsAt: alert.resolvedAt ?? valid,
                    generatorURL: context.externalURL + "/graph?g0.expr="
                        + TemplateEscaping.query(rules[index].description.expr) + "&g0.tab=1"))
        }
        return sent
    }

    // MARK: Restart

    /// Puts back how long alerts have waited, from the series that a server before this one wrote: where the outage was
    /// short and the wait is long enough to be worth it. Called once, after the first evaluation.
    public mutating func restoreForState(from store: TimeSeriesStore, at now: Int64) {
        for index in rules.indices {
            guard case .alerting(_, let wait, _) = rules[index].description.kind, wait >= Self.restoreGrace else {
                continue
            }
            for place in rules[index].alerts.indices where rules[index].alerts[place].state == .pending {
                let labels = rules[index].alerts[place].labels.setting(Labels.metricName, to: "ALERTS_FOR_STATE")
                guard let id = store.identifier(of: labels),
                    let last = store.samples(id, after: now - Self.outageTolerance, through: now - 1).last(where: {
                        !StaleMarker.isStale($0.value)
                    })
                else { continue }
                let began = Int64(last.value) * 1000
                let waited = last.time - began
                guard waited >= 0, waited < wait else { continue }
                // What is left of the wait counts from now, and is no shorter than the grace.
                let left = max(wait - waited, Self.restoreGrace)
                rules[index].alerts[place].activeAt = now + left - wait
            }
        }
    }
}

extension RuleGroup {
    private static let section = "ruleGroup"
    private static let version = 1

    /// Writes what the group remembers; its rules are the file's.
    public func write(to writer: inout BinaryWriter) {
        writer.section(Self.section, version: Self.version)
        writer.write(nextDue)
        writer.write(lastEvaluation)
        writer.write(rules.count)
        for rule in rules {
            writer.writeByte(rule.health.rawValue)
            writer.write(rule.lastError)
            writer.write(rule.alerts)
            writer.write(rule.written)
        }
    }

    /// Reads back what a group with the same rules remembered.
    public mutating func restore(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section(Self.section, version: Self.version)
        nextDue = try reader.read()
        lastEvaluation = try reader.read()
        let count: Int = try reader.read()
        guard count == rules.count else { throw .malformed(what: "rule group", offset: reader.offset) }
        for index in rules.indices {
            guard let health = Health(rawValue: try reader.readByte()) else {
                throw .malformed(what: "rule", offset: reader.offset)
            }
            rules[index].health = health
            rules[index].lastError = try reader.read()
            rules[index].alerts = try reader.read()
            rules[index].written = try reader.read()
        }
    }
}
