import PromQL
import Simulation

/// The alerts of one route that share the values of its `group_by` labels, and when they are due.
struct AggregationGroup: Sendable, Equatable {
    /// Its place in the order in which groups came up.
    let number: UInt64
    /// The place of its route in the configuration.
    let route: Int
    let labels: Labels
    var alerts: [LabelFingerprint: HeldAlert] = [:]
    /// When it is looked at next.
    var nextFlush: Int64
    var hasFlushed = false
    /// Since when it has had no alerts; nil while it has some.
    var emptySince: Int64?
    /// Messages of the last flush that did not arrive yet.
    var deliveries: [Delivery] = []
    /// When the last flush gives up.
    var deadline: Int64 = 0
    /// Alerts that the last flush told the end of, with the time at which each had come in.
    var toldResolved: [LabelFingerprint: Int64] = [:]
    /// Whether a message of the last flush was refused.
    var hasFailed = false

    /// When something happens by itself; nil for a group without alerts.
    var due: Int64? {
        let retry = deliveries.compactMap(\.nextAttempt).min()
        guard let flush = flushDue else { return retry }
        return retry.map { min($0, flush) } ?? flush
    }

    /// When the group is flushed: a flush waits until the one before has ended or given up.
    var flushDue: Int64? {
        if alerts.isEmpty { return nil }
        return deliveries.isEmpty ? nextFlush : max(nextFlush, deadline)
    }

    /// Alertmanager removes groups without alerts every 30 seconds; until then they keep their rhythm.
    func isGone(at time: Int64) -> Bool {
        guard let emptySince else { return false }
        return Self.tick(30_000, before: time) > emptySince
    }

    /// The last multiple of a period that is not after a time.
    static func tick(_ period: Int64, before time: Int64) -> Int64 {
        let rest = time % period
        return time.saturatingAdding(-(rest < 0 ? rest + period : rest))
    }

    /// Takes resolved alerts out, once all messages about them have arrived; not those that came in again since.
    mutating func forgetResolved(at now: Int64) {
        for (fingerprint, updatedAt) in toldResolved {
            guard let alert = alerts[fingerprint], alert.updatedAt == updatedAt, alert.isResolved(at: now) else {
                continue
            }
            alerts[fingerprint] = nil
        }
        toldResolved = [:]
        if alerts.isEmpty, emptySince == nil { emptySince = now }
    }
}

extension AggregationGroup: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(number)
        writer.write(route)
        writer.writeLabels(labels)
        writer.write(alerts)
        writer.write(nextFlush)
        writer.write(hasFlushed)
        writer.write(emptySince)
        writer.write(deliveries)
        writer.write(deadline)
        writer.write(toldResolved)
        writer.write(hasFailed)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        number = try reader.read()
        route = try reader.read()
        labels = try reader.readLabels()
        alerts = try reader.read()
        nextFlush = try reader.read()
        hasFlushed = try reader.read()
        emptySince = try reader.read()
        deliveries = try reader.read()
        deadline = try reader.read()
        toldResolved = try reader.read()
        hasFailed = try reader.read()
    }
}
