import PromQL
import Simulation

extension Alertmanager {
    /// Does all that is due up to a time, in order of time and then of the groups.
    mutating func run(to time: Int64) {
        while let (index, due) = nextGroup(), due <= time {
            if let flush = groups[index].flushDue, flush <= due {
                flushGroup(index, at: due)
            } else {
                retry(index, at: due)
            }
        }
        clean(at: time)
    }

    /// The group that is due first.
    private func nextGroup() -> (index: Int, due: Int64)? {
        var best: (index: Int, due: Int64)?
        for (index, group) in groups.enumerated() {
            guard let due = group.due else { continue }
            if best.map({ due < $0.due }) ?? true { best = (index, due) }
        }
        return best
    }

    /// Forgets what Alertmanager's periodic cleaning would have taken out by now. What is forgotten depends on the time
    /// alone, not on how often this was called.
    private mutating func clean(at now: Int64) {
        groups.removeAll { $0.isGone(at: now) }
        let alertTick = AggregationGroup.tick(1_800_000, before: now)
        for (fingerprint, alert) in alerts where max(alert.endsAt, alert.updatedAt) < alertTick {
            alerts[fingerprint] = nil
        }
        let logTick = AggregationGroup.tick(900_000, before: now)
        for (key, entry) in log where entry.isGone(at: now) { log[key] = nil }
        silenceList.removeAll { $0.endsAt.saturatingAdding(Self.retention) < logTick }
    }

    private mutating func retry(_ index: Int, at now: Int64) {
        for place in groups[index].deliveries.indices {
            guard let next = groups[index].deliveries[place].nextAttempt, next <= now else { continue }
            notificationCount += 1
            groups[index].deliveries[place].nextAttempt = nil
            groups[index].deliveries[place].notification.id = notificationCount
            groups[index].deliveries[place].notification.at = now
            groups[index].deliveries[place].notification.attempt += 1
            outbox.append(groups[index].deliveries[place].notification)
        }
    }

    private mutating func flushGroup(_ index: Int, at now: Int64) {
        let group = groups[index]
        let route = configuration.routes[group.route]
        groups[index].hasFlushed = true
        groups[index].nextFlush = now.saturatingAdding(max(1, route.groupInterval))
        groups[index].deadline = now.saturatingAdding(max(route.groupInterval, 10_000))
        groups[index].deliveries = []
        groups[index].hasFailed = false
        groups[index].toldResolved = [:]
        for (fingerprint, alert) in group.alerts where alert.isResolved(at: now) {
            groups[index].toldResolved[fingerprint] = alert.updatedAt
        }
        let sent = unmuted(group.alerts.values.sorted(by: HeldAlert.precedes), route, at: now)
        if !sent.isEmpty, let receiver = configuration.receiver(route.receiver) {
            for integration in receiver.integrations {
                prepare(sent, index, route, receiver.name, integration, at: now)
            }
        }
        finish(index, at: now)
    }

    /// The alerts that neither another alert, nor the time of day, nor a silence mutes.
    private func unmuted(_ sorted: [HeldAlert], _ route: AlertRoute, at now: Int64) -> [HeldAlert] {
        if isMutedByTime(route, at: now) { return [] }
        let sources = inhibitingLabels(at: now)
        let silences = silenceList.filter { $0.state(at: now) == .active }
        return sorted.filter { alert in
            inhibitors(of: alert.labels, among: sources).isEmpty && !silences.contains { $0.matches(alert.labels) }
        }
    }

    /// Whether the times of a route keep it quiet.
    func isMutedByTime(_ route: AlertRoute, at now: Int64) -> Bool {
        func within(_ names: [String]) -> Bool {
            configuration.timeIntervals.contains { names.contains($0.name) && $0.contains(now) }
        }
        if !route.activeTimeIntervals.isEmpty, !within(route.activeTimeIntervals) { return true }
        return within(route.muteTimeIntervals)
    }

    /// For each rule, the firing alerts that can mute others, in order of their fingerprints.
    func inhibitingLabels(at now: Int64) -> [[(fingerprint: LabelFingerprint, labels: Labels)]] {
        if configuration.inhibitRules.isEmpty { return [] }
        let firing = alerts.filter { !$0.value.isResolved(at: now) }.sorted { $0.key < $1.key }
        return configuration.inhibitRules.map { rule in
            firing.filter { rule.source.allMatch($0.value.labels) }.map { ($0.key, $0.value.labels) }
        }
    }

    /// Sends the group to an integration, if there is something that it was not told.
    private mutating func prepare(
        _ sent: [HeldAlert], _ index: Int, _ route: AlertRoute, _ receiver: String,
        _ integration: NotificationIntegration, at now: Int64
    ) {
        let groupKey = route.key + ":" + groups[index].labels.description
        let logKey = groupKey + ":" + receiver + "/" + integration.kind + "/" + String(integration.index)
        let firing = sent.filter { !$0.isResolved(at: now) }.map(\.fingerprint)
        let resolved = sent.filter { $0.isResolved(at: now) }.map(\.fingerprint)
        guard
            NotificationLogEntry.needsNotification(
                log[logKey].flatMap { $0.isGone(at: now) ? nil : $0 }, firing: firing, resolved: resolved,
                sendsResolved: integration.sendsResolved,
                repeatInterval: route.repeatInterval, at: now)
        else { return }
        let told = integration.sendsResolved ? sent : sent.filter { !$0.isResolved(at: now) }
        if told.isEmpty {
            // The end is not told, but known: the same alert firing again is new.
            return note(logKey, firing: firing, resolved: resolved, groups[index].route, at: now)
        }
        notificationCount += 1
        let notification = AlertNotification(
            id: notificationCount, at: now, attempt: 1, receiver: receiver, integration: integration,
            groupKey: groupKey, groupLabels: groups[index].labels,
            alerts: told.map { alert in
                NotifiedAlert(
                    labels: alert.labels, annotations: alert.annotations, startsAt: alert.startsAt,
                    endsAt: alert.isResolved(at: now) ? alert.endsAt : nil, generatorURL: alert.generatorURL)
            })
        groups[index].deliveries.append(
            Delivery(
                notification: notification, nextAttempt: nil, pause: Delivery.firstPause, logKey: logKey,
                firing: firing, resolved: resolved))
        outbox.append(notification)
    }
}

extension Alertmanager {
    /// The firing alerts that mute an alert of these labels, in order of their fingerprints, as far as there is one for
    /// each rule.
    public func inhibitors(of labels: Labels, at now: Int64) -> [LabelFingerprint] {
        inhibitors(of: labels, among: inhibitingLabels(at: now))
    }

    /// The same with what ``inhibitingLabels(at:)`` has found, for many alerts at one time.
    func inhibitors(of labels: Labels, among sources: [[(fingerprint: LabelFingerprint, labels: Labels)]])
        -> [LabelFingerprint]
    {
        var out: [LabelFingerprint] = []
        for (rule, sources) in zip(configuration.inhibitRules, sources) where rule.target.allMatch(labels) {
            guard let source = sources.first(where: { rule.mutes(labels, by: $0.labels) }),
                !out.contains(source.fingerprint)
            else { continue }
            out.append(source.fingerprint)
        }
        return out.sorted()
    }
}
