/// What a ``LogStore`` accepts and keeps; the defaults are Loki's, bounded where Loki's default is "no limit".
public struct LogStoreLimits: Sendable, Equatable {
    /// Bytes of one line (`max_line_size`).
    public var lineBytes = 262_144
    /// Labels of one stream (`max_label_names_per_series`).
    public var labelNames = 15
    /// Bytes of a label's name and of its value.
    public var labelNameBytes = 1024
    public var labelValueBytes = 2048
    /// Streams that may exist at once (`max_global_streams_per_user`).
    public var streams = 5000
    /// Bytes and entries of structured metadata of one line.
    public var structuredMetadataBytes = 65_536
    public var structuredMetadataEntries = 128
    /// How far behind the newest line of its stream a line may come, in nanoseconds: half of `max_chunk_age`.
    public var lateness: Int64 = 3_600_000_000_000
    /// A line older than this is kept no longer, in nanoseconds (`retention_period`); nil for ever.
    public var retention: Int64?
    /// Bytes of all lines; the oldest chunks give way. nil for any number.
    public var bytes: Int?
    /// When a chunk is full.
    public var chunkEntries = 512
    public var chunkBytes = 262_144

    public init() {}
}

/// Why a line was not accepted, in the words of Loki's distributor and ingester.
public struct LogPushError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Loki's name of the reason in `loki_discarded_samples_total`: `line_too_long`, `too_far_behind`, …
    public let reason: String
    public let description: String
}
