import PromQL
import Simulation

/// Logs as Loki keeps them: streams by their set of labels, each a row of chunks. A value; copies share all full chunks.
///
/// Within a stream lines are in order of time. A line may come late, up to ``LogStoreLimits/lateness`` behind the newest
/// of its stream, and is put into its place; one that comes later is refused, as Loki refuses it.
///
///     var store = LogStore()
///     try store.append(LogEntry(timestamp: now, line: "ready"), to: Labels(["app": "web"]))
public struct LogStore: Sendable {
    public var limits: LogStoreLimits
    private var streams = ChunkedArray<LogStream>()
    private var indices: [Labels: ChunkedArray<LogStream>.Index] = [:]
    /// Bytes of all lines that are kept.
    public private(set) var bytes = 0
    /// Lines that were ever accepted.
    public private(set) var accepted = 0

    public init(limits: LogStoreLimits = LogStoreLimits()) { self.limits = limits }

    public var streamCount: Int { streams.count }

    /// All streams in the order of their labels.
    public var allStreams: [LogStream] { streams.sorted { Labels.compare($0.labels, $1.labels) < 0 } }

    /// The streams that meet all matchers, in the order of their labels.
    public func streams(matching matchers: [LabelMatcher]) -> [LogStream] {
        streams.filter { stream in matchers.allSatisfy { $0.matches(stream.labels[$0.name]) } }
            .sorted { Labels.compare($0.labels, $1.labels) < 0 }
    }

    /// Adds a line to the stream of a set of labels, which is made if it is not there.
    /// - Throws: ``LogPushError`` with Loki's text if a limit is passed or the line comes too late; the store is
    ///   unchanged then.
    public mutating func append(_ entry: LogEntry, to labels: Labels) throws(LogPushError) {
        try check(entry, labels)
        let index = try index(of: labels)
        if let index {
            let oldest = streams[index].latest.subtractingReportingOverflow(limits.lateness)
            if !oldest.overflow, entry.timestamp < oldest.partialValue {
                throw LogPushError(
                    reason: "too_far_behind",
                    description: "entry too far behind, entry timestamp is: \(LogTime.rfc3339(entry.timestamp)), "
                        + "oldest acceptable timestamp is: \(LogTime.rfc3339(oldest.partialValue))")
            }
        }
        let place = index ?? makeStream(labels)
        streams[place].insert(entry, limits)
        bytes += entry.bytes
        accepted += 1
    }

    private func check(_ entry: LogEntry, _ labels: Labels) throws(LogPushError) {
        if labels.isEmpty {
            throw LogPushError(
                reason: "missing_labels", description: "error at least one label pair is required per stream")
        }
        if labels.count > limits.labelNames {
            throw LogPushError(
                reason: "max_label_names_per_series",
                description: "entry for stream '\(labels)' has \(labels.count) label names; limit \(limits.labelNames)")
        }
        for pair in labels.pairs {
            if pair.name.utf8.count > limits.labelNameBytes {
                throw LogPushError(
                    reason: "label_name_too_long",
                    description: "stream '\(labels)' has label name too long: '\(pair.name)'")
            }
            if pair.value.utf8.count > limits.labelValueBytes {
                throw LogPushError(
                    reason: "label_value_too_long",
                    description: "stream '\(labels)' has label value too long: '\(pair.value)'")
            }
        }
        if entry.line.utf8.count > limits.lineBytes {
            throw LogPushError(
                reason: "line_too_long",
                description: "max entry size '\(limits.lineBytes)' bytes exceeded for stream '\(labels)' while adding "
                    + "an entry with length '\(entry.line.utf8.count)' bytes")
        }
        let metadata = entry.structuredMetadata
        if metadata.count > limits.structuredMetadataEntries {
            throw LogPushError(
                reason: "structured_metadata_too_many",
                description: "stream '\(labels)' has too many structured metadata labels: '\(metadata.count)', limit: "
                    + "'\(limits.structuredMetadataEntries)'. Please see `limits_config.max_structured_metadata_entries_count` or contact "
                    + "your Loki administrator to increase it")
        }
        let metadataBytes = entry.bytes - entry.line.utf8.count
        if metadataBytes > limits.structuredMetadataBytes {
            throw LogPushError(
                reason: "structured_metadata_too_large",
                description: "stream '\(labels)' has structured metadata too large: '\(metadataBytes)' bytes, limit: "
                    + "'\(limits.structuredMetadataBytes)' bytes. Please see `limits_config.max_structured_metadata_size` or contact "
                    + "your Loki administrator to increase it")
        }
    }

    private func index(of labels: Labels) throws(LogPushError) -> ChunkedArray<LogStream>.Index? {
        if let index = indices[labels] { return index }
        guard streams.count < limits.streams else {
            throw LogPushError(
                reason: "stream_limit",
                description: "maximum active stream limit exceeded when trying to create stream \(labels), reduce the "
                    + "number of active streams (reduce labels or reduce label values), or contact your Loki "
                    + "administrator to see if the limit can be increased, user: 'fake'")
        }
        return nil
    }

    private mutating func makeStream(_ labels: Labels) -> ChunkedArray<LogStream>.Index {
        let index = streams.append(LogStream(labels: labels))
        indices[labels] = index
        return index
    }

    /// Lets go what is older than the retention or too much. Whole chunks go, as Loki's compactor takes them; the head
    /// of a stream line by line.
    /// - Parameter now: nanoseconds since 1970.
    public mutating func retain(at now: Int64) {
        if let retention = limits.retention {
            let (cutoff, overflow) = now.subtractingReportingOverflow(retention)
            if !overflow { drop(before: cutoff) }
        }
        if let most = limits.bytes, bytes > most { drop(bytes: bytes - most) }
        guard streams.contains(where: \.isEmpty) else { return }
        let kept = streams.filter { !$0.isEmpty }
        streams = ChunkedArray()
        indices = [:]
        for stream in kept { indices[stream.labels] = streams.append(stream) }
    }

    private mutating func drop(before cutoff: Int64) {
        for index in streams.indices {
            let stream = streams[index]
            let late = stream.chunks.contains { $0.last < cutoff }
            let lateHead = LogStream.firstIndex(in: stream.head, notBefore: cutoff)
            // A write copies a chunk of streams: only where something goes.
            guard late || lateHead > 0 else { continue }
            let before = stream.bytes
            streams[index].chunks.removeAll { $0.last < cutoff }
            streams[index].head.removeFirst(lateHead)
            streams[index].headBytes = streams[index].head.reduce(0) { $0 + $1.bytes }
            bytes -= before - streams[index].bytes
        }
    }

    /// Lets the oldest chunks go until so many bytes are free; a head goes as a whole.
    private mutating func drop(bytes wanted: Int) {
        struct Candidate {
            let last: Int64
            let index: ChunkedArray<LogStream>.Index
            let chunk: Int
            let bytes: Int
        }
        var candidates: [Candidate] = []
        for index in streams.indices {
            for (place, chunk) in streams[index].chunks.enumerated() {
                candidates.append(Candidate(last: chunk.last, index: index, chunk: place, bytes: chunk.bytes))
            }
            if let last = streams[index].head.last {
                candidates.append(
                    Candidate(last: last.timestamp, index: index, chunk: Int.max, bytes: streams[index].headBytes))
            }
        }
        candidates.sort { ($0.last, $0.index, $0.chunk) < ($1.last, $1.index, $1.chunk) }
        var freed = 0
        var going: [ChunkedArray<LogStream>.Index: [Int]] = [:]
        for candidate in candidates where freed < wanted {
            going[candidate.index, default: []].append(candidate.chunk)
            freed += candidate.bytes
        }
        bytes -= freed
        for (index, places) in going.sorted(by: { $0.key < $1.key }) {
            for place in places.sorted(by: >) {
                if place == Int.max {
                    streams[index].head = []
                    streams[index].headBytes = 0
                } else {
                    streams[index].chunks.remove(at: place)
                }
            }
        }
    }

    /// A store of streams that a snapshot had. Counts are computed anew.
    init(limits: LogStoreLimits, streams: [LogStream], accepted: Int) {
        self.limits = limits
        self.accepted = accepted
        for stream in streams where indices[stream.labels] == nil {
            indices[stream.labels] = self.streams.append(stream)
            bytes += stream.bytes
        }
    }

    /// The streams in the order in which they were made.
    var streamsInOrder: [LogStream] { Array(streams) }
}

extension LogStream {
    mutating func insert(_ entry: LogEntry, _ limits: LogStoreLimits) {
        if let last = head.last, entry.timestamp < last.timestamp {
            head.insert(entry, at: LogStream.firstIndex(in: head, notBefore: entry.timestamp &+ 1))
        } else {
            head.append(entry)
        }
        headBytes += entry.bytes
        latest = max(latest, entry.timestamp)
        if head.count >= limits.chunkEntries || headBytes >= limits.chunkBytes {
            chunks.append(LogChunk(head))
            head = []
            headBytes = 0
        }
    }
}
