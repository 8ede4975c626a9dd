import PromQL

/// Rules evaluated over samples that are there already: what they would have recorded and whom they would have alerted,
/// had they been loaded all the time. `promtool tsdb create-blocks-from rules` does the same for recording rules.
///
/// A rule becomes one range query, which costs a small part of as many evaluations, wherever no rule reads what a later
/// one writes and nothing fails; else the groups are evaluated slot by slot (``RuleGroup``). Both give the same.
public struct RuleBackfill: Sendable {
    /// What came of it.
    public struct Outcome: Sendable {
        /// The samples with those that the rules recorded.
        public var store: TimeSeriesStore
        /// In the order of groups and rules, then of time.
        public var alerts: [AlertSpan]
        /// Rules that could not be evaluated at least once, each with its first error.
        public var failures: [(rule: String, text: String)]
    }

    private let groups: [RuleGroup]
    private let context: RuleGroup.Context

    /// - Parameters:
    ///   - files: in the order in which a configuration would name them.
    ///   - interval: the server's evaluation interval in milliseconds, for groups that have none of their own.
    ///   - engine: its options bound the work; a rule that passes them fails.
    public init(_ files: [(name: String, file: RuleFile)], interval: Int64, engine: QueryEngine = QueryEngine()) {
        groups = files.flatMap { name, file in
            file.groups.map { RuleGroup($0, file: name, interval: interval) }
        }
        context = RuleGroup.Context(engine: engine)
    }

    /// Evaluates the rules at every slot of a span of time, both ends included; times are milliseconds since 1970.
    public func run(over store: TimeSeriesStore, from start: Int64, through end: Int64) -> Outcome {
        if isOrdered, let outcome = asRanges(store, start, end) { return outcome }
        return slotBySlot(store, start, end)
    }

    // MARK: Order

    private static let alertSeries: Set<String> = ["ALERTS", "ALERTS_FOR_STATE"]

    /// Whether every rule reads only what is scraped and what rules before it write.
    var isOrdered: Bool {
        let rules = groups.flatMap { group in group.rules.map(\.description) }
        var later: [String: Int] = [:]
        for rule in rules { for name in Self.written(by: rule) { later[name, default: 0] += 1 } }
        for rule in rules {
            for selector in rule.expression.selectors {
                guard let name = selector.metricName else { return later.values.allSatisfy { $0 == 0 } }
                if later[name, default: 0] > 0 { return false }
            }
            for name in Self.written(by: rule) { later[name, default: 0] -= 1 }
        }
        return true
    }

    private static func written(by rule: RuleDescription) -> [String] {
        switch rule.kind {
        case .recording(let name): [name]
        case .alerting: alertSeries.sorted()
        }
    }

    // MARK: Slot by slot

    private func slotBySlot(_ given: TimeSeriesStore, _ start: Int64, _ end: Int64) -> Outcome {
        var store = given
        var groups = groups
        var watches = groups.map { group in group.rules.map { AlertWatch(rule: $0.description.name) } }
        var failures: [(rule: String, text: String)] = []
        for index in groups.indices { groups[index].begin(at: start, spread: false) }
        while let due = groups.compactMap(\.nextDue).min(), due <= end {
            for index in groups.indices where groups[index].nextDue == due {
                _ = groups[index].evaluate(at: due, in: &store, context)
                for (place, rule) in groups[index].rules.enumerated() {
                    if !rule.lastError.isEmpty, !failures.contains(where: { $0.rule == rule.description.name }) {
                        failures.append((rule.description.name, rule.lastError))
                    }
                    watches[index][place].note(rule.alerts, at: due)
                }
            }
        }
        return Outcome(store: store, alerts: watches.flatMap { $0.flatMap(\.all) }, failures: failures)
    }

    /// Sees the alerts of a rule come and go.
    private struct AlertWatch {
        let rule: String
        private var ended: [AlertSpan] = []
        private var active: [AlertSpan] = []

        init(rule: String) { self.rule = rule }

        var all: [AlertSpan] { (ended + active).sorted { $0.activeAt < $1.activeAt } }

        mutating func note(_ alerts: [ActiveAlert], at time: Int64) {
            var still: [AlertSpan] = []
            for alert in alerts where alert.state != .inactive {
                var span = AlertSpan(rule: rule, labels: alert.labels, activeAt: alert.activeAt)
                span.firedAt = alert.firedAt
                still.append(span)
            }
            for var span in active
            where !still.contains(where: { $0.labels == span.labels && $0.activeAt == span.activeAt }) {
                span.endedAt = time
                ended.append(span)
            }
            active = still
        }
    }

    // MARK: As range queries

    func asRanges(_ given: TimeSeriesStore, _ start: Int64, _ end: Int64) -> Outcome? {
        var store = given
        var alerts: [AlertSpan] = []
        for group in groups {
            let first = start + ((-start % group.interval) + group.interval) % group.interval
            guard first <= end else { continue }
            for rule in group.rules {
                guard let rows = rows(rule.description, group, first, end, store) else { return nil }
                switch rule.description.kind {
                case .recording(let name):
                    guard record(rows, rule.description, name, group, end: end, into: &store) else { return nil }
                case .alerting(_, let wait, let keep):
                    guard
                        let found = alertSpans(
                            rows, rule, group, wait: wait, keep: keep, first: first, end: end, into: &store)
                    else { return nil }
                    alerts += found
                }
            }
        }
        return Outcome(store: store, alerts: alerts, failures: [])
    }

    private func rows(
        _ rule: RuleDescription, _ group: RuleGroup, _ first: Int64, _ end: Int64, _ store: TimeSeriesStore
    ) -> [MatrixSeries]? {
        let result = try? context.engine.range(
            rule.expr, in: store, from: first - group.queryOffset, through: end - group.queryOffset,
            step: group.interval)
        guard case .matrix(let series)? = result?.value, series.allSatisfy(\.histograms.isEmpty) else { return nil }
        return series
    }

    private func record(
        _ rows: [MatrixSeries], _ rule: RuleDescription, _ name: String, _ group: RuleGroup,
        end: Int64, into store: inout TimeSeriesStore
    ) -> Bool {
        guard group.limit == 0 || rows.count <= group.limit else { return false }
        let series = Self.merged(rows) { labels in
            var builder = LabelSetBuilder(labels)
            builder.set(Labels.metricName, name)
            for pair in rule.labels.pairs { builder.set(pair.name, pair.value) }
            return builder.labels
        }
        guard let series else { return false }
        for (labels, samples) in series {
            Self.write(
                samples, to: labels, every: group.interval, end: end - group.queryOffset, into: &store)
        }
        return true
    }

    /// Rows that are one series once the rule has named them, as the two sides of an `or` over metrics of different names
    /// are: in the order of their first. Nil if two of them are there at the same slot, which a slot would refuse.
    private static func merged(
        _ rows: [MatrixSeries], _ named: (Labels) -> Labels
    ) -> [(labels: Labels, samples: [Sample])]? {
        var order: [(labels: Labels, samples: [Sample])] = []
        var places: [Labels: Int] = [:]
        for row in rows {
            let labels = named(row.labels)
            guard let place = places[labels] else {
                places[labels] = order.count
                order.append((labels, row.floats))
                continue
            }
            order[place].samples = (order[place].samples + row.floats).sorted { $0.time < $1.time }
            let samples = order[place].samples
            guard zip(samples, samples.dropFirst()).allSatisfy({ $0.time < $1.time }) else { return nil }
        }
        return order
    }

    /// Writes samples, and the end of the series wherever the next slot has none.
    private static func write(
        _ samples: [Sample], to labels: Labels, every interval: Int64, end: Int64,
        into store: inout TimeSeriesStore
    ) {
        let id = store.series(for: labels)
        for (place, sample) in samples.enumerated() {
            try? store.append(id, time: sample.time, value: sample.value)
            let next = place + 1 < samples.count ? samples[place + 1].time : end + 1
            if next > sample.time + interval {
                try? store.append(id, time: sample.time + interval, value: StaleMarker.value)
            }
        }
    }

    private func alertSpans(
        _ rows: [MatrixSeries], _ rule: RuleGroup.Rule, _ group: RuleGroup, wait: Int64, keep: Int64, first: Int64,
        end: Int64, into store: inout TimeSeriesStore
    ) -> [AlertSpan]? {
        // Labels with actions in them may change with the value; those alerts are followed slot by slot.
        guard !rule.description.labels.pairs.contains(where: { $0.value.contains("{{") }), group.limit == 0 else {
            return nil
        }
        var spans: [AlertSpan] = []
        let series = Self.merged(rows) { labels in
            var builder = LabelSetBuilder(labels)
            builder.set(Labels.metricName, "")
            for pair in rule.description.labels.pairs { builder.set(pair.name, pair.value) }
            builder.set("alertname", rule.description.name)
            return builder.labels
        }
        guard let series else { return nil }
        for (labels, samples) in series {
            let found = Self.spans(
                samples.map { $0.time + group.queryOffset }, labels, rule.description.name, every: group.interval,
                wait: wait, keep: keep, end: end)
            write(found, labels, group, end: end, into: &store)
            spans += found
        }
        return spans.sorted { $0.activeAt < $1.activeAt }
    }

    /// The life of one alert, from the slots at which its expression holds.
    static func spans(
        _ times: [Int64], _ labels: Labels, _ rule: String, every interval: Int64, wait: Int64, keep: Int64, end: Int64
    ) -> [AlertSpan] {
        var spans: [AlertSpan] = []
        var current: AlertSpan?
        /// The first slot at which the expression no longer held, while the alert goes on firing.
        var missingSince: Int64?
        /// Goes through the slots up to `time` at which the expression does not hold.
        func pass(until time: Int64) {
            while var span = current, let missing = missingSince, missing < time {
                let isKept = span.firedAt != nil && keep > 0
                // It ends at the first slot that is as late as `keep` asks.
                let slots = isKept ? (keep + interval - 1) / interval : 0
                let last = missing + slots * interval
                guard last < time else { return }
                span.endedAt = last
                spans.append(span)
                current = nil
                missingSince = nil
            }
        }
        for time in times {
            pass(until: time)
            missingSince = time + interval
            var span = current ?? AlertSpan(rule: rule, labels: labels, activeAt: time)
            if span.firedAt == nil, time - span.activeAt >= wait { span.firedAt = time }
            current = span
        }
        pass(until: end + 1)
        if let span = current { spans.append(span) }
        return spans
    }

    private func write(
        _ spans: [AlertSpan], _ labels: Labels, _ group: RuleGroup, end: Int64, into store: inout TimeSeriesStore
    ) {
        let name = labels.setting(Labels.metricName, to: "ALERTS")
        let pending = name.setting("alertstate", to: "pending")
        let firing = name.setting("alertstate", to: "firing")
        let since = labels.setting(Labels.metricName, to: "ALERTS_FOR_STATE")
        for span in spans {
            let last = span.endedAt ?? (end + 1)
            var time = span.activeAt
            while time < last {
                let isFiring = span.firedAt.map { $0 <= time } ?? false
                if isFiring, span.firedAt == time, time > span.activeAt {
                    try? store.append(pending, time: time - group.queryOffset, value: StaleMarker.value)
                }
                try? store.append(isFiring ? firing : pending, time: time - group.queryOffset, value: 1)
                try? store.append(since, time: time - group.queryOffset, value: Double(span.activeAt / 1000))
                time += group.interval
            }
            guard let ended = span.endedAt else { continue }
            let state = span.firedAt == nil ? pending : firing
            try? store.append(state, time: ended - group.queryOffset, value: StaleMarker.value)
            try? store.append(since, time: ended - group.queryOffset, value: StaleMarker.value)
        }
    }
}

/// One alert from its beginning to its end; times are milliseconds since 1970.
public struct AlertSpan: Sendable, Equatable {
    public let rule: String
    /// With `alertname`.
    public let labels: Labels
    /// When its expression began to hold.
    public let activeAt: Int64
    /// When it began to fire; nil if it never did.
    public var firedAt: Int64?
    /// The first evaluation at which it was gone; nil if it is still there.
    public var endedAt: Int64?
}
