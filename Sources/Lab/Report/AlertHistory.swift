import Monitoring
import PromQL
import Simulation

/// Follows the alerts of a world's rules by looking at it again and again.
struct AlertHistory {
    private struct Key: Hashable {
        var group: Int
        var rule: Int
        var labels: Labels
        var activeAt: Int64
    }

    private(set) var spans: [LabReport.AlertSpan] = []
    private var open: [Key: Int] = [:]

    mutating func look(_ world: borrowing World) {
        guard let prometheus = world.monitoring?.prometheus else { return }
        let start = world.epochMilliseconds - world.now.nanoseconds / 1_000_000
        func time(_ milliseconds: Int64) -> SimulationTime { .zero + .milliseconds(milliseconds - start) }
        var seen: Set<Key> = []
        for (group, rules) in prometheus.groups.enumerated() {
            for (rule, state) in rules.rules.enumerated() where state.description.isAlert {
                for alert in state.alerts {
                    let key = Key(group: group, rule: rule, labels: alert.labels, activeAt: alert.activeAt)
                    guard alert.state != .inactive || alert.firedAt != nil || open[key] != nil else { continue }
                    let place: Int
                    if let known = open[key] {
                        place = known
                    } else {
                        place = spans.count
                        open[key] = place
                        spans.append(
                            LabReport.AlertSpan(
                                name: state.description.name, labels: alert.labels.removing(["alertname"]),
                                activeAt: time(alert.activeAt)))
                    }
                    seen.insert(key)
                    spans[place].firedAt = alert.firedAt.map(time)
                    if let resolved = alert.resolvedAt { spans[place].end = time(resolved) }
                }
            }
        }
        // What is gone ended since the last look.
        for (key, place) in open where !seen.contains(key) {
            if spans[place].end == nil { spans[place].end = world.now }
            open[key] = nil
        }
    }

    func alerting(_ world: borrowing World) -> LabReport.Alerting {
        guard let prometheus = world.monitoring?.prometheus else { return .noPrometheus }
        let rules = prometheus.groups.flatMap(\.rules).filter(\.description.isAlert).count
        return rules == 0 ? .noRules : .rules(rules)
    }
}

extension LabReport {
    /// How long after users were hurt an alert still counts as theirs: rules look back over some minutes.
    static let afterglow: Duration = .minutes(5)

    /// How much before the first hurt user an alert may fire and count as theirs.
    static let foresight: Duration = .minutes(1)

    /// The spell that an alert that fires at an instant tells of.
    private func spell(of fired: SimulationTime) -> Int? {
        spells.lastIndex { $0.begin - Self.foresight <= fired && fired - $0.end <= Self.afterglow }
    }

    /// Sorts alerts and says of each whether users were hurt, and how late it came.
    mutating func judge(_ history: AlertHistory) {
        var all = history.spans.filter { $0.activeAt <= columns.end && ($0.end ?? columns.end) >= columns.begin }
        for place in all.indices {
            guard let fired = all[place].firedAt else { continue }
            let end = all[place].end ?? columns.end
            if let index = spell(of: fired) {
                let spell = spells[index]
                all[place].verdict = .real(
                    spell: index, late: fired - spell.begin, afterEnd: fired > spell.end ? fired - spell.end : nil)
            } else {
                let next = spells.first { $0.begin > fired && $0.begin <= end }
                all[place].verdict = .wrong(next: next.map { $0.begin - fired })
            }
        }
        func key(_ span: AlertSpan) -> (Int, SimulationTime, String, String) {
            (span.firedAt == nil ? 1 : 0, span.activeAt, span.name, span.labels.description)
        }
        all.sort { key($0) < key($1) }
        alerts = Array(all.prefix(Self.mostAlerts))
        omittedAlerts = all.count - alerts.count
    }

    /// Spells during which no alert fired, and of which none told afterwards.
    public var missedSpells: [Int] {
        spells.indices.filter { index in
            !alerts.contains { alert in
                guard let fired = alert.firedAt else { return false }
                return spells[index].begin <= alert.end ?? columns.end
                    && fired - spells[index].end <= Self.afterglow
            }
        }
    }
}
