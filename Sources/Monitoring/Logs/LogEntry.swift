import PromQL

/// One line of a log stream, as Loki has it.
public struct LogEntry: Sendable, Equatable {
    /// Nanoseconds since 1970.
    public var timestamp: Int64
    public var line: String
    /// What is known of the line without being part of its stream: trace and span, an attribute of a record.
    public var structuredMetadata: Labels

    public init(timestamp: Int64, line: String, structuredMetadata: Labels = .empty) {
        self.timestamp = timestamp
        self.line = line
        self.structuredMetadata = structuredMetadata
    }

    /// What counts for limits and retention: the bytes of the line and of its metadata.
    public var bytes: Int {
        structuredMetadata.pairs.reduce(line.utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    }
}

/// A full part of a stream. It never changes, so that copies of a store share it.
public final class LogChunk: Sendable {
    /// In order of time; entries of one instant in the order of their arrival.
    public let entries: [LogEntry]
    public let bytes: Int
    /// The latest time of this chunk and all before it cannot be told from its last entry alone, since entries may come
    /// late; these are its own bounds, in nanoseconds.
    public let first: Int64
    public let last: Int64

    init(_ entries: [LogEntry]) {
        self.entries = entries
        bytes = entries.reduce(0) { $0 + $1.bytes }
        first = entries.first?.timestamp ?? 0
        last = entries.last?.timestamp ?? 0
    }
}

/// The lines of one set of labels.
public struct LogStream: Sendable {
    public let labels: Labels
    /// The full chunks, the oldest first.
    public internal(set) var chunks: [LogChunk] = []
    /// The chunk that still grows, in order of time.
    public internal(set) var head: [LogEntry] = []
    var headBytes = 0
    /// The latest time of any entry that was ever accepted, in nanoseconds.
    public internal(set) var latest = Int64.min

    init(labels: Labels) { self.labels = labels }

    public var bytes: Int { chunks.reduce(headBytes) { $0 + $1.bytes } }
    public var isEmpty: Bool { chunks.isEmpty && head.isEmpty }

    /// The entries in a range of time (`from` belongs to it, `to` does not), in order of time.
    public func entries(from: Int64, to: Int64) -> [LogEntry] {
        var found: [LogEntry] = []
        var ordered = true
        func take(_ entries: [LogEntry]) {
            let begin = LogStream.firstIndex(in: entries, notBefore: from)
            let end = LogStream.firstIndex(in: entries, notBefore: to)
            guard begin < end else { return }
            if let last = found.last, last.timestamp > entries[begin].timestamp { ordered = false }
            found.append(contentsOf: entries[begin..<end])
        }
        for chunk in chunks where chunk.last >= from && chunk.first < to { take(chunk.entries) }
        take(head)
        guard !ordered else { return found }
        // A late line lies in a later chunk than its neighbours in time.
        return found.enumerated().sorted {
            $0.element.timestamp != $1.element.timestamp
                ? $0.element.timestamp < $1.element.timestamp : $0.offset < $1.offset
        }.map(\.element)
    }

    /// The first place of an entry at or after a time.
    static func firstIndex(in entries: [LogEntry], notBefore time: Int64) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].timestamp < time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
