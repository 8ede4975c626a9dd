import KubernetesAPI
import Simulation

/// Kubernetes Events as compact records, rendered as objects when somebody reads them.
///
/// Aggregated as client-go's recorder does (`tools/record/events_cache.go`): an equal event counts up; more than ten
/// that differ only in their message within ten minutes become one `(combined from similar events)`; a source may
/// emit 25 about one object at once and one per five minutes after that.
public struct EventLog: Sendable {
    public enum EventType: UInt8, Sendable, BinaryCodable { case normal, warning }

    /// The component that reports, `source.component`.
    public enum Source: UInt8, Sendable, BinaryCodable, CaseIterable {
        case kubelet, scheduler, deploymentController, replicaSetController, statefulSetController
        case daemonSetController, jobController, cronJobController, horizontalPodAutoscaler, nodeController
        case taintEvictionController, endpointSliceController, clusterAutoscaler, disruptionController, garbageCollector

        public var component: String {
            switch self {
            case .kubelet: "kubelet"
            case .scheduler: "default-scheduler"
            case .deploymentController: "deployment-controller"
            case .replicaSetController: "replicaset-controller"
            case .statefulSetController: "statefulset-controller"
            case .daemonSetController: "daemonset-controller"
            case .jobController: "job-controller"
            case .cronJobController: "cronjob-controller"
            case .horizontalPodAutoscaler: "horizontal-pod-autoscaler"
            case .nodeController: "node-controller"
            case .taintEvictionController: "taint-eviction-controller"
            case .endpointSliceController: "endpoint-slice-controller"
            case .clusterAutoscaler: "cluster-autoscaler"
            case .disruptionController: "controllermanager"
            case .garbageCollector: "garbage-collector-controller"
            }
        }
    }

    public struct Record: Sendable, Equatable {
        public var kind: ObjectKind
        public var namespace: String
        public var name: String
        public var uid: String
        /// `spec.containers{app}` for events about a container, else empty.
        public var fieldPath: String
        public var type: EventType
        public var reason: String
        public var message: String
        public var source: Source
        /// The node, for events of a kubelet.
        public var host: String
        public var count: Int32
        public var first: SimulationTime
        public var last: SimulationTime
        /// Number in the order of creation; part of the event's name.
        public var number: UInt64
        /// The store's revision when it was made or counted up last.
        public var revision: Int64 = 0
    }

    struct Spam: Sendable, Equatable {
        var tokens: Double
        var last: SimulationTime
    }

    struct Similar: Sendable, Equatable {
        /// Fingerprints of the different messages, at most eleven.
        var messages: [UInt64]
        var last: SimulationTime
    }

    /// What makes events equal, similar or of one source, as a fingerprint of 128 bits: a hundred thousand pods write
    /// half a million events, and keys that repeat their texts would be larger than the records.
    struct Key: Sendable, Hashable, Comparable, BinaryCodable {
        private var left: UInt64
        private var right: UInt64

        init(_ digest: Digest) { (left, right) = digest.fingerprint }

        static func < (one: Self, other: Self) -> Bool { (one.left, one.right) < (other.left, other.right) }

        func write(to writer: inout BinaryWriter) {
            writer.write(left)
            writer.write(right)
        }

        init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
            left = try reader.read()
            right = try reader.read()
        }
    }

    /// An Event that a user wrote, as it was written.
    struct Written: Sendable {
        var event: Event
        var last: SimulationTime
    }

    public private(set) var records: [Record] = []
    private(set) var written: [Written] = []
    private var positions: [Key: Int] = [:]
    private var similar: [Key: Similar] = [:]
    private var spam: [Key: Spam] = [:]
    private var nextNumber: UInt64 = 1
    private var nextExpiry: SimulationTime = .zero

    public init() {}

    /// Counts an event in.
    /// - Returns: the record that now stands for it, nil if the spam filter held it back.
    @discardableResult
    mutating func record(_ record: Record, now: SimulationTime, ttl: Duration) -> Record? {
        expire(now: now, ttl: ttl)
        var digest = Digest()
        digest.fold(UInt64(record.source.rawValue))
        digest.fold(record.host)
        digest.fold(record.uid)
        let source = Key(digest)
        digest.fold(UInt64(record.type.rawValue))
        digest.fold(record.reason)
        let group = Key(digest)
        var record = record
        // Aggregation: the eleventh different message of a kind within ten minutes joins the others.
        var message = Digest()
        message.fold(record.message)
        let fingerprint = message.fingerprint.left
        let isCombined = Self.counts(fingerprint, in: &similar[group, default: Similar(messages: [], last: now)], now)
        digest.fold(record.fieldPath)
        if isCombined {
            record.message = "(combined from similar events): " + record.message
        } else {
            digest.fold(record.message)
        }
        let key = Key(digest)
        // Spam filter: a bucket of 25 that refills by one in five minutes.
        guard Self.allows(&spam[source, default: Spam(tokens: 25, last: now)], now) else { return nil }

        if let position = positions[key] {
            records[position].count += 1
            records[position].last = now
            records[position].message = record.message
            records[position].revision = record.revision
            return records[position]
        } else {
            record.number = nextNumber
            nextNumber += 1
            positions[key] = records.count
            records.append(record)
            return record
        }
    }

    /// Notes a message of a family; true if the family has too many to tell them apart.
    private static func counts(_ message: UInt64, in family: inout Similar, _ now: SimulationTime) -> Bool {
        if now - family.last > .minutes(10) { family.messages = [] }
        family.last = now
        if family.messages.count < 11, !family.messages.contains(message) { family.messages.append(message) }
        return family.messages.count > 10
    }

    private static func allows(_ bucket: inout Spam, _ now: SimulationTime) -> Bool {
        bucket.tokens = min(25, bucket.tokens + (now - bucket.last).seconds / 300)
        bucket.last = now
        guard bucket.tokens >= 1 else { return false }
        bucket.tokens -= 1
        return true
    }

    /// Forgets what is older than the API server keeps; looked at once a simulated minute.
    private mutating func expire(now: SimulationTime, ttl: Duration) {
        guard now >= nextExpiry else { return }
        nextExpiry = now + .minutes(1)
        let oldest = now - ttl
        written.removeAll { $0.last < oldest }
        guard records.contains(where: { $0.last < oldest }) else { return }
        keep { $0.last >= oldest }
        similar = similar.filter { $0.value.last >= oldest }
        spam = spam.filter { $0.value.last >= oldest }
    }
}

extension EventLog {
    /// Keeps some records; where one was, the next of its kind begins a new one.
    private mutating func keep(_ isWanted: (Record) -> Bool) {
        var kept: [Record] = []
        var moved: [Int: Int] = [:]
        for (position, record) in records.enumerated() where isWanted(record) {
            moved[position] = kept.count
            kept.append(record)
        }
        records = kept
        positions = positions.compactMapValues { moved[$0] }
    }

    mutating func removeRecords(_ numbers: Set<UInt64>) { keep { !numbers.contains($0.number) } }

    mutating func removeWritten(_ keys: Set<String>) { written.removeAll { keys.contains($0.event.key) } }

    /// Puts in what a user wrote, in place of one of the same name.
    mutating func write(_ event: Event, now: SimulationTime) {
        if let place = written.firstIndex(where: { $0.event.key == event.key }) {
            written[place] = Written(event: event, last: now)
        } else {
            written.append(Written(event: event, last: now))
        }
    }
}

extension ClusterContext {
    /// Records a Kubernetes Event about an object.
    public mutating func recordEvent<Object: StoredObject>(
        _ type: EventLog.EventType, _ reason: String, _ message: @autoclosure () -> String, about object: Object,
        source: EventLog.Source, host: String = "", container: String = "", list: String = "containers"
    ) {
        let text = message()
        clock.note("\(Object.resource.singular)/\(object.key)", "\(source.component): \(reason): \(text)")
        let path = container.isEmpty ? "" : "spec.\(list){\(container)}"
        let recorded = events.record(
            EventLog.Record(
                kind: Object.objectKind, namespace: object.metadata.namespace, name: object.metadata.name,
                uid: object.metadata.uid, fieldPath: path, type: type, reason: reason, message: text, source: source,
                host: host, count: 1, first: now, last: now, number: 0, revision: store.revision + 1),
            now: now, ttl: settings.eventTTL)
        guard let recorded else { return }
        store.revision = recorded.revision
        if isWatched { tellWatchers(recorded) }
    }
}

extension EventLog.Record: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(kind)
        for text in [namespace, name, uid, fieldPath, reason, message, host] { writer.write(text) }
        writer.write(type)
        writer.write(source)
        writer.write(count)
        writer.write(first)
        writer.write(last)
        writer.write(number)
        writer.write(revision)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        kind = try reader.read()
        namespace = try reader.read()
        name = try reader.read()
        uid = try reader.read()
        fieldPath = try reader.read()
        reason = try reader.read()
        message = try reader.read()
        host = try reader.read()
        type = try reader.read()
        source = try reader.read()
        count = try reader.read()
        first = try reader.read()
        last = try reader.read()
        number = try reader.read()
        revision = try reader.read()
    }
}

extension EventLog.Spam: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(tokens)
        writer.write(last)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        tokens = try reader.read()
        last = try reader.read()
    }
}

extension EventLog.Similar: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(messages)
        writer.write(last)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        messages = try reader.read()
        last = try reader.read()
    }
}

extension EventLog.Written: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        let bytes = event.protobufBytes
        writer.write(bytes.count)
        writer.writeRaw(bytes)
        writer.write(last)
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        let bytes = try reader.readRaw(count: try reader.read())
        do { event = try Event(protobuf: bytes) } catch {
            throw .malformed(what: "event: \(error.description)", offset: reader.offset)
        }
        last = try reader.read()
    }
}

extension EventLog: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.section("events", version: 4)
        writer.write(records)
        writer.write(written)
        writer.write(positions)
        writer.write(similar)
        writer.write(spam)
        writer.write(nextNumber)
        writer.write(nextExpiry)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section("events", version: 4)
        records = try reader.read()
        written = try reader.read()
        positions = try reader.read()
        similar = try reader.read()
        spam = try reader.read()
        nextNumber = try reader.read()
        nextExpiry = try reader.read()
        guard positions.values.allSatisfy(records.indices.contains) else {
            throw .malformed(what: "events", offset: reader.offset)
        }
    }
}
