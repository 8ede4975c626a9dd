/// A series in a store; small numbers are older series.
public typealias SeriesID = Int32

/// Why a sample was not taken, with the texts of Prometheus' storage.
public enum AppendError: Error, Equatable, CustomStringConvertible {
    /// Older than the newest sample of its series, or than the accepted window.
    case outOfOrder
    /// Another value at that time is already there.
    case duplicate
    /// Older than what is accepted out of order.
    case tooOld

    public var description: String {
        switch self {
        case .outOfOrder: "out of order sample"
        case .duplicate: "duplicate sample for timestamp"
        case .tooOld: "too old sample"
        }
    }
}

/// Time series in memory: a value whose copies share their sealed chunks.
///
///     var store = TimeSeriesStore()
///     try store.append(Labels(["__name__": "up", "job": "api"]), time: 0, value: 1)
///     let ids = store.select([try LabelMatcher("job", .equal, "api")])
///
/// Series live in blocks of 128, so that a write after a copy copies one block and not all series.
public struct TimeSeriesStore: Sendable {
    /// What the store accepts and keeps.
    public struct Configuration: Sendable {
        /// How much older than the newest sample of its series a sample may be, in milliseconds; 0 refuses.
        public var outOfOrderWindow: Int64 = 0
        /// What `prune` drops: chunks that end longer before now than this many milliseconds.
        public var retention: Int64?
        /// What `prune` keeps at most, in bytes of sealed chunks.
        public var retentionBytes: Int?
        /// Exemplars kept, the newest; 0 keeps none.
        public var maxExemplars = 0
        /// Samples of a chunk.
        public var samplesPerChunk = 240

        public init() {}
    }

    public var configuration: Configuration
    private var blocks: [[MemorySeries?]] = []
    private var seriesCountEver = 0
    private var identifiers: [Labels: SeriesID] = [:]
    private(set) var index = PostingsIndex()
    private var exemplarRing = ExemplarRing()
    /// Samples taken since the store began.
    public private(set) var samplesAppended = 0
    private var sealedBytes = 0
    /// What is known of metrics by name: type, help, unit.
    public private(set) var metadata: [String: MetricMetadata] = [:]

    public init(configuration: Configuration = Configuration()) { self.configuration = configuration }

    /// Series that have samples.
    public var seriesCount: Int { identifiers.count }

    /// Bytes that the samples take, sealed and growing; labels and index come on top.
    public var sampleBytes: Int {
        sealedBytes
            + blocks.reduce(0) { $0 + $1.reduce(0) { $0 + ($1.map { $0.head.bits.words.capacity * 8 } ?? 0) } }
    }

    /// How many identifiers were given, those of series that are gone among them.
    var identifierCount: SeriesID { SeriesID(seriesCountEver) }

    /// Puts back the next series of a store that was written down.
    mutating func restore(_ series: MemorySeries?) {
        let id = SeriesID(seriesCountEver)
        seriesCountEver += 1
        if Int(id) & 127 == 0 { blocks.append([]) }
        blocks[blocks.count - 1].append(series)
        guard let series else { return }
        identifiers[series.labels] = id
        index.add(id, series.labels)
        sealedBytes += series.sealed.reduce(0) { $0 + $1.byteCount }
    }

    mutating func restore(exemplars: [Exemplar], metadata: [String: MetricMetadata], samplesAppended: Int) {
        exemplarRing = ExemplarRing(exemplars, capacity: configuration.maxExemplars)
        (self.metadata, self.samplesAppended) = (metadata, samplesAppended)
    }

    func series(_ id: SeriesID) -> MemorySeries? {
        let block = Int(id) >> 7
        return block < blocks.count && Int(id) & 127 < blocks[block].count ? blocks[block][Int(id) & 127] : nil
    }

    public func labels(_ id: SeriesID) -> Labels { series(id)?.labels ?? .empty }

    /// The time of the newest sample, in milliseconds; nil if there is none.
    public func lastTime(_ id: SeriesID) -> Int64? { series(id)?.lastTime }

    /// Finds or makes the series of a label set. Appending by identifier saves the lookup.
    public mutating func series(for labels: Labels) -> SeriesID {
        if let known = identifiers[labels] { return known }
        let id = SeriesID(seriesCountEver)
        seriesCountEver += 1
        if Int(id) & 127 == 0 { blocks.append([]) }
        blocks[blocks.count - 1].append(MemorySeries(labels: labels))
        identifiers[labels] = id
        index.add(id, labels)
        return id
    }

    public func identifier(of labels: Labels) -> SeriesID? { identifiers[labels] }

    public mutating func append(_ labels: Labels, time: Int64, value: Double) throws(AppendError) {
        try append(series(for: labels), time: time, value: value)
    }

    /// Adds a sample to a series that `series(for:)` gave. The same sample once more is no error.
    @inline(__always)
    public mutating func append(_ id: SeriesID, time: Int64, value: Double) throws(AppendError) {
        let block = Int(id) >> 7
        let place = Int(id) & 127
        guard block < blocks.count, place < blocks[block].count else { return }
        guard let last = blocks[block][place]?.lastTime, time <= last else {
            sealedBytes +=
                blocks[block][place]?.append(time: time, value: value, capacity: configuration.samplesPerChunk) ?? 0
            samplesAppended += 1
            return
        }
        try insert(block, place, last: last, time: time, value: value)
    }

    /// Adds a sample that says when its counter began (OpenMetrics' created timestamp), in milliseconds.
    public mutating func append(_ labels: Labels, time: Int64, value: Double, start: Int64) throws(AppendError) {
        let id = series(for: labels)
        try append(id, time: time, value: value)
        blocks[Int(id) >> 7][Int(id) & 127]?.note(start: start, at: time)
    }

    private mutating func insert(_ block: Int, _ place: Int, last: Int64, time: Int64, value: Double)
        throws(AppendError)
    {
        if time == last, let newest = blocks[block][place]?.head, newest.count > 0, newest.lastTime == time {
            if newest.newestValue.bitPattern == value.bitPattern { return }
            throw .duplicate
        }
        guard configuration.outOfOrderWindow > 0 else { throw time == last ? .duplicate : .outOfOrder }
        guard time >= last - configuration.outOfOrderWindow else { throw .tooOld }
        guard
            let inserted = blocks[block][place]?.insert(
                time: time, value: value, capacity: configuration.samplesPerChunk)
        else { throw .duplicate }
        sealedBytes += inserted.grown
        if inserted.isNew { samplesAppended += 1 }
    }

    /// Adds a native histogram. One that does not say whether its counter began anew is compared with the one before, as
    /// the real head does when it cuts chunks.
    public mutating func append(_ labels: Labels, time: Int64, histogram: NativeHistogram) throws(AppendError) {
        let id = series(for: labels)
        var histogram = histogram
        if let known = series(id) {
            let before = known.histograms.last
            if histogram.counterResetHint == .unknown, let before, before.time == known.lastTime,
                before.histogram.counterResetHint != .gauge, !before.histogram.isStale, !histogram.isStale
            {
                histogram.counterResetHint = histogram.isReset(after: before.histogram) ? .reset : .notReset
            }
            if let last = known.lastTime {
                if time < last { throw .outOfOrder }
                if time == last {
                    if let before, before.time == time, before.histogram.sameDistribution(as: histogram) { return }
                    throw .duplicate
                }
            }
        }
        blocks[Int(id) >> 7][Int(id) & 127]?.append(HistogramSample(time: time, histogram: histogram))
        samplesAppended += 1
    }

    /// Remembers what metrics are; later entries replace earlier ones.
    public mutating func note(_ entries: [String: MetricMetadata]) { metadata.merge(entries) { $1 } }

    /// The exemplars that are kept, in the order in which they came.
    public var exemplars: [Exemplar] { exemplarRing.exemplars }

    /// Keeps an exemplar; the oldest of all makes room for it.
    /// - Returns: why it is not taken, nil if it is.
    @discardableResult
    public mutating func append(_ exemplar: Exemplar) -> ExemplarRefusal? {
        exemplarRing.append(exemplar, capacity: configuration.maxExemplars)
    }

    /// The series that pass all matchers, oldest first.
    public func select(_ matchers: [LabelMatcher]) -> [SeriesID] {
        var candidates: [SeriesID]?
        var remaining: [LabelMatcher] = []
        for matcher in matchers {
            if let alternatives = matcher.alternatives, !alternatives.contains("") {
                let found: [SeriesID]
                if alternatives.count == 1 {
                    found = index.series(matcher.name, alternatives[0])
                } else {
                    found = Set(alternatives).flatMap { index.series(matcher.name, $0) }.sorted()
                }
                if found.count < candidates?.count ?? Int.max {
                    candidates = found
                }
                remaining.append(matcher)
            } else {
                remaining.append(matcher)
            }
        }
        if candidates == nil, let narrow = remaining.first(where: { !$0.matches("") }) {
            candidates = index.series(narrow.name) { narrow.matches($0) }
        }
        let from = candidates ?? (0..<SeriesID(seriesCountEver)).filter { series($0) != nil }
        var verdicts = [[String: Bool]](repeating: [:], count: remaining.count)
        return from.filter { id in
            guard let labels = series(id)?.labels else { return false }
            for (place, matcher) in remaining.enumerated() {
                let value = labels[matcher.name]
                if matcher.kind == .equal || matcher.kind == .notEqual {
                    if !matcher.matches(value) { return false }
                    continue
                }
                if let known = verdicts[place][value] {
                    if !known { return false }
                    continue
                }
                let passes = matcher.matches(value)
                verdicts[place][value] = passes
                if !passes { return false }
            }
            return true
        }
    }

    /// All label names, or those of the series that pass; sorted.
    public func labelNames(_ matchers: [LabelMatcher] = []) -> [String] {
        if matchers.isEmpty { return index.names }
        return Set(select(matchers).flatMap { labels($0).pairs.map(\.name) }).sorted(by: ByteOrder.less)
    }

    /// All values of a label, or those in the series that pass; sorted.
    public func labelValues(_ name: String, _ matchers: [LabelMatcher] = []) -> [String] {
        if matchers.isEmpty { return index.values(name) }
        return Set(select(matchers).map { labels($0)[name] }.filter { !$0.isEmpty }).sorted(by: ByteOrder.less)
    }

    /// The samples of a series in (after, through], for export and inspection.
    public func samples(_ id: SeriesID, after: Int64 = .min, through: Int64 = .max) -> [Sample] {
        var buffer = SampleBuffer()
        series(id)?.decode(after: after, through: through, into: &buffer)
        buffer.trim(after: after, through: through, withoutStale: false)
        return (0..<buffer.count).map { Sample(time: buffer.times[$0], value: buffer.values[$0]) }
    }

    public func histograms(_ id: SeriesID) -> [HistogramSample] { series(id)?.histograms ?? [] }

    /// The times of the oldest and the newest sample, in milliseconds; nil if there are none.
    public var timeRange: ClosedRange<Int64>? {
        let ends = allSeries.compactMap { series($0) }.compactMap { series in
            series.firstTime.flatMap { first in series.lastTime.map { (first, $0) } }
        }
        guard let first = ends.map(\.0).min(), let last = ends.map(\.1).max() else { return nil }
        return first...last
    }

    /// The identifiers of all series, oldest first.
    public var allSeries: [SeriesID] { (0..<SeriesID(seriesCountEver)).filter { series($0) != nil } }

    /// Drops what is older than the retention at `now`, then the oldest chunks until the bytes fit.
    public mutating func prune(now: Int64) {
        if let retention = configuration.retention {
            for id in allSeries {
                sealedBytes -= blocks[Int(id) >> 7][Int(id) & 127]?.dropChunks(endingBefore: now - retention) ?? 0
            }
        }
        if let limit = configuration.retentionBytes, sealedBytes > limit {
            let oldest = allSeries.flatMap { id in
                (series(id)?.sealed ?? []).map { (end: $0.lastTime, id: id) }
            }.sorted { ($0.end, $0.id) < ($1.end, $1.id) }
            for chunk in oldest {
                if sealedBytes <= limit { break }
                sealedBytes -= blocks[Int(chunk.id) >> 7][Int(chunk.id) & 127]?.dropOldestChunk() ?? 0
            }
        }
        let gone = Set(allSeries.filter { series($0)?.isEmpty ?? false })
        for id in gone.sorted() {
            let labels = labels(id)
            identifiers[labels] = nil
            index.remove([id], labels)
            blocks[Int(id) >> 7][Int(id) & 127] = nil
        }
    }
}
