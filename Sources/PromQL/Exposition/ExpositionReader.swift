/// What is wrong with exposition text, and in which line.
public struct ExpositionError: Error, Equatable, Sendable, CustomStringConvertible {
    public let line: Int
    public let message: String

    public var description: String { "line \(line): \(message)" }
}

/// What a `# TYPE`, `# HELP` or `# UNIT` line says of a metric.
public struct MetricMetadata: Sendable, Equatable {
    public var type = "unknown"
    public var help = ""
    public var unit = ""

    public init() {}
}

/// The text formats of metrics.
public enum ExpositionFormat: Sendable {
    /// `application/openmetrics-text; version=1.0.0`: times in seconds, exemplars, `# EOF` at the end.
    case openMetrics
    /// `text/plain; version=0.0.4`: times in milliseconds.
    case prometheus
}

/// One sample line.
public struct ExposedSample: Sendable {
    public let labels: Labels
    public let value: Double
    /// Milliseconds since the Unix epoch, if the line has a time.
    public let time: Int64?
    /// What stands after `#`: labels, value and time.
    public let exemplar: (labels: Labels, value: Double, time: Int64?)?
}

/// Reads exposition text line by line. Memory is bounded by the text's own size; what is no exposition text is an error
/// with its line, never a trap.
///
/// Lines of a series that came before are recognised by their bytes, so that labels are parsed once a series.
public struct ExpositionReader {
    private let bytes: [UInt8]
    private let format: ExpositionFormat
    private var position = 0
    private var line = 0
    private var known: [String: Int] = [:]
    private var lastSeries: Range<Int>?
    private var lastNumber = 0
    /// The series in order of appearance; a sample's number counts in it.
    public private(set) var series: [Labels] = []
    public private(set) var metadata: [String: MetricMetadata] = [:]

    public init(_ text: String, format: ExpositionFormat) { self.init(Array(text.utf8), format: format) }

    public init(_ bytes: [UInt8], format: ExpositionFormat) {
        self.bytes = bytes
        self.format = format
    }

    /// Hands out each sample with the number of its series.
    public mutating func read(
        _ body: (_ series: Int, _ sample: ExposedSample) throws(ExpositionError) -> Void
    ) throws(ExpositionError) {
        var ended = false
        while position < bytes.count {
            line += 1
            let start = position
            var end = start
            while end < bytes.count, bytes[end] != 10 { end += 1 }
            position = end + 1
            var cursor = LineCursor(bytes: bytes, position: start, end: end, line: line)
            if ended { throw cursor.failure("data after # EOF") }
            cursor.skipSpace()
            if cursor.atEnd {
                if format == .openMetrics { throw cursor.failure("empty line") }
                continue
            }
            if cursor.peek == UInt8(ascii: "#") {
                ended = try comment(&cursor)
                continue
            }
            try sample(&cursor, body)
        }
        if format == .openMetrics, !ended { throw ExpositionError(line: line, message: "data does not end with # EOF") }
    }

    /// The line that was read last.
    public var currentLine: Int { line }

    private mutating func comment(_ cursor: inout LineCursor) throws(ExpositionError) -> Bool {
        cursor.position += 1
        cursor.skipSpace()
        let keyword = cursor.word()
        switch keyword {
        case "EOF" where format == .openMetrics: return true
        case "TYPE", "HELP", "UNIT":
            cursor.skipSpace()
            let name = try cursor.metricName()
            cursor.skipSpace()
            let rest = cursor.rest()
            var entry = metadata[name] ?? MetricMetadata()
            if keyword == "TYPE" {
                let types: Set<String> = [
                    "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset", "unknown",
                    "untyped",
                ]
                guard types.contains(rest) else { throw cursor.failure("invalid metric type \(GoQuote.quote(rest))") }
                entry.type = rest == "untyped" ? "unknown" : rest
            } else if keyword == "HELP" {
                entry.help = LineCursor.unescape(rest)
            } else {
                entry.unit = rest
            }
            metadata[name] = entry
            return false
        default: return false
        }
    }

    private mutating func sample(
        _ cursor: inout LineCursor, _ body: (_ series: Int, _ sample: ExposedSample) throws(ExpositionError) -> Void
    ) throws(ExpositionError) {
        let start = cursor.position
        let end = cursor.endOfSeries()
        let number: Int
        if let last = lastSeries, last.count == end - start, bytes[last] == bytes[start..<end] {
            number = lastNumber
            cursor.position = end
        } else {
            let key = String(decoding: bytes[start..<end], as: UTF8.self)
            if let found = known[key] {
                number = found
                cursor.position = end
            } else {
                let labels = try cursor.seriesLabels()
                number = series.count
                series.append(labels)
                known[key] = number
            }
            lastSeries = start..<end
            lastNumber = number
        }
        guard cursor.skipSpace() else { throw cursor.failure("expected a space and a value after the series") }
        let value = try cursor.number()
        var time: Int64?
        var exemplar: (labels: Labels, value: Double, time: Int64?)?
        if cursor.skipSpace(), !cursor.atEnd, cursor.peek != UInt8(ascii: "#") { time = try cursor.time(format) }
        cursor.skipSpace()
        if !cursor.atEnd, cursor.peek == UInt8(ascii: "#"), format == .openMetrics {
            cursor.position += 1
            cursor.skipSpace()
            let labels = try cursor.labelSet()
            cursor.skipSpace()
            let value = try cursor.number()
            var at: Int64?
            if cursor.skipSpace(), !cursor.atEnd { at = try cursor.time(format) }
            exemplar = (Labels(labels), value, at)
        }
        cursor.skipSpace()
        guard cursor.atEnd else {
            throw cursor.failure("unexpected text after the sample: \(GoQuote.quote(String(cursor.rest().prefix(40))))")
        }
        try body(number, ExposedSample(labels: series[number], value: value, time: time, exemplar: exemplar))
    }
}
