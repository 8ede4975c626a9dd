import PromQL
import Simulation

/// A store in a snapshot: series in the order of their identifiers, full chunks as they are.
///
/// The configuration is not written: it follows from that of the server.
struct StoredSeries {
    static func write(_ store: TimeSeriesStore, to writer: inout BinaryWriter) {
        if writer.attachments != nil {
            SealedSeries.write(store.seriesStates, to: &writer)
        } else {
            let series = store.seriesStates
            writer.write(series.count)
            for state in series {
                writer.write(state != nil)
                guard let state else { continue }
                write(state.labels, to: &writer)
                writer.write(state.chunks.count)
                for chunk in state.chunks { write(chunk, to: &writer) }
                writeGrowing(state, to: &writer)
            }
        }
        writer.write(store.exemplars.count)
        if !store.exemplars.isEmpty { write(store.exemplars, to: &writer) }
        let names = store.metadata.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        writer.write(names.count)
        for name in names {
            let entry = store.metadata[name] ?? MetricMetadata()
            for text in [name, entry.type, entry.help, entry.unit] { writer.write(text) }
        }
        writer.write(store.samplesAppended)
    }

    static func read(
        _ configuration: TimeSeriesStore.Configuration, from reader: inout BinaryReader
    ) throws(BinaryDecodingError) -> TimeSeriesStore {
        var series: [SeriesState?] = []
        if reader.attachments != nil {
            series = try SealedSeries.read(&reader)
        } else {
            for _ in 0..<(try reader.count()) {
                let isThere: Bool = try reader.read()
                series.append(isThere ? try readSeries(&reader) : nil)
            }
        }
        let count = try reader.count()
        let exemplars = count > 0 ? try readExemplars(count, &reader) : []
        var metadata: [String: MetricMetadata] = [:]
        for _ in 0..<(try reader.count()) {
            let name: String = try reader.read()
            var entry = MetricMetadata()
            entry.type = try reader.read()
            entry.help = try reader.read()
            entry.unit = try reader.read()
            metadata[name] = entry
        }
        return TimeSeriesStore(
            configuration: configuration, series: series, exemplars: exemplars, metadata: metadata,
            samplesAppended: try reader.read())
    }

    /// Many exemplars belong to few series, so that each series is written once.
    private static func write(_ exemplars: [Exemplar], to writer: inout BinaryWriter) {
        var places: [Labels: Int] = [:]
        var series: [Labels] = []
        for exemplar in exemplars where places[exemplar.series] == nil {
            places[exemplar.series] = series.count
            series.append(exemplar.series)
        }
        writer.write(series.count)
        for labels in series { write(labels, to: &writer) }
        for exemplar in exemplars {
            writer.write(places[exemplar.series] ?? 0)
            write(exemplar.labels, to: &writer)
            writer.write(exemplar.value)
            writer.write(exemplar.time)
        }
    }

    private static func readExemplars(
        _ count: Int, _ reader: inout BinaryReader
    ) throws(BinaryDecodingError) -> [Exemplar] {
        var series: [Labels] = []
        for _ in 0..<(try reader.count()) { series.append(try readLabels(&reader)) }
        var exemplars: [Exemplar] = []
        for _ in 0..<count {
            let place: Int = try reader.read()
            guard series.indices.contains(place) else { throw .malformed(what: "exemplar", offset: reader.offset) }
            exemplars.append(
                Exemplar(
                    series: series[place], labels: try readLabels(&reader), value: try reader.read(),
                    time: try reader.read()))
        }
        return exemplars
    }

    static func write(_ labels: Labels, to writer: inout BinaryWriter) {
        writer.write(labels.pairs.count)
        for pair in labels.pairs {
            writer.write(pair.name)
            writer.write(pair.value)
        }
    }

    static func readLabels(_ reader: inout BinaryReader) throws(BinaryDecodingError) -> Labels {
        var pairs: [Label] = []
        for _ in 0..<(try reader.count()) { pairs.append(Label(try reader.read(), try reader.read())) }
        return Labels(pairs)
    }

    /// What of a series is not sealed.
    static func writeGrowing(_ state: SeriesState, to writer: inout BinaryWriter) {
        writer.write(state.growing != nil)
        if let growing = state.growing { write(growing, to: &writer) }
        writer.write(state.histograms.count)
        for sample in state.histograms {
            writer.write(sample.time)
            write(sample.histogram, to: &writer)
        }
        writer.write(state.starts.count)
        for start in state.starts {
            writer.write(start.time)
            writer.write(start.start)
        }
    }

    static func write(_ chunk: SeriesState.Chunk, to writer: inout BinaryWriter) {
        writer.write(chunk.count)
        writer.write(chunk.firstTime)
        writer.write(chunk.lastTime)
        writer.write(chunk.words.count)
        // Bits do not get smaller as variable-length integers.
        for word in chunk.words { withUnsafeBytes(of: word.littleEndian) { writer.writeRaw($0) } }
    }

    static func readChunk(_ reader: inout BinaryReader) throws(BinaryDecodingError) -> SeriesState.Chunk {
        let count: Int = try reader.read()
        let (first, last): (Int64, Int64) = (try reader.read(), try reader.read())
        let size = try reader.count()
        guard size <= reader.remaining / 8 else { throw .truncated(offset: reader.offset) }
        var words: [UInt64] = []
        words.reserveCapacity(size)
        for _ in 0..<size {
            let bytes = try reader.readRaw(count: 8)
            words.append(bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) })
        }
        return SeriesState.Chunk(words: words, count: count, firstTime: first, lastTime: last)
    }

    private static func readSeries(_ reader: inout BinaryReader) throws(BinaryDecodingError) -> SeriesState {
        let labels = try readLabels(&reader)
        var chunks: [SeriesState.Chunk] = []
        for _ in 0..<(try reader.count()) { chunks.append(try readChunk(&reader)) }
        return try readGrowing(labels, chunks, &reader)
    }

    static func readGrowing(
        _ labels: Labels, _ chunks: [SeriesState.Chunk], _ reader: inout BinaryReader
    ) throws(BinaryDecodingError) -> SeriesState {
        let grows: Bool = try reader.read()
        let growing = grows ? try readChunk(&reader) : nil
        var histograms: [HistogramSample] = []
        for _ in 0..<(try reader.count()) {
            histograms.append(HistogramSample(time: try reader.read(), histogram: try readHistogram(&reader)))
        }
        var starts: [(time: Int64, start: Int64)] = []
        for _ in 0..<(try reader.count()) { starts.append((try reader.read(), try reader.read())) }
        return SeriesState(labels: labels, chunks: chunks, growing: growing, histograms: histograms, starts: starts)
    }

    private static func write(_ histogram: NativeHistogram, to writer: inout BinaryWriter) {
        writer.write(histogram.schema)
        for value in [histogram.count, histogram.sum, histogram.zeroThreshold, histogram.zeroCount] {
            writer.write(value.bitPattern)
        }
        for buckets in [histogram.positive, histogram.negative] {
            writer.write(buckets.count)
            for bucket in buckets {
                writer.write(bucket.index)
                writer.write(bucket.count.bitPattern)
            }
        }
        writer.write(histogram.customBounds.map(\.bitPattern))
        writer.write(histogram.counterResetHint.rawValue)
    }

    private static func readHistogram(_ reader: inout BinaryReader) throws(BinaryDecodingError) -> NativeHistogram {
        var histogram = NativeHistogram(schema: try reader.read())
        histogram.count = Double(bitPattern: try reader.read())
        histogram.sum = Double(bitPattern: try reader.read())
        histogram.zeroThreshold = Double(bitPattern: try reader.read())
        histogram.zeroCount = Double(bitPattern: try reader.read())
        func buckets() throws(BinaryDecodingError) -> [NativeHistogram.Bucket] {
            var buckets: [NativeHistogram.Bucket] = []
            for _ in 0..<(try reader.count()) {
                buckets.append(
                    NativeHistogram.Bucket(index: try reader.read(), count: Double(bitPattern: try reader.read())))
            }
            return buckets
        }
        histogram.positive = try buckets()
        histogram.negative = try buckets()
        histogram.customBounds = try reader.read([UInt64].self).map { Double(bitPattern: $0) }
        let hint: String = try reader.read()
        guard let known = NativeHistogram.CounterResetHint(rawValue: hint) else {
            throw .malformed(what: "histogram", offset: reader.offset)
        }
        histogram.counterResetHint = known
        return histogram
    }
}

extension BinaryReader {
    /// A count that was written as an integer, each of whose elements takes at least one byte.
    mutating func count() throws(BinaryDecodingError) -> Int {
        let count: Int = try read()
        guard count >= 0, count <= remaining else { throw .truncated(offset: offset) }
        return count
    }
}
