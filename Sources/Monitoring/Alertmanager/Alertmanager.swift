import PromQL
import Simulation

/// A simulated Alertmanager: groups the alerts that come in, mutes some, and says what is to be sent when.
///
/// It has no clock and sends nothing. The caller moves time with ``advance(to:)`` when ``nextDue`` comes, sends what it
/// gets, and reports what came of it. Times are milliseconds since 1970 and never go back.
///
///     alertmanager.receive([alert], at: now)
///     for notification in alertmanager.advance(to: now + 30_000) {
///         alertmanager.report(notification.id, .delivered, at: now + 30_050)
///     }
///
/// Follows the dispatcher and the notification pipeline of Alertmanager 0.25, one instance without peers. Two things
/// differ, to be the same in each run: pauses between attempts are not diced, and periodic cleaning happens at
/// multiples of its period instead of counting from the start.
public struct Alertmanager: Sendable, Equatable {
    public internal(set) var configuration: AlertmanagerConfiguration
    /// The address in messages, such as `http://alertmanager:9093`, without a slash at the end.
    public let externalURL: String
    /// When it was started or last read its configuration.
    public internal(set) var startedAt: Int64

    var alerts: [LabelFingerprint: HeldAlert] = [:]
    /// In the order in which they came up.
    var groups: [AggregationGroup] = []
    var log: [String: NotificationLogEntry] = [:]
    /// In the order in which they were made.
    var silenceList: [Silence] = []
    var outbox: [AlertNotification] = []
    var groupCount: UInt64 = 0
    var notificationCount: UInt64 = 0
    var silenceCount: UInt64 = 0

    public init(_ configuration: AlertmanagerConfiguration, externalURL: String, at time: Int64) {
        self.configuration = configuration
        self.externalURL = externalURL
        startedAt = time
    }

    /// When ``advance(to:)`` has something to do; nil if only new alerts or reports can change that.
    public var nextDue: Int64? {
        let due = groups.compactMap(\.due).min()
        guard let waiting = outbox.first?.at else { return due }
        return due.map { min($0, waiting) } ?? waiting
    }

    /// Moves time and gives what is to be sent, in order. How often it is called in between changes nothing.
    public mutating func advance(to time: Int64) -> [AlertNotification] {
        run(to: time)
        let out = outbox
        outbox = []
        return out
    }

    /// Takes alerts in, as a POST to `/api/v2/alerts` does.
    /// - Returns: what is wrong with those that were refused; the others are kept all the same.
    @discardableResult
    public mutating func receive(_ posted: [PostableAlert], at now: Int64) -> [String] {
        run(to: now)
        var problems: [String] = []
        for alert in posted {
            let start = alert.startsAt ?? alert.endsAt ?? now
            let held = HeldAlert(
                labels: alert.labels, annotations: alert.annotations, startsAt: start,
                endsAt: alert.endsAt ?? now.saturatingAdding(configuration.resolveTimeout),
                generatorURL: alert.generatorURL, updatedAt: now, isTimeout: alert.endsAt == nil)
            if held.endsAt < held.startsAt {
                problems.append("start time must be before end time")
            } else if held.labels.isEmpty {
                problems.append("at least one label pair required")
            } else if let pair = held.labels.pairs.first(where: { !MatcherText.isLabelName($0.name) }) {
                problems.append("invalid label set: invalid name \"\(pair.name)\"")
            } else if let pair = held.annotations.pairs.first(where: { !MatcherText.isLabelName($0.name) }) {
                problems.append("invalid annotations: invalid name \"\(pair.name)\"")
            } else {
                keep(held, at: now)
            }
        }
        return problems
    }

    private mutating func keep(_ alert: HeldAlert, at now: Int64) {
        let fingerprint = alert.fingerprint
        var kept = alert
        if let old = alerts[fingerprint], old.overlaps(alert) { kept = old.merged(with: alert, at: now) }
        alerts[fingerprint] = kept
        dispatch(kept, fingerprint, at: now)
    }

    /// Puts an alert into a group of each route that it takes.
    private mutating func dispatch(_ alert: HeldAlert, _ fingerprint: LabelFingerprint, at now: Int64) {
        for route in configuration.routes(for: alert.labels) {
            let options = configuration.routes[route]
            let labels = options.groupLabels(of: alert.labels)
            let index: Int
            if let found = groups.firstIndex(where: { $0.route == route && $0.labels == labels }) {
                index = found
                if groups[index].emptySince != nil { groups[index].wake(options.groupInterval, at: now) }
            } else {
                groups.append(
                    AggregationGroup(
                        number: groupCount, route: route, labels: labels,
                        nextFlush: now.saturatingAdding(options.groupWait)))
                groupCount += 1
                index = groups.count - 1
            }
            groups[index].alerts[fingerprint] = alert
            // An alert that has fired for longer than one would wait, after a restart say, does not wait again.
            if !groups[index].hasFlushed, alert.startsAt.saturatingAdding(options.groupWait) < now {
                groups[index].nextFlush = now
            }
        }
    }

    /// Reads a new configuration: groups are made anew of all alerts; silences and what was told are kept.
    public mutating func reload(_ configuration: AlertmanagerConfiguration, at now: Int64) {
        run(to: now)
        self.configuration = configuration
        startedAt = now
        groups = []
        for (fingerprint, alert) in alerts.sorted(by: { $0.key < $1.key }) { dispatch(alert, fingerprint, at: now) }
    }

    /// Tells what came of a notification. An attempt that is not known, or was given up meanwhile, is ignored.
    public mutating func report(_ id: UInt64, _ outcome: NotificationOutcome, at now: Int64) {
        run(to: now)
        for index in groups.indices {
            guard let place = groups[index].deliveries.firstIndex(where: { $0.notification.id == id }) else { continue }
            settle(index, place, outcome, at: now)
            return
        }
    }

    private mutating func settle(_ index: Int, _ place: Int, _ outcome: NotificationOutcome, at now: Int64) {
        let delivery = groups[index].deliveries[place]
        guard delivery.nextAttempt == nil else { return }
        switch outcome {
        case .delivered:
            groups[index].deliveries.remove(at: place)
            note(delivery.logKey, firing: delivery.firing, resolved: delivery.resolved, groups[index].route, at: now)
        case .failed(retriable: true) where now.saturatingAdding(delivery.pause) < groups[index].deadline:
            groups[index].deliveries[place].nextAttempt = now.saturatingAdding(delivery.pause)
            groups[index].deliveries[place].pause = min(delivery.pause * 3 / 2, Delivery.longestPause)
        case .failed(let retriable):
            // Too late for another attempt: the flush lasts until it gives up all the same, and takes no answer more.
            if retriable {
                groups[index].deliveries[place].nextAttempt = groups[index].deadline
            } else {
                groups[index].deliveries.remove(at: place)
            }
            groups[index].hasFailed = true
        }
        finish(index, at: now)
    }

    /// Ends a flush of which no message is out any more.
    mutating func finish(_ index: Int, at now: Int64) {
        guard groups[index].deliveries.isEmpty else { return }
        if groups[index].hasFailed { groups[index].toldResolved = [:] } else { groups[index].forgetResolved(at: now) }
    }

    /// Writes down what an integration was told.
    mutating func note(
        _ key: String, firing: [LabelFingerprint], resolved: [LabelFingerprint], _ route: Int, at now: Int64
    ) {
        let repeatInterval = configuration.routes[route].repeatInterval
        let kept = repeatInterval < Self.retention / 2 ? repeatInterval * 2 : Self.retention
        log[key] = NotificationLogEntry(
            time: now, firing: firing, resolved: resolved, expiresAt: now.saturatingAdding(kept))
    }

    /// How long ended silences and notes of what was told are kept, milliseconds: `--data.retention`, 120 hours.
    static let retention: Int64 = 432_000_000
}

extension AggregationGroup {
    /// Goes on in its rhythm after a time without alerts, in which its flushes did nothing.
    fileprivate mutating func wake(_ interval: Int64, at now: Int64) {
        emptySince = nil
        guard nextFlush <= now, interval > 0 else { return }
        let missed = (now.saturatingAdding(-nextFlush)) / interval + 1
        let (step, over) = missed.multipliedReportingOverflow(by: interval)
        nextFlush = over ? .max : nextFlush.saturatingAdding(step)
    }
}
