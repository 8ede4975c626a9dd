import PromQL

/// What a remote write brings: `prometheus.WriteRequest` of remote write 1.0. Metadata is passed over.
public struct WriteRequest: Sendable {
    /// One series with what is new of it.
    public struct Series: Sendable {
        /// Nil where they cannot be a series: no metric name, a name twice or empty, text that is no UTF-8.
        public var labels: Labels?
        public var samples: [Sample] = []
        public var exemplars: [(labels: Labels, value: Double, time: Int64)] = []
        public var histograms: [HistogramSample] = []
        /// Why a histogram of the series is none; the first reason.
        public var histogramFailure: String?
    }

    /// Series of one request; beyond them it is refused, as empty ones take memory and hardly any bytes.
    public static let maximumSeries = 100_000

    public var series: [Series] = []

    /// Reads a message. Memory stays in proportion to its size.
    public init(_ message: [UInt8]) throws(ProtobufError) {
        var reader = ProtobufReader(message[...], message: "WriteRequest")
        while let field = try reader.next() {
            switch field.number {
            case 1:
                try reader.expect(.bytes, field, "Timeseries")
                guard series.count < Self.maximumSeries else {
                    throw ProtobufError("more than \(Self.maximumSeries) series in one request: send fewer at once")
                }
                series.append(try Series(try reader.block()))
            case 3:
                try reader.expect(.bytes, field, "Metadata")
                _ = try reader.block()
            default: try reader.skip(field)
            }
        }
    }
}

extension WriteRequest.Series {
    init(_ message: ArraySlice<UInt8>) throws(ProtobufError) {
        var reader = ProtobufReader(message, message: "TimeSeries")
        var pairs: [Label]? = []
        while let field = try reader.next() {
            switch field.number {
            case 1:
                try reader.expect(.bytes, field, "Labels")
                let label = try Self.label(try reader.block())
                if let label { pairs?.append(label) } else { pairs = nil }
            case 2:
                try reader.expect(.bytes, field, "Samples")
                samples.append(try Self.sample(try reader.block()))
            case 3:
                try reader.expect(.bytes, field, "Exemplars")
                if let exemplar = try Self.exemplar(try reader.block()) { exemplars.append(exemplar) }
            case 4:
                try reader.expect(.bytes, field, "Histograms")
                let written = try WrittenHistogram(try reader.block())
                do throws(WrittenHistogram.Failure) {
                    histograms.append(HistogramSample(time: written.time, histogram: try written.histogram))
                } catch {
                    histogramFailure = histogramFailure ?? error.description
                }
            default: try reader.skip(field)
            }
        }
        labels = pairs.flatMap(Self.series)
    }

    /// Labels that can be a series: with a metric's name, none twice.
    private static func series(_ pairs: [Label]) -> Labels? {
        let sorted = pairs.sorted { ByteOrder.less($0.name, $1.name) }
        guard zip(sorted, sorted.dropFirst()).allSatisfy({ !ByteOrder.same($0.name, $1.name) }) else { return nil }
        let labels = Labels(sorted: sorted.filter { !$0.value.isEmpty })
        return labels.name.isEmpty ? nil : labels
    }

    /// - Returns: nil for a label without a name, and for text that is no UTF-8.
    private static func label(_ message: ArraySlice<UInt8>) throws(ProtobufError) -> Label? {
        var reader = ProtobufReader(message, message: "Label")
        var (name, value): (ArraySlice<UInt8>, ArraySlice<UInt8>) = ([], [])
        while let field = try reader.next() {
            switch field.number {
            case 1:
                try reader.expect(.bytes, field, "Name")
                name = try reader.block()
            case 2:
                try reader.expect(.bytes, field, "Value")
                value = try reader.block()
            default: try reader.skip(field)
            }
        }
        guard let name = String(validating: name, as: UTF8.self), !name.isEmpty,
            let value = String(validating: value, as: UTF8.self)
        else { return nil }
        return Label(name, value)
    }

    private static func sample(_ message: ArraySlice<UInt8>) throws(ProtobufError) -> Sample {
        var reader = ProtobufReader(message, message: "Sample")
        var sample = Sample(time: 0, value: 0)
        while let field = try reader.next() {
            switch field.number {
            case 1:
                try reader.expect(.fixed64, field, "Value")
                sample.value = try reader.double()
            case 2:
                try reader.expect(.varint, field, "Timestamp")
                sample.time = Int64(bitPattern: try reader.varint())
            default: try reader.skip(field)
            }
        }
        return sample
    }

    /// - Returns: nil for one whose labels cannot be read.
    private static func exemplar(
        _ message: ArraySlice<UInt8>
    ) throws(ProtobufError) -> (labels: Labels, value: Double, time: Int64)? {
        var reader = ProtobufReader(message, message: "Exemplar")
        var pairs: [Label]? = []
        var (value, time) = (0.0, Int64(0))
        while let field = try reader.next() {
            switch field.number {
            case 1:
                try reader.expect(.bytes, field, "Labels")
                let label = try label(try reader.block())
                if let label { pairs?.append(label) } else { pairs = nil }
            case 2:
                try reader.expect(.fixed64, field, "Value")
                value = try reader.double()
            case 3:
                try reader.expect(.varint, field, "Timestamp")
                time = Int64(bitPattern: try reader.varint())
            default: try reader.skip(field)
            }
        }
        return pairs.map { (Labels($0), value, time) }
    }
}
