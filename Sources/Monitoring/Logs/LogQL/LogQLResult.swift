import PromQL

/// The answer to a LogQL query.
public enum LogQLResult: Sendable, Equatable {
    /// Lines, by the labels that they have behind the pipeline; streams in the order of their labels.
    case streams([LogStreamResult])
    /// Numbers at many instants.
    case matrix([LogSeries])
    /// Numbers at one instant.
    case vector([LogVectorSample])
    /// A number without labels; the time in nanoseconds since 1970.
    case scalar(time: Int64, value: Double)
}

/// Lines that have the same labels behind a pipeline, in the direction of the query.
public struct LogStreamResult: Sendable, Equatable {
    /// Those of the stream, structured metadata, and what stages have found.
    public var labels: Labels
    public var entries: [LogEntry]
}

/// A number at an instant, in nanoseconds since 1970.
public struct LogPoint: Sendable, Equatable {
    public var time: Int64
    public var value: Double

    public static func == (a: LogPoint, b: LogPoint) -> Bool {
        a.time == b.time && a.value.bitPattern == b.value.bitPattern
    }
}

/// The numbers of one set of labels.
public struct LogSeries: Sendable, Equatable {
    public var labels: Labels
    public var points: [LogPoint]
}

/// One number of one set of labels; the time in nanoseconds since 1970.
public struct LogVectorSample: Sendable, Equatable {
    public var labels: Labels
    public var time: Int64
    public var value: Double

    public static func == (a: LogVectorSample, b: LogVectorSample) -> Bool {
        a.labels == b.labels && a.time == b.time && a.value.bitPattern == b.value.bitPattern
    }
}

extension LogQLResult {
    /// How many lines the answer has.
    public var lineCount: Int {
        if case .streams(let streams) = self { streams.reduce(0) { $0 + $1.entries.count } } else { 0 }
    }
}
