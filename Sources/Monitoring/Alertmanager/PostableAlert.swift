import PromQL
import Simulation

/// An alert as Prometheus posts it to `/api/v2/alerts`. Times are milliseconds since 1970.
public struct PostableAlert: Sendable, Equatable {
    public var labels: Labels
    /// Annotations with empty values are left out.
    public var annotations: Labels
    /// Nil is the time at which the alert comes in (or its end, if only that is given).
    public var startsAt: Int64?
    /// Nil is the time at which the alert comes in and `resolve_timeout`, moved on each time it is sent again.
    public var endsAt: Int64?
    public var generatorURL: String

    public init(
        labels: Labels, annotations: Labels = .empty, startsAt: Int64? = nil, endsAt: Int64? = nil,
        generatorURL: String = ""
    ) {
        self.labels = labels
        self.annotations = annotations
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.generatorURL = generatorURL
    }
}

/// An alert that an Alertmanager holds.
public struct HeldAlert: Sendable, Equatable {
    public var labels: Labels
    public var annotations: Labels
    public var startsAt: Int64
    /// When it ends, or would end if nothing is heard of it again.
    public var endsAt: Int64
    public var generatorURL: String
    /// When it came in last.
    public var updatedAt: Int64
    /// Whether `endsAt` is only the timeout of an alert that was posted without an end.
    public var isTimeout: Bool

    /// The identity of the labels, as Alertmanager prints it.
    public var fingerprint: LabelFingerprint { LabelFingerprint(labels) }

    /// Whether the alert is over at a time.
    public func isResolved(at time: Int64) -> Bool { endsAt <= time }

    /// What a later post makes of an alert whose time overlaps: the earliest start counts, and an end that was only a
    /// timeout never rules over a later one that was told.
    func merged(with younger: HeldAlert, at now: Int64) -> HeldAlert {
        var out = younger
        out.startsAt = min(startsAt, younger.startsAt)
        if younger.isResolved(at: now) {
            if isResolved(at: now), endsAt > younger.endsAt { out.endsAt = endsAt }
        } else if endsAt > younger.endsAt, !isTimeout {
            out.endsAt = endsAt
        }
        return out
    }

    /// Whether a later post belongs to the same stretch of firing.
    func overlaps(_ younger: HeldAlert) -> Bool {
        (younger.endsAt > startsAt && younger.endsAt < endsAt)
            || (younger.startsAt > startsAt && younger.startsAt < endsAt)
    }

    /// Alertmanager's order in notifications: by job, instance and then the labels, fewer labels first.
    static func precedes(_ a: HeldAlert, _ b: HeldAlert) -> Bool {
        for name in ["job", "instance"] {
            let left = a.labels[name]
            let right = b.labels[name]
            if left.isEmpty && right.isEmpty { continue }
            if left.isEmpty { return false }
            if right.isEmpty { return true }
            if left != right { return left.utf8.lexicographicallyPrecedes(right.utf8) }
        }
        if a.labels.count != b.labels.count { return a.labels.count < b.labels.count }
        for (left, right) in zip(a.labels.pairs, b.labels.pairs) {
            // The set that has the smaller name comes first, whatever follows.
            if left.name != right.name { return right.name.utf8.lexicographicallyPrecedes(left.name.utf8) }
            if left.value != right.value { return left.value.utf8.lexicographicallyPrecedes(right.value.utf8) }
        }
        return false
    }
}

/// The fingerprint of a label set: FNV-1a of 64 bits over sorted names and values, a byte 255 behind each.
public struct LabelFingerprint: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let value: UInt64

    public init(_ labels: Labels) {
        var hash: UInt64 = 14_695_981_039_346_656_037
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        for pair in labels.pairs {
            for byte in pair.name.utf8 { add(byte) }
            add(255)
            for byte in pair.value.utf8 { add(byte) }
            add(255)
        }
        value = hash
    }

    public static func < (a: Self, b: Self) -> Bool { a.value < b.value }

    /// 16 digits to the base 16.
    public var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension LabelFingerprint: BinaryCodable {
    public func write(to writer: inout BinaryWriter) { writer.write(value) }
    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) { value = try reader.read() }
}

extension HeldAlert: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.writeLabels(labels)
        writer.writeLabels(annotations)
        writer.write(startsAt)
        writer.write(endsAt)
        writer.write(generatorURL)
        writer.write(updatedAt)
        writer.write(isTimeout)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        labels = try reader.readLabels()
        annotations = try reader.readLabels()
        startsAt = try reader.read()
        endsAt = try reader.read()
        generatorURL = try reader.read()
        updatedAt = try reader.read()
        isTimeout = try reader.read()
    }
}

extension BinaryWriter {
    mutating func writeLabels(_ labels: Labels) {
        writeVarint(UInt64(labels.count))
        for pair in labels.pairs {
            write(pair.name)
            write(pair.value)
        }
    }
}

extension BinaryReader {
    mutating func readLabels() throws(BinaryDecodingError) -> Labels {
        let count = try readCount()
        var pairs: [Label] = []
        for _ in 0..<count {
            let name: String = try read()
            let value: String = try read()
            pairs.append(Label(name, value))
        }
        return Labels(pairs)
    }
}
