import PromQL
import Simulation

/// A message that a receiver's integration shall get now. The caller sends it and tells
/// ``Alertmanager/report(_:_:at:)`` what came of it. Times are milliseconds since 1970.
public struct AlertNotification: Sendable, Equatable {
    /// The number of this attempt, unique in an Alertmanager.
    public internal(set) var id: UInt64
    /// When it is sent.
    public internal(set) var at: Int64
    /// 1 for the first attempt at this message.
    public internal(set) var attempt: Int
    public let receiver: String
    public let integration: NotificationIntegration
    /// The route and the labels that name the group, such as `{}:{alertname="Down"}`.
    public let groupKey: String
    public let groupLabels: Labels
    /// In Alertmanager's order; never empty.
    public let alerts: [NotifiedAlert]

    public var isFiring: Bool { alerts.contains { $0.endsAt == nil } }
}

/// An alert as a notification tells of it.
public struct NotifiedAlert: Sendable, Equatable {
    public let labels: Labels
    public let annotations: Labels
    public let startsAt: Int64
    /// Nil while the alert fires.
    public let endsAt: Int64?
    public let generatorURL: String

    public var fingerprint: LabelFingerprint { LabelFingerprint(labels) }
}

/// What came of an attempt to send.
public enum NotificationOutcome: Sendable, Equatable {
    case delivered
    /// Tried again with growing pauses until the group is due again; a refusal that is not retriable is not tried again
    /// before that.
    case failed(retriable: Bool)

    /// The outcome of a webhook's answer, nil for no answer: as Alertmanager, only 5xx and no answer are tried again.
    public init(httpStatus: Int?) {
        guard let httpStatus else {
            self = .failed(retriable: true)
            return
        }
        self = httpStatus / 100 == 2 ? .delivered : .failed(retriable: httpStatus / 100 == 5)
    }
}

/// What was last told to an integration about a group.
struct NotificationLogEntry: Sendable, Equatable {
    var time: Int64
    var firing: [LabelFingerprint]
    var resolved: [LabelFingerprint]
    var expiresAt: Int64

    /// Whether the cleaning of each quarter of an hour has taken it out.
    func isGone(at time: Int64) -> Bool { expiresAt < AggregationGroup.tick(900_000, before: time) }

    /// Whether there is something to tell: a new alert, the end of one, or the same again after a while.
    static func needsNotification(
        _ entry: NotificationLogEntry?, firing: [LabelFingerprint], resolved: [LabelFingerprint], sendsResolved: Bool,
        repeatInterval: Int64, at now: Int64
    ) -> Bool {
        // What nobody heard of needs no end.
        guard let entry else { return !firing.isEmpty }
        let known = Set(entry.firing)
        if !firing.allSatisfy(known.contains) { return true }
        if firing.isEmpty { return !entry.firing.isEmpty }
        if sendsResolved, !resolved.allSatisfy(Set(entry.resolved).contains) { return true }
        return entry.time < now.saturatingAdding(-repeatInterval)
    }
}

/// A message on its way: in flight, or waiting for another attempt.
struct Delivery: Sendable, Equatable {
    var notification: AlertNotification
    /// When it is tried again; nil while an attempt is out.
    var nextAttempt: Int64?
    /// The pause before the next attempt, milliseconds.
    var pause: Int64
    var logKey: String
    var firing: [LabelFingerprint]
    var resolved: [LabelFingerprint]

    static let firstPause: Int64 = 500
    static let longestPause: Int64 = 60_000
}

extension AlertNotification: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(id)
        writer.write(at)
        writer.write(attempt)
        writer.write(receiver)
        writer.write(integration)
        writer.write(groupKey)
        writer.writeLabels(groupLabels)
        writer.write(alerts)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        id = try reader.read()
        at = try reader.read()
        attempt = try reader.read()
        receiver = try reader.read()
        integration = try reader.read()
        groupKey = try reader.read()
        groupLabels = try reader.readLabels()
        alerts = try reader.read()
    }
}

extension NotifiedAlert: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.writeLabels(labels)
        writer.writeLabels(annotations)
        writer.write(startsAt)
        writer.write(endsAt)
        writer.write(generatorURL)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        labels = try reader.readLabels()
        annotations = try reader.readLabels()
        startsAt = try reader.read()
        endsAt = try reader.read()
        generatorURL = try reader.read()
    }
}

extension NotificationIntegration: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(kind)
        writer.write(index)
        writer.write(sendsResolved)
        writer.write(url)
        writer.write(maximumAlerts)
        writer.write(timeout)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        kind = try reader.read()
        index = try reader.read()
        sendsResolved = try reader.read()
        url = try reader.read()
        maximumAlerts = try reader.read()
        timeout = try reader.read()
    }
}

extension NotificationLogEntry: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(time)
        writer.write(firing)
        writer.write(resolved)
        writer.write(expiresAt)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        time = try reader.read()
        firing = try reader.read()
        resolved = try reader.read()
        expiresAt = try reader.read()
    }
}

extension Delivery: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(notification)
        writer.write(nextAttempt)
        writer.write(pause)
        writer.write(logKey)
        writer.write(firing)
        writer.write(resolved)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        notification = try reader.read()
        nextAttempt = try reader.read()
        pause = try reader.read()
        guard (0...Delivery.longestPause).contains(pause) else {
            throw .malformed(what: "pause of a delivery", offset: reader.offset)
        }
        logKey = try reader.read()
        firing = try reader.read()
        resolved = try reader.read()
    }
}
