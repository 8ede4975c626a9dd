import PromQL
import Simulation

/// How the values of the PromQL room lie in a snapshot of a pool.
extension BinaryWriter {
    mutating func write(labelSet labels: Labels) {
        writeVarint(UInt64(labels.count))
        for pair in labels.pairs {
            write(pair.name)
            write(pair.value)
        }
    }

    mutating func write(metadataByName metadata: [String: MetricMetadata]) {
        writeVarint(UInt64(metadata.count))
        for (name, entry) in metadata.sorted(by: { ByteOrder.less($0.key, $1.key) }) {
            write(name)
            write(entry.type)
            write(entry.help)
            write(entry.unit)
        }
    }

    mutating func write(exemplar: ScrapedExemplar) {
        write(labelSet: exemplar.labels)
        write(exemplar.value)
        write(exemplar.time)
    }
}

extension BinaryReader {
    mutating func readLabelSet() throws(BinaryDecodingError) -> Labels {
        let count = try readCount()
        var pairs: [Label] = []
        for _ in 0..<count { pairs.append(Label(try read(), try read())) }
        return Labels(pairs)
    }

    mutating func readMetadataByName() throws(BinaryDecodingError) -> [String: MetricMetadata] {
        let count = try readCount()
        var metadata: [String: MetricMetadata] = [:]
        for _ in 0..<count {
            let name: String = try read()
            var entry = MetricMetadata()
            entry.type = try read()
            entry.help = try read()
            entry.unit = try read()
            metadata[name] = entry
        }
        return metadata
    }

    /// An instant in milliseconds, near enough that arithmetic with it does not overflow.
    mutating func readInstant() throws(BinaryDecodingError) -> Int64 {
        let instant: Int64 = try read()
        guard instant.magnitude < 1 << 60 else { throw .malformed(what: "instant", offset: offset) }
        return instant
    }

    mutating func readOptionalInstant() throws(BinaryDecodingError) -> Int64? {
        let isPresent: Bool = try read()
        return isPresent ? try readInstant() : nil
    }

    mutating func readExemplar() throws(BinaryDecodingError) -> ScrapedExemplar {
        ScrapedExemplar(labels: try readLabelSet(), value: try read(), time: try read())
    }
}

extension ScrapeCache: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(keys)
        writer.writeVarint(UInt64(count))
        for entry in 0..<count {
            writer.write(keyCounts[entry])
            writer.write(series[entry])
            writer.write(seen[entry])
            writer.write(tracked[entry])
            writer.write(labelSet: labels[entry])
            writer.write(labelSet: exposed[entry])
            writer.write(types[entry])
        }
        writer.write(order)
        writer.write(trackedEntries)
        writer.writeVarint(UInt64(exemplars.count))
        for (entry, exemplar) in exemplars.sorted(by: { $0.key < $1.key }) {
            writer.write(entry)
            writer.write(exemplar: exemplar)
        }
    }

    init(from reader: inout BinaryReader) throws(BinaryDecodingError) {
        self.init()
        let keys: [UInt8] = try reader.read()
        let count = try reader.readCount()
        var start = 0
        for entry in 0..<count {
            let length: Int32 = try reader.read()
            guard length >= 0, start + Int(length) <= keys.count else { throw Self.malformed(reader) }
            let text = String(decoding: keys[start..<(start + Int(length))], as: UTF8.self)
            // A text that is no UTF-8 would have another length, and the places of all after it would be wrong.
            guard text.utf8.count == Int(length) else { throw Self.malformed(reader) }
            start += Int(length)
            let series: SeriesID = try reader.read()
            guard series >= Destination.comment else { throw Self.malformed(reader) }
            let seen: Int32 = try reader.read()
            let tracked: Int32 = try reader.read()
            let labels = try reader.readLabelSet()
            let exposed = try reader.readLabelSet()
            _ = add(text: text, exposed: exposed, labels: labels, series: series, type: try reader.read())
            self.seen[entry] = seen
            self.tracked[entry] = tracked
        }
        order = try reader.read()
        trackedEntries = try reader.read()
        guard (order + trackedEntries).allSatisfy({ $0 >= 0 && Int($0) < count }) else {
            throw Self.malformed(reader)
        }
        for _ in 0..<(try reader.readCount()) {
            let entry: Int32 = try reader.read()
            guard entry >= 0, Int(entry) < count else { throw Self.malformed(reader) }
            exemplars[entry] = try reader.readExemplar()
        }
    }

    private static func malformed(_ reader: BinaryReader) -> BinaryDecodingError {
        .malformed(what: "ScrapeCache", offset: reader.offset)
    }
}

extension ScrapeLoop {
    func write(to writer: inout BinaryWriter) {
        writer.write(cache)
        writer.write(iteration)
        writer.write(metadataByName: metadata)
        writer.write(reportSeries)
    }

    init(
        from reader: inout BinaryReader, _ configuration: ScrapeConfiguration, target: Labels, timeout: Int64
    ) throws(BinaryDecodingError) {
        self.init(configuration, target: target, timeout: timeout)
        cache = try reader.read()
        iteration = try reader.read()
        metadata = try reader.readMetadataByName()
        reportSeries = try reader.read()
        guard reportSeries.allSatisfy({ $0 >= 0 }) else {
            throw .malformed(what: "ScrapeLoop", offset: reader.offset)
        }
    }
}
