import PromQL
import Simulation

/// One alert of a rule: a row of its expression's answer, over time. Times are milliseconds since the Unix epoch.
public struct ActiveAlert: Sendable, Equatable {
    public enum State: UInt8, Sendable {
        case inactive, pending, firing

        /// As the HTTP API and the series ALERTS name it.
        public var text: String {
            switch self {
            case .inactive: "inactive"
            case .pending: "pending"
            case .firing: "firing"
            }
        }
    }

    public var state = State.pending
    public let labels: Labels
    public var annotations: Labels
    public var value: Double
    /// When its expression began to hold.
    public var activeAt: Int64
    public var firedAt: Int64?
    public var resolvedAt: Int64?
    /// When its expression ceased to hold while it goes on firing.
    public var keepFiringSince: Int64?
    /// When it was handed to Alertmanager last, and until when that holds.
    public var lastSentAt: Int64?
    public var validUntil: Int64?

    init(labels: Labels, annotations: Labels, value: Double, activeAt: Int64) {
        self.labels = labels
        self.annotations = annotations
        self.value = value
        self.activeAt = activeAt
    }

    /// Whether it is to be handed on: what is pending never, what is resolved once more than it was, what fires again
    /// after the delay (`rules/alerting.go`, `needsSending`).
    func needsSending(at time: Int64, resendDelay: Int64) -> Bool {
        if state == .pending { return false }
        guard let lastSentAt else { return true }
        if let resolvedAt, resolvedAt > lastSentAt { return true }
        return lastSentAt + resendDelay < time
    }
}

extension ActiveAlert: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.writeByte(state.rawValue)
        writer.write(labelSet: labels)
        writer.write(labelSet: annotations)
        writer.write(value.bitPattern)
        writer.write(activeAt)
        for time in [firedAt, resolvedAt, keepFiringSince, lastSentAt, validUntil] { writer.write(time) }
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        guard let state = State(rawValue: try reader.readByte()) else {
            throw .malformed(what: "alert", offset: reader.offset)
        }
        self.init(
            labels: try reader.readLabelSet(), annotations: try reader.readLabelSet(),
            value: Double(bitPattern: try reader.read()), activeAt: try reader.read())
        self.state = state
        firedAt = try reader.read()
        resolvedAt = try reader.read()
        keepFiringSince = try reader.read()
        lastSentAt = try reader.read()
        validUntil = try reader.read()
    }
}
