import PromQL
import Simulation

extension LogEntry: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        writer.write(timestamp)
        writer.write(line)
        LabelCoding.write(structuredMetadata, to: &writer)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(
            timestamp: try reader.read(), line: try reader.read(),
            structuredMetadata: try LabelCoding.read(from: &reader))
    }
}

extension LogStream: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        LabelCoding.write(labels, to: &writer)
        writer.write(chunks.count)
        for chunk in chunks { writer.write(chunk.entries) }
        writer.write(head)
        writer.write(latest)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init(labels: try LabelCoding.read(from: &reader))
        let count: Int = try reader.read()
        guard count >= 0, count <= reader.remaining else {
            throw .malformed(what: "LogStream", offset: reader.offset)
        }
        for _ in 0..<count {
            let entries: [LogEntry] = try reader.read()
            try LogStream.checkOrder(entries, reader.offset)
            chunks.append(LogChunk(entries))
        }
        head = try reader.read()
        try LogStream.checkOrder(head, reader.offset)
        headBytes = head.reduce(0) { $0 + $1.bytes }
        latest = try reader.read()
    }

    /// Searching relies on the order of time.
    private static func checkOrder(_ entries: [LogEntry], _ offset: Int) throws(BinaryDecodingError) {
        for (before, after) in zip(entries, entries.dropFirst()) where before.timestamp > after.timestamp {
            throw .malformed(what: "LogChunk", offset: offset)
        }
    }
}

/// The limits are configuration and are no part of a snapshot: whoever restores a store sets them.
extension LogStore: BinaryCodable {
    private static let section = "logs"

    public func write(to writer: inout BinaryWriter) {
        writer.section(LogStore.section, version: 1)
        writer.write(streamsInOrder)
        writer.write(accepted)
    }

    public init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        try reader.section(LogStore.section, version: 1)
        let streams: [LogStream] = try reader.read()
        self.init(limits: LogStoreLimits(), streams: streams, accepted: try reader.read())
    }
}

/// Label sets as pairs of texts.
private enum LabelCoding {
    static func write(_ labels: Labels, to writer: inout BinaryWriter) {
        writer.write(labels.count)
        for pair in labels.pairs {
            writer.write(pair.name)
            writer.write(pair.value)
        }
    }

    static func read(from reader: inout BinaryReader) throws(BinaryDecodingError) -> Labels {
        let count: Int = try reader.read()
        guard count >= 0, count <= reader.remaining else { throw .malformed(what: "Labels", offset: reader.offset) }
        var pairs: [Label] = []
        for _ in 0..<count { pairs.append(Label(try reader.read(), try reader.read())) }
        return Labels(pairs)
    }
}
